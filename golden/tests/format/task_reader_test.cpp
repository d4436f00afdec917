// The reader's cycles are those of the document: by hand on small tasks, and by a second decoder on many.
#include "golden/format/task_reader.hpp"

#include <gtest/gtest.h>

#include "golden/base/error.hpp"
#include "golden/format/bit_stream.hpp"
#include "golden/format/image_header.hpp"
#include "golden/format/packed_layout.hpp"
#include "golden/tests/format/literal_decoder.hpp"
#include "golden/tests/format/packing_cases.hpp"

namespace mixvec::inline golden {
namespace {

std::vector<std::string> read_cycles(const ImageHeader& header, std::span<const std::uint8_t> image,
                                     const TaskPlace& place, const FormatConfig& format) {
  TaskReader reader(header, image, place, format, "task");
  std::vector<std::string> cycles;
  DecodeCycle cycle;
  while (reader.next(cycle)) cycles.push_back(describe(cycle));
  EXPECT_FALSE(reader.next(cycle));
  return cycles;
}

// Two chains of one output through the two buffers of one thread, two classes of four positions, codes of two bits.
TEST(TaskReader, HandsChainsOverWithinATurn) {
  FormatConfig format;
  format.sets = format.substeps = 1;
  format.drains = 1;
  ImageHeader header;
  header.direction = Direction::kColumn;
  header.index_bits = 1;
  header.code_bits = 2;
  header.entries = {{4, 0, 4}};
  header.geometry = {unit_geometry(Direction::kColumn, 4, 2, format)};
  BitWriter code;
  code.put(1U | 1U << 10U, kRunHeaderBits);  // entry 0, c = 1, two chains
  code.put(0U | 0x3C00U << 1U, 17);          // chain A: output 0
  for (const std::uint32_t value : {0, 3, 1}) code.put(value, 2);
  code.put(1U | 0x4000U << 1U, 17);  // chain B: output 1
  for (const std::uint32_t value : {2, 3, 1, 0, 0, 3, 0}) code.put(value, 2);
  code.put(0, kRunHeaderBits);
  std::vector<std::uint8_t> image(128, 0);
  for (std::size_t i = 0; i < (code.size() + 7) / 8; ++i) {
    image[i] = static_cast<std::uint8_t>(code.words()[i / 8] >> (i % 8 * 8));
  }
  for (std::size_t i = 0; i < 3; ++i) image[64 + 2 * i] = static_cast<std::uint8_t>(0xA0 + i);
  // The unit of chain A and that of chain B in the first step.
  const std::string first = " [0 b0 e0 v0.0 row 0+0 x1]";
  const std::string last = " [1 b1 e0 v2.0 row 0+2 x1]";
  const std::vector<std::string> expected = {
      "run e0 c1 chains 2 bits 26",
      "t0 b0 record 0 output 0 bias 3c00 bits 17",
      "t0 read 2 codes 4 bits [0 b0 e0 v0.0 row 0+0 x1]",
      "t0 read 1 codes 2 bits",
      "t0 b1 record 0 output 1 bias 4000 bits 17",
      "t0 read 1 codes 2 bits" + last + " step of 2:" + first + " a0" + last + " a1",
      "t0 read 2 codes 4 bits",
      "t0 read 1 codes 2 bits closed b0",
      "t0 read 1 codes 2 bits [0 b1 e0 v0.0 row 0+0 x1] step of 1: [0 b1 e0 v0.0 row 0+0 x1] a2",
      "t0 read 1 codes 2 bits",
      "t0 read 1 codes 2 bits closed b1",
      "t0 nothing 0 bits step of 0:",
      "end bits 26"};
  EXPECT_EQ(read_cycles(header, image, {0, 1, 1}, format), expected);
  EXPECT_EQ(LiteralDecoder(header, image, {0, 1, 1}, format).cycles(), expected);
}

// From a matrix: one strip of four outputs, so that the second thread never gets a chain.
TEST(TaskReader, DeliversTheCyclesOfAHandMadeColumn) {
  FormatConfig format;
  format.sets = 1;
  format.drains = 1;
  PrunedMatrix matrix{"hand", 4, 8, std::vector<Half>(32), std::vector<std::uint8_t>(32), {}, {}};
  matrix.pattern = {Direction::kColumn, {{4, {3, 2, 1, 0}}}};
  for (const std::size_t i : {0, 1, 6}) {
    for (std::size_t o = 0; o < 4; ++o) {
      matrix.mask[o * 8 + i] = 1;
      matrix.weight[o * 8 + i] = Half{static_cast<std::uint16_t>(0x3C00 + 16 * o + i)};
    }
  }
  const PackedMatrix packed = pack(matrix, deal_in_turn(matrix, format), format);
  const ImageHeader header = read_image_header(packed.image, format);
  ASSERT_EQ(header.clusters.size(), 1U);
  ASSERT_EQ(header.clusters[0].size(), 1U);
  // Even inputs are class 0. No code is short enough to keep up with two steps; three bits are read in three cycles.
  EXPECT_EQ(header.code_bits, 3);
  const std::string even = " [0 b0 e0 v0.0 row 0+0 x4]";
  const std::string odd = " [1 b0 e0 v0.0 row 0+0 x4]";
  const std::vector<std::string> expected = {
      "run e0 c4 chains 1 bits 26",
      "t0 b0 record 0 output 3 bias 0 bits 18",
      "t0 b0 record 1 output 2 bias 0 bits 18",
      "t0 b0 record 2 output 1 bias 0 bits 18",
      "t0 b0 record 3 output 0 bias 0 bits 18",
      "t0 read 2 codes 6 bits" + even + odd + " step of 8:" + even + " 3c30 3c20 3c10 3c00" + odd +
          " 3c31 3c21 3c11 3c01",
      "t0 read 2 codes 6 bits [0 b0 e0 v3.0 row 0+3 x4]",
      "t0 nothing 0 bits step of 4: [0 b0 e0 v3.0 row 0+3 x4] 3c36 3c26 3c16 3c06",
      "t0 read 1 codes 3 bits closed b0",
      "t0 nothing 0 bits step of 0:",
      "end bits 26"};
  EXPECT_EQ(read_cycles(header, packed.image, header.clusters[0][0], format), expected);
}

TEST(TaskReader, EqualsTheDocumentReadWordByWord) {
  std::size_t cycles = 0;
  std::size_t handed_over = 0;  // chains taken within a turn that had read before
  std::size_t index = 0;
  for (const FormatConfig& format : small_formats()) {
    for (const SyntheticSpec& spec : edge_specs()) {
      ++index;
      const PrunedMatrix matrix = make_synthetic(spec);
      const Schedule schedule = index % 2 == 0 ? deal_in_turn(matrix, format) : random_schedule(matrix, format, index);
      const PackedMatrix packed = pack(matrix, schedule, format);
      const ImageHeader header = read_image_header(packed.image, format);
      for (const auto& tasks : header.clusters) {
        for (const TaskPlace& place : tasks) {
          const std::vector<std::string> found = read_cycles(header, packed.image, place, format);
          const std::vector<std::string> expected = LiteralDecoder(header, packed.image, place, format).cycles();
          ASSERT_EQ(found, expected) << spec.name << " Lv " << format.vector_lanes << " F " << format.full_rate;
          cycles += found.size();
          for (std::size_t i = 1; i < found.size(); ++i) {
            // Within a turn: the cycle before has read something and not ended it.
            handed_over += found[i].find(" record 0 ") != std::string::npos &&
                           found[i - 1].find(" read ") != std::string::npos &&
                           found[i - 1].find("step") == std::string::npos;
          }
        }
      }
    }
  }
  EXPECT_GT(cycles, 500000U);
  EXPECT_GT(handed_over, 1000U);
}

TEST(TaskReader, CountsWhatItReads) {
  const FormatConfig format;
  SyntheticSpec spec;
  spec.lengths = {4, 16};
  spec.out = spec.in = 128;
  for (const Direction direction : {Direction::kRow, Direction::kColumn}) {
    spec.direction = direction;
    const PrunedMatrix matrix = make_synthetic(spec);
    const PackedMatrix packed = pack(matrix, deal_in_turn(matrix, format), format);
    const ImageHeader header = read_image_header(packed.image, format);
    std::uint64_t codes = 0;
    std::uint64_t bits = 0;
    std::uint64_t weights = 0;
    for (const auto& tasks : header.clusters) {
      for (const TaskPlace& place : tasks) {
        TaskReader reader(header, packed.image, place, format, "task");
        DecodeCycle cycle;
        while (reader.next(cycle)) {
          bits += static_cast<std::uint64_t>(cycle.bits);
          codes += static_cast<std::uint64_t>(cycle.codes);
          weights += cycle.weights;
        }
      }
    }
    EXPECT_EQ(codes * static_cast<std::uint64_t>(header.code_bits), packed.bits.codes);
    EXPECT_EQ(bits, packed.bits.codes + packed.bits.outputs + packed.bits.bias);
    EXPECT_EQ(weights * 16, packed.bits.weights);
  }
}

}  // namespace
}  // namespace mixvec::inline golden
