// Packing is lossless, as small as the format promises, and refuses what it cannot hold.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>

#include "golden/base/error.hpp"
#include "golden/execute/executor.hpp"
#include "golden/execute/executor_slow.hpp"
#include "golden/format/image_header.hpp"
#include "golden/format/packed_image.hpp"
#include "golden/format/packed_layout.hpp"
#include "golden/format/task_reader.hpp"
#include "golden/format/unpack.hpp"
#include "golden/tests/format/packing_cases.hpp"
#include "golden/tests/helpers.hpp"

namespace mixvec::inline golden {
namespace {

PackedMatrix pack_in_turn(const PrunedMatrix& matrix, const FormatConfig& format) {
  return pack(matrix, deal_in_turn(matrix, format), format);
}

std::string pack_refusal(const PrunedMatrix& matrix, const FormatConfig& format) {
  return message_of([&] { pack_in_turn(matrix, format); });
}

TEST(Packing, RoundTripsEveryShapeAndConfiguration) {
  std::size_t matrices = 0;
  for (const FormatConfig& format : small_formats()) {
    for (const SyntheticSpec& spec : edge_specs()) {
      const PrunedMatrix matrix = make_synthetic(spec);
      const PackedMatrix packed = pack_in_turn(matrix, format);
      ASSERT_NO_THROW(require_equal(unpack(packed, format), matrix)) << spec.name;
      const PackedMatrix shuffled = pack(matrix, random_schedule(matrix, format, matrices), format);
      ASSERT_NO_THROW(require_equal(unpack(shuffled, format), matrix)) << spec.name;
      ASSERT_EQ(packed.bits.total(), packed.image.size() * 8) << spec.name;
      ASSERT_EQ(packed.bits.weights, packed.kept * 16) << spec.name;
      ASSERT_EQ(packed.bits.bias, matrix.out * 16) << spec.name;
      ASSERT_EQ(packed.image.size() % static_cast<std::size_t>(format.port_bits / 8), 0U);
      ++matrices;
    }
  }
  EXPECT_GE(matrices, 2000U);
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
          "{:>6} l={:<2} packed {:.4f}  without bias {:.4f}  b={} codes {:.4f}  padding {:.4f}  CSR {:.3f}  CSC "
          "{:.3f}\n",
          name_of(direction), length, all, bare, packed.code_bits, ratio(packed.bits.codes / 8),
          ratio(packed.bits.padding / 8), ratio(csr_bytes(matrix)), ratio(csc_bytes(matrix)));
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
  const Execution slow = execute_slow(matrix, format, packed.in_order, x, 3);
  EXPECT_EQ(fast.y, slow.y);

  // Eight more short strips do not fit into eight entries.
  std::vector<Strip> ones;
  for (std::uint32_t i = 0; i < 48; ++i) ones.push_back({8, {i}});
  matrix.pattern.strips = ones;
  EXPECT_NE(pack_refusal(matrix, format).find("sections"), std::string::npos);
}

// Lv 8 in four classes of two lanes: a strip of 4 takes two classes of a row, a strip of 2 a row of one class.
TEST(Packing, LaysRowStripsOutInClasses) {
  FormatConfig format;
  format.full_rate = 2;
  PrunedMatrix matrix{"hand", 1, 17, std::vector<Half>(17), std::vector<std::uint8_t>(17, 1), {}, {}};
  matrix.pattern = {
      Direction::kRow,
      {{2, {7, 8}}, {4, {0, 1, 2, 3}}, {4, {4, 5, 6}}, {2, {9, 10}}, {2, {11, 12}}, {2, {13, 14}}, {2, {15, 16}}}};
  const RowLayout layout = lay_out_rows(matrix, format);
  EXPECT_EQ(layout.classes, 4);
  ASSERT_EQ(layout.sections.size(), 2U);
  EXPECT_EQ(layout.sections[0].entry, (ImageEntry{4, 0, 1}));
  EXPECT_EQ(layout.sections[1].entry, (ImageEntry{2, 1, 2}));
  const std::vector<std::int32_t> expected = {0,  1,  4,  5,  2,  3,  6,  -1,   // row 0
                                              7,  9,  11, 13, 8,  10, 12, 14,   // row 1
                                              15, -1, -1, -1, 16, -1, -1, -1};  // row 2
  EXPECT_EQ(layout.in_order, expected);

  // Strips of whole rows reach all classes: eight inputs of a strip of 16 stand in each row.
  matrix = PrunedMatrix{"hand", 1, 18, std::vector<Half>(18), std::vector<std::uint8_t>(18, 1), {}, {}};
  matrix.pattern = {Direction::kRow, {{2, {16, 17}}, {16, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}}}};
  const RowLayout long_strips = lay_out_rows(matrix, format);
  EXPECT_EQ(long_strips.sections[0].entry, (ImageEntry{16, 0, 1}));
  EXPECT_EQ(long_strips.sections[1].entry, (ImageEntry{2, 2, 1}));
  ASSERT_EQ(long_strips.in_order.size(), 24U);
  for (std::int32_t i = 0; i < 16; ++i) EXPECT_EQ(long_strips.in_order[static_cast<std::size_t>(i)], i);
  EXPECT_EQ(long_strips.in_order[16], 16);
  EXPECT_EQ(long_strips.in_order[20], 17);
  EXPECT_NO_THROW(require_equal(unpack(pack_in_turn(matrix, format), format), matrix));
}

