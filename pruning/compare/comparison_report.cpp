// Formats comparisons as JSON, as text and as a page.
#include "pruning/compare/comparison_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "golden/base/text.hpp"
#include "golden/base/version.hpp"

namespace mixvec::inline pruning {

namespace {

using nlohmann::ordered_json;

ordered_json number_or_null(const std::optional<double>& value) {
  return value ? ordered_json(*value) : ordered_json();
}

ordered_json quality_json(const Quality& quality) {
  return {{"perplexity", number_or_null(quality.perplexity)},
          {"logit_error", number_or_null(quality.logit_error)},
          {"state_error", number_or_null(quality.state_error)}};
}

bool several(const Comparison& comparison, std::string SettingNames::*name) {
  std::set<std::string> names;
  for (const ComparedRow& row : comparison.rows) names.insert(row.names.*name);
  return names.size() > 1;
}

ordered_json row_json(const Comparison& comparison, const ComparedRow& row) {
  const ComparedMachine& machine = comparison.machines[row.names.machine];
  ordered_json json{{"pattern", row.names.pattern},
                    {"importance", row.names.importance},
                    {"recover", row.names.recover},
                    {"ratio", row.ratio},
                    {"budget", ordered_json()},
                    {"accelerator", machine.name},
                    {"full_rate", machine.accel.full_rate}};
  if (row.limit)
    json["budget"] = {{row.limit->cycles ? "cycles" : "bytes", row.limit_value}, {"text", row.limit->text}};
  json.update(quality_json(row.quality));
  json["retained"] = row.retained;
  json["kept"] = row.kept;
  json["kept_fraction"] = static_cast<double>(row.kept) / static_cast<double>(std::max<std::uint64_t>(1, row.weights));
  json["mean_length"] = row.mean_length;
  json["bytes"] = row.run.image_bytes;
  json["cycles"] = row.run.cycles;
  json["utilization"] = row.run.utilization();
  json["bound_by"] = row.run.bound_by();
  json["area"] = number_or_null(machine.area.mm2);
  json["area_cycles"] = number_or_null(comparison.area_cycles(row));
  json["settled"] = row.settled.empty() ? ordered_json() : ordered_json(row.settled);
  json["tried"] = row.tried ? ordered_json(*row.tried) : ordered_json();
  json["exchange"] = {{"bytes", row.exchange_bytes}, {"cycles", row.exchange_cycles}};
  return json;
}

std::string why_in_a_line(std::string why) {
  std::replace(why.begin(), why.end(), '\n', ' ');
  return escape_controls(why);
}

// Broken at blanks, so that no line is longer than a terminal; a word that is longer stays whole.
std::string folded(const std::string& text) {
  constexpr std::size_t kWidth = 100;
  std::string result;
  std::size_t column = 0;
  for (std::size_t first = 0; first < text.size();) {
    const std::size_t end = std::min(text.find(' ', first), text.size());
    if (column > 0 && column + 1 + end - first > kWidth) {
      result += "\n ";
      column = 1;
    }
    if (column > 0) {
      result += ' ';
      ++column;
    }
    result += text.substr(first, end - first);
    column += end - first;
    first = end + 1;
  }
  return result + "\n";
}

// Heading and rows of the table, as cells.
struct Cells {
  std::vector<std::string> heading;
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> group;  ///< of each row: its point
};

std::string number_text(const std::optional<double>& value, int digits) {
  return value ? fmt::format("{:.{}f}", *value, digits) : "-";
}

// The rows that are the best at their point.
std::vector<bool> best_rows(const Comparison& comparison) {
  std::vector<bool> best;
  const bool less = yardstick(comparison).less_is_better;
  for (const ComparedRow& row : comparison.rows) {
    const double mine = measured(comparison, row);
    best.push_back(std::none_of(comparison.rows.begin(), comparison.rows.end(), [&](const ComparedRow& other) {
      const double theirs = measured(comparison, other);
      return other.names.point == row.names.point && (less ? theirs < mine : theirs > mine);
    }));
  }
  return best;
}

Cells cells_of(const Comparison& comparison) {
  const Yardstick by = yardstick(comparison);
  const bool retained = std::string_view(by.name) != "retained";
  Cells cells;
  cells.heading = {"pattern", "ratio", "mean l", by.title};
  if (retained) cells.heading.emplace_back("retained");
  for (const char* const name : {"bytes", "cycles", "util", "mm2 x kcycles"}) cells.heading.emplace_back(name);
  const std::vector<bool> best = best_rows(comparison);
  for (std::size_t r = 0; r < comparison.rows.size(); ++r) {
    const ComparedRow& row = comparison.rows[r];
    const std::optional<double> area_cycles = comparison.area_cycles(row);
    std::vector<std::string> line{setting_of(comparison, row.names), fmt::format("{:.4f}", row.ratio),
                                  fmt::format("{:.2f}", row.mean_length),
                                  fmt::format("{:.4g}{}", measured(comparison, row), best[r] ? "*" : " ")};
    if (retained) line.push_back(fmt::format("{:.3f}", row.retained));
    line.push_back(fmt::format("{}", row.run.image_bytes));
    line.push_back(fmt::format("{}", row.run.cycles));
    line.push_back(fmt::format("{:.1f}%", 100 * row.run.utilization()));
    line.push_back(number_text(area_cycles ? std::optional(*area_cycles / 1000) : std::nullopt, 1));
    cells.rows.push_back(std::move(line));
    cells.group.push_back(row.names.point);
  }
  return cells;
}

// What all rows share.
std::string common_text(const Comparison& comparison, const Arguments& arguments) {
  std::string text;
  std::vector<std::string> common;
  const SettingNames& first = comparison.rows.front().names;
  if (!several(comparison, &SettingNames::importance)) common.push_back("importance " + first.importance);
  if (!several(comparison, &SettingNames::recover)) common.push_back("recovery " + first.recover);
  common.push_back(fmt::format("{} tokens", comparison.tokens));
  common.push_back(fmt::format("seed {}", arguments.prune.seed));
  for (const std::string& part : common) text += (text.empty() ? "" : ", ") + part;
  return text;
}

std::string dense_text(const Comparison& comparison) {
  std::string text = fmt::format("dense: {:.0f} bytes, {:.0f} cycles with all {} multipliers busy",
                                 comparison.dense_bytes, comparison.dense_cycles, comparison.machines[0].accel.macs());
  if (comparison.dense.perplexity) text += fmt::format(", perplexity {:.3f}", *comparison.dense.perplexity);
  return text;
}

std::string judged_text(const Comparison& comparison, const Arguments& arguments) {
  if (comparison.judged_by.empty()) return "judged by nothing: give it --text";
  const std::string file = escape_controls(comparison.judged_by);
  if (comparison.dense.perplexity) return fmt::format("perplexity: on the last {} % of {}", arguments.last, file);
  return fmt::format("{} against the dense model, on {}",
                     comparison.dense.logit_error ? "logit error: largest difference of a logit"
                                                  : "state error: relative, of the last hidden states",
                     file);
}

std::vector<std::string> machine_lines(const Comparison& comparison) {
  std::vector<std::string> lines;
  for (const ComparedMachine& machine : comparison.machines) {
    lines.push_back(fmt::format(
        "F={}: {}, {}", machine.accel.full_rate, machine.name,
        machine.area.mm2 ? fmt::format("array {:.3f} mm2", *machine.area.mm2) : "no area: " + machine.area.why_not));
  }
  return lines;
}

std::vector<std::string> left_out_lines(const Comparison& comparison) {
  std::vector<std::string> lines;
  for (const NotCompared& left : comparison.left_out) {
    const SettingNames& names = left.names;
    lines.push_back(fmt::format("{}, importance {}, recovery {}{}{}: {}", names.pattern, names.importance,
                                names.recover, names.point.empty() ? "" : ", ", names.point, why_in_a_line(left.why)));
  }
  return lines;
}

}  // namespace

Yardstick yardstick(const Comparison& comparison) {
  if (comparison.dense.perplexity) return {"perplexity", "perplexity", true};
  if (comparison.dense.logit_error) return {"logit_error", "logit error", true};
  if (comparison.dense.state_error) return {"state_error", "state error", true};
  return {"retained", "retained", false};
}

double measured(const Comparison& comparison, const ComparedRow& row) {
  if (comparison.dense.perplexity) return *row.quality.perplexity;
  if (comparison.dense.logit_error) return *row.quality.logit_error;
  if (comparison.dense.state_error) return *row.quality.state_error;
  return row.retained;
}

std::string setting_of(const Comparison& comparison, const SettingNames& names) {
  std::string text = names.pattern;
  if (several(comparison, &SettingNames::importance)) text += " " + names.importance;
  if (several(comparison, &SettingNames::recover)) text += " " + names.recover;
  if (comparison.machines.size() > 1 && names.machine > 0) {
    text += fmt::format(" F={}", comparison.machines[names.machine].accel.full_rate);
  }
  return text;
}

std::string name_of_model(const Arguments& arguments) {
  return std::filesystem::weakly_canonical(arguments.model).filename().string();
}

ordered_json comparison_json(const Comparison& comparison, const Arguments& arguments) {
  ordered_json json{{"program", "prune_model"},
                    {"version", std::string(version())},
                    {"model", arguments.model},
                    {"tokens", comparison.tokens},
                    {"seed", arguments.prune.seed},
                    {"judged_by", comparison.judged_by.empty() ? ordered_json() : ordered_json(comparison.judged_by)},
                    {"compared_by", yardstick(comparison).name}};
  if (comparison.dense.perplexity) json["last_percent"] = arguments.last;
  if (!arguments.calibrate.empty()) json["calibrate"] = arguments.calibrate;
  json["dense"] = quality_json(comparison.dense);
  json["dense"]["bytes"] = comparison.dense_bytes;
  json["dense"]["cycles"] = comparison.dense_cycles;
  json["accelerators"] = ordered_json::array();
  for (const ComparedMachine& machine : comparison.machines) {
    ordered_json entry{{"name", machine.name},
                       {"config_hash", format_hash(machine.accel.hash)},
                       {"full_rate", machine.accel.full_rate},
                       {"area", number_or_null(machine.area.mm2)}};
    if (!machine.area.mm2) entry["no_area"] = machine.area.why_not;
    json["accelerators"].push_back(std::move(entry));
  }
  json["rows"] = ordered_json::array();
  for (const ComparedRow& row : comparison.rows) json["rows"].push_back(row_json(comparison, row));
  json["left_out"] = ordered_json::array();
  for (const NotCompared& left : comparison.left_out) {
    json["left_out"].push_back({{"pattern", left.names.pattern},
                                {"importance", left.names.importance},
                                {"recover", left.names.recover},
                                {"accelerator", comparison.machines[left.names.machine].name},
                                {"at", left.names.point},
                                {"why", left.why}});
  }
  return json;
}

std::string comparison_table(const Comparison& comparison, const Arguments& arguments) {
  const Cells cells = cells_of(comparison);
  std::vector<std::size_t> width;
  for (const std::string& name : cells.heading) width.push_back(name.size());
  for (const std::vector<std::string>& row : cells.rows) {
    for (std::size_t c = 0; c < row.size(); ++c) width[c] = std::max(width[c], row[c].size());
  }
  // A name that is too long stands above the figures of its row.
  constexpr std::size_t kWidth = 100;
  std::size_t figures = 0;
  for (std::size_t c = 1; c < width.size(); ++c) figures += width[c] + 2;
  width[0] = std::min(width[0], kWidth - figures);
  const auto line = [&](const std::vector<std::string>& row) {
    const bool fits = row[0].size() <= width[0];
    std::string text = fits ? "" : row[0] + "\n";
    text += fmt::format("{:<{}}", fits ? row[0] : "", width[0]);
    for (std::size_t c = 1; c < row.size(); ++c) text += fmt::format("  {:>{}}", row[c], width[c]);
    return text + "\n";
  };
  std::string text = folded(common_text(comparison, arguments)) + folded(dense_text(comparison)) +
                     folded(judged_text(comparison, arguments));
  for (const std::string& machine : machine_lines(comparison)) text += folded(machine);
  text += "\n" + line(cells.heading);
  for (std::size_t r = 0; r < cells.rows.size(); ++r) {
    if (r == 0 || cells.group[r] != cells.group[r - 1]) text += fmt::format("-- {}\n", cells.group[r]);
    text += line(cells.rows[r]);
  }
  text +=
      "\n*: best of its ratio or limit. mean l: length of vectors, by kept weights. bytes: packed.\n"
      "retained: importance kept, over that of as many weights chosen one by one.\n";
  if (!comparison.left_out.empty()) text += "\nLeft out:\n";
  for (const std::string& left : left_out_lines(comparison)) text += folded(left);
  return text;
}

std::string comparison_page(const Comparison& comparison, const Arguments& arguments, bool picture) {
  const Cells cells = cells_of(comparison);
  const auto line = [](const std::vector<std::string>& row) {
    std::string text = "|";
    for (const std::string& cell : row) text += " " + cell + " |";
    return text + "\n";
  };
  std::string text =
      fmt::format("# {}, pruned in {} ways\n\n", escape_controls(name_of_model(arguments)), comparison.rows.size());
  text += fmt::format("Written by `prune_model --compare` {}. All figures stand in `compare.json`.\n\n", version());
  text += fmt::format("- {}\n- {}\n- {}\n", common_text(comparison, arguments), dense_text(comparison),
                      judged_text(comparison, arguments));
  for (const std::string& machine : machine_lines(comparison)) text += "- " + machine + "\n";
  if (picture) text += "\n![Quality against packed bytes, and against cycles times area](compare.svg)\n";
  for (std::size_t r = 0; r < cells.rows.size(); ++r) {
    if (r == 0 || cells.group[r] != cells.group[r - 1]) {
      text += fmt::format("\n## {}\n\n", cells.group[r]) + line(cells.heading) + "|---|";
      for (std::size_t c = 1; c < cells.heading.size(); ++c) text += "---:|";
      text += "\n";
    }
    text += line(cells.rows[r]);
  }
  text += "\n*: best of its ratio or limit.\n";
  if (!comparison.left_out.empty()) text += "\n## Left out\n\n";
  for (const std::string& left : left_out_lines(comparison)) text += "- " + left + "\n";
  return text;
}

}  // namespace mixvec::inline pruning
