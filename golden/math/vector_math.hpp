// The arithmetic of the vector unit, bit for bit as docs/numerics.md (Vector unit) defines it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "golden/math/half.hpp"

namespace mixvec::inline golden {

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

}  // namespace mixvec::inline golden
