// Low-rank adapters: the four matrices of every layer stay as they were, and a product of two narrow ones learns what
// to add to each (Hu 2022; while pruning: LoRAPrune, Zhang 2023).
#pragma once

#include <vector>

#include "pruning/train/masks/trained_matrix.hpp"
#include "pruning/train/recipes/recipe.hpp"

namespace mixvec::inline pruning {

class Adapters {
 public:
  /// Takes the matrices out of the parameters that learn and puts narrow ones in their place, "NAME.lora_a" [in][rank],
  /// normal with deviation 1/√in, and "NAME.lora_b" [rank][out], zeros.
  Adapters(const AdapterPlan& plan, const ModelConfig& config, std::uint64_t seed, TorchParameters& parameters);

  /// The parameters of the network: W + scale · A B, and the others.
  [[nodiscard]] TorchParameters merged(const TorchParameters& learned) const;
  /// Turns gradients by merged parameters into those by what learns.
  void take(const TorchParameters& learned, TorchParameters& gradients) const;

 private:
  double scale_;
  TorchParameters fixed_;
};

}  // namespace mixvec::inline pruning
