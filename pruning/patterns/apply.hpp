// A pattern on a model: the checks that all patterns share, the masks, and the strips of each.
#pragma once

#include <vector>

#include "pruning/patterns/mask_pattern.hpp"
#include "pruning/patterns/strips.hpp"

namespace mixvec::inline pruning {

/// One matrix as a pattern leaves it.
struct PatternedMatrix {
  Mask mask;               ///< out × in, 1 = kept
  std::uint64_t kept = 0;  ///< weights
  double score = 0;        ///< of what is kept
  double score_total = 0;  ///< of all weights
  Pattern pattern;         ///< lossless for the mask
  MatrixCost cost;         ///< estimated, at this pattern
};

/// Masks of all matrices of a request, in its order; matrices that the pattern does not prune are kept whole. Throws
/// InputError for a ratio outside 0…1, missing, or contradicting what the pattern's parameters say, scores of another
/// size than the matrix, negative or not finite, two matrices of a kind in a layer, and what the pattern refuses.
std::vector<Mask> choose_masks(const MaskPattern& pattern, const MaskRequest& request);

/// choose_masks(), and for each mask the strips that cost the accelerator of `model` least (best_strips()). Throws
/// InputError as both do.
std::vector<PatternedMatrix> apply_pattern(const MaskPattern& pattern, const MaskRequest& request,
                                           const CostModel& model);

}  // namespace mixvec::inline pruning
