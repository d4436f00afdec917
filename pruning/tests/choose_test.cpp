// Tests of the choice: against brute force on small trees, and of the cost model and the tables behind it.
#include "pruning/choice/choose.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "pruning/importance/importance.hpp"
#include "pruning/tests/synthetic.hpp"

namespace mixvec::inline pruning {
namespace {

using cases::family_matrix;
using cases::magnitudes;
using cases::random_matrix;

MatrixCandidates candidates_of(const DenseMatrix& dense, int levels, Direction direction, const ThresholdScale& scale) {
  MatrixCandidates c;
  c.name = dense.name;
  c.out = dense.out;
  c.in = dense.in;
  MatrixSide& side = c.sides.emplace_back();
  side.direction = direction;
  const LineScores scores = line_scores(magnitudes(dense), dense.out, dense.in, direction);
  side.tree = natural_tree(scores.lines, levels);
  side.table = make_table(scores, side.tree, (2U << levels) - 1, false, scale);
  return c;
}

// All ways to cut the tree, each with its value at a threshold, straight from the weights.
struct BruteForce {
  const LineScores& scores;
  const CostModel& model;
  Prices prices;
  double threshold;
  double density;
  Direction direction;
  std::size_t in;

  double leaf(int level, std::size_t node) const {
    const int length = 1 << level;
    const Cost vector = model.vector(length, length, density, direction);
    const Cost strip = direction == Direction::kColumn ? model.column_strip(length, length, density) : Cost{};
    const auto price = [&](const Cost& c) { return prices.per_bit * c.bits + prices.per_cycle * c.cycles; };
    double value = -price(strip);
    for (std::size_t j = 0; j < scores.across; ++j) {
      double sum = 0;
      for (std::size_t line = node << level; line < (node + 1) << level; ++line) sum += scores.line(line)[j];
      value += std::max(0.0, sum - threshold * length - price(vector));
    }
    return value;
  }

