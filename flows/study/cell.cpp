// Lists cells, and tells which are done.
#include "flows/study/cell.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "golden/base/error.hpp"
#include "golden/base/hash.hpp"
#include "golden/base/text.hpp"
#include "golden/base/version.hpp"
#include "golden/files/atomic_folder.hpp"
#include "golden/files/input_file.hpp"

namespace mixvec::inline flows {
namespace {

namespace fs = std::filesystem;

constexpr double kOtherSeconds = 3;  // to judge a model, and to count its cycles

/// "Vectors of 4" as part of a file's name.
std::string file_name_of(const std::string& name) {
  std::string plain;
  for (const char c : name) {
    const auto u = static_cast<unsigned char>(c);
    if (std::isalnum(u) != 0) {
      plain += static_cast<char>(std::tolower(u));
    } else if (!plain.empty() && plain.back() != '-') {
      plain += '-';
    }
  }
  return plain;
}

std::string hash_of(std::string_view text) { return fmt::format("{:016x}", fnv1a(text)); }

/// What is said of a file more than once is worked out once: some are large.
class Hashes {
 public:
  const std::string& file(const fs::path& path) {
    std::string& known = known_[path.string()];
    if (known.empty()) known = hash_of(read_file(path));
    return known;
  }
  /// Of all files that a checkpoint is made of; what is written for people about it does not count.
  const std::string& checkpoint(const fs::path& folder) {
    std::string& known = known_[folder.string() + "/"];
    if (!known.empty()) return known;
    std::string all;
    for (const std::string& name : files_below(folder)) {
      if (!name.ends_with(".md")) all += name + " " + file(folder / name) + "\n";
    }
    return known = hash_of(all);
  }

 private:
  std::map<std::string, std::string> known_;
};

std::size_t steps_of(const StudyPlan& plan, const fs::path& recipe) {
  if (plan.steps) return *plan.steps;
  const nlohmann::json json = read_json(recipe);
  const nlohmann::json::json_pointer place("/training/steps");
  if (!json.is_object() || !json.contains(place) || !json[place].is_number_unsigned()) {
    fail_input("{}: /training/steps: found nothing that is a whole number, expected the steps, as the plan {} has none",
               recipe.string(), plan.name);
  }
  return json[place].get<std::size_t>();
}

class CellList {
 public:
  CellList(const StudyFile& study, const StudyChoice& choice) : study_(study), choice_(choice) {}

  std::vector<StudyCell> list() {
    for (const std::size_t model : study_.plan.models) {
      for (const PlannedMethod& planned : study_.plan.methods) {
        if (std::find(planned.models.begin(), planned.models.end(), model) != planned.models.end()) add(model, planned);
      }
    }
    return std::move(cells_);
  }

 private:
  void add(std::size_t model, const PlannedMethod& planned) {
    const StudyMethod& method = study_.methods[planned.method];
    const std::vector<double> ratios = method.is_dense() ? std::vector<double>{0} : planned.ratios;
    for (const double ratio : ratios) {
      StudyCell cell;
      cell.model = model;
      cell.method = planned.method;
      cell.ratio = ratio;
      cell.text = text_of(study_, study_.models[model], choice_);
      if (!method.is_trained()) {
        add(std::move(cell));
        continue;
      }
      cell.recipe = planned.recipe.empty() ? method.recipe : planned.recipe;
      if (!study_.plan.recipe.empty()) cell.recipe = study_.plan.recipe;
      cell.steps = steps_of(study_.plan, cell.recipe);
      cell.arithmetic = choice_.arithmetic;
      for (const std::uint64_t seed : study_.plan.seeds) {
        cell.seed = seed;
        add(cell);
      }
    }
  }

  void add(StudyCell cell) {
    const StudyModel& model = study_.models[cell.model];
    const StudyMethod& method = study_.methods[cell.method];
    cell.name = file_name_of(model.name) + "_" + file_name_of(method.name);
    if (!method.is_dense()) cell.name += fmt::format("_{:g}", cell.ratio);
    if (cell.seed) cell.name += fmt::format("_s{}", *cell.seed);
    if (!names_.insert(cell.name).second) {
      fail_input(
          "the plan {} has two cells named {}: models, methods and ratios need names that differ in letters and "
          "digits",
          study_.plan.name, cell.name);
    }
    cell.inputs = inputs_of(cell);
    cell.default_seconds = static_cast<double>(cell.steps) * model.step_seconds + kOtherSeconds;
    cells_.push_back(std::move(cell));
  }

