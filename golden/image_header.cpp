// Reads the header of an image, strictly, and deals its beats to the sets.
#include <algorithm>
#include <bit>

#include "golden/chain_reader.hpp"
#include "golden/error.hpp"

namespace mixvec {
namespace {

std::uint32_t word_at(std::span<const std::uint8_t> image, std::size_t index) {
  std::uint32_t word = 0;
  for (std::size_t byte = 0; byte < 4; ++byte) word |= std::uint32_t{image[4 * index + byte]} << (8 * byte);
  return word;
}

ImageEntry read_entry(std::span<const std::uint8_t> image, std::size_t e, Direction direction,
                      const FormatConfig& format) {
  const std::uint32_t low = word_at(image, 4 + 2 * e);
  const std::uint32_t high = word_at(image, 5 + 2 * e);
  ImageEntry entry;
  entry.length = 1 << (low & 0xFU);
  entry.rice_k = static_cast<int>(low >> 4U & 0xFU);
  entry.base = low >> 16U;
  entry.sentinel = high & 0xFFFFU;
  entry.valid = high >> 16U;
  if ((low & 0xFF00U) != 0) fail_input("image: entry {}: reserved bits are {:#x}, expected 0", e, low & 0xFF00U);
  const int longest =
      direction == Direction::kRow ? format.max_length : std::min(format.max_length, max_column_strip(format));
  if (entry.length < format.min_length || entry.length > longest) {
    fail_input("image: entry {}: vector length {}, expected {} to {}", e, entry.length, format.min_length, longest);
  }
  const UnitGeometry g = unit_geometry(direction, entry.length, format);
  const auto lanes = static_cast<std::uint64_t>(format.vector_lanes);
  std::uint64_t rows = 0;
  if (direction == Direction::kColumn) {
    if (entry.base != 0 || entry.valid != 0) {
      fail_input("image: entry {}: base {} and valid inputs {}, expected 0 in a column matrix", e, entry.base,
                 entry.valid);
    }
    if (entry.sentinel == 0 || entry.sentinel % static_cast<std::uint32_t>(g.positions_per_row) != 0) {
      fail_input("image: entry {}: sentinel {}, expected a positive multiple of {}", e, entry.sentinel,
                 g.positions_per_row);
    }
    rows = entry.sentinel / static_cast<std::uint32_t>(g.positions_per_row);
  } else {
    const std::uint64_t quantum = lanes * static_cast<std::uint64_t>(g.rows_per_unit);
    const std::uint64_t units = (entry.valid + quantum - 1) / quantum;
    if (entry.valid == 0 || entry.sentinel != units * static_cast<std::uint64_t>(g.positions_per_row)) {
      fail_input("image: entry {}: sentinel {} does not follow from {} valid inputs", e, entry.sentinel, entry.valid);
    }
    rows = entry.base + units * static_cast<std::uint64_t>(g.rows_per_unit);
  }
  if (rows * lanes > static_cast<std::uint64_t>(format.depth)) {
    fail_input("image: entry {}: {} activation positions, but this accelerator holds {} (depth)", e, rows * lanes,
               format.depth);
  }
  return entry;
}

}  // namespace

ImageHeader read_image_header(std::span<const std::uint8_t> image, const FormatConfig& format) {
  check_format(format);
  const auto beat_bytes = static_cast<std::size_t>(format.port_bits) / 8;
  const std::size_t words = kHeaderWords + static_cast<std::size_t>(format.sets);
  ImageHeader header;
  header.header_beats = (words * 4 + beat_bytes - 1) / beat_bytes;
  if (image.size() % beat_bytes != 0 || image.size() < header.header_beats * beat_bytes) {
    fail_input("image: {} bytes, expected whole beats of {} and at least {} of them", image.size(), beat_bytes,
               header.header_beats);
  }
  if (word_at(image, 0) != kImageMagic) {
    fail_input("image: magic {:#010x}, expected {:#010x} (MVX1)", word_at(image, 0), kImageMagic);
  }
  const std::uint64_t hash = word_at(image, 1) | std::uint64_t{word_at(image, 2)} << 32U;
  if (hash != format.hash) {
    fail_input("image: packed for configuration {:#018x}, but this is configuration {:#018x}; pack it again", hash,
               format.hash);
  }
  const std::uint32_t kind = word_at(image, 3);
  const std::uint32_t count = kind >> 4U & 0xFU;
  header.index_bits = static_cast<int>(kind >> 8U & 0x1FU);
  if ((kind & ~0x1FF1U) != 0 || count < 1 || count > kMaxEntries || header.index_bits < 1 || header.index_bits > 16) {
    fail_input("image: word 3 is {:#010x}, expected a direction, 1 to {} entries and 1 to 16 index bits", kind,
               kMaxEntries);
  }
  header.direction = (kind & 1U) != 0 ? Direction::kColumn : Direction::kRow;
  if (header.direction == Direction::kRow ? !format.rows_allowed : !format.columns_allowed) {
    fail_input("image: {} vectors, which this accelerator does not take", name_of(header.direction));
  }
  for (std::size_t e = 0; e < kMaxEntries; ++e) {
    if (e < count) {
      header.entries.push_back(read_entry(image, e, header.direction, format));
    } else if (word_at(image, 4 + 2 * e) != 0 || word_at(image, 5 + 2 * e) != 0) {
      fail_input("image: unused entry {} is not zero", e);
    }
  }
  std::uint64_t beats = header.header_beats;
  for (std::size_t s = 0; s < static_cast<std::size_t>(format.sets); ++s) {
    header.set_beats.push_back(word_at(image, kHeaderWords + s));
    if (header.set_beats.back() == 0) fail_input("image: set {} has no beats, expected at least one", s);
    beats += header.set_beats.back();
  }
  for (std::size_t byte = words * 4; byte < header.header_beats * beat_bytes; ++byte) {
    if (image[byte] != 0) fail_input("image: byte {} of the header's padding is not zero", byte);
  }
  if (beats != image.size() / beat_bytes) {
    fail_input("image: {} beats, but the header announces {}", image.size() / beat_bytes, beats);
  }
  return header;
}

std::vector<std::vector<std::uint16_t>> split_sets(std::span<const std::uint8_t> image, const ImageHeader& header,
                                                   const FormatConfig& format) {
  const auto beat_bytes = static_cast<std::size_t>(format.port_bits) / 8;
  std::vector<std::vector<std::uint16_t>> sets(header.set_beats.size());
  for (std::size_t s = 0; s < sets.size(); ++s) sets[s].reserve(header.set_beats[s] * (beat_bytes / 2));
  const std::uint64_t rounds = *std::max_element(header.set_beats.begin(), header.set_beats.end());
  // As the hardware does it: per set an accumulator that rises by its beats and wraps at the longest set's.
  std::vector<std::uint64_t> phase(sets.size(), 0);
  std::size_t at = header.header_beats * beat_bytes;
  for (std::uint64_t r = 0; r < rounds; ++r) {
    for (std::size_t s = 0; s < sets.size(); ++s) {
      const bool mine = phase[s] < header.set_beats[s];
      phase[s] += header.set_beats[s];
      if (phase[s] >= rounds) phase[s] -= rounds;
      if (!mine) continue;
      for (std::size_t i = 0; i < beat_bytes; i += 2) {
        sets[s].push_back(static_cast<std::uint16_t>(image[at + i] | image[at + i + 1] << 8U));
      }
      at += beat_bytes;
    }
  }
  return sets;
}

}  // namespace mixvec
