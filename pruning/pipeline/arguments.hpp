// What prune_model was asked for: the command line as it was typed, and the recipe that it stands for.
#pragma once

#include <string>
#include <vector>

#include "golden/cli/option_values.hpp"
#include "golden/config/accel_config.hpp"
#include "pruning/pipeline/calibration_data.hpp"
#include "pruning/pipeline/subject.hpp"

namespace mixvec::inline pruning {

/// The command line. `prune` has what needs no more than its own check; recipe_of() reads the other texts.
struct Arguments {
  PruneOptions prune;
  GivenOptions given;  ///< what was typed, without defaults
  std::string model;
  std::string out;
  std::string pattern;
  std::string importance;
  std::string vec;
  std::string scope;
  bool no_grouping = false;
  std::string search;
  std::string exchange;
  std::string budget;
  std::string accel;
  std::size_t tokens = 256;
  bool no_pictures = false;
  std::string recover;
  std::string calibrate;  ///< text, or stored hidden states
  WindowOptions windows;
  bool blind_outputs = false;
  double lookahead = Recipe{}.lookahead;
  std::string text;                                  ///< to judge the result by
  std::size_t last = 1;                              ///< percent
  bool compare = false;                              ///< several settings: pattern, importance and recover are lists
  std::vector<double> ratios{PruneOptions{}.ratio};  ///< one, unless settings are compared
  std::string at;                                    ///< limits on cost, in place of ratios
  std::string json;
  std::string state;  ///< folder of what a long run has worked out so far
};

/// Throws InputError for texts that are no names, lengths or rates, for two that contradict each other, and for options
/// that the others leave nothing to do for.
Recipe recipe_of(const Arguments& arguments);

/// Throws InputError for what is wrong whatever the pattern, importance and recovery are: --scope, --exchange,
/// --budget, --search.
void check_values(const Arguments& arguments);

/// Fits the options to the vectors that the accelerator takes. Throws InputError that says why they do not fit.
void fit_recipe(Recipe& recipe, const AccelConfig& accel);

}  // namespace mixvec::inline pruning
