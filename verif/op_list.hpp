// The operations that a decompressor must give for a set's stream, as golden's ChainReader reads it, and random packed
// matrices to read them from.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "golden/chain_reader.hpp"
#include "golden/synthetic.hpp"

namespace mixvec::bench {

/// One operation between mv_decompressor and mv_zero_skip. Only the fields of its kind are meaningful.
struct Op {
  bool open = false;   ///< begins a chain: red, count
  bool out = false;    ///< output record: index, record
  bool unit = false;   ///< row … weights
  bool round = false;  ///< ends a step
  bool close = false;  ///< ends the chain

  std::uint32_t red = 0;     ///< reduction levels
  std::uint32_t count = 0;   ///< outputs of the chain
  std::uint32_t index = 0;   ///< of the output in the chain
  std::uint32_t record = 0;  ///< bias in the high half, output in the low one

  std::uint32_t row = 0;               ///< activation row
  std::uint32_t bank = 0;              ///< column: sub-bank of the input; row: 0
  std::uint32_t lane = 0;              ///< first lane
  std::uint32_t groups = 0;            ///< bit g: the row addresses of lanes g·F … are the unit's
  std::uint32_t limit = 0;             ///< lanes from here on are masked
  std::uint32_t substep = 0;           ///< also where a round ends; column: m; row: 0
  std::vector<std::uint16_t> weights;  ///< of the lanes from `lane` on

  /// Lanes that multiply, bit by bit.
  [[nodiscard]] std::uint32_t lane_mask() const {
    std::uint32_t mask = 0;
    for (std::uint32_t i = lane; i < lane + weights.size() && i < limit; ++i) mask |= 1U << i;
    return mask;
  }
};

/// All operations of one set's stream in order; the end of the stream gives none. Throws InputError like ChainReader.
inline std::vector<Op> list_ops(const ImageHeader& header, std::span<const std::uint16_t> stream,
                                const FormatConfig& format) {
  const auto log2_of = [](int value) {
    return static_cast<std::uint32_t>(std::countr_zero(static_cast<unsigned>(value)));
  };
  const bool row = header.direction == Direction::kRow;
  const int lanes = format.vector_lanes;
  std::vector<Op> ops;
  ChainReader reader(header, stream, format, "set");
  StreamItem item;
  std::uint32_t outputs_seen = 0;
  while (reader.next(item)) {
    switch (item.kind) {
      case ItemKind::kChain: {
        const int length = header.entries[static_cast<std::size_t>(item.entry)].length;
        const int classes = unit_geometry(header.direction, length, format).classes;
        ops.emplace_back();
        ops.back().open = true;
        ops.back().red = row ? log2_of(lanes) : log2_of(classes);
        ops.back().count = item.outputs;
        outputs_seen = 0;
        break;
      }
      case ItemKind::kOutput:
        ops.emplace_back();
        ops.back().out = true;
        ops.back().index = outputs_seen++;
        ops.back().record = item.output | static_cast<std::uint32_t>(item.bias.bits) << 16U;
        break;
      case ItemKind::kCode:
        ops.emplace_back();
        break;
      case ItemKind::kUnit: {
        if (item.substep > 0) {
          // A sub-step is a step of its own: the one before it ends a round.
          ops.back().round = true;
          ops.emplace_back();
        }
        const ImageEntry& entry = header.entries[static_cast<std::size_t>(item.entry)];
        const UnitGeometry g = unit_geometry(header.direction, entry.length, format);
        Op& op = ops.back();
        op.unit = true;
        op.row = item.row;
        op.bank = row ? 0 : static_cast<std::uint32_t>(item.sub_bank);
        op.lane = static_cast<std::uint32_t>(item.first_lane);
        for (int group = 0; group < lanes / format.full_rate; ++group) {
          if (group * format.full_rate / g.lanes == item.unit_class) op.groups |= 1U << static_cast<unsigned>(group);
        }
        const std::int64_t left = std::int64_t{entry.valid} - (std::int64_t{item.row} - entry.base) * lanes;
        op.limit = static_cast<std::uint32_t>(row ? std::clamp<std::int64_t>(left, 0, lanes) : lanes);
        op.substep = row ? 0 : static_cast<std::uint32_t>(item.substep);
        op.weights.assign(item.weights.begin(), item.weights.end());
        break;
      }
      case ItemKind::kRoundEnd:
        ops.back().round = true;
        break;
      case ItemKind::kChainEnd:
        ops.back().close = true;
        break;
      case ItemKind::kSectionEnd:
      case ItemKind::kStreamEnd:
        break;
    }
  }
  return ops;
}

/// A random pruned matrix, packed: both directions, lengths up to 4·Lv (column: up to the sub-steps), any density.
inline PackedMatrix random_packed(mixvec::Random& random, const FormatConfig& format) {
  SyntheticSpec spec;
  const std::uint32_t edges[] = {1, 2, 3, 7, 13, 31, 64};
  const auto size = [&] { return random.below(2) == 0 ? edges[random.below(7)] : 1 + random.below(90); };
  spec.out = size();
  spec.in = size();
  // Now and then a matrix wide and sparse enough for escaped codes.
  if (random.below(8) == 0) spec.in = 1500 + random.below(500);
  spec.direction = random.below(2) == 0 ? Direction::kRow : Direction::kColumn;
  spec.lengths.clear();
  const auto longest = static_cast<std::uint32_t>(std::countr_zero(static_cast<unsigned>(format.max_length)));
  for (std::uint32_t i = 0; i <= random.below(3); ++i) {
    const int length = 1 << random.below(longest + 1);
    if (std::find(spec.lengths.begin(), spec.lengths.end(), length) == spec.lengths.end()) {
      spec.lengths.push_back(length);
    }
  }
  const double pruned[] = {0.0, 0.3, 0.6, 0.8, 0.95, 0.995, 1.0};
  spec.pruned = pruned[random.below(7)];
  spec.bias = random.below(4) != 0;
  spec.shuffled = random.below(2) == 0;
  spec.seed = random.next();
  const PrunedMatrix matrix = make_synthetic(spec);
  return pack(matrix, deal_in_turn(matrix, format), format);
}

/// The format of a unit bench: two sets, so that a stream is not the whole image.
inline FormatConfig unit_format(int vector_lanes, int full_rate, int substeps, int port_bits) {
  FormatConfig format;
  format.sets = 2;
  format.vector_lanes = vector_lanes;
  format.full_rate = full_rate;
  format.substeps = substeps;
  format.port_bits = port_bits;
  format.max_length = 4 * vector_lanes;
  check_format(format);
  return format;
}

}  // namespace mixvec::bench
