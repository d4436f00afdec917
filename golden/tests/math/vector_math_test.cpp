// Checks the elementwise functions of the vector unit, exp, reciprocal and reciprocal root: against double precision
// over all operands, and against a second, literal reading of their definitions.
#include "golden/math/vector_math.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <limits>
#include <numbers>

#include "golden/math/vector_tables.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/math/vector_cases.hpp"

namespace mixvec::inline golden {
namespace {

/// The worst of many errors and where it was.
struct Worst {
  double error = 0;
  double at = 0;
  std::size_t compared = 0;

  void see(double found, double place) {
    ++compared;
    // Also takes NaN.
    if (!(found <= error)) {
      error = found;
      at = place;
    }
  }
  void print(const char* name, const char* unit) const {
    std::printf("%s: %zu compared, worst %.4f %s at %.9g\n", name, compared, error, unit, at);
  }
};

WideInteger floor_shift(WideInteger n, int bits) {
  const WideInteger unit = WideInteger{1} << bits;
  return n >= 0 ? n / unit : -((-n + unit - 1) / unit);
}

Half literal_exp(Half s, Half m, std::uint32_t k) {
  const auto integer = [](Half h) { return static_cast<WideInteger>(static_cast<double>(to_float(h)) * 0x1p24); };
  const WideInteger limit = 1 << 27;
  const WideInteger t = std::clamp<WideInteger>(floor_shift(integer(s) - integer(m), 8), -limit, limit - 1);
  const WideInteger y = floor_shift(t * k, 16);
  const WideInteger n = floor_shift(y, 22);
  const auto f = static_cast<std::uint32_t>(y - n * (1 << 22));
  const WideInteger e = interpolate(kVectorTables[kExp2Table + f / 131072], f % 131072 / 2);
  if (n > 20) return Half{0x7C00};
  if (n < -30) return Half{};
  return half_of_integer(e << static_cast<int>(n + 30), 29 + 30);
}

TEST(VectorMath, ExpOfEveryValue) {
  Worst worst;
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const Half x{static_cast<std::uint16_t>(bits)};
    if (!is_finite(x)) continue;
    worst.see(ulps_off(exp(x), std::exp(static_cast<double>(to_float(x)))), to_float(x));
    ASSERT_EQ(exp(x), literal_exp(x, Half{}, exp_constant(1.0))) << bits;
  }
  worst.print("exp", "ulp of binary16");
  EXPECT_LE(worst.error, 1.0);
  EXPECT_EQ(worst.compared, 63488U);
  EXPECT_EQ(exp(Half{0}).bits, 0x3C00);
  EXPECT_EQ(exp(Half{0x8000}).bits, 0x3C00);
  EXPECT_EQ(exp(Half{0x7C00}).bits, 0x7C00);
  EXPECT_EQ(exp(Half{0xFC00}).bits, 0);
  EXPECT_EQ(exp(Half{0xFE01}), kCanonicalNan);
}

TEST(VectorMath, ExpScaledForHeadSizes) {
  Random random(1);
  for (const int dims : {1, 16, 32, 64, 80, 96, 128, 256}) {
    const double factor = 1 / std::sqrt(dims);
    const std::uint32_t k = exp_constant(factor);
    Worst worst;
    for (const double deviation : {1.0, 20.0, 300.0, 20000.0}) {
      const std::vector<Half> s = random_halves(random, 50000, deviation);
      const std::vector<Half> m = random_halves(random, 50000, deviation);
      for (std::size_t i = 0; i < s.size(); ++i) {
        const Half found = exp_scaled(s[i], m[i], k);
        ASSERT_EQ(found, literal_exp(s[i], m[i], k)) << s[i].bits << ' ' << m[i].bits;
        const double difference = static_cast<double>(to_float(s[i])) - static_cast<double>(to_float(m[i]));
        worst.see(ulps_off(found, std::exp(difference * factor)), difference);
      }
    }
    worst.print(fmt::format("exp, head of {}", dims).c_str(), "ulp of binary16");
    EXPECT_LE(worst.error, 1.0) << dims;
  }
}

TEST(VectorMath, ExpScaledOfSpecialValues) {
  const std::uint32_t k = exp_constant(0.125);
  const Half one{0x3C00};
  const Half infinity{0x7C00};
  const Half minus_infinity{0xFC00};
  EXPECT_EQ(exp_scaled(minus_infinity, one, k).bits, 0);
  EXPECT_EQ(exp_scaled(one, infinity, k).bits, 0);
  EXPECT_EQ(exp_scaled(minus_infinity, infinity, k).bits, 0);
  EXPECT_EQ(exp_scaled(infinity, one, k), infinity);
  EXPECT_EQ(exp_scaled(one, minus_infinity, k), infinity);
  EXPECT_EQ(exp_scaled(infinity, minus_infinity, k), infinity);
  EXPECT_EQ(exp_scaled(infinity, infinity, k), kCanonicalNan);
  EXPECT_EQ(exp_scaled(minus_infinity, minus_infinity, k), kCanonicalNan);
  EXPECT_EQ(exp_scaled(Half{0xFFFF}, one, k), kCanonicalNan);
  EXPECT_EQ(exp_scaled(one, Half{0x7C01}, k), kCanonicalNan);
}

TEST(VectorMath, ExpConstant) {
  EXPECT_EQ(exp_constant(1.0), 6051102U);
  EXPECT_EQ(exp_constant(0.125), 756388U);
  EXPECT_LT(exp_constant(std::nextafter(2.77, 0)), 1U << 24U);
  const std::string expected = ", expected more than 2^-24 and below 2.77";
  EXPECT_EQ(message_of([] { exp_constant(2.77); }), "scale of exp: found 2.77" + expected);
  EXPECT_EQ(message_of([] { exp_constant(0); }), "scale of exp: found 0" + expected);
  EXPECT_EQ(message_of([] { exp_constant(-1); }), "scale of exp: found -1" + expected);
  EXPECT_EQ(message_of([] { exp_constant(std::nan("")); }), "scale of exp: found nan" + expected);
  EXPECT_EQ(message_of([] { exp_constant(1e-9); }), "scale of exp: found 1e-09" + expected);
}

double true_gelu(double x, GeluForm form) {
  if (form == GeluForm::kErf) return x * std::erfc(-x / std::numbers::sqrt2) / 2;
  return x / (1 + std::exp(-2 * std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
}

TEST(VectorMath, GeluOfEveryValue) {
  for (const GeluForm form : {GeluForm::kErf, GeluForm::kTanh}) {
    const std::uint32_t table = form == GeluForm::kErf ? kGeluErfTable : kGeluTanhTable;
    Worst worst;
    for (std::uint32_t bits = 0; bits < 65536; ++bits) {
      const Half x{static_cast<std::uint16_t>(bits)};
      if (!is_finite(x)) continue;
      const auto value = static_cast<double>(to_float(x));
      const Half found = gelu(x, form);
      worst.see(ulps_off(found, true_gelu(value, form)), value);
      const auto u = static_cast<std::uint32_t>(std::min(std::floor(std::abs(value) * 65536), 524287.0));
      const WideInteger tail = interpolate(kVectorTables[table + u / 4096], u % 4096 * 16);
      const WideInteger phi = bits < 0x8000 ? (1 << 30) - tail : tail;
      const Half literal = half_of_integer(static_cast<WideInteger>(std::abs(value) * 0x1p24) * phi, 54);
      ASSERT_EQ(found.bits, literal.bits | (bits & 0x8000)) << bits;
    }
    worst.print(form == GeluForm::kErf ? "GELU, erf" : "GELU, tanh", "ulp of binary16");
    EXPECT_LE(worst.error, 1.0);
    EXPECT_EQ(worst.compared, 63488U);
    EXPECT_EQ(gelu(Half{0x7C00}, form).bits, 0x7C00);
    EXPECT_EQ(gelu(Half{0xFC00}, form).bits, 0x8000);
    EXPECT_EQ(gelu(Half{0x8000}, form).bits, 0x8000);
    EXPECT_EQ(gelu(Half{0xFD00}, form), kCanonicalNan);
  }
}

TEST(VectorMath, ReluAddAndScale) {
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const Half x{static_cast<std::uint16_t>(bits)};
    const Half expected = is_nan(x) ? kCanonicalNan : bits >= 0x8000 ? Half{} : x;
    ASSERT_EQ(relu(x), expected) << bits;
  }
  Random random(2);
  const std::vector<Half> a = random_halves(random, 20000, 300, 0, 0.2);
  const std::vector<Half> b = random_halves(random, 20000, 300, 0, 0.2);
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double left = static_cast<double>(to_float(a[i]));
    const double right = static_cast<double>(to_float(b[i]));
    ASSERT_EQ(add(a[i], b[i]), to_half(static_cast<float>(left + right))) << a[i].bits << ' ' << b[i].bits;
    ASSERT_EQ(scale(a[i], to_float(b[i])), to_half(left * right)) << a[i].bits << ' ' << b[i].bits;
  }
}

/// Compares a function with 1 / divisor(x) over all significands of one exponent.
void compare_reciprocals(const char* name, float (*function)(float), double (*divisor)(double), float first) {
  Worst wide;
  Worst relative;
  Worst narrow;
  const std::uint32_t start = std::bit_cast<std::uint32_t>(first);
  for (std::uint32_t fraction = 0; fraction < 1U << 23U; ++fraction) {
    const float x = std::bit_cast<float>(start + fraction);
    const double expected = 1 / divisor(x);
    const float found = function(x);
    const double error = std::abs(static_cast<double>(found) - expected);
    wide.see(std::ldexp(error, 23 - std::ilogb(expected)), x);
    relative.see(error / expected * 0x1p20, x);
    narrow.see(ulps_off(to_half(found), expected), x);
  }
  wide.print(name, "ulp of binary32");
  relative.print(name, "times 2^-20, relative");
  narrow.print(name, "ulp of binary16 after rounding");
  EXPECT_LE(narrow.error, 1.0);
  EXPECT_LE(relative.error, 2.0);
  EXPECT_EQ(narrow.compared, 1U << 23U);
}

TEST(VectorMath, ReciprocalOfEverySignificand) {
  compare_reciprocals(
      "reciprocal", reciprocal, [](double x) { return x; }, 1);
}

TEST(VectorMath, RsqrtOfEverySignificand) {
  compare_reciprocals(
      "rsqrt, even exponent", rsqrt, [](double x) { return std::sqrt(x); }, 1);
  compare_reciprocals(
      "rsqrt, odd exponent", rsqrt, [](double x) { return std::sqrt(x); }, 2);
}

TEST(VectorMath, ReciprocalsScaleWithTheExponent) {
  Random random(3);
  for (int i = 0; i < 20000; ++i) {
    const float x = std::bit_cast<float>(0x3F800000U | (i < 300 ? 0U : random.below(1U << 23U)));
    const int exponent = i < 253 ? i - 126 : static_cast<int>(random.below(252)) - 126;
    ASSERT_EQ(reciprocal(std::ldexp(x, exponent)), std::ldexp(reciprocal(x), -exponent)) << x << ' ' << exponent;
    const int half = exponent / 2;
    ASSERT_EQ(rsqrt(std::ldexp(x, 2 * half)), std::ldexp(rsqrt(x), -half)) << x << ' ' << exponent;
    ASSERT_EQ(rsqrt(std::ldexp(2 * x, 2 * half)), std::ldexp(rsqrt(2 * x), -half)) << x << ' ' << exponent;
  }
  EXPECT_EQ(reciprocal(1), 1.0F);
  EXPECT_EQ(rsqrt(1), 1.0F);
  EXPECT_EQ(rsqrt(4), 0.5F);
  EXPECT_EQ(std::bit_cast<std::uint32_t>(reciprocal(-std::nanf("1"))), 0x7FC00000U);
  EXPECT_EQ(std::bit_cast<std::uint32_t>(rsqrt(-std::nanf("1"))), 0x7FC00000U);
  for (const float x : {0.0F, -1.0F, 0x1p-127F, std::numeric_limits<float>::infinity()}) {
    EXPECT_THROW(reciprocal(x), std::logic_error) << x;
    EXPECT_THROW(rsqrt(x), std::logic_error) << x;
  }
  EXPECT_THROW(reciprocal(0x1.8p126F), std::logic_error);
}

}  // namespace
}  // namespace mixvec::inline golden
