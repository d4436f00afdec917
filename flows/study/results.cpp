// Collects rows, and works out means and checks.
#include "flows/study/results.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "golden/base/error.hpp"

namespace mixvec::inline flows {
namespace {

/// The record's fields; whatever is not as run_cells() has written it is the record's fault.
void add_rows(const StudyFile& study, const StudyCell& cell, const nlohmann::json& record, const std::string& file,
              std::vector<StudyRow>& rows) {
  try {
    const std::vector<std::size_t>& accelerators = study.methods[cell.method].accelerators;
    for (std::size_t i = 0; i < accelerators.size(); ++i) {
      const nlohmann::json& costs = record.at("accelerators").at(i);
      StudyRow row;
      row.model = cell.model;
      row.method = cell.method;
      row.accelerator = accelerators[i];
      row.ratio = cell.ratio;
      row.seed = cell.seed;
      row.perplexity = record.at("perplexity").get<double>();
      row.loss = record.at("loss").get<double>();
      row.kept = record.at("kept").get<double>();
      if (!record.at("mean_length").is_null()) row.mean_length = record.at("mean_length").get<double>();
      row.bytes = costs.at("bytes").get<double>();
      row.cycles = costs.at("cycles").get<double>();
      if (!costs.at("area").is_null()) row.area = costs.at("area").get<double>();
      if (!costs.at("area_cycles").is_null()) row.area_cycles = costs.at("area_cycles").get<double>();
      row.seconds = record.at("seconds").get<double>();
      row.version = record.at("inputs").at("version").get<std::string>();
      rows.push_back(std::move(row));
    }
  } catch (const nlohmann::json::exception& error) {
    fail_input("{}: {}; remove the file, then its cell is run again", file, error.what());
  }
}

template <typename Figure>
std::optional<Spread> spread_of(const std::vector<const StudyRow*>& rows, const Figure& figure) {
  std::vector<double> values;
  for (const StudyRow* row : rows) {
    const std::optional<double> value = figure(*row);
    if (!value) return std::nullopt;
    values.push_back(*value);
  }
  return Spread::of(values);
}

StudyMean mean_of(const std::vector<const StudyRow*>& rows) {
  const StudyRow& first = *rows.front();
  StudyMean mean;
  mean.model = first.model;
  mean.method = first.method;
  mean.accelerator = first.accelerator;
  mean.ratio = first.ratio;
  mean.seeds = rows.size();
  mean.perplexity = *spread_of(rows, [](const StudyRow& r) { return std::optional(r.perplexity); });
  mean.kept = *spread_of(rows, [](const StudyRow& r) { return std::optional(r.kept); });
  mean.bytes = *spread_of(rows, [](const StudyRow& r) { return std::optional(r.bytes); });
  mean.cycles = *spread_of(rows, [](const StudyRow& r) { return std::optional(r.cycles); });
  mean.mean_length = spread_of(rows, [](const StudyRow& r) { return r.mean_length; });
  mean.area_cycles = spread_of(rows, [](const StudyRow& r) { return r.area_cycles; });
  return mean;
}

bool belong_together(const StudyRow& a, const StudyRow& b) {
  return a.model == b.model && a.method == b.method && a.ratio == b.ratio && a.accelerator == b.accelerator;
}

std::vector<StudyMean> means_of(const std::vector<StudyRow>& rows) {
  std::vector<std::vector<const StudyRow*>> groups;
  for (const StudyRow& row : rows) {
    const auto group =
        std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return belong_together(*g.front(), row); });
    if (group != groups.end()) {
      group->push_back(&row);
    } else {
      groups.push_back({&row});
    }
  }
  std::vector<StudyMean> means;
  means.reserve(groups.size());
  for (const auto& group : groups) means.push_back(mean_of(group));
  return means;
}

/// The mean of a method at a ratio; its perplexity is the same on all accelerators.
const StudyMean* find_mean(const StudyResults& results, std::size_t model, std::size_t method, double ratio) {
  const auto found = std::find_if(results.means.begin(), results.means.end(), [&](const StudyMean& mean) {
    return mean.model == model && mean.method == method && mean.ratio == ratio;
  });
  return found == results.means.end() ? nullptr : &*found;
}

CheckedLine check(const StudyFile& study, const StudyResults& results, std::size_t model, const StudyCheck& one,
                  double ratio) {
  const double other = one.against_ratio.value_or(ratio);
  const StudyMean* const left = find_mean(results, model, one.method, ratio);
  const StudyMean* const right = find_mean(results, model, one.against, other);
  const auto name = [&](std::size_t method, double at, const StudyMean* mean) {
    return fmt::format("{} at {:g} ({})", study.methods[method].name, at,
                       mean == nullptr ? "missing" : fmt::format("{:.3f}", mean->perplexity.mean));
  };
  CheckedLine line;
  line.text = fmt::format("{} at most {:g} times {}", name(one.method, ratio, left), one.at_most,
                          name(one.against, other, right));
  if (study.plan.models.size() > 1) line.text = study.models[model].name + ": " + line.text;
  if (left == nullptr || right == nullptr) return line;
  const bool holds = left->perplexity.mean <= one.at_most * right->perplexity.mean;
  line.result = holds ? CheckResult::kHolds : CheckResult::kFails;
  return line;
}

