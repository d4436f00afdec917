// What a vector costs in packed bits and array cycles on an accelerator, before packing and simulation say
// exactly.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>

#include "golden/config/accel_config.hpp"
#include "golden/matrix/pruned_matrix.hpp"

namespace mixvec::inline pruning {

/// Tokens for which cycles are estimated.
inline constexpr int kModelledTokens = 256;

struct Cost {
  double bits = 0;    ///< packed
  double cycles = 0;  ///< of the array, for all tokens

  Cost& operator+=(const Cost& other) {
    bits += other.bits;
    cycles += other.cycles;
    return *this;
  }
};

/// Mean bits of the gap before a kept vector at density p in codes of `code_bits` bits (docs/packed_format.md).
double gap_bits(double density, int code_bits);
/// With the width that the packer would take: the shortest that lets the decoder keep up. 4.1 at p = 0.2.
double shortest_gap_bits(double density, int classes);

/// Costs that add up: what the choice of lengths and directions weighs against importance.
class CostModel {
 public:
  explicit CostModel(AccelConfig accel = {}, int tokens = kModelledTokens)
      : accel_(std::move(accel)), tokens_(tokens) {}

  /// One kept vector of `width` weights in a strip of nominal length `length`.
  [[nodiscard]] Cost vector(int length, int width, double density, Direction direction) const;
  /// What a strip of `width` outputs costs beside its vectors: header and sentinels.
  [[nodiscard]] Cost column_strip(int length, int width, double density) const;
  /// What having vectors of one length costs a row matrix: a section with sentinels in every output.
  [[nodiscard]] Cost row_section(int length, std::size_t out, double density) const;
  /// Output records, the same for every pattern.
  [[nodiscard]] Cost outputs(std::size_t out) const;

  /// Cycles that all kept weights would take if every multiplier worked in every cycle.
  [[nodiscard]] double ideal_cycles(double kept) const { return kept * tokens_ / accel_.macs(); }
  [[nodiscard]] const AccelConfig& accel() const { return accel_; }
  [[nodiscard]] int tokens() const { return tokens_; }
  /// h of vectors of this length.
  [[nodiscard]] int classes(int length) const;
  /// Tiles in which the tokens come.
  [[nodiscard]] int tiles() const;
  /// Sum over the tiles of what `cycles` gives for their token groups.
  [[nodiscard]] std::int64_t sum_over_tiles(const std::function<int(int)>& cycles) const;

 private:
  [[nodiscard]] double cycles_per_step() const;
  AccelConfig accel_;
  int tokens_;
};

/// Estimated cost of a finished matrix: its own densities instead of expected ones.
struct MatrixCost {
  double bytes = 0;         ///< of the packed image
  double array_cycles = 0;  ///< steps × token groups ÷ sets
  double port_cycles = 0;   ///< bytes × tiles ÷ port bytes
  double drain_cycles = 0;  ///< results × token groups ÷ results per cycle
  double ends_cycles = 0;   ///< before the first step and behind the last
  [[nodiscard]] double cycles() const { return std::max({array_cycles, port_cycles, drain_cycles}) + ends_cycles; }
};
MatrixCost matrix_cost(const PrunedMatrix& matrix, const CostModel& model);

}  // namespace mixvec::inline pruning
