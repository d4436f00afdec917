// One set in the cycle model: when its decoder, its step queue, its weight window and its controller do what they do.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>

#include "sim/cycles/engine_model.hpp"
#include "sim/cycles/fixed_sizes.hpp"

namespace mixvec::inline sim {

inline constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

/// What all sets of a run share: the accelerator, and what follows from it, the image and the tokens.
struct EngineParameters {
  const AccelConfig* accel = nullptr;
  int groups = 1;    ///< token groups in use
  int distance = 1;  ///< cycles between two additions to an accumulator
  int latency = 0;   ///< cycles from the end of an issue until its sum may be read
};

/// What comes to a set from outside in a cycle.
struct SetInputs {
  bool code_grant = false;    ///< its request for a code beat was taken
  bool weight_grant = false;  ///< its request for a weight beat was taken
  bool drain_grant = false;
  bool code_beat = false;
  bool weight_beat = false;
  const EngineTask* task = nullptr;  ///< the task that it takes
};

/// From when on each event of a sequence counts: the cycle after it. Only the last ones are kept.
template <std::size_t Size>
class Times {
 public:
  /// Keeps at least `last` events, at most Size - 2.
  explicit Times(std::size_t last = Size - 2) : mask_(std::bit_ceil(last + 2) - 1) { after_[0] = kNever; }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  void add(std::uint64_t time) {
    after_[count_++ & mask_] = time + 1;
    after_[count_ & mask_] = kNever;
  }
  /// From when on event `k` counts; kNever if it has not come yet, 0 for events before the first one.
  [[nodiscard]] std::uint64_t after(std::uint64_t k) const { return after_[k & mask_]; }

 private:
  std::array<std::uint64_t, Size> after_{};
  std::uint64_t count_ = 0;
  std::uint64_t mask_;
};

/// One set (rtl_templates/mv_set.sv). All that comes to it from outside can only let it go on, never hold it up. So it
/// may run ahead of the clock: each thing happens one cycle after the last of what it waits for, and a set has to be
/// looked at only when something comes for it, or in a cycle that it names itself.
class EngineSet {
 public:
  explicit EngineSet(const EngineParameters& parameters)
      : p_(&parameters),
        weight_beats_(static_cast<std::size_t>(parameters.accel->fifo_beats)),
        weight_pops_(static_cast<std::size_t>(parameters.accel->fifo_beats)) {}

  /// Cycle `now`: takes what comes and goes on as far as is certain. Returns whether it may have gone on at all: if
  /// not, only what was granted has changed what it asks for.
  bool step(std::uint64_t now, const SetInputs& in);

  // From which cycle on it asks for something, as far as is known.
  [[nodiscard]] std::uint64_t code_wanted() const {
    if (code_left_ == 0) return kNever;
    return std::max(taken_ + 1, code_pops_.after(code_grants_ - AccelConfig::kCodeBeats));
  }
  [[nodiscard]] std::uint64_t weight_wanted() const {
    const std::uint64_t next = weight_grants_.count();
    return std::max(asks_.after(next), weight_pops_.after(next - static_cast<std::uint64_t>(p_->accel->fifo_beats)));
  }
  [[nodiscard]] std::uint64_t drain_wanted() const { return ends_ > 0 ? ends_ring_[ends_head_].ready : kNever; }
  /// Token group of the result that it asks the drain to take.
  [[nodiscard]] std::uint32_t drain_group() const { return static_cast<std::uint32_t>(drain_group_); }
  [[nodiscard]] std::uint64_t task_wanted() const { return task_ == nullptr ? decoded_ : kNever; }
  /// The cycle in which it has to be looked at even if nothing comes.
  [[nodiscard]] std::uint64_t wake() const { return std::min(front_wake_, back_wake_); }
  /// Whether nothing is left to do in cycle `at` and later. The end of a task may stand in a beat of its own, behind
  /// all that it computes.
  [[nodiscard]] bool idle(std::uint64_t at) const {
    return task_ == nullptr && decoded_ <= at && stage_ == nullptr && pops_.count() == pushes_.count() && ends_ == 0 &&
           asks_.count() == weight_grants_.count();
  }

  [[nodiscard]] std::uint64_t loads() const { return loads_; }  ///< steps issued
  [[nodiscard]] std::uint64_t skips() const { return skips_; }  ///< steps dropped
  /// Adds where the cycles from `first` to `end` (exclusive) went; what is left after the last step is kDone. Returns
  /// when that began.
  std::uint64_t account(std::uint64_t first, std::uint64_t end, std::array<std::uint64_t, kCycleUses>& use) const;

