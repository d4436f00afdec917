// Gates of attention heads that learn to close: hard concrete variables under an L0 penalty (Louizos 2018, Voita 2019).
#pragma once

#include <vector>

#include "golden/safetensors/safetensors_writer.hpp"
#include "pruning/train/masks/trained_matrix.hpp"
#include "pruning/train/recipes/recipe.hpp"

namespace mixvec::inline pruning {

/// One gate z of 0 to 1 for every head, which its output is multiplied with: the rows of W_MP that read it.
class HeadGates {
 public:
  HeadGates(const TrainingRecipe& recipe, const ModelConfig& config, std::uint64_t seed);

  /// Draws the gates of a step: z = min(1, max(0, s (ζ − γ) + γ)), s = σ((ln u − ln(1 − u) + ln α) / β), u uniform.
  void draw(std::size_t step);
  /// Gates without chance, which a validation and the finished model have: u = ½, β = 1.
  void expect();
  /// No gate opens or closes any more: pruned heads are closed by their mask, the others stay as far open as they are.
  void freeze();

  /// Multiplies W_MP of every layer with the gates.
  void apply(const std::vector<TrainedMatrix>& matrices, TorchParameters& parameters) const;
  /// Learns from the gradients by the gated parameters, `masked` being those before the gates, and turns them into
  /// gradients by these.
  void learn(std::size_t step, const std::vector<TrainedMatrix>& matrices, const TorchParameters& masked,
             TorchParameters& gradients);

  /// What the heads of a layer are worth: ln α, shifted so that the least of all layers is above 0.
  [[nodiscard]] std::vector<double> importance(std::size_t layer) const;

  void save(SafetensorsWriter& writer) const;
  void load(const SafetensorsFile& file);

 private:
  PruningPlan plan_;
  std::size_t steps_;
  std::size_t layers_;
  std::size_t heads_;
  std::uint64_t seed_;
  bool frozen_ = false;
  torch::Tensor log_alpha_;  ///< [layers][heads]
  torch::Tensor mean_;       ///< Adam's moments
  torch::Tensor square_;
  torch::Tensor noise_;  ///< ln u − ln(1 − u) of the step; undefined: none
};

}  // namespace mixvec::inline pruning
