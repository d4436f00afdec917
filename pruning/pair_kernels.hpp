// The two inner loops of grouping, in a portable and an AVX2 build that give the same bits.
#pragma once

#include <cstddef>
#include <cstdint>

namespace mixvec {

/// Function table; both builds of it compute exactly the same values.
struct PairKernels {
  /// distance[j] = number of bits in which `a` differs from row j of `rows`, for j below `count`; `words` per row.
  void (*hamming)(const std::uint64_t* a, const std::uint64_t* rows, std::size_t words, std::size_t count,
                  std::uint32_t* distance);
  /// Σ max(0, a[i] + b[i] − threshold), summed in eight interleaved partial sums.
  float (*merged_gain)(const float* a, const float* b, std::size_t n, float threshold);
};

/// The fastest table for the machine that the program runs on.
const PairKernels& pair_kernels();

const PairKernels& portable_pair_kernels();
#ifdef MIXVEC_HAVE_AVX2
const PairKernels& avx2_pair_kernels();
#endif

}  // namespace mixvec
