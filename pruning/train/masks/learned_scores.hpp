// What the weights of a network that learns are worth: by their values, by their gradients, or by a method of the
// one-shot pruning on the network of the moment.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "golden/safetensors/safetensors_writer.hpp"
#include "pruning/train/masks/trained_matrix.hpp"
#include "pruning/train/recipes/recipe.hpp"

namespace mixvec::inline pruning {

/// Scores (out × in each, at least 0) of all matrices by a calibrated method: `pruned` is what runs, `dense` has the
/// weights that are scored, those that are pruned at present with them.
using Calibrator = std::function<std::vector<std::vector<float>>(std::size_t step, const TorchParameters& pruned,
                                                                 const TorchParameters& dense)>;

class LearnedScores {
 public:
  /// `calibrator`: for scores that need one.
  LearnedScores(const TrainingRecipe& recipe, const std::vector<TrainedMatrix>& matrices, Calibrator calibrator);

  /// Learns from the gradients of a step by the masked parameters.
  void learn(std::size_t step, const std::vector<TrainedMatrix>& matrices, const TorchParameters& parameters,
             const TorchParameters& gradients);

  /// Of all weights, out × in each, at least 0. Scores of either sign are shifted so that half of what is to go at this
  /// ratio has 0. `masked`: the parameters as they run.
  [[nodiscard]] std::vector<std::vector<float>> of(std::size_t step, double ratio,
                                                   const std::vector<TrainedMatrix>& matrices,
                                                   const TorchParameters& parameters,
                                                   const TorchParameters& masked) const;

  /// Share of the weights that fell below the threshold of soft movement; none: the schedule says how many go.
  [[nodiscard]] std::optional<double> ratio() const;

  /// What a resumed run needs, to and from the file of its state.
  void save(const std::vector<TrainedMatrix>& matrices, SafetensorsWriter& writer) const;
  void load(const std::vector<TrainedMatrix>& matrices, const SafetensorsFile& file);

 private:
  [[nodiscard]] float floor_at(double ratio) const;
  [[nodiscard]] bool soft() const { return plan_.score == TrainedScore::kSoftMovement; }

  PruningPlan plan_;
  std::size_t steps_;
  Calibrator calibrator_;
  std::vector<torch::Tensor> score_;  ///< in × out each
  std::vector<torch::Tensor> mean_;   ///< soft movement: Adam's moments
  std::vector<torch::Tensor> square_;
};

}  // namespace mixvec::inline pruning