  nlohmann::json inputs_of(const StudyCell& cell) {
    const StudyMethod& method = study_.methods[cell.method];
    const StudyModel& model = study_.models[cell.model];
    // One that is trained first follows from what it is trained by.
    nlohmann::json checkpoint;
    if (model.checkpoint.empty()) {
      checkpoint = {{"recipe", hashes_.file(model.recipe)}, {"arguments", model.arguments}};
      if (choice_.arithmetic != StudyChoice().arithmetic) checkpoint["arithmetic"] = choice_.arithmetic;
    } else {
      checkpoint = hashes_.checkpoint(model.checkpoint);
    }
    nlohmann::json inputs = {{"checkpoint", std::move(checkpoint)},
                             {"text", hashes_.file(cell.text)},
                             {"tokens", study_.tokens},
                             {"version", version()}};
    for (const std::size_t a : method.accelerators) {
      inputs["accelerators"].push_back({study_.accelerators[a].name, study_.accelerators[a].full_rate});
    }
    if (!method.is_trained()) return inputs;
    inputs.update({{"recipe", hashes_.file(cell.recipe)}, {"steps", cell.steps}, {"seed", *cell.seed}});
    if (cell.arithmetic != StudyChoice().arithmetic) inputs["arithmetic"] = cell.arithmetic;
    if (!method.is_dense())
      inputs.update({{"pattern", method.pattern}, {"ratio", cell.ratio}, {"reach", method.reach}});
    return inputs;
  }

  const StudyFile& study_;
  const StudyChoice& choice_;
  Hashes hashes_;
  std::set<std::string> names_;
  std::vector<StudyCell> cells_;
};

}  // namespace

bool same_inputs(nlohmann::json a, nlohmann::json b, bool any_version) {
  if (any_version && a.is_object() && b.is_object()) {
    a.erase("version");
    b.erase("version");
  }
  return a == b;
}

fs::path StudyPlaces::record(const StudyCell& cell) const { return out / "cells" / (cell.name + ".json"); }
fs::path StudyPlaces::work(const StudyCell& cell) const { return out / "work" / cell.name; }
fs::path StudyPlaces::log(const StudyCell& cell) const { return out / "logs" / (cell.name + ".log"); }
fs::path StudyPlaces::accelerator(const StudyAccelerator& accelerator) const {
  return out / "accelerators" / (file_name_of(accelerator.name) + ".json");
}

fs::path StudyPlaces::model(const StudyModel& model) const {
  return model.checkpoint.empty() ? out / "models" / file_name_of(model.name) : model.checkpoint;
}

fs::path StudyPlaces::inputs(const StudyModel& model) const {
  return out / "models" / (file_name_of(model.name) + ".json");
}

fs::path text_of(const StudyFile& study, const StudyModel& model, const StudyChoice& choice) {
  if (!model.text.empty()) return model.text;
  if (!choice.text.empty()) return choice.text;
  if (!study.plan.text.empty()) return study.plan.text;
  fail_input("--text: found nothing, expected the text that {} learns: --{} has none of its own", model.name,
             study.plan.name);
}

std::vector<StudyCell> list_cells(const StudyFile& study, const StudyChoice& choice) {
  return CellList(study, choice).list();
}

const char* name_of(CellState state) {
  constexpr const char* kNames[] = {"open", "begun", "stale", "finished"};
  return kNames[static_cast<std::size_t>(state)];
}

CellState state_of(const StudyCell& cell, const StudyPlaces& places, bool any_version) {
  const auto inputs_in = [&](const fs::path& file) {
    if (!fs::exists(file)) return nlohmann::json();
    const nlohmann::json json = read_json(file);
    return json.is_object() && json.contains("inputs") ? json["inputs"] : nlohmann::json::array();
  };
  const nlohmann::json found = inputs_in(places.record(cell));
  if (same_inputs(found, cell.inputs, any_version)) return CellState::kFinished;
  // A checkpoint of another version is not gone on with, whatever is allowed of records.
  if (same_inputs(inputs_in(places.work(cell) / "inputs.json"), cell.inputs, false)) return CellState::kBegun;
  return found.is_null() ? CellState::kOpen : CellState::kStale;
}

nlohmann::json read_record(const StudyCell& cell, const StudyPlaces& places) { return read_json(places.record(cell)); }

std::vector<double> expected_seconds(const std::vector<StudyCell>& cells, const StudyPlaces& places) {
  struct Mean {
    double sum = 0;
    double count = 0;
  };
  std::map<std::size_t, Mean> by_model;
  std::map<std::pair<std::size_t, std::size_t>, Mean> by_method;
  for (const StudyCell& cell : cells) {
    if (cell.steps == 0 || !fs::exists(places.record(cell))) continue;
    const nlohmann::json record = read_record(cell, places);
    const auto number = [&](const char* field) {
      return record.is_object() && record.contains(field) && record[field].is_number() ? record[field].get<double>()
                                                                                       : 0;
    };
    // Of one that was interrupted only the last part is known.
    if (number("steps") <= 0 || !record.contains("whole") || record["whole"] != true) continue;
    const double each = number("seconds") / number("steps");
    for (Mean* mean : {&by_model[cell.model], &by_method[{cell.model, cell.method}]}) {
      mean->sum += each;
      mean->count += 1;
    }
  }
  std::vector<double> seconds;
  for (const StudyCell& cell : cells) {
    const Mean& method = by_method[{cell.model, cell.method}];
    const Mean& model = by_model[cell.model];
    const Mean& mean = method.count > 0 ? method : model;
    const bool known = cell.steps > 0 && mean.count > 0;
    seconds.push_back(known ? static_cast<double>(cell.steps) * mean.sum / mean.count : cell.default_seconds);
  }
  return seconds;
}

}  // namespace mixvec::inline flows
