// Tests of patterns that remove whole units of a layer: heads, neurons, and what blocks leave filled.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "pruning/patterns/balanced.hpp"
#include "pruning/tests/pattern_requests.hpp"

namespace mixvec::inline pruning {
namespace {

using cases::count_kept;
using cases::drawn;
using cases::masks_of;
using cases::refusal_of;
using cases::RequestMaker;

TEST(HeadPattern, ByHand) {
  // Two heads of one channel; head 1 is worth 2 + 0 + 0 in Q, K, V and 3 in W_MP, head 0 only 4.
  RequestMaker maker;
  maker.add(MatrixKind::kMA, 6, 2, {1, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 0}).add(MatrixKind::kMP, 2, 2, {1, 2, 1, 1});
  maker.request.heads = 2;
  maker.request.ratio = 0.5;
  const std::vector<Mask> masks = masks_of("head", maker.request);
  EXPECT_EQ(drawn(masks[0], 2), "00/11/00/11/00/11");
  EXPECT_EQ(drawn(masks[1], 2), "01/01");
}

TEST(HeadPattern, KeepsTheEarlierOfEqualsAndOneOfEveryLayer) {
  RequestMaker maker;
  for (std::size_t layer = 0; layer < 3; ++layer) {
    maker.add(MatrixKind::kMA, 12, 4, std::vector<float>(48, 3 - static_cast<float>(layer)), layer);
    maker.add(MatrixKind::kMP, 4, 4, std::vector<float>(16, 1), layer);
  }
  maker.request.heads = 4;
  const auto kept_heads = [&](const char* pattern, double ratio) {
    maker.request.ratio = ratio;
    std::string text;
    const std::vector<Mask> masks = masks_of(pattern, maker.request);
    for (std::size_t layer = 0; layer < 3; ++layer) {
      for (std::size_t h = 0; h < 4; ++h) text += masks[2 * layer][h * 4] != 0 ? '1' : '0';
      text += ' ';
    }
    return text;
  };
  EXPECT_EQ(kept_heads("head", 0.5), "1111 1000 1000 ");
  EXPECT_EQ(kept_heads("head,at-least=0", 0.5), "1111 1100 0000 ");
  EXPECT_EQ(kept_heads("head,at-least=2", 0.5), "1100 1100 1100 ");
  EXPECT_EQ(kept_heads("head", 0.95), "1000 1000 1000 ") << "one of each layer, though 0.6 heads were asked for";
  EXPECT_EQ(kept_heads("head,at-least=0", 0.95), "1000 0000 0000 ");
  EXPECT_EQ(kept_heads("head", 0.6), "1110 1000 1000 ") << "4.8 heads are five";
  maker.request.per_matrix = true;
  EXPECT_EQ(kept_heads("head", 0.6), "1100 1100 1100 ") << "1.6 heads of four are two";
}

/// Best score of `keep` units of all layers with at least `at_least` of each, by trying all.
double best_units(const std::vector<std::vector<double>>& scores, std::size_t keep, std::size_t at_least) {
  const std::size_t per_layer = scores[0].size();
  double best = -1;
  for (std::uint32_t set = 0; set < 1U << (scores.size() * per_layer); ++set) {
    std::size_t count = 0;
    double sum = 0;
    bool allowed = true;
    for (std::size_t l = 0; l < scores.size(); ++l) {
      std::size_t of_layer = 0;
      for (std::size_t u = 0; u < per_layer; ++u) {
        if ((set >> (l * per_layer + u) & 1U) == 0) continue;
        ++of_layer;
        sum += scores[l][u];
      }
      count += of_layer;
      allowed = allowed && of_layer >= at_least;
    }
    if (allowed && count == keep) best = std::max(best, sum);
  }
  return best;
}

TEST(HeadPattern, IsTheBestChoice) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    for (const double ratio : {0.0, 0.3, 0.55, 0.8, 1.0}) {
      RequestMaker maker;
      constexpr std::size_t kWidth = 6;
      maker.seed(seed);
      for (std::size_t layer = 0; layer < 3; ++layer) maker.add_layer(layer, kWidth, 2, 4);
      maker.request.heads = 3;
      maker.request.ratio = ratio;
      std::vector<std::vector<double>> scores(3, std::vector<double>(3));
      for (const MatrixScores& m : maker.request.matrices) {
        for (std::size_t i = 0; i < m.score.size(); ++i) {
          if (m.kind == MatrixKind::kMA) scores[m.layer][i / m.in % kWidth / 2] += m.score[i];
          if (m.kind == MatrixKind::kMP) scores[m.layer][i % m.in / 2] += m.score[i];
        }
      }
      const std::vector<Mask> masks = masks_of("head", maker.request);
      MaskRequest attention = maker.request;
      std::vector<Mask> of_attention;
      for (std::size_t m = 0; m < masks.size(); ++m) {
        const bool pruned = maker.request.matrices[m].kind <= MatrixKind::kMP;
        if (pruned) {
          of_attention.push_back(masks[m]);
          continue;
        }
        EXPECT_EQ(count_kept(masks[m]), masks[m].size()) << "nothing else is pruned";
      }
      std::erase_if(attention.matrices, [](const MatrixScores& m) { return m.kind > MatrixKind::kMP; });
      const std::size_t keep = std::max<std::size_t>(3, kept_count(ratio, 9));
      std::size_t kept = 0;
      for (const Mask& mask : of_attention) kept += count_kept(mask);
      EXPECT_EQ(kept, keep * 2 * 4 * kWidth);
      EXPECT_EQ(cases::score_kept(attention, of_attention), best_units(scores, keep, 1)) << seed << " " << ratio;
    }
  }
}

