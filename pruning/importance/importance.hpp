// Importance scores of weights, and the exact threshold that unstructured pruning would use.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace mixvec::inline pruning {

/// Magnitude importance: the squared magnitude, so that the importance of a vector is the sum over its weights and what
/// is retained is a share of the squared norm. (For single weights |w| and |w|² rank alike.)
inline float importance_of(float weight) { return weight * weight; }

/// What the `count` most important weights amount to.
struct TopImportance {
  std::uint64_t count = 0;  ///< weights kept
  double kept = 0;          ///< their importance
  double total = 0;         ///< importance of all weights
  float threshold = 0;      ///< importance of the least important kept weight; +infinity if none is kept
};

/// Importance of the `count` largest among all weights of `parts`; exact for any ties. Time O(weights), memory O(1)
/// but for the weights whose importance agrees with the threshold in its upper 16 bits.
TopImportance top_importance(std::span<const std::span<const float>> parts, std::uint64_t count, int threads);

}  // namespace mixvec::inline pruning
