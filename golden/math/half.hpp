// IEEE binary16 values and their conversions to and from binary32/binary64, the number rules of docs/numerics.md.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace mixvec::inline golden {

/// A binary16 value as its 16 bits: 1 sign, 5 exponent (bias 15), 10 fraction.
struct Half {
  std::uint16_t bits = 0;

  friend bool operator==(Half, Half) = default;
};

/// The only NaN that Mixvec writes.
inline constexpr Half kCanonicalNan{0x7E00};

/// Exact widening to binary32; any NaN becomes the canonical binary32 NaN (0x7FC00000).
inline float to_float(Half h) {
  const std::uint32_t sign = static_cast<std::uint32_t>(h.bits & 0x8000U) << 16U;
  const std::uint32_t exponent = (h.bits >> 10U) & 0x1FU;
  const std::uint32_t fraction = h.bits & 0x3FFU;
  if (exponent == 0x1FU) {
    return std::bit_cast<float>(fraction != 0 ? 0x7FC00000U : (sign | 0x7F800000U));
  }
  if (exponent == 0) {
    // fraction * 2^-24 is exact in binary32.
    const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(magnitude) | sign);
  }
  return std::bit_cast<float>(sign | ((exponent + 112U) << 23U) | (fraction << 13U));
}

/// Rounds binary32 to binary16, to nearest even, with subnormals; overflow gives infinity, NaN the canonical NaN.
inline Half to_half(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>((bits >> 16U) & 0x8000U);
  const std::uint32_t magnitude = bits & 0x7FFFFFFFU;
  if (magnitude > 0x7F800000U) return kCanonicalNan;
  // 65520 is the midpoint between the largest finite binary16 and 2^16: it and all above round to infinity.
  if (magnitude >= 0x477FF000U) return Half{static_cast<std::uint16_t>(sign | 0x7C00U)};
  if (magnitude < 0x38800000U) {
    // Below 2^-14 the result is subnormal: adding 0.5 aligns the binary32 ulp to 2^-24 and rounds to nearest even.
    const float aligned = std::bit_cast<float>(magnitude) + 0.5F;
    return Half{static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(aligned) - 0x3F000000U))};
  }
  const std::uint32_t odd = (magnitude >> 13U) & 1U;
  return Half{static_cast<std::uint16_t>(sign | ((magnitude - 0x38000000U + 0xFFFU + odd) >> 13U))};
}

/// Narrows binary64 to binary32 "to odd": what binary32 holds stays, anything else goes to the neighbour with an odd
/// fraction. Finite stays finite. Its 24 bits are more than 2·11+1, so that a later rounding to binary16 gives what one
/// rounding of `value` gives.
inline float round_to_odd(double value) {
  const auto narrow = static_cast<float>(value);
  if (!std::isfinite(value) || static_cast<double>(narrow) == value) return narrow;
  std::uint32_t bits = std::bit_cast<std::uint32_t>(narrow);
  const bool rounded_away = std::fabs(static_cast<double>(narrow)) > std::fabs(value);
  if (rounded_away) bits -= 1U;
  return std::bit_cast<float>(bits | 1U);
}

/// Rounds binary64 to binary16 in one rounding (to nearest even).
inline Half to_half(double value) { return to_half(round_to_odd(value)); }

/// The integer value · 2^24 of a finite binary16 value: 40 bits and sign.
inline std::int64_t to_integer(Half h) {
  const std::uint32_t exponent = (h.bits >> 10U) & 0x1FU;
  const std::int64_t fraction = h.bits & 0x3FFU;
  const std::int64_t magnitude = exponent == 0 ? fraction : (fraction + 1024) << (exponent - 1U);
  return (h.bits & 0x8000U) != 0 ? -magnitude : magnitude;
}

inline bool is_finite(Half h) { return (h.bits & 0x7C00U) != 0x7C00U; }
inline bool is_nan(Half h) { return (h.bits & 0x7FFFU) > 0x7C00U; }

}  // namespace mixvec::inline golden
