// Checks the binary16 conversions: all 65,536 values, published vectors, and roundings from binary64.
#include "golden/math/half.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <limits>
#include <random>

#include "golden/tests/reference_data.hpp"

namespace mixvec::inline golden {
namespace {

// The value of 16 bits from the definition, by a road that shares nothing with to_float.
double value_of(std::uint16_t bits) {
  const int exponent = bits >> 10 & 0x1F;
  const int fraction = bits & 0x3FF;
  const double magnitude = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

TEST(Half, AllValuesWidenExactlyAndReturn) {
  int finite = 0;
  int nans = 0;
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const Half half{static_cast<std::uint16_t>(bits)};
    const float wide = to_float(half);
    if (is_nan(half)) {
      ++nans;
      EXPECT_EQ(std::bit_cast<std::uint32_t>(wide), 0x7FC00000U) << bits;
      EXPECT_EQ(to_half(wide), kCanonicalNan);
      continue;
    }
    if (is_finite(half)) {
      ++finite;
      EXPECT_EQ(wide, value_of(half.bits)) << bits;
      EXPECT_EQ(to_half(value_of(half.bits)), half) << bits;
    } else {
      EXPECT_TRUE(std::isinf(wide));
    }
    EXPECT_EQ(std::signbit(wide), bits >= 0x8000) << bits;
    EXPECT_EQ(to_half(wide), half) << bits;
    EXPECT_EQ(to_half(static_cast<double>(wide)), half) << bits;
  }
  std::printf("compared 65536 values: %d finite, %d NaN\n", finite, nans);
  EXPECT_EQ(finite, 63488);
  EXPECT_EQ(nans, 2046);
}

// Between each pair of neighbours: the midpoint goes to the even one, anything off it to the nearer one.
TEST(Half, RoundsToNearestEvenAtEveryMidpoint) {
  int compared = 0;
  for (std::uint16_t low = 0; low < 0x7C00; ++low) {
    const auto high = static_cast<std::uint16_t>(low + 1);
    const double above = high == 0x7C00 ? 65536.0 : value_of(high);
    const double middle = (value_of(low) + above) / 2;
    const std::uint16_t even = low % 2 == 0 ? low : high;
    for (const std::uint16_t sign : {std::uint16_t{0}, std::uint16_t{0x8000}}) {
      const double factor = sign != 0 ? -1.0 : 1.0;
      const auto expect = [&](std::uint16_t expected, double value) {
        EXPECT_EQ(to_half(factor * value).bits, expected | sign) << "double " << factor * value;
        const auto narrow = static_cast<float>(factor * value);
        if (narrow == factor * value) {
          EXPECT_EQ(to_half(narrow).bits, expected | sign) << "float " << narrow;
        }
        ++compared;
      };
      expect(even, middle);
      // One binary64 ulp: a detour through binary32 would round twice and miss it.
      expect(low, std::nextafter(middle, 0.0));
      expect(high, std::nextafter(middle, 1e300));
      expect(low, std::nextafterf(static_cast<float>(middle), 0.0F));
      expect(high, std::nextafterf(static_cast<float>(middle), 1e30F));
    }
  }
  std::printf("compared %d roundings\n", compared);
  EXPECT_EQ(compared, 31744 * 2 * 5);
}

TEST(Half, ExtremesOfDouble) {
  EXPECT_EQ(to_half(1e300).bits, 0x7C00);
  EXPECT_EQ(to_half(-1e300).bits, 0xFC00);
  EXPECT_EQ(to_half(std::numeric_limits<double>::denorm_min()).bits, 0);
  EXPECT_EQ(to_half(-std::numeric_limits<double>::denorm_min()).bits, 0x8000);
  EXPECT_EQ(to_half(std::numeric_limits<double>::quiet_NaN()), kCanonicalNan);
  EXPECT_EQ(to_half(-std::numeric_limits<float>::signaling_NaN()), kCanonicalNan);
}

// Lines: operand, result, flags, in hexadecimal. Returns the number of lines compared.
template <typename Check>
int each_vector(const char* file, Check check) {
  std::ifstream stream(reference_data("testfloat") / file);
  int count = 0;
  std::uint32_t operand = 0;
  std::uint32_t result = 0;
  std::uint32_t flags = 0;
  while (stream >> std::hex >> operand >> result >> flags) {
    check(operand, result);
    ++count;
  }
  return count;
}

TEST(Half, TestFloatWidening) {
  const int count = each_vector("f16_to_f32.rne.txt", [](std::uint32_t operand, std::uint32_t result) {
    const float found = to_float(Half{static_cast<std::uint16_t>(operand)});
    if ((result & 0x7FFFFFFFU) > 0x7F800000U) {
      EXPECT_TRUE(std::isnan(found)) << std::hex << operand;
    } else {
      EXPECT_EQ(std::bit_cast<std::uint32_t>(found), result) << std::hex << operand;
    }
  });
  if (const auto absent = absent_reference("testfloat"); !absent.empty()) GTEST_SKIP() << absent;
  std::printf("compared %d vectors of f16_to_f32\n", count);
  EXPECT_EQ(count, 408);
}

TEST(Half, TestFloatNarrowing) {
  const int count = each_vector("f32_to_f16.rne.txt", [](std::uint32_t operand, std::uint32_t result) {
    const Half found = to_half(std::bit_cast<float>(operand));
    if ((result & 0x7FFFU) > 0x7C00U) {
      EXPECT_EQ(found, kCanonicalNan) << std::hex << operand;
    } else {
      EXPECT_EQ(found.bits, result) << std::hex << operand;
    }
  });
  if (const auto absent = absent_reference("testfloat"); !absent.empty()) GTEST_SKIP() << absent;
  std::printf("compared %d vectors of f32_to_f16\n", count);
  EXPECT_EQ(count, 600);
}

TEST(Half, RoundToOddKeepsOneRounding) {
  const double odd_neighbour = 1.0 + 0x1p-23;
  EXPECT_EQ(round_to_odd(1.0 + 0x1p-40), static_cast<float>(odd_neighbour));
  EXPECT_EQ(round_to_odd(1.0 + 0x1p-23 + 0x1p-40), static_cast<float>(odd_neighbour));
  EXPECT_EQ(round_to_odd(1.0 + 0x1p-22 - 0x1p-40), static_cast<float>(odd_neighbour));
  EXPECT_EQ(round_to_odd(-1.0 - 0x1p-40), static_cast<float>(-odd_neighbour));
  EXPECT_EQ(round_to_odd(0.1), 0.1F);
  EXPECT_EQ(round_to_odd(0.3), 0x1.333332p-2F);  // not 0x1.333334p-2, which is nearer
  EXPECT_EQ(round_to_odd(0x1p-1074), 0x1p-149F);
  EXPECT_EQ(round_to_odd(1e300), std::numeric_limits<float>::max());
  EXPECT_EQ(round_to_odd(65519.999999), 65519.99609375F);
  EXPECT_EQ(round_to_odd(65520.0), 65520.0F);
  EXPECT_EQ(round_to_odd(std::numeric_limits<double>::infinity()), std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(round_to_odd(std::numeric_limits<double>::quiet_NaN())));
}

}  // namespace
}  // namespace mixvec::inline golden
