// Made-up pruned matrices and activations, the same on every platform for the same seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "golden/matrix/pruned_matrix.hpp"

namespace mixvec::inline golden {

/// What a synthetic matrix looks like.
struct SyntheticSpec {
  std::string name = "synthetic";
  std::size_t out = 768;
  std::size_t in = 768;
  Direction direction = Direction::kColumn;
  std::vector<int> lengths = {16};  ///< vector lengths; several are mixed, one drawn for each strip
  double pruned = 0.8;              ///< δ, expected pruned fraction
  double spread = 0.3;        ///< relative standard deviation of the densities of strips (row: and of outputs), clipped
  double weight_sigma = 0.0;  ///< of the Gaussian weights; 0: such that unit activations give outputs near 1
  bool bias = true;
  bool shuffled = false;  ///< strips of indices from anywhere instead of neighbours
  std::uint64_t seed = 1;
};

/// Makes the matrix; strips partition the dimension, and where a length does not fit any more, the last strip is short.
PrunedMatrix make_synthetic(const SyntheticSpec& spec);

/// What synthetic activations look like.
struct ActivationSpec {
  std::size_t in = 768;
  std::size_t tokens = 64;
  double sigma = 1.0;
  double zero_values = 0.0;    ///< fraction of scattered zeros
  double zero_channels = 0.0;  ///< fraction of inputs that are zero for all tokens
  double specials =
      0.0;  ///< fraction drawn from: NaN (also with payload), ±Inf, -0, subnormals, largest, smallest normal
  std::uint64_t seed = 1;
};

/// in × tokens, row-major.
std::vector<Half> make_activations(const ActivationSpec& spec);

/// Bytes of a matrix in compressed sparse rows and columns with 16-bit words: a values, a indices, n + 1 pointers.
std::uint64_t csr_bytes(const PrunedMatrix& matrix);
std::uint64_t csc_bytes(const PrunedMatrix& matrix);

}  // namespace mixvec::inline golden
