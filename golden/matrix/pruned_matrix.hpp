// A pruned weight matrix: values, mask, and the strips that its row or column vectors are made of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "golden/math/half.hpp"

namespace mixvec::inline golden {

/// Row vectors are 1×ℓ (one output, the ℓ inputs of a strip); column vectors are ℓ×1 (the ℓ outputs of a strip, one
/// input).
enum class Direction : std::uint8_t { kRow = 0, kColumn = 1 };

inline const char* name_of(Direction d) { return d == Direction::kRow ? "row" : "column"; }

/// ℓ indices that share vectors: inputs for row vectors, outputs for column vectors.
struct Strip {
  int length = 1;                    ///< nominal ℓ, a power of two
  std::vector<std::uint32_t> index;  ///< 1…ℓ indices; fewer than ℓ only where a matrix leaves a remainder
};

/// How a matrix is cut into vectors. The strips partition the inputs (row) or the outputs (column).
struct Pattern {
  Direction direction = Direction::kColumn;
  std::vector<Strip> strips;
};

/// W[out][in] in binary16 with its mask. Pruned weights are +0; the mask is constant on each vector of the pattern.
struct PrunedMatrix {
  std::string name;  ///< e.g. "layer.0.W_F1"
  std::size_t out = 0;
  std::size_t in = 0;
  std::vector<Half> weight;        ///< out × in, row-major
  std::vector<std::uint8_t> mask;  ///< out × in, 1 = kept
  std::vector<Half> bias;          ///< out values, or empty for none
  Pattern pattern;

  [[nodiscard]] std::size_t kept() const {
    std::size_t count = 0;
    for (const std::uint8_t m : mask) count += m;
    return count;
  }
};

/// Throws InputError unless sizes agree, strips partition their dimension, lengths are powers of two, kept weights are
/// finite, pruned weights are zero and the mask is constant on every vector.
void validate(const PrunedMatrix& matrix);

}  // namespace mixvec::inline golden
