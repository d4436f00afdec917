// Tests of the patterns that keep a share of every group (N:M, V:N:M, vector-wise), of blocks, and of their names.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "pruning/patterns/balanced.hpp"
#include "pruning/tests/pattern_requests.hpp"

namespace mixvec::inline pruning {
namespace {

using cases::count_kept;
using cases::drawn;
using cases::masks_of;
using cases::refusal_of;
using cases::RequestMaker;

/// The mask of one matrix.
std::string drawn_by(const std::string& pattern, std::size_t out, std::size_t in, std::vector<float> score,
                     std::optional<double> ratio = {}, MatrixKind kind = MatrixKind::kF1) {
  RequestMaker maker;
  maker.add(kind, out, in, std::move(score));
  maker.request.ratio = ratio;
  return drawn(masks_of(pattern, maker.request)[0], in);
}

/// Largest sum of `keep` of the values, by trying all subsets.
double best_sum(const std::vector<double>& values, std::size_t keep) {
  double best = -1;
  for (std::uint32_t set = 0; set < 1U << values.size(); ++set) {
    double sum = 0;
    std::size_t count = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if ((set >> i & 1U) == 0) continue;
      sum += values[i];
      ++count;
    }
    if (count == keep) best = std::max(best, sum);
  }
  return best;
}

struct MaskShape {
  std::size_t out;
  std::size_t in;
};
constexpr MaskShape kMaskShapes[] = {{1, 1}, {1, 5}, {5, 1}, {2, 4}, {7, 13}, {8, 16}, {11, 17}};

TEST(PatternCounts, RoundToTheNearestHalvesUp) {
  EXPECT_EQ(kept_count(0.9, 5), 1U) << "a half, though 1 - 0.9 is a little less than 0.1";
  EXPECT_EQ(kept_count(0.7, 5), 2U);
  EXPECT_EQ(kept_count(0.8, 16), 3U);
  EXPECT_EQ(kept_count(0, 7), 7U);
  EXPECT_EQ(kept_count(1, 7), 0U);
  EXPECT_EQ(proportional(1, 2, 4), 1U);
  EXPECT_EQ(proportional(1, 1, 4), 0U);
  EXPECT_EQ(proportional(2, 1, 4), 1U);
  EXPECT_EQ(proportional(3, 2, 4), 2U);
  EXPECT_EQ(proportional(4, 2, 4), 2U);
}

TEST(NmPattern, ByHand) {
  EXPECT_EQ(drawn_by("2:4", 2, 8, {1, 4, 3, 2, 9, 0, 0, 8, 4, 3, 2, 1, 1, 2, 3, 4}), "01101001/11000011");
  EXPECT_EQ(drawn_by("2:4", 1, 4, {0, 0, 0, 0}), "1100") << "zeros are kept to fill the group";
  EXPECT_EQ(drawn_by("1:2", 1, 4, {5, 5, 6, 6}), "1010") << "the earlier of equals";
  EXPECT_EQ(drawn_by("n:m,n=1,m=2", 1, 4, {5, 6, 6, 5}), "0110");
  EXPECT_EQ(drawn_by("4:4", 1, 5, {1, 2, 3, 4, 5}), "11111");
}

TEST(NmPattern, GivesARemainderItsShare) {
  EXPECT_EQ(drawn_by("2:4", 1, 5, {1, 2, 3, 4, 0}), "00111") << "half a weight is rounded up";
  EXPECT_EQ(drawn_by("1:4", 1, 5, {1, 2, 3, 4, 5}), "00010") << "a quarter of a weight is none";
  EXPECT_EQ(drawn_by("1:4", 1, 6, {1, 2, 3, 4, 5, 6}), "000101");
  EXPECT_EQ(drawn_by("1:4", 1, 3, {1, 2, 2}), "010");
}

TEST(NmPattern, KeepsTheTopOfEveryGroup) {
  std::size_t groups = 0;
  for (const MaskShape& shape : kMaskShapes) {
    for (const auto& [n, m] : std::vector<std::pair<std::size_t, std::size_t>>{{2, 4}, {1, 3}, {3, 8}, {4, 5}}) {
      RequestMaker maker;
      maker.add_random(MatrixKind::kF2, shape.out, shape.in, 4);
      const Mask mask = masks_of(fmt::format("{}:{}", n, m), maker.request)[0];
      for (std::size_t o = 0; o < shape.out; ++o) {
        for (std::size_t first = 0; first < shape.in; first += m) {
          std::vector<double> values;
          double sum = 0;
          std::size_t kept = 0;
          for (std::size_t i = first; i < std::min(first + m, shape.in); ++i) {
            values.push_back(maker.request.matrices[0].score[o * shape.in + i]);
            sum += mask[o * shape.in + i] * values.back();
            kept += mask[o * shape.in + i];
          }
          EXPECT_EQ(kept, proportional(values.size(), n, m));
          EXPECT_EQ(sum, best_sum(values, kept));
          ++groups;
        }
      }
    }
  }
  EXPECT_EQ(groups, 464U);
}

TEST(NmPattern, RefusesAnotherRatio) {
  RequestMaker maker;
  maker.add_random(MatrixKind::kF1, 2, 6, 9);
  maker.request.ratio = 0.8;
  const std::string refused = refusal_of("2:4", maker.request);
  EXPECT_NE(refused.find("--ratio: found 0.8, expected 0.5 or none"), std::string::npos) << refused;
  maker.request.ratio = 0.667;
  EXPECT_EQ(refusal_of("1:3", maker.request), "");
  maker.request.ratio = 0.66;
  EXPECT_NE(refusal_of("1:3", maker.request), "");
}

TEST(VnmPattern, ByHand) {
  // Inputs sum to 6, 5, 9, 2, 8: the fourth goes; then each output keeps its best two of the others.
  EXPECT_EQ(drawn_by("2:2:5", 2, 5, {1, 4, 3, 2, 8, 5, 1, 6, 0, 0}), "01001/10100");
  // The second block of outputs has one only; of its inputs the first goes.
  EXPECT_EQ(drawn_by("2:1:5", 3, 5, {1, 4, 3, 2, 8, 5, 1, 6, 0, 0, 0, 1, 2, 2, 1}), "00001/00100/00100");
  EXPECT_EQ(drawn_by("3:1:5", 3, 5, {9, 1, 2, 2, 2, 9, 1, 2, 2, 2, 0, 1, 0, 0, 0}), "10000/10000/10000")
      << "the second input is not shared, though it is the third output's best";
}

TEST(VnmPattern, SharesFourInputsAndKeepsItsShare) {
  std::size_t blocks = 0;
  for (const MaskShape& shape : kMaskShapes) {
    for (const std::size_t v : {1, 2, 4}) {
      for (const auto& [n, m] : std::vector<std::pair<std::size_t, std::size_t>>{{2, 4}, {2, 8}, {1, 7}, {4, 6}}) {
        RequestMaker maker;
        maker.add_random(MatrixKind::kMP, shape.out, shape.in, 5);
        const auto score = maker.request.matrices[0].score;
        const Mask mask = masks_of(fmt::format("{}:{}:{}", v, n, m), maker.request)[0];
        for (std::size_t first_out = 0; first_out < shape.out; first_out += v) {
          for (std::size_t first = 0; first < shape.in; first += m) {
            const std::size_t inputs = std::min(m, shape.in - first);
            std::vector<double> of_input(inputs);
            std::set<std::size_t> used;
            for (std::size_t o = first_out; o < std::min(first_out + v, shape.out); ++o) {
              std::size_t kept = 0;
              for (std::size_t i = 0; i < inputs; ++i) {
                of_input[i] += score[o * shape.in + first + i];
                kept += mask[o * shape.in + first + i];
                if (mask[o * shape.in + first + i] != 0) used.insert(i);
              }
              EXPECT_EQ(kept, proportional(inputs, n, m));
            }
            const std::size_t shared = proportional(inputs, 4, m);
            EXPECT_LE(used.size(), shared);
            // What is used is among the best inputs of the block: none that is not shared has more.
            std::vector<double> sorted = of_input;
            std::sort(sorted.begin(), sorted.end(), std::greater<>());
            for (const std::size_t i : used) EXPECT_GE(of_input[i], sorted[shared - 1]);
            ++blocks;
          }
        }
      }
    }
  }
  EXPECT_GT(blocks, 300U);
}

TEST(VnmPattern, OfOneOutputWithAllInputsSharedIsNm) {
  RequestMaker maker;
  maker.add_random(MatrixKind::kF1, 9, 22, 6);
  EXPECT_EQ(masks_of("1:2:4", maker.request), masks_of("2:4", maker.request));
  EXPECT_EQ(masks_of("1:2:9", maker.request), masks_of("2:9", maker.request)) << "the best of an output are shared";
  EXPECT_NE(masks_of("4:2:9", maker.request), masks_of("2:9", maker.request));
}

TEST(VectorWisePattern, ByHand) {
  EXPECT_EQ(drawn_by("vector-wise,length=3,kept=1", 2, 4, {1, 2, 3, 4, 7, 7, 1, 0}), "0010/1000")
      << "a remainder of one keeps a third of a weight: none";
  EXPECT_EQ(drawn_by("vector-wise,length=2,kept=1,direction=column", 3, 2, {1, 5, 2, 5, 0, 0}), "01/10/11");
  EXPECT_EQ(drawn_by("vector-wise,length=4", 1, 8, {1, 2, 3, 4, 4, 3, 2, 1}, 0.7), "00011000")
      << "1.2 weights of four are one";
  EXPECT_EQ(drawn_by("vector-wise,length=4", 1, 4, {1, 2, 3, 4}, 0.5), "0011");
  EXPECT_EQ(drawn_by("vector-wise,length=4", 1, 4, {1, 2, 3, 4}, 1), "0000");
  EXPECT_EQ(drawn_by("vector-wise,length=4", 1, 4, {1, 2, 3, 4}, 0), "1111");
}

TEST(VectorWisePattern, AlongInputsIsNmAndAlongOutputsItsTranspose) {
  for (const MaskShape& shape : kMaskShapes) {
    RequestMaker maker;
    maker.add_random(MatrixKind::kF1, shape.out, shape.in, 5);
    const auto score = maker.request.matrices[0].score;
    EXPECT_EQ(masks_of("vector-wise,length=5,kept=2", maker.request), masks_of("2:5", maker.request));
    std::vector<float> turned(score.size());
    for (std::size_t i = 0; i < score.size(); ++i) turned[i % shape.in * shape.out + i / shape.in] = score[i];
    RequestMaker other;
    other.add(MatrixKind::kF1, shape.in, shape.out, turned);
    const Mask mask = masks_of("vector-wise,length=5,kept=2,direction=column", maker.request)[0];
    const Mask of_turned = masks_of("2:5", other.request)[0];
    for (std::size_t i = 0; i < mask.size(); ++i) {
      EXPECT_EQ(mask[i], of_turned[i % shape.in * shape.out + i / shape.in]);
    }
  }
}

TEST(VectorWisePattern, RefusesWhatContradicts) {
  RequestMaker maker;
  maker.add_random(MatrixKind::kF1, 2, 6, 9);
  maker.request.ratio = 0.5;
  EXPECT_EQ(refusal_of("vector-wise,length=4,kept=2", maker.request), "");
  EXPECT_NE(refusal_of("vector-wise,length=4,kept=1", maker.request).find("expected 0.75 or none"), std::string::npos);
  EXPECT_NE(refusal_of("vector-wise,length=4,kept=5", maker.request).find("from 1 to 4"), std::string::npos);
  maker.request.ratio.reset();
  EXPECT_NE(refusal_of("vector-wise", maker.request).find("--ratio: found none"), std::string::npos);
}

TEST(BlockPattern, ByHand) {
  const std::vector<float> score{1, 1, 0, 0, 1, 1, 0, 9, 2, 2, 0, 0, 2, 2, 0, 0};
  EXPECT_EQ(drawn_by("block,feed-forward=2x2", 4, 4, score, 0.75), "0011/0011/0000/0000") << "9 of four weights";
  EXPECT_EQ(drawn_by("block,feed-forward=2x2", 4, 4, score, 0.5), "0011/0011/1100/1100");
  EXPECT_EQ(drawn_by("block,feed-forward=1xall", 4, 4, score, 0.5), "0000/1111/1111/0000")
      << "rows of 2, 11, 4, 4: the earlier of equals";
  EXPECT_EQ(drawn_by("block,feed-forward=allx1", 4, 4, score, 0.75), "0001/0001/0001/0001") << "columns of 6, 6, 0, 9";
  EXPECT_EQ(drawn_by("block,feed-forward=2x2", 4, 4, score, 0.6), "0011/0011/0000/0000")
      << "six weights may stay; another block of four does not fit";
}

TEST(BlockPattern, RanksByTheWeightAndTakesSmallerOnesAtTheEnds) {
  // Blocks of 2 x 2 on 3 x 3: four weights with 4, two with 3, two with 1, one with 2.
  const std::vector<float> score{1, 1, 2, 1, 1, 1, 0, 1, 2};
  EXPECT_EQ(drawn_by("block,feed-forward=2x2", 3, 3, score, 8.0 / 9), "000/000/001");
  EXPECT_EQ(drawn_by("block,feed-forward=2x2", 3, 3, score, 6.0 / 9), "001/001/001");
  EXPECT_EQ(drawn_by("block,feed-forward=2x2", 3, 3, score, 4.0 / 9), "001/001/111")
      << "four do not fit any more, two do";
  EXPECT_EQ(drawn_by("block,feed-forward=2x2", 3, 3, score, 2.0 / 9), "111/111/001");
}

TEST(BlockPattern, TurnsTheSecondMatrixOfAPair) {
  // A neuron is a row of W_F1 and a column of W_F2.
  const std::vector<float> score{1, 0, 3, 1, 0, 3, 1, 2, 3};
  EXPECT_EQ(drawn_by("block,feed-forward=1xall", 3, 3, score, 2.0 / 3, MatrixKind::kF1), "000/000/111");
  EXPECT_EQ(drawn_by("block,feed-forward=1xall", 3, 3, score, 2.0 / 3, MatrixKind::kF2), "001/001/001");
  EXPECT_EQ(drawn_by("block,attention=1xall", 3, 3, score, 2.0 / 3, MatrixKind::kMP), "001/001/001");
  EXPECT_EQ(drawn_by("block,attention=1x2", 3, 3, score, 2.0 / 3, MatrixKind::kMP), "001/001/001");
}

TEST(BlockPattern, CutsQueriesKeysAndValuesByThemselves) {
  // Three rows each: blocks of two rows begin at 0, 2, 3, 5, 6 and 8.
  std::vector<float> score(9, 0);
  score[3] = score[5] = 4;
  EXPECT_EQ(drawn_by("block,attention=2x1", 9, 1, score, 6.0 / 9, MatrixKind::kMA), "0/0/0/1/1/1/0/0/0");
  EXPECT_NE(refusal_of([&] {
              drawn_by("block", 8, 1, std::vector<float>(8), 0.5, MatrixKind::kMA);
            }).find("a multiple of three"),
            std::string::npos);
}

TEST(BlockPattern, HasItsShapesByMatrixAndItsScope) {
  RequestMaker maker;
  maker.add(MatrixKind::kMP, 2, 2, {8, 8, 8, 8}).add(MatrixKind::kF1, 2, 2, {1, 2, 3, 1});
  maker.request.ratio = 0.5;
  const std::string pattern = "block,attention=2x1,feed-forward=1x1";
  std::vector<Mask> masks = masks_of(pattern, maker.request);
  EXPECT_EQ(drawn(masks[0], 2), "11/11") << "one ranking: all of the stronger matrix";
  EXPECT_EQ(drawn(masks[1], 2), "00/00");
  maker.request.per_matrix = true;
  masks = masks_of(pattern, maker.request);
  EXPECT_EQ(drawn(masks[0], 2), "11/00");
  EXPECT_EQ(drawn(masks[1], 2), "01/10");
  EXPECT_EQ(masks_of("block,attention=1x2,feed-forward=1x1", maker.request)[0], (Mask{1, 0, 1, 0}));
}

TEST(BlockPattern, OfEqualSizesIsTheBestChoice) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    RequestMaker maker;
    maker.seed(seed).add_random(MatrixKind::kF1, 4, 6, 7).add_random(MatrixKind::kF2, 6, 4, 7);
    maker.request.ratio = 0.6;  // 19.2 of 48 weights: 19, which are three blocks of six
    const std::vector<Mask> masks = masks_of("block,feed-forward=2x3", maker.request);
    std::vector<double> sums(8);
    for (std::size_t i = 0; i < 24; ++i) {
      sums[i / 12 * 2 + i % 6 / 3] += maker.request.matrices[0].score[i];
      sums[4 + i / 4 / 3 * 2 + i % 4 / 2] += maker.request.matrices[1].score[i];
    }
    EXPECT_EQ(count_kept(masks[0]) + count_kept(masks[1]), 18U);
    EXPECT_EQ(cases::score_kept(maker.request, masks), best_sum(sums, 3)) << seed;
  }
}

