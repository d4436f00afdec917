// Ratios by outliers against their definition, and the masks that they lead to.
#include "pruning/importance/outliers.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "golden/base/error.hpp"
#include "pruning/patterns/apply.hpp"
#include "pruning/patterns/registry.hpp"
#include "pruning/prune.hpp"
#include "pruning/prune_masks.hpp"
#include "pruning/tests/small_network.hpp"

namespace mixvec::inline pruning {
namespace {

using cases::dense_matrices;
using cases::small_data;
using cases::small_network;

TEST(Outliers, SharesAreThoseOfTheDefinition) {
  const Network network = small_network(NormPlacement::kPre, Activation::kGeluTanh, 91);
  const CalibrationData data = small_data(network, 20, 92);
  const std::vector<DenseMatrix> dense = dense_matrices(network);
  const Calibration measured = calibrate(network, data, {.inputs = true}, 1, 1);
  for (const double m : {1.0, 1.7, 2.5}) {
    const std::vector<double> found = outlier_shares(dense, measured, m, 2);
    ASSERT_EQ(found.size(), 2U);
    DenseRows x = data.x;
    for (std::size_t l = 0; l < 2; ++l) {
      LayerTrace trace;
      x = network.layers[l].run(x, data.ends, &trace);
      std::vector<double> strengths;  // by the norms of the inputs themselves
      for (std::size_t k = 0; k < 4; ++k) {
        const DenseMatrix& matrix = dense[4 * l + k];
        for (std::size_t o = 0; o < matrix.out; ++o) {
          for (std::size_t i = 0; i < matrix.in; ++i) {
            strengths.push_back(std::abs(static_cast<double>(matrix.weight[o * matrix.in + i])) *
                                static_cast<double>(trace.input[k].col(index_of(i)).norm()));
          }
        }
      }
      const double mean =
          std::accumulate(strengths.begin(), strengths.end(), 0.0) / static_cast<double>(strengths.size());
      const auto outliers = std::count_if(strengths.begin(), strengths.end(), [&](double s) { return s > m * mean; });
      EXPECT_GT(outliers, 0);
      EXPECT_DOUBLE_EQ(found[l], static_cast<double>(outliers) / static_cast<double>(strengths.size()));
    }
  }
}

TEST(Outliers, RatiosKeepTheMeanAndTheirDistance) {
  const std::vector<double> shares{0.01, 0.05, 0.02, 0.04};
  const std::vector<double> ratios = ratios_by_outliers(shares, 0.7, 0.1);
  EXPECT_NEAR(std::accumulate(ratios.begin(), ratios.end(), 0.0) / 4, 0.7, 1e-12);
  EXPECT_NEAR(ratios[0], 0.8, 1e-12);
  EXPECT_NEAR(ratios[1], 0.6, 1e-12);
  EXPECT_NEAR(ratios[2], 0.75, 1e-12) << "linear in between";
  EXPECT_NEAR(ratios[3], 0.65, 1e-12);
  const std::vector<double> lopsided = ratios_by_outliers(std::vector<double>{0.0, 0.0, 0.3}, 0.5, 0.2);
  EXPECT_NEAR(lopsided[2], 0.3, 1e-12);
  EXPECT_NEAR(lopsided[0], 0.6, 1e-12) << "the farthest alone reaches lambda";
  EXPECT_EQ(ratios_by_outliers(std::vector<double>{0.1, 0.1}, 0.5, 0.2), (std::vector<double>{0.5, 0.5}));
  EXPECT_EQ(ratios_by_outliers(shares, 0.5, 0.0), std::vector<double>(4, 0.5));
  EXPECT_NO_THROW(ratios_by_outliers(shares, 0.8, 0.2));
  EXPECT_THROW(ratios_by_outliers(shares, 0.95, 0.08), InputError);
  EXPECT_THROW(ratios_by_outliers(shares, 0.05, 0.08), InputError);
  EXPECT_THROW(ratios_by_outliers(shares, 0.5, -0.1), InputError);
}

// Every matrix keeps what its layer's ratio says, whatever makes the mask.
TEST(Outliers, EveryPatternKeepsTheLayersRatios) {
  const Network network = small_network(NormPlacement::kPre, Activation::kGeluTanh, 95);
  const std::vector<DenseMatrix> dense = dense_matrices(network);
  PruneOptions options;
  options.ratio = 0.5;
  options.per_matrix = true;
  options.layer_ratios = {0.25, 0.75};
  options.threads = 1;
  for (const PatternKind kind : {PatternKind::kUnstructured, PatternKind::kVector, PatternKind::kMixed}) {
    options.pattern = kind;
    options.length = 4;
    const PruneResult result = prune(score_by_magnitude(dense), options);
    for (std::size_t m = 0; m < 8; ++m) {
      const double kept = static_cast<double>(result.reports[m].kept) / static_cast<double>(dense[m].weight.size());
      EXPECT_NEAR(kept, m < 4 ? 0.75 : 0.25, 0.05) << name_of(kind) << " " << dense[m].name;
    }
  }
  for (const char* const text : {"block,attention=2x2,feed-forward=2x2", "channel"}) {
    const std::shared_ptr<const MaskPattern> pattern = make_mask_pattern(text);
    const PruneResult result = prune_masks(score_by_magnitude(dense), *pattern, 2, 0.5, options);
    for (std::size_t m = 0; m < 8; ++m) {
      if (!pattern->prunes(kMatrixKinds[m % 4])) continue;
      const double kept = static_cast<double>(result.reports[m].kept) / static_cast<double>(dense[m].weight.size());
      EXPECT_NEAR(kept, m < 4 ? 0.75 : 0.25, 0.05) << text << " " << dense[m].name;
    }
  }
}

}  // namespace
}  // namespace mixvec::inline pruning
