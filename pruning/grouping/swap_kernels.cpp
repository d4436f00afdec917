// The inner loops of grouping.
#include "pruning/grouping/swap_kernels.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "golden/base/simd.hpp"

namespace mixvec::inline pruning {
namespace {

using Shorts = std::int16_t __attribute__((vector_size(kSwapBlock * sizeof(std::int16_t))));
using Words = std::uint32_t __attribute__((vector_size(kSwapBlock * sizeof(std::int16_t))));
constexpr std::size_t kWords = kSwapBlock / 2;
// Blocks whose sums of 16-bit halves fit in 32 bits.
constexpr std::size_t kRun = std::size_t{1} << 15U;

MIXVEC_INLINE void load(Shorts& block, const std::int16_t* from) { std::memcpy(&block, from, sizeof block); }

MIXVEC_INLINE void keep_positive(Shorts& block) { block = block > 0 ? block : Shorts{}; }

// Sums of unsigned 16-bit halves of 32-bit words: whole words modulo 2^32, and upper halves.
struct Halves {
  Words whole{};
  Words upper{};
};

MIXVEC_INLINE void add_halves(Halves& sum, const Shorts& block) {
  Words words;
  std::memcpy(&words, &block, sizeof words);
  sum.whole += words;
  sum.upper += words >> 16U;
}

MIXVEC_INLINE std::int64_t total(const Halves& sum) {
  const Words lower = sum.whole - (sum.upper << 16U);
  std::uint64_t all = 0;
  for (std::size_t k = 0; k < kWords; ++k) all += std::uint64_t{lower[k]} + sum.upper[k];
  return static_cast<std::int64_t>(all);
}

MIXVEC_INLINE std::int64_t sum_positive(const std::int16_t* sum, std::size_t n) {
  std::int64_t all = 0;
  for (std::size_t first = 0; first < n; first += kRun * kSwapBlock) {
    Halves part;
    const std::size_t last = std::min(n, first + kRun * kSwapBlock);
    for (std::size_t i = first; i < last; i += kSwapBlock) {
      Shorts x;
      load(x, sum + i);
      keep_positive(x);
      add_halves(part, x);
    }
    all += total(part);
  }
  return all;
}

MIXVEC_INLINE std::int64_t sum_swapped(const std::int16_t* x, const std::int16_t* y, const std::int16_t* a,
                                       const std::int16_t* b, std::size_t n) {
  std::int64_t all = 0;
  for (std::size_t first = 0; first < n; first += kRun * kSwapBlock) {
    Halves part;
    const std::size_t last = std::min(n, first + kRun * kSwapBlock);
    for (std::size_t i = first; i < last; i += kSwapBlock) {
      Shorts one;
      Shorts other;
      Shorts out;
      Shorts in;
      load(one, x + i);
      load(other, y + i);
      load(out, a + i);
      load(in, b + i);
      in -= out;
      one += in;
      other -= in;
      keep_positive(one);
      keep_positive(other);
      // Two values below 2^15 each: their sum is a 16-bit half.
      add_halves(part, one + other);
    }
    all += total(part);
  }
  return all;
}

MIXVEC_INLINE void exchange(std::int16_t* x, std::int16_t* y, const std::int16_t* a, const std::int16_t* b,
                            std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    const int difference = b[i] - a[i];
    x[i] = static_cast<std::int16_t>(x[i] + difference);
    y[i] = static_cast<std::int16_t>(y[i] - difference);
  }
}

MIXVEC_INLINE float sum_gain(const float* a, const float* b, std::size_t n, float threshold) {
  std::array<float, 8> part{};
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    for (std::size_t k = 0; k < 8; ++k) part[k] += std::max(0.0F, (a[i + k] + b[i + k]) - threshold);
  }
  for (std::size_t k = 0; i < n; ++i, ++k) part[k] += std::max(0.0F, (a[i] + b[i]) - threshold);
  return ((part[0] + part[4]) + (part[2] + part[6])) + ((part[1] + part[5]) + (part[3] + part[7]));
}

}  // namespace

std::int64_t positive_sum(const std::int16_t* sum, std::size_t n) { return simd_function<sum_positive>(sum, n); }

std::int64_t swapped_sum(const std::int16_t* x, const std::int16_t* y, const std::int16_t* a, const std::int16_t* b,
                         std::size_t n) {
  return simd_function<sum_swapped>(x, y, a, b, n);
}

void swap_lines(std::int16_t* x, std::int16_t* y, const std::int16_t* a, const std::int16_t* b, std::size_t n) {
  simd_function<exchange>(x, y, a, b, n);
}

float merged_gain(const float* a, const float* b, std::size_t n, float threshold) {
  return simd_function<sum_gain>(a, b, n, threshold);
}

}  // namespace mixvec::inline pruning
