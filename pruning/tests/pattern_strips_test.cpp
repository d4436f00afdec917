// Tests of the strips that a mask is packed at, and of every pattern on the cycle model of a small accelerator.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "generator/legality.hpp"
#include "golden/layer/packed_layer.hpp"
#include "pruning/study/machine_run.hpp"
#include "pruning/tests/pattern_requests.hpp"

namespace mixvec::inline pruning {
namespace {

using cases::refusal_of;
using cases::RequestMaker;

AccelConfig small_accel(const std::string& vec = "mixed") {
  ConfigRequest request;
  request[&AccelConfig::pe] = 16;
  request[&AccelConfig::lanes] = 16;
  request.vec = vec;
  return make_config(request);
}

CostModel small_model(const std::string& vec = "mixed") { return CostModel(small_accel(vec), 64); }

/// A matrix with a mask at the given strips; kept weights are 1 to 7.
PrunedMatrix at_strips(const std::string& name, std::size_t out, std::size_t in, const Mask& mask, Pattern pattern) {
  PrunedMatrix matrix;
  matrix.name = name;
  matrix.out = out;
  matrix.in = in;
  matrix.mask = mask;
  matrix.pattern = std::move(pattern);
  for (std::size_t i = 0; i < mask.size(); ++i) {
    matrix.weight.push_back(to_half(mask[i] != 0 ? static_cast<float>(1 + i % 7) : 0.0F));
  }
  for (std::size_t o = 0; o < out; ++o) matrix.bias.push_back(to_half(static_cast<float>(o % 5)));
  return matrix;
}

/// Chosen, checked, packed, unpacked again, and run on the cycle model.
StripChoice run_mask(std::size_t out, std::size_t in, const Mask& mask, const CostModel& model) {
  StripChoice choice = best_strips("m", out, in, mask, model);
  const PrunedMatrix matrix = at_strips("m", out, in, mask, choice.pattern);
  validate(matrix);
  const MachineRun run = run_on_machine(matrix, model.accel(), 64);
  EXPECT_EQ(run.kept, matrix.kept());
  EXPECT_GT(run.cycles, 0U);
  return choice;
}

std::string described(const Pattern& pattern) {
  std::string text = name_of(pattern.direction);
  for (const Strip& strip : pattern.strips) {
    text += fmt::format(" {}:", strip.length);
    for (const std::uint32_t i : strip.index) text += fmt::format("{}{}", i == strip.index[0] ? "" : ",", i);
  }
  return text;
}

/// Lines 0, 1, 2, … belong to the classes; each class has its own random line of `across` positions.
Mask mask_of_classes(const std::vector<std::size_t>& class_of, std::size_t across, std::uint64_t seed) {
  Mask mask;
  for (const std::size_t c : class_of) {
    Random random(seed + 1000 * c);
    for (std::size_t i = 0; i < across; ++i) mask.push_back(random.below(5) == 0 ? 1 : 0);
  }
  return mask;
}

TEST(PatternStrips, PutEqualLinesTogetherWhereverTheyStand) {
  std::vector<std::size_t> class_of(64);
  for (std::size_t o = 0; o < 64; ++o) class_of[o] = o % 16;
  const Mask mask = mask_of_classes(class_of, 480, 7);
  const StripChoice choice = run_mask(64, 480, mask, small_model());
  EXPECT_EQ(choice.pattern.direction, Direction::kColumn);
  ASSERT_EQ(choice.pattern.strips.size(), 16U);
  for (const Strip& strip : choice.pattern.strips) EXPECT_EQ(strip.length, 4);
  EXPECT_EQ(choice.pattern.strips[3].index, (std::vector<std::uint32_t>{3, 19, 35, 51}));

  // The same, transposed: row vectors.
  Mask turned(mask.size());
  for (std::size_t i = 0; i < mask.size(); ++i) turned[i % 480 * 64 + i / 480] = mask[i];
  const StripChoice rows = run_mask(480, 64, turned, small_model());
  EXPECT_EQ(rows.pattern.direction, Direction::kRow);
  ASSERT_EQ(rows.pattern.strips.size(), 16U);
  EXPECT_EQ(rows.pattern.strips[3].index, (std::vector<std::uint32_t>{3, 19, 35, 51}));
}

TEST(PatternStrips, OfALengthByItselfAreShortAtTheEnd) {
  // Classes of five, three and one output, on an accelerator of ℓ = 4 only.
  const Mask mask = mask_of_classes({0, 1, 0, 1, 2, 0, 0, 1, 0}, 24, 3);
  EXPECT_EQ(described(run_mask(9, 24, mask, small_model("4")).pattern), "column 4:0,2,5,6 4:1,3,7 4:8 4:4");
}

/// All ways to cut classes of equal lines greedily into some of the lengths 1 to 16, without a short strip.
std::vector<Pattern> cuts_by_hand(std::size_t out, std::size_t in, const Mask& mask, Direction direction) {
  const bool column = direction == Direction::kColumn;
  std::map<std::string, std::vector<std::uint32_t>> classes;
  for (std::uint32_t line = 0; line < (column ? out : in); ++line) {
    std::string key;
    for (std::size_t a = 0; a < (column ? in : out); ++a)
      key += mask[column ? line * in + a : a * in + line] != 0 ? '1' : '0';
    classes[key].push_back(line);
  }
  std::vector<Pattern> cuts;
  for (unsigned set = 0; set < 16; ++set) {
    Pattern pattern{direction, {}};
    for (const auto& [key, lines] : classes) {
      std::size_t next = 0;
      for (int length = 16; length >= 1; length /= 2) {
        const bool allowed = length == 1 || (set & static_cast<unsigned>(length) / 2) != 0;
        while (allowed && lines.size() - next >= static_cast<std::size_t>(length)) {
          pattern.strips.push_back({length, {}});
          for (int l = 0; l < length; ++l) pattern.strips.back().index.push_back(lines[next++]);
        }
      }
    }
    std::stable_sort(pattern.strips.begin(), pattern.strips.end(),
                     [](const Strip& a, const Strip& b) { return a.length > b.length; });
    cuts.push_back(std::move(pattern));
  }
  return cuts;
}

TEST(PatternStrips, AreTheCheapestOfAllCuts) {
  const CostModel model = small_model();
  std::size_t by_bytes = 0;
  std::size_t by_cycles = 0;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    for (const std::size_t across : {12, 40}) {
      std::vector<std::size_t> class_of(7 + seed);
      Random random(seed);
      for (std::size_t& c : class_of) c = random.below(seed % 4 == 0 ? 60 : 3);
      const std::size_t out = class_of.size();
      const Mask mask = mask_of_classes(class_of, across, seed);
      const StripChoice choice = run_mask(out, across, mask, model);
      std::vector<MatrixCost> costs;
      for (const Direction direction : {Direction::kColumn, Direction::kRow}) {
        for (Pattern& pattern : cuts_by_hand(out, across, mask, direction)) {
          costs.push_back(matrix_cost(at_strips("m", out, across, mask, std::move(pattern)), model));
        }
      }
      ASSERT_EQ(costs.size(), 32U);
      const double chosen = choice.cost.cycles() * choice.cost.bytes;
      bool fewest_bytes = true;
      bool fewest_cycles = true;
      bool found = false;
      for (const MatrixCost& cost : costs) {
        EXPECT_LE(chosen, cost.cycles() * cost.bytes * (1 + 1e-12)) << seed;
        found = found || std::fabs(chosen / (cost.cycles() * cost.bytes) - 1) < 1e-12;
        fewest_bytes = fewest_bytes && choice.cost.bytes <= cost.bytes;
        fewest_cycles = fewest_cycles && choice.cost.cycles() <= cost.cycles();
      }
      EXPECT_TRUE(found) << seed;
      by_bytes += fewest_bytes ? 1 : 0;
      by_cycles += fewest_cycles ? 1 : 0;
    }
  }
  EXPECT_LT(by_bytes, 24U) << "bytes alone do not decide";
  EXPECT_LT(by_cycles, 24U) << "nor do cycles";
}

TEST(PatternStrips, KeepToWhatTheAcceleratorTakes) {
  Random random(5);
  Mask mask(20 * 30);
  for (std::uint8_t& m : mask) m = random.below(3) == 0 ? 1 : 0;
  EXPECT_EQ(run_mask(20, 30, mask, small_model("row")).pattern.direction, Direction::kRow);
  EXPECT_EQ(run_mask(20, 30, mask, small_model("column")).pattern.direction, Direction::kColumn);
  // One length: columns stand alone in strips that are not full; rows would need a section for each.
  const StripChoice eight = run_mask(20, 30, mask, small_model("8"));
  EXPECT_EQ(eight.pattern.direction, Direction::kColumn);
  EXPECT_EQ(eight.pattern.strips.size(), 20U);
  for (const Strip& strip : eight.pattern.strips) EXPECT_EQ(strip.length, 8);

  AccelConfig rows_of_eight = small_accel("8");
  rows_of_eight.columns_allowed = false;
  const std::string refused = refusal_of([&] { best_strips("layer.0.W_F1", 20, 30, mask, CostModel(rows_of_eight)); });
  EXPECT_NE(refused.find("layer.0.W_F1: 30 sections of row vectors"), std::string::npos) << refused;
  EXPECT_NE(refused.find("an accelerator of row vectors and lengths 8 to 8"), std::string::npos) << refused;

  AccelConfig shallow = small_accel();
  shallow.depth = 16;
  const std::string deep = refusal_of([&] { best_strips("layer.0.W_F2", 20, 30, mask, CostModel(shallow)); });
  EXPECT_NE(deep.find("this accelerator holds 16 (depth)"), std::string::npos) << deep;
}

TEST(PatternStrips, HoldAnyMaskOfAnyShape) {
  std::size_t runs = 0;
  for (const auto& [out, in] : std::vector<std::pair<std::size_t, std::size_t>>{{1, 1}, {1, 7}, {13, 1}, {17, 23}}) {
    for (const std::uint32_t of_four : {0, 1, 3, 4}) {
      for (const char* vec : {"mixed", "row", "column", "4"}) {
        Random random(out + in + of_four);
        Mask mask(out * in);
        for (std::uint8_t& m : mask) m = random.below(4) < of_four ? 1 : 0;
        run_mask(out, in, mask, small_model(vec));
        ++runs;
      }
    }
  }
  EXPECT_EQ(runs, 64U);
}

/// What a pattern leaves of a small layer, on a small accelerator.
class EveryMaskPattern : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryMaskPattern, PacksLosslesslyAndRuns) {
  RequestMaker maker;
  maker.add_layer(0, 32, 72, 1000).add_layer(1, 32, 72, 1000);
  maker.request.heads = 4;
  const auto pattern = make_mask_pattern(GetParam());
  const std::optional<double> own = pattern->own_ratio();
  maker.request.ratio = own ? *own : 0.5;
  const CostModel model = small_model();
  const std::vector<PatternedMatrix> results = apply_pattern(*pattern, maker.request, model);
  ASSERT_EQ(results.size(), 8U);
  std::uint64_t kept = 0;
  std::uint64_t weights = 0;
  for (std::size_t m = 0; m < results.size(); ++m) {
    const MatrixScores& scored = maker.request.matrices[m];
    const PatternedMatrix& result = results[m];
    const PrunedMatrix matrix = at_strips(scored.name, scored.out, scored.in, result.mask, result.pattern);
    validate(matrix);
    EXPECT_EQ(matrix.kept(), result.kept);
    double total = 0;
    double of_kept = 0;
    for (std::size_t i = 0; i < result.mask.size(); ++i) {
      total += scored.score[i];
      of_kept += result.mask[i] * scored.score[i];
    }
    EXPECT_EQ(result.score, of_kept);
    EXPECT_EQ(result.score_total, total);
    if (pattern->prunes(scored.kind)) {
      kept += result.kept;
      weights += result.mask.size();
    } else {
      EXPECT_EQ(result.kept, result.mask.size());
    }
    const MachineRun run = run_on_machine(matrix, model.accel(), 64);
    EXPECT_EQ(run.kept, result.kept);
    const MatrixCost cost = matrix_cost(matrix, model);
    EXPECT_EQ(result.cost.bytes, cost.bytes);
    EXPECT_EQ(result.cost.cycles(), cost.cycles());
  }
  const double reached = static_cast<double>(kept) / static_cast<double>(weights);
  EXPECT_LE(reached, 1 - *maker.request.ratio + 1e-9);
  EXPECT_GE(reached, 1 - *maker.request.ratio - 0.05) << "short of it by a head at most";
}

