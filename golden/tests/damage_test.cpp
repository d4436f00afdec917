// Every way in which a stream can be wrong, made by hand, is refused with its own message.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <functional>

#include "golden/bit_stream.hpp"
#include "golden/chain_reader.hpp"
#include "golden/error.hpp"
#include "golden/executor.hpp"
#include "golden/synthetic.hpp"
#include "golden/unpack.hpp"

namespace mixvec {
namespace {

constexpr std::uint32_t kColumnChain = 1;  // entry 0, one output

/// The message with which `body` fails, or "" if it does not.
std::string message_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

/// Reads a hand-written stream to its end; Lv 8, l 8, sixteen inputs, Rice parameter 1.
constexpr int kRecordBits = 16 + kBiasBits;  // ImageHeader's index bits, where nothing else is said

std::string read_stream(Direction direction, const std::function<void(StreamWriter&)>& write,
                        std::size_t beat_halfwords = 32) {
  FormatConfig format;
  format.sets = 1;
  ImageHeader header;
  header.direction = direction;
  ImageEntry entry;
  entry.length = 8;
  entry.rice_k = 1;
  entry.sentinel = direction == Direction::kRow ? 2 : 16;
  entry.valid = direction == Direction::kRow ? 13 : 0;
  header.entries = {entry};
  StreamWriter writer;
  write(writer);
  const std::vector<std::uint16_t> stream = writer.finish(beat_halfwords);
  return message_of([&] {
    ChainReader reader(header, stream, format, "set 0");
    StreamItem item;
    while (reader.next(item)) {
    }
  });
}

void column_chain(StreamWriter& writer) {
  writer.item(kColumnChain, kChainHeaderBits);
  writer.item(0x3C00U << 16U, kRecordBits);
}

void row_chain(StreamWriter& writer) {
  writer.item(1, 1);
  writer.item(0, kRecordBits);
}

TEST(Damage, GoodStreamsAreRead) {
  EXPECT_EQ(read_stream(Direction::kColumn,
                        [](StreamWriter& w) {
                          column_chain(w);
                          w.code(3, 1);
                          w.weight(to_half(1.0F));
                          w.code(12, 1);
                          w.item(0, kChainHeaderBits);
                        }),
            "");
  EXPECT_EQ(read_stream(Direction::kRow,
                        [](StreamWriter& w) {
                          row_chain(w);
                          w.code(1, 1);
                          for (int i = 0; i < 8; ++i) w.weight(to_half(i < 5 ? 1.0F : 0.0F));
                          w.code(0, 1);
                          w.item(0, 1);
                        }),
            "");
}

TEST(Damage, PositionBeyondTheSentinel) {
  const std::string message = read_stream(Direction::kColumn, [](StreamWriter& w) {
    column_chain(w);
    w.code(17, 1);
  });
  EXPECT_NE(message.find("beyond its sentinel"), std::string::npos) << message;
}

TEST(Damage, StreamEndsWithinAChainOrAUnit) {
  const std::string chain = read_stream(Direction::kColumn, column_chain, 1);
  EXPECT_NE(chain.find("ends within a chain"), std::string::npos) << chain;
  // Enough halfwords for every refill, but none for the eight weights.
  const std::string unit = read_stream(
      Direction::kRow,
      [](StreamWriter& w) {
        row_chain(w);
        w.code(0, 1);
      },
      1);
  EXPECT_NE(unit.find("within a unit's weights"), std::string::npos) << unit;
}

TEST(Damage, CodeEscapedWithoutNeed) {
  const std::string message = read_stream(Direction::kColumn, [](StreamWriter& w) {
    column_chain(w);
    w.item(((1U << kEscapeOnes) - 1U) | (3U << kEscapeOnes), kEscapeOnes + 16);
    w.weight(to_half(1.0F));
  });
  EXPECT_NE(message.find("escaped without need"), std::string::npos) << message;
}

TEST(Damage, ChainHeaders) {
  const auto header = [](std::uint32_t bits) {
    return read_stream(Direction::kColumn, [bits](StreamWriter& w) { w.item(bits, kChainHeaderBits); });
  };
  EXPECT_EQ(header(0), "");
  EXPECT_NE(header(1U | 1U << 1U).find("not in use"), std::string::npos);
  EXPECT_NE(header(1U | 8U << 4U).find("more outputs than its vector length"), std::string::npos);
  EXPECT_NE(header(1U << 5U).find("other bits"), std::string::npos);
}

TEST(Damage, BehindTheEndOfTheStream) {
  const auto rest = [](const std::function<void(StreamWriter&)>& write) {
    return read_stream(Direction::kColumn, [&](StreamWriter& w) {
      w.item(0, kChainHeaderBits);
      write(w);
    });
  };
  EXPECT_NE(rest([](StreamWriter& w) { w.item(2, 2); }).find("not zero"), std::string::npos);
  EXPECT_NE(rest([](StreamWriter& w) { w.weight(Half{1}); }).find("not zero"), std::string::npos);
  EXPECT_NE(rest([](StreamWriter& w) {
              for (int i = 0; i < 32; ++i) w.weight(Half{0});
            }).find("whole beat"),
            std::string::npos);
}

TEST(Damage, Values) {
  const auto bias = [](std::uint32_t bits) {
    return read_stream(Direction::kRow, [bits](StreamWriter& w) {
      w.item(1, 1);
      w.item(bits << 16U, kRecordBits);
      w.code(2, 1);
      w.item(0, 1);
    });
  };
  EXPECT_EQ(bias(0x3C00), "");
  EXPECT_NE(bias(0x8000).find("a bias is -0"), std::string::npos);
  EXPECT_NE(bias(0x7C00).find("a bias is -0 or not finite"), std::string::npos);
  const auto weight_of_lane = [](int lane, std::uint16_t bits) {
    return read_stream(Direction::kRow, [=](StreamWriter& w) {
      row_chain(w);
      w.code(1, 1);
      for (int i = 0; i < 8; ++i) w.weight(Half{i == lane ? bits : std::uint16_t{0}});
      w.code(0, 1);
      w.item(0, 1);
    });
  };
  // Thirteen valid inputs: the second row has five lanes.
  EXPECT_EQ(weight_of_lane(4, 0x3C00), "");
  EXPECT_NE(weight_of_lane(5, 0x3C00).find("masked lane"), std::string::npos);
  EXPECT_NE(weight_of_lane(5, 0x8000).find("masked lane"), std::string::npos);
  EXPECT_NE(weight_of_lane(0, 0x7C00).find("not finite"), std::string::npos);
}

/// A packed row matrix with two sections, l 8 and l 4, of eight inputs each, nothing pruned.
class DamagedImage : public testing::Test {
 protected:
  DamagedImage() {
    SyntheticSpec spec;
    spec.out = 3;
    spec.in = 16;
    spec.direction = Direction::kRow;
    spec.lengths = {8};
    spec.pruned = 0.0;
    matrix_ = make_synthetic(spec);
    auto& strips = matrix_.pattern.strips;
    strips = {{8, {0, 1, 2, 3, 4, 5, 6, 7}}, {4, {8, 9, 10, 11}}, {4, {12, 13, 14, 15}}};
    packed_ = pack(matrix_, deal_in_turn(matrix_, format_), format_);
  }

