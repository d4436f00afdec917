// Formats the result of pruning as JSON and as a table.
#include "pruning/report/report.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "generator/legality.hpp"
#include "golden/base/text.hpp"
#include "golden/base/version.hpp"
#include "golden/cli/cli.hpp"
#include "pruning/patterns/registry.hpp"

namespace mixvec::inline pruning {

namespace {

using nlohmann::ordered_json;

double share(double part, double whole) { return whole > 0 ? part / whole : 1.0; }

ordered_json lengths_json(const std::vector<LengthShare>& lengths) {
  ordered_json list = ordered_json::array();
  for (const LengthShare& l : lengths) list.push_back({{"length", l.length}, {"strips", l.strips}, {"kept", l.kept}});
  return list;
}

// What the choice of lengths and directions went by.
ordered_json estimate_json(const MatrixCost& cost, double cycles, double kept, const CostModel& model) {
  return {{"packed_bytes", cost.bytes},
          {"bytes_over_kept", share(cost.bytes, 2 * kept)},
          {"tokens", model.tokens()},
          {"array_cycles", cost.array_cycles},
          {"port_cycles", cost.port_cycles},
          {"drain_cycles", cost.drain_cycles},
          {"cycles", cycles},
          {"array_over_ideal", share(cost.array_cycles, model.ideal_cycles(kept))}};
}

ordered_json run_json(const MachineRun& run, std::size_t tokens) {
  ordered_json lost;
  for (std::size_t u = 0; u < kCycleUses; ++u) lost[name_of(static_cast<CycleUse>(u))] = run.use[u];
  return {{"packed_bytes", run.image_bytes},
          {"bytes_over_kept", share(static_cast<double>(run.image_bytes), 2 * static_cast<double>(run.kept))},
          {"tokens", tokens},
          {"cycles", run.cycles},
          {"utilization", run.utilization()},
          {"bound", run.bound},
          {"bound_by", run.bound_by()},
          {"share_of_bound", run.share_of_bound()},
          {"bytes_moved", run.moved_bytes},
          {"set_cycles", lost}};
}

// Bytes over the kept weights' own, cycles and utilization, as columns of the table.
std::string run_columns(const MachineRun* run) {
  if (run == nullptr) return fmt::format("{:>5} {:>7} {:>6}", "-", "-", "-");
  return fmt::format("{:>5.3f} {:>7} {:>5.1f}%",
                     share(static_cast<double>(run->image_bytes), 2 * static_cast<double>(run->kept)), run->cycles,
                     100 * run->utilization());
}

// "4:61 8:30 16:9", the shares of the kept weights in percent; what rounds to 0 is left out.
std::string lengths_text(const std::vector<LengthShare>& lengths, std::uint64_t kept) {
  std::vector<std::string> shares;
  for (const LengthShare& l : lengths) {
    const double percent = 100 * share(static_cast<double>(l.kept), static_cast<double>(kept));
    if (percent >= 0.5) shares.push_back(fmt::format("{}:{:.0f}", l.length, percent));
  }
  return join_fitting(shares, 14);
}

// "91/94": what row and what column vectors would retain, in percent.
std::string sides_text(const MatrixReport& r) {
  const auto percent = [](const std::optional<double>& retained) {
    return retained ? fmt::format("{:.0f}", 100 * *retained) : std::string("-");
  };
  return percent(r.retained_row) + "/" + percent(r.retained_column);
}

}  // namespace

ordered_json report_json(const PruneResult& result, const Recipe& recipe, const Subject& subject,
                         const std::optional<Judged>& judged, const MachineRuns& runs) {
  const PruneOptions& options = recipe.options;
  const CostModel estimates(options.accel, options.tokens);
  ordered_json json;
  json["program"] = "prune_model";
  json["version"] = std::string(version());
  json["model"] = subject.model().directory().string();
  json["pattern"] = recipe.pattern;
  json["ratio"] = options.ratio;
  json["importance"] = recipe.importance->name;
  json["recover"] = recipe.recovery->name;
  if (const Calibration* const calibration = subject.calibration(); calibration != nullptr) {
    json["calibration"] = {{"file", subject.data().source},
                           {"samples", subject.data().ends.size()},
                           {"tokens", calibration->tokens},
                           {"weigh_outputs", recipe.needs().outputs}};
    if (recipe.in_rounds()) json["calibration"]["rounds"] = options.rounds;
  }
  if (judged) {
    json["quality"] = {{"text", judged->text},
                       {"last_percent", judged->last_percent},
                       {"perplexity_dense", judged->dense},
                       {"perplexity", judged->pruned}};
  }
  if (!recipe.mask_pattern && options.pattern != PatternKind::kUnstructured) {
    json[options.pattern == PatternKind::kMixed ? "longest" : "length"] = options.length;
  }
  // Mask patterns are packed at the strips that cost least: there is nothing to group, and no rate of exchange.
  if (!recipe.mask_pattern) json["direction"] = options.direction ? name_of(*options.direction) : "auto";
  if (!recipe.mask_pattern || recipe.mask_pattern->ranks()) {
    json["scope"] = recipe.outliers ? "outliers" : options.per_matrix ? "matrix" : "model";
    if (recipe.outliers) json["outliers"] = {{"m", recipe.outliers->m}, {"lambda", recipe.outliers->lambda}};
  }
  if (!recipe.mask_pattern) json["grouping"] = options.grouping;
  if (options.search_seconds) json["search"] = *options.search_seconds;
  if (!recipe.mask_pattern) json["exchange"] = {{"bytes", result.exchange_bytes}, {"cycles", result.exchange_cycles}};
  if (options.budget.any()) {
    ordered_json& budget = json["budget"];
    if (options.budget.cycles) budget["cycles"] = *options.budget.cycles;
    if (options.budget.bytes) budget["bytes"] = *options.budget.bytes;
    if (options.budget.retained) budget["retained"] = *options.budget.retained;
  }
  json["seed"] = options.seed;
  json["accelerator"] = {{"name", config_name(runs.accel)},
                         {"config_hash", format_hash(runs.accel.hash)},
                         {"port_bits", runs.accel.port_bits}};
  if (!runs.refused.empty()) json["accelerator"]["refused"] = runs.refused;
  json["matrices"] = ordered_json::array();
  for (std::size_t i = 0; i < result.reports.size(); ++i) {
    const MatrixReport& r = result.reports[i];
    ordered_json m;
    m["name"] = r.name;
    m["out"] = r.out;
    m["in"] = r.in;
    m["direction"] = name_of(r.direction);
    m["strength"] = {{"row", r.strength.row}, {"column", r.strength.column}};
    m["neighbours"] = {{"row", r.strength.row_neighbours}, {"column", r.strength.column_neighbours}};
    ordered_json& compared = m["retained_by_direction"];
    compared = ordered_json::object();
    if (r.retained_row) compared["row"] = *r.retained_row;
    if (r.retained_column) compared["column"] = *r.retained_column;
    m["lengths"] = lengths_json(r.lengths);
    m["mean_length"] = r.mean_length();
    m["kept"] = r.kept;
    m["kept_fraction"] = share(static_cast<double>(r.kept), static_cast<double>(r.out * r.in));
    m["importance"] = {{"kept", r.importance}, {"total", r.importance_total}};
    m["retained_of_total"] = share(r.importance, r.importance_total);
    m["retained"] = r.retained();
    if (runs.refused.empty()) m["simulated"] = run_json(runs.matrices[i], runs.tokens);
    m["estimated"] = estimate_json(r.cost, r.cost.cycles(), static_cast<double>(r.kept), estimates);
    json["matrices"].push_back(std::move(m));
  }
  ordered_json& totals = json["totals"];
  totals["weights"] = result.weights;
  totals["kept"] = result.kept;
  totals["kept_fraction"] = share(static_cast<double>(result.kept), static_cast<double>(result.weights));
  totals["lengths"] = lengths_json(result.lengths());
  totals["mean_length"] = result.mean_length();
  totals["importance"] = {{"kept", result.importance},
                          {"total", result.importance_total},
                          {"unstructured", result.importance_unstructured}};
  totals["retained_of_total"] = share(result.importance, result.importance_total);
  totals["retained"] = result.retained();
  if (result.importance_neighbours) totals["importance"]["neighbours"] = *result.importance_neighbours;
  if (const std::optional<double> efficacy = result.efficacy()) totals["efficacy"] = *efficacy;
  if (runs.refused.empty()) totals["simulated"] = run_json(runs.total, runs.tokens);
  totals["estimated"] = estimate_json(result.cost, result.cycles, static_cast<double>(result.kept), estimates);
  if (!result.curve.empty()) {
    ordered_json& curve = json["trade_off"];
    curve = ordered_json::array();
    for (const CurvePoint& p : result.curve) {
      curve.push_back({{"lengths", p.fixed ? p.label : "mixed"},
                       {"exchange", {{"bytes", p.exchange_bytes}, {"cycles", p.exchange_cycles}}},
                       {"retained", p.retained},
                       {"bytes_over_kept", p.bytes},
                       {"array_over_ideal", p.cycles},
                       {"mean_length", p.mean_length}});
    }
  }
  return json;
}

std::string report_table(const PruneResult& result, const Recipe& recipe, const MachineRuns& runs) {
  const PruneOptions& options = recipe.options;
  std::string text;
  text += fmt::format("{:<13} {:>9} {:<6} {:>9} {:>7} {:>6} {:>8} {:>5} {:>7} {:>6} {}\n", "matrix", "out x in",
                      "vector", "strength", "row/col", "kept", "retained", "bytes", "cycles", "util", "length:%");
  for (std::size_t i = 0; i < result.reports.size(); ++i) {
    const MatrixReport& r = result.reports[i];
    text += fmt::format(
        "{:<13} {:>9} {:<6} {:>9} {:>7} {:>5.1f}% {:>8.3f} {} {}\n", r.name, fmt::format("{}x{}", r.out, r.in),
        name_of(r.direction), fmt::format("{:.1f}/{:.1f}", r.strength.row, r.strength.column), sides_text(r),
        100 * static_cast<double>(r.kept) / static_cast<double>(r.out * r.in), r.retained(),
        run_columns(runs.refused.empty() ? &runs.matrices[i] : nullptr), lengths_text(r.lengths, r.kept));
  }
  text += fmt::format("{:<13} {:>9} {:<6} {:>9} {:>7} {:>5.1f}% {:>8.3f} {} {}\n", "all", result.weights, "", "", "",
                      100 * share(static_cast<double>(result.kept), static_cast<double>(result.weights)),
                      result.retained(), run_columns(runs.refused.empty() ? &runs.total : nullptr),
                      lengths_text(result.lengths(), result.kept));
  text += fmt::format(
      "\n{} of {} weights kept in vectors of mean length {:.2f}; they hold {:.1f} % of all importance\n({}), {:.1f} % "
      "of "
      "what unstructured pruning holds at the same ratio.\n",
      result.kept, result.weights, result.mean_length(), 100 * share(result.importance, result.importance_total),
      recipe.importance->name, 100 * result.retained());
  if (const std::optional<double> efficacy = result.efficacy()) {
    text += fmt::format("Grouping wins back {:.1f} % of what strips of neighbours lose against single weights.\n",
                        100 * *efficacy);
  }
  if (runs.refused.empty()) {
    text += fmt::format(
        "On {}, by its cycle model: {} cycles for {} tokens,\nshare of the bound {:.1f}%, {} packed bytes, {} bytes "
        "moved over "
        "a {}-bit port,\nactivations preloaded. Set-cycles without a step:\n{}.\n",
        config_name(runs.accel), runs.total.cycles, runs.tokens, 100 * runs.total.share_of_bound(),
        runs.total.image_bytes, runs.total.moved_bytes, runs.accel.port_bits, describe_losses(runs.total));
  } else {
    text += fmt::format("No cycles: {} does not take this model.\n{}\n", config_name(runs.accel), runs.refused);
  }
  text += fmt::format(
      "strength: of the unstructured mask, by row / by column, 1 = random. row/col: percent that row and\n"
      "column vectors would retain. retained: importance over that of as many weights chosen one by one.\n"
      "bytes: packed, over the kept weights' own.\n"
      "util: kept weights x tokens over multipliers x cycles. length:%: kept weights by vector length.\n");
  if (!result.curve.empty()) {
    text += fmt::format(
        "\nTrade-off, estimated\n(this model: bytes={:.3g},cycles={:.3g}{}; x1 stands for bytes={:.3g},cycles={:.3g})\n"
        "{:>10} {:>9} {:>7} {:>7} {:>7}\n",
        result.exchange_bytes, result.exchange_cycles, options.budget.any() ? " to meet the budget" : "",
        result.curve_rates_bytes, result.curve_rates_cycles, "exchange", "retained", "bytes", "cycles", "mean");
    for (const CurvePoint& p : result.curve) {
      text += fmt::format("{:>10} {:>9.3f} {:>7.3f} {:>7.3f} {:>7.2f}\n", p.label, p.retained, p.bytes, p.cycles,
                          p.mean_length);
    }
  }
  return text;
}

std::string summary(const PruneResult& result, const std::optional<Judged>& judged, const MachineRuns& runs) {
  std::string text;
  if (judged) {
    text += fmt::format("perplexity  {:.3f} -> {:.3f} (last {} % of {})\n", judged->dense, judged->pruned,
                        judged->last_percent, escape_controls(judged->text));
  }
  const std::uint64_t dense_bytes = 2 * result.weights;
  if (!runs.refused.empty()) return text;
  text +=
      fmt::format("bytes       {} -> {} ({:.3f}; weights in binary16 -> packed)\n", dense_bytes, runs.total.image_bytes,
                  share(static_cast<double>(runs.total.image_bytes), static_cast<double>(dense_bytes)));
  const double dense_cycles =
      CostModel(runs.accel, static_cast<int>(runs.tokens)).ideal_cycles(static_cast<double>(result.weights));
  text += fmt::format("cycles      {:.0f} -> {} ({:.3f}; {} tokens; all {} multipliers busy -> simulated)\n\n",
                      dense_cycles, runs.total.cycles, share(static_cast<double>(runs.total.cycles), dense_cycles),
                      runs.tokens, runs.accel.macs());
  return text;
}

namespace {

// "  name  what", broken at blanks so that no line is longer than a terminal.
std::string help_entry(std::string_view name, const std::string& what) {
  constexpr std::size_t kIndent = 16;
  constexpr std::size_t kWidth = 100;
  std::string text = fmt::format("  {:<{}}", name, kIndent - 2);
  std::size_t column = kIndent;
  std::size_t first = 0;
  while (first < what.size()) {
    const std::size_t blank = std::min(what.find(' ', first), what.size());
    if (column > kIndent && column + blank - first >= kWidth) {
      text += "\n" + std::string(kIndent, ' ');
      column = kIndent;
    }
    text += what.substr(first, blank - first) + (blank < what.size() ? " " : "");
    column += blank - first + 1;
    first = blank + 1;
  }
  return text + "\n";
}

}  // namespace

std::string methods_help() {
  std::string text = "\nPatterns:\n";
  text += help_entry("unstructured", "single weights");
  text += help_entry("vector", "vectors of --vec weights");
  text +=
      help_entry("mixed", "vectors of 1 to --vec weights, chosen strip by strip (the study that this project follows)");
  for (const MaskPatternEntry& entry : mask_patterns()) {
    std::string parameters;
    for (const PatternParameter& parameter : entry.parameters) {
      parameters += fmt::format("; {}: {}", parameter.name, parameter.help);
      if (!parameter.fallback.empty()) parameters += fmt::format(" ({})", parameter.fallback);
    }
    text += help_entry(entry.name, fmt::format("{} ({}){}", entry.help, entry.paper, parameters));
  }
  text += "Importances:\n";
  for (const ImportanceMethod* const m : importance_methods()) {
    text += help_entry(m->name, fmt::format("{} ({})", m->what, m->paper));
  }
  text += "Recoveries:\n";
  for (const RecoveryMethod* const m : recovery_methods()) {
    text += help_entry(m->name, *m->paper != 0 ? fmt::format("{} ({})", m->what, m->paper) : m->what);
  }
  text +=
      "All but magnitude and none need --calibrate. Importance head goes with pattern head alone. --rounds\n"
      "is for unstructured, vector and mixed: the other patterns take all weights at once.";
  return text;
}

}  // namespace mixvec::inline pruning
