// The one description of an accelerator: its parameters, what follows from them, and its hash. Generator, packer,
// compiler, cycle model, cost model and benches all take it as it is.
#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

#include "golden/config/format_config.hpp"

namespace mixvec::inline golden {

/// An accelerator. Legal ones are made by make_config() and load_config() (generator/), which check every rule. What
/// the packed format may look at is the base: who takes a FormatConfig takes an AccelConfig, too. The parameters are
/// listed with their ranges and meanings in accel_fields(); whoever changes one calls settle() behind it.
struct AccelConfig : FormatConfig {
  int pe = 64;                ///< P, processing elements
  int lanes = 64;             ///< L, multiply-accumulate lanes of a PE
  std::string vec = "mixed";  ///< "mixed", "row", "column", or one vector length in decimal
  std::string dtype = "fp16";
  int groups = 4;           ///< most token groups of a tile
  int banks = 8;            ///< activation banks of a token position
  int kv_depth = 3072;      ///< words of the key/value memory: Lv channels of a group of tokens each
  int vector_units = 4;     ///< N, each serves every N-th token group
  int vector_rows = 3072;   ///< rows of the vector memory
  int program_depth = 512;  ///< instructions of the array program, and of the vector program
  int table_depth = 16384;  ///< entries of the position table; the norm table has half as many
  int mul_stages = 2;       ///< pipeline stages of a multiplier
  int add_stages = 4;       ///< pipeline stages of an adder
  int fifo_beats = 8;       ///< weight beats that wait in front of a set or are on their way to it

  /// Code beats that wait in front of a set or are on their way to it: CodeBeats of mv_stream.sv.
  static constexpr int kCodeBeats = 2;
  /// Accumulator rows of a set for each of its threads: Rows of mv_set_ctrl.sv.
  static constexpr int kRowsPerThread = 3;

  int positions() const { return pe / sets; }               ///< Pt, PEs of a set; each holds other tokens
  int token_lanes() const { return lanes / vector_lanes; }  ///< Lt, tokens of a PE in one cycle
  int tokens_per_group() const { return positions() * token_lanes(); }
  int tokens_per_tile() const { return tokens_per_group() * groups; }
  int activation_rows() const { return depth / vector_lanes; }                               ///< of Lv inputs each
  int key_blocks() const { return (tokens_per_group() + vector_lanes - 1) / vector_lanes; }  ///< key strips of a group
  std::string directions() const;  ///< "both", "row" or "column"

  /// log2 of the token groups in use for `tokens` tokens (1 to those of a tile): 1, 2, 4, …
  int groups_log2(int tokens) const {
    return std::bit_width(static_cast<unsigned>((tokens + tokens_per_group() - 1) / tokens_per_group()) - 1U);
  }
  /// Cycles from one addition to an accumulator to the next at the earliest, with `groups_used` token groups in use: a
  /// step takes a cycle for each of them.
  int additions_apart(int groups_used) const { return (add_stages + groups_used - 1) / groups_used * groups_used; }

  int macs() const { return pe * lanes; }
  /// The part of the multipliers' cycles that is useful: 0 where none has passed.
  double utilization(std::uint64_t useful_macs, std::uint64_t cycles) const {
    if (cycles == 0) return 0;
    return static_cast<double>(useful_macs) / (static_cast<double>(macs()) * static_cast<double>(cycles));
  }
  int slots() const { return kRowsPerThread * substeps * groups; }  ///< accumulators of one lane
  /// Levels of the merge tree behind the PEs: log2 of the most classes of a result.
  int merge_levels() const { return std::countr_zero(static_cast<unsigned>(vector_lanes / full_rate)); }
  std::int64_t activation_bytes() const;   ///< all activation banks
  std::int64_t kv_bytes() const;           ///< the key/value memory
  std::int64_t vector_bytes() const;       ///< the vector memory
  std::int64_t accumulator_bytes() const;  ///< all accumulator slots
  std::int64_t fifo_bytes() const;         ///< the queues of weight and code beats of all sets

  /// Every parameter, in the order of accel_fields(): "mixvec-accel-4 pe=64 lanes=64 vec=mixed dtype=fp16 …". The hash
  /// is the 64-bit FNV-1a of it: the same in RTL, C++ header, packed program and bench (I2).
  std::string canonical() const;

  /// Fills in what the base holds and the parameters say: directions, shortest and longest length, hash.
  void settle();

  bool operator==(const AccelConfig&) const = default;
};

/// The configuration that canonical() describes. Throws InputError unless `text` is what canonical() gives.
AccelConfig parse_canonical(std::string_view text);

/// "0x%016x".
std::string format_hash(std::uint64_t hash);

}  // namespace mixvec::inline golden
