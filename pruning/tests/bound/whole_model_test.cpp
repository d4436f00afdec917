// How far the grouping of whole models is from what any grouping could win back.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <limits>

#include "golden/base/parallel.hpp"
#include "golden/checkpoint/model.hpp"
#include "pruning/grouping/exchange.hpp"
#include "pruning/prune.hpp"
#include "pruning/tests/bound/group_bound.hpp"

namespace mixvec::inline pruning {
namespace {

constexpr int kLength = 4;

// A matrix seen from one direction, and how its lines are grouped.
struct BoundedSide {
  LineScores scores;
  std::vector<std::uint32_t> order;
  double found = 0;  ///< Σ max(0, score − ℓ · threshold) of its groups
  double bound = 0;
};

double kept_above(const LineScores& scores, const std::vector<std::uint32_t>& order, double threshold) {
  double kept = 0;
  for (std::size_t first = 0; first < order.size(); first += kLength) {
    for (std::size_t i = 0; i < scores.across; ++i) {
      double sum = -threshold * kLength;
      for (std::size_t k = first; k < first + kLength; ++k) sum += scores.line(order[k])[i];
      kept += std::max(0.0, sum);
    }
  }
  return kept;
}

// The least importance per weight among the vectors that a mask keeps.
double least_kept(const PrunedMatrix& pruned, const BoundedSide& side) {
  const bool column = pruned.pattern.direction == Direction::kColumn;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t first = 0; first < side.order.size(); first += kLength) {
    for (std::size_t i = 0; i < side.scores.across; ++i) {
      const std::size_t line = side.order[first];
      if (pruned.mask[column ? line * pruned.in + i : i * pruned.in + line] == 0) continue;
      double sum = 0;
      for (std::size_t k = first; k < first + kLength; ++k) sum += side.scores.line(side.order[k])[i];
      least = std::min(least, sum / kLength);
    }
  }
  return least;
}

class WholeModel : public testing::TestWithParam<const char*> {};

// Whatever is kept of `kept` weights is worth what it has above a threshold and, for every weight, the threshold; the
// former is bounded matrix by matrix, in the direction that allows more.
TEST_P(WholeModel, GroupsOfFourAreNearTheBestThereAre) {
  const std::filesystem::path path = std::filesystem::path(MIXVEC_SOURCE_DIR) / GetParam();
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
  const Model model = Model::open(path);
  std::vector<DenseMatrix> dense;
  for (std::size_t layer = 0; layer < model.config().layers; ++layer) {
    for (const MatrixKind kind : {MatrixKind::kMA, MatrixKind::kMP, MatrixKind::kF1, MatrixKind::kF2}) {
      dense.push_back(model.load(layer, kind));
    }
  }
  const std::vector<ScoredMatrix> scored = score_by_magnitude(std::move(dense));
  PruneOptions options;
  options.pattern = PatternKind::kVector;
  options.length = kLength;
  const PruneResult result = prune(scored, options);
  ASSERT_TRUE(result.efficacy().has_value());

  std::vector<BoundedSide> sides(2 * scored.size());
  double threshold = std::numeric_limits<double>::infinity();
  for (std::size_t m = 0; m < scored.size(); ++m) {
    const PrunedMatrix& pruned = result.matrices[m];
    for (const Direction direction : {Direction::kColumn, Direction::kRow}) {
      BoundedSide& side = sides[2 * m + (direction == Direction::kRow ? 1 : 0)];
      side.scores = line_scores(scored[m].score, pruned.out, pruned.in, direction);
      if (direction != pruned.pattern.direction) continue;
      for (const Strip& strip : pruned.pattern.strips) {
        side.order.insert(side.order.end(), strip.index.begin(), strip.index.end());
      }
      threshold = std::min(threshold, least_kept(pruned, side));
    }
  }
  // The other direction first: it matters only where it allows more than what was found in the one that was taken.
  std::vector<double> bound(scored.size());
  parallel_for(scored.size(), 0, [&](std::size_t m) {
    const bool row = result.matrices[m].pattern.direction == Direction::kRow;
    BoundedSide& taken = sides[2 * m + (row ? 1 : 0)];
    BoundedSide& other = sides[2 * m + (row ? 0 : 1)];
    taken.found = kept_above(taken.scores, taken.order, threshold);
    other.order =
        exchange_lines(other.scores, {kLength, 0, 10'000 * other.scores.lines, 1, static_cast<float>(threshold)});
    other.found = kept_above(other.scores, other.order, threshold);
    constexpr int kRounds = 8;
    taken.bound = bounds::bound_of_fours(taken.scores, {threshold, taken.order, 1.002 * taken.found, kRounds});
    other.bound = bounds::bound_of_fours(other.scores, {threshold, other.order, taken.bound, kRounds});
    EXPECT_LE(taken.found, taken.bound);
    EXPECT_LE(other.found, other.bound);
    bound[m] = std::max(taken.bound, other.bound);
    std::printf("%-14s found %9.4f, any grouping at most %9.4f; other direction %9.4f, at most %9.4f\n",
                result.reports[m].name.c_str(), taken.found, taken.bound, other.found, other.bound);
    std::fflush(stdout);
  });
  double most = threshold * (1 - options.ratio) * static_cast<double>(result.weights);
  for (const double b : bound) most += b;
  const double neighbours = *result.importance_neighbours;
  const double share = (most - neighbours) / (result.importance_unstructured - neighbours);
  std::printf("efficacy %.2f %%, of any grouping at most %.2f %%\n", 100 * *result.efficacy(), 100 * share);
  EXPECT_LE(*result.efficacy(), share);
  EXPECT_GE(*result.efficacy(), 0.33);
  EXPECT_LT(share, 0.37);
}

INSTANTIATE_TEST_SUITE_P(All, WholeModel, testing::Values("models/shakespeare-gpt2", "../shared/data/bert_tiny_sst2"),
                         [](const auto& made) { return made.index == 0 ? "Shipped" : "BertTiny"; });

}  // namespace
}  // namespace mixvec::inline pruning
