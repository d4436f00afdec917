// The portable build of the grouping loops, and the choice between the builds.
#include "pruning/pair_kernels.hpp"

#include "pruning/pair_kernels_body.hpp"

namespace mixvec {

const PairKernels& portable_pair_kernels() { return kKernels; }

const PairKernels& pair_kernels() {
#ifdef MIXVEC_HAVE_AVX2
  static const bool kFast = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt");
  if (kFast) return avx2_pair_kernels();
#endif
  return kKernels;
}

}  // namespace mixvec
