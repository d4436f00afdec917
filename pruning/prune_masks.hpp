// Prunes by a pattern that makes masks of its own accord, and packs each mask at its best strips.
#pragma once

#include "pruning/patterns/mask_pattern.hpp"
#include "pruning/prune.hpp"

namespace mixvec::inline pruning {

/// Masks of a pattern on all matrices (four a layer) of a model with `heads` attention heads; of the options those that
/// say scope, accelerator, tokens and threads. `ratio`: of the matrices that the pattern prunes; none: the pattern's
/// own. Throws InputError like apply_pattern() and finish_matrix().
PruneResult prune_masks(std::vector<ScoredMatrix> matrices, const MaskPattern& pattern, std::size_t heads,
                        std::optional<double> ratio, const PruneOptions& options,
                        const ProgressFunction& progress = {});

}  // namespace mixvec::inline pruning
