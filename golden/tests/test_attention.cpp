// Checks the products of attention against a scalar loop in every grouping of lanes, with specials and masked
// positions.
#include <gtest/gtest.h>

#include <cmath>

#include "golden/tests/vector_cases.hpp"
#include "golden/vector_math.hpp"

namespace mixvec {
namespace {

float literal_product(Half weight, Half activation) {
  return activation == kMaskedWeight ? 0.0F : to_float(weight) * to_float(activation);
}

/// One result: the terms in groups, each in a tree of its own vector.
Half literal_sum(const std::vector<float>& terms, std::size_t lanes) {
  float acc = 0;
  for (std::size_t first = 0; first < terms.size(); first += lanes) {
    std::vector<float> level(lanes, 0.0F);
    for (std::size_t i = 0; i < lanes && first + i < terms.size(); ++i) level[i] = terms[first + i];
    while (level.size() > 1) {
      std::vector<float> next;
      for (std::size_t i = 0; i < level.size() / 2; ++i) next.push_back(level[i] + level[i + level.size() / 2]);
      level = next;
    }
    acc += level[0];
  }
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
  Random random(1);
  std::size_t compared = 0;
  for (const std::size_t lanes : {0U, 1U, 2U, 4U, 8U, 16U, 32U, 64U}) {
    for (const std::size_t tokens : {1U, 16U, 70U}) {
      for (const double specials : {0.0, 0.03}) {
        const Head h = random_head(random, tokens == 16 ? 64 : 7, tokens == 16 ? 100 : 33, tokens, specials);
        const std::vector<Half> s = attention_scores(h.k, h.q, h.dims, h.keys, tokens, lanes);
        const std::vector<Half> o = attention_outputs(h.v, h.p, h.dims, h.keys, tokens, lanes);
        ASSERT_EQ(s.size(), h.keys * tokens);
        ASSERT_EQ(o.size(), h.dims * tokens);
        for (std::size_t i = 0; i < tokens; ++i) {
          for (std::size_t j = 0; j < h.keys; ++j) {
            std::vector<float> terms;
            for (std::size_t c = 0; c < h.dims; ++c) {
              terms.push_back(literal_product(h.k[c * h.keys + j], h.q[c * tokens + i]));
            }
            ASSERT_EQ(s[j * tokens + i], literal_sum(terms, std::max<std::size_t>(lanes, 1))) << lanes << ' ' << j;
          }
          for (std::size_t c = 0; c < h.dims; ++c) {
            std::vector<float> terms;
            for (std::size_t j = 0; j < h.keys; ++j) {
              terms.push_back(literal_product(h.v[c * h.keys + j], h.p[j * tokens + i]));
            }
            ASSERT_EQ(o[c * tokens + i], literal_sum(terms, std::max<std::size_t>(lanes, 1))) << lanes << ' ' << c;
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
  for (const std::size_t lanes : {0U, 8U}) {
    const Head h = random_head(random, dims, keys, tokens, 0);
    const AttentionMask mask{30, true, 10};
    const auto outputs = [&](const std::vector<Half>& keys_of, const std::vector<Half>& values,
                             const std::vector<Half>& q, std::size_t count, const AttentionMask& m) {
      return attention_outputs(values, softmax(attention_scores(keys_of, q, dims, keys, count, lanes), count, m, k),
                               dims, keys, count, lanes);
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
        ASSERT_EQ(alone[c], o[c * tokens + i]) << lanes << ' ' << i << ' ' << c;
      }
    }
    // Nothing unmasked: all weights are masked, so the outputs are +0.
    const std::vector<Half> nothing = outputs(h.k, std::vector<Half>(dims * keys, kCanonicalNan), h.q, tokens, {});
    EXPECT_EQ(nothing, std::vector<Half>(dims * tokens));
  }
}

TEST(Attention, Refusals) {
  const std::vector<Half> six(6);
  const std::vector<Half> five(5);
  const auto scores = [](const std::vector<Half>& k, const std::vector<Half>& q, std::size_t lanes) {
    return refusal([&] { attention_scores(k, q, 2, 3, 3, lanes); });
  };
  const auto outputs = [](const std::vector<Half>& v, const std::vector<Half>& p) {
    return refusal([&] { attention_outputs(v, p, 2, 3, 2, 0); });
  };
  EXPECT_EQ(scores(five, six, 0), "attention: K: found 5 values, expected 2 x 3 = 6");
  EXPECT_EQ(scores(six, five, 0), "attention: Q: found 5 values, expected 2 x 3 = 6");
  EXPECT_EQ(scores(six, six, 12), "attention: lanes: found 12, expected 0 or a power of two up to 64");
  EXPECT_EQ(scores(six, six, 128), "attention: lanes: found 128, expected 0 or a power of two up to 64");
  EXPECT_EQ(scores(six, six, 8), "");
  EXPECT_EQ(outputs(five, six), "attention: V: found 5 values, expected 2 x 3 = 6");
  EXPECT_EQ(outputs(six, five), "attention: P: found 5 values, expected 3 x 2 = 6");
  EXPECT_EQ(outputs(six, six), "");
}

}  // namespace
}  // namespace mixvec
