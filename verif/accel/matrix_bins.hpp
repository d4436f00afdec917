// What a matrix that was run on the accelerator was, for functional coverage.
#pragma once

#include <cstddef>
#include <span>

#include "verif/accel/matrix_check.hpp"
#include "verif/coverage/bins.hpp"

namespace mixvec::inline verif {

/// Bins of kind "matrix": direction, vector lengths, strips, shape, kept weights, bias, tokens, values of activations
/// and results, stalls, steps skipped. `x` holds in × tokens values.
BinSample matrix_sample(const PrunedMatrix& matrix, std::span<const Half> x, std::size_t tokens, const Stalls& stalls,
                        const MatrixCheck& check);

}  // namespace mixvec::inline verif
