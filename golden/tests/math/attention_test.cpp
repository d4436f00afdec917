// Checks the products of attention against a scalar loop, with specials and masked positions.
#include "golden/math/attention.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "golden/math/softmax.hpp"
#include "golden/math/vector_math.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/math/vector_cases.hpp"

namespace mixvec::inline golden {
namespace {

float literal_product(Half weight, Half activation) {
  return activation == kMaskedWeight ? 0.0F : to_float(weight) * to_float(activation);
}

/// One result: the terms one after the other.
Half literal_sum(const std::vector<float>& terms) {
  float acc = 0;
  for (const float term : terms) acc += term;
  return to_half(acc);
}

struct Head {
  std::size_t dims, keys, tokens;
  std::vector<Half> k, q, v, p;
};

Head random_head(Random& random, std::size_t dims, std::size_t keys, std::size_t tokens, double specials) {
  Head head{dims, keys, tokens, {}, {}, {}, {}};
  head.k = random_halves(random, dims * keys, 2, 0, specials);
  head.q = random_halves(random, dims * tokens, 2, 0, specials);
  head.v = random_halves(random, dims * keys, 2, 0, specials);
  head.p = random_halves(random, keys * tokens, 0.1, 0, specials);
  return head;
}

TEST(Attention, EqualsAScalarLoop) {
  std::size_t compared = 0;
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U}) {
    Random random(seed);
    for (const std::size_t tokens : {1U, 16U, 70U}) {
      for (const double specials : {0.0, 0.03}) {
        const Head h = random_head(random, tokens == 16 ? 64 : 7, tokens == 16 ? 100 : 33, tokens, specials);
        const std::vector<Half> s = attention_scores(h.k, h.q, h.dims, h.keys, tokens);
        const std::vector<Half> o = attention_outputs(h.v, h.p, h.dims, h.keys, tokens);
        ASSERT_EQ(s.size(), h.keys * tokens);
        ASSERT_EQ(o.size(), h.dims * tokens);
        for (std::size_t i = 0; i < tokens; ++i) {
          for (std::size_t j = 0; j < h.keys; ++j) {
            std::vector<float> terms;
            for (std::size_t c = 0; c < h.dims; ++c) {
              terms.push_back(literal_product(h.k[c * h.keys + j], h.q[c * tokens + i]));
            }
            ASSERT_EQ(s[j * tokens + i], literal_sum(terms)) << seed << ' ' << j;
          }
          for (std::size_t c = 0; c < h.dims; ++c) {
            std::vector<float> terms;
            for (std::size_t j = 0; j < h.keys; ++j) {
              terms.push_back(literal_product(h.v[c * h.keys + j], h.p[j * tokens + i]));
            }
            ASSERT_EQ(o[c * tokens + i], literal_sum(terms)) << seed << ' ' << c;
          }
        }
        compared += s.size() + o.size();
      }
    }
  }
  EXPECT_GT(compared, 50000U);
}

// What stands at masked positions reaches no output, and a token's bits do not depend on the tokens beside it.
TEST(Attention, MaskedPositionsAndOtherTokensDoNotMatter) {
  Random random(2);
  const std::size_t keys = 40;
  const std::size_t tokens = 12;
  const std::size_t dims = 16;
  const std::uint32_t k = exp_constant(0.25);
  const Head h = random_head(random, dims, keys, tokens, 0);
  const AttentionMask mask{30, true, 10};
  const auto outputs = [&](const std::vector<Half>& keys_of, const std::vector<Half>& values,
                           const std::vector<Half>& q, std::size_t count, const AttentionMask& m) {
    return attention_outputs(values, softmax(attention_scores(keys_of, q, dims, keys, count), count, m, k), dims, keys,
                             count);
  };
  const std::vector<Half> o = outputs(h.k, h.v, h.q, tokens, mask);
  for (std::size_t i = 0; i < tokens; ++i) {
    std::vector<Half> bad_k = h.k;
    std::vector<Half> bad_v = h.v;
    for (std::size_t c = 0; c < dims; ++c) {
      for (std::size_t j = 0; j < keys; ++j) {
        if (!mask.masked(i, j)) continue;
        bad_k[c * keys + j] = Half{static_cast<std::uint16_t>(j % 2 == 0 ? 0x7E00 : 0x7C00)};
        bad_v[c * keys + j] = Half{static_cast<std::uint16_t>(j % 2 == 0 ? 0xFC00 : 0x7E00)};
      }
    }
    std::vector<Half> q(dims);
    for (std::size_t c = 0; c < dims; ++c) q[c] = h.q[c * tokens + i];
    const std::vector<Half> alone = outputs(bad_k, bad_v, q, 1, {30, true, 10 + i});
    for (std::size_t c = 0; c < dims; ++c) {
      ASSERT_TRUE(is_finite(alone[c]));
      ASSERT_EQ(alone[c], o[c * tokens + i]) << i << ' ' << c;
    }
  }
  // Nothing unmasked: all weights are masked, so the outputs are +0.
  const std::vector<Half> nothing = outputs(h.k, std::vector<Half>(dims * keys, kCanonicalNan), h.q, tokens, {});
  EXPECT_EQ(nothing, std::vector<Half>(dims * tokens));
}

TEST(Attention, Refusals) {
  const std::vector<Half> six(6);
  const std::vector<Half> five(5);
  const auto scores = [](const std::vector<Half>& k, const std::vector<Half>& q) {
    return message_of([&] { attention_scores(k, q, 2, 3, 3); });
  };
  const auto outputs = [](const std::vector<Half>& v, const std::vector<Half>& p) {
    return message_of([&] { attention_outputs(v, p, 2, 3, 2); });
  };
  EXPECT_EQ(scores(five, six), "attention: K: found 5 values, expected 2 x 3 = 6");
  EXPECT_EQ(scores(six, five), "attention: Q: found 5 values, expected 2 x 3 = 6");
  EXPECT_EQ(scores(six, six), "");
  EXPECT_EQ(outputs(five, six), "attention: V: found 5 values, expected 2 x 3 = 6");
  EXPECT_EQ(outputs(six, five), "attention: P: found 5 values, expected 3 x 2 = 6");
  EXPECT_EQ(outputs(six, six), "");
}

}  // namespace
}  // namespace mixvec::inline golden