TEST(HeadPattern, SaysWhatDoesNotSuit) {
  const auto says = [](const RequestMaker& maker, const char* pattern, const std::string& expected) {
    const std::string refused = refusal_of(pattern, maker.request);
    EXPECT_NE(refused.find(expected), std::string::npos) << refused;
  };
  RequestMaker maker;
  maker.add_layer(2, 6, 4, 9);
  maker.request.ratio = 0.5;
  says(maker, "head", "--pattern head: found 0 heads, expected a number that divides 6");
  maker.request.heads = 4;
  says(maker, "head", "--pattern head: found 4 heads, expected a number that divides 6");
  maker.request.heads = 3;
  says(maker, "head,at-least=4", "at-least: found 4, expected at most 3");
  RequestMaker half;
  half.add_random(MatrixKind::kMP, 6, 6, 9);
  half.request = {half.request.matrices, 3, 0.5, false, 1};
  says(half, "head", "layer 0: found W_MP without W_MA");
  RequestMaker odd;
  odd.add_random(MatrixKind::kMA, 17, 6, 9).add_random(MatrixKind::kMP, 6, 6, 9);
  odd.request = {odd.request.matrices, 3, 0.5, false, 1};
  says(odd, "head", "layer.0.W_MA: found 17 outputs, expected 18 (three times the inputs of layer.0.W_MP)");
  maker.add_layer(3, 12, 4, 9);
  says(maker, "head", "layer.3.W_MP: found 12 inputs, expected 6 as in the first layer");
}

TEST(ChannelPattern, ByHand) {
  // Three neurons, worth 1 + 1, 0 + 5 and 2 + 0.
  RequestMaker maker;
  maker.add(MatrixKind::kF1, 3, 2, {1, 0, 0, 0, 1, 1}).add(MatrixKind::kF2, 2, 3, {0, 5, 0, 1, 0, 0});
  maker.request.ratio = 0.5;
  std::vector<Mask> masks = masks_of("channel", maker.request);
  EXPECT_EQ(drawn(masks[0], 2), "11/11/00") << "1.5 neurons are two, the earlier of the equals";
  EXPECT_EQ(drawn(masks[1], 3), "110/110");
  maker.request.ratio = 0.7;
  masks = masks_of("channel", maker.request);
  EXPECT_EQ(drawn(masks[0], 2), "00/11/00");
  EXPECT_EQ(drawn(masks[1], 3), "010/010");
  maker.request.ratio = 1;
  EXPECT_EQ(count_kept(masks_of("channel", maker.request)[0]), 0U);
}