nlohmann::ordered_json json_of(const std::optional<Spread>& spread) {
  if (!spread) return nullptr;
  nlohmann::ordered_json json = {{"mean", spread->mean}, {"min", spread->least}, {"max", spread->most}};
  json["deviation"] = spread->deviation ? nlohmann::ordered_json(*spread->deviation) : nlohmann::ordered_json();
  return json;
}

template <typename Value>
nlohmann::ordered_json json_of(const std::optional<Value>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json();
}

nlohmann::ordered_json json_of(const StudyFile& study, const StudyResults& results, const StudyRow& row) {
  const StudyAccelerator& accelerator = study.accelerators[row.accelerator];
  return {{"model", study.models[row.model].name},
          {"method", study.methods[row.method].name},
          {"ratio", row.ratio},
          {"seed", json_of(row.seed)},
          {"perplexity", row.perplexity},
          {"dense", json_of(results.dense(study, row.model, false))},
          {"dense_trained", json_of(results.dense(study, row.model, true))},
          {"loss", row.loss},
          {"kept", row.kept},
          {"mean_length", json_of(row.mean_length)},
          {"accelerator", accelerator.name},
          {"full_rate", accelerator.full_rate},
          {"bytes", static_cast<std::uint64_t>(row.bytes)},
          {"cycles", static_cast<std::uint64_t>(row.cycles)},
          {"area", json_of(row.area)},
          {"area_cycles", json_of(row.area_cycles)},
          {"seconds", row.seconds},
          {"version", row.version}};
}

nlohmann::ordered_json json_of(const StudyFile& study, const StudyMean& mean) {
  return {{"model", study.models[mean.model].name},
          {"method", study.methods[mean.method].name},
          {"ratio", mean.ratio},
          {"accelerator", study.accelerators[mean.accelerator].name},
          {"seeds", mean.seeds},
          {"perplexity", json_of(std::optional(mean.perplexity))},
          {"kept", json_of(std::optional(mean.kept))},
          {"mean_length", json_of(mean.mean_length)},
          {"bytes", json_of(std::optional(mean.bytes))},
          {"cycles", json_of(std::optional(mean.cycles))},
          {"area_cycles", json_of(mean.area_cycles)}};
}

}  // namespace

Spread Spread::of(const std::vector<double>& values) {
  if (values.empty()) throw std::logic_error("a spread of nothing");
  Spread spread;
  const auto count = static_cast<double>(values.size());
  spread.mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  spread.least = *std::min_element(values.begin(), values.end());
  spread.most = *std::max_element(values.begin(), values.end());
  if (values.size() == 1) return spread;
  double squares = 0;
  for (const double value : values) squares += (value - spread.mean) * (value - spread.mean);
  spread.deviation = std::sqrt(squares / (count - 1));
  return spread;
}

std::optional<double> StudyResults::dense(const StudyFile& study, std::size_t model, bool trained) const {
  for (const StudyMean& mean : means) {
    const StudyMethod& method = study.methods[mean.method];
    if (mean.model == model && method.is_dense() && method.is_trained() == trained) return mean.perplexity.mean;
  }
  return std::nullopt;
}

StudyResults collect_results(const StudyFile& study, const std::vector<StudyCell>& cells, const StudyPlaces& places,
                             bool any_version) {
  StudyResults results;
  for (const StudyCell& cell : cells) {
    if (state_of(cell, places, any_version) == CellState::kFinished) {
      add_rows(study, cell, read_record(cell, places), places.record(cell).string(), results.rows);
    } else {
      results.missing.push_back(cell.name);
    }
  }
  results.means = means_of(results.rows);
  for (const std::size_t model : study.plan.models) {
    for (const StudyCheck& one : study.plan.checks) {
      for (const double ratio : one.ratios) {
        const bool planned = study.plan.has(model, one.method, ratio) &&
                             study.plan.has(model, one.against, one.against_ratio.value_or(ratio));
        if (planned) results.checks.push_back(check(study, results, model, one, ratio));
      }
    }
  }
  return results;
}

nlohmann::ordered_json results_json(const StudyFile& study, const StudyResults& results) {
  constexpr const char* kNames[] = {"holds", "fails", "open"};
  nlohmann::ordered_json json = {{"plan", study.plan.name}, {"tokens", study.tokens}};
  for (const char* list : {"rows", "means", "checks"}) json[list] = nlohmann::ordered_json::array();
  for (const StudyRow& row : results.rows) json["rows"].push_back(json_of(study, results, row));
  for (const StudyMean& mean : results.means) json["means"].push_back(json_of(study, mean));
  for (const CheckedLine& line : results.checks) {
    json["checks"].push_back({{"result", kNames[static_cast<std::size_t>(line.result)]}, {"check", line.text}});
  }
  json["missing"] = results.missing;
  return json;
}

std::string name_of_row(const StudyFile& study, std::size_t method, std::size_t accelerator) {
  const std::string& name = study.methods[method].name;
  return accelerator == 0 ? name : fmt::format("{}, {}", name, study.accelerators[accelerator].name);
}

}  // namespace mixvec::inline flows
