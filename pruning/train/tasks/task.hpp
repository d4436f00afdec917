// What a network learns: batches of a step, their loss, and how well it does on what it has not seen.
#pragma once

#include <torch/torch.h>

#include <cstddef>
#include <cstdint>
#include <functional>

#include "pruning/train/nets/parameters.hpp"

namespace mixvec::inline pruning {

/// What a step or a validation runs: int64 [sequences][tokens].
struct Batch {
  torch::Tensor inputs;
  torch::Tensor targets;  ///< as the task's loss wants them
};

/// A network with its parameters.
using Forward = std::function<TorchOutput(const Batch&)>;

/// How well a network does on held-out data.
struct Validation {
  double loss = 0;        ///< mean, nats per prediction
  std::size_t count = 0;  ///< of predictions
};

class Task {
 public:
  Task() = default;
  virtual ~Task() = default;
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  /// What a step learns from. Depends on the task and the step alone, so a resumed run needs no generator's state.
  [[nodiscard]] virtual Batch batch(std::size_t step) const = 0;
  /// Mean loss of a batch, in nats.
  [[nodiscard]] virtual torch::Tensor loss(const TorchOutput& output, const Batch& batch) const = 0;
  /// On held-out data: all of it, or a part that takes no longer than a step or two.
  [[nodiscard]] virtual Validation validate(const Forward& forward, bool whole) const = 0;
  /// Changes with whatever batches depend on besides the step.
  [[nodiscard]] virtual std::uint64_t hash() const = 0;
};

}  // namespace mixvec::inline pruning
