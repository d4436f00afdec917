// The order in which a task's chains are taken and its codes read: one state machine, followed by encoder and
// TaskReader.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "golden/format/packed_image.hpp"

namespace mixvec::inline golden {

/// Where the inputs of a unit's piece stand, and how many weights it has.
struct PiecePlace {
  std::uint32_t row = 0;  ///< activation row
  int offset = 0;         ///< first input within the row in class coordinates: q mod w
  int count = 0;          ///< weights
};

/// The turns of one run after the other (docs/packed_format.md, "Codes"). While a run lasts, the caller asks for the
/// rule that applies and carries it out: take(), read(), and end_turn() where a turn ends.
class TurnSequencer {
 public:
  enum class Rule : std::uint8_t { kTake, kRead, kTurnEnd };

  /// What one class of a thread is doing.
  struct ClassState {
    std::uint32_t v = 0;  ///< where the next code counts from; the unit in work stands at v - 1
    int entry = 0;        ///< section in work
    int buffer = 1;       ///< of its chain
    int piece = 0;        ///< of the unit in work, the piece given last
    int pieces_left = 0;  ///< of the unit in work, still to be given
  };

  /// What a read did.
  struct Read {
    int codes = 0;           ///< codes read
    int closed = -1;         ///< buffer closed, or -1
    bool turn_ends = false;  ///< the caller goes on with end_turn()
  };

  /// `entries` and `geometry` (by entry) must outlive the sequencer.
  TurnSequencer(Direction direction, std::span<const ImageEntry> entries, std::span<const UnitGeometry> geometry,
                int code_bits, const FormatConfig& format)
      : row_(direction == Direction::kRow),
        entries_(entries),
        geometry_(geometry),
        all_ones_((1U << code_bits) - 1U),
        lanes_(static_cast<std::uint32_t>(format.vector_lanes)),
        format_(format) {}

  /// Begins a run; the one before has ended.
  void begin_run(int entry, std::uint32_t outputs, std::uint32_t chains) {
    first_entry_ = row_ ? 0 : entry;
    last_entry_ = row_ ? static_cast<int>(entries_.size()) - 1 : entry;
    outputs_ = outputs;
    left_ = chains;
    class_count_ = static_cast<std::size_t>(geometry_[static_cast<std::size_t>(entry)].classes);
    all_classes_ = ~std::uint64_t{0} >> (64U - class_count_);
    threads_.assign(static_cast<std::size_t>(threads_of(outputs, format_)), Thread{});
    classes_.assign(threads_.size() * class_count_, ClassState{});
    thread_ = 0;
    given_ = 0;
    ended_ = false;
  }

  [[nodiscard]] bool run_ended() const { return ended_; }
  [[nodiscard]] int thread() const { return static_cast<int>(thread_); }
  /// Classes that have got a unit in this turn, a bit each.
  [[nodiscard]] std::uint64_t given() const { return given_; }

  /// The first rule that applies in this cycle of the turn.
  [[nodiscard]] Rule rule() const {
    const Thread& t = threads_[thread_];
    // Whoever is not at work rests in the newest buffer, without a unit.
    if (t.working != all_classes_ && t.unfinished[1 - t.newest] == 0 && left_ > 0) return Rule::kTake;
    return (t.working & ~given_) != 0 ? Rule::kRead : Rule::kTurnEnd;
  }

  /// Takes the next chain of the run into the buffer that it returns.
  int take() {
    Thread& t = threads_[thread_];
    t.newest = 1 - t.newest;
    t.unfinished[t.newest] = class_count_;
    --left_;
    for (std::uint64_t resting = all_classes_ & ~t.working; resting != 0; resting &= resting - 1) {
      begin_chain(state(resting), t.newest);
    }
    t.working = all_classes_;
    return static_cast<int>(t.newest);
  }

