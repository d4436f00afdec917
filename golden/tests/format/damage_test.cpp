// Every way in which an image can be wrong, made by hand, is refused with its own message.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "golden/base/error.hpp"
#include "golden/execute/executor.hpp"
#include "golden/format/bit_stream.hpp"
#include "golden/format/image_header.hpp"
#include "golden/format/packed_layout.hpp"
#include "golden/format/task_reader.hpp"
#include "golden/format/unpack.hpp"
#include "golden/matrix/synthetic.hpp"
#include "golden/tests/helpers.hpp"

namespace mixvec::inline golden {
namespace {

/// A hand-written task, and reading it to its end: Lv 8, M 1, one entry of l 8, codes of two bits, beats of 64 bits.
struct HandTask {
  Direction direction = Direction::kColumn;
  BitWriter code;
  std::vector<std::uint16_t> weights;
  std::uint32_t cut_code_beats = 0;    ///< beats that are missing
  std::uint32_t cut_weight_beats = 0;  ///< beats that are missing
  std::uint32_t more_code_beats = 0;   ///< beats of zeros that should not be there

  HandTask& run(std::uint32_t entry = 0, std::uint32_t outputs = 1, std::uint32_t chains = 1) {
    code.put(1U | entry << 1U | (outputs - 1U) << 4U | (chains - 1U) << 10U, kRunHeaderBits);
    return *this;
  }
  HandTask& record(std::uint32_t output = 0, std::uint32_t bias = 0x3C00) {
    code.put(output | bias << 4U, 4 + kBiasBits);
    return *this;
  }
  HandTask& codes(const std::vector<std::uint32_t>& values) {
    for (const std::uint32_t value : values) code.put(value, 2);
    return *this;
  }
  HandTask& end(std::uint32_t bits = 0) {
    code.put(bits, kRunHeaderBits);
    return *this;
  }

