// What mv_matching must give for the decompressor's operations: a model that looks at one lane at a time.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "golden/base/random.hpp"
#include "unit_config.h"

namespace mixvec::inline verif {

constexpr int kLv = UNIT_LV;
constexpr int kSegments = kLv / UNIT_FULL_RATE;  // H
constexpr int kSubsteps = UNIT_SUB_STEPS;
constexpr int kGroups = UNIT_GROUPS;

enum class Kind : std::uint8_t { kBegin, kRecord, kClose, kTurn, kUnits };

struct Unit {
  int buffer = 0;
  std::uint32_t row = 0;
  int offset = 0;  ///< among the inputs of the class in this row
  int count = 0;   ///< weights

  bool operator==(const Unit&) const = default;
};

/// What the decompressor offers; `units` by class, also together with kClose and kTurn.
struct Op {
  Kind kind = Kind::kUnits;
  bool open = false;  ///< of a record
  bool wide = false;
  int classes_log2 = 0, thread = 0, buffer = 0;
  std::uint32_t count = 0, id = 0, number = 0, data = 0;
  int unit_row = 0;
  std::array<std::optional<Unit>, kSegments> units{};

  [[nodiscard]] bool any_unit() const {
    return std::any_of(units.begin(), units.end(), [](const auto& unit) { return unit.has_value(); });
  }
};

/// What must come out; zero where nothing is meant.
struct Out {
  Kind kind = Kind::kTurn;  ///< kRecord: the chain opens, kTurn: a step
  bool wide = false;
  int classes_log2 = 0, thread = 0, buffer = 0;
  std::uint32_t count = 0, id = 0;
  int weights = 0;
  std::array<bool, kSegments> segment{}, used{};  ///< used: its class has a unit
  std::array<int, kSegments> buffers{};
  std::array<std::uint32_t, kSegments> address{};
  std::array<bool, kLv> mask{};
  std::array<int, kLv> source{}, sel{};  ///< of the lanes in the mask

  bool operator==(const Out&) const = default;
};

struct Record {
  std::uint32_t id = 0, number = 0, data = 0;
  bool operator==(const Record&) const = default;
};

/// A non-zero map over all rows, made of a hash.
struct Map {
  std::uint64_t seed = 0;
  std::uint32_t percent = 0;  ///< of the inputs that are not zero
  std::uint32_t groups = 1;   ///< mask of those in use

  [[nodiscard]] bool bit(std::uint32_t row, int bank, int group) const {
    mixvec::Random random(seed + (std::uint64_t{row} * kLv + static_cast<std::uint32_t>(bank)));
    // An input is dead in all groups together as often as it is dead in one.
    if (random.below(100) >= percent) return false;
    for (int g = 0; g < group; ++g) random.next();
    return random.below(100) < (100 + percent) / 2;
  }
  [[nodiscard]] bool nonzero(std::uint32_t row, int bank) const {
    for (int g = 0; g < kGroups; ++g) {
      if ((groups >> static_cast<unsigned>(g) & 1U) != 0 && bit(row, bank, g)) return true;
    }
    return false;
  }
};

struct Expected {
  std::deque<Out> outs;
  std::deque<Record> records;
};

inline Out step_of(const Op& turn, const Op& gathered, const Map& map, bool column) {
  Out out;
  out.wide = turn.wide;
  out.classes_log2 = turn.classes_log2;
  out.thread = turn.wide ? gathered.unit_row : turn.thread;
  const int h = 1 << turn.classes_log2;
  std::array<int, kSegments> base{};
  for (int j = 0; j < h; ++j) {
    base[j] = out.weights;
    if (gathered.units[j]) out.weights += gathered.units[j]->count;
  }
  for (int i = 0; i < kLv; ++i) {
    const int j = i % h;
    if (!gathered.units[j]) continue;
    const Unit& unit = *gathered.units[j];
    const int weight = i / h - (column ? 0 : unit.offset);
    const int bank = column ? unit.offset * h + j : i;
    if (weight < 0 || weight >= unit.count || !map.nonzero(unit.row, bank)) continue;
    out.mask[i] = true;
    out.source[i] = base[j] + weight;
    out.sel[i] = column ? bank : 0;
    for (int g = j; g < kSegments; g += h) out.segment[g] = true;
  }
  for (int g = 0; g < kSegments; ++g) {
    if (!gathered.units[g % h]) continue;
    out.used[g] = true;
    out.buffers[g] = gathered.units[g % h]->buffer;
    out.address[g] = gathered.units[g % h]->row;
  }
  return out;
}

/// What comes out, in order; gathers the units of a turn over its operations.
inline Expected predict(const std::vector<Op>& ops, const Map& map, bool column) {
  Expected expected;
  Op gathered;
  for (const Op& op : ops) {
    for (std::size_t j = 0; j < kSegments; ++j) {
      if (op.units[j]) gathered.units[j] = op.units[j];
    }
    if (op.units[0]) gathered.unit_row = op.unit_row;
    Out out;
    out.kind = op.kind;
    if (op.kind == Kind::kRecord) expected.records.push_back({op.id, op.number, op.data});
    if (op.kind == Kind::kBegin) expected.outs.push_back(out);
    if ((op.kind == Kind::kRecord && op.open) || op.kind == Kind::kClose) {
      out.wide = op.wide;
      out.thread = op.thread;
      out.buffer = op.buffer;
      if (op.kind == Kind::kRecord) out.id = op.id;
      if (op.kind == Kind::kClose) {
        out.count = op.count;
        out.classes_log2 = op.classes_log2;
      }
      expected.outs.push_back(out);
    }
    if (op.kind == Kind::kTurn) {
      if (gathered.any_unit()) expected.outs.push_back(step_of(op, gathered, map, column));
      gathered = Op{};
    }
  }
  return expected;
}

}  // namespace mixvec::inline verif
