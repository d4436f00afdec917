// Checks LayerNorm: against double precision, a literal reading of its definition, and in rows that cancel or overflow.
#include "golden/math/layer_norm.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>

#include "golden/math/vector_math.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/math/vector_cases.hpp"

namespace mixvec::inline golden {
namespace {

LayerNorm random_parameters(Random& random, std::size_t n, double epsilon) {
  return {random_halves(random, n, 0.3, 1), random_halves(random, n, 0.2), epsilon};
}

WideInteger integer_of(Half h) { return static_cast<WideInteger>(static_cast<double>(to_float(h)) * 0x1p24); }

/// One row, straight from the definition.
std::vector<Half> literal_row(const std::vector<Half>& x, const LayerNorm& parameters) {
  const auto n = static_cast<WideInteger>(x.size());
  WideInteger sum = 0;
  WideInteger squares = 0;
  for (const Half h : x) {
    sum += integer_of(h);
    squares += integer_of(h) * integer_of(h);
  }
  const double count = static_cast<double>(x.size());
  // Exact but for the rounding of ε·n² to 53 bits, which the parameters of these tests avoid.
  const auto epsilon = static_cast<WideInteger>(std::floor(parameters.epsilon * count * count * 0x1p48 + 0.5));
  const float r = rsqrt(static_cast<float>(round_integer(n * squares - sum * sum + epsilon, 24)));
  std::vector<Half> y(x.size());
  for (std::size_t c = 0; c < x.size(); ++c) {
    const auto d = static_cast<float>(round_integer(n * integer_of(x[c]) - sum, 24));
    // Products of two binary32 values are exact in binary64.
    const auto z = static_cast<float>(static_cast<double>(d) * static_cast<double>(r));
    const auto w = static_cast<float>(static_cast<double>(z) * static_cast<double>(to_float(parameters.gamma[c])));
    y[c] = to_half(w + to_float(parameters.beta[c]));
  }
  return y;
}

struct Errors {
  double worst = 0;      ///< as a part of the bound
  double worst_ulp = 0;  ///< of binary16
};

/// Compares a row with double precision. The bound: half an ulp for the last rounding; below it z·γ has the relative
/// error of rsqrt (below 2^-20, vector_math_test.cpp), half of the rounding of U and one rounding each of D, z and w,
/// all together below 2^-20 + 3.5 · 2^-24 < 2^-19.5, and the addition of β one rounding more.
void compare(const std::vector<Half>& x, const LayerNorm& parameters, const std::vector<Half>& y, Errors& errors) {
  const auto n = static_cast<long double>(x.size());
  long double mean = 0;
  for (const Half h : x) mean += to_float(h);
  mean /= n;
  long double variance = 0;
  for (const Half h : x) variance += (to_float(h) - mean) * (to_float(h) - mean);
  variance /= n;
  for (std::size_t c = 0; c < x.size(); ++c) {
    const long double w =
        (to_float(x[c]) - mean) / std::sqrt(variance + parameters.epsilon) * to_float(parameters.gamma[c]);
    const auto expected = static_cast<double>(w + to_float(parameters.beta[c]));
    const double before = static_cast<double>(std::abs(w)) * std::exp2(-19.5) + std::abs(expected) * 0x1p-23;
    const double error = std::abs(static_cast<double>(to_float(y[c])) - expected);
    errors.worst = std::max(errors.worst, error / (half_ulp(std::abs(expected) + before) / 2 + before));
    errors.worst_ulp = std::max(errors.worst_ulp, error / half_ulp(expected));
  }
}

std::vector<Half> column(const std::vector<Half>& x, std::size_t tokens, std::size_t token) {
  std::vector<Half> row;
  for (std::size_t at = token; at < x.size(); at += tokens) row.push_back(x[at]);
  return row;
}

TEST(LayerNorm, IsCloseToDoublePrecisionAndEqualsItsDefinition) {
  Random random(1);
  Errors errors;
  std::size_t compared = 0;
  for (const std::size_t n : {1U, 2U, 3U, 64U, 768U, 1000U, 16384U}) {
    for (const double epsilon : {1.0, 0x1p-17, 0x1p-40}) {
      const LayerNorm parameters = random_parameters(random, n, epsilon);
      // Mean and deviation: usual ones, subnormals, a mean 2^10 times the deviation, rows at the largest value.
      for (const auto& [mean, deviation] : {std::pair{0.0, 1.0}, std::pair{0.3, 40.0}, std::pair{0.0, 1e-6},
                                            std::pair{1000.0, 0.9}, std::pair{-60000.0, 40.0}, std::pair{0.0, 1e6}}) {
        const std::size_t tokens = n > 5000 ? 2 : 7;
        const std::vector<Half> x = random_halves(random, n * tokens, deviation, mean);
        const std::vector<Half> y = layer_norm(x, tokens, parameters);
        for (std::size_t i = 0; i < tokens; ++i) {
          const std::vector<Half> row = column(x, tokens, i);
          const std::vector<Half> found = column(y, tokens, i);
          ASSERT_EQ(found, literal_row(row, parameters)) << n << ' ' << epsilon << ' ' << mean << ' ' << deviation;
          // The token alone: others of the call change nothing.
          ASSERT_EQ(found, layer_norm(row, 1, parameters));
          compare(row, parameters, found, errors);
          compared += n;
        }
      }
    }
  }
  std::printf("layer_norm: %zu compared, worst %.4f of the bound, %.4f ulp of binary16 of the result\n", compared,
              errors.worst, errors.worst_ulp);
  EXPECT_LE(errors.worst, 1.0);
  EXPECT_GT(compared, 500000U);
}

TEST(LayerNorm, EpsilonOfBert) {
  Random random(2);
  Errors errors;
  const LayerNorm parameters = random_parameters(random, 768, 1e-12);
  for (const double deviation : {1.0, 1e-3, 1e-6}) {
    const std::vector<Half> x = random_halves(random, 768, deviation);
    compare(x, parameters, layer_norm(x, 1, parameters), errors);
  }
  std::printf("layer_norm, epsilon 1e-12: worst %.4f of the bound\n", errors.worst);
  EXPECT_LE(errors.worst, 1.0);
}

TEST(LayerNorm, ConstantAndExtremeRows) {
  Random random(3);
  for (const std::size_t n : {1U, 5U, 16384U}) {
    const LayerNorm parameters = random_parameters(random, n, 1e-12);
    for (const int value : {0x0000, 0x8000, 0x0001, 0x3C00, 0x7BFF, 0xFBFF}) {
      const Half constant{static_cast<std::uint16_t>(value)};
      EXPECT_EQ(layer_norm(std::vector<Half>(n, constant), 1, parameters), parameters.beta) << n << ' ' << value;
    }
  }
  // ±65504 in turn: variance 65504², so ±γ + β within a rounding.
  LayerNorm parameters{std::vector<Half>(16384, Half{0x3C00}), std::vector<Half>(16384), 1e-5};
  std::vector<Half> x(16384);
  for (std::size_t c = 0; c < x.size(); ++c) x[c] = Half{static_cast<std::uint16_t>(c % 2 == 0 ? 0x7BFF : 0xFBFF)};
  const std::vector<Half> y = layer_norm(x, 1, parameters);
  for (std::size_t c = 0; c < x.size(); ++c) ASSERT_EQ(y[c].bits, c % 2 == 0 ? 0x3C00 : 0xBC00) << c;
  // One channel that differs: |z| = √(n − 1) for it.
  x.assign(16384, Half{0xFBFF});
  x[77] = Half{0x7BFF};
  EXPECT_EQ(to_float(layer_norm(x, 1, parameters)[77]), 128.0F);
}

TEST(LayerNorm, RowsThatAreNotFinite) {
  Random random(4);
  const std::size_t n = 10;
  const std::size_t tokens = 4;
  const LayerNorm parameters = random_parameters(random, n, 1e-5);
  std::vector<Half> x = random_halves(random, n * tokens, 1);
  const std::vector<Half> clean = layer_norm(x, tokens, parameters);
  x[3 * tokens + 0] = Half{0x7C00};
  x[9 * tokens + 1] = Half{0xFC00};
  x[0 * tokens + 3] = Half{0xFE12};
  const std::vector<Half> y = layer_norm(x, tokens, parameters);
  EXPECT_EQ(column(y, tokens, 0), std::vector<Half>(n, kCanonicalNan));
  EXPECT_EQ(column(y, tokens, 1), std::vector<Half>(n, kCanonicalNan));
  EXPECT_EQ(column(y, tokens, 2), column(clean, tokens, 2));
  EXPECT_EQ(column(y, tokens, 3), std::vector<Half>(n, kCanonicalNan));
}

TEST(LayerNorm, Refusals) {
  const auto message = [](std::size_t values, std::size_t tokens, LayerNorm parameters) {
    return message_of([&] { layer_norm(std::vector<Half>(values), tokens, parameters); });
  };
  const auto parameters = [](std::size_t gamma, std::size_t beta, double epsilon) {
    return LayerNorm{std::vector<Half>(gamma), std::vector<Half>(beta), epsilon};
  };
  EXPECT_EQ(message(0, 1, parameters(0, 0, 1e-5)), "layer_norm: gamma: found 0 values, expected 1 to 16384");
  EXPECT_EQ(message(16385, 1, parameters(16385, 16385, 1e-5)),
            "layer_norm: gamma: found 16385 values, expected 1 to 16384");
  EXPECT_EQ(message(2, 1, parameters(2, 3, 1e-5)), "layer_norm: beta: found 3 values, expected 2 as in gamma");
  EXPECT_EQ(message(5, 2, parameters(2, 2, 1e-5)), "layer_norm: x: found 5 values, expected 2 x 2 = 4");
  const std::string range = ", expected at least 4.44e-16 (for 2 channels) and at most 1";
  EXPECT_EQ(message(2, 1, parameters(2, 2, 0)), "layer_norm: epsilon: found 0" + range);
  EXPECT_EQ(message(2, 1, parameters(2, 2, 0x1p-52)), "layer_norm: epsilon: found 2.220446049250313e-16" + range);
  EXPECT_EQ(message(2, 1, parameters(2, 2, 1e-300)), "layer_norm: epsilon: found 1e-300" + range);
  EXPECT_EQ(message(2, 1, parameters(2, 2, 1.5)), "layer_norm: epsilon: found 1.5" + range);
  EXPECT_EQ(message(2, 1, parameters(2, 2, std::nan(""))), "layer_norm: epsilon: found nan" + range);
  EXPECT_EQ(message(2, 1, parameters(2, 2, 0x1p-51)), "");
  LayerNorm bad = parameters(2, 2, 1e-5);
  bad.gamma[1] = Half{0x7C00};
  EXPECT_EQ(message(2, 1, bad), "layer_norm: gamma[1]: not finite, expected a finite value");
  bad = parameters(2, 2, 1e-5);
  bad.beta[0] = kCanonicalNan;
  EXPECT_EQ(message(2, 1, bad), "layer_norm: beta[0]: not finite, expected a finite value");
}

}  // namespace
}  // namespace mixvec::inline golden
