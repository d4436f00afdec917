// The elementwise functions of the vector unit, exp, reciprocal and reciprocal root, in integers.
#include "golden/math/vector_math.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>
#include <stdexcept>

#include "golden/base/error.hpp"
#include "golden/math/vector_tables.hpp"

namespace mixvec::inline golden {
namespace {

constexpr int kExpBits = 22;  ///< fractional bits of k and of the exponent of 2

/// GELU from its definition; gelu looks it up.
Half compute_gelu(Half x, GeluForm form) {
  if (is_nan(x)) return kCanonicalNan;
  const bool negative = (x.bits & 0x8000U) != 0;
  if (!is_finite(x)) return negative ? Half{0x8000} : x;
  const std::int64_t limit = (1 << 19) - 1;
  const auto u = static_cast<std::uint32_t>(std::min(std::abs(to_integer(x)) >> 8, limit));
  const std::uint32_t table = form == GeluForm::kErf ? kGeluErfTable : kGeluTanhTable;
  const std::uint32_t tail = interpolate(kVectorTables[table + (u >> 12U)], (u & 0xFFFU) << 4U);
  const std::uint32_t phi = negative ? tail : (1U << 30U) - tail;
  // 11 by 31 bits: exact in binary64, so there is one rounding.
  return to_half(static_cast<double>(to_float(x)) * phi * 0x1p-30);
}

using GeluTable = std::array<Half, 65536>;

GeluTable make_gelu(GeluForm form) {
  GeluTable table;
  for (std::uint32_t bits = 0; bits < table.size(); ++bits) {
    table[bits] = compute_gelu(Half{static_cast<std::uint16_t>(bits)}, form);
  }
  return table;
}

/// The significand that a table of reciprocals gives, with 24 bits (2^24 for 1), as a binary32 value times 2^exponent.
float from_table(std::uint32_t segment, std::uint32_t fraction, int exponent) {
  const std::uint32_t value = interpolate(kVectorTables[segment + (fraction >> 18U)], (fraction >> 2U) & 0xFFFFU);
  return std::ldexp(static_cast<float>((value + 16U) >> 5U), exponent - 24);
}

}  // namespace

Half gelu(Half x, GeluForm form) {
  static const GeluTable erf = make_gelu(GeluForm::kErf);
  static const GeluTable tanh = make_gelu(GeluForm::kTanh);
  return (form == GeluForm::kErf ? erf : tanh)[x.bits];
}

Half relu(Half x) {
  if (is_nan(x)) return kCanonicalNan;
  return (x.bits & 0x8000U) != 0 ? Half{} : x;
}

Half add(Half a, Half b) { return to_half(to_float(a) + to_float(b)); }

Half scale(Half a, float r) { return to_half(to_float(a) * r); }

std::uint32_t exp_constant(double scale) {
  const double k = std::floor(scale * std::numbers::log2e * (1 << kExpBits) + 0.5);
  if (!(scale < 2.77) || !(k >= 1))
    fail_input("scale of exp: found {}, expected more than 2^-24 and below 2.77", scale);
  return static_cast<std::uint32_t>(k);
}

Half exp_scaled(Half s, Half m, std::uint32_t k) {
  if (!is_finite(s) || !is_finite(m)) {
    const float difference = to_float(s) - to_float(m);
    if (std::isnan(difference)) return kCanonicalNan;
    return difference < 0 ? Half{} : Half{0x7C00};
  }
  const std::int64_t limit = 1 << 27;
  const std::int64_t t = std::clamp((to_integer(s) - to_integer(m)) >> 8, -limit, limit - 1);
  const std::int64_t y = (t * k) >> 16;
  const auto f = static_cast<std::uint32_t>(y) & ((1U << kExpBits) - 1U);
  const std::uint32_t e = interpolate(kVectorTables[kExp2Table + (f >> 17U)], (f >> 1U) & 0xFFFFU);
  // To binary32 by rounding to odd: with 24 bits, to_half then rounds as it would round all 30. Exponents beyond
  // binary16's are cut to ones that still give zero or infinity.
  const std::uint32_t significand = (e >> 6U) | static_cast<std::uint32_t>((e & 63U) != 0);
  const auto n = static_cast<std::int32_t>(std::clamp<std::int64_t>(y >> kExpBits, -64, 64));
  return to_half(std::bit_cast<float>((static_cast<std::uint32_t>(n + 127) << 23U) | (significand & 0x7FFFFFU)));
}

Half exp(Half x) {
  static const std::uint32_t k = exp_constant(1.0);
  return exp_scaled(x, Half{}, k);
}

float reciprocal(float x) {
  if (std::isnan(x)) return std::bit_cast<float>(0x7FC00000U);
  if (!(x >= 0x1p-126F && x <= 0x1p126F)) throw std::logic_error(fmt::format("reciprocal of {}", x));
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(x);
  return from_table(kReciprocalTable, bits & 0x7FFFFFU, 127 - static_cast<int>(bits >> 23U));
}

float rsqrt(float x) {
  if (std::isnan(x)) return std::bit_cast<float>(0x7FC00000U);
  if (!(x >= 0x1p-126F && x <= std::numeric_limits<float>::max())) {
    throw std::logic_error(fmt::format("reciprocal root of {}", x));
  }
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(x);
  const int exponent = static_cast<int>(bits >> 23U) - 127;
  const int odd = exponent & 1;
  return from_table(odd != 0 ? kRsqrtOddTable : kRsqrtEvenTable, bits & 0x7FFFFFU, -(exponent - odd) / 2);
}

}  // namespace mixvec::inline golden
