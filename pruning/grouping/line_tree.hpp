// Lines (rows for column vectors, inputs for row vectors) in an order whose aligned blocks are the candidate strips.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "golden/matrix/pruned_matrix.hpp"

namespace mixvec::inline pruning {

/// The importance of a matrix seen from one direction: lines are what strips group; a vector of a strip is one position
/// `across`. Column vectors: lines are outputs; row vectors: lines are inputs, i.e. the matrix is transposed.
struct LineScores {
  std::size_t lines = 0;
  std::size_t across = 0;
  std::vector<float> score;  ///< lines × across

  [[nodiscard]] const float* line(std::size_t i) const { return score.data() + i * across; }
};

/// Scores of out × in weights, laid out for `direction`.
LineScores line_scores(std::span<const float> score, std::size_t out, std::size_t in, Direction direction);

/// A hierarchy of strips. Node j of level l is the block order[j·2^l … (j+1)·2^l − 1], for every j whose block fits;
/// its halves are nodes 2j and 2j+1 of the level below. So every line count decomposes into whole powers of two.
struct LineTree {
  std::vector<std::uint32_t> order;
  int levels = 0;  ///< the longest strip is 2^levels

  [[nodiscard]] std::size_t nodes(int level) const { return order.size() >> level; }
};

/// Neighbours in their natural order.
LineTree natural_tree(std::size_t lines, int levels);

}  // namespace mixvec::inline pruning
