// Draws windows and copies their tokens.
#include "pruning/train/batches.hpp"

#include <cstring>
#include <random>

namespace mixvec::inline pruning {

Batch batch_of(std::span<const std::int64_t> split, const std::vector<std::size_t>& starts, std::size_t length) {
  const auto count = static_cast<std::int64_t>(starts.size());
  Batch batch;
  batch.inputs = torch::empty({count, static_cast<std::int64_t>(length)}, torch::kInt64);
  batch.targets = torch::empty_like(batch.inputs);
  const std::size_t bytes = length * sizeof(std::int64_t);
  for (std::size_t i = 0; i < starts.size(); ++i) {
    std::memcpy(batch.inputs.data_ptr<std::int64_t>() + i * length, &split[starts[i]], bytes);
    std::memcpy(batch.targets.data_ptr<std::int64_t>() + i * length, &split[starts[i] + 1], bytes);
  }
  return batch;
}

std::vector<std::size_t> starts_of(std::uint64_t seed, std::size_t step, std::size_t count, std::size_t length,
                                   std::size_t size) {
  std::seed_seq sequence{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32U),
                         static_cast<std::uint32_t>(step)};
  std::mt19937 generator(sequence);
  std::vector<std::size_t> starts(count);
  // Multiply-and-shift instead of a library distribution, whose results differ between standard libraries.
  for (std::size_t& start : starts) {
    start = static_cast<std::size_t>((static_cast<std::uint64_t>(generator()) * (size - length)) >> 32U);
  }
  return starts;
}

}  // namespace mixvec::inline pruning
