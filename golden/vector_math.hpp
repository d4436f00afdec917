// The arithmetic of the vector unit, bit for bit as docs/numerics.md (Vector unit) defines it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "golden/half.hpp"

namespace mixvec {

enum class GeluForm : std::uint8_t { kErf, kTanh };

/// GELU in the erf form (Hendrycks, Gimpel 2016) or the tanh form that GPT-2 uses; at most 1 ulp of binary16 off.
Half gelu(Half x, GeluForm form);
/// max(x, +0); a set sign bit gives +0, NaN the canonical NaN.
Half relu(Half x);
/// a + b by way of binary32: the residual.
Half add(Half a, Half b);
/// a · r by way of binary32.
Half scale(Half a, float r);

/// The constant k of exp_scaled in fixed point with 22 fractional bits, for log2(e) · `scale`; 0 < scale < 2.77.
/// Throws InputError outside, and where k would be 0.
std::uint32_t exp_constant(double scale);
/// exp((s − m) · scale), k = exp_constant(scale); s − m is taken as −2048 below it, and as 2048 above.
Half exp_scaled(Half s, Half m, std::uint32_t k);
/// exp(x) for any binary16 value.
Half exp(Half x);

/// 1/x for NaN and for binary32 values of 2^-126…2^126. Throws std::logic_error outside: no operand of a program is.
float reciprocal(float x);
/// 1/√x for NaN and positive normal binary32 values. Throws std::logic_error outside.
float rsqrt(float x);

/// Which keys a token may attend to.
struct AttentionMask {
  std::size_t keys = 0;   ///< keys from this one on are masked (padding)
  bool causal = false;    ///< and those behind the token
  std::size_t first = 0;  ///< position of token 0, for causal attention

  [[nodiscard]] bool masked(std::size_t token, std::size_t key) const {
    return key >= keys || (causal && key > first + token);
  }
};

/// The value that softmax writes for a masked key; a product with it is +0 whatever the other factor.
inline constexpr Half kMaskedWeight{0x8000};

/// Softmax over the keys of each token: s and the result are keys × tokens, row-major; k = exp_constant(scale). A token
/// whose keys are all masked gets only kMaskedWeight. Throws InputError if s is not a whole number of rows.
std::vector<Half> softmax(std::span<const Half> s, std::size_t tokens, const AttentionMask& mask, std::uint32_t k);

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

/// Scores of one head: keys × tokens from K (keys of dims channels: dims × keys) and Q (dims × tokens), all row-major;
/// the sums are made one product after the other. Throws InputError for operands of other sizes.
std::vector<Half> attention_scores(std::span<const Half> k, std::span<const Half> q, std::size_t dims, std::size_t keys,
                                   std::size_t tokens);
/// Outputs of one head: dims × tokens from V (dims × keys) and P (keys × tokens), in the same way.
std::vector<Half> attention_outputs(std::span<const Half> v, std::span<const Half> p, std::size_t dims,
                                    std::size_t keys, std::size_t tokens);

}  // namespace mixvec
