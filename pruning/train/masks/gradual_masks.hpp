// Masks that follow a model while it learns: chosen by its scores of the moment, at a ratio that rises, then fixed.
#pragma once

#include <vector>

#include "golden/safetensors/safetensors.hpp"
#include "golden/safetensors/safetensors_writer.hpp"
#include "pruning/pipeline/subject.hpp"
#include "pruning/train/nets/parameters.hpp"
#include "pruning/train/recipe.hpp"

namespace mixvec::inline pruning {

class GradualMasks {
 public:
  /// `pattern` says which weights go together, for which accelerator, and the final ratio, of all matrices together.
  GradualMasks(const TrainingRecipe& recipe, Recipe pattern, const ModelConfig& config);

  /// Chooses anew what is kept, if it is time at this step (its first thing to do). Returns whether it was.
  bool update(std::size_t step, const TorchParameters& parameters);
  /// The parameters with pruned weights at 0.
  [[nodiscard]] TorchParameters masked(const TorchParameters& parameters) const;
  /// Learns scores from a step's gradients by the masked parameters, then leaves those of pruned weights out where
  /// these do not learn.
  void take(const TorchParameters& parameters, TorchParameters& gradients);

  /// The pruned matrices, rounded to binary16, and what is kept of each (of a report no more than that). Throws
  /// InputError for values that binary16 does not hold.
  [[nodiscard]] PruneResult finish(const TorchParameters& parameters) const;

  [[nodiscard]] double ratio() const { return ratio_; }  ///< of the last choice
  [[nodiscard]] bool frozen() const { return frozen_; }

  /// What a resumed run needs, to and from the file of its state.
  void save(SafetensorsWriter& writer) const;
  void load(const SafetensorsFile& file);

 private:
  struct Matrix {
    std::string name;    ///< "layer.0.W_MA"
    std::string weight;  ///< name of its parameter
    std::size_t out = 0;
    std::size_t in = 0;
    Pattern pattern;
    std::vector<double> bars;
    std::vector<std::uint8_t> kept;  ///< out × in
    torch::Tensor mask;              ///< the same as a parameter's: in × out
    torch::Tensor score;             ///< what was learned, in × out
  };

  [[nodiscard]] std::vector<ScoredMatrix> scored(const TorchParameters& parameters) const;
  void group(std::vector<ScoredMatrix> scored);          ///< groups, lengths, directions and what is kept
  void select(const std::vector<ScoredMatrix>& scored);  ///< what is kept, of the groups that there are
  void set_mask(Matrix& matrix);

  TrainingRecipe recipe_;
  Recipe pattern_;
  std::size_t heads_;
  std::vector<Matrix> matrices_;
  double ratio_ = 0;
  std::size_t choices_ = 0;
  bool frozen_ = false;
};

}  // namespace mixvec::inline pruning
