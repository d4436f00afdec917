// The two inner loops of grouping; every build of them (golden/base/simd.hpp) gives the same bits.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mixvec::inline pruning {

/// distance[j] = number of bits in which `a` differs from row j of `rows`, for j below `count`; `words` per row.
void hamming(const std::uint64_t* a, const std::uint64_t* rows, std::size_t words, std::size_t count,
             std::uint32_t* distance);

/// Σ max(0, a[i] + b[i] − threshold), summed in eight interleaved partial sums.
float merged_gain(const float* a, const float* b, std::size_t n, float threshold);

}  // namespace mixvec::inline pruning