INSTANTIATE_TEST_SUITE_P(Small, EveryMaskPattern,
                         ::testing::Values("2:4", "8:2:8", "vector-wise,length=8", "vector-wise,direction=column",
                                           "block,attention=8x8,feed-forward=4x4", "block,attention=8x8",
                                           "block,attention=8x8,filled=yes", "head", "channel"),
                         [](const auto& parameter) {
                           std::string name = parameter.param;
                           for (char& c : name) {
                             if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
                           }
                           return name;
                         });

TEST(EveryMaskPatternOf, LongVectorsRunAtFullRate) {
  RequestMaker maker;
  maker.add_layer(0, 384, 1536, 1000);
  maker.request.heads = 6;
  const AccelConfig accel = make_config(ConfigRequest{});
  const auto utilization = [&](const std::string& text) {
    const auto pattern = make_mask_pattern(text);
    const std::optional<double> own = pattern->own_ratio();
    maker.request.ratio = own ? *own : 0.8;
    MachineRun all;
    const auto results = apply_pattern(*pattern, maker.request, CostModel(accel));
    for (std::size_t m = 0; m < results.size(); ++m) {
      const MatrixScores& scored = maker.request.matrices[m];
      if (!pattern->prunes(scored.kind)) continue;
      all += run_on_machine(at_strips(scored.name, scored.out, scored.in, results[m].mask, results[m].pattern), accel,
                            256);
    }
    fmt::print("{}: utilization {:.3f}, {:.3f} bytes per byte of kept weights\n", text, all.utilization(),
               static_cast<double>(all.image_bytes) / (2 * static_cast<double>(all.kept)));
    return all.utilization();
  };
  for (const char* text : {"2:4", "64:2:8", "vector-wise,kept=4"}) EXPECT_NEAR(utilization(text), 0.25, 0.02) << text;
  for (const char* text : {"block", "block,filled=yes", "head", "channel"}) EXPECT_GT(utilization(text), 0.8) << text;
}