TEST(PatternRegistry, ListsEveryPattern) {
  std::set<std::string> names;
  for (const MaskPatternEntry& entry : mask_patterns()) {
    names.insert(entry.name);
    EXPECT_FALSE(entry.paper.empty());
    EXPECT_LE(entry.help.size(), 98U) << entry.name;
    EXPECT_FALSE(entry.help.empty());
    for (const PatternParameter& parameter : entry.parameters) {
      EXPECT_FALSE(parameter.help.empty());
      EXPECT_LE(parameter.name.size() + parameter.fallback.size() + parameter.help.size(), 92U) << parameter.name;
    }
    EXPECT_EQ(find_mask_pattern(entry.name), &entry);
    EXPECT_NE(make_mask_pattern(entry.name), nullptr) << "the defaults make a pattern";
  }
  EXPECT_EQ(names, (std::set<std::string>{"n:m", "v:n:m", "vector-wise", "block", "head", "channel"}));
  for (const char* other : {"mixed", "vector", "unstructured", "", "2:4:8:16", "heads", "m:n"}) {
    EXPECT_EQ(find_mask_pattern(other), nullptr) << other;
  }
}

TEST(PatternRegistry, SaysWhatIsWrong) {
  const auto says = [](const std::string& pattern, const std::string& expected) {
    const std::string refused = refusal_of(pattern);
    EXPECT_NE(refused.find(expected), std::string::npos) << pattern << ": " << refused;
  };
  says("hed", "--pattern: found \"hed\", expected one of: n:m, v:n:m, vector-wise, block, head, channel; did you mean");
  says("2:", "--pattern n:m: m: found \"\", expected a whole number from 1 to 65536");
  says("5:4", "--pattern n:m: n: found \"5\", expected a whole number from 1 to 4");
  says("0:4", "expected a whole number from 1 to 4");
  says("2:4,m=8", "found parameter \"m\" twice");
  says("64:5:8", "--pattern v:n:m: n: found \"5\", expected a whole number from 1 to 4");
  says("64:2:3", "--pattern v:n:m: m: found \"3\", expected a whole number from 4");
  says("block,shape=2x2", "found parameter \"shape\", expected attention, feed-forward, filled");
  says("block,attention=32", "attention: found \"32\", expected ROWSxCOLUMNS");
  says("block,attention=0x4", "expected ROWSxCOLUMNS");
  says("block,attention=4x-1", "expected ROWSxCOLUMNS");
  says("block,filled", "found \"filled\", expected PARAMETER=VALUE");
  says("block,filled=maybe", "expected one of: no, yes");
  says("vector-wise,direction=up", "expected one of: row, column");
  says("channel=residual", "every layer adds to the same residual channels");
  says("channel,which=residual", "every layer adds to the same residual channels");
}

