// LayerNorm of the vector unit, bit for bit as docs/numerics.md defines it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "golden/math/half.hpp"

namespace mixvec::inline golden {

/// Parameters of a LayerNorm over n channels.
struct LayerNorm {
  std::vector<Half> gamma;  ///< n, finite
  std::vector<Half> beta;   ///< n, finite
  double epsilon = 1e-5;    ///< of the variance: at most 1, and at least ½ after multiplication with n²·2^48
};

/// ε' = ⌊ε·n²·2⁴⁸ + ½⌋, of at most 77 bits.
struct NormEpsilon {
  std::uint64_t low = 0;   ///< bits 63:0
  std::uint32_t high = 0;  ///< bits 76:64
};
/// Of a LayerNorm over n channels. Throws InputError for n outside 1…16384, ε > 1 or too small to count.
NormEpsilon norm_epsilon(double epsilon, std::size_t n);

/// LayerNorm over the channels of each token: x and the result are n × tokens, row-major. Throws InputError for sizes
/// that differ, parameters that are not finite, ε > 1 or too small to count (ε·n²·2^48 < ½), or n outside 1…16384.
std::vector<Half> layer_norm(std::span<const Half> x, std::size_t tokens, const LayerNorm& parameters);

}  // namespace mixvec::inline golden
