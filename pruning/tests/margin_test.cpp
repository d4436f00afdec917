// Tests of prices at which the ratio follows by itself: against the best of all cuts and selections for the same cost.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "pruning/choice/budget.hpp"
#include "pruning/choice/select.hpp"
#include "pruning/tests/synthetic.hpp"

namespace mixvec::inline pruning {
namespace {

using cases::family_matrix;
using cases::magnitudes;
using cases::random_matrix;

constexpr double kDensity = 0.25;

struct MarginCase {
  DenseMatrix dense;
  std::vector<float> scores;
  LineScores lines;
  ThresholdScale scale{1.0F};
  CostModel model;
  Chooser chooser;

  MarginCase(DenseMatrix matrix, int levels, Direction direction)
      : dense(std::move(matrix)),
        scores(magnitudes(dense)),
        lines(line_scores(scores, dense.out, dense.in, direction)),
        chooser({candidates(levels, direction)}, scale, model, kDensity, (2U << levels) - 1, 1) {}

  [[nodiscard]] MatrixCandidates candidates(int levels, Direction direction) const {
    MatrixCandidates c{dense.name, dense.out, dense.in, {}};
    MatrixSide& side = c.sides.emplace_back();
    side.direction = direction;
    side.tree = natural_tree(lines.lines, levels);
    side.table = make_table(lines, side.tree, (2U << levels) - 1, false, scale);
    return c;
  }
};

// Sizes of column strips that cover `lines` lines of a tree, by listing all cuts.
std::vector<std::vector<ChosenNode>> cuts_of(int level, std::size_t node) {
  std::vector<std::vector<ChosenNode>> all{{{level, node, false}}};
  if (level == 0) return all;
  for (const auto& left : cuts_of(level - 1, 2 * node)) {
    for (const auto& right : cuts_of(level - 1, 2 * node + 1)) {
      all.push_back(left);
      all.back().insert(all.back().end(), right.begin(), right.end());
    }
  }
  return all;
}

double price_of(const Prices& prices, const Cost& cost) {
  return prices.per_bit * cost.bits + prices.per_cycle * cost.cycles;
}

struct Item {
  double importance;
  double price;
};

// At least what any set of whole vectors can hold for that price: the last one may be taken in part.
double most_for(double money, std::vector<Item> items) {
  std::sort(items.begin(), items.end(),
            [](const Item& a, const Item& b) { return a.importance * b.price > b.importance * a.price; });
  double sum = 0;
  for (const Item& item : items) {
    const double part = std::clamp(money / item.price, 0.0, 1.0);
    sum += part * item.importance;
    money -= part * item.price;
  }
  return sum;
}

TEST(Margin, NoOtherCutAndRatioBuysMuchMoreForTheSamePrice) {
  constexpr int kLevels = 3;
  int cases = 0;
  for (unsigned seed = 0; seed < 8; ++seed) {
    for (const Rates& favour : {Rates{1.0 / 3, 2.0 / 3}, Rates{1, 0}, Rates{0, 1}}) {
      const MarginCase c(family_matrix(8, 40, seed % 2 == 0 ? 4 : 8, seed), kLevels, Direction::kColumn);
      const std::vector<std::uint64_t> keep{80};
      const Prices unit{1.0 / 16, 1.0};
      const Rates rates = rates_at_margin(c.chooser, keep, unit, favour);
      const Choice choice = c.chooser.choose({rates.bytes * unit.per_bit, rates.cycles * unit.per_cycle}, keep);
      const Pattern pattern = c.chooser.pattern(0, choice.matrices[0]);
      RankedMatrix ranked{c.scores, c.dense.out, c.dense.in, &pattern, {}};
      for (const Strip& strip : pattern.strips) {
        ranked.bar.push_back(c.chooser.vector_bar(choice, 0, strip, Direction::kColumn));
      }
      const Selection selection = select_vectors({&ranked, 1}, keep[0], 1)[0];

      // What it has paid.
      double paid = 0;
      for (const Strip& strip : pattern.strips) {
        const int length = strip.length;
        paid += price_of(choice.prices, c.model.column_strip(length, length, kDensity));
        for (std::size_t i = 0; i < c.dense.in; ++i) {
          if (selection.mask[strip.index[0] * c.dense.in + i] == 0) continue;
          paid += price_of(choice.prices, c.model.vector(length, length, kDensity, Direction::kColumn));
        }
      }
      double best = 0;
      for (const auto& cut : cuts_of(kLevels, 0)) {
        std::vector<Item> items;
        double strips = 0;
        for (const ChosenNode& node : cut) {
          const int length = 1 << node.level;
          strips += price_of(choice.prices, c.model.column_strip(length, length, kDensity));
          for (std::size_t i = 0; i < c.dense.in; ++i) {
            double sum = 0;
            for (std::size_t l = node.node << node.level; l < (node.node + 1) << node.level; ++l) {
              sum += c.lines.line(static_cast<std::uint32_t>(l))[i];
            }
            items.push_back(
                {sum, price_of(choice.prices, c.model.vector(length, length, kDensity, Direction::kColumn))});
          }
        }
        best = std::max(best, most_for(paid - strips, std::move(items)));
      }
      const double gap = 1 - selection.retained / best;
      EXPECT_LT(gap, 0.01) << "seed " << seed << ", favour " << favour.bytes << ":" << favour.cycles;
      ++cases;
    }
  }
  EXPECT_EQ(cases, 24);
}

TEST(Margin, RatesKeepTheirProportionAndLeaveNoThreshold) {
  const MarginCase c(family_matrix(64, 96, 8, 3), 4, Direction::kColumn);
  const Prices unit{1.0 / 16, 1.0 / c.model.ideal_cycles(1)};
  const std::vector<std::uint64_t> keep{64 * 96 / 5};
  const Rates rates = rates_at_margin(c.chooser, keep, unit, {1.0 / 3, 2.0 / 3});
  EXPECT_NEAR(rates.cycles, 2 * rates.bytes, 1e-9 * rates.bytes);
  const Prices prices{rates.bytes * unit.per_bit, rates.cycles * unit.per_cycle};
  EXPECT_NEAR(c.chooser.kept_above(prices, 0), static_cast<double>(keep[0]), 40);
  const Choice choice = c.chooser.choose(prices, keep);
  EXPECT_NEAR(choice.threshold[0], 0, 0.02 * (rates.bytes + rates.cycles));
  // With no threshold, vectors of different lengths must bring what they cost.
  const Strip four{4, {0, 1, 2, 3}};
  const Strip one{1, {4}};
  const double dearer = c.chooser.vector_price(prices, 1, 1, Direction::kColumn) /
                        c.chooser.vector_price(prices, 4, 4, Direction::kColumn);
  EXPECT_NEAR(c.chooser.vector_bar(choice, 0, one, Direction::kColumn) /
                  c.chooser.vector_bar(choice, 0, four, Direction::kColumn),
              dearer, 0.02 * dearer);
  // At prices too low for the ratio a threshold stands in for them.
  const Prices low{0.1 * prices.per_bit, 0.1 * prices.per_cycle};
  const Choice held = c.chooser.choose(low, keep);
  ASSERT_GT(held.threshold[0], 0);
  EXPECT_DOUBLE_EQ(c.chooser.vector_bar(held, 0, four, Direction::kColumn),
                   4 * held.threshold[0] + c.chooser.vector_price(low, 4, 4, Direction::kColumn));
}

TEST(Margin, NothingAndEverythingHaveTheirRates) {
  const MarginCase c(random_matrix(16, 20, 1), 2, Direction::kColumn);
  const Prices unit{1.0 / 16, 1.0};
  const Rates all = rates_at_margin(c.chooser, {320}, unit, {1.0 / 3, 2.0 / 3});
  const Rates none = rates_at_margin(c.chooser, {0}, unit, {1.0 / 3, 2.0 / 3});
  EXPECT_GT(all.bytes, 0);
  EXPECT_LT(all.bytes, none.bytes);
  EXPECT_TRUE(std::isfinite(none.cycles));
  const Choice everything = c.chooser.choose({all.bytes * unit.per_bit, all.cycles * unit.per_cycle}, {320});
  for (const double length : {1.0, 4.0}) {
    EXPECT_GT(c.chooser.vector_bar(everything, 0, Strip{static_cast<int>(length), {0}}, Direction::kColumn), 0);
  }
}

}  // namespace
}  // namespace mixvec::inline pruning
