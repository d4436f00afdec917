// Scores that foresee the cut: what a weight is worth when much of the rest has gone already.
#pragma once

#include "pruning/importance/importance.hpp"
#include "pruning/state/run_state.hpp"

namespace mixvec::inline pruning {

/// How far to look.
struct Lookahead {
  double ratio = 0;  ///< weights that go, in all matrices together, singly
  int rounds = 1;    ///< steps in which they do
  int threads = 0;
};

/// For every one of the matrices out × in scores: of a weight that goes, as it went; of one that stays, at the end.
/// Removes weights from `gradual`, which is left as it then is. `state` (may be nullptr) keeps the last round.
GradualImportance::Scores look_ahead(GradualImportance& gradual, std::span<const DenseMatrix> matrices,
                                     const Lookahead& how, RunState* state = nullptr);

}  // namespace mixvec::inline pruning