// One class, one chain at a time: every code takes a cycle, so the best length can be found by counting gaps.
TEST(Packing, ChoosesTheShortestCodesThatKeepUpWithTheSteps) {
  FormatConfig format;
  format.substeps = 1;
  std::set<int> chosen;
  std::size_t slower = 0;  // how often fewer bits would have been possible
  for (const double pruned : {0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.97, 0.99, 1.0}) {
    SyntheticSpec spec;
    spec.lengths = {8};
    spec.out = 64;
    spec.in = 512;
    spec.pruned = pruned;
    const PrunedMatrix matrix = make_synthetic(spec);
    std::vector<std::size_t> codes(kMostCodeBits + 1, 0);
    std::size_t steps = 0;
    const auto gap = [&](std::size_t g) {
      for (std::size_t b = 1; b <= kMostCodeBits; ++b) codes[b] += g / ((std::size_t{1} << b) - 1) + 1;
    };
    for (const Strip& strip : matrix.pattern.strips) {
      std::size_t next = 0;
      for (std::size_t i = 0; i < matrix.in; ++i) {
        if (matrix.mask[strip.index[0] * matrix.in + i] == 0) continue;
        gap(i - next);
        next = i + 1;
        ++steps;
      }
      gap(matrix.in - next);
    }
    int best = 0;
    int fastest = 1;
    int smallest = 1;
    for (int b = 1; b <= kMostCodeBits; ++b) {
      const auto at = static_cast<std::size_t>(b);
      if (codes[at] < codes[static_cast<std::size_t>(fastest)]) fastest = b;
      if (codes[at] * at < codes[static_cast<std::size_t>(smallest)] * static_cast<std::size_t>(smallest)) smallest = b;
      const bool keeps_up = 4 * codes[at] <= 5 * steps;
      if (keeps_up &&
          (best == 0 || codes[at] * at < codes[static_cast<std::size_t>(best)] * static_cast<std::size_t>(best))) {
        best = b;
      }
    }
    const int expected = best == 0 ? fastest : best;
    const PackedMatrix packed = pack_in_turn(matrix, format);
    EXPECT_EQ(packed.code_bits, expected) << pruned;
    EXPECT_EQ(packed.bits.codes, codes[static_cast<std::size_t>(expected)] * static_cast<std::size_t>(expected))
        << pruned;
    chosen.insert(expected);
    slower += expected != smallest;
  }
  EXPECT_GE(chosen.size(), 4U);
  EXPECT_GE(slower, 1U);
}

