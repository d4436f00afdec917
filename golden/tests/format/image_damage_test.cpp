// No damage to an image goes unnoticed, and none crashes.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "golden/base/error.hpp"
#include "golden/execute/executor.hpp"
#include "golden/format/image_header.hpp"
#include "golden/format/packed_layout.hpp"
#include "golden/format/task_reader.hpp"
#include "golden/format/unpack.hpp"
#include "golden/tests/format/packing_cases.hpp"

namespace mixvec::inline golden {
namespace {

/// What an image says beside weights and biases: which cluster has which tasks, and the vector length of every run.
std::string structure(std::span<const std::uint8_t> image, const FormatConfig& format) {
  const ImageHeader header = read_image_header(image, format);
  std::string text;
  for (const auto& tasks : header.clusters) {
    text += "cluster";
    for (const TaskPlace& place : tasks) {
      text += " task";
      TaskReader reader(header, image, place, format, "image");
      DecodeCycle cycle;
      while (reader.next(cycle)) {
        if (cycle.kind != CycleKind::kRun) continue;
        text += fmt::format(" {}:{}", cycle.entry, header.entries[static_cast<std::size_t>(cycle.entry)].length);
      }
    }
  }
  return text;
}

// A damaged image either is refused or shows in what it decodes to: nothing is silently ignored, nothing crashes.
TEST(ImageDamage, NoFlippedBitGoesUnnoticed) {
  Random random(77);
  std::size_t refused = 0;
  std::size_t changed = 0;
  std::size_t renamed = 0;
  for (const FormatConfig& format : small_formats()) {
    for (const Direction direction : {Direction::kRow, Direction::kColumn}) {
      SyntheticSpec spec;
      spec.out = 29;
      spec.in = 43;
      spec.direction = direction;
      spec.lengths = {1, 4, 8};
      spec.seed = static_cast<std::uint64_t>(format.vector_lanes) + 100 * static_cast<std::uint64_t>(format.full_rate);
      const PrunedMatrix matrix = make_synthetic(spec);
      const PackedMatrix packed = pack(matrix, deal_in_turn(matrix, format), format);
      for (int trial = 0; trial < 500; ++trial) {
        std::vector<std::uint8_t> image = packed.image;
        const std::uint32_t bit = random.below(static_cast<std::uint32_t>(image.size() * 8));
        image[bit / 8] = static_cast<std::uint8_t>(image[bit / 8] ^ 1U << bit % 8);
        try {
          require_equal(unpack(image, format, matrix.out, matrix.in, packed.in_order), matrix);
          // Two lengths may lie on the lanes alike, and any cluster may have a task.
          EXPECT_NE(structure(packed.image, format), structure(image, format))
              << "bit " << bit << " has no effect, Lv " << format.vector_lanes << " F " << format.full_rate;
          ++renamed;
        } catch (const InputError& error) {
          (std::string(error.what()).starts_with("image") ? refused : changed) += 1;
        }
      }
    }
  }
  EXPECT_GT(refused, 1000U);
  EXPECT_GT(changed, 1000U);
  EXPECT_LT(renamed, 20U);
}

// Memory is asked for on the word of the shape.
TEST(ImageDamage, ShapeThatTheImageCannotHoldIsRefused) {
  const FormatConfig format = small_formats().back();
  SyntheticSpec spec;
  spec.out = 29;
  spec.in = 43;
  const PrunedMatrix matrix = make_synthetic(spec);
  PackedMatrix packed = pack(matrix, deal_in_turn(matrix, format), format);
  constexpr std::size_t kMostOutputs = 65536;
  std::uint8_t& byte = packed.image[4 * static_cast<std::size_t>(kIndexBitsField.word) + 1];
  byte = static_cast<std::uint8_t>((byte & ~0x1FU) | 16U);  // index_bits: bits 8 to 12
  try {
    unpack(packed.image, format, kMostOutputs, matrix.in, packed.in_order);
    ADD_FAILURE() << "not refused";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("each of 65536 outputs"), std::string::npos) << error.what();
  }
}

TEST(ImageDamage, ArbitraryBytesNeverCrash) {
  Random random(78);
  const std::vector<FormatConfig> formats = small_formats();
  std::size_t refused = 0;
  for (int trial = 0; trial < 20000; ++trial) {
    const FormatConfig& format = formats[random.below(static_cast<std::uint32_t>(formats.size()))];
    SyntheticSpec spec;
    spec.out = 1 + random.below(20);
    spec.in = 1 + random.below(30);
    spec.direction = trial % 2 == 0 ? Direction::kRow : Direction::kColumn;
    spec.lengths = {1 << random.below(6)};
    spec.seed = static_cast<std::uint64_t>(trial);
    const PrunedMatrix matrix = make_synthetic(spec);
    const PackedMatrix packed = pack(matrix, deal_in_turn(matrix, format), format);
    std::vector<std::uint8_t> image = packed.image;
    const std::uint32_t mode = random.below(5);
    if (mode == 0) {
      image.resize(random.below(static_cast<std::uint32_t>(image.size())));
    } else if (mode == 1) {
      for (std::uint32_t n = random.below(40); n > 0; --n) {
        image[random.below(static_cast<std::uint32_t>(image.size()))] = static_cast<std::uint8_t>(random.next());
      }
    } else if (mode == 2) {
      // Everything behind the header is noise.
      const auto words = kHeaderWords + static_cast<std::size_t>(format.sets / format.assoc);
      for (std::size_t i = words * 4; i < image.size(); ++i) image[i] = static_cast<std::uint8_t>(random.next());
    } else if (mode == 3) {
      // The tasks' codes and weights are noise, the header and the directory are whole.
      const ImageHeader header = read_image_header(image, format);
      const std::size_t first = header.clusters[0][0].first_beat * static_cast<std::size_t>(format.port_bits) / 8;
      for (std::size_t i = first; i < image.size(); ++i) {
        if (random.below(8) == 0) image[i] = static_cast<std::uint8_t>(random.next());
      }
    } else {
      // Plausible entries: only words 3 to 19 are noise.
      for (std::size_t i = 12; i < 80; ++i) {
        if (random.below(4) == 0) image[i] = static_cast<std::uint8_t>(random.next() & random.next());
      }
    }
    const std::vector<Half> x(matrix.in);
    try {
      unpack(image, format, matrix.out, matrix.in, packed.in_order);
    } catch (const InputError&) {
      ++refused;
    }
    try {
      execute(image, format, matrix.out, matrix.in, packed.in_order, x, 1, 1);
    } catch (const InputError&) {
    }
  }
  EXPECT_GT(refused, 15000U);
}

}  // namespace
}  // namespace mixvec::inline golden
