// Searching the ratio at which a model costs just less than it may.
#include "pruning/compare/ratio_search.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace mixvec::inline pruning {
namespace {

TEST(RatioSearch, FindsWhatCostsJustLess) {
  // Bent as packed bytes are, and a quick cost that is 20 % off.
  int asked = 0;
  const auto exact = [&](double ratio) {
    ++asked;
    return 1000 * (1 - ratio) + 90 * std::sqrt(1 - ratio) + 20;
  };
  const auto rough = [](double ratio) { return 1180 * (1 - ratio) + 30; };
  RatioSearch search(exact, rough, 1100);
  std::size_t limits = 0;
  for (const double limit : {900.0, 500.0, 330.0, 200.0, 90.0, 331.0}) {
    const std::optional<CostPoint> found = search.find(limit);
    ASSERT_TRUE(found) << limit;
    EXPECT_LE(found->cost, limit);
    EXPECT_GE(found->cost, (1 - RatioSearch::kNearEnough) * limit) << limit;
    EXPECT_NEAR(exact(found->ratio), found->cost, 1e-9);
    ++limits;
  }
  EXPECT_EQ(limits, 6U);
  EXPECT_LE(asked - 6, 18) << "prunings for six limits, beside the six of this test";
  EXPECT_FALSE(search.find(10));
  EXPECT_NEAR(search.least(), 20, 3);
}

TEST(RatioSearch, BentCurvesAreFollowedFromFarAway) {
  // A quick cost that says little: the first point lies far off, and the line from there misses on one side only.
  for (const double power : {0.5, 2.0, 4.0}) {
    int asked = 0;
    const auto exact = [&](double ratio) {
      ++asked;
      return 1000 * std::pow(1 - ratio, power);
    };
    for (const double slope : {200.0, 2500.0}) {
      RatioSearch search(
          exact, [&](double ratio) { return slope * (1 - ratio) + 400; }, 1000);
      for (const double limit : {800.0, 300.0}) {
        const std::optional<CostPoint> found = search.find(limit);
        ASSERT_TRUE(found);
        EXPECT_LE(found->cost, limit);
        EXPECT_GE(found->cost, (1 - RatioSearch::kNearEnough) * limit) << power << ' ' << slope << ' ' << limit;
      }
    }
    EXPECT_LE(asked, 4 * 8) << power;
  }
}

TEST(RatioSearch, StepsAreTakenAsTheyAre) {
  // Twelve heads: no ratio between two of them is cheaper.
  const auto heads = [](double ratio) { return 100 + 100 * std::round(12 * (1 - ratio)); };
  RatioSearch search(heads, heads, 1300);
  const std::optional<CostPoint> found = search.find(650);
  ASSERT_TRUE(found);
  EXPECT_LE(found->cost, 650);
  EXPECT_GE(found->cost, 500);
  EXPECT_FALSE(search.find(99));
  // More than everything: nothing is pruned.
  const std::optional<CostPoint> all = RatioSearch(heads, heads, 1300).find(1e6);
  ASSERT_TRUE(all);
  EXPECT_EQ(all->ratio, 0);
}

}  // namespace
}  // namespace mixvec::inline pruning
