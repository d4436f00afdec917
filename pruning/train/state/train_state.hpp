// What a training run has come to: parameters, the optimiser's moments, and how they are kept on disk.
#pragma once

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "golden/safetensors/safetensors.hpp"
#include "golden/safetensors/safetensors_writer.hpp"
#include "pruning/train/nets/parameters.hpp"

namespace mixvec::inline pruning {

/// Parameters with AdamW's two moments, and the steps done.
struct TrainState {
  TorchParameters parameters;
  TorchParameters mean;
  TorchParameters square;
  std::size_t step = 0;

  TrainState() = default;
  /// Moments of zero.
  explicit TrainState(TorchParameters begin);
};

/// The optimiser's settings.
struct AdamW {
  double weight_decay = 0.1;  ///< of tensors with two dimensions
  double clip = 1.0;          ///< largest norm of all gradients together
};

/// A tensor that learns, with Adam's two moments.
struct Moments {
  torch::Tensor value;
  torch::Tensor mean;
  torch::Tensor square;
};

/// One step of Adam (Kingma 2015), the `count`-th from 1, at a learning rate.
void adam_step(const Moments& tensor, const torch::Tensor& gradient, std::size_t count, double rate);

/// One step of AdamW (Loshchilov 2019) at a learning rate: `gradients` has one tensor for every parameter. Counts it.
void adam_w_step(TrainState& state, const TorchParameters& gradients, const AdamW& settings, double rate);

/// Writes `folder`/state.safetensors, whole or not at all, the folders above it with it. `identity` is everything that
/// the bits of the result depend on; `more` adds further tensors.
void save_state(const std::filesystem::path& folder, const TrainState& state, const nlohmann::json& identity,
                const std::function<void(SafetensorsWriter&)>& more);

/// Reads it back into a state that has its tensors; `more` reads what was added. Throws InputError naming what is
/// missing, damaged, or was begun with another identity.
void load_state(const std::filesystem::path& folder, TrainState& state, const nlohmann::json& identity,
                const std::function<void(const SafetensorsFile&)>& more);

}  // namespace mixvec::inline pruning
