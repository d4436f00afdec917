// What no grouping of lines in fours exceeds.
#pragma once

#include <cstdint>
#include <vector>

#include "pruning/grouping/line_tree.hpp"

namespace mixvec::inline pruning::bounds {

struct BoundOptions {
  double threshold = 0;              ///< per weight, above 0
  std::vector<std::uint32_t> order;  ///< a grouping to start from: blocks of four
  double enough = 0;                 ///< a bound that is not above this ends the search
  int rounds = 6;                    ///< times that all groups are weighed
};

/// An upper bound of Σ over groups of Σ over vectors of max(0, score − 4 · threshold), over all ways to put the lines
/// into groups of four. A grouping is worth Σ price(line) plus, for every line, a quarter of its group's value less the
/// prices in it; so let every line take the group that is best for it. That holds for all prices; a subset of the
/// groups, the best of every line, says which prices to take next. Computed in whole numbers, scores rounded up.
/// `scores.lines` is a multiple of four, and every score finite. One thread; time grows with lines⁴ · across · rounds.
double bound_of_fours(const LineScores& scores, const BoundOptions& options);

}  // namespace mixvec::inline pruning::bounds
