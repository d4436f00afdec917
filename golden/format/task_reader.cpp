// Decodes a task, cycle by cycle.
#include "golden/format/task_reader.hpp"

#include <algorithm>

#include "golden/base/error.hpp"
#include "golden/format/image_header.hpp"

namespace mixvec::inline golden {
namespace {

bool all_finite(const std::uint16_t* weight, std::size_t count) {
  bool finite = true;
  for (std::size_t i = 0; i < count; ++i) finite &= (weight[i] & 0x7C00U) != 0x7C00U;
  return finite;
}

}  // namespace

TaskReader::TaskReader(const ImageHeader& header, std::span<const std::uint8_t> image, const TaskPlace& place,
                       const FormatConfig& format, std::string label)
    : header_(header),
      label_(std::move(label)),
      beat_bits_(static_cast<std::size_t>(format.port_bits)),
      sequencer_(header.direction, header.entries, header.geometry, header.code_bits, format),
      most_outputs_(static_cast<std::uint32_t>(max_column_strip(format))) {
  const std::size_t beat_bytes = beat_bits_ / 8;
  const std::size_t first = place.first_beat * beat_bytes;
  const std::size_t code_bytes = place.code_beats * beat_bytes;
  const std::size_t weight_bytes = place.weight_beats * beat_bytes;
  if (first + code_bytes + weight_bytes > image.size()) fail("the task lies beyond the image's end");
  code_.assign(code_bytes / 8 + 1, 0);
  for (std::size_t i = 0; i < code_bytes; ++i) code_[i / 8] |= std::uint64_t{image[first + i]} << (i % 8 * 8);
  weights_.resize(weight_bytes / 2);
  const std::uint8_t* byte = image.data() + first + code_bytes;
  for (std::size_t i = 0; i < weights_.size(); ++i) {
    weights_[i] = static_cast<std::uint16_t>(byte[2 * i] | byte[2 * i + 1] << 8U);
  }
}

void TaskReader::fail(const char* what) const {
  fail_input("{}: code bit {}, weight {}: {}; the image is damaged", label_, code_used_, weights_used_, what);
}

std::uint32_t TaskReader::take_bits(int count) {
  const auto bits = static_cast<unsigned>(count);
  if (code_used_ + bits > (code_.size() - 1) * 64) fail("the code ends within a run");
  const std::size_t word = code_used_ / 64;
  const auto shift = static_cast<unsigned>(code_used_ % 64);
  // Shifted in two goes: a shift by 64 would be undefined.
  const std::uint64_t window = code_[word] >> shift | code_[word + 1] << 1U << (63U - shift);
  code_used_ += bits;
  return static_cast<std::uint32_t>(window & ((std::uint64_t{1} << bits) - 1U));
}

void TaskReader::check_rests() const {
  const auto zero = [](auto value) { return value == 0; };
  const std::size_t word = code_used_ / 64;
  if (code_[word] >> code_used_ % 64 != 0 ||
      !std::all_of(code_.begin() + static_cast<std::ptrdiff_t>(word) + 1, code_.end(), zero)) {
    fail("what follows the end of the code is not zero");
  }
  if ((code_.size() - 1) * 64 - code_used_ >= beat_bits_) fail("a whole beat follows the end of the code");
  if (!std::all_of(weights_.begin() + static_cast<std::ptrdiff_t>(weights_used_), weights_.end(), zero)) {
    fail("what follows the last weight is not zero");
  }
  // There is one beat at least.
  const std::size_t rest = (weights_.size() - weights_used_) * 16;
  if (weights_used_ == 0 ? rest != beat_bits_ : rest >= beat_bits_) fail("a whole beat follows the last weight");
}

void TaskReader::read_run(DecodeCycle& cycle) {
  cycle.bits = kRunHeaderBits;
  const std::uint32_t bits = take_bits(kRunHeaderBits);
  if (kRunFollowsField.of(bits) == 0) {
    if (bits != 0) fail("the end of the task has other bits set");
    if (!any_run_) fail("the task has no run");
    check_rests();
    cycle.kind = CycleKind::kTaskEnd;
    done_ = true;
    return;
  }
  cycle.kind = CycleKind::kRun;
  any_run_ = true;
  entry_ = static_cast<int>(kRunEntryField.of(bits));
  outputs_ = kRunOutputsField.of(bits) + 1U;
  cycle.chains = kRunChainsField.of(bits) + 1U;
  if (entry_ >= static_cast<int>(header_.entries.size())) fail("a run names an entry that is not in use");
  if (header_.direction == Direction::kRow) {
    if (entry_ != 0 || outputs_ != 1) fail("a run of rows has an entry or several outputs");
  } else {
    const auto length = static_cast<std::uint32_t>(header_.entries[static_cast<std::size_t>(entry_)].length);
    if (outputs_ > std::min(length, most_outputs_)) fail("a strip has more outputs than its vector length");
  }
  sequencer_.begin_run(entry_, outputs_, cycle.chains);
}

void TaskReader::read_record(DecodeCycle& cycle) {
  if (records_ == 0) taken_buffer_ = sequencer_.take();
  cycle.kind = CycleKind::kRecord;
  cycle.bits = header_.index_bits + kBiasBits;
  cycle.buffer = taken_buffer_;
  cycle.record = records_;
  cycle.output = take_bits(header_.index_bits);
  cycle.bias = Half{static_cast<std::uint16_t>(take_bits(kBiasBits))};
  if (!is_finite(cycle.bias) || cycle.bias.bits == 0x8000U) fail("a bias is -0 or not finite");
  if (++records_ == outputs_) records_ = 0;
}

void TaskReader::read_codes(DecodeCycle& cycle) {
  using ClassState = TurnSequencer::ClassState;
  cycle.kind = CycleKind::kRead;
  const auto next_code = [&](int, const ClassState&, std::uint32_t most) {
    const std::uint32_t code = take_bits(header_.code_bits);
    if (code > most) fail("a position is beyond its sentinel");
    return code;
  };
  const auto on_piece = [&](int j, const ClassState& c) {
    const PiecePlace place = sequencer_.place(c);
    UnitPiece& piece = turn_[static_cast<std::size_t>(j)];
    piece.unit_class = j;
    piece.buffer = c.buffer;
    piece.piece = c.piece;
    piece.entry = c.entry;
    piece.position = c.v - 1;
    piece.row = place.row;
    piece.offset = place.offset;
    piece.count = place.count;
    cycle.read.push_back(piece);
  };
  const TurnSequencer::Read read = sequencer_.read(next_code, on_piece);
  cycle.codes = read.codes;
  cycle.bits = read.codes * header_.code_bits;
  cycle.closed = read.closed;
  if (read.turn_ends) end_turn(cycle);
}

void TaskReader::end_turn(DecodeCycle& cycle) {
  cycle.turn_ends = true;
  const std::uint16_t* const first = weights_.data() + weights_used_;
  for (std::uint64_t given = sequencer_.given(); given != 0; given &= given - 1) {
    UnitPiece& piece = turn_[static_cast<std::size_t>(std::countr_zero(given))];
    const auto count = static_cast<std::size_t>(piece.count);
    if (weights_.size() - weights_used_ < count) fail("the weights end within a step");
    cycle.step.push_back(piece);
    cycle.step.back().weights = std::span<const std::uint16_t>(weights_).subspan(weights_used_, count);
    weights_used_ += count;
    cycle.weights += count;
  }
  if (!all_finite(first, cycle.weights)) fail("a weight is not finite");
  sequencer_.end_turn();
}

bool TaskReader::next(DecodeCycle& cycle) {
  if (done_) return false;
  cycle.bits = 0;
  cycle.codes = 0;
  cycle.closed = -1;
  cycle.turn_ends = false;
  cycle.weights = 0;
  cycle.read.clear();
  cycle.step.clear();
  if (records_ > 0) {
    cycle.thread = sequencer_.thread();
    read_record(cycle);
  } else if (sequencer_.run_ended()) {
    read_run(cycle);
  } else {
    cycle.thread = sequencer_.thread();
    switch (sequencer_.rule()) {
      case TurnSequencer::Rule::kTake:
        read_record(cycle);
        break;
      case TurnSequencer::Rule::kRead:
        read_codes(cycle);
        break;
      case TurnSequencer::Rule::kTurnEnd:
        cycle.kind = CycleKind::kTurnEnd;
        end_turn(cycle);
        break;
    }
  }
  cycle.entry = entry_;
  cycle.outputs = outputs_;
  return true;
}

}  // namespace mixvec::inline golden
