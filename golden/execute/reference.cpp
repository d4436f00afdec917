// Computes and compares with the double-precision reference.
#include "golden/execute/reference.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "golden/base/error.hpp"
#include "golden/base/parallel.hpp"
#include "golden/base/simd.hpp"

namespace mixvec::inline golden {
namespace {

constexpr double kRoundoff = 0x1p-24;  // of one binary32 addition
constexpr double kOverflow = 65520.0;  // from here on binary16 rounds to infinity

/// y += w·x and magnitude += |w·x| over all tokens.
MIXVEC_INLINE void accumulate_into(double* y, double* magnitude, double weight, const double* x, std::size_t tokens) {
  for (std::size_t t = 0; t < tokens; ++t) {
    const double product = weight * x[t];
    y[t] += product;
    magnitude[t] += std::fabs(product);
  }
}

constexpr auto accumulate = simd_function<accumulate_into>;

}  // namespace

Reference compute_reference(const PrunedMatrix& matrix, std::span<const Half> x, std::size_t tokens, int threads) {
  if (x.size() != matrix.in * tokens) {
    fail_input("activations: {} values, expected {} x {} = {}", x.size(), matrix.in, tokens, matrix.in * tokens);
  }
  std::vector<double> wide(x.size());
  std::transform(x.begin(), x.end(), wide.begin(), [](Half h) { return static_cast<double>(to_float(h)); });

  Reference reference;
  reference.tokens = tokens;
  reference.y.assign(matrix.out * tokens, 0.0);
  reference.bound.assign(matrix.out * tokens, 0.0);
  parallel_for(matrix.out, threads, [&](std::size_t o) {
    double* y = reference.y.data() + o * tokens;
    double* bound = reference.bound.data() + o * tokens;
    const double bias = matrix.bias.empty() ? 0.0 : static_cast<double>(to_float(matrix.bias[o]));
    std::fill_n(y, tokens, bias);
    std::fill_n(bound, tokens, std::fabs(bias));
    std::size_t kept = 0;
    for (std::size_t i = 0; i < matrix.in; ++i) {
      if (matrix.mask[o * matrix.in + i] == 0) continue;
      ++kept;
      accumulate(y, bound, static_cast<double>(to_float(matrix.weight[o * matrix.in + i])), wide.data() + i * tokens,
                 tokens);
    }
    // Any order of adding kept + 1 terms takes each of them through at most `kept` additions. The reference's own
    // sum rounds too, 2^-29 times less: twice that share covers it.
    const auto n = static_cast<double>(kept);
    const double gamma = n * kRoundoff / (1.0 - n * kRoundoff) * (1.0 + 0x1p-28);
    for (std::size_t t = 0; t < tokens; ++t) bound[t] *= gamma;
  });
  return reference;
}

double tolerance(double y, double bound) {
  const double largest = std::fabs(y) + bound;
  // Below 2^-14 binary16 has the spacing of its subnormals, 2^-24.
  const int exponent = largest > 0x1p-14 ? std::ilogb(largest) : -14;
  return bound + std::ldexp(0.5, exponent - 10);
}

ReferenceCheck check_against(const Reference& reference, std::span<const Half> result) {
  if (result.size() != reference.y.size()) {
    fail_input("results: {} values, expected {}", result.size(), reference.y.size());
  }
  ReferenceCheck check;
  for (std::size_t i = 0; i < result.size(); ++i) {
    const double y = reference.y[i];
    const double found = static_cast<double>(to_float(result[i]));
    bool good = false;
    if (!std::isfinite(y)) {
      good = std::isnan(y) ? result[i] == kCanonicalNan : found == y;
    } else if (std::isinf(found)) {
      good = std::fabs(y) + reference.bound[i] >= kOverflow && std::signbit(found) == std::signbit(y);
    } else {
      const double ratio = std::fabs(found - y) / tolerance(y, reference.bound[i]);
      good = ratio <= 1.0;
      if (ratio > check.worst_ratio) {
        check.worst_ratio = ratio;
        check.worst = i;
      }
    }
    if (!good) {
      if (check.violations == 0) check.first_bad = i;
      ++check.violations;
    }
    ++check.compared;
  }
  return check;
}

std::string ReferenceCheck::describe(std::size_t tokens) const {
  if (violations == 0)
    return fmt::format("{} values within the error bound, worst {:.3f} of it", compared, worst_ratio);
  return fmt::format("{} of {} values outside the error bound, first output {} token {}, worst {:.3g} of the bound",
                     violations, compared, first_bad / tokens, first_bad % tokens, worst_ratio);
}

}  // namespace mixvec::inline golden