  // The best over all cuts below a node, by listing them all: (value, set of lengths).
  std::vector<std::pair<double, unsigned>> cuts(int level, std::size_t node) const {
    std::vector<std::pair<double, unsigned>> all{{leaf(level, node), 1U << level}};
    if (level == 0) return all;
    for (const auto& [a, la] : cuts(level - 1, 2 * node)) {
      for (const auto& [b, lb] : cuts(level - 1, 2 * node + 1)) all.emplace_back(a + b, la | lb);
    }
    return all;
  }
};

TEST(Choice, IsTheBestOfAllCutsOfSmallTrees) {
  const CostModel model;
  constexpr int kLevels = 3;
  constexpr double kDensity = 0.25;
  for (unsigned seed = 0; seed < 12; ++seed) {
    const Direction direction = seed % 2 == 0 ? Direction::kColumn : Direction::kRow;
    const DenseMatrix dense = family_matrix(8, 8, 4, seed);
    const ThresholdScale scale(1.0F);
    const MatrixCandidates candidates = candidates_of(dense, kLevels, direction, scale);
    const LineScores scores = line_scores(magnitudes(dense), dense.out, dense.in, direction);
    for (const double price : {0.0, 0.01, 0.05, 0.2}) {
      const Prices prices{price, price * 10};
      const double threshold = 0.8;
      const BruteForce brute{scores, model, prices, threshold, kDensity, direction, dense.in};
      double best = -1e9;
      for (const auto& [value, lengths] : brute.cuts(kLevels, 0)) {
        Cost sections = model.outputs(dense.out);
        if (direction == Direction::kRow) {
          for (int l = 0; l <= kLevels; ++l) {
            if ((lengths >> l & 1U) != 0) sections += model.row_section(1 << l, dense.out, kDensity);
          }
        }
        best = std::max(best, value - prices.per_bit * sections.bits - prices.per_cycle * sections.cycles);
      }
      const Chooser chooser({candidates}, scale, model, kDensity, (2U << kLevels) - 1, 1);
      const MatrixChoice choice = chooser.choose_matrix(0, prices, threshold, chooser.lengths());
      // Tables interpolate between thresholds an eighth of an octave apart.
      EXPECT_NEAR(choice.totals.value, best, 0.01 * std::fabs(best) + 0.3) << "seed " << seed << " price " << price;

      // The strips that it chose are worth the optimum when they are valued without the tables.
      double exact = 0;
      unsigned lengths = 0;
      for (const ChosenNode& node : choice.nodes) {
        exact += brute.leaf(node.level, node.node);
        lengths |= 1U << node.level;
      }
      Cost sections = model.outputs(dense.out);
      if (direction == Direction::kRow) {
        for (int l = 0; l <= kLevels; ++l) {
          if ((lengths >> l & 1U) != 0) sections += model.row_section(1 << l, dense.out, kDensity);
        }
      }
      exact -= prices.per_bit * sections.bits + prices.per_cycle * sections.cycles;
      EXPECT_LE(exact, best + 1e-5);
      EXPECT_GE(exact, best - 0.01 * std::fabs(best) - 0.3) << "seed " << seed << " price " << price;
    }
  }
}

TEST(Choice, WithoutPricesIsUnstructured) {
  const DenseMatrix dense = random_matrix(32, 40, 1);
  const ThresholdScale scale(1.6F);
  const Chooser chooser({candidates_of(dense, 4, Direction::kColumn, scale)}, scale, CostModel(), 0.2, 31U, 1);
  const Choice choice = chooser.choose({}, {256});
  EXPECT_NEAR(choice.totals.mean_length(), 1.0, 1e-6);
  EXPECT_NEAR(choice.totals.kept, 256, 3);
  const Choice dear = chooser.choose({1.0, 1.0}, {256});
  EXPECT_GT(dear.totals.mean_length(), 4.0);
  EXPECT_NEAR(dear.totals.kept, 256, 24);
}

TEST(Table, AgreesWithTheWeightsAtItsThresholdsAndBoundsThemBetween) {
  const DenseMatrix dense = family_matrix(20, 33, 4, 2);
  const ThresholdScale scale(1.0F);
  const LineScores scores = line_scores(magnitudes(dense), dense.out, dense.in, Direction::kRow);
  const LineTree tree = natural_tree(scores.lines, 3);
  const NodeTable table = make_table(scores, tree, 15U, true, scale);
  ASSERT_TRUE(table.rest);
  EXPECT_EQ(table.rest->width, 1);
  std::vector<float> net;
  std::vector<float> count;
  for (int l = 0; l <= 3; ++l) {
    const TableLevel& level = table.levels[static_cast<std::size_t>(l)];
    ASSERT_EQ(level.nodes, scores.lines >> l);
    for (int step = 0; step + 1 < ThresholdScale::kSteps; step += 7) {
      const double low = scale.threshold(step);
      for (const double t : {low, 0.5 * (low + static_cast<double>(scale.threshold(step + 1)))}) {
        look_up(level, scale, t, net, count);
        for (std::size_t node = 0; node < level.nodes; ++node) {
          double exact = 0;
          double total = 0;
          for (std::size_t j = 0; j < scores.across; ++j) {
            double sum = 0;
            for (std::size_t line = node << l; line < (node + 1) << l; ++line) sum += scores.line(line)[j];
            exact += std::max(0.0, sum - t * level.width);
            total += sum;
          }
          if (t == low) {
            EXPECT_NEAR(net[node], exact, 1e-4 * total);
          }
          EXPECT_GE(net[node], exact - 1e-4 * total);
          EXPECT_LE(net[node], exact + 0.03 * total);
        }
      }
    }
  }
}

TEST(Cost, GapsTakeTheirCodes) {
  EXPECT_NEAR(shortest_gap_bits(0.2, 1), 4.15, 0.01);
  EXPECT_NEAR(shortest_gap_bits(1.0, 1), 1.0, 1e-6);
  EXPECT_GT(shortest_gap_bits(0.01, 1), shortest_gap_bits(0.1, 1));
  // Two classes wait for one another: two bits would do for one, not for two.
  EXPECT_NEAR(shortest_gap_bits(0.5, 1), 2.29, 0.01);
  EXPECT_NEAR(shortest_gap_bits(0.5, 2), 3.02, 0.01);
  // Against drawing gaps: p = 0.2; all ones move on by 2^b - 1, then another code follows.
  std::mt19937 random(1);
  std::geometric_distribution<int> gap(0.2);
  constexpr int kDraws = 100000;
  for (const int b : {2, 3, 4}) {
    double bits = 0;
    for (int i = 0; i < kDraws; ++i) {
      const int codes = 1 + gap(random) / ((1 << b) - 1);
      bits += b * codes;
    }
    EXPECT_NEAR(gap_bits(0.2, b), bits / kDraws, 0.03) << b;
  }
}

TEST(Cost, FullRateBeginsAtFour) {
  const CostModel model;
  const auto cycles_per_weight = [&](int length) {
    return model.vector(length, length, 0.2, Direction::kColumn).cycles / length;
  };
  EXPECT_DOUBLE_EQ(cycles_per_weight(4), model.ideal_cycles(1));
  EXPECT_DOUBLE_EQ(cycles_per_weight(8), model.ideal_cycles(1));
  EXPECT_DOUBLE_EQ(cycles_per_weight(16), model.ideal_cycles(1));
  EXPECT_DOUBLE_EQ(cycles_per_weight(2), 2 * model.ideal_cycles(1));
  EXPECT_DOUBLE_EQ(cycles_per_weight(1), 4 * model.ideal_cycles(1));
  // Classes run ahead of one another, so strips cost nothing beside their vectors.
  EXPECT_EQ(model.column_strip(4, 4, 0.2).cycles, 0);
  EXPECT_EQ(model.row_section(4, 768, 0.2).cycles, 0);
}

TEST(Cost, FewTokenGroupsDoNotCoverTheAdder) {
  const AccelConfig machine;
  const auto cycles_at = [&](int tokens) {
    return CostModel(machine, tokens).vector(8, 8, 0.2, Direction::kColumn).cycles;
  };
  // Groups in use are a power of two; two threads on one accumulator distance of four cycles.
  EXPECT_DOUBLE_EQ(cycles_at(64), 2.0 / 8);
  EXPECT_DOUBLE_EQ(cycles_at(65), 2.0 / 8);
  EXPECT_DOUBLE_EQ(cycles_at(129), 4.0 / 8);
  EXPECT_DOUBLE_EQ(cycles_at(256), 4.0 / 8);
  EXPECT_DOUBLE_EQ(cycles_at(257), 6.0 / 8);
  EXPECT_EQ(CostModel(machine, 257).tiles(), 2);
}

}  // namespace
}  // namespace mixvec::inline pruning
