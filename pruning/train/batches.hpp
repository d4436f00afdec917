// Windows of a text as batches: which ones a step takes, and their tensors.
#pragma once

#include <torch/torch.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mixvec::inline pruning {

/// Inputs and the tokens that follow them, both int64 [windows][tokens].
struct Batch {
  torch::Tensor inputs;
  torch::Tensor targets;
};

/// The windows of `length` tokens that begin at `starts`; behind each stands one token more.
Batch batch_of(std::span<const std::int64_t> split, const std::vector<std::size_t>& starts, std::size_t length);

/// Where the `count` windows of a step begin, in a split of `size` tokens. Depends on seed and step alone, so a resumed
/// run needs no generator's state.
std::vector<std::size_t> starts_of(std::uint64_t seed, std::size_t step, std::size_t count, std::size_t length,
                                   std::size_t size);

}  // namespace mixvec::inline pruning
