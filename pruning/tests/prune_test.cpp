// Tests of whole prunings: legal masks, exact counts, and who must keep more than whom.
#include "pruning/prune.hpp"

#include <gtest/gtest.h>

#include <map>

#include "golden/base/error.hpp"
#include "pruning/tests/synthetic.hpp"

namespace mixvec::inline pruning {
namespace {

using cases::family_matrix;
using cases::importance_kept;
using cases::options_for;
using cases::random_matrix;
using cases::transposed;

struct Case {
  PatternKind pattern;
  int length;
  std::optional<Direction> direction;
  bool grouping;
  bool per_matrix;
};

class EveryPattern : public ::testing::TestWithParam<Case> {};

TEST_P(EveryPattern, GivesLegalMasksAndHitsTheRatioOnAnyShape) {
  const Case& c = GetParam();
  const std::vector<std::pair<std::size_t, std::size_t>> shapes{{1, 1},   {1, 37},   {37, 1},  {13, 17},
                                                                {64, 48}, {127, 63}, {130, 31}};
  std::vector<DenseMatrix> dense;
  for (const auto& [out, in] : shapes) {
    dense.push_back(
        family_matrix(out, in, 4, static_cast<unsigned>(out * 100 + in), "m" + std::to_string(dense.size())));
    if (dense.size() % 2 == 0) dense.back().bias.assign(out, 0.25F);
  }
  for (const double ratio : {0.0, 0.3, 0.8, 0.97, 1.0}) {
    PruneOptions options = options_for(c.pattern, c.length);
    options.direction = c.direction;
    options.grouping = c.grouping;
    options.per_matrix = c.per_matrix;
    options.ratio = ratio;
    const PruneResult result = prune(score_by_magnitude(dense), options);
    ASSERT_EQ(result.matrices.size(), dense.size());
    std::uint64_t kept = 0;
    for (std::size_t m = 0; m < dense.size(); ++m) {
      const PrunedMatrix& pruned = result.matrices[m];
      ASSERT_NO_THROW(validate(pruned)) << "ratio " << ratio;
      EXPECT_EQ(pruned.out, dense[m].out);
      EXPECT_EQ(pruned.bias.size(), dense[m].bias.size());
      EXPECT_EQ(pruned.kept(), result.reports[m].kept);
      EXPECT_NEAR(importance_kept(dense[m], pruned), result.reports[m].importance,
                  1e-6 * result.reports[m].importance_total);
      EXPECT_LE(result.reports[m].retained(), 1 + 1e-9);
      for (std::size_t i = 0; i < pruned.weight.size(); ++i) {
        if (pruned.mask[i] != 0) {
          ASSERT_EQ(pruned.weight[i], to_half(dense[m].weight[i]));
        }
      }
      if (c.direction) {
        EXPECT_EQ(pruned.pattern.direction, *c.direction);
      }
      int longest = 0;
      int short_strips = 0;
      for (const Strip& strip : pruned.pattern.strips) {
        longest = std::max(longest, strip.length);
        short_strips += strip.index.size() < static_cast<std::size_t>(strip.length) ? 1 : 0;
        if (c.pattern != PatternKind::kMixed) {
          EXPECT_EQ(strip.length, c.length);
        }
      }
      EXPECT_LE(longest, c.length);
      // Mixed lengths split a remainder into powers of two; one length leaves exactly one short strip.
      const std::size_t lines = pruned.pattern.direction == Direction::kColumn ? pruned.out : pruned.in;
      const bool remainder = c.pattern == PatternKind::kVector && lines % static_cast<std::size_t>(c.length) != 0;
      EXPECT_EQ(short_strips, remainder ? 1 : 0);
      if (short_strips > 0) {
        EXPECT_LT(pruned.pattern.strips.back().index.size(), static_cast<std::size_t>(c.length));
      }
      kept += pruned.kept();
      if (c.per_matrix) {
        const double wanted = std::round((1 - ratio) * static_cast<double>(pruned.weight.size()));
        EXPECT_LE(static_cast<double>(pruned.kept()), wanted);
        EXPECT_GT(static_cast<double>(pruned.kept()), wanted - c.length);
      }
    }
    EXPECT_EQ(kept, result.kept);
    if (!c.per_matrix) {
      const double wanted = std::round((1 - ratio) * static_cast<double>(result.weights));
      EXPECT_LE(static_cast<double>(kept), wanted);
      EXPECT_GT(static_cast<double>(kept), wanted - c.length);
    }
  }
}

constexpr auto kRow = Direction::kRow;
constexpr auto kColumn = Direction::kColumn;
INSTANTIATE_TEST_SUITE_P(
    Patterns, EveryPattern,
    ::testing::Values(
        Case{PatternKind::kUnstructured, 1, {}, true, false}, Case{PatternKind::kUnstructured, 1, kRow, true, true},
        Case{PatternKind::kVector, 1, {}, true, false}, Case{PatternKind::kVector, 2, kRow, true, false},
        Case{PatternKind::kVector, 4, kColumn, true, true}, Case{PatternKind::kVector, 8, {}, true, false},
        Case{PatternKind::kVector, 8, {}, false, false}, Case{PatternKind::kVector, 16, kRow, false, true},
        Case{PatternKind::kVector, 32, {}, true, false}, Case{PatternKind::kVector, 64, kColumn, true, false},
        Case{PatternKind::kMixed, 16, {}, true, false}, Case{PatternKind::kMixed, 16, kRow, true, true},
        Case{PatternKind::kMixed, 16, kColumn, false, false}, Case{PatternKind::kMixed, 64, {}, true, false},
        Case{PatternKind::kMixed, 4, {}, true, true}));

TEST(Unstructured, KeepsExactlyTheLargestWeights) {
  const DenseMatrix dense = random_matrix(40, 50, 3);
  const PruneResult result = prune(score_by_magnitude({dense}), options_for(PatternKind::kUnstructured));
  EXPECT_EQ(result.kept, 400U);
  EXPECT_NEAR(result.retained(), 1.0, 1e-6);
  float least_kept = 1e9F;
  float largest_pruned = 0;
  for (std::size_t i = 0; i < dense.weight.size(); ++i) {
    const float magnitude = std::fabs(dense.weight[i]);
    if (result.matrices[0].mask[i] != 0) {
      least_kept = std::min(least_kept, magnitude);
    } else {
      largest_pruned = std::max(largest_pruned, magnitude);
    }
  }
  EXPECT_GE(least_kept, largest_pruned);
}

TEST(Vectors, AreRankedByImportancePerWeightAcrossMatrices) {
  std::vector<DenseMatrix> dense{random_matrix(32, 24, 1, "a"), random_matrix(24, 40, 2, "b")};
  for (float& w : dense[1].weight) w *= 1.5F;
  const PruneResult result = prune(score_by_magnitude(dense), options_for(PatternKind::kVector, 4));
  double least_kept = 1e9;
  double largest_pruned = 0;
  for (std::size_t m = 0; m < dense.size(); ++m) {
    const PrunedMatrix& p = result.matrices[m];
    const bool column = p.pattern.direction == kColumn;
    for (const Strip& strip : p.pattern.strips) {
      ASSERT_EQ(strip.index.size(), 4U);
      for (std::size_t j = 0; j < (column ? p.in : p.out); ++j) {
        double sum = 0;
        bool kept = false;
        for (const std::uint32_t line : strip.index) {
          const std::size_t at = column ? line * p.in + j : j * p.in + line;
          sum += static_cast<double>(dense[m].weight[at]) * dense[m].weight[at];
          kept = p.mask[at] != 0;
        }
        if (kept) least_kept = std::min(least_kept, sum);
        if (!kept) largest_pruned = std::max(largest_pruned, sum);
      }
    }
  }
  EXPECT_GE(least_kept, largest_pruned * (1 - 1e-6));
  EXPECT_GT(result.reports[1].kept * 10, result.reports[0].kept * 12) << "the stronger matrix keeps a larger share";
}

TEST(Vectors, RetainLessTheLongerTheyAre) {
  const DenseMatrix dense = family_matrix(128, 96, 8, 5);
  double last = 1 + 1e-9;
  for (const int length : {1, 2, 4, 8, 16, 32}) {
    PruneOptions options = options_for(PatternKind::kVector, length);
    options.direction = kColumn;
    options.grouping = false;
    const double retained = prune(score_by_magnitude({dense}), options).retained();
    EXPECT_LE(retained, last) << length;
    last = retained;
  }
  EXPECT_LT(last, 0.9);
}

// The value of a finished pruning in the terms of the choice: importance minus what bytes and cycles are worth.
double value_of(const PruneResult& result, double exchange) {
  return result.retained() - exchange * result.cost.bytes / (2 * static_cast<double>(result.kept)) -
         exchange * result.cost.array_cycles / result.ideal_cycles;
}

TEST(Mixed, IsWorthAtLeastAsMuchAsAnySingleLengthAndRetainsMoreAtEqualMeanLength) {
  std::vector<DenseMatrix> dense{family_matrix(256, 192, 8, 1, "a"), random_matrix(192, 256, 2, "b"),
                                 transposed(family_matrix(256, 192, 16, 3, "c"))};
  for (const double exchange : {0.02, 0.1, 0.3, 1.0}) {
    PruneOptions options = options_for(PatternKind::kMixed);
    options.exchange = Rates{exchange, exchange};
    const PruneResult mixed = prune(score_by_magnitude(dense), options);
    for (const int length : {1, 2, 4, 8, 16}) {
      options.pattern = PatternKind::kVector;
      options.length = length;
      const PruneResult fixed = prune(score_by_magnitude(dense), options);
      // The modelled costs of the report use real densities, those of the choice expected ones: hence the tolerance.
      EXPECT_GE(value_of(mixed, exchange), value_of(fixed, exchange) - 0.01) << exchange << " against " << length;
      if (mixed.mean_length() <= length) {
        EXPECT_GE(mixed.retained(), fixed.retained() - 0.01) << exchange << " against " << length;
      }
    }
  }
}

TEST(Mixed, FindsThePlantedDirections) {
  // Column vectors suit outputs that resemble each other, row vectors inputs that do.
  std::vector<DenseMatrix> dense{family_matrix(256, 256, 16, 1, "column"),
                                 transposed(family_matrix(256, 256, 16, 2, "row"))};
  const PruneResult result = prune(score_by_magnitude(dense), options_for(PatternKind::kMixed));
  EXPECT_EQ(result.reports[0].direction, kColumn);
  EXPECT_EQ(result.reports[1].direction, kRow);
  EXPECT_GT(*result.reports[0].retained_column, *result.reports[0].retained_row);
  EXPECT_GT(*result.reports[1].retained_row, *result.reports[1].retained_column);
}

TEST(Grouping, LiftsWhatIsRetainedWhereSimilarRowsStandApart) {
  const DenseMatrix dense = family_matrix(256, 192, 8, 7);
  for (const int length : {2, 4, 8}) {
    PruneOptions options = options_for(PatternKind::kVector, length);
    options.direction = kColumn;
    const double grouped = prune(score_by_magnitude({dense}), options).retained();
    options.grouping = false;
    const double neighbours = prune(score_by_magnitude({dense}), options).retained();
    EXPECT_GT(grouped, neighbours + 0.03) << length;
  }
}

TEST(Grouping, NeverLosesMuchWhereThereIsNothingToFind) {
  const DenseMatrix dense = random_matrix(128, 128, 11);
  PruneOptions options = options_for(PatternKind::kVector, 4);
  const double grouped = prune(score_by_magnitude({dense}), options).retained();
  options.grouping = false;
  EXPECT_GE(grouped, prune(score_by_magnitude({dense}), options).retained());
}

TEST(Symmetry, ColumnsOfAMatrixAreRowsOfItsTranspose) {
  const DenseMatrix dense = family_matrix(96, 65, 8, 9);
  for (const PatternKind pattern : {PatternKind::kVector, PatternKind::kUnstructured}) {
    PruneOptions options = options_for(pattern, pattern == PatternKind::kVector ? 4 : 1);
    options.direction = kColumn;
    const PrunedMatrix column = prune(score_by_magnitude({dense}), options).matrices[0];
    options.direction = kRow;
    const PrunedMatrix row = prune(score_by_magnitude({transposed(dense)}), options).matrices[0];
    for (std::size_t o = 0; o < dense.out; ++o) {
      for (std::size_t i = 0; i < dense.in; ++i) {
        ASSERT_EQ(column.mask[o * dense.in + i], row.mask[i * dense.out + o]) << o << ' ' << i;
      }
    }
    ASSERT_EQ(column.pattern.strips.size(), row.pattern.strips.size());
    for (std::size_t s = 0; s < column.pattern.strips.size(); ++s) {
      EXPECT_EQ(column.pattern.strips[s].index, row.pattern.strips[s].index);
    }
  }
}

TEST(Determinism, NeitherThreadsNorRepetitionChangeABit) {
  std::vector<DenseMatrix> dense{family_matrix(100, 70, 8, 1, "a"), random_matrix(70, 100, 2, "b")};
  PruneOptions options = options_for(PatternKind::kMixed);
  const PruneResult first = prune(score_by_magnitude(dense), options);
  for (const int threads : {1, 3}) {
    options.threads = threads;
    const PruneResult again = prune(score_by_magnitude(dense), options);
    for (std::size_t m = 0; m < dense.size(); ++m) {
      EXPECT_EQ(first.matrices[m].mask, again.matrices[m].mask);
      ASSERT_EQ(first.matrices[m].pattern.strips.size(), again.matrices[m].pattern.strips.size());
      for (std::size_t s = 0; s < first.matrices[m].pattern.strips.size(); ++s) {
        EXPECT_EQ(first.matrices[m].pattern.strips[s].index, again.matrices[m].pattern.strips[s].index);
      }
    }
    EXPECT_EQ(first.importance, again.importance);
  }
}

TEST(Budgets, AreMetAndCostsNoMoreImportanceThanAHarderOne) {
  std::vector<DenseMatrix> dense{family_matrix(256, 192, 8, 1, "a"), random_matrix(192, 256, 2, "b")};
  PruneOptions options = options_for(PatternKind::kMixed);
  const auto cycles = [](const PruneResult& r) { return r.cost.array_cycles / r.ideal_cycles; };
  const auto bytes = [](const PruneResult& r) { return r.cost.bytes / (2 * static_cast<double>(r.kept)); };
  double last = 0;
  for (const double limit : {1.2, 1.6, 3.0}) {
    options.budget = {};
    options.budget.cycles = limit;
    const PruneResult result = prune(score_by_magnitude(dense), options);
    EXPECT_LE(cycles(result), limit);
    EXPECT_GT(result.retained(), last);
    last = result.retained();
  }
  options.budget = {};
  options.budget.cycles = 1.5;
  options.budget.bytes = 1.12;
  const PruneResult both = prune(score_by_magnitude(dense), options);
  EXPECT_LE(cycles(both), 1.5);
  EXPECT_LE(bytes(both), 1.12);
  options.budget = {};
  options.exchange = Rates{1.2, 0.06};
  double cost = 1e9;
  for (const double least : {0.95, 0.85}) {
    options.budget.retained = least;
    const PruneResult result = prune(score_by_magnitude(dense), options);
    EXPECT_GE(result.retained(), least);
    EXPECT_LT(cycles(result), cost);
    cost = cycles(result);
  }
}

TEST(Budgets, ThatCannotBeMetAreRefusedWithWhatCan) {
  PruneOptions options = options_for(PatternKind::kUnstructured);
  options.budget.cycles = 1.5;
  try {
    prune(score_by_magnitude({random_matrix(64, 64, 1)}), options);
    FAIL() << "a rate of one weight in four cannot come within 1.5";
  } catch (const InputError& error) {
    EXPECT_NE(std::string(error.what()).find("cycles"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("least"), std::string::npos) << error.what();
  }
}

TEST(Options, ThatMakeNoSenseAreRefused) {
  const std::vector<DenseMatrix> dense{random_matrix(8, 8, 1)};
  PruneOptions options = options_for(PatternKind::kVector, 3);
  EXPECT_THROW(prune(score_by_magnitude(dense), options), InputError);
  options.length = 128;
  EXPECT_THROW(prune(score_by_magnitude(dense), options), InputError);
  options.length = 4;
  options.ratio = 1.2;
  EXPECT_THROW(prune(score_by_magnitude(dense), options), InputError);
  options.ratio = std::nan("");
  EXPECT_THROW(prune(score_by_magnitude(dense), options), InputError);
  options.ratio = 0.5;
  EXPECT_THROW(prune(score_by_magnitude({}), options), InputError);
  DenseMatrix huge = random_matrix(8, 8, 1);
  huge.weight[3] = 70000;
  huge.file = "some/model.safetensors";
  try {
    prune(score_by_magnitude({huge}), options);
    FAIL() << "binary16 ends at 65504";
  } catch (const InputError& error) {
    EXPECT_EQ(error.what(), "some/model.safetensors: " + huge.name +
                                ": weight[0][3]: found 70000, expected a value that binary16 can hold (below 65520)");
  }
}

TEST(Values, ZerosAndTiesDoNotSpoilTheCount) {
  DenseMatrix zeros = random_matrix(32, 32, 1);
  std::fill(zeros.weight.begin(), zeros.weight.end(), 0.0F);
  DenseMatrix equal = zeros;
  std::fill(equal.weight.begin(), equal.weight.end(), -1.0F);
  for (const PatternKind pattern : {PatternKind::kUnstructured, PatternKind::kVector, PatternKind::kMixed}) {
    for (const DenseMatrix& dense : {zeros, equal}) {
      const PruneOptions options = options_for(pattern, pattern == PatternKind::kUnstructured ? 1 : 4);
      const PruneResult result = prune(score_by_magnitude({dense}), options);
      EXPECT_NO_THROW(validate(result.matrices[0]));
      EXPECT_GT(result.kept, 201U);
      EXPECT_LE(result.kept, 205U);
    }
  }
}

}  // namespace
}  // namespace mixvec::inline pruning
