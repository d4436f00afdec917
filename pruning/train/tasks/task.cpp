// Losses and draws that tasks share.
#include "pruning/train/tasks/task.hpp"

#include <algorithm>

namespace mixvec::inline pruning {

namespace {

std::mt19937 generator_of(std::uint64_t seed, std::size_t step) {
  std::seed_seq sequence{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32U),
                         static_cast<std::uint32_t>(step)};
  return std::mt19937(sequence);
}

}  // namespace

torch::Tensor Task::logits(const TorchOutput& output, const Batch& batch) const {
  (void)batch;
  return output.logits;
}

torch::Tensor Task::loss(const TorchOutput& output, const Batch& batch) const {
  return cross_entropy({logits(output, batch), {}}, batch.targets);
}

torch::Tensor cross_entropy(const TorchOutput& output, const torch::Tensor& targets) {
  return torch::nll_loss(torch::log_softmax(output.logits, -1), targets.reshape({-1}), {}, at::Reduction::Mean, -1);
}

Validation validate_windows(std::size_t size, std::size_t length, std::size_t limit,
                            const std::function<Validation(std::size_t, std::size_t, std::size_t)>& run) {
  const torch::NoGradGuard no_grad;
  Validation result;
  double sum = 0;
  std::size_t done = 0;
  for (std::size_t start = 0; start < size && done < limit; start += length, ++done) {
    const Validation window = run(start, std::min(length, size - start), done);
    sum += window.loss * static_cast<double>(window.count);
    result.count += window.count;
  }
  result.loss = sum / static_cast<double>(result.count);
  return result;
}

StepDraws::StepDraws(std::uint64_t seed, std::size_t step) : generator_(generator_of(seed, step)) {}

std::size_t StepDraws::below(std::size_t bound) {
  // Multiply-and-shift instead of a library distribution, whose results differ between standard libraries.
  return static_cast<std::size_t>((static_cast<std::uint64_t>(generator_()) * bound) >> 32U);
}

}  // namespace mixvec::inline pruning