TEST(Packing, DealsTheChainsOutToTheSetsOfAllClusters) {
  FormatConfig format;
  format.sets = 6;
  format.drains = 1;
  format.assoc = 2;
  SyntheticSpec spec;
  spec.lengths = {4, 16};
  spec.out = 200;
  spec.in = 40;
  const PrunedMatrix matrix = make_synthetic(spec);
  const Schedule schedule = deal_in_turn(matrix, format);
  ASSERT_EQ(schedule.clusters.size(), 3U);
  std::size_t chains = 0;
  std::size_t short_chains = 0;
  for (const auto& cluster : schedule.clusters) {
    ASSERT_EQ(cluster.size(), 2U);
    for (const Task& task : cluster) {
      chains += task.chains.size();
      int last = 16;
      for (const Chain& chain : task.chains) {
        const int length = matrix.pattern.strips[chain.strip].length;
        EXPECT_LE(length, last);
        short_chains += length == 4;
        last = length;
      }
    }
  }
  EXPECT_EQ(chains, matrix.pattern.strips.size());
  EXPECT_GT(short_chains, 6U);
  const PackedMatrix packed = pack(matrix, schedule, format);
  EXPECT_EQ(packed.tasks, 6U);
  // Two runs in each task, one of each length.
  EXPECT_EQ(packed.bits.outputs, 200U * 8 + 6 * 3 * kRunHeaderBits);
  EXPECT_EQ(packed.bits.header, 32U * (kHeaderWords + 3) + 6 * 64);

  // Fewer chains than sets: some clusters have no task.
  spec.out = 16;
  spec.lengths = {16};
  const PrunedMatrix small = make_synthetic(spec);
  const PackedMatrix one = pack_in_turn(small, format);
  EXPECT_EQ(one.tasks, 1U);
  const ImageHeader header = read_image_header(one.image, format);
  EXPECT_EQ(header.clusters[0].size(), 1U);
  EXPECT_EQ(header.clusters[1].size() + header.clusters[2].size(), 0U);
  EXPECT_NO_THROW(require_equal(unpack(one, format), small));
}

TEST(Packing, ARunHoldsAsManyChainsAsThereCanBe) {
  FormatConfig format;
  format.sets = 1;
  format.drains = 1;
  SyntheticSpec spec;
  spec.out = kMostRunChains;
  spec.in = 1;
  spec.direction = Direction::kRow;
  spec.lengths = {1};
  const PrunedMatrix matrix = make_synthetic(spec);
  const PackedMatrix packed = pack_in_turn(matrix, format);
  EXPECT_EQ(packed.bits.outputs, 16U * kMostRunChains + 2 * kRunHeaderBits);
  EXPECT_NO_THROW(require_equal(unpack(packed, format), matrix));
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
  EXPECT_EQ(pack_refusal(column, FormatConfig{}), "");
  EXPECT_NE(pack_refusal(row, with([](FormatConfig& f) { f.rows_allowed = false; })).find("column vectors only"),
            std::string::npos);
  EXPECT_NE(pack_refusal(column, with([](FormatConfig& f) { f.columns_allowed = false; })).find("row vectors only"),
            std::string::npos);
  EXPECT_NE(pack_refusal(column, with([](FormatConfig& f) { f.max_length = 8; })).find("takes 1 to 8"),
            std::string::npos);
  EXPECT_NE(pack_refusal(column, with([](FormatConfig& f) { f.depth = 31; })).find("depth"), std::string::npos);
  EXPECT_NE(pack_refusal(column, with([](FormatConfig& f) { f.port_bits = 64; })).find("port_bits"), std::string::npos);
  EXPECT_NE(pack_refusal(column, with([](FormatConfig& f) { f.substeps = 16; })).find("substeps"), std::string::npos);
  EXPECT_NE(pack_refusal(column, with([](FormatConfig& f) { f.full_rate = 16; })).find("full_rate"), std::string::npos);
  EXPECT_NE(pack_refusal(column, with([](FormatConfig& f) { f.assoc = 3; })).find("assoc"), std::string::npos);
  EXPECT_NE(pack_refusal(column, with([](FormatConfig& f) { f.assoc = 16; })).find("assoc"), std::string::npos);

  PrunedMatrix infinite = column;
  for (std::size_t i = 0; i < infinite.weight.size(); ++i) {
    if (infinite.mask[i] != 0) {
      infinite.weight[i].bits = 0x7C00;
      break;
    }
  }
  EXPECT_NE(pack_refusal(infinite, FormatConfig{}).find("finite"), std::string::npos);
  PrunedMatrix nan_bias = column;
  nan_bias.bias[0] = kCanonicalNan;
  EXPECT_NE(pack_refusal(nan_bias, FormatConfig{}).find("finite"), std::string::npos);

  SyntheticSpec tall;
  tall.out = 65537;
  tall.in = 1;
  EXPECT_NE(pack_refusal(make_synthetic(tall), FormatConfig{}).find("65536"), std::string::npos);
  SyntheticSpec wide;
  wide.out = 1;
  wide.in = 65544;
  EXPECT_NE(pack_refusal(make_synthetic(wide), with([](FormatConfig& f) { f.depth = 1 << 20; })).find("65535"),
            std::string::npos);
}

