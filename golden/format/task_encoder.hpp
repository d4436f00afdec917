// Turns the chains of a task into its code and its weights.
#pragma once

#include <cstdint>
#include <vector>

#include "golden/format/bit_stream.hpp"
#include "golden/format/packed_image.hpp"
#include "golden/format/turn_sequencer.hpp"

namespace mixvec::inline golden {

/// What is fixed for a matrix before its tasks are written.
struct MatrixPlan {
  const PrunedMatrix& matrix;
  const FormatConfig& format;
  std::vector<std::int32_t> in_order;
  std::vector<ImageEntry> entries;
  std::vector<UnitGeometry> geometry;                      ///< by entry
  std::vector<std::vector<std::uint32_t>> section_strips;  ///< row: by entry, the strips in order of class positions

  [[nodiscard]] bool is_row() const { return matrix.pattern.direction == Direction::kRow; }
  /// The entry of a chain; row: 0, the first of the sections that it goes through.
  [[nodiscard]] std::size_t entry_of(const Chain& chain) const;
  /// The output of a chain's record or lane.
  [[nodiscard]] std::uint32_t output(const Chain& chain, std::uint32_t o) const {
    return is_row() ? chain.strip : matrix.pattern.strips[chain.strip].index[chain.first + o];
  }
};

/// A kept unit before it is written.
struct PlannedUnit {
  int entry = 0;
  std::uint32_t position = 0;  ///< v
};

/// The kept units of a chain by class, in the order of their codes.
using ChainPlan = std::vector<std::vector<PlannedUnit>>;

/// Plans a chain into `units`, whose memory is used again.
void plan_chain(const MatrixPlan& plan, const Chain& chain, ChainPlan& units);

/// A written task, and what it cost.
struct EncodedTask {
  BitWriter code;
  std::vector<std::uint16_t> weights;
  std::uint64_t codes = 0;  ///< codes, not their bits
  std::uint64_t runs = 0;
  std::uint64_t records = 0;
  std::uint64_t code_cycles = 0;  ///< decode cycles that read codes
  std::uint64_t steps = 0;
};

/// Writes a task with codes of `code_bits`.
EncodedTask encode_task(const MatrixPlan& plan, const Task& task, int code_bits);

}  // namespace mixvec::inline golden