TEST(ChannelPattern, IsTheBestChoiceOfItsScope) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    for (const bool per_matrix : {false, true}) {
      RequestMaker maker;
      maker.seed(seed).add_layer(0, 3, 7, 4).add_layer(1, 3, 7, 4);
      maker.request.heads = 1;
      maker.request.ratio = 0.6;
      maker.request.per_matrix = per_matrix;
      std::vector<std::vector<double>> scores(2, std::vector<double>(7));
      double others = 0;
      for (const MatrixScores& m : maker.request.matrices) {
        for (std::size_t i = 0; i < m.score.size(); ++i) {
          if (m.kind == MatrixKind::kF1) scores[m.layer][i / m.in] += m.score[i];
          if (m.kind == MatrixKind::kF2) scores[m.layer][i % m.in] += m.score[i];
          if (m.kind <= MatrixKind::kMP) others += m.score[i];
        }
      }
      const std::vector<Mask> masks = masks_of("channel", maker.request);
      // 0.4 · 14 = 5.6 neurons of both layers; 2.8 of each.
      const double best =
          per_matrix ? best_units({scores[0]}, 3, 0) + best_units({scores[1]}, 3, 0) : best_units(scores, 6, 0);
      EXPECT_EQ(cases::score_kept(maker.request, masks), others + best) << seed;
      EXPECT_EQ(count_kept(masks[2]) + count_kept(masks[6]), 6U * 3);
      EXPECT_EQ(count_kept(masks[3]) + count_kept(masks[7]), 6U * 3);
    }
  }
}

/// Kept and filled by the definition: the first `count` blocks of a ranking, then heads and neurons.
struct FilledByHand {
  std::vector<Mask> masks;
  std::size_t kept = 0;
};

struct HandBlock {
  double mean;
  std::size_t matrix;
  std::vector<std::size_t> weights;
};

std::vector<HandBlock> blocks_by_hand(const MaskRequest& request, std::size_t rows, std::size_t columns) {
  std::vector<HandBlock> blocks;
  for (std::size_t m = 0; m < request.matrices.size(); ++m) {
    const MatrixScores& matrix = request.matrices[m];
    const bool turned = matrix.kind == MatrixKind::kMP || matrix.kind == MatrixKind::kF2;
    const std::size_t r = turned ? columns : rows;
    const std::size_t c = turned ? rows : columns;
    const std::size_t part = matrix.kind == MatrixKind::kMA ? matrix.out / 3 : matrix.out;
    std::vector<std::vector<HandBlock>> grid(3 * (part / r + 1), std::vector<HandBlock>(matrix.in / c + 1));
    for (std::size_t o = 0; o < matrix.out; ++o) {
      for (std::size_t i = 0; i < matrix.in; ++i) {
        HandBlock& block = grid[o / part * (part / r + 1) + o % part / r][i / c];
        block.matrix = m;
        block.mean += matrix.score[o * matrix.in + i];
        block.weights.push_back(o * matrix.in + i);
      }
    }
    for (const auto& line : grid) {
      for (const HandBlock& block : line) {
        if (block.weights.empty()) continue;
        blocks.push_back(block);
        blocks.back().mean /= static_cast<double>(block.weights.size());
      }
    }
  }
  std::stable_sort(blocks.begin(), blocks.end(), [](const auto& a, const auto& b) { return a.mean > b.mean; });
  return blocks;
}

FilledByHand fill_by_hand(const MaskRequest& request, const std::vector<HandBlock>& blocks, std::size_t count) {
  std::vector<Mask> kept;
  for (const MatrixScores& m : request.matrices) kept.emplace_back(m.score.size(), std::uint8_t{0});
  for (std::size_t b = 0; b < count; ++b) {
    for (const std::size_t w : blocks[b].weights) kept[blocks[b].matrix][w] = 1;
  }
  FilledByHand filled;
  for (const MatrixScores& m : request.matrices) filled.masks.emplace_back(m.score.size(), std::uint8_t{0});
  for (std::size_t first = 0; first < kept.size(); first += 2) {
    const MatrixScores& a = request.matrices[first];
    const MatrixScores& b = request.matrices[first + 1];
    const bool attention = a.kind == MatrixKind::kMA;
    const std::size_t units = attention ? request.heads : b.in;
    const std::size_t size = b.in / units;
    for (std::size_t u = 0; u < units; ++u) {
      bool stays = true;
      for (std::size_t part = 0; part < (attention ? 3U : 1U); ++part) {
        bool any = false;
        for (std::size_t i = 0; i < size * a.in; ++i)
          any = any || kept[first][(part * b.in + u * size) * a.in + i] != 0;
        stays = stays && any;
      }
      bool any = false;
      for (std::size_t i = 0; i < b.score.size(); ++i) {
        any = any || (i % b.in / size == u && kept[first + 1][i] != 0);
      }
      if (!stays || !any) continue;
      for (std::size_t i = 0; i < a.score.size(); ++i) {
        if (i / a.in % b.in / size == u) filled.masks[first][i] = 1;
      }
      for (std::size_t i = 0; i < b.score.size(); ++i) {
        if (i % b.in / size == u) filled.masks[first + 1][i] = 1;
      }
    }
  }
  for (const Mask& mask : filled.masks) filled.kept += count_kept(mask);
  return filled;
}

