// The inner loops of grouping.
#include "pruning/grouping/pair_kernels.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "golden/base/simd.hpp"

namespace mixvec::inline pruning {
namespace {

MIXVEC_INLINE void count_differences(const std::uint64_t* a, const std::uint64_t* rows, std::size_t words,
                                     std::size_t count, std::uint32_t* distance) {
  for (std::size_t j = 0; j < count; ++j) {
    const std::uint64_t* const b = rows + j * words;
    int sum = 0;
    for (std::size_t w = 0; w < words; ++w) sum += std::popcount(a[w] ^ b[w]);
    distance[j] = static_cast<std::uint32_t>(sum);
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

void hamming(const std::uint64_t* a, const std::uint64_t* rows, std::size_t words, std::size_t count,
             std::uint32_t* distance) {
  simd_function<count_differences>(a, rows, words, count, distance);
}

float merged_gain(const float* a, const float* b, std::size_t n, float threshold) {
  return simd_function<sum_gain>(a, b, n, threshold);
}

}  // namespace mixvec::inline pruning
