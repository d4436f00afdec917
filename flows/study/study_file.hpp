// The study as data: models, methods, accelerators, and what a plan of it (quick, full) runs and checks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace mixvec::inline flows {

/// A dense checkpoint that cells begin with.
struct StudyModel {
  std::string name;
  std::filesystem::path checkpoint;    ///< empty: it is trained first
  std::filesystem::path recipe;        ///< of a model that is trained first
  std::vector<std::string> arguments;  ///< … what train_model is given besides: --layers 6, …
  std::filesystem::path text;          ///< that it learns and is judged by; empty: that of --text
  double step_seconds = 0;             ///< of a training step on one thread, roughly
};

/// A configuration that costs are counted on: gen_accel's default but for the full-rate length.
struct StudyAccelerator {
  std::string name;
  int full_rate = 0;
};

/// A row of the table, or three.
struct StudyMethod {
  std::string name;
  std::string pattern;                    ///< as train_model --prune has it; empty: nothing is pruned
  double reach = 1;                       ///< share of the weights that the pattern prunes among
  std::filesystem::path recipe;           ///< empty: the checkpoint as it is
  std::vector<std::size_t> accelerators;  ///< that its cells are counted on, by their place in the study

  [[nodiscard]] bool is_dense() const { return pattern.empty(); }
  [[nodiscard]] bool is_trained() const { return !recipe.empty(); }
};

/// A method in a plan.
struct PlannedMethod {
  std::size_t method = 0;           ///< its place in the study
  std::vector<double> ratios;       ///< none for a dense one
  std::vector<std::size_t> models;  ///< of the plan's
  std::filesystem::path recipe;     ///< in place of the method's; empty: that
};

/// What must hold of the results: mean of `method` <= at_most * mean of `against`, at each ratio.
struct StudyCheck {
  std::size_t method = 0;
  std::size_t against = 0;
  std::vector<double> ratios;           ///< of both, or of `method` alone
  std::optional<double> against_ratio;  ///< of `against`, where it is another
  double at_most = 1;
};

/// What --quick or --full runs.
struct StudyPlan {
  std::string name;
  std::filesystem::path text;        ///< where --text is not given; empty: it must be
  std::filesystem::path recipe;      ///< in place of the methods'; empty: theirs
  std::optional<std::size_t> steps;  ///< in place of the recipes'
  std::size_t checkpoint_every = 0;  ///< steps
  std::vector<std::size_t> models;   ///< places in the study
  std::vector<std::uint64_t> seeds;
  std::vector<PlannedMethod> methods;
  std::vector<StudyCheck> checks;

  /// Does it have cells of this model and method at this ratio?
  [[nodiscard]] bool has(std::size_t model, std::size_t method, double ratio) const;
};

/// A figure of the paper whose table this is.
struct PublishedRow {
  std::string method;
  double ratio = 0;
  double f1 = 0;
  double perplexity = 0;
};

/// A study with one of its plans.
struct StudyFile {
  std::size_t tokens = 0;  ///< that cycles are counted for
  std::vector<StudyModel> models;
  std::vector<StudyAccelerator> accelerators;
  std::vector<StudyMethod> methods;
  StudyPlan plan;
  std::vector<PublishedRow> published;
};

/// Reads the file and the plan of that name. Paths in it begin at `source`. Throws InputError that names file and
/// field.
StudyFile read_study(const std::filesystem::path& path, const std::string& plan, const std::filesystem::path& source);

}  // namespace mixvec::inline flows