  /// One cycle of reading. `next_code(j, state, most)` gives the next code of class j, of which at most `most` may be
  /// used up to the section's end (a larger one is the caller's to refuse); `on_piece(j, state)` gets the piece that
  /// class j contributes to the step.
  template <typename NextCode, typename OnPiece>
  Read read(NextCode&& next_code, OnPiece&& on_piece) {
    Thread& t = threads_[thread_];
    Read result;
    bool again = false;
    std::uint64_t finished = 0;
    for (std::uint64_t asked = t.working & ~given_; asked != 0; asked &= asked - 1) {
      const int j = std::countr_zero(asked);
      const std::uint64_t bit = asked & -asked;
      ClassState& c = state(asked);
      if (c.pieces_left > 0) {
        --c.pieces_left;
        ++c.piece;
      } else {
        const std::uint32_t sentinel = entries_[static_cast<std::size_t>(c.entry)].sentinel;
        const std::uint32_t code = next_code(j, static_cast<const ClassState&>(c), sentinel - c.v);
        ++result.codes;
        c.v += code;
        if (code == all_ones_ || c.v == sentinel) {
          again = true;
          if (code == all_ones_) continue;
          if (c.entry == last_entry_) {
            finished |= bit;
          } else {
            ++c.entry;
            c.v = 0;
          }
          continue;
        }
        ++c.v;
        c.piece = 0;
        c.pieces_left = pieces(c.entry) - 1;
      }
      given_ |= bit;
      on_piece(j, static_cast<const ClassState&>(c));
    }
    for (; finished != 0; finished &= finished - 1) {
      ClassState& c = state(finished);
      const auto buffer = static_cast<std::size_t>(c.buffer);
      if (--t.unfinished[buffer] == 0) result.closed = c.buffer;
      if (buffer == t.newest) {
        t.working &= ~(finished & -finished);
      } else {
        begin_chain(c, t.newest);
      }
    }
    result.turn_ends = !again;
    return result;
  }

  /// Passes the turn to the next thread that is not finished; without one the run has ended.
  void end_turn() {
    given_ = 0;
    const std::size_t count = threads_.size();
    for (std::size_t i = 0; i < count; ++i) {
      if (++thread_ == count) thread_ = 0;
      const Thread& t = threads_[thread_];
      if (left_ > 0 || t.unfinished[0] > 0 || t.unfinished[1] > 0) return;
    }
    ended_ = true;
  }

  /// Where the piece stands that class state `c` of this run has been given.
  [[nodiscard]] PiecePlace place(const ClassState& c) const {
    const auto e = static_cast<std::size_t>(c.entry);
    const UnitGeometry& g = geometry_[e];
    const std::uint32_t q = (c.v - 1) * static_cast<std::uint32_t>(g.inputs);
    const auto log2_lanes = static_cast<unsigned>(std::countr_zero(static_cast<unsigned>(g.lanes)));
    const auto piece = static_cast<std::uint32_t>(c.piece);
    PiecePlace p;
    p.offset = static_cast<int>(q & (static_cast<std::uint32_t>(g.lanes) - 1U));
    if (row_) {
      p.row = entries_[e].base + (q >> log2_lanes) + piece;
      p.count = std::min(g.inputs, g.lanes);
    } else {
      p.row = q >> log2_lanes;
      p.count = static_cast<int>(std::min(lanes_, outputs_ - piece * lanes_));
    }
    return p;
  }

 private:
  struct Thread {
    std::size_t newest = 1;
    std::array<std::size_t, 2> unfinished{};  ///< by buffer, classes that have not finished its chain; 0: not open
    std::uint64_t working = 0;                ///< classes at work, a bit each
  };

  /// The state of the lowest class in the set.
  ClassState& state(std::uint64_t set) {
    return classes_[thread_ * class_count_ + static_cast<std::size_t>(std::countr_zero(set))];
  }

  void begin_chain(ClassState& c, std::size_t buffer) const {
    c.v = 0;
    c.entry = first_entry_;
    c.buffer = static_cast<int>(buffer);
  }

  [[nodiscard]] int pieces(int entry) const {
    return row_ ? geometry_[static_cast<std::size_t>(entry)].pieces
                : static_cast<int>((outputs_ + lanes_ - 1) / lanes_);
  }

  bool row_;
  std::span<const ImageEntry> entries_;
  std::span<const UnitGeometry> geometry_;
  std::uint32_t all_ones_;
  std::uint32_t lanes_;
  FormatConfig format_;

  int first_entry_ = 0;  ///< of the run: the sections that each class goes through
  int last_entry_ = 0;
  std::uint32_t outputs_ = 1;  ///< c
  std::uint32_t left_ = 0;     ///< chains not taken yet
  std::size_t class_count_ = 1;
  std::uint64_t all_classes_ = 1;
  std::vector<Thread> threads_;
  std::vector<ClassState> classes_;  ///< by thread, then class
  std::size_t thread_ = 0;           ///< whose turn it is
  std::uint64_t given_ = 0;
  bool ended_ = true;
};

}  // namespace mixvec::inline golden