  std::string unpacking() {
    return message_of([&] { unpack(packed_, format_); });
  }
  std::uint8_t& byte(std::size_t word, std::size_t index) { return packed_.image[4 * word + index]; }

  FormatConfig format_;
  PrunedMatrix matrix_;
  PackedMatrix packed_;
};

TEST_F(DamagedImage, IsWholeBeforeItIsDamaged) {
  EXPECT_EQ(packed_.entries.size(), 2U);
  EXPECT_EQ(unpacking(), "");
}

TEST_F(DamagedImage, OverlappingSections) {
  ASSERT_EQ(byte(6, 2), 1);  // the second section's first row
  byte(6, 2) = 0;
  EXPECT_NE(unpacking().find("given twice"), std::string::npos) << unpacking();
  byte(6, 2) = 2;
  EXPECT_NE(unpacking().find("where no input stands"), std::string::npos) << unpacking();
}

TEST_F(DamagedImage, Header) {
  const std::vector<std::uint8_t> good = packed_.image;
  const auto with = [&](std::size_t word, std::size_t index, std::uint8_t value) {
    packed_.image = good;
    byte(word, index) = value;
    return unpacking();
  };
  EXPECT_NE(with(0, 0, 0).find("magic"), std::string::npos);
  EXPECT_NE(with(1, 0, 1).find("packed for configuration"), std::string::npos);
  EXPECT_NE(with(3, 1, 0x20).find("word 3"), std::string::npos);
  EXPECT_NE(with(3, 1, 0).find("word 3"), std::string::npos);
  EXPECT_NE(with(3, 1, 17).find("word 3"), std::string::npos);
  EXPECT_NE(with(3, 0, 0x90).find("word 3"), std::string::npos);
  EXPECT_NE(with(4, 1, 1).find("reserved bits"), std::string::npos);
  EXPECT_NE(with(4, 0, 0x0F).find("vector length"), std::string::npos);
  EXPECT_NE(with(5, 0, 9).find("does not follow"), std::string::npos);
  EXPECT_NE(with(4, 3, 0x40).find("depth"), std::string::npos);
  EXPECT_NE(with(8, 0, 1).find("unused entry"), std::string::npos);
  EXPECT_NE(with(20, 0, 0).find("no beats"), std::string::npos);
  EXPECT_NE(with(20, 1, 1).find("announces"), std::string::npos);
  EXPECT_NE(with(28, 0, 1).find("padding"), std::string::npos);
  packed_.image.assign(good.begin(), good.end() - 1);
  EXPECT_NE(unpacking().find("whole beats"), std::string::npos);
}

TEST_F(DamagedImage, OrderOfInputs) {
  packed_.in_order[3] = packed_.in_order[2];
  EXPECT_NE(unpacking().find("named twice"), std::string::npos);
  packed_.in_order[3] = 16;
  EXPECT_NE(unpacking().find("named twice or is outside"), std::string::npos);
  packed_.in_order.pop_back();
  EXPECT_NE(unpacking().find("multiple of 8"), std::string::npos);
}

// Two outputs, all given, but one of them a second time: only a count per output can see it.
TEST(Damage, OutputGivenTwice) {
  FormatConfig format;
  format.sets = 1;
  SyntheticSpec spec;
  spec.out = 2;
  spec.in = 8;
  spec.lengths = {1};
  spec.pruned = 1.0;
  const PrunedMatrix matrix = make_synthetic(spec);
  PackedMatrix packed = pack(matrix, deal_in_turn(matrix, format), format);
  const ImageEntry entry = packed.entries.at(0);
  const auto with_outputs = [&](const std::vector<std::uint32_t>& outputs) {
    StreamWriter writer;
    for (const std::uint32_t output : outputs) {
      writer.item(kColumnChain, kChainHeaderBits);
      writer.item(output, index_bits(2) + kBiasBits);
      for (int j = 0; j < 2; ++j) writer.code(entry.sentinel, entry.rice_k);
    }
    writer.item(0, kChainHeaderBits);
    const std::vector<std::uint16_t> stream = writer.finish(32);
    EXPECT_EQ(stream.size(), 32U);
    for (std::size_t i = 0; i < 32; ++i) {
      packed.image[packed.image.size() - 64 + 2 * i] = static_cast<std::uint8_t>(stream[i]);
      packed.image[packed.image.size() - 63 + 2 * i] = static_cast<std::uint8_t>(stream[i] >> 8U);
    }
    const std::vector<Half> x(8);
    return std::pair{message_of([&] { unpack(packed, format); }), message_of([&] { execute(packed, format, x, 1); })};
  };
  EXPECT_EQ(with_outputs({0, 1}), (std::pair<std::string, std::string>()));
  const auto [unpacking, executing] = with_outputs({0, 1, 0});
  EXPECT_NE(unpacking.find("given twice"), std::string::npos) << unpacking;
  EXPECT_NE(executing.find("given twice"), std::string::npos) << executing;
  const auto [unpacking_less, executing_less] = with_outputs({1});
  EXPECT_NE(unpacking_less.find("1 outputs, expected 2"), std::string::npos) << unpacking_less;
  EXPECT_NE(executing_less.find("output 0 is missing"), std::string::npos) << executing_less;
}

TEST_F(DamagedImage, OutputsOfAnotherShape) {
  packed_.out = 4;
  EXPECT_NE(unpacking().find("3 outputs, expected 4"), std::string::npos) << unpacking();
  packed_.out = 2;
  EXPECT_NE(unpacking().find("output indices of 2 bits, expected 1"), std::string::npos) << unpacking();
}

}  // namespace
}  // namespace mixvec
