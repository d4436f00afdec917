// What a network learns: batches of a step, their loss, and how well it does on what it has not seen.
#pragma once

#include <torch/torch.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <random>

#include "pruning/train/nets/parameters.hpp"

namespace mixvec::inline pruning {

/// What a step or a validation runs.
struct Batch {
  TorchInput inputs;
  torch::Tensor targets;  ///< int64, one for each row of the task's logits; −1: does not count
};

/// A network with its parameters.
using Forward = std::function<TorchOutput(const Batch&)>;

/// How well a network finds answers, in percent, as SQuAD's official script has it.
struct AnswerQuality {
  double f1 = 0;
  double exact_match = 0;
  std::size_t questions = 0;
};

/// How well a network does on held-out data.
struct Validation {
  double loss = 0;        ///< mean, nats per prediction
  std::size_t count = 0;  ///< of predictions
  std::optional<AnswerQuality> answers;
};

class Task {
 public:
  Task() = default;
  virtual ~Task() = default;
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;

  /// What a step learns from. Depends on the task and the step alone, so a resumed run needs no generator's state.
  [[nodiscard]] virtual Batch batch(std::size_t step) const = 0;
  /// The network's output as predictions: [rows][classes], of which one is right.
  [[nodiscard]] virtual torch::Tensor logits(const TorchOutput& output, const Batch& batch) const;
  /// On held-out data: all of it, or a part that takes no longer than a step or two.
  [[nodiscard]] virtual Validation validate(const Forward& forward, bool whole) const = 0;
  /// Changes with whatever batches depend on besides the step.
  [[nodiscard]] virtual std::uint64_t hash() const = 0;

  /// Mean loss of a batch, in nats.
  [[nodiscard]] torch::Tensor loss(const TorchOutput& output, const Batch& batch) const;
};

/// Mean cross-entropy in nats of predicting `targets` (int64, as many as the output has rows); those of −1 do not
/// count.
torch::Tensor cross_entropy(const TorchOutput& output, const torch::Tensor& targets);

/// Validates on windows of a text of `size` tokens that do not overlap, on `limit` of them at most; the last one may be
/// shorter. `run(start, length, window)` gives a window's mean loss and its number of predictions.
Validation validate_windows(std::size_t size, std::size_t length, std::size_t limit,
                            const std::function<Validation(std::size_t, std::size_t, std::size_t)>& run);

/// Draws of a step: whole numbers below a bound, the same ones for the same seed and step everywhere.
class StepDraws {
 public:
  StepDraws(std::uint64_t seed, std::size_t step);
  std::size_t below(std::size_t bound);

 private:
  std::mt19937 generator_;
};

}  // namespace mixvec::inline pruning
