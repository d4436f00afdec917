// Tests of grouping: trees, the search for groups against all groupings of a few lines, and a bound that none exceeds.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <limits>
#include <numeric>
#include <random>

#include "golden/checkpoint/model.hpp"
#include "pruning/grouping/exchange.hpp"
#include "pruning/grouping/group_lines.hpp"
#include "pruning/tests/bound/group_bound.hpp"
#include "pruning/tests/synthetic.hpp"

namespace mixvec::inline pruning {
namespace {

using cases::family_matrix;
using cases::magnitudes;
using cases::random_matrix;

LineScores rows_of(const DenseMatrix& dense) {
  return line_scores(magnitudes(dense), dense.out, dense.in, Direction::kColumn);
}

void expect_permutation(std::vector<std::uint32_t> order, std::size_t lines) {
  std::sort(order.begin(), order.end());
  ASSERT_EQ(order.size(), lines);
  for (std::uint32_t i = 0; i < lines; ++i) ASSERT_EQ(order[i], i);
}

// What blocks of `size` lines keep above `threshold` per weight.
double kept_above(const LineScores& scores, const std::vector<std::uint32_t>& order, std::size_t size,
                  double threshold) {
  double kept = 0;
  for (std::size_t first = 0; first < order.size(); first += size) {
    const std::size_t last = std::min(first + size, order.size());
    for (std::size_t i = 0; i < scores.across; ++i) {
      double sum = -threshold * static_cast<double>(last - first);
      for (std::size_t k = first; k < last; ++k) sum += scores.line(order[k])[i];
      kept += std::max(0.0, sum);
    }
  }
  return kept;
}

// The most that any grouping of the lines from `placed` on keeps: the first of them with every choice of partners.
double best_grouping(const LineScores& scores, std::vector<std::uint32_t>& order, std::size_t placed,
                     std::size_t inside, std::size_t size, double threshold) {
  if (placed == order.size()) return kept_above(scores, order, size, threshold);
  double best = 0;
  for (std::size_t k = placed; k < order.size(); ++k) {
    // A group's lines ascend and its first is the least one left, so that no grouping comes twice.
    if (inside > 0 && order[k] < order[placed - 1]) continue;
    if (inside == 0 &&
        order[k] != *std::min_element(order.begin() + static_cast<std::ptrdiff_t>(placed), order.end())) {
      continue;
    }
    std::swap(order[placed], order[k]);
    best = std::max(best, best_grouping(scores, order, placed + 1, (inside + 1) % size, size, threshold));
    std::swap(order[placed], order[k]);
  }
  return best;
}

TEST(Tree, GroupedOrderIsAPermutationWhoseBlocksAreNested) {
  for (const std::size_t lines : {1, 2, 3, 7, 16, 37, 130}) {
    const LineScores scores = rows_of(family_matrix(lines, 50, 4, 3));
    for (const int levels : {0, 1, 2, 4, 6}) {
      for (const bool one_length : {false, true}) {
        SCOPED_TRACE(testing::Message() << lines << " lines, " << levels << " levels, one length " << one_length);
        const LineTree tree = group_lines(scores, {levels, one_length, 0.2, 50, 1});
        EXPECT_EQ(tree.levels, levels);
        expect_permutation(tree.order, lines);
      }
    }
  }
}

TEST(Tree, ScoresThatLeaveNothingToFindAreTaken) {
  LineScores scores;
  scores.lines = 20'001;
  scores.across = 1;
  scores.score.assign(scores.lines, 1.0F);
  expect_permutation(group_lines(scores, {4, false, 0.2, 50, 1}).order, scores.lines);
  scores.score.assign(scores.lines, 0.0F);
  expect_permutation(group_lines(scores, {4, false, 0.2, 50, 1}).order, scores.lines);
  scores = rows_of(random_matrix(64, 32, 1));
  scores.score[7] = std::numeric_limits<float>::infinity();
  for (const double density : {0.0, 0.001, 0.5, 1.0}) {
    expect_permutation(group_lines(scores, {4, false, density, 50, 1}).order, 64);
  }
}

TEST(Tree, FindsPlantedFamilies) {
  constexpr std::size_t kFamily = 8;
  const LineScores scores = rows_of(family_matrix(128, 256, kFamily, 21));
  const LineTree tree = group_lines(scores, {3, false, 0.2, 250, 1});
  // The families are told by the same shuffle as in family_matrix.
  std::mt19937 random(21 + 1000);
  std::vector<std::size_t> order(scores.lines);
  std::iota(order.begin(), order.end(), 0U);
  std::shuffle(order.begin(), order.end(), random);
  std::vector<std::size_t> family(scores.lines);
  for (std::size_t k = 0; k < scores.lines; ++k) family[order[k]] = k / kFamily;
  std::size_t pure_pairs = 0;
  for (std::size_t n = 0; n < tree.nodes(1); ++n) {
    pure_pairs += family[tree.order[2 * n]] == family[tree.order[2 * n + 1]] ? 1 : 0;
  }
  EXPECT_GE(pure_pairs, tree.nodes(1) * 95 / 100);
}

// All 35 (105, 5775) groupings of 8 lines in fours (in pairs; of 12 lines in fours): the search finds the best one in
// most cases, and never one far below.
TEST(Exchange, FindsTheBestOfAllGroupingsOfAFewLines) {
  struct Case {
    std::size_t lines;
    std::size_t size;
  };
  int best_ones = 0;
  int cases = 0;
  double gap = 0;
  double widest = 0;
  for (const Case& c : {Case{8, 4}, Case{8, 2}, Case{12, 4}}) {
    for (const unsigned seed : {1U, 2U, 3U, 4U, 5U}) {
      for (const float threshold : {0.5F, 1.0F, 2.0F}) {
        const LineScores scores = rows_of(random_matrix(c.lines, 64, seed));
        const std::vector<std::uint32_t> order = exchange_lines(scores, {c.size, 0, 20'000, seed, threshold});
        expect_permutation(order, c.lines);
        std::vector<std::uint32_t> all(c.lines);
        std::iota(all.begin(), all.end(), 0U);
        const double natural = kept_above(scores, all, c.size, threshold);
        const double best = best_grouping(scores, all, 0, 0, c.size, threshold);
        const double found = kept_above(scores, order, c.size, threshold);
        EXPECT_LE(found, best * (1 + 1e-9));
        EXPECT_GT(best, natural);
        ++cases;
        // Two groupings that 16 bits do not tell apart may change places.
        best_ones += found >= best * (1 - 1e-4) ? 1 : 0;
        gap += 1 - found / best;
        widest = std::max(widest, 1 - found / best);
      }
    }
  }
  std::printf("the best grouping in %d of %d cases; below it by %.2f %% in the mean, %.2f %% at most\n", best_ones,
              cases, 100 * gap / cases, 100 * widest);
  EXPECT_EQ(cases, 45);
  EXPECT_GE(best_ones, 40);
  EXPECT_LT(widest, 0.03);
}

TEST(Exchange, StaysBelowABoundThatIsNear) {
  for (const unsigned seed : {1U, 2U}) {
    const LineScores scores = rows_of(random_matrix(12, 64, seed));
    std::vector<std::uint32_t> all(scores.lines);
    std::iota(all.begin(), all.end(), 0U);
    const double best = best_grouping(scores, all, 0, 0, 4, 1.0);
    const double bound = bounds::bound_of_fours(scores, {1.0, all, 0, 8});
    EXPECT_GE(bound, best * (1 - 1e-5));
    EXPECT_LE(bound, best * 1.03);
  }
}

// The `count` largest of the vectors that blocks of `size` lines of `order` make.
double kept_of(const LineScores& scores, const std::vector<std::uint32_t>& order, std::size_t size, std::size_t count) {
  std::vector<double> vectors;
  for (std::size_t first = 0; first < order.size(); first += size) {
    for (std::size_t i = 0; i < scores.across; ++i) {
      double sum = 0;
      for (std::size_t k = first; k < first + size; ++k) sum += scores.line(order[k])[i];
      vectors.push_back(sum);
    }
  }
  std::sort(vectors.begin(), vectors.end(), std::greater<>());
  return std::accumulate(vectors.begin(), vectors.begin() + static_cast<std::ptrdiff_t>(count), 0.0);
}

// A matrix of the shipped model at δ = 0.8: all 10,668,000 groups of four of its 128 outputs.
TEST(Exchange, ReachesMostOfWhatTheBoundAllowsOnARealMatrix) {
  const LineScores scores = rows_of(
      Model::open(std::filesystem::path(MIXVEC_SOURCE_DIR) / "models/shakespeare-gpt2").load(0, MatrixKind::kMP));
  std::vector<std::uint32_t> all(scores.lines);
  std::iota(all.begin(), all.end(), 0U);
  const std::size_t vectors = scores.score.size() / 20;
  const double natural = kept_of(scores, all, 4, vectors);
  const double single = kept_of(scores, all, 1, 4 * vectors);
  const std::vector<std::uint32_t> order = exchange_lines(scores, {4, 0.2, 2'000'000, 1});
  const double found = kept_of(scores, order, 4, vectors);
  // Whatever is kept is kept above a threshold and, for every weight, the threshold itself.
  const float threshold = group_threshold(scores, order, 4, 0.2);
  const double bound =
      bounds::bound_of_fours(scores, {threshold, order, 0, 8}) + 4 * static_cast<double>(vectors) * threshold;
  std::printf("efficacy %.1f %%, of any grouping at most %.1f %%\n", 100 * (found - natural) / (single - natural),
              100 * (bound - natural) / (single - natural));
  EXPECT_LE(found, bound);
  EXPECT_GE(found - natural, 0.9 * (bound - natural));
}

TEST(Exchange, IsAFunctionOfItsOptionsAndMoreMovesKeepMore) {
  const LineScores scores = rows_of(random_matrix(130, 100, 5));
  const auto kept = [&](std::uint64_t moves, std::uint64_t seed) {
    const std::vector<std::uint32_t> order = exchange_lines(scores, {4, 0.2, moves, seed});
    EXPECT_EQ(order, exchange_lines(scores, {4, 0.2, moves, seed}));
    return kept_above(scores, order, 4, 2.0);
  };
  const double none = kept(0, 1);
  const double few = kept(2'000, 1);
  const double many = kept(200'000, 1);
  EXPECT_GT(few, none * 1.02);
  EXPECT_GT(many, few * 1.02);
  EXPECT_NE(exchange_lines(scores, {4, 0.2, 2'000, 1}), exchange_lines(scores, {4, 0.2, 2'000, 2}));
}

// A threshold of somebody else, as that of a ranking over many matrices, is what groups are then good for.
TEST(Exchange, GroupsForTheThresholdThatItIsGiven) {
  const LineScores scores = rows_of(random_matrix(128, 100, 5));
  const auto kept = [&](float searched, double judged) {
    const LineTree tree = group_lines(scores, {2, true, 0.2, 3000, 1, {searched, searched, searched}});
    return kept_above(scores, tree.order, 4, judged);
  };
  for (const float threshold : {1.0F, 3.0F}) EXPECT_GT(kept(threshold, threshold), kept(4 - threshold, threshold));
  // A short search goes on where another one ended.
  const std::vector<std::uint32_t> natural = exchange_lines(scores, {4, 0.2, 0, 1, 2.0F});
  const std::vector<std::uint32_t> found = exchange_lines(scores, {4, 0.2, 100'000, 1, 2.0F});
  EXPECT_EQ(exchange_lines(scores, {4, 0.2, 0, 1, 2.0F, found}), found);
  EXPECT_NE(natural, found);
}

// Matrices that keep very different shares under one threshold: their groups are those that a search for that threshold
// alone finds, and worth more than those of a search for another one.
TEST(Grouping, IsSearchedForTheThresholdOfTheChoice) {
  std::vector<DenseMatrix> dense{family_matrix(128, 96, 16, 5, "a"), family_matrix(128, 96, 16, 6, "b")};
  for (float& w : dense[1].weight) w *= 0.4F;
  PruneOptions options = cases::options_for(PatternKind::kVector, 4);
  options.direction = Direction::kColumn;
  options.exchange = Rates{0, 0};
  const PruneResult result = prune(score_by_magnitude(dense), options);
  std::vector<LineScores> scores;
  std::vector<std::vector<std::uint32_t>> found(2);
  double threshold = std::numeric_limits<double>::infinity();
  for (std::size_t m = 0; m < 2; ++m) {
    const PrunedMatrix& pruned = result.matrices[m];
    const LineScores& lines = scores.emplace_back(rows_of(dense[m]));
    for (const Strip& strip : pruned.pattern.strips) {
      for (const std::uint32_t line : strip.index) found[m].push_back(line);
      for (std::size_t i = 0; i < lines.across; ++i) {
        if (pruned.mask[strip.index[0] * lines.across + i] == 0) continue;
        double sum = 0;
        for (const std::uint32_t line : strip.index) sum += lines.line(line)[i];
        threshold = std::min(threshold, sum / 4);
      }
    }
  }
  EXPECT_GT(result.reports[0].kept, 3 * result.reports[1].kept);
  const auto searched = [&](std::size_t m, double at) {
    return exchange_lines(scores[m], {4, 0.2, 40'000 * std::uint64_t{128}, 1, static_cast<float>(at)});
  };
  for (std::size_t m = 0; m < 2; ++m) {
    const double best = kept_above(scores[m], searched(m, threshold), 4, threshold);
    const double other = kept_above(scores[m], searched(m, 3 * threshold), 4, threshold);
    EXPECT_GE(kept_above(scores[m], found[m], 4, threshold), 0.998 * best) << m;
    EXPECT_LT(other, 0.997 * best) << m;
  }
}

}  // namespace
}  // namespace mixvec::inline pruning