TEST(Packing, RefusesSchedulesThatDoNotCoverTheOutputsOnce) {
  SyntheticSpec spec;
  spec.out = spec.in = 64;
  const PrunedMatrix matrix = make_synthetic(spec);
  const FormatConfig format;
  const Schedule good = deal_in_turn(matrix, format);
  ASSERT_EQ(message_of([&] { pack(matrix, good, format); }), "");
  const auto with = [&](const std::function<void(Schedule&)>& change) {
    Schedule bad = good;
    change(bad);
    return message_of([&] { pack(matrix, bad, format); });
  };
  const auto says = [](const std::string& message, const char* what) {
    EXPECT_NE(message.find(what), std::string::npos) << message;
  };
  const Task task = good.clusters[0][0];
  says(with([](Schedule& s) { s.clusters[0].pop_back(); }), "covers");
  says(with([&](Schedule& s) { s.clusters[1].push_back(task); }), "twice");
  says(with([](Schedule& s) { s.clusters[0][0].chains[0].count = 17; }), "too long");
  says(with([](Schedule& s) { s.clusters[0][0].chains[0].count = 0; }), "too long");
  says(with([](Schedule& s) { s.clusters[0][0].chains[0].first = 1; }), "too long");
  says(with([](Schedule& s) { s.clusters[0][0].chains[0].strip = 4; }), "does not exist");
  says(with([](Schedule& s) { s.clusters[3].emplace_back(); }), "without chains");
  says(with([](Schedule& s) { s.clusters.pop_back(); }), "clusters");

  spec.direction = Direction::kRow;
  const PrunedMatrix row = make_synthetic(spec);
  const auto row_with = [&](const Chain& chain) {
    Schedule bad = deal_in_turn(row, format);
    bad.clusters[0][0].chains[0] = chain;
    return message_of([&] { pack(row, bad, format); });
  };
  EXPECT_EQ(row_with({0, 0, 1}), "");
  says(row_with({64, 0, 1}), "does not exist");
  says(row_with({0, 0, 2}), "too long");
  says(row_with({1, 0, 1}), "twice");
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

// An accelerator of one length takes column strips that are longer than a chain: the packer cuts them.
TEST(Packing, TheOnlyLengthMayBeLongerThanAChain) {
  FormatConfig format;
  format.sets = 2;
  format.drains = 1;
  format.vector_lanes = 4;
  format.full_rate = 4;
  format.substeps = 1;
  format.min_length = format.max_length = 16;
  for (const Direction direction : {Direction::kColumn, Direction::kRow}) {
    SyntheticSpec spec;
    spec.out = 40;
    spec.in = 32;
    spec.lengths = {16};
    spec.direction = direction;
    const PrunedMatrix matrix = make_synthetic(spec);
    const PackedMatrix packed = pack(matrix, deal_in_turn(matrix, format), format);
    EXPECT_EQ(packed.entries.at(0).length, direction == Direction::kColumn ? 4 : 16);
    require_equal(unpack(packed, format), matrix);
  }
}

}  // namespace
}  // namespace mixvec::inline golden
