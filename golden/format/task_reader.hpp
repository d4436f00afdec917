// Reads an image in the order the hardware decodes it: the image header, the task directory, and a task's decode
// cycles.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "golden/format/image_header.hpp"
#include "golden/format/packed_image.hpp"
#include "golden/format/turn_sequencer.hpp"

namespace mixvec::inline golden {

/// One piece of a unit: what a class contributes to one step.
struct UnitPiece {
  int unit_class = 0;  ///< j
  int buffer = 0;      ///< of the chain within its thread
  int piece = 0;       ///< column with c > Lv: also the accumulator row
  int entry = 0;
  std::uint32_t position = 0;              ///< v
  std::uint32_t row = 0;                   ///< activation row
  int offset = 0;                          ///< first input within the row in class coordinates: q mod w
  int count = 0;                           ///< weights: outputs (column) or inputs (row)
  std::span<const std::uint16_t> weights;  ///< set when the turn ends
};

enum class CycleKind : std::uint8_t {
  kRun,      ///< a run's header
  kRecord,   ///< one output record; the first one of a chain takes the chain
  kRead,     ///< classes read codes or go on with pieces; may end the turn
  kTurnEnd,  ///< a turn ends without reading anything
  kTaskEnd,  ///< the zero header
};

/// One decode cycle: all that the hardware reads from the code stream in one cycle.
struct DecodeCycle {
  CycleKind kind = CycleKind::kTaskEnd;
  int bits = 0;  ///< read from the code stream

  int entry = 0;              ///< kRun and all that follows in the run: its entry (row: 0)
  std::uint32_t outputs = 1;  ///< kRun and all that follows: c
  std::uint32_t chains = 0;   ///< kRun
  int thread = 0;             ///< kRecord, kRead, kTurnEnd
  int buffer = 0;             ///< kRecord: of the chain taken
  std::uint32_t record = 0;   ///< kRecord: its number within the chain
  std::uint32_t output = 0;   ///< kRecord
  Half bias;                  ///< kRecord

  std::vector<UnitPiece> read;  ///< kRead: pieces that classes got in this cycle, class ascending
  int codes = 0;                ///< kRead: codes read
  int closed = -1;              ///< kRead: the buffer that was closed, or -1

  bool turn_ends = false;       ///< kRead, kTurnEnd
  std::vector<UnitPiece> step;  ///< turn_ends: all pieces of the turn, class ascending, with their weights
  std::size_t weights = 0;      ///< turn_ends: halfwords of the step's weights
};

/// The decode cycles of one task.
class TaskReader {
 public:
  /// `header` and `image` must outlive the reader; `label` is named in errors.
  TaskReader(const ImageHeader& header, std::span<const std::uint8_t> image, const TaskPlace& place,
             const FormatConfig& format, std::string label);

  /// The next cycle; false after kTaskEnd was delivered. Throws InputError on damage: truncation, a run of an unknown
  /// entry or with too many outputs, a position beyond its sentinel, a bias or weight that is not finite, a bias of -0,
  /// and rests that are not zero.
  bool next(DecodeCycle& cycle);

 private:
  [[noreturn]] void fail(const char* what) const;
  std::uint32_t take_bits(int count);
  void read_run(DecodeCycle& cycle);
  void read_record(DecodeCycle& cycle);
  void read_codes(DecodeCycle& cycle);
  void end_turn(DecodeCycle& cycle);
  void check_rests() const;

  const ImageHeader& header_;
  std::string label_;
  std::size_t beat_bits_;
  std::vector<std::uint64_t> code_;     ///< with a word of zeros behind it
  std::vector<std::uint16_t> weights_;  ///< of the whole task
  std::size_t code_used_ = 0;           ///< bits
  std::size_t weights_used_ = 0;        ///< halfwords
  TurnSequencer sequencer_;
  std::uint32_t most_outputs_;  ///< of any column chain
  bool any_run_ = false;
  bool done_ = false;

  int entry_ = 0;                   ///< of the run
  std::uint32_t outputs_ = 1;       ///< c of the run
  std::uint32_t records_ = 0;       ///< of the chain being taken, read so far; 0: none is being taken
  int taken_buffer_ = 0;            ///< of that chain
  std::array<UnitPiece, 64> turn_;  ///< by class, the pieces of the turn
};

}  // namespace mixvec::inline golden
