// Plans the settings, prunes once for all recoveries of a setting, and searches ratios for limits on cost.
#include "pruning/compare/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "generator/config_file.hpp"
#include "generator/legality.hpp"
#include "golden/base/error.hpp"
#include "pruning/compare/setting.hpp"
#include "pruning/importance/importance.hpp"
#include "pruning/study/machine_run.hpp"

namespace mixvec::inline pruning {

namespace {

constexpr double kCalibrating = 0.1;  // share of the work

bool is_unstructured(const PatternEntry& entry) { return entry.pattern == "unstructured"; }

std::vector<std::string> checked_names(const char* option, const std::string& text) {
  std::vector<std::string> names = read_list(option, text);
  for (const std::string& name : names) {
    if (std::string_view(option) == "--importance") {
      (void)find_importance(option, name);
    } else {
      (void)find_recovery(option, name);
    }
  }
  return names;
}

CalibrationNeeds both(const CalibrationNeeds& a, const CalibrationNeeds& b) {
  return {a.inputs || b.inputs, a.outputs || b.outputs, a.weights || b.weights, a.heads || b.heads};
}

// Examples and stored states are taken as they are.
bool has_windows(const std::filesystem::path& source) {
  return !source.empty() && source.extension() != ".safetensors" && source.extension() != ".tsv";
}

ComparedMachine machine_of(const AccelConfig& accel) { return {accel, config_name(accel), array_area(accel)}; }

}  // namespace

std::optional<double> Comparison::area_cycles(const ComparedRow& row) const {
  const std::optional<double>& area = machines[row.names.machine].area.mm2;
  if (!area) return std::nullopt;
  return *area * static_cast<double>(row.run.cycles);
}

ComparisonRun::ComparisonRun(const Arguments& arguments, const Model& model)
    : arguments_(arguments),
      patterns_(read_patterns(arguments.pattern)),
      importances_(checked_names("--importance", arguments.importance)),
      recoveries_(checked_names("--recover", arguments.recover)),
      subject_(model, arguments.prune.threads) {
  if (!arguments.at.empty()) limits_ = read_limits(arguments.at);
  // No reason to leave a setting out: nobody would look for a mistake there.
  check_values(arguments);
  comparison_.machines.push_back(machine_of(accelerator_of(arguments.accel)));
  comparison_.tokens = arguments.tokens;
  double weights = 0;
  for (const DenseMatrix& matrix : subject_.matrices()) weights += static_cast<double>(matrix.weight.size());
  comparison_.dense_bytes = 2 * weights;
  comparison_.dense_cycles =
      CostModel(comparison_.machines[0].accel, static_cast<int>(arguments.tokens)).ideal_cycles(weights);
  plan();
  refuse_idle();
}

SettingNames ComparisonRun::names_of(const Work& work, const Recipe& recipe, const std::string& point) const {
  return {work.entry.text, recipe.importance->name, recipe.recovery->name, work.machine, point};
}

void ComparisonRun::leave_out(const Work& work, const std::string& point, const std::string& why) {
  for (const Recipe& recipe : work.recipes) comparison_.left_out.push_back({names_of(work, recipe, point), why});
}

void ComparisonRun::plan() {
  for (const std::string& importance : importances_) {
    for (const PatternEntry& entry : patterns_) {
      Work work{entry, 0, {}};
      for (const std::string& recover : recoveries_) {
        try {
          Recipe recipe = recipe_of(alone(arguments_, entry, importance, recover));
          fit_recipe(recipe, comparison_.machines[0].accel);
          work.recipes.push_back(std::move(recipe));
        } catch (const InputError& error) {
          comparison_.left_out.push_back({{entry.text, importance, recover, 0, ""}, error.what()});
        }
      }
      if (work.recipes.empty()) continue;
      work_.push_back(work);
      if (!is_unstructured(entry) || comparison_.machines[0].accel.full_rate == 1) continue;
      // The rival: single weights at full rate.
      if (comparison_.machines.size() == 1) {
        ConfigRequest request = shortest_request(comparison_.machines[0].accel);
        request[&AccelConfig::full_rate] = 1;
        comparison_.machines.push_back(machine_of(make_config(request)));
      }
      work.machine = 1;
      for (Recipe& recipe : work.recipes) fit_recipe(recipe, comparison_.machines[1].accel);
      work_.push_back(std::move(work));
    }
  }
  if (work_.empty()) fail_input("found nothing to compare: {}", comparison_.left_out.front().why);
}

// As prune_model alone does: nobody shall believe that an option did something.
void ComparisonRun::refuse_idle() const {
  const auto refuse = [&](const char* option, const std::string& why) {
    if (arguments_.given.contains(option)) fail_input("--{}: {}", option, why);
  };
  refuse("vec", "found with --compare, expected lengths in the list: --pattern \"vector:4 vector:8\"");
  refuse("state", "found with --compare, expected nothing: only prune_model without it keeps a state");
  refuse("direction", "found with --compare, expected directions in the list: --pattern vector:4,direction=row");
  if (!limits_.empty()) {
    refuse("ratio", "found beside --at, expected one of the two: ratios are searched for");
    refuse("budget", "found beside --at, expected one of the two");
  }
  if (arguments_.text.empty() && arguments_.calibrate.empty()) {
    refuse("last", "found without a text, expected --text or --calibrate beside it");
  }
  const bool gpt2 = subject_.model().config().architecture == Architecture::kGpt2;
  if (!gpt2) refuse("last", "found for a BERT checkpoint, expected GPT-2: BERT does not predict the next token");
  const auto none = [&](const auto& uses) {
    return std::none_of(work_.begin(), work_.end(), [&](const Work& work) {
      return std::any_of(work.recipes.begin(), work.recipes.end(), [&](const Recipe& recipe) { return uses(recipe); });
    });
  };
  const auto chooses = [](const Recipe& r) { return !r.mask_pattern; };
  const auto groups = [](const Recipe& r) {
    return !r.mask_pattern && r.options.pattern != PatternKind::kUnstructured && r.options.length > 1;
  };
  const bool measures = !none([](const Recipe& r) { return r.needs_data(); });
  // BERT is judged by windows, too.
  const std::string& judged = arguments_.text.empty() ? arguments_.calibrate : arguments_.text;
  if (!gpt2 && !(measures && has_windows(arguments_.calibrate)) && !has_windows(judged)) {
    refuse("window", "found without a text, expected one: examples and stored hidden states are taken whole");
  }
  struct Use {
    const char* option;
    bool idle;
    const char* of;
  };
  const std::array<Use, 12> uses{{
      {"rounds", none([](const Recipe& r) { return r.in_rounds(); }), "importance obs without a pattern's own masks"},
      {"lookahead", none([](const Recipe& r) {
         return r.in_rounds() && r.options.rounds > 1 && r.options.pattern != PatternKind::kUnstructured;
       }),
       "importance obs with vectors to choose, in two rounds or more"},
      {"blind-outputs", none([](const Recipe& r) { return r.importance->blind_behind; }),
       "importance wanda, obs or sparsegpt"},
      {"samples", !measures && (gpt2 || judged.empty()), "a method that measures"},
      {"window", !measures && gpt2, "a method that measures"},
      {"scope", none([](const Recipe& r) { return !r.mask_pattern || r.mask_pattern->ranks(); }),
       "a pattern that ranks weights"},
      {"ratio", none([](const Recipe& r) { return !has_own_ratio(r); }), "a pattern without a ratio of its own"},
      {"seed", !measures && none(chooses), "a pattern that draws, or a method that measures"},
      {"search", none(groups), "vectors of more than one weight"},
      {"no-grouping", none(groups), "vectors of more than one weight"},
      {"exchange", none(chooses), "pattern unstructured, vector or mixed"},
      {"budget", none(chooses), "pattern unstructured, vector or mixed"},
  }};
  for (const Use& use : uses) {
    if (use.idle)
      refuse(use.option, fmt::format("found with settings that do not use it, expected {} among them", use.of));
  }
}

std::size_t ComparisonRun::points_of(const Work& work) const {
  if (!limits_.empty()) return has_own_ratio(work.recipes[0]) ? 0 : limits_.size();
  return has_own_ratio(work.recipes[0]) ? 1 : arguments_.ratios.size();
}

void ComparisonRun::told(double share, std::string_view what) const {
  if (progress_) progress_(begun_ + each_ * share, fmt::format("{}: {}", doing_, what));
}

void ComparisonRun::step() { begun_ += each_; }

Comparison ComparisonRun::run(const StageProgress& progress) {
  progress_ = progress;
  CalibrationNeeds needs;
  bool measures = false;
  std::size_t points = 0;
  for (const Work& work : work_) {
    points += points_of(work);
    for (const Recipe& recipe : work.recipes) {
      needs = both(needs, recipe.needs());
      measures = measures || recipe.needs_data();
    }
  }
  judge_.emplace(subject_, arguments_);
  comparison_.dense = judge_->dense();
  comparison_.judged_by = judge_->source();
  if (measures) {
    CalibrationData data =
        read_calibration_data(subject_.model(), subject_.network(), arguments_.calibrate, arguments_.windows);
    subject_.calibrate(std::move(data), needs, arguments_.prune.seed, [&](double share, std::string_view what) {
      if (progress_) progress_(kCalibrating * share, what);
    });
    begun_ = kCalibrating;
  }
  each_ = (1 - begun_) / static_cast<double>(std::max<std::size_t>(1, points));
  for (const Work& work : work_) limits_.empty() ? run_ratios(work) : run_limits(work);
  std::stable_sort(comparison_.rows.begin(), comparison_.rows.end(),
                   [](const ComparedRow& a, const ComparedRow& b) { return a.place < b.place; });
  if (comparison_.rows.empty()) fail_input("found nothing to compare: {}", comparison_.left_out.front().why);
  return std::move(comparison_);
}

ComparisonRun::Cut ComparisonRun::cut(const Work& work, Recipe recipe, std::optional<double> ratio) {
  if (ratio) set_ratio(recipe, *ratio);
  Cut cut;
  cut.ratio = recipe.options.ratio;
  cut.result = subject_.cut(recipe, [&](double share, std::string_view what) { told(0.6 * share, what); });
  told(0.6, "running the cycle model");
  const MachineRuns runs = run_all_on_machine(cut.result.matrices, comparison_.machines[work.machine].accel,
                                              comparison_.tokens, arguments_.prune.threads);
  if (!runs.refused.empty()) throw InputError(runs.refused);
  cut.run = runs.total;
  return cut;
}

ComparisonRun::Found ComparisonRun::finish(const Work& work, const Cut& cut, bool tries) {
  Found found;
  for (const Recipe& recipe : work.recipes) {
    ComparedRow row;
    row.entry = work.entry;
    row.ratio = cut.ratio;
    row.weights = cut.result.weights;
    row.kept = cut.result.kept;
    row.mean_length = cut.result.mean_length();
    row.retained = cut.result.retained();
    row.exchange_bytes = cut.result.exchange_bytes;
    row.exchange_cycles = cut.result.exchange_cycles;
    row.run = cut.run;
    std::vector<PrunedMatrix> matrices = cut.result.matrices;
    subject_.recover(recipe, matrices, [&](double share, std::string_view what) { told(0.6 + 0.3 * share, what); });
    told(0.9, "judging");
    row.quality = judge_->of(matrices);
    if (tries) row.tried = judge_->tried(matrices);
    found.rows.push_back(std::move(row));
  }
  return found;
}

void ComparisonRun::take(const Work& work, Found found, const std::string& point, std::size_t place,
                         const std::optional<CostLimit>& limit, double limit_value) {
  if (!found.why_not.empty()) leave_out(work, point, found.why_not);
  for (std::size_t r = 0; r < found.rows.size(); ++r) {
    ComparedRow& row = found.rows[r];
    row.names = names_of(work, work.recipes[r], point);
    row.entry = work.entry;
    row.place = place;
    row.limit = limit;
    row.limit_value = limit_value;
    comparison_.rows.push_back(std::move(row));
  }
}

void ComparisonRun::run_ratios(const Work& work) {
  const bool own = has_own_ratio(work.recipes[0]);
  const std::size_t points = points_of(work);
  for (std::size_t p = 0; p < points; ++p) {
    const std::string point = own ? "own ratio" : fmt::format("ratio {}", arguments_.ratios[p]);
    doing_ = fmt::format("{}, {}", work.entry.text, point);
    Found found;
    try {
      found = finish(work, cut(work, work.recipes[0], own ? std::nullopt : std::optional(arguments_.ratios[p])), false);
    } catch (const InputError& error) {
      found = {{}, error.what()};
    }
    take(work, std::move(found), point, own ? arguments_.ratios.size() : p, {}, 0);
    step();
  }
}

}  // namespace mixvec::inline pruning