TEST(PatternRequest, IsChecked) {
  const auto says = [](const RequestMaker& maker, const std::string& expected) {
    const std::string refused = refusal_of("block", maker.request);
    EXPECT_NE(refused.find(expected), std::string::npos) << refused;
  };
  RequestMaker maker;
  maker.add_random(MatrixKind::kF1, 3, 2, 9);
  says(maker, "--ratio: found none");
  maker.request.ratio = 1.5;
  says(maker, "--ratio: found 1.5, expected 0 to 1");
  maker.request.ratio = std::nan("");
  says(maker, "--ratio: found nan");
  maker.request.ratio = 0.5;
  says(RequestMaker(), "--ratio");
  maker.add_random(MatrixKind::kF1, 3, 2, 9);
  says(maker, "layer.0.W_F1: found a second W_F1 of layer 0");
  maker.request.matrices.pop_back();
  maker.request.matrices[0].out = 4;
  says(maker, "layer.0.W_F1: found 6 scores, expected 4 x 2");
  for (const float bad : {-1.0F, std::numeric_limits<float>::infinity(), std::nanf("")}) {
    RequestMaker hostile;
    hostile.add(MatrixKind::kF1, 2, 2, {0, 1, bad, 3});
    hostile.request.ratio = 0.5;
    says(hostile, "layer.0.W_F1: score[1][0]: found");
  }
}

