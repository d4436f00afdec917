// Softmax over the keys of each token, with masks.
#include "golden/math/softmax.hpp"

#include <cmath>

#include "golden/base/error.hpp"
#include "golden/math/vector_math.hpp"

namespace mixvec::inline golden {
namespace {

/// What a token has found so far.
struct Row {
  Half largest{0xFC00};  ///< of the scores; NaN if one is
  std::int64_t sum = 0;  ///< of the exponentials, times 2^24
  bool nan = false;      ///< one of the exponentials is NaN
  float factor = 0;      ///< 1 / sum
};

Half larger(Half a, Half b) {
  if (is_nan(a) || is_nan(b)) return kCanonicalNan;
  return to_float(a) < to_float(b) ? b : a;
}

float factor_of(const Row& row) {
  if (row.nan) return std::nanf("");
  // No sum: all keys are masked, and the factor is not used.
  return row.sum == 0 ? 0.0F : reciprocal(static_cast<float>(row.sum) * 0x1p-24F);
}

}  // namespace

std::vector<Half> softmax(std::span<const Half> s, std::size_t tokens, const AttentionMask& mask, std::uint32_t k) {
  if (tokens == 0 ? !s.empty() : s.size() % tokens != 0) {
    fail_input("scores of softmax: found {} values, expected a multiple of {} tokens", s.size(), tokens);
  }
  const std::size_t keys = tokens == 0 ? 0 : s.size() / tokens;
  std::vector<Half> p(s.size(), kMaskedWeight);
  std::vector<Row> rows(tokens);
  // Key by key, as the scores lie in memory.
  const auto each = [&](const auto& visit) {
    for (std::size_t j = 0; j < keys; ++j) {
      for (std::size_t i = 0; i < tokens; ++i) {
        if (!mask.masked(i, j)) visit(rows[i], s[j * tokens + i], p[j * tokens + i]);
      }
    }
  };
  each([](Row& row, Half score, Half&) { row.largest = larger(row.largest, score); });
  each([&](Row& row, Half score, Half& weight) {
    weight = exp_scaled(score, row.largest, k);
    if (is_nan(weight)) {
      row.nan = true;
    } else {
      row.sum += to_integer(weight);
    }
  });
  for (Row& row : rows) row.factor = factor_of(row);
  each([](Row& row, Half, Half& weight) { weight = scale(weight, row.factor); });
  return p;
}

}  // namespace mixvec::inline golden
