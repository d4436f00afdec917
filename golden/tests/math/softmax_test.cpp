// Checks softmax: against double precision and a literal reading of its definition, with masks, specials and orders.
#include "golden/math/softmax.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <numeric>

#include "golden/math/vector_math.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/math/vector_cases.hpp"

namespace mixvec::inline golden {
namespace {

constexpr double kScale = 0.125;

/// One row after the other, straight from the definition.
std::vector<Half> literal_softmax(const std::vector<Half>& s, std::size_t tokens, const AttentionMask& mask) {
  const std::size_t keys = s.size() / tokens;
  std::vector<Half> p(s.size());
  for (std::size_t i = 0; i < tokens; ++i) {
    Half largest{0xFC00};
    for (std::size_t j = 0; j < keys; ++j) {
      const Half score = s[j * tokens + i];
      if (mask.masked(i, j)) continue;
      if (is_nan(score) || is_nan(largest)) {
        largest = kCanonicalNan;
      } else if (to_float(score) > to_float(largest)) {
        largest = score;
      }
    }
    WideInteger sum = 0;
    bool nan = false;
    for (std::size_t j = 0; j < keys; ++j) {
      if (mask.masked(i, j)) continue;
      const Half e = exp_scaled(s[j * tokens + i], largest, exp_constant(kScale));
      if (is_nan(e)) nan = true;
      if (!nan) sum += static_cast<WideInteger>(to_float(e) * 0x1p24F);
    }
    for (std::size_t j = 0; j < keys; ++j) {
      Half& weight = p[j * tokens + i];
      if (mask.masked(i, j)) {
        weight = kMaskedWeight;
      } else if (nan) {
        weight = kCanonicalNan;
      } else {
        const auto rounded = static_cast<float>(round_integer(sum, 24));
        const Half e = exp_scaled(s[j * tokens + i], largest, exp_constant(kScale));
        weight = to_half(to_float(e) * reciprocal(rounded * 0x1p-24F));
      }
    }
  }
  return p;
}

TEST(Softmax, EqualsItsDefinitionWithEveryMask) {
  Random random(1);
  std::size_t compared = 0;
  for (const std::size_t tokens : {1U, 3U, 20U}) {
    for (const std::size_t keys : {1U, 2U, 17U, 40U}) {
      for (const std::size_t valid : {std::size_t{0}, keys / 2, keys}) {
        for (const bool causal : {false, true}) {
          for (const double specials : {0.0, 0.02}) {
            const AttentionMask mask{valid, causal, keys / 3};
            const std::vector<Half> s = random_halves(random, keys * tokens, 30, 0, specials);
            ASSERT_EQ(softmax(s, tokens, mask, exp_constant(kScale)), literal_softmax(s, tokens, mask))
                << tokens << " tokens, " << keys << " keys, " << valid << " valid, causal " << causal;
            compared += s.size();
          }
        }
      }
    }
  }
  EXPECT_GT(compared, 10000U);
}

// e has an error of at most 0.56 ulp (vector_math_test.cpp), so a relative one of 2^-11 · 1.12, or 2^-25 · 1.12 where
// it is subnormal; so has the sum. Rounding p adds 2^-11 or 2^-25; the reciprocal's error is below 2^-18.
TEST(Softmax, IsCloseToDoublePrecisionAndSumsToOne) {
  Random random(2);
  double worst = 0;
  double worst_sum = 0;
  std::size_t compared = 0;
  for (const std::size_t keys : {1U, 7U, 256U, 1000U}) {
    for (const double deviation : {0.5, 8.0, 60.0, 3000.0}) {
      const std::size_t tokens = 16;
      const std::vector<Half> s = random_halves(random, keys * tokens, deviation);
      const std::vector<Half> p = softmax(s, tokens, {keys, false, 0}, exp_constant(kScale));
      for (std::size_t i = 0; i < tokens; ++i) {
        double largest = -1e9;
        for (std::size_t j = 0; j < keys; ++j) largest = std::max<double>(largest, to_float(s[j * tokens + i]));
        double sum = 0;
        double found_sum = 0;
        for (std::size_t j = 0; j < keys; ++j) sum += std::exp((to_float(s[j * tokens + i]) - largest) * kScale);
        for (std::size_t j = 0; j < keys; ++j) {
          const double expected = std::exp((to_float(s[j * tokens + i]) - largest) * kScale) / sum;
          const double found = to_float(p[j * tokens + i]);
          const auto small = static_cast<double>(keys) * 0x1p-25;
          const double bound = expected * (3.3 * 0x1p-11 + 1.12 * small) + 2.3 * 0x1p-25;
          worst = std::max(worst, std::abs(found - expected) / bound);
          found_sum += found;
        }
        worst_sum = std::max(worst_sum, std::abs(found_sum - 1));
        compared += keys;
      }
    }
  }
  std::printf("softmax: %zu compared, worst %.3f of the bound; sums are at most %.3g off\n", compared, worst,
              worst_sum);
  EXPECT_EQ(compared, std::size_t{1264 * 4 * 16});
  EXPECT_LE(worst, 1.0);
  EXPECT_LE(worst_sum, 0x1p-10);
}

TEST(Softmax, DoesNotDependOnTheOrderOfTheKeys) {
  Random random(3);
  const std::size_t keys = 100;
  const std::size_t tokens = 5;
  const std::vector<Half> s = random_halves(random, keys * tokens, 20);
  std::vector<std::size_t> order(keys);
  std::iota(order.begin(), order.end(), 0);
  for (std::size_t i = 1; i < keys; ++i) std::swap(order[i], order[random.below(static_cast<std::uint32_t>(i) + 1)]);
  std::vector<Half> shuffled(s.size());
  for (std::size_t i = 0; i < s.size(); ++i) shuffled[order[i / tokens] * tokens + i % tokens] = s[i];
  const std::vector<Half> p = softmax(s, tokens, {keys, false, 0}, exp_constant(kScale));
  const std::vector<Half> q = softmax(shuffled, tokens, {keys, false, 0}, exp_constant(kScale));
  for (std::size_t i = 0; i < s.size(); ++i) ASSERT_EQ(q[order[i / tokens] * tokens + i % tokens], p[i]) << i;
}

TEST(Softmax, TokensAndMaskedKeysDoNotMatterToOthers) {
  Random random(4);
  const std::size_t keys = 40;
  const std::size_t tokens = 9;
  std::vector<Half> s = random_halves(random, keys * tokens, 20);
  const AttentionMask mask{30, true, 4};
  const std::vector<Half> p = softmax(s, tokens, mask, exp_constant(kScale));
  for (std::size_t i = 0; i < tokens; ++i) {
    std::vector<Half> alone(keys);
    for (std::size_t j = 0; j < keys; ++j) alone[j] = mask.masked(i, j) ? kCanonicalNan : s[j * tokens + i];
    const std::vector<Half> q = softmax(alone, 1, {30, true, 4 + i}, exp_constant(kScale));
    for (std::size_t j = 0; j < keys; ++j) ASSERT_EQ(q[j], p[j * tokens + i]) << i << ' ' << j;
  }
}

TEST(Softmax, SpecialRows) {
  const auto row = [](const std::vector<std::uint16_t>& bits) {
    std::vector<Half> s;
    s.reserve(bits.size());
    for (const std::uint16_t b : bits) s.push_back(Half{b});
    std::vector<std::uint16_t> p;
    for (const Half h : softmax(s, 1, {3, false, 0}, exp_constant(kScale))) p.push_back(h.bits);
    return p;
  };
  using Bits = std::vector<std::uint16_t>;
  EXPECT_EQ(row({0, 0x8000, 0xFC00, 0x7E00}), (Bits{0x3800, 0x3800, 0, 0x8000}));
  EXPECT_EQ(row({0xFC00, 0x3C00, 0xFC00, 0}), (Bits{0, 0x3C00, 0, 0x8000}));
  EXPECT_EQ(row({0, 0x7C00, 0, 0}), (Bits{0x7E00, 0x7E00, 0x7E00, 0x8000}));
  EXPECT_EQ(row({0xFC00, 0xFC00, 0xFC00, 0}), (Bits{0x7E00, 0x7E00, 0x7E00, 0x8000}));
  EXPECT_EQ(row({0, 0, 0xFFFF, 0}), (Bits{0x7E00, 0x7E00, 0x7E00, 0x8000}));
}

TEST(Softmax, Refusals) {
  const std::vector<Half> s(7);
  EXPECT_EQ(message_of([&] { softmax(s, 3, {}, 1); }),
            "scores of softmax: found 7 values, expected a multiple of 3 tokens");
  EXPECT_EQ(message_of([&] { softmax(s, 0, {}, 1); }),
            "scores of softmax: found 7 values, expected a multiple of 0 tokens");
  EXPECT_TRUE(softmax({}, 0, {}, 1).empty());
}

}  // namespace
}  // namespace mixvec::inline golden
