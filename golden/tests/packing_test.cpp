// Packing is lossless, as small as the format promises, refuses what it cannot hold, and no damage goes unnoticed or
// crashes.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "golden/chain_reader.hpp"
#include "golden/error.hpp"
#include "golden/executor.hpp"
#include "golden/packed_image.hpp"
#include "golden/tests/packing_cases.hpp"
#include "golden/unpack.hpp"

namespace mixvec {
namespace {

PackedMatrix pack_in_turn(const PrunedMatrix& matrix, const FormatConfig& format) {
  return pack(matrix, deal_in_turn(matrix, format), format);
}

/// The message with which packing is refused.
std::string refusal(const PrunedMatrix& matrix, const FormatConfig& format) {
  try {
    pack_in_turn(matrix, format);
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

/// The entry and its vector length for every chain, set after set.
std::vector<std::pair<int, int>> chain_entries(std::span<const std::uint8_t> image, const FormatConfig& format) {
  std::vector<std::pair<int, int>> entries;
  const ImageHeader header = read_image_header(image, format);
  for (const auto& stream : split_sets(image, header, format)) {
    ChainReader reader(header, stream, format, "image");
    StreamItem item;
    while (reader.next(item)) {
      if (item.kind == ItemKind::kChain) {
        entries.emplace_back(item.entry, header.entries[static_cast<std::size_t>(item.entry)].length);
      }
    }
  }
  return entries;
}

TEST(Packing, RoundTripsEveryShapeAndConfiguration) {
  std::size_t matrices = 0;
  for (const FormatConfig& format : small_formats()) {
    for (const SyntheticSpec& spec : edge_specs()) {
      const PrunedMatrix matrix = make_synthetic(spec);
      const PackedMatrix packed = pack_in_turn(matrix, format);
      ASSERT_NO_THROW(require_equal(unpack(packed, format), matrix)) << spec.name;
      ASSERT_EQ(packed.bits.total(), packed.image.size() * 8) << spec.name;
      ASSERT_EQ(packed.bits.weights, packed.kept * 16) << spec.name;
      ASSERT_EQ(packed.bits.bias, matrix.out * 16) << spec.name;
      ASSERT_EQ(packed.image.size() % static_cast<std::size_t>(format.port_bits / 8), 0U);
      ++matrices;
    }
  }
  EXPECT_GE(matrices, 1000U);
}

TEST(Packing, RequireEqualSeesEveryKindOfDifference) {
  SyntheticSpec spec;
  spec.out = spec.in = 16;
  const FormatConfig format;
  const PrunedMatrix matrix = make_synthetic(spec);
  const UnpackedMatrix good = unpack(pack_in_turn(matrix, format), format);
  UnpackedMatrix bad = good;
  bad.weight[100].bits ^= 1U;
  EXPECT_THROW(require_equal(bad, matrix), InputError);
  bad = good;
  bad.mask[100] ^= 1U;
  EXPECT_THROW(require_equal(bad, matrix), InputError);
  bad = good;
  bad.bias[7].bits ^= 1U;
  EXPECT_THROW(require_equal(bad, matrix), InputError);
}

TEST(Packing, KeepsNegativeZeroWeightsAndDropsNegativeZeroBias) {
  SyntheticSpec spec;
  spec.out = spec.in = 8;
  spec.pruned = 0;
  spec.lengths = {8};
  PrunedMatrix matrix = make_synthetic(spec);
  matrix.weight[9].bits = 0x8000;
  matrix.bias[3].bits = 0x8000;
  const FormatConfig format;
  const UnpackedMatrix unpacked = unpack(pack_in_turn(matrix, format), format);
  EXPECT_EQ(unpacked.weight[9].bits, 0x8000);
  EXPECT_EQ(unpacked.bias[3].bits, 0);
  EXPECT_NO_THROW(require_equal(unpacked, matrix));
}

TEST(Packing, BytesStayCloseToTheKeptWeights) {
  const FormatConfig format;
  const std::vector<std::pair<int, double>> limits = {{16, 1.03}, {8, 1.05}, {4, 1.09}, {2, 1.18}};
  fmt::print("768 x 768, 80 % pruned: bytes / bytes of the kept weights\n");
  for (const Direction direction : {Direction::kColumn, Direction::kRow}) {
    for (const auto& [length, limit] : limits) {
      SyntheticSpec spec;
      spec.direction = direction;
      spec.lengths = {length};
      const PrunedMatrix matrix = make_synthetic(spec);
      const PackedMatrix packed = pack_in_turn(matrix, format);
      const double weights = 2.0 * static_cast<double>(packed.kept);
      const auto ratio = [&](std::uint64_t bytes) { return static_cast<double>(bytes) / weights; };
      const double all = ratio(packed.image.size());
      const double bare = ratio(packed.image.size() - packed.bits.bias / 8);
      fmt::print(
          "{:>6} l={:<2} packed {:.4f}  without bias {:.4f}  codes {:.4f}  padding {:.4f}  CSR {:.3f}  CSC {:.3f}\n",
          name_of(direction), length, all, bare, ratio(packed.bits.codes / 8), ratio(packed.bits.padding / 8),
          ratio(csr_bytes(matrix)), ratio(csc_bytes(matrix)));
      EXPECT_GT(bare, 1.0);
      // With the biases, which CSR and CSC do not hold.
      EXPECT_LE(all, limit) << name_of(direction) << " " << length;
    }
  }
}

TEST(Packing, AnyInputOrderOfColumnsRoundTrips) {
  SyntheticSpec spec;
  spec.out = 40;
  spec.in = 61;
  spec.lengths = {2, 8};
  const PrunedMatrix matrix = make_synthetic(spec);
  const FormatConfig format;
  std::vector<std::int32_t> order = identity_order(spec.in, format);
  Random random(3);
  for (std::size_t i = order.size(); i > 1; --i) {
    std::swap(order[i - 1], order[random.below(static_cast<std::uint32_t>(i))]);
  }
  const PackedMatrix packed = pack(matrix, deal_in_turn(matrix, format), format, order);
  EXPECT_NO_THROW(require_equal(unpack(packed, format), matrix));
  order[0] = order[1];
  EXPECT_THROW(pack(matrix, deal_in_turn(matrix, format), format, order), InputError);
}

TEST(Packing, ShortRowStripsGetSectionsOfTheirOwn) {
  SyntheticSpec spec;
  spec.out = 9;
  spec.in = 48;
  spec.direction = Direction::kRow;
  spec.lengths = {8};
  spec.pruned = 0;
  PrunedMatrix matrix = make_synthetic(spec);
  // Six strips of 8 become 8, 8, 8, 5, 3, 8 and 8: two of them short.
  auto& strips = matrix.pattern.strips;
  const std::vector<std::uint32_t> tail(strips[3].index.begin() + 5, strips[3].index.end());
  strips[3].index.resize(5);
  strips.insert(strips.begin() + 4, Strip{8, tail});
  const FormatConfig format;
  const PackedMatrix packed = pack_in_turn(matrix, format);
  EXPECT_EQ(packed.entries.size(), 2U);
  EXPECT_NO_THROW(require_equal(unpack(packed, format), matrix));
  const std::vector<Half> x = make_activations({spec.in, 3, 1.0, 0, 0, 0.01, 1});
  const Execution fast = execute(packed, format, x, 3);
  const Execution slow = execute_slow(matrix, deal_in_turn(matrix, format), format, packed.in_order, x, 3);
  EXPECT_EQ(fast.y, slow.y);

  // Eight more short strips do not fit into eight entries.
  std::vector<Strip> ones;
  for (std::uint32_t i = 0; i < 48; ++i) ones.push_back({8, {i}});
  matrix.pattern.strips = ones;
  EXPECT_NE(refusal(matrix, format).find("sections"), std::string::npos);
}

TEST(Packing, RefusesWhatTheConfigurationCannotHold) {
  SyntheticSpec spec;
  spec.out = 32;
  spec.in = 32;
  const PrunedMatrix column = make_synthetic(spec);
  spec.direction = Direction::kRow;
  const PrunedMatrix row = make_synthetic(spec);
  const auto with = [](auto change) {
    FormatConfig format;
    change(format);
    return format;
  };
  EXPECT_EQ(refusal(column, FormatConfig{}), "");
  EXPECT_NE(refusal(row, with([](FormatConfig& f) { f.rows_allowed = false; })).find("column vectors only"),
            std::string::npos);
  EXPECT_NE(refusal(column, with([](FormatConfig& f) { f.columns_allowed = false; })).find("row vectors only"),
            std::string::npos);
  EXPECT_NE(refusal(column, with([](FormatConfig& f) { f.max_length = 8; })).find("takes 1 to 8"), std::string::npos);
  EXPECT_NE(refusal(column, with([](FormatConfig& f) { f.depth = 31; })).find("depth"), std::string::npos);
  EXPECT_NE(refusal(column, with([](FormatConfig& f) { f.port_bits = 64; })).find("port_bits"), std::string::npos);
  EXPECT_NE(refusal(column, with([](FormatConfig& f) { f.substeps = 16; })).find("substeps"), std::string::npos);
  EXPECT_NE(refusal(column, with([](FormatConfig& f) { f.full_rate = 16; })).find("full_rate"), std::string::npos);

  PrunedMatrix infinite = column;
  for (std::size_t i = 0; i < infinite.weight.size(); ++i) {
    if (infinite.mask[i] != 0) {
      infinite.weight[i].bits = 0x7C00;
      break;
    }
  }
  EXPECT_NE(refusal(infinite, FormatConfig{}).find("finite"), std::string::npos);
  PrunedMatrix nan_bias = column;
  nan_bias.bias[0] = kCanonicalNan;
  EXPECT_NE(refusal(nan_bias, FormatConfig{}).find("finite"), std::string::npos);

  SyntheticSpec tall;
  tall.out = 65537;
  tall.in = 1;
  EXPECT_NE(refusal(make_synthetic(tall), FormatConfig{}).find("65536"), std::string::npos);
  SyntheticSpec wide;
  wide.out = 1;
  wide.in = 65544;
  EXPECT_NE(refusal(make_synthetic(wide), with([](FormatConfig& f) { f.depth = 1 << 20; })).find("65535"),
            std::string::npos);
}

TEST(Packing, RefusesSchedulesThatDoNotCoverTheOutputsOnce) {
  SyntheticSpec spec;
  spec.out = spec.in = 64;
  const PrunedMatrix matrix = make_synthetic(spec);
  const FormatConfig format;
  const Schedule good = deal_in_turn(matrix, format);
  Schedule bad = good;
  bad.sets[0].pop_back();
  EXPECT_THROW(pack(matrix, bad, format), InputError);
  bad = good;
  bad.sets[1].push_back(bad.sets[0][0]);
  EXPECT_THROW(pack(matrix, bad, format), InputError);
  bad = good;
  bad.sets[0][0].count = 17;
  EXPECT_THROW(pack(matrix, bad, format), InputError);
  bad = good;
  bad.sets.pop_back();
  EXPECT_THROW(pack(matrix, bad, format), InputError);
}

TEST(Packing, AnotherConfigurationIsRefusedWithBothHashes) {
  SyntheticSpec spec;
  spec.out = spec.in = 16;
  FormatConfig format;
  format.hash = 0x1111222233334444U;
  const PackedMatrix packed = pack_in_turn(make_synthetic(spec), format);
  format.hash = 0x5555666677778888U;
  try {
    unpack(packed, format);
    FAIL() << "another hash was accepted";
  } catch (const InputError& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("0x1111222233334444"), std::string::npos) << message;
    EXPECT_NE(message.find("0x5555666677778888"), std::string::npos) << message;
  }
}

// A damaged image either is refused or shows in what it decodes to: nothing is silently ignored, nothing crashes.
TEST(Packing, NoFlippedBitGoesUnnoticed) {
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
      spec.seed = static_cast<std::uint64_t>(format.vector_lanes + 100 * format.full_rate);
      const PrunedMatrix matrix = make_synthetic(spec);
      const PackedMatrix packed = pack_in_turn(matrix, format);
      for (int trial = 0; trial < 500; ++trial) {
        std::vector<std::uint8_t> image = packed.image;
        const std::uint32_t bit = random.below(static_cast<std::uint32_t>(image.size() * 8));
        image[bit / 8] = static_cast<std::uint8_t>(image[bit / 8] ^ 1U << bit % 8);
        try {
          require_equal(unpack(image, format, matrix.out, matrix.in, packed.in_order), matrix);
          // Two lengths may lie on the lanes alike; then a column chain decodes the same under either entry.
          const auto before = chain_entries(packed.image, format);
          const auto after = chain_entries(image, format);
          ASSERT_EQ(before.size(), after.size());
          EXPECT_NE(before, after) << "bit " << bit << " has no effect, Lv " << format.vector_lanes << " F "
                                   << format.full_rate;
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

TEST(Packing, ArbitraryBytesNeverCrash) {
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
    const PackedMatrix packed = pack_in_turn(matrix, format);
    std::vector<std::uint8_t> image = packed.image;
    const std::uint32_t mode = random.below(4);
    if (mode == 0) {
      image.resize(random.below(static_cast<std::uint32_t>(image.size())));
    } else if (mode == 1) {
      for (std::uint32_t n = random.below(40); n > 0; --n) {
        image[random.below(static_cast<std::uint32_t>(image.size()))] = static_cast<std::uint8_t>(random.next());
      }
    } else if (mode == 2) {
      // Everything behind the header is noise.
      const auto words = static_cast<std::size_t>(kHeaderWords + format.sets);
      for (std::size_t i = words * 4; i < image.size(); ++i) image[i] = static_cast<std::uint8_t>(random.next());
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

// What the reader delivers is what the document says, event by event, on a matrix small enough to decode by hand.
TEST(ChainReader, DeliversTheEventsOfAHandMadeColumn) {
  FormatConfig format;
  format.sets = 1;
  PrunedMatrix matrix{"hand", 4, 8, std::vector<Half>(32), std::vector<std::uint8_t>(32), {}, {}};
  matrix.pattern = {Direction::kColumn, {{4, {3, 2, 1, 0}}}};
  for (const std::size_t i : {1, 6}) {
    for (std::size_t o = 0; o < 4; ++o) {
      matrix.mask[o * 8 + i] = 1;
      matrix.weight[o * 8 + i] = Half{static_cast<std::uint16_t>(0x3C00 + 16 * o + i)};
    }
  }
  matrix.mask[3 * 8 + 0] = matrix.mask[2 * 8 + 0] = matrix.mask[1 * 8 + 0] = matrix.mask[0] = 1;
  const PackedMatrix packed = pack_in_turn(matrix, format);
  const ImageHeader header = read_image_header(packed.image, format);
  const auto sets = split_sets(packed.image, header, format);
  ChainReader reader(header, sets[0], format, "hand");
  std::vector<std::string> events;
  StreamItem item;
  while (reader.next(item)) {
    switch (item.kind) {
      case ItemKind::kChain:
        events.push_back(fmt::format("chain {}", item.outputs));
        break;
      case ItemKind::kOutput:
        events.push_back(fmt::format("output {}", item.output));
        break;
      case ItemKind::kCode:
        events.push_back(fmt::format("code {}:{}{}", item.unit_class, item.position, item.sentinel ? " end" : ""));
        break;
      case ItemKind::kUnit:
        events.push_back(fmt::format("unit row {} bank {} lane {} weight {:x}", item.row, item.sub_bank,
                                     item.first_lane, item.weights[0]));
        break;
      case ItemKind::kRoundEnd:
        events.push_back(fmt::format("round {}", item.units));
        break;
      case ItemKind::kSectionEnd:
        events.push_back("section");
        break;
      case ItemKind::kChainEnd:
        events.push_back("chain end");
        break;
      case ItemKind::kStreamEnd:
        events.push_back("end");
        break;
    }
  }
  // Lv 8, l 4: two classes of four sub-banks. Class 0 keeps inputs 0 and 1, class 1 keeps input 6 (position 2).
  const std::vector<std::string> expected = {"chain 4",
                                             "output 3",
                                             "output 2",
                                             "output 1",
                                             "output 0",
                                             "code 0:0",
                                             "unit row 0 bank 0 lane 0 weight 0",
                                             "code 1:2",
                                             "unit row 0 bank 6 lane 4 weight 3c36",
                                             "round 2",
                                             "code 0:1",
                                             "unit row 0 bank 1 lane 0 weight 3c31",
                                             "code 1:4 end",
                                             "round 1",
                                             "code 0:4 end",
                                             "round 0",
                                             "section",
                                             "chain end",
                                             "end"};
  EXPECT_EQ(events, expected);
}

}  // namespace
}  // namespace mixvec
