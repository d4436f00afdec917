// Reads the header and the task directory of an image, strictly.
#include "golden/format/image_header.hpp"

#include <algorithm>
#include <bit>

#include "golden/base/error.hpp"
#include "golden/format/image_fields.hpp"
#include "golden/format/task_reader.hpp"

namespace mixvec::inline golden {
namespace {

constexpr std::size_t kEntriesAt = kHeaderFields.back().word;

std::uint32_t word_at(std::span<const std::uint8_t> image, std::size_t index) {
  std::uint32_t word = 0;
  for (std::size_t byte = 0; byte < 4; ++byte) word |= std::uint32_t{image[4 * index + byte]} << (8 * byte);
  return word;
}

ImageEntry read_entry(std::span<const std::uint8_t> image, std::size_t e, Direction direction,
                      const FormatConfig& format) {
  const std::uint32_t low = word_at(image, kEntriesAt + kEntryWords * e);
  const std::uint32_t high = word_at(image, kEntriesAt + kEntryWords * e + 1);
  ImageEntry entry;
  entry.length = 1 << kLengthField.of(low);
  entry.base = kBaseField.of(low);
  entry.sentinel = kSentinelField.of(high);
  const std::uint32_t reserved_low = low & ~bits_of_word(kEntryFields, 0);
  const std::uint32_t reserved_high = high & ~bits_of_word(kEntryFields, 1);
  if (reserved_low != 0 || reserved_high != 0) {
    fail_input("image: entry {}: reserved bits are {:#x} and {:#x}, expected 0", e, reserved_low, reserved_high);
  }
  const bool row = direction == Direction::kRow;
  const int longest = row ? format.max_length : std::min(format.max_length, max_column_strip(format));
  // Columns longer than a chain are cut: their entry has the length of the parts.
  const int shortest = std::min(format.min_length, longest);
  if (entry.length < shortest || entry.length > longest) {
    fail_input("image: entry {}: vector length {}, expected {} to {}", e, entry.length, shortest, longest);
  }
  if (!row && entry.base != 0) fail_input("image: entry {}: base {}, expected 0 in a column matrix", e, entry.base);
  return entry;
}

/// Positions up to the entry's last row.
std::uint64_t positions_of(const ImageEntry& entry, const UnitGeometry& g, const FormatConfig& format) {
  const std::uint64_t rows =
      std::uint64_t{entry.sentinel} * static_cast<std::uint64_t>(g.inputs) / static_cast<std::uint64_t>(g.lanes);
  return (entry.base + rows) * static_cast<std::uint64_t>(format.vector_lanes);
}

/// Whole rows, and not more of them than the accelerator holds.
void check_rows(std::size_t e, const ImageEntry& entry, const UnitGeometry& g, const FormatConfig& format) {
  const auto per_row = static_cast<std::uint32_t>(std::max(1, g.lanes / g.inputs));
  if (entry.sentinel == 0 || entry.sentinel % per_row != 0) {
    fail_input("image: entry {}: sentinel {}, expected a positive multiple of {}", e, entry.sentinel, per_row);
  }
  const std::uint64_t positions = positions_of(entry, g, format);
  if (positions > static_cast<std::uint64_t>(format.depth)) {
    fail_input("image: entry {}: {} activation positions, but this accelerator holds {} (depth)", e, positions,
               format.depth);
  }
}

void read_entries(std::span<const std::uint8_t> image, std::size_t count, const FormatConfig& format,
                  ImageHeader& header) {
  int shortest = 1 << 15;
  for (std::size_t e = 0; e < kMaxEntries; ++e) {
    if (e < count) {
      header.entries.push_back(read_entry(image, e, header.direction, format));
      shortest = std::min(shortest, header.entries.back().length);
    } else if (word_at(image, kEntriesAt + kEntryWords * e) != 0 ||
               word_at(image, kEntriesAt + kEntryWords * e + 1) != 0) {
      fail_input("image: unused entry {} is not zero", e);
    }
  }
  const bool row = header.direction == Direction::kRow;
  const int classes = row ? classes_of(shortest, format) : 1;
  if (header.row_classes != classes) {
    fail_input("image: {} classes in word 3, expected {} ({})", header.row_classes, classes,
               row ? fmt::format("the shortest vectors have length {}", shortest) : "a column matrix");
  }
  for (std::size_t e = 0; e < count; ++e) {
    const ImageEntry& entry = header.entries[e];
    const int h = row ? classes : classes_of(entry.length, format);
    header.geometry.push_back(unit_geometry(header.direction, entry.length, h, format));
    check_rows(e, entry, header.geometry.back(), format);
    if (h * header.code_bits > 64) {
      fail_input("image: entry {}: {} classes with codes of {} bits, expected at most 64 bits together", e, h,
                 header.code_bits);
    }
  }
}

void check_zero(std::span<const std::uint8_t> image, std::size_t from, std::size_t to, const char* what) {
  for (std::size_t byte = from; byte < to; ++byte) {
    if (image[byte] != 0) fail_input("image: byte {} of the {}'s padding is not zero", byte, what);
  }
}

/// The tasks of all clusters in order, each beginning where the one before ends at the earliest.
std::vector<TaskPlace> read_directory(std::span<const std::uint8_t> image, std::size_t tasks, std::size_t beat_bytes,
                                      const ImageHeader& header) {
  const std::size_t beats = image.size() / beat_bytes;
  const std::size_t directory = header.header_beats * beat_bytes / 4;
  std::vector<TaskPlace> places(tasks);
  for (std::size_t t = 0; t < tasks; ++t) {
    const std::size_t at = directory + kTaskWords * t;
    places[t].first_beat = word_at(image, at + kFirstBeatField.word);
    places[t].code_beats = word_at(image, at + kCodeBeatsField.word);
  }
  if (places[0].first_beat != header.header_beats + header.directory_beats) {
    fail_input("image: task 0 begins at beat {}, expected {} (behind the directory)", places[0].first_beat,
               header.header_beats + header.directory_beats);
  }
  for (std::size_t t = 0; t < tasks; ++t) {
    const std::size_t end = t + 1 < tasks ? places[t + 1].first_beat : beats;
    const std::size_t code_end = std::size_t{places[t].first_beat} + places[t].code_beats;
    if (places[t].code_beats == 0 || code_end >= end || end > beats) {
      fail_input(
          "image: task {}: {} code beats from beat {} and the next at {} of {}, expected tasks of code and weight "
          "beats that follow one another",
          t, places[t].code_beats, places[t].first_beat, end, beats);
    }
    places[t].weight_beats = static_cast<std::uint32_t>(end - code_end);
  }
  return places;
}

}  // namespace

ImageHeader read_image_header(std::span<const std::uint8_t> image, const FormatConfig& format) {
  check_format(format);
  const auto beat_bytes = static_cast<std::size_t>(format.port_bits) / 8;
  const auto clusters = static_cast<std::size_t>(format.sets / format.assoc);
  const std::size_t words = kHeaderWords + clusters;
  ImageHeader header;
  header.header_beats = (words * 4 + beat_bytes - 1) / beat_bytes;
  if (image.size() % beat_bytes != 0 || image.size() < header.header_beats * beat_bytes) {
    fail_input("image: {} bytes, expected whole beats of {} and at least {} of them", image.size(), beat_bytes,
               header.header_beats);
  }
  if (word_at(image, 0) != kImageMagic) {
    fail_input("image: magic {:#010x}, expected {:#010x} (MVX2)", word_at(image, 0), kImageMagic);
  }
  const std::uint64_t hash = word_at(image, 1) | std::uint64_t{word_at(image, 2)} << 32U;
  if (hash != format.hash) {
    fail_input("image: packed for configuration {:#018x}, but this is configuration {:#018x}; pack it again", hash,
               format.hash);
  }
  const std::uint32_t kind = word_at(image, 3);
  const std::uint32_t count = kEntriesField.of(kind);
  header.index_bits = static_cast<int>(kIndexBitsField.of(kind));
  header.code_bits = static_cast<int>(kCodeBitsField.of(kind));
  header.row_classes = 1 << kRowClassesField.of(kind);
  if ((kind & ~bits_of_word(kHeaderFields, kColumnField.word)) != 0 || count < 1 || count > kMaxEntries ||
      header.index_bits < 1 || header.index_bits > 16 || header.code_bits < 1 || header.code_bits > kMostCodeBits) {
    fail_input(
        "image: word 3 is {:#010x}, expected a direction, 1 to {} entries, 1 to 16 index bits and 1 to {} code bits",
        kind, kMaxEntries, kMostCodeBits);
  }
  header.direction = kColumnField.of(kind) != 0 ? Direction::kColumn : Direction::kRow;
  if (header.direction == Direction::kRow ? !format.rows_allowed : !format.columns_allowed) {
    fail_input("image: {} vectors, which this accelerator does not take", name_of(header.direction));
  }
  read_entries(image, count, format, header);

  const std::size_t tasks = word_at(image, words - 1);
  const std::size_t beats = image.size() / beat_bytes;
  header.directory_beats = (tasks * 8 + beat_bytes - 1) / beat_bytes;
  // Every task has a beat of code at least; so nothing large is made of a damaged count.
  if (tasks == 0 || tasks > beats || header.header_beats + header.directory_beats + tasks > beats) {
    fail_input("image: {} tasks, expected at least one, and a beat for each of them in {} beats", tasks, beats);
  }
  const std::size_t tasks_at = header.header_beats * beat_bytes;
  check_zero(image, words * 4, tasks_at, "header");
  check_zero(image, tasks_at + tasks * 8, tasks_at + header.directory_beats * beat_bytes, "directory");
  const std::vector<TaskPlace> places = read_directory(image, tasks, beat_bytes, header);
  std::size_t begin = word_at(image, kHeaderWords - 1);
  if (begin != 0) fail_input("image: cluster 0 begins with task {}, expected 0", begin);
  for (std::size_t k = 0; k < clusters; ++k) {
    const std::size_t end = word_at(image, kHeaderWords + k);
    if (end < begin || end > tasks) {
      fail_input("image: cluster {} has tasks {} to {} of {}, expected clusters that follow one another", k, begin, end,
                 tasks);
    }
    header.clusters.emplace_back(places.begin() + static_cast<std::ptrdiff_t>(begin),
                                 places.begin() + static_cast<std::ptrdiff_t>(end));
    begin = end;
  }
  return header;
}

void check_positions(const ImageHeader& header, std::size_t positions, const FormatConfig& format) {
  for (std::size_t e = 0; e < header.entries.size(); ++e) {
    const std::uint64_t named = positions_of(header.entries[e], header.geometry[e], format);
    if (header.direction == Direction::kColumn ? named != positions : named > positions) {
      fail_input("image: entry {}: {} activation positions, but in_order has {}", e, named, positions);
    }
  }
}

}  // namespace mixvec::inline golden
