// Several ways of pruning one model: what each of them comes to.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pruning/compare/array_area.hpp"
#include "pruning/compare/judge.hpp"
#include "pruning/compare/lists.hpp"
#include "pruning/pipeline/arguments.hpp"
#include "pruning/pipeline/subject.hpp"
#include "sim/cycles/matrix_run.hpp"

namespace mixvec::inline pruning {

/// An accelerator that models are run on.
struct ComparedMachine {
  AccelConfig accel;
  std::string name;
  ArrayArea area;
};

/// Which of the settings.
struct SettingNames {
  std::string pattern;  ///< as it was typed
  std::string importance;
  std::string recover;
  std::size_t machine = 0;
  std::string point;  ///< "ratio 0.8", "bytes=33%", "its own ratio"
};

/// A model that was pruned and run.
struct ComparedRow {
  SettingNames names;
  PatternEntry entry;
  double ratio = 0;
  std::size_t place = 0;           ///< of its point among the points, as they are listed
  std::string settled;             ///< mixed at a limit: which of the choices that were tried it is; else empty
  std::optional<CostLimit> limit;  ///< that the ratio was searched for
  double limit_value = 0;          ///< of it, absolute
  std::uint64_t weights = 0;
  std::uint64_t kept = 0;
  double mean_length = 0;
  double retained = 0;
  double exchange_bytes = 0;
  double exchange_cycles = 0;
  MachineRun run;
  Quality quality;
  std::optional<double> tried;  ///< Judge::tried(), where a limit was searched for and the model was calibrated
};

/// A setting without a row.
struct NotCompared {
  SettingNames names;
  std::string why;
};

struct Comparison {
  std::vector<ComparedMachine> machines;  ///< the first: the default, or that of --accel
  std::size_t tokens = 0;
  double dense_bytes = 0;   ///< of all weights in binary16
  double dense_cycles = 0;  ///< with all multipliers busy
  Quality dense;
  std::string judged_by;  ///< file; empty: nothing
  std::vector<ComparedRow> rows;
  std::vector<NotCompared> left_out;

  /// A row's area times its cycles in mm² · cycles.
  [[nodiscard]] std::optional<double> area_cycles(const ComparedRow& row) const;
};

/// The settings of a command line: every pattern with every importance, recovery and ratio (or limit). A combination
/// that something refuses is left out with the reason. Unstructured masks are also run on the accelerator that reads
/// single weights at full rate. Throws InputError for lists that cannot be read, files that do not fit, options that no
/// setting uses, and where nothing is left to compare.
class ComparisonRun {
 public:
  ComparisonRun(const Arguments& arguments, const Model& model);
  ~ComparisonRun();
  Comparison run(const StageProgress& progress);

 private:
  /// What is pruned once for each point, and then recovered in each of some ways.
  struct Work {
    PatternEntry entry;
    std::size_t machine = 0;
    std::vector<Recipe> recipes;  ///< differ in their recovery
  };
  /// A pruned model before its recovery, on its accelerator.
  struct Cut {
    double ratio = 0;
    PruneResult result;
    MachineRun run;
  };
  class LimitSearch;
  /// What a work comes to at a limit: a row for each of its recipes, or why not.
  struct Found {
    std::vector<ComparedRow> rows;
    std::string why_not;
  };

  void plan();
  void refuse_idle() const;
  [[nodiscard]] SettingNames names_of(const Work& work, const Recipe& recipe, const std::string& point) const;
  void leave_out(const Work& work, const std::string& point, const std::string& why);
  Cut cut(const Work& work, Recipe recipe, std::optional<double> ratio);
  [[nodiscard]] Found finish(const Work& work, const Cut& cut, bool tries);
  void take(const Work& work, Found found, const std::string& point, std::size_t place,
            const std::optional<CostLimit>& limit, double limit_value);
  void run_ratios(const Work& work);
  void run_limits(const Work& work);
  const Found& find(const Work& work, const CostLimit& limit, bool tries);
  Found settle(const Work& work, const CostLimit& limit);
  /// Whether the vectors of a work are chosen by trial where the cost is limited.
  [[nodiscard]] bool tries(const Work& work) const;
  /// The same work with vectors of one length.
  [[nodiscard]] std::optional<Work> single_length(const Work& work, int length,
                                                  std::optional<Direction> direction) const;
  [[nodiscard]] std::size_t points_of(const Work& work) const;
  void told(double share, std::string_view what) const;
  void step();

  const Arguments& arguments_;
  std::vector<PatternEntry> patterns_;
  std::vector<std::string> importances_;
  std::vector<std::string> recoveries_;
  std::vector<CostLimit> limits_;
  std::vector<Work> work_;
  Subject subject_;
  std::optional<Judge> judge_;
  std::map<std::string, std::unique_ptr<LimitSearch>> searches_;  ///< by work and kind of limit
  StageProgress progress_;
  double begun_ = 0;  ///< share of the work that is done
  double each_ = 1;   ///< share of one point
  std::string doing_;
  Comparison comparison_;
};

}  // namespace mixvec::inline pruning