TEST(EveryMaskPatternOf, TheRegistryIsRun) {
  // A pattern that is added is run above.
  std::set<std::string> names;
  for (const char* text : {"2:4", "8:2:8", "vector-wise", "block", "head", "channel"}) {
    names.insert(find_mask_pattern(text)->name);
  }
  EXPECT_EQ(names.size(), mask_patterns().size());
}

/// The layer's output on its packed images, with another bias at output `changed` of one matrix.
std::vector<Half> run_with_bias(PrunedLayer layer, LayerMatrix matrix, std::size_t changed) {
  layer.matrices.at(matrix).bias[changed] = to_half(-3.5F);
  Program program;
  const AccelConfig accel = small_accel();
  program.format = static_cast<const FormatConfig&>(accel);
  pack_layer(layer, program);
  std::vector<Half> x;
  Random random(3);
  for (std::size_t i = 0; i < layer.layer.hidden * 6; ++i) x.push_back(to_half(random.gaussian()));
  LayerState state = make_state(layer.layer, 6);
  return run_layer(layer.layer, program_runner(program, layer.layer.name), x, 6, state);
}

TEST(RemovedUnits, LeaveNoTraceInTheLayersOutput) {
  constexpr std::size_t kWidth = 32;
  constexpr std::size_t kNeurons = 40;
  RequestMaker maker;
  maker.add_layer(0, kWidth, kNeurons, 1000);
  maker.request.heads = 4;
  maker.request.ratio = 0.5;
  const LayerNorm norm{std::vector<Half>(kWidth, to_half(1.0F)), std::vector<Half>(kWidth, to_half(0.0F))};
  std::size_t removed = 0;
  for (const char* text : {"head", "channel", "block,attention=8x8,filled=yes"}) {
    const auto results = apply_pattern(*make_mask_pattern(text), maker.request, small_model());
    PrunedLayer layer;
    layer.layer = {.name = "layer.0",
                   .hidden = kWidth,
                   .heads = 4,
                   .intermediate = kNeurons,
                   .norm_attention = norm,
                   .norm_cross = {},
                   .norm_output = norm,
                   .emptied = {},
                   .emptied_cross = {}};
    const LayerMatrix kinds[] = {LayerMatrix::kMA, LayerMatrix::kMP, LayerMatrix::kF1, LayerMatrix::kF2};
    for (std::size_t m = 0; m < 4; ++m) {
      const MatrixScores& scored = maker.request.matrices[m];
      PrunedMatrix matrix = at_strips(scored.name, scored.out, scored.in, results[m].mask, results[m].pattern);
      // Small weights: nothing overflows.
      for (Half& w : matrix.weight) w = to_half(to_float(w) / 64);
      layer.matrices[kinds[m]] = std::move(matrix);
    }
    const std::vector<Half> y = run_with_bias(layer, LayerMatrix::kF2, 0);
    layer.matrices.at(LayerMatrix::kF2).bias[0] = to_half(-3.5F);
    const Mask& of_projection = results[1].mask;
    for (std::size_t channel = 0; channel < kWidth; channel += 8) {
      EXPECT_EQ(find_emptied_heads(layer.matrices.at(LayerMatrix::kMP), 4)[channel / 8], of_projection[channel] == 0);
      // V: of Q and K a bias of all keys is lost in the softmax.
      const bool same = run_with_bias(layer, LayerMatrix::kMA, 2 * kWidth + channel) == y;
      EXPECT_EQ(same, of_projection[channel] == 0) << text << ", channel " << channel;
      removed += of_projection[channel] == 0 ? 1 : 0;
    }
    for (std::size_t neuron = 0; neuron < kNeurons; ++neuron) {
      const bool gone = results[3].mask[neuron] == 0;
      if (!gone) continue;
      EXPECT_TRUE(run_with_bias(layer, LayerMatrix::kF1, neuron) == y) << text << ", neuron " << neuron;
      ++removed;
    }
  }
  EXPECT_GT(removed, 30U);
}

}  // namespace
}  // namespace mixvec::inline pruning
