// The two products of attention, vectorised over tokens, in the array's order of additions.
#include "golden/math/attention.hpp"

#include <algorithm>
#include <bit>

#include "golden/base/error.hpp"
#include "golden/base/simd.hpp"
#include "golden/math/vector_math.hpp"

namespace mixvec::inline golden {
namespace {

constexpr std::size_t kRegisterBlocks = 4;  // blocks whose accumulators stay in registers
constexpr std::size_t kRegisterTile = kSimdTokens * kRegisterBlocks;

/// The values of one token tile.
struct Tile {
  SimdBlock block[kRegisterBlocks];
};

/// weight · x, one addition after the other. An activation of −0 makes a product of +0, also with an infinite or NaN
/// weight.
MIXVEC_INLINE void products_into(Tile& sum, const float* weight, const Tile* x, std::size_t terms) {
  const SimdInt masked = SimdInt{} + std::bit_cast<std::int32_t>(0x80000000U);
  Tile acc;
  for (std::size_t i = 0; i < terms; ++i) {
    for (std::size_t b = 0; b < kRegisterBlocks; ++b) {
      const SimdFloat factor = x[i].block[b].value;
      const SimdFloat product = weight[i] * factor;
      acc.block[b].value += reinterpret_cast<SimdFloat>(reinterpret_cast<SimdInt>(product) &
                                                        (reinterpret_cast<SimdInt>(factor) != masked));
    }
  }
  sum = acc;
}

constexpr auto sum_products = simd_function<products_into>;

/// A dense matrix of outputs × terms, row-major, times activations of terms × tokens.
std::vector<Half> multiply(const std::vector<float>& weight, std::size_t outputs, std::size_t terms,
                           std::span<const Half> x, std::size_t tokens) {
  std::vector<Half> y(outputs * tokens);
  std::vector<Tile> tile(terms);
  for (std::size_t first = 0; first < tokens; first += kRegisterTile) {
    const std::size_t count = std::min(kRegisterTile, tokens - first);
    for (std::size_t r = 0; r < terms; ++r) {
      for (std::size_t t = 0; t < count; ++t) {
        tile[r].block[t / kSimdTokens].value[t % kSimdTokens] = to_float(x[r * tokens + first + t]);
      }
    }
    for (std::size_t o = 0; o < outputs; ++o) {
      Tile sum;
      sum_products(sum, weight.data() + o * terms, tile.data(), terms);
      for (std::size_t t = 0; t < count; ++t)
        y[o * tokens + first + t] = to_half(sum.block[t / kSimdTokens].value[t % kSimdTokens]);
    }
  }
  return y;
}

void check_size(const char* name, std::size_t found, std::size_t rows, std::size_t columns) {
  if (found != rows * columns) {
    fail_input("attention: {}: found {} values, expected {} x {} = {}", name, found, rows, columns, rows * columns);
  }
}

}  // namespace

std::vector<Half> attention_scores(std::span<const Half> k, std::span<const Half> q, std::size_t dims, std::size_t keys,
                                   std::size_t tokens) {
  check_size("K", k.size(), dims, keys);
  check_size("Q", q.size(), dims, tokens);
  std::vector<float> weight(k.size());
  for (std::size_t c = 0; c < dims; ++c) {
    for (std::size_t j = 0; j < keys; ++j) weight[j * dims + c] = to_float(k[c * keys + j]);
  }
  return multiply(weight, keys, dims, q, tokens);
}

std::vector<Half> attention_outputs(std::span<const Half> v, std::span<const Half> p, std::size_t dims,
                                    std::size_t keys, std::size_t tokens) {
  check_size("V", v.size(), dims, keys);
  check_size("P", p.size(), keys, tokens);
  std::vector<float> weight(v.size());
  std::transform(v.begin(), v.end(), weight.begin(), [](Half h) { return to_float(h); });
  return multiply(weight, dims, keys, p, tokens);
}

}  // namespace mixvec::inline golden
