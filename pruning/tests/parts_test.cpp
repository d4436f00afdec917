// Tests of the parts: importance, direction strength, ranking, kernels, pictures.
#include <gtest/gtest.h>
#include <png.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>

#include "golden/tests/base/simd_cases.hpp"
#include "golden/tests/reference_data.hpp"
#include "pruning/choice/select.hpp"
#include "pruning/choice/strength.hpp"
#include "pruning/grouping/swap_kernels.hpp"
#include "pruning/importance/top_importance.hpp"
#include "pruning/report/picture.hpp"
#include "pruning/study/mask_file.hpp"
#include "pruning/tests/synthetic.hpp"

namespace mixvec::inline pruning {
namespace {

using cases::random_matrix;

TEST(Importance, OfTheTopAgreesWithSorting) {
  DenseMatrix a = random_matrix(50, 60, 1);
  DenseMatrix b = random_matrix(40, 30, 2);
  std::fill(b.weight.begin(), b.weight.begin() + 600, 0.5F);  // ties
  std::vector<double> all;
  for (std::vector<float>* part : {&a.weight, &b.weight}) {
    for (float& w : *part) w *= w;
    all.insert(all.end(), part->begin(), part->end());
  }
  std::sort(all.begin(), all.end(), std::greater<>());
  const std::vector<std::span<const float>> parts{a.weight, b.weight};
  for (const std::uint64_t count : {0, 1, 840, 2000, 2500, 3000, 4200, 9000}) {
    const TopImportance top = top_importance(parts, count, 2);
    const std::size_t n = std::min<std::size_t>(count, all.size());
    EXPECT_EQ(top.count, n);
    EXPECT_NEAR(top.kept, std::accumulate(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(n), 0.0), 1e-4);
    if (n > 0) {
      EXPECT_FLOAT_EQ(top.threshold, static_cast<float>(all[n - 1]));
    }
  }
}

std::vector<std::uint8_t> random_mask(std::size_t out, std::size_t in, unsigned seed, double row_swing,
                                      double column_swing) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> uniform(0, 1);
  std::vector<double> rows(out);
  std::vector<double> columns(in);
  for (double& r : rows) r = row_swing * (uniform(random) - 0.5);
  for (double& c : columns) c = column_swing * (uniform(random) - 0.5);
  std::vector<std::uint8_t> mask(out * in);
  for (std::size_t o = 0; o < out; ++o) {
    for (std::size_t i = 0; i < in; ++i) mask[o * in + i] = uniform(random) < 0.25 + rows[o] + columns[i] ? 1 : 0;
  }
  return mask;
}

TEST(Strength, OfARandomMaskIsOneBothWays) {
  for (unsigned seed = 0; seed < 5; ++seed) {
    const DirectionStrength s = direction_strength(random_mask(600, 900, seed, 0, 0), 600, 900);
    EXPECT_NEAR(s.row, 1, 0.25);
    EXPECT_NEAR(s.column, 1, 0.25);
    EXPECT_NEAR(s.density, 0.25, 0.01);
  }
}

TEST(Strength, TellsPlantedDirections) {
  const DirectionStrength rows = direction_strength(random_mask(300, 400, 1, 0.3, 0), 300, 400);
  EXPECT_GT(rows.row, 5);
  EXPECT_NEAR(rows.row_neighbours, 0.04, 0.01) << "variance of the rows' probabilities, 0.3² / 12, over p(1-p)";
  EXPECT_NEAR(rows.column_neighbours, 0, 0.02);
  EXPECT_NEAR(rows.column, 1, 0.4);
  const DirectionStrength columns = direction_strength(random_mask(300, 400, 2, 0, 0.3), 300, 400);
  EXPECT_GT(columns.column, 5);
  EXPECT_NEAR(columns.column_neighbours, 0.04, 0.01);
  EXPECT_NEAR(columns.row_neighbours, 0, 0.02);
  EXPECT_NEAR(columns.row, 1, 0.4);
}

TEST(Strength, ByHandOnASmallMask) {
  // Row densities 1, 0, 1/2 (p = 1/2): variance (1/4 + 1/4 + 0) / 2 = 1/4 over p(1-p)/2 = 1/8.
  const std::vector<std::uint8_t> mask{1, 1, 0, 0, 1, 0};
  const DirectionStrength s = direction_strength(mask, 3, 2);
  EXPECT_DOUBLE_EQ(s.row, 2);
  // Column densities 2/3, 1/3: variance (1/36 + 1/36) / 1 = 1/18 over p(1-p)/3 = 1/12.
  EXPECT_NEAR(s.column, 2.0 / 3, 1e-12);
  // Of three pairs along rows one is kept whole, of four along columns none: (1/3 - 1/4) and (0 - 1/4) over 1/4.
  EXPECT_NEAR(s.row_neighbours, 1.0 / 3, 1e-12);
  EXPECT_NEAR(s.column_neighbours, -1, 1e-12);
  EXPECT_EQ(direction_strength(std::vector<std::uint8_t>(6, 1), 3, 2).row_neighbours, 0) << "not defined";
  EXPECT_EQ(direction_strength(std::vector<std::uint8_t>(6, 1), 3, 2).row, 1) << "nothing pruned: not defined";
  EXPECT_EQ(direction_strength(std::vector<std::uint8_t>(6, 0), 3, 2).column, 1);
}

TEST(Strength, OfRealMasksIsFarFromRandom) {
  const auto file = reference_data("dlmc/magnitude_pruning/0.8/body_encoder_layer_0_ffn_conv1_fully_connected.smtx");
  if (const auto absent = absent_reference("dlmc"); !absent.empty()) GTEST_SKIP() << absent;
  const MaskFile mask = read_mask(file);
  const DirectionStrength s = direction_strength(mask.mask, mask.out, mask.in);
  EXPECT_NEAR(s.density, 1 - mask.sparsity(), 1e-12);
  EXPECT_GT(std::max(s.row, s.column), 3);
}

TEST(Selection, WeighsImportanceByBarsAndFillsUpWithWhatFits) {
  // One strip of two outputs (input importance 8, 2) and one of a single output (3, 1).
  const std::vector<float> score{4, 1, 4, 1, 3, 1};
  Pattern pattern;
  pattern.strips = {{2, {0, 1}}, {1, {2}}};
  RankedMatrix ranked{score, 3, 2, &pattern, {}};
  const auto kept_at = [&](std::uint64_t keep) { return select_vectors({&ranked, 1}, keep, 1)[0]; };
  // Per weight: 4, 3, then a tie of 1 and 1 which goes to the earlier strip.
  EXPECT_EQ(kept_at(2).mask, (std::vector<std::uint8_t>{1, 0, 1, 0, 0, 0}));
  EXPECT_EQ(kept_at(3).mask, (std::vector<std::uint8_t>{1, 0, 1, 0, 1, 0}));
  EXPECT_EQ(kept_at(5).mask, (std::vector<std::uint8_t>{1, 1, 1, 1, 1, 0}));
  EXPECT_EQ(kept_at(4).mask, (std::vector<std::uint8_t>{1, 0, 1, 0, 1, 1})) << "two weights do not fit, one does";
  EXPECT_NEAR(kept_at(3).retained, 11, 1e-5);
  EXPECT_EQ(kept_at(0).kept, 0U);
  EXPECT_EQ(kept_at(6).kept, 6U);
  ranked.bar = {6, 1};
  EXPECT_EQ(kept_at(1).mask, (std::vector<std::uint8_t>{0, 0, 0, 0, 1, 0})) << "8/6 is less than 3";
  ranked.bar = {1000, 1};
  EXPECT_EQ(kept_at(4).kept, 4U) << "what is far below its bar still has its place in the order";
  const auto dear = kept_at(3).mask;
  ranked.bar = {2000, 2};
  EXPECT_EQ(kept_at(3).mask, dear) << "only proportions count";
}

// Of the whole program, wherever it stands.
const auto* const kSkip = ::testing::AddGlobalTestEnvironment(new golden::cases::SkipWithoutSimd);

TEST(Kernels, AllBuildsGiveTheSameBits) {
  const DenseMatrix a = random_matrix(9, 203, 1);
  std::vector<float> first;
  golden::cases::for_each_simd([&](Simd simd) {
    std::vector<float> gains;
    for (std::size_t j = 1; j < 9; ++j) {
      const float* const line = a.weight.data() + j * 203;
      gains.push_back(merged_gain(a.weight.data(), line, 203, 0.3F));
      double gain = 0;
      for (std::size_t i = 0; i < 203; ++i) gain += std::max(0.0, static_cast<double>(a.weight[i] + line[i]) - 0.3);
      EXPECT_NEAR(gains.back(), gain, 1e-3);
    }
    if (simd == Simd::kBaseline) first = gains;
    EXPECT_EQ(gains, first) << name_of(simd);
  });
}

// The largest sums there are, over more positions than 32 bits hold the sum of, and random ones.
TEST(Kernels, SwapsAgreeWithPlainSums) {
  constexpr std::size_t kLong = (std::size_t{3} << 19U) + kSwapBlock;
  golden::cases::for_each_simd([&](Simd simd) {
    const std::vector<std::int16_t> most(kLong, 32767);
    const std::vector<std::int16_t> zero(kLong, 0);
    EXPECT_EQ(positive_sum(most.data(), kLong), 32767 * static_cast<std::int64_t>(kLong)) << name_of(simd);
    EXPECT_EQ(swapped_sum(most.data(), most.data(), zero.data(), zero.data(), kLong),
              2 * 32767 * static_cast<std::int64_t>(kLong))
        << name_of(simd);
    std::mt19937 random(1);
    for (const std::size_t n : {kSwapBlock, 5 * kSwapBlock}) {
      std::vector<std::int16_t> v[4];
      for (std::vector<std::int16_t>& x : v) {
        for (std::size_t i = 0; i < n; ++i) x.push_back(static_cast<std::int16_t>(static_cast<int>(random() % 16384)));
      }
      for (std::size_t i = 0; i < n; ++i) {
        v[0][i] = static_cast<std::int16_t>(v[0][i] - 8192);
        v[1][i] = static_cast<std::int16_t>(v[1][i] - 8192);
      }
      std::int64_t expected = 0;
      std::int64_t first = 0;
      for (std::size_t i = 0; i < n; ++i) {
        const int d = v[3][i] - v[2][i];
        first += std::max(0, v[0][i] + d);
        expected += std::max(0, v[0][i] + d) + std::max(0, v[1][i] - d);
      }
      EXPECT_EQ(swapped_sum(v[0].data(), v[1].data(), v[2].data(), v[3].data(), n), expected) << name_of(simd);
      swap_lines(v[0].data(), v[1].data(), v[2].data(), v[3].data(), n);
      EXPECT_EQ(positive_sum(v[0].data(), n), first) << name_of(simd);
      EXPECT_EQ(positive_sum(v[0].data(), n) + positive_sum(v[1].data(), n), expected) << name_of(simd);
    }
  });
}

// Two column strips: outputs 0 and 2 of length 2, output 1 of length 1; three inputs.
PrunedMatrix small_matrix() {
  PrunedMatrix matrix;
  matrix.name = "layer.0.W_F1";
  matrix.out = 3;
  matrix.in = 3;
  matrix.mask = {1, 0, 0, 0, 1, 1, 1, 0, 0};
  matrix.weight.resize(9);
  matrix.pattern = {Direction::kColumn, {{2, {0, 2}}, {1, {1}}}};
  return matrix;
}

std::uint32_t colour_at(const MaskImage& image, std::size_t y, std::size_t x) {
  const std::uint8_t* const p = &image.pixel[3 * (y * image.width + x)];
  return static_cast<std::uint32_t>(p[0]) << 16U | static_cast<std::uint32_t>(p[1]) << 8U | p[2];
}

TEST(Picture, ColoursTellDirectionAndLength) {
  std::set<std::uint32_t> colours;
  for (const Direction direction : {Direction::kRow, Direction::kColumn}) {
    for (const int length : {1, 2, 4, 8, 16, 32, 64}) colours.insert(colour_of(direction, length));
  }
  EXPECT_EQ(colours.size(), 14U);
  const PrunedMatrix matrix = small_matrix();
  const MaskImage image = draw_mask(matrix, false);
  const std::size_t zoom = image.width / 3;
  ASSERT_EQ(image.height, 3 * zoom);
  EXPECT_EQ(colour_at(image, 0, 0), colour_of(Direction::kColumn, 2));
  EXPECT_EQ(colour_at(image, 0, zoom), 0xFFFFFFU);
  EXPECT_EQ(colour_at(image, zoom, zoom), colour_of(Direction::kColumn, 1));
  EXPECT_EQ(colour_at(image, 2 * zoom, 0), colour_of(Direction::kColumn, 2));
  const MaskImage turned = draw_mask(matrix, true);
  EXPECT_EQ(colour_at(turned, 0, 2 * zoom), colour_of(Direction::kColumn, 2));
  EXPECT_EQ(colour_at(turned, zoom, 0), 0xFFFFFFU) << "output 0, input 1 is pruned";
  // Two pixels a side: the last has output 2, input 2 alone, the first a mean of four.
  const MaskImage averaged = draw_mask(matrix, false, 2);
  ASSERT_EQ(averaged.pixel.size(), 12U);
  EXPECT_EQ(colour_at(averaged, 1, 1), 0xFFFFFFU);
  EXPECT_NE(colour_at(averaged, 0, 0), 0xFFFFFFU);
}

TEST(Picture, FilesReadBackThroughLibpng) {
  const MaskImage image = draw_mask(small_matrix(), false);
  const std::string bytes = encode_png("m", image);
  png_image read{};
  read.version = PNG_IMAGE_VERSION;
  ASSERT_NE(png_image_begin_read_from_memory(&read, bytes.data(), bytes.size()), 0);
  read.format = PNG_FORMAT_RGB;
  std::vector<std::uint8_t> pixel(PNG_IMAGE_SIZE(read));
  ASSERT_NE(png_image_finish_read(&read, nullptr, pixel.data(), 0, nullptr), 0);
  EXPECT_EQ(read.width, image.width);
  EXPECT_EQ(read.height, image.height);
  EXPECT_EQ(pixel, image.pixel);
}

TEST(Picture, HasTitleAxesAndLegend) {
  const std::string svg = mask_svg(small_matrix(), false);
  for (const char* part :
       {"layer.0.W_F1: 4 of 9 weights kept (44.4 %), in column vectors", "length 1: 50 %", "length 2: 50 %", "pruned",
        "inputs 0 to 2", "outputs 0 to 2", "data:image/png;base64,iVBOR"}) {
    EXPECT_NE(svg.find(part), std::string::npos) << part;
  }
  EXPECT_NE(mask_svg(small_matrix(), true).find(">outputs 0 to 2 →</text>"), std::string::npos);
}

}  // namespace
}  // namespace mixvec::inline pruning