/// Prunes everything of W_F1, and says what it was given.
class EmptiesF1 : public MaskPattern {
 public:
  [[nodiscard]] bool prunes(MatrixKind kind) const override { return kind == MatrixKind::kF1; }
  void choose(const MaskRequest& request, double ratio, std::vector<Mask>& masks) const override {
    EXPECT_EQ(request.matrices.size(), 2U);
    EXPECT_EQ(ratio, 0.25);
    for (std::size_t m = 0; m < masks.size(); ++m) {
      EXPECT_EQ(request.matrices[m].kind, MatrixKind::kF1);
      EXPECT_EQ(count_kept(masks[m]), 6U) << "masks come in whole";
      masks[m].assign(masks[m].size(), 0);
    }
  }
};

TEST(PatternRequest, ShowsAPatternWhatItPrunes) {
  RequestMaker maker;
  maker.add_layer(0, 2, 3, 9).add_layer(1, 2, 3, 9);
  maker.request.ratio = 0.25;
  const std::vector<Mask> masks = choose_masks(EmptiesF1(), maker.request);
  ASSERT_EQ(masks.size(), 8U);
  for (std::size_t m = 0; m < 8; ++m) EXPECT_EQ(count_kept(masks[m]), m % 4 == 2 ? 0U : masks[m].size());
}

}  // namespace
}  // namespace mixvec::inline pruning
