// Grouping as pruning asks for it: which lines share a strip, within a bounded amount of work.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "pruning/grouping/line_tree.hpp"

namespace mixvec::inline pruning {

struct GroupingOptions {
  int levels = 4;           ///< the longest strip is 2^levels
  bool one_length = false;  ///< strips of 2^levels only: the levels below are left as they fall
  double density = 0.2;     ///< share of the vectors that are kept
  double moves_per_line = 250;
  std::uint64_t seed = 1;
  /// What vectors of strips of 2^level must bring per weight, by level; empty: what keeps `density` of a draft.
  std::vector<float> bars = {};
  /// An order of the lines to begin with, where the search is short; empty: as they stand.
  std::vector<std::uint32_t> start = {};
};

/// Similar lines together, so that vectors above the threshold that keeps `density` waste as little of their score as
/// possible. Scores are any numbers ≥ 0. Deterministic: a function of the scores and the options alone.
LineTree group_lines(const LineScores& scores, const GroupingOptions& options);

/// Lines × across of one matrix seen from one direction.
struct LineShape {
  std::size_t lines = 0;
  std::size_t across = 0;
};

/// How many moves a line of all these get in one of the two passes over a model (docs/pruning.md): in the first all
/// sides are drafted, in the second those that count are refined. `seconds` buys about that time of two cores for both;
/// none: a few seconds at most, less for small matrices. The rate is a constant, so the answer is the same on every
/// machine, and the time is not.
double moves_of_pass(std::span<const LineShape> shapes, std::optional<double> seconds, bool refining);

}  // namespace mixvec::inline pruning
