// Masks that follow a model while it learns: chosen by its scores of the moment, at a ratio that rises, then fixed.
#pragma once

#include <optional>
#include <vector>

#include "golden/safetensors/safetensors.hpp"
#include "golden/safetensors/safetensors_writer.hpp"
#include "pruning/pipeline/subject.hpp"
#include "pruning/train/masks/head_gates.hpp"
#include "pruning/train/masks/learned_scores.hpp"
#include "pruning/train/nets/parameters.hpp"
#include "pruning/train/recipes/recipe.hpp"

namespace mixvec::inline pruning {

class GradualMasks {
 public:
  /// `pattern` says which weights go together, for which accelerator, and the final ratio, of all matrices together.
  /// `calibrator`: for scores that are measured. Throws InputError for a score that does not go with the pattern.
  GradualMasks(const TrainingRecipe& recipe, Recipe pattern, const ModelConfig& config, Calibrator calibrator = {});

  /// Chooses anew what is kept, if it is time at this step (its first thing to do). Returns whether it was.
  bool update(std::size_t step, const TorchParameters& parameters);
  /// The parameters that run: pruned weights at 0, gated heads as far open as they are. With a step gates are drawn for
  /// it.
  [[nodiscard]] TorchParameters masked(const TorchParameters& parameters);
  [[nodiscard]] TorchParameters masked(const TorchParameters& parameters, std::size_t step);
  /// Learns scores from a step's gradients by what masked() gave for it, then leaves those of pruned weights out where
  /// these do not learn.
  void take(std::size_t step, const TorchParameters& parameters, TorchParameters& gradients);

  /// The pruned matrices, rounded to binary16, and what is kept of each (of a report no more than that). Throws
  /// InputError for values that binary16 does not hold.
  [[nodiscard]] PruneResult finish(const TorchParameters& parameters);

  [[nodiscard]] double ratio() const { return ratio_; }  ///< of the last choice
  [[nodiscard]] bool frozen() const { return frozen_; }

  /// What a resumed run needs, to and from the file of its state.
  void save(SafetensorsWriter& writer) const;
  void load(const SafetensorsFile& file);

 private:
  [[nodiscard]] std::vector<ScoredMatrix> scored(std::size_t step, const TorchParameters& parameters);
  [[nodiscard]] TorchParameters cut(const TorchParameters& parameters) const;  ///< pruned weights at 0
  /// Groups, lengths, directions and what is kept.
  void group(std::vector<ScoredMatrix> scored, double ratio);
  void select(const std::vector<ScoredMatrix>& scored);  ///< what is kept, of the groups that there are
  void set_mask(std::size_t matrix);

  TrainingRecipe recipe_;
  Recipe pattern_;
  std::size_t heads_;
  std::vector<TrainedMatrix> matrices_;
  std::vector<std::vector<std::uint8_t>> kept_;  ///< out × in
  std::vector<torch::Tensor> mask_;              ///< the same as a parameter's: in × out
  LearnedScores scores_;
  std::optional<HeadGates> gates_;
  double ratio_ = 0;
  std::size_t choices_ = 0;
  bool frozen_ = false;
};

}  // namespace mixvec::inline pruning