 private:
  static constexpr int kMostRows = 32;  // accumulator rows, at least 3 · 8
  static constexpr int kMostFifo = 64;  // weight beats waiting or on their way

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

  /// Decoder and matching machine, as far as they can go.
  void run_front(std::uint64_t now);
  /// Controller, as far as it can go; returns whether it did anything.
  bool run_back(std::uint64_t now);
  bool leave_stage();
  bool decode(std::uint64_t now);
  [[nodiscard]] std::uint64_t refill(std::uint64_t from, const EngineOp& op, std::uint64_t now);
  void fill_bits(std::uint64_t now);
  void read_word(std::uint64_t at);
  void push(std::uint64_t at);
  bool load(const Queued& head, std::uint64_t from);
  void next_weight_beat(std::uint64_t from);
  void waited(std::uint64_t from, std::uint64_t until, std::uint64_t hazard);
  void drain(std::uint64_t now);
  [[nodiscard]] const Chain& chain_of(const EngineOp& op, int buffer) const {
    return chains_[(op.wide ? 0U : 2U * op.thread) + static_cast<unsigned>(buffer)];
  }
  /// When the accumulators of a step may be used again.
  [[nodiscard]] std::uint64_t hazard_of(const EngineOp& op) const;

  const EngineParameters* p_;
  // task and decompressor
  const EngineTask* task_ = nullptr;
  const EngineOp* op_ = nullptr;
  std::uint64_t taken_ = 0;    // when the task was taken
  std::uint64_t decoded_ = 0;  // from when on the decoder may do the next operation
  std::uint64_t bits_at_ = 0;  // the cycle at whose beginning there are bits_
  int bits_ = 0;
  int word_ = 0;  // of the beat that is read: code beat number code_pops_.count()
  std::uint32_t code_left_ = 0;
  std::uint64_t code_grants_ = 0;
  Times<4> code_beats_;
  Times<4> code_pops_;
  std::uint32_t ids_busy_ = 0;
  bool blocked_ = false;  // waiting for a place for a chain's records
  bool rest_ = false;     // of the task that is under way, at its end
  bool carry_ = false;    // a half-read beat of an earlier task
  bool early_ = false;    // the task's first weight beat was asked for at its beginning
  // matching machine, zero-skip controller
  const EngineOp* stage_ = nullptr;
  std::uint64_t stage_at_ = 0;
  std::uint8_t stage_id_ = 0;
  bool first_asked_ = false;
  bool no_ask_ = false;  // a step waits until it may ask for a weight beat
  Times<4> asks_;
  Times<4> weight_grants_;
  // weights
  Times<kMostFifo * 2> weight_beats_;
  Times<kMostFifo * 2> weight_pops_;
  std::uint64_t beat_needed_ = 0;  // from when on the window wants the next beat; kNever: it has one
  std::uint64_t window_at_ = kNever;
  bool dropped_ = false;
  bool no_beat_ = false;  // a step waits for a weight beat
  // step queue
  std::array<Queued, kSteps> queue_{};
  bool no_space_ = false;  // a step waits for space in the queue
  Times<2 * kSteps> pushes_{kSteps};
  Times<2 * kSteps> pops_{kSteps};
  // controller
  std::uint64_t busy_end_ = 0;                 // last cycle of the last step
  std::array<Chain, 2 * kMostRows> chains_{};  // by thread and buffer
  std::uint32_t rows_busy_ = 0;
  bool no_row_ = false;  // waiting for an accumulator row
  std::array<std::uint64_t, kMostRows> hazard_{};
  std::array<End, kMostRows> ends_ring_{};
  unsigned ends_head_ = 0;
  int ends_ = 0;
  int drain_output_ = 0;
  int drain_group_ = 0;
  std::uint64_t front_wake_ = kNever;
  std::uint64_t back_wake_ = kNever;
  std::uint64_t loads_ = 0;
  std::uint64_t skips_ = 0;
  // account of cycles
  std::uint64_t first_load_ = kNever;
  std::uint64_t wait_port_ = 0;    // since the last step, for beats
  std::uint64_t wait_buffer_ = 0;  // since the last step, for rows and places
  std::array<std::uint64_t, kCycleUses> use_{};
};

}  // namespace mixvec::inline sim
