// Turns patterns into masks: ranks all vectors by importance per weight and keeps exactly as many as asked for.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "golden/matrix/pruned_matrix.hpp"

namespace mixvec::inline pruning {

/// A matrix whose vectors take part in a ranking.
struct RankedMatrix {
  std::span<const float> score;  ///< out × in, importance of the weights
  std::size_t out = 0;
  std::size_t in = 0;
  const Pattern* pattern = nullptr;
  /// What a vector of a strip must bring, by strip, above 0: one that costs more to store and to compute must bring
  /// more. Only the proportions count. Empty: as much as it has weights.
  std::vector<double> bar;
};

struct Selection {
  std::vector<std::uint8_t> mask;  ///< out × in
  std::uint64_t kept = 0;          ///< weights
  double retained = 0;             ///< importance
};

/// Keeps the vectors with most importance ÷ bar, in all matrices together, until `keep` weights are
/// kept; a vector that no longer fits is passed over, so the count is short of `keep` by less than one vector. Ties go
/// to the earlier matrix, strip and position.
std::vector<Selection> select_vectors(std::span<const RankedMatrix> matrices, std::uint64_t keep, int threads);

}  // namespace mixvec::inline pruning
