// Decodes the stream of one set, event by event.
#include "golden/chain_reader.hpp"

#include <algorithm>
#include <bit>

#include "golden/error.hpp"

namespace mixvec {

ChainReader::ChainReader(const ImageHeader& header, std::span<const std::uint16_t> stream, const FormatConfig& format,
                         std::string label)
    : header_(header),
      stream_(stream),
      format_(format),
      label_(std::move(label)),
      row_(header.direction == Direction::kRow) {
  for (const ImageEntry& entry : header.entries) {
    geometry_.push_back(unit_geometry(header.direction, entry.length, format));
  }
}

void ChainReader::fail(const char* what) const {
  fail_input("{}: halfword {} of {}: {}; the image is damaged", label_, used_, stream_.size(), what);
}

void ChainReader::refill() {
  while (held_ < kRefillBits) {
    if (used_ == stream_.size()) fail("the stream ends within a chain");
    buffer_ |= static_cast<std::uint64_t>(stream_[used_++]) << held_;
    held_ += 16;
  }
}

std::uint32_t ChainReader::take(int bits) {
  const std::uint64_t value = buffer_ & ((std::uint64_t{1} << bits) - 1U);
  buffer_ >>= bits;
  held_ -= bits;
  return static_cast<std::uint32_t>(value);
}

void ChainReader::check_rest() const {
  const auto beat = static_cast<std::size_t>(format_.port_bits) / 16;
  if (buffer_ != 0 || std::any_of(stream_.begin() + static_cast<std::ptrdiff_t>(used_), stream_.end(),
                                  [](std::uint16_t h) { return h != 0; })) {
    fail("what follows the end of the stream is not zero");
  }
  if (stream_.size() - used_ >= beat) fail("a whole beat follows the end of the stream");
}

void ChainReader::begin_section(int entry) {
  entry_ = entry;
  const auto classes = static_cast<std::size_t>(geometry_[static_cast<std::size_t>(entry)].classes);
  next_.assign(classes, 0);
  open_.assign(classes, 1);
  open_classes_ = static_cast<int>(classes);
  class_ = 0;
  round_units_ = 0;
  state_ = State::kCodes;
}

void ChainReader::read_chain(StreamItem& item) {
  refill();
  const std::uint32_t bits = take(row_ ? 1 : kChainHeaderBits);
  if ((bits & 1U) == 0) {
    if (bits != 0) fail("the end of the stream has other bits set");
    check_rest();
    item.kind = ItemKind::kStreamEnd;
    state_ = State::kDone;
    return;
  }
  item.kind = ItemKind::kChain;
  entry_ = static_cast<int>(bits >> 1U & 7U);
  outputs_ = row_ ? 1 : (bits >> 4U) + 1U;
  if (entry_ >= static_cast<int>(header_.entries.size())) fail("a chain names an entry that is not in use");
  if (!row_ && outputs_ > static_cast<std::uint32_t>(geometry_[static_cast<std::size_t>(entry_)].length)) {
    fail("a strip has more outputs than its vector length");
  }
  outputs_left_ = outputs_;
  state_ = State::kOutputs;
}

void ChainReader::read_output(StreamItem& item) {
  refill();
  const std::uint32_t record = take(header_.index_bits + kBiasBits);
  const auto bits = static_cast<unsigned>(header_.index_bits);
  item.kind = ItemKind::kOutput;
  item.output = record & ((1U << bits) - 1U);
  item.bias = Half{static_cast<std::uint16_t>(record >> bits)};
  if (!is_finite(item.bias) || item.bias.bits == 0x8000U) fail("a bias is -0 or not finite");
  if (--outputs_left_ == 0) begin_section(entry_);
}

void ChainReader::read_code(StreamItem& item) {
  const ImageEntry& entry = header_.entries[static_cast<std::size_t>(entry_)];
  const auto j = static_cast<std::size_t>(class_);
  refill();
  const int ones = std::min(kEscapeOnes, std::countr_one(buffer_));
  std::uint32_t gap = 0;
  if (ones == kEscapeOnes) {
    take(kEscapeOnes);
    gap = take(16);
    if (gap >> entry.rice_k < kEscapeOnes) fail("a code is escaped without need");
  } else {
    take(ones + 1);
    gap = (static_cast<std::uint32_t>(ones) << entry.rice_k) | take(entry.rice_k);
  }
  position_ = next_[j] + gap;
  if (position_ > entry.sentinel) fail("a position is beyond its sentinel");
  next_[j] = position_ + 1;

  item.kind = ItemKind::kCode;
  item.unit_class = class_;
  item.position = position_;
  item.sentinel = position_ == entry.sentinel;
  if (item.sentinel) {
    open_[j] = 0;
    --open_classes_;
    advance_class();
    return;
  }
  const auto lanes = static_cast<std::uint32_t>(format_.vector_lanes);
  ++round_units_;
  substep_ = 0;
  substeps_ = row_ ? geometry_[static_cast<std::size_t>(entry_)].rows_per_unit
                   : static_cast<int>((outputs_ + lanes - 1) / lanes);
  item.substeps = substeps_;
  state_ = State::kUnits;
}

void ChainReader::read_unit(StreamItem& item) {
  const ImageEntry& entry = header_.entries[static_cast<std::size_t>(entry_)];
  const UnitGeometry& g = geometry_[static_cast<std::size_t>(entry_)];
  const int lanes = format_.vector_lanes;
  item.kind = ItemKind::kUnit;
  item.unit_class = class_;
  item.position = position_;
  item.substep = substep_;
  item.substeps = substeps_;
  const auto per_row = static_cast<std::uint32_t>(g.positions_per_row);
  int count = 0;
  if (row_) {
    const auto m = static_cast<std::uint32_t>(substep_);
    const std::uint32_t row_in_section = position_ / per_row * static_cast<std::uint32_t>(g.rows_per_unit) + m;
    item.row = entry.base + row_in_section;
    item.first_lane = class_ * g.lanes + static_cast<int>(position_ % per_row) * std::min(g.length, lanes);
    item.sub_bank = item.first_lane;
    count = std::min(g.length, lanes);
    const std::int64_t before = std::int64_t{row_in_section} * lanes + item.first_lane;
    item.valid_lanes = static_cast<int>(std::clamp<std::int64_t>(std::int64_t{entry.valid} - before, 0, count));
    if (item.valid_lanes == 0 && substep_ == 0) fail("a unit lies beyond the section's valid inputs");
  } else {
    item.row = position_ / per_row;
    item.sub_bank = class_ * g.lanes + static_cast<int>(position_ % per_row);
    item.first_lane = class_ * g.lanes;
    count = std::min(lanes, static_cast<int>(outputs_) - substep_ * lanes);
    item.valid_lanes = count;
  }
  if (stream_.size() - used_ < static_cast<std::size_t>(count)) fail("the stream ends within a unit's weights");
  item.weights = stream_.subspan(used_, static_cast<std::size_t>(count));
  used_ += static_cast<std::size_t>(count);
  for (int i = 0; i < count; ++i) {
    const Half weight{item.weights[static_cast<std::size_t>(i)]};
    if (!is_finite(weight)) fail("a weight is not finite");
    if (i >= item.valid_lanes && weight.bits != 0) fail("a masked lane has a weight");
  }
  if (++substep_ == substeps_) advance_class();
}

void ChainReader::advance_class() {
  const auto classes = static_cast<int>(open_.size());
  do {
    ++class_;
  } while (class_ < classes && open_[static_cast<std::size_t>(class_)] == 0);
  state_ = class_ == classes ? State::kRoundEnd : State::kCodes;
}

bool ChainReader::next(StreamItem& item) {
  if (state_ == State::kDone) return false;
  const State state = state_;
  if (state == State::kHeader) {
    read_chain(item);
  } else if (state == State::kOutputs) {
    read_output(item);
  }
  item.entry = entry_;
  item.outputs = outputs_;
  switch (state) {
    case State::kCodes:
      read_code(item);
      break;
    case State::kUnits:
      read_unit(item);
      break;
    case State::kRoundEnd:
      item.kind = ItemKind::kRoundEnd;
      item.units = round_units_;
      round_units_ = 0;
      if (open_classes_ == 0) {
        state_ = State::kSectionEnd;
      } else {
        class_ = -1;
        advance_class();
      }
      break;
    case State::kSectionEnd:
      item.kind = ItemKind::kSectionEnd;
      if (row_ && entry_ + 1 < static_cast<int>(header_.entries.size())) {
        begin_section(entry_ + 1);
      } else {
        state_ = State::kChainEnd;
      }
      break;
    case State::kChainEnd:
      item.kind = ItemKind::kChainEnd;
      state_ = State::kHeader;
      break;
    default:
      break;
  }
  return true;
}

}  // namespace mixvec