  [[nodiscard]] std::string read() const {
    FormatConfig format;
    format.sets = format.substeps = 1;
    format.drains = 1;
    format.port_bits = 128;
    ImageHeader header;
    header.direction = direction;
    header.index_bits = 4;
    header.code_bits = 2;
    header.entries = {{8, 0, direction == Direction::kRow ? 2U : 16U}};
    header.geometry = {unit_geometry(direction, 8, 1, format)};
    const auto beats = [](std::uint64_t bits) { return static_cast<std::uint32_t>((bits + 127) / 128); };
    TaskPlace place;
    place.code_beats = beats(code.size()) + more_code_beats - cut_code_beats;
    place.weight_beats = std::max(1U, beats(16 * weights.size())) - cut_weight_beats;
    std::vector<std::uint8_t> image;
    for (const std::uint64_t word : code.words()) {
      for (unsigned byte = 0; byte < 8; ++byte) image.push_back(static_cast<std::uint8_t>(word >> 8 * byte));
    }
    image.resize(std::size_t{place.code_beats} * 16);
    for (const std::uint16_t weight : weights) {
      image.push_back(static_cast<std::uint8_t>(weight));
      image.push_back(static_cast<std::uint8_t>(weight >> 8U));
    }
    image.resize(std::size_t{place.code_beats + place.weight_beats} * 16);
    return message_of([&] {
      TaskReader reader(header, image, place, format, "task 0");
      DecodeCycle cycle;
      while (reader.next(cycle)) {
      }
    });
  }
};

/// Passes where `message` contains `what`.
testing::AssertionResult says(const std::string& message, const char* what) {
  if (message.find(what) != std::string::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "'" << message << "' does not say '" << what << "'";
}

/// One column chain with a unit at 4 and the end behind a gap of 11.
HandTask good_column() {
  HandTask task;
  task.run().record().codes({3, 1, 3, 3, 3, 2}).end();
  task.weights = {0x3C00};
  return task;
}

/// One row chain with both units kept.
HandTask good_row() {
  HandTask task{Direction::kRow, {}, {}};
  task.run().record().codes({0, 0, 0}).end();
  task.weights.assign(16, 0x3C00);
  return task;
}

TEST(Damage, GoodTasksAreRead) {
  EXPECT_EQ(good_column().read(), "");
  EXPECT_EQ(good_row().read(), "");
}

TEST(Damage, PositionBeyondTheSentinel) {
  EXPECT_TRUE(says(HandTask().run().record().codes({3, 3, 3, 3, 3, 2}).end().read(), "beyond its sentinel"));
  EXPECT_TRUE(says(HandTask().run().record().codes({3, 3, 3, 3, 3, 3, 0}).end().read(), "beyond its sentinel"));
  EXPECT_EQ(HandTask().run().record().codes({3, 3, 3, 3, 3, 1}).end().read(), "");
}

TEST(Damage, CodeOrWeightsEndTooEarly) {
  HandTask task;
  task.run(0, 8);
  for (std::uint32_t o = 0; o < 8; ++o) task.record(o);
  task.codes({3, 3, 3, 3, 3, 1}).end();
  ASSERT_EQ(task.read(), "");
  task.cut_code_beats = 1;
  EXPECT_TRUE(says(task.read(), "ends within a run"));
  task = good_row();
  task.cut_weight_beats = 1;
  EXPECT_TRUE(says(task.read(), "end within a step"));
  task.cut_weight_beats = 2;
  EXPECT_TRUE(says(task.read(), "end within a step"));
}

TEST(Damage, MoreChainsThanThereAre) {
  // The zeros behind the one chain are read as records and codes until they end.
  EXPECT_TRUE(says(HandTask().run(0, 1, 65536).record().codes({3, 3, 3, 3, 3, 1}).end().read(), "damaged"));
}

TEST(Damage, RunHeaders) {
  EXPECT_TRUE(says(HandTask().run(1).record().read(), "not in use"));
  EXPECT_TRUE(says(HandTask().run(0, 9).record().read(), "more outputs than its vector length"));
  EXPECT_TRUE(says(HandTask().end(1U << 5U).read(), "other bits"));
  EXPECT_TRUE(says(HandTask().end().read(), "no run"));
  EXPECT_TRUE(says(HandTask{Direction::kRow, {}, {}}.run(0, 2).record().read(), "a run of rows"));
}

TEST(Damage, BehindTheEndOfTheTask) {
  HandTask task = good_column();
  task.code.put(2, 2);
  EXPECT_TRUE(says(task.read(), "follows the end of the code is not zero"));
  task = good_column();
  task.code.put(0, 32);
  task.code.put(0, 32);
  task.code.put(1, 1);
  EXPECT_TRUE(says(task.read(), "follows the end of the code is not zero"));
  task = good_column();
  task.more_code_beats = 1;
  EXPECT_TRUE(says(task.read(), "whole beat follows the end of the code"));
  task = good_column();
  task.weights.push_back(1);
  EXPECT_TRUE(says(task.read(), "follows the last weight is not zero"));
  task = good_column();
  task.weights.resize(9, 0);
  EXPECT_TRUE(says(task.read(), "whole beat follows the last weight"));
}

TEST(Damage, Values) {
  const auto bias = [](std::uint32_t bits) {
    return HandTask().run().record(0, bits).codes({3, 3, 3, 3, 3, 1}).end().read();
  };
  EXPECT_EQ(bias(0x3C00), "");
  EXPECT_TRUE(says(bias(0x8000), "a bias is -0"));
  EXPECT_TRUE(says(bias(0x7C00), "a bias is -0 or not finite"));
  for (const std::size_t lane : {0, 7, 8, 15}) {
    HandTask task = good_row();
    task.weights[lane] = 0xFE00;
    EXPECT_TRUE(says(task.read(), "a weight is not finite"));
    task.weights[lane] = 0x8000;
    EXPECT_EQ(task.read(), "");
  }
}

TEST(Damage, TaskBeyondTheImage) {
  FormatConfig format;
  ImageHeader header;
  header.direction = Direction::kColumn;
  header.entries = {{8, 0, 16}};
  header.geometry = {unit_geometry(Direction::kColumn, 8, 1, format)};
  const std::vector<std::uint8_t> image(128);
  EXPECT_TRUE(says(message_of([&] {
                     TaskReader(header, image, {1, 1, 1}, format, "task");
                   }),
                   "beyond the image's end"));
  EXPECT_EQ(message_of([&] { TaskReader(header, image, {0, 1, 1}, format, "task"); }), "");
}

/// A packed row matrix with two sections of a row each, l 8 and l 4 (so two classes), the last strip short.
class DamagedImage : public testing::Test {
 protected:
  DamagedImage() {
    SyntheticSpec spec;
    spec.out = 3;
    spec.in = 15;
    spec.direction = Direction::kRow;
    spec.lengths = {8};
    spec.pruned = 0.0;
    matrix_ = make_synthetic(spec);
    matrix_.pattern.strips = {{8, {0, 1, 2, 3, 4, 5, 6, 7}}, {4, {8, 9, 10, 11}}, {4, {12, 13, 14}}};
    packed_ = pack(matrix_, deal_in_turn(matrix_, format_), format_);
  }

  std::string unpacking() {
    return message_of([&] { unpack(packed_, format_); });
  }
  std::string executing() {
    return message_of([&] { execute(packed_, format_, std::vector<Half>(15), 1); });
  }
  std::uint8_t& byte(std::size_t word, std::size_t index) { return packed_.image[4 * word + index]; }

  FormatConfig format_;
  PrunedMatrix matrix_;
  PackedMatrix packed_;
};

TEST_F(DamagedImage, IsWholeBeforeItIsDamaged) {
  EXPECT_EQ(packed_.entries, (std::vector<ImageEntry>{{8, 0, 1}, {4, 1, 1}}));
  EXPECT_EQ(packed_.tasks, 3U);
  EXPECT_EQ(unpacking(), "");
  EXPECT_EQ(executing(), "");
}

TEST_F(DamagedImage, OverlappingSections) {
  ASSERT_EQ(byte(6, 2), 1);  // the second section's first row
  byte(6, 2) = 0;
  EXPECT_TRUE(says(unpacking(), "given twice"));
  byte(6, 2) = 2;
  EXPECT_TRUE(says(unpacking(), "24 activation positions, but in_order has 16"));
  EXPECT_TRUE(says(executing(), "24 activation positions, but in_order has 16"));
}

TEST_F(DamagedImage, WeightOnPadding) {
  const ImageHeader header = read_image_header(packed_.image, format_);
  const TaskPlace place = header.clusters[0][0];
  // Eight weights of the first strip, then four of each of the others; the last one stands on padding.
  const std::size_t at = (place.first_beat + place.code_beats) * 64 + 2 * 15;
  ASSERT_EQ(packed_.image[at + 1], 0);
  packed_.image[at + 1] = 0x3C;
  EXPECT_TRUE(says(unpacking(), "where no input stands"));
  packed_.image[at + 1] = 0x80;
  EXPECT_TRUE(says(unpacking(), "where no input stands"));
}

// Lv 8 in one class and strips of 4: a row has two, of which the second is not there. Its unit would have zeros only.
TEST(Damage, UnitWhereNoStripStands) {
  FormatConfig format;
  format.full_rate = 8;
  format.sets = 1;
  format.drains = 1;
  PrunedMatrix matrix{"hand", 1, 4, std::vector<Half>(4), std::vector<std::uint8_t>(4, 1), {}, {}};
  matrix.pattern = {Direction::kRow, {{4, {0, 1, 2, 3}}}};
  PackedMatrix packed = pack(matrix, deal_in_turn(matrix, format), format);
  ASSERT_EQ(packed.entries.at(0), (ImageEntry{4, 0, 2}));
  ASSERT_EQ(message_of([&] { unpack(packed, format); }), "");
  packed.in_order = {kNoInput, kNoInput, kNoInput, kNoInput, 0, 1, 2, 3};
  const std::string message = message_of([&] { unpack(packed, format); });
  EXPECT_TRUE(says(message, "position 0, where no strip stands"));
}

TEST_F(DamagedImage, Header) {
  const std::vector<std::uint8_t> good = packed_.image;
  const auto with = [&](std::size_t word, std::size_t index, std::uint8_t value) {
    packed_.image = good;
    byte(word, index) = value;
    return unpacking();
  };
  EXPECT_TRUE(says(with(0, 0, 0), "magic"));
  EXPECT_TRUE(says(with(1, 0, 1), "packed for configuration"));
  EXPECT_TRUE(says(with(3, 1, 0x20), "word 3"));
  EXPECT_TRUE(says(with(3, 1, 0), "word 3"));
  EXPECT_TRUE(says(with(3, 1, 17), "word 3"));
  EXPECT_TRUE(says(with(3, 0, 0x90), "word 3"));
  EXPECT_TRUE(says(with(3, 2, 0x10), "word 3"));
  EXPECT_TRUE(says(with(3, 2, 0x19), "word 3"));
  EXPECT_TRUE(says(with(3, 3, 0x01), "word 3"));
  EXPECT_TRUE(says(with(3, 2, 0x01), "1 classes in word 3, expected 2"));
  EXPECT_TRUE(says(with(4, 1, 1), "reserved bits"));
  EXPECT_TRUE(says(with(4, 0, 0x13), "reserved bits"));
  EXPECT_TRUE(says(with(5, 2, 1), "reserved bits"));
  EXPECT_TRUE(says(with(4, 0, 0x0F), "vector length"));
  EXPECT_TRUE(says(with(5, 0, 0), "sentinel 0"));
  EXPECT_TRUE(says(with(4, 3, 0x40), "depth"));
  EXPECT_TRUE(says(with(8, 0, 1), "unused entry"));
  EXPECT_TRUE(says(with(20, 0, 1), "cluster 0 begins with task 1"));
  EXPECT_TRUE(says(with(21, 0, 4), "cluster 0 has tasks 0 to 4 of 3"));
  EXPECT_TRUE(says(with(22, 0, 0), "cluster 1 has tasks 1 to 0 of 3"));
  EXPECT_TRUE(says(with(28, 0, 0), "0 tasks"));
  EXPECT_TRUE(says(with(28, 3, 0xFF), "tasks"));
  EXPECT_TRUE(says(with(29, 0, 1), "header's padding"));
  packed_.image.assign(good.begin(), good.end() - 1);
  EXPECT_TRUE(says(unpacking(), "whole beats"));
  packed_.image.assign(good.begin(), good.begin() + 64);
  EXPECT_TRUE(says(unpacking(), "whole beats"));
}

TEST_F(DamagedImage, Directory) {
  const std::vector<std::uint8_t> good = packed_.image;
  const auto with = [&](std::size_t word, std::size_t index, std::uint8_t value) {
    packed_.image = good;
    byte(word, index) = value;
    return unpacking();
  };
  // Two beats of header, one of directory; each task has a beat of code and one of weights.
  ASSERT_EQ(byte(32, 0), 3);
  ASSERT_EQ(byte(33, 0), 1);
  ASSERT_EQ(byte(34, 0), 5);
  EXPECT_TRUE(says(with(32, 0, 2), "task 0 begins at beat 2, expected 3"));
  EXPECT_TRUE(says(with(33, 0, 0), "task 0: 0 code beats"));
  EXPECT_TRUE(says(with(33, 0, 3), "task 0: 3 code beats from beat 3 and the next at 5"));
  EXPECT_TRUE(says(with(33, 0, 2), "expected tasks of code and weight beats"));
  EXPECT_TRUE(says(with(36, 3, 0xFF), "follow one another"));
  EXPECT_TRUE(says(with(37, 3, 0xFF), "follow one another"));
  EXPECT_TRUE(says(with(38, 0, 1), "directory's padding"));
  packed_.image = good;
  packed_.image.resize(good.size() + 64);
  EXPECT_TRUE(says(unpacking(), "whole beat follows the last weight"));
  packed_.image.resize(good.size() - 64);
  EXPECT_TRUE(says(unpacking(), "task 2: 1 code beats"));
}

TEST_F(DamagedImage, OrderOfInputs) {
  packed_.in_order[3] = packed_.in_order[2];
  EXPECT_TRUE(says(unpacking(), "named twice"));
  packed_.in_order[3] = 15;
  EXPECT_TRUE(says(unpacking(), "named twice or is outside"));
  EXPECT_TRUE(says(executing(), "input 15 is outside"));
  packed_.in_order.pop_back();
  EXPECT_TRUE(says(unpacking(), "multiple of 8"));
}

// Without weights every chain costs the same: only a count per output can see that one is given twice.
TEST(Damage, OutputGivenTwice) {
  FormatConfig format;
  format.sets = 1;
  format.drains = 1;
  SyntheticSpec spec;
  spec.out = 2;
  spec.in = 8;
  spec.lengths = {8};
  spec.pruned = 1.0;
  const PrunedMatrix matrix = make_synthetic(spec);
  PackedMatrix packed = pack(matrix, deal_in_turn(matrix, format), format);
  ASSERT_EQ(packed.entries.at(0), (ImageEntry{8, 0, 8}));
  const auto with_outputs = [&](const std::vector<std::uint32_t>& outputs) {
    BitWriter writer;
    writer.put(1U | static_cast<std::uint32_t>(outputs.size() - 1) << 10U, kRunHeaderBits);
    std::size_t taken = 0;
    const auto take = [&] { writer.put(outputs[taken++], index_bits(2) + kBiasBits); };
    const auto finish = [&] {
      // Eight positions, nothing kept.
      std::uint32_t gap = 8;
      const std::uint32_t ones = (1U << packed.code_bits) - 1U;
      for (; gap >= ones; gap -= ones) writer.put(ones, packed.code_bits);
      writer.put(gap, packed.code_bits);
    };
    // A chain without weights ends in the turn in which it is taken, and the next one begins.
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      take();
      finish();
    }
    writer.put(0, kRunHeaderBits);
    EXPECT_LE(writer.size(), 512U);
    for (std::size_t i = 0; i < 64; ++i) {
      const std::uint64_t word = i / 8 < writer.words().size() ? writer.words()[i / 8] : 0;
      packed.image[packed.image.size() - 128 + i] = static_cast<std::uint8_t>(word >> (i % 8 * 8));
    }
    const std::vector<Half> x(8);
    return std::pair{message_of([&] { unpack(packed, format); }), message_of([&] { execute(packed, format, x, 1); })};
  };
  EXPECT_EQ(with_outputs({0, 1}), (std::pair<std::string, std::string>()));
  const auto [unpacking, executing] = with_outputs({0, 1, 0});
  EXPECT_TRUE(says(unpacking, "given twice"));
  EXPECT_TRUE(says(executing, "given twice"));
  const auto [unpacking_less, executing_less] = with_outputs({1});
  EXPECT_TRUE(says(unpacking_less, "1 outputs, expected 2"));
  EXPECT_TRUE(says(executing_less, "output 0 is missing"));
}

TEST_F(DamagedImage, OutputsOfAnotherShape) {
  packed_.out = 4;
  EXPECT_TRUE(says(unpacking(), "3 outputs, expected 4"));
  packed_.out = 2;
  EXPECT_TRUE(says(unpacking(), "output indices of 2 bits, expected 1"));
}

}  // namespace
}  // namespace mixvec::inline golden
