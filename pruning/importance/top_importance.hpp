// The exact threshold that unstructured pruning would use, and what it keeps.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace mixvec::inline pruning {

/// What the `count` most important weights amount to.
struct TopImportance {
  std::uint64_t count = 0;  ///< weights kept
  double kept = 0;          ///< their importance
  double total = 0;         ///< importance of all weights
  float threshold = 0;      ///< importance of the least important kept weight; +infinity if none is kept
};

/// Importance of the `count` largest among all scores (at least 0) of `parts`; exact for any ties. Time O(weights),
/// memory O(1) but for the scores that agree with the threshold in their upper 16 bits.
TopImportance top_importance(std::span<const std::span<const float>> parts, std::uint64_t count, int threads);

}  // namespace mixvec::inline pruning
