// Scores that foresee the cut: what a weight is worth when much of the rest has gone already.
#pragma once

#include "pruning/importance/importance.hpp"

namespace mixvec::inline pruning {

/// How far to look.
struct Lookahead {
  double ratio = 0;  ///< weights that go, in all matrices together, singly
  int rounds = 1;    ///< steps in which they do
  int threads = 0;
};

/// For every matrix out × in scores: of a weight that goes, as it went; of one that stays, at the end. Removes weights
/// from `gradual`, which is left as it then is.
std::vector<std::vector<float>> look_ahead(GradualImportance& gradual, const Lookahead& how);

}  // namespace mixvec::inline pruning
