// LayerNorm over the channels of each token, with exact sums.
#include "golden/math/layer_norm.hpp"

#include <algorithm>
#include <cmath>

#include "golden/base/error.hpp"
#include "golden/math/vector_math.hpp"

namespace mixvec::inline golden {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::size_t kMostChannels = 16384;

/// ε·n²·2^48 to the nearest integer, up at the half, without a rounding before.
Wide integer_epsilon(double epsilon, std::size_t n) {
  int exponent = 0;
  const auto significand = static_cast<std::uint64_t>(std::ldexp(std::frexp(epsilon, &exponent), 53));
  const Wide product = static_cast<Wide>(significand) * n * n;
  const int shift = exponent - 53 + 48;
  if (shift >= 0) return product << shift;
  if (shift < -100) return 0;
  return ((product >> (-shift - 1)) + 1) >> 1;
}

/// The same, checked.
Wide checked_epsilon(double epsilon, std::size_t n) {
  if (n < 1 || n > kMostChannels) fail_input("layer_norm: gamma: found {} values, expected 1 to {}", n, kMostChannels);
  if (!(epsilon > 0 && epsilon <= 1) || integer_epsilon(epsilon, n) == 0) {
    const auto count = static_cast<double>(n);
    fail_input("layer_norm: epsilon: found {}, expected at least {:.3g} (for {} channels) and at most 1", epsilon,
               0x1p-49 / (count * count), n);
  }
  return integer_epsilon(epsilon, n);
}

void check(std::span<const Half> x, std::size_t tokens, const LayerNorm& parameters) {
  const std::size_t n = parameters.gamma.size();
  checked_epsilon(parameters.epsilon, n);
  if (parameters.beta.size() != n) {
    fail_input("layer_norm: beta: found {} values, expected {} as in gamma", parameters.beta.size(), n);
  }
  if (x.size() != n * tokens) {
    fail_input("layer_norm: x: found {} values, expected {} x {} = {}", x.size(), n, tokens, n * tokens);
  }
  for (std::size_t c = 0; c < n; ++c) {
    if (!is_finite(parameters.gamma[c])) fail_input("layer_norm: gamma[{}]: not finite, expected a finite value", c);
    if (!is_finite(parameters.beta[c])) fail_input("layer_norm: beta[{}]: not finite, expected a finite value", c);
  }
}

}  // namespace

NormEpsilon norm_epsilon(double epsilon, std::size_t n) {
  const Wide value = checked_epsilon(epsilon, n);
  return {static_cast<std::uint64_t>(value), static_cast<std::uint32_t>(value >> 64U)};
}

std::vector<Half> layer_norm(std::span<const Half> x, std::size_t tokens, const LayerNorm& parameters) {
  check(x, tokens, parameters);
  const std::size_t n = parameters.gamma.size();
  const auto count = static_cast<std::int64_t>(n);
  struct Row {
    std::int64_t sum = 0;
    Wide squares = 0;
    bool finite = true;
    float factor = 0;
  };
  std::vector<Row> rows(tokens);
  for (std::size_t c = 0; c < n; ++c) {
    for (std::size_t i = 0; i < tokens; ++i) {
      const Half value = x[c * tokens + i];
      const std::int64_t integer = to_integer(value);
      rows[i].finite &= is_finite(value);
      rows[i].sum += integer;
      const auto magnitude = static_cast<std::uint64_t>(std::abs(integer));
      rows[i].squares += static_cast<Wide>(magnitude) * magnitude;
    }
  }
  const Wide epsilon = integer_epsilon(parameters.epsilon, n);
  for (Row& row : rows) {
    const auto magnitude = static_cast<std::uint64_t>(std::abs(row.sum));
    // n·ΣX² ≥ (ΣX)²: what is left is not negative, and below 2^109.
    const Wide u = row.squares * n - static_cast<Wide>(magnitude) * magnitude + epsilon;
    row.factor = row.finite ? rsqrt(static_cast<float>(u)) : std::nanf("");
  }
  std::vector<Half> y(x.size());
  for (std::size_t c = 0; c < n; ++c) {
    const float gamma = to_float(parameters.gamma[c]);
    const float beta = to_float(parameters.beta[c]);
    for (std::size_t i = 0; i < tokens; ++i) {
      const std::int64_t deviation = count * to_integer(x[c * tokens + i]) - rows[i].sum;
      y[c * tokens + i] = to_half(static_cast<float>(deviation) * rows[i].factor * gamma + beta);
    }
  }
  return y;
}

}  // namespace mixvec::inline golden
