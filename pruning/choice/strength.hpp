// Direction strength: how far the densities of rows and of columns of a mask spread beyond those of a random mask, and
// how alike neighbours are along either.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace mixvec::inline pruning {

/// Both strengths of a mask, in the orientation W[out][in]; 1 means random.
struct DirectionStrength {
  double row = 1;      ///< variance of row densities ÷ p(1−p)/in
  double column = 1;   ///< variance of column densities ÷ p(1−p)/out
  double density = 0;  ///< p
  /// Correlation of a place with the next one along its row, and along its column; 0 means random. Row vectors of
  /// neighbours ask for the former, column vectors for the latter.
  double row_neighbours = 0;
  double column_neighbours = 0;
};

/// Strengths of a mask given as out × in bytes (0 or 1). A mask with nothing or everything kept, or with a single row
/// (column), gives 1 for the strength that is not defined, and 0 for such a correlation.
DirectionStrength direction_strength(std::span<const std::uint8_t> mask, std::size_t out, std::size_t in);

/// The same for the mask "score ≥ threshold".
DirectionStrength direction_strength(std::span<const float> score, std::size_t out, std::size_t in, float threshold);

}  // namespace mixvec::inline pruning
