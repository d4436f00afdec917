// The AVX2 build of the grouping loops.
#include "pruning/pair_kernels_body.hpp"

namespace mixvec {

const PairKernels& avx2_pair_kernels() { return kKernels; }

}  // namespace mixvec
