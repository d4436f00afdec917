// A training recipe: how long and how fast to learn, how to prune on the way, and what to learn from.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "pruning/importance/importance.hpp"

namespace mixvec::inline pruning {

/// Where the gradient of a masked weight goes.
enum class Updates : std::uint8_t {
  kMasked,  ///< kept weights learn alone (Han 2015); a pruned weight stays as it was
  kDense    ///< all learn, as if nothing were masked: pruned weights may come back (straight-through; Sanh 2020)
};

/// What masks are chosen by while a model learns.
enum class TrainedScore : std::uint8_t {
  kMagnitude,     ///< w² (Zhu 2017)
  kTaylor,        ///< mean of (g w)² over the last steps (Molchanov 2019)
  kMovement,      ///< Σ −g w since the beginning (Sanh 2020); of a vector the sum: its score is learned as a whole
  kSoftMovement,  ///< scores that learn under a penalty; what falls below a threshold goes (Sanh 2020)
  kGates,         ///< heads: gates that learn under an L0 penalty (Voita 2019)
  kCalibrated     ///< PruningPlan::importance
};

/// How a model is pruned on the way. Shares are of all steps.
struct PruningPlan {
  TrainedScore score = TrainedScore::kMagnitude;
  const ImportanceMethod* importance = nullptr;  ///< kCalibrated: measured on the pruned model of the moment
  std::size_t samples = 16;                      ///< … on this many windows
  double decay = 0.95;                           ///< kTaylor: what is left of a step's share of the mean after one more
  double score_rate = 1e-2;                      ///< kSoftMovement, kGates: learning rate of scores
  double penalty = 1;      ///< … weight of their penalty at the end, the mean chance of a weight (gate) to be kept
  double threshold = 0.1;  ///< kSoftMovement: σ(score) above which a weight is kept
  Updates updates = Updates::kDense;
  double begin = 0.0;          ///< share at which the ratio begins to rise
  double end = 0.5;            ///< … is reached: r(u) = δ (1 − (1 − u)³) between (Zhu 2017)
  double freeze = 0.6;         ///< … masks are fixed; from then on only kept weights learn
  std::size_t every = 20;      ///< steps between two choices of what is kept
  std::size_t regroup = 5;     ///< groups, lengths and directions are chosen anew at every how many of these choices
  double freeze_groups = 0.5;  ///< share at which they are fixed
  double search = 1;           ///< seconds of the search for groups, as prune_model --search
};

/// Matrices that learn through narrow ones beside them.
struct AdapterPlan {
  std::size_t rank = 0;  ///< 0: the matrices themselves learn
  double scale = 1;      ///< of what is added
};

/// What the model learns from the dense one besides the text (Hinton 2015; hidden states: Jiao 2020).
struct Distillation {
  double logits = 0;       ///< weight of the divergence from its predictions, in place of the text's: 0 to 1
  double temperature = 2;  ///< that soften both
  double hidden = 0;       ///< weight of the squared difference of hidden states, relative to their square

  [[nodiscard]] bool any() const { return logits > 0 || hidden > 0; }
};

/// Everything that a recipe says. Fields of training that a file leaves out stay as they are.
struct TrainingRecipe {
  std::size_t steps = 3000;
  std::size_t batch = 8;
  double learning_rate = 1e-3;  ///< peak, reached after `warmup` steps
  double final_rate = 1e-4;     ///< end of the cosine
  std::size_t warmup = 100;
  double weight_decay = 0.1;  ///< on matrices and embeddings only
  double clip = 1.0;          ///< largest norm of the gradient
  double dropout = 0;         ///< chance of an activation to be left out while learning (Srivastava 2014)
  PruningPlan pruning;
  AdapterPlan adapters;
  Distillation distillation;
};

/// Reads a recipe (docs/training.md) into `recipe`. Throws InputError naming the file and the field.
void read_recipe(const std::filesystem::path& path, TrainingRecipe& recipe);

/// Learning rate of a step: linear warm-up, then a cosine.
double rate_at(const TrainingRecipe& recipe, std::size_t step);

/// How far the schedule has come at a share of the steps: 1 − (1 − u)³, 0 to 1 (Zhu 2017).
double rise(const PruningPlan& plan, double share);

/// Ratio that a step is to have reached, for a final `ratio`.
double ratio_at(const TrainingRecipe& recipe, double ratio, std::size_t step);

std::string_view name_of(Updates updates);             ///< as in a recipe
std::string_view score_name(const PruningPlan& plan);  ///< as in a recipe

}  // namespace mixvec::inline pruning
