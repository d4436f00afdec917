// The registers of one set in the cycle model, and what happens to them in a cycle.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

#include "sim/engine_model.hpp"

namespace mixvec {

inline constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

/// What depends on the configuration, the image and the tokens only.
struct EngineParameters {
  int groups = 1;    ///< token groups in use
  int distance = 1;  ///< cycles between two additions to an accumulator
  int latency = 0;   ///< cycles from the end of an issue until its sum may be read
  int substeps = 1;
  int words = 8;  ///< 64-bit words of a beat
  int fifo_beats = 8;
};

/// What comes to a set from outside in a cycle.
struct SetInputs {
  bool code_grant = false;    ///< its request for a code beat was taken
  bool weight_grant = false;  ///< its request for a weight beat was taken
  bool drain_grant = false;
  bool code_beat = false;
  bool weight_beat = false;
  const EngineTask* task = nullptr;  ///< the task that it may take
};

/// One set (rtl_templates/mv_set.sv). Times are cycle numbers; a register that counts down is kept as the time when it
/// reaches zero.
class EngineSet {
 public:
  static constexpr int kSteps = 16;     // mv_set: depth of the step queue
  static constexpr int kCodeBeats = 2;  // mv_set: code beats waiting or on their way
  static constexpr int kAsks = 2;       // mv_set: weight beats to be asked for
  static constexpr int kMostRows = 16;  // accumulator rows
  static constexpr int kMostIds = 32;   // places for records

  /// One clock edge. Returns whether the task was taken.
  bool step(std::uint64_t cycle, const SetInputs& in, const EngineParameters& p);

  // Requests, valid from the cycle after step() on.
  [[nodiscard]] bool wants_code() const { return code_left_ != 0 && code_used_ != kCodeBeats; }
  [[nodiscard]] bool wants_weight(const EngineParameters& p) const { return asks_ > 0 && weight_used_ != p.fifo_beats; }
  [[nodiscard]] bool wants_drain(std::uint64_t cycle) const { return ends_ > 0 && end_at(0).ready <= cycle; }
  [[nodiscard]] bool wants_task() const { return task_ == nullptr; }
  [[nodiscard]] bool idle(std::uint64_t cycle) const {
    return task_ == nullptr && stage_ == nullptr && queued_ == 0 && cycle > busy_end_ && ends_ == 0;
  }

  /// When step() has to be called next if nothing comes from outside.
  [[nodiscard]] std::uint64_t wake() const { return wake_; }
  /// What the set does in the cycles since its last step().
  [[nodiscard]] CycleUse use(std::uint64_t cycle) const;

  std::uint64_t loads = 0;  ///< steps issued
  std::uint64_t skips = 0;  ///< steps dropped
  // For the account of cycles: what it has been doing since when.
  CycleUse doing = CycleUse::kFill;
  std::uint64_t since = 0;

 private:
  /// Where a chain is kept: its (first) accumulator row and its (first) place for records.
  struct Chain {
    std::uint8_t row = 0;
    std::uint8_t id = 0;
  };
  struct End {
    std::uint64_t ready = 0;
    std::uint16_t outputs = 0;
    Chain chain;
    bool wide = false;
  };
  struct Queued {
    const EngineOp* op = nullptr;
    bool drops = false;
    std::uint8_t id = 0;
  };

  [[nodiscard]] const End& end_at(int i) const {
    return ends_ring_[(ends_head_ + static_cast<unsigned>(i)) % kMostRows];
  }
  void drain(const EngineParameters& p);
  [[nodiscard]] const Chain& chain_of(const EngineOp& op, int buffer) const {
    return chains_[(op.wide ? 0U : 2U * op.thread) + static_cast<unsigned>(buffer)];
  }
  /// When the accumulators of a step may be used again.
  [[nodiscard]] std::uint64_t hazard_of(const EngineOp& op) const;

  // task and decompressor
  const EngineTask* task_ = nullptr;
  const EngineOp* op_ = nullptr;
  int bits_ = 0;
  int word_ = 0;
  int codes_ = 0;  // beats waiting
  int code_used_ = 0;
  std::uint32_t code_left_ = 0;
  std::uint32_t ids_busy_ = 0;
  bool rest_ = false;     // of the task that is under way, at its end
  bool carry_ = false;    // a half-read beat of an earlier task
  bool blocked_ = false;  // waiting for a place for a chain's records
  bool starved_ = false;  // waiting for codes
  // matching machine, zero-skip controller
  const EngineOp* stage_ = nullptr;
  std::uint8_t stage_id_ = 0;
  bool first_asked_ = false;
  int asks_ = 0;
  // weights
  int weights_ = 0;  // beats waiting
  int weight_used_ = 0;
  bool current_ = false;
  bool dropped_ = false;
  // step queue
  std::array<Queued, kSteps> queue_{};
  unsigned queue_head_ = 0;
  int queued_ = 0;
  // controller
  std::uint64_t busy_end_ = 0;  // last cycle of the step under way
  bool busy_seen_ = false;
  std::array<Chain, 2 * kMostRows> chains_{};  // by thread and buffer
  std::uint32_t rows_busy_ = 0;
  std::array<std::uint64_t, kMostRows> hazard_{};
  std::array<End, kMostRows> ends_ring_{};
  unsigned ends_head_ = 0;
  int ends_ = 0;
  int drain_output_ = 0;
  int drain_group_ = 0;
  std::uint64_t wake_ = 0;
};

}  // namespace mixvec
