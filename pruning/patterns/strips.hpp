// The strips at which a given mask is packed best: lines with equal masks share strips, wherever they stand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "golden/matrix/pruned_matrix.hpp"
#include "pruning/choice/cost.hpp"

namespace mixvec::inline pruning {

/// How a mask is cut into vectors, and what that is estimated to cost.
struct StripChoice {
  Pattern pattern;
  MatrixCost cost;
};

/// Cuts an out × in mask (1 = kept) into vectors that are kept or pruned whole, such that the mask stays as it is.
/// Outputs (column vectors) or inputs (row vectors) with equal masks form classes; a class is cut greedily into strips
/// of the lengths of a set, longest first, what is left over being a short strip of the least. Tried are both
/// directions and all sets of lengths, as far as the cost model's accelerator takes them; ℓ = 1 holds any mask. Chosen
/// is the cut with the least product of cycles and bytes (matrix_cost). Deterministic. Throws InputError, naming `name`
/// and the reason, where the accelerator holds none.
StripChoice best_strips(const std::string& name, std::size_t out, std::size_t in, std::span<const std::uint8_t> mask,
                        const CostModel& model);

}  // namespace mixvec::inline pruning
