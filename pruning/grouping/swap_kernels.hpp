// The inner loops of grouping; every build of them (golden/base/simd.hpp) gives the same bits.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mixvec::inline pruning {

/// Lines and sums are padded to a multiple of this many positions.
inline constexpr std::size_t kSwapBlock = 16;

/// Σ max(0, sum[i]). `n` is a multiple of kSwapBlock.
std::int64_t positive_sum(const std::int16_t* sum, std::size_t n);

/// Σ max(0, x[i] + d[i]) + max(0, y[i] − d[i]) with d = b − a: what two strips whose sums are x and y keep after line a
/// of the first and line b of the second have changed places. `n` is a multiple of kSwapBlock; no sum leaves 16 bits.
std::int64_t swapped_sum(const std::int16_t* x, const std::int16_t* y, const std::int16_t* a, const std::int16_t* b,
                         std::size_t n);

/// Moves the difference: x += b − a, y −= b − a.
void swap_lines(std::int16_t* x, std::int16_t* y, const std::int16_t* a, const std::int16_t* b, std::size_t n);

/// Σ max(0, a[i] + b[i] − threshold), summed in eight interleaved partial sums.
float merged_gain(const float* a, const float* b, std::size_t n, float threshold);

}  // namespace mixvec::inline pruning