TEST(FilledBlocks, AreAsTheDefinitionSays) {
  std::size_t partly = 0;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    for (const double ratio : {0.0, 0.3, 0.5, 0.8, 1.0}) {
      RequestMaker maker;
      maker.seed(seed).add_layer(0, 6, 5, 20).add_layer(1, 6, 5, 20);
      maker.request.heads = 3;
      maker.request.ratio = ratio;
      const std::size_t wanted = kept_count(ratio, 2 * (4 * 36 + 2 * 30));
      const std::vector<HandBlock> blocks = blocks_by_hand(maker.request, 2, 3);
      FilledByHand best = fill_by_hand(maker.request, blocks, 0);
      for (std::size_t count = 1; count <= blocks.size(); ++count) {
        const FilledByHand filled = fill_by_hand(maker.request, blocks, count);
        if (filled.kept > wanted) break;
        best = filled;
      }
      EXPECT_EQ(masks_of("block,attention=2x3,feed-forward=2x3,filled=yes", maker.request), best.masks)
          << seed << " " << ratio;
      if (best.kept > 0 && best.kept < 408) ++partly;
    }
  }
  EXPECT_GT(partly, 20U);
}

TEST(FilledBlocks, OfOneLayersPairsWithTheScopeOfAMatrix) {
  RequestMaker maker;
  maker.add_layer(0, 6, 8, 20);
  maker.request.heads = 3;
  maker.request.ratio = 0.5;
  maker.request.per_matrix = true;
  const std::vector<Mask> both = masks_of("block,attention=2x3,feed-forward=1xall,filled=yes", maker.request);
  for (const std::size_t first : {0, 2}) {
    MaskRequest alone = maker.request;
    alone.matrices = {maker.request.matrices[first], maker.request.matrices[first + 1]};
    const std::vector<Mask> masks = masks_of("block,attention=2x3,feed-forward=1xall,filled=yes", alone);
    EXPECT_EQ(masks[0], both[first]);
    EXPECT_EQ(masks[1], both[first + 1]);
    EXPECT_GT(count_kept(masks[0]), 0U);
  }
  MaskRequest half = maker.request;
  half.matrices.pop_back();
  EXPECT_NE(refusal_of("block,filled=yes", half).find("layer 0: found W_F1 without W_F2"), std::string::npos);
  half = maker.request;
  half.heads = 5;
  EXPECT_NE(refusal_of("block,filled=yes", half).find("filled: found 5 heads"), std::string::npos);
}

TEST(PatternThreads, DoNotMatter) {
  RequestMaker maker;
  for (std::size_t layer = 0; layer < 4; ++layer) maker.add_layer(layer, 24, 50, 6);
  maker.request.heads = 4;
  const char* const patterns[] = {
      "2:4", "8:2:8", "vector-wise,kept=8", "block,attention=4x4", "block,attention=4x4,filled=yes", "head", "channel"};
  for (const char* pattern : patterns) {
    maker.request.ratio = 0.5;
    if (std::string(pattern) == "8:2:8") maker.request.ratio.reset();
    maker.request.threads = 1;
    const std::vector<Mask> one = masks_of(pattern, maker.request);
    maker.request.threads = 3;
    EXPECT_EQ(masks_of(pattern, maker.request), one) << pattern;
  }
}

}  // namespace
}  // namespace mixvec::inline pruning
