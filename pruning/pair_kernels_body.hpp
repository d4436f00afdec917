// The loops of PairKernels, included once by each build so that every copy keeps its own instruction set.
#pragma once

#include <algorithm>
#include <array>
#include <bit>

#include "pruning/pair_kernels.hpp"

namespace mixvec {
namespace {

void hamming(const std::uint64_t* a, const std::uint64_t* rows, std::size_t words, std::size_t count,
             std::uint32_t* distance) {
  for (std::size_t j = 0; j < count; ++j) {
    const std::uint64_t* const b = rows + j * words;
    int sum = 0;
    for (std::size_t w = 0; w < words; ++w) sum += std::popcount(a[w] ^ b[w]);
    distance[j] = static_cast<std::uint32_t>(sum);
  }
}

float merged_gain(const float* a, const float* b, std::size_t n, float threshold) {
  std::array<float, 8> part{};
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    for (std::size_t k = 0; k < 8; ++k) part[k] += std::max(0.0F, (a[i + k] + b[i + k]) - threshold);
  }
  for (std::size_t k = 0; i < n; ++i, ++k) part[k] += std::max(0.0F, (a[i] + b[i]) - threshold);
  return ((part[0] + part[4]) + (part[2] + part[6])) + ((part[1] + part[5]) + (part[3] + part[7]));
}

constexpr PairKernels kKernels{hamming, merged_gain};

}  // namespace
}  // namespace mixvec
