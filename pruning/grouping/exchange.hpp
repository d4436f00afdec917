// The search for groups of one size: simulated annealing by exchanging lines between strips.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "pruning/grouping/line_tree.hpp"

namespace mixvec::inline pruning {

struct ExchangeOptions {
  std::size_t size = 4;     ///< lines of a group
  double density = 0.2;     ///< share of the vectors that are kept
  std::uint64_t moves = 0;  ///< exchanges to weigh
  std::uint64_t seed = 1;
  float threshold = 0;                    ///< per weight; 0: the one that keeps `density`, from a draft of the groups
  std::vector<std::uint32_t> start = {};  ///< an order to begin with, where the search is short; empty: as they stand
};

/// An order of the lines of `scores` whose blocks of `size` lines keep as much as found: the sum over all vectors of
/// max(0, score − threshold · lines). Lines that fill no block stand last and form a short group of their own.
/// Deterministic; one thread; time grows with moves · across.
std::vector<std::uint32_t> exchange_lines(const LineScores& scores, const ExchangeOptions& options);

/// The threshold per weight at which blocks of `size` lines of `order` keep `density` of their vectors, by a sample.
float group_threshold(const LineScores& scores, const std::vector<std::uint32_t>& order, std::size_t size,
                      double density);

}  // namespace mixvec::inline pruning
