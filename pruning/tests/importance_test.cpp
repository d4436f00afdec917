// Importances and recovery against what they are defined as, computed the long way.
#include "pruning/importance/importance.hpp"

#include <gtest/gtest.h>

#include <Eigen/LU>
#include <cmath>
#include <numeric>

#include "golden/base/error.hpp"
#include "pruning/importance/damping.hpp"
#include "pruning/importance/gradual_obs.hpp"
#include "pruning/importance/lookahead.hpp"
#include "pruning/importance/methods.hpp"
#include "pruning/recovery/methods.hpp"
#include "pruning/solver/part_inverse.hpp"
#include "pruning/solver/row_systems.hpp"
#include "pruning/tests/small_network.hpp"

namespace mixvec::inline pruning {
namespace {

using cases::dense_matrices;
using cases::small_data;
using cases::small_network;

// Least squares over the columns S of one row by the inverse, not by a factorisation: w and the loss Δ H Δᵀ ÷ 2.
struct BestRow {
  Eigen::RowVectorXd w;
  double loss = 0;
};
BestRow best_row(const Eigen::MatrixXd& h, const Eigen::RowVectorXd& start, const std::vector<Eigen::Index>& kept) {
  const auto n = static_cast<Eigen::Index>(kept.size());
  Eigen::MatrixXd part(n, n);
  Eigen::VectorXd right(n);
  const Eigen::RowVectorXd target = start * h;
  for (Eigen::Index i = 0; i < n; ++i) {
    for (Eigen::Index j = 0; j < n; ++j) part(i, j) = h(kept[i], kept[j]);
    right[i] = target[kept[i]];
  }
  BestRow best{Eigen::RowVectorXd::Zero(start.size()), 0};
  if (n > 0) {
    const Eigen::VectorXd solved = part.inverse() * right;
    for (Eigen::Index i = 0; i < n; ++i) best.w[kept[i]] = solved[i];
  }
  const Eigen::RowVectorXd change = start - best.w;
  best.loss = 0.5 * (change * h).dot(change);
  return best;
}

class Scores : public ::testing::Test {
 protected:
  const Network network = small_network(NormPlacement::kPre, Activation::kGeluTanh, 41);
  const CalibrationData data = small_data(network, 30, 42);
  const std::vector<DenseMatrix> dense = dense_matrices(network);
  const Calibration measured =
      calibrate(network, data, {.inputs = true, .outputs = true, .weights = true, .heads = true}, 1, 2);

  ModelScores scores(const ImportanceMethod& method, bool weigh = true) const {
    return score_matrices(method, dense, &measured, weigh, 2);
  }
  Eigen::MatrixXd damped(std::size_t m) const {
    Eigen::MatrixXd h = measured.matrices[m].inputs;
    h.diagonal().array() += damping_of(measured.matrices[m].inputs);
    return h;
  }
};

TEST_F(Scores, MeanIsOneButForMagnitude) {
  for (const ImportanceMethod* const method : importance_methods()) {
    const ModelScores found = scores(*method);
    double sum = 0;
    std::size_t weights = 0;
    for (const auto& score : found.matrices) {
      for (const float s : score) {
        ASSERT_GE(s, 0) << method->name;
        sum += static_cast<double>(s);
      }
      weights += score.size();
    }
    if (method == &kMagnitude) {
      EXPECT_EQ(found.unit, 1);
    } else {
      EXPECT_NEAR(sum / static_cast<double>(weights), 1, 1e-3) << method->name;
    }
  }
}

TEST_F(Scores, MagnitudeAndWandaAndTaylorByWeight) {
  const ModelScores magnitude = scores(kMagnitude);
  const ModelScores wanda = scores(kWanda);
  const ModelScores blind = scores(kWanda, false);
  const ModelScores taylor = scores(kTaylor);
  for (std::size_t m = 0; m < dense.size(); ++m) {
    const MatrixMoments& moments = measured.matrices[m];
    for (std::size_t o = 0; o < dense[m].out; ++o) {
      for (std::size_t i = 0; i < dense[m].in; ++i) {
        const std::size_t at = o * dense[m].in + i;
        const double w = dense[m].weight[at];
        const double norm = moments.inputs(index_of(i), index_of(i));
        ASSERT_FLOAT_EQ(magnitude.matrices[m][at], static_cast<float>(w * w));
        ASSERT_NEAR(blind.matrices[m][at], blind.unit * w * w * norm, 1e-4 * (1 + blind.matrices[m][at]));
        ASSERT_NEAR(wanda.matrices[m][at], wanda.unit * w * w * norm * moments.outputs[index_of(o)],
                    1e-4 * (1 + wanda.matrices[m][at]));
        const double g = moments.gradient(index_of(o), index_of(i));
        const double f = moments.fisher(index_of(o), index_of(i));
        ASSERT_NEAR(taylor.matrices[m][at], taylor.unit * std::abs(0.5 * f * w * w - g * w),
                    1e-3 * (1 + taylor.matrices[m][at]));
      }
    }
  }
}

// OBS: the loss if the weight goes and all others are the best they can be. SparseGPT: only those behind it.
TEST_F(Scores, ObsAndSparseGptAreLeastLosses) {
  const ModelScores obs = scores(kObs, false);
  const ModelScores sparse = scores(kSparseGpt, false);
  std::size_t compared = 0;
  for (std::size_t m = 0; m < dense.size(); ++m) {
    const Eigen::MatrixXd h = damped(m);
    const DoubleRows w = weights_of(dense[m]);
    for (Eigen::Index o = 0; o < w.rows(); o += 2) {
      for (Eigen::Index i = 0; i < w.cols(); ++i, ++compared) {
        std::vector<Eigen::Index> others;
        std::vector<Eigen::Index> behind;
        for (Eigen::Index j = 0; j < w.cols(); ++j) {
          if (j != i) others.push_back(j);
          if (j > i) behind.push_back(j);
        }
        const auto at = static_cast<std::size_t>(o * w.cols() + i);
        const double all = best_row(h, w.row(o), others).loss;
        ASSERT_NEAR(obs.matrices[m][at], obs.unit * all, 1e-3 * (1e-3 + obs.unit * all));
        // The weights before i stay: only i and those behind it change.
        Eigen::RowVectorXd tail = w.row(o);
        tail.head(i).setZero();
        const double late = best_row(h, tail, behind).loss;
        ASSERT_NEAR(sparse.matrices[m][at], sparse.unit * late, 1e-3 * (1e-3 + sparse.unit * late));
      }
    }
  }
  EXPECT_GT(compared, 300U);
}

TEST_F(Scores, HeadsShareEvenly) {
  const ModelScores found = scores(kHead);
  for (std::size_t l = 0; l < 2; ++l) {
    for (std::size_t h = 0; h < 2; ++h) {
      double sum = 0;
      for (std::size_t o = 0; o < 24; ++o) {
        for (std::size_t i = 0; i < 8; ++i) {
          if (o % 8 / 4 == h) sum += found.matrices[4 * l][o * 8 + i];
        }
      }
      for (std::size_t o = 0; o < 8; ++o) {
        for (std::size_t i = 0; i < 8; ++i) {
          if (i / 4 == h) sum += found.matrices[4 * l + 1][o * 8 + i];
        }
      }
      EXPECT_NEAR(sum, found.unit * measured.heads[2 * l + h], 1e-3 * sum);
    }
    EXPECT_EQ(found.matrices[4 * l + 2][0], 0) << "no head has a part in W_F1";
  }
}

TEST_F(Scores, WhatIsNotFiniteIsRefused) {
  std::vector<DenseMatrix> large = dense;
  large[3].weight[5] = 3e38F;
  EXPECT_THROW(score_matrices(kMagnitude, large, nullptr, true, 1), InputError);
}

// Groups of row vectors by their joint cost, column vectors as sums, each while others are gone already.
TEST_F(Scores, GradualCostsAreLeastLossesOfWhatIsLeft) {
  GradualObs gradual(dense, measured, true, 2.5, 2);
  std::vector<Pattern> patterns(dense.size());
  std::vector<std::vector<std::uint8_t>> masks;
  std::mt19937 random(43);
  for (std::size_t m = 0; m < dense.size(); ++m) {
    patterns[m].direction = m % 2 == 0 ? Direction::kRow : Direction::kColumn;
    const std::size_t lines = m % 2 == 0 ? dense[m].in : dense[m].out;
    std::vector<std::uint32_t> order(lines);
    std::iota(order.begin(), order.end(), 0U);
    std::shuffle(order.begin(), order.end(), random);
    for (std::size_t first = 0; first < lines; first += 4) {
      patterns[m].strips.push_back({4,
                                    {order.begin() + static_cast<std::ptrdiff_t>(first),
                                     order.begin() + static_cast<std::ptrdiff_t>(std::min(first + 4, lines))}});
    }
    std::vector<std::uint8_t>& mask = masks.emplace_back(dense[m].weight.size(), 1);
    for (const Strip& strip : patterns[m].strips) {
      const std::size_t across = m % 2 == 0 ? dense[m].out : dense[m].in;
      for (std::size_t a = 0; a < across; ++a) {
        if (random() % 3 != 0) continue;
        for (const std::uint32_t line : strip.index) {
          mask[m % 2 == 0 ? a * dense[m].in + line : line * dense[m].in + a] = 0;
        }
      }
    }
  }
  gradual.restart(patterns);
  const std::vector<std::vector<float>> found = gradual.keep(masks, patterns);
  std::size_t compared = 0;
  for (std::size_t m = 0; m < dense.size(); ++m) {
    const Eigen::MatrixXd h = damped(m);
    const DoubleRows w = weights_of(dense[m]);
    const auto kept_of = [&](Eigen::Index o, const std::vector<std::uint32_t>& without) {
      std::vector<Eigen::Index> kept;
      for (Eigen::Index i = 0; i < w.cols(); ++i) {
        const bool gone = std::find(without.begin(), without.end(), static_cast<std::uint32_t>(i)) != without.end();
        if (masks[m][static_cast<std::size_t>(o * w.cols() + i)] != 0 && !gone) kept.push_back(i);
      }
      return kept;
    };
    // What removing the weights `lines` of row o adds to the loss.
    const auto cost = [&](Eigen::Index o, const std::vector<std::uint32_t>& lines) {
      return measured.matrices[m].outputs[o] *
             (best_row(h, w.row(o), kept_of(o, lines)).loss - best_row(h, w.row(o), kept_of(o, {})).loss);
    };
    for (Eigen::Index o = 0; o < w.rows(); ++o) {
      for (std::size_t s = 0; patterns[m].direction == Direction::kRow && s < patterns[m].strips.size(); ++s) {
        const std::vector<std::uint32_t>& lines = patterns[m].strips[s].index;
        double sum = 0;
        for (const std::uint32_t i : lines) sum += found[m][static_cast<std::size_t>(o * w.cols() + i)];
        const double expected =
            masks[m][static_cast<std::size_t>(o * w.cols() + lines[0])] != 0 ? 2.5 * cost(o, lines) : 0;
        ASSERT_NEAR(sum, expected, 1e-3 * expected + 1e-9) << dense[m].name << " row " << o << " strip " << s;
        ++compared;
      }
      for (Eigen::Index i = 0; patterns[m].direction == Direction::kColumn && i < w.cols(); ++i) {
        const auto at = static_cast<std::size_t>(o * w.cols() + i);
        const double expected = masks[m][at] != 0 ? 2.5 * cost(o, {static_cast<std::uint32_t>(i)}) : 0;
        ASSERT_NEAR(found[m][at], expected, 1e-3 * expected + 1e-9);
        ++compared;
      }
    }
  }
  EXPECT_GT(compared, 400U);
  EXPECT_GT(gradual.restart(patterns)[1][0], 0);
}

// What goes keeps the score at which it went; what stays has the one at the end.
TEST_F(Scores, LookingAheadScoresWhatIsLeft) {
  GradualObs gradual(dense, measured, true, 1.0, 2);
  const std::vector<std::vector<float>> first = gradual.restart({});
  EXPECT_EQ(look_ahead(gradual, dense, {0.0, 3, 2}), first) << "nothing went";
  std::vector<float> all;
  for (const auto& score : first) all.insert(all.end(), score.begin(), score.end());
  std::sort(all.begin(), all.end());
  const float threshold = all[all.size() / 2];
  std::vector<std::vector<std::uint8_t>> masks;
  for (const auto& score : first) {
    std::vector<std::uint8_t>& mask = masks.emplace_back();
    for (const float s : score) mask.push_back(s >= threshold ? 1 : 0);
  }
  gradual.restart({});
  const std::vector<std::vector<float>> left = gradual.keep(masks, {});
  const std::vector<std::vector<float>> found = look_ahead(gradual, dense, {0.5, 1, 2});
  std::size_t higher = 0;
  for (std::size_t m = 0; m < found.size(); ++m) {
    for (std::size_t i = 0; i < found[m].size(); ++i) {
      ASSERT_EQ(found[m][i], masks[m][i] != 0 ? left[m][i] : first[m][i]);
      higher += masks[m][i] != 0 && found[m][i] > first[m][i] ? 1 : 0;
    }
  }
  EXPECT_GT(higher, all.size() / 10) << "with less to make up for them weights are worth more";
}

TEST(Solver, BlocksCoverAllColumns) {
  for (const Eigen::Index columns : {1, 511, 512, 513, 3072}) {
    Eigen::Index next = 0;
    for (const ColumnRange& range : split_columns(columns, 512)) {
      EXPECT_EQ(range.first, next);
      EXPECT_LE(range.count, 512);
      next += range.count;
    }
    EXPECT_EQ(next, columns);
  }
}

// From what is kept and from what is left out, whichever is less.
TEST(Solver, PartsHaveTheirInverses) {
  std::mt19937 random(45);
  constexpr Eigen::Index kSize = 90;  // more than a block of lower_inverse()
  const Eigen::MatrixXd root = cases::random_rows(kSize, kSize, 1.0F, random).cast<double>();
  const InvertedMatrix whole = invert(root * root.transpose() + 5 * Eigen::MatrixXd::Identity(kSize, kSize));
  for (const unsigned tenths : {1U, 3U, 5U, 7U, 9U, 10U}) {
    std::vector<Eigen::Index> kept;
    for (Eigen::Index i = 0; i < kSize; ++i) {
      if (random() % 10 < tenths) kept.push_back(i);
    }
    const Eigen::MatrixXd expected = Eigen::MatrixXd(whole.matrix(kept, kept)).inverse();
    const PartInverse part(whole, kept);
    EXPECT_LT((part.diagonal() - expected.diagonal()).cwiseAbs().maxCoeff(), 1e-10) << tenths;
    std::vector<Eigen::Index> places(kept.size());
    std::iota(places.begin(), places.end(), 0);
    EXPECT_LT((part.block(places) - expected).cwiseAbs().maxCoeff(), 1e-10) << tenths;
    Eigen::MatrixXd filled = Eigen::MatrixXd::Zero(kSize, 2);
    filled(kept, Eigen::all).setRandom();
    const Eigen::MatrixXd right = filled(kept, Eigen::all);
    const Eigen::MatrixXd by_whole = Eigen::MatrixXd(whole.inverse * filled)(kept, Eigen::all);
    EXPECT_LT((part.times(right, by_whole) - expected * right).cwiseAbs().maxCoeff(), 1e-9) << tenths;
  }
}

// With everything kept nothing is lost; the fewer are kept, the more the fit helps over leaving weights as they are.
TEST(Recovery, FitsWhatTheDenseModelComputed) {
  for (const auto& [norm, activation] :
       {std::pair{NormPlacement::kPre, Activation::kGeluTanh}, std::pair{NormPlacement::kPost, Activation::kGeluErf}}) {
    const Network network = small_network(norm, activation, 51);
    const CalibrationData data = small_data(network, 60, 52);
    const std::vector<DenseMatrix> dense = dense_matrices(network);
    const auto distance = [&](const std::vector<PrunedMatrix>& matrices) {
      Network pruned = network;
      for (std::size_t m = 0; m < matrices.size(); ++m) {
        Linear& linear = pruned.layers[m / 4].matrices[m % 4];
        for (std::size_t i = 0; i < matrices[m].weight.size(); ++i) {
          linear.weight.data()[i] = to_float(matrices[m].weight[i]);
        }
        for (std::size_t o = 0; o < matrices[m].bias.size(); ++o)
          linear.bias[index_of(o)] = to_float(matrices[m].bias[o]);
      }
      DenseRows x = data.x;
      DenseRows y = data.x;
      for (std::size_t l = 0; l < 2; ++l) {
        x = network.layers[l].run(x, data.ends);
        y = pruned.layers[l].run(y, data.ends);
      }
      return static_cast<double>((x - y).squaredNorm() / x.squaredNorm());
    };
    for (const unsigned tenths : {0U, 3U, 6U}) {
      std::vector<PrunedMatrix> matrices = cases::cut_at_random(dense, tenths, 53);
      const std::vector<PrunedMatrix> before = matrices;
      kNoRecovery.recover({network, data, dense, 2, {}}, matrices);
      EXPECT_EQ(matrices[3].weight, before[3].weight);
      kObsRecovery.recover({network, data, dense, 2, {}}, matrices);
      for (std::size_t m = 0; m < matrices.size(); ++m) {
        EXPECT_EQ(matrices[m].mask, before[m].mask);
        for (std::size_t i = 0; i < matrices[m].weight.size(); ++i) {
          if (matrices[m].mask[i] == 0) {
            ASSERT_EQ(matrices[m].weight[i], Half{});
          }
        }
      }
      if (tenths == 0) {
        EXPECT_LT(distance(matrices), 1e-5);
      } else {
        EXPECT_LT(distance(matrices), 0.6 * distance(before)) << tenths;
      }
      std::vector<PrunedMatrix> again = before;
      kObsRecovery.recover({network, data, dense, 1, {}}, again);
      for (std::size_t m = 0; m < matrices.size(); ++m) EXPECT_EQ(again[m].weight, matrices[m].weight) << "threads";
    }
  }
}

TEST(Methods, AreFoundByNameAndOthersRefused) {
  for (const ImportanceMethod* const m : importance_methods()) EXPECT_EQ(&find_importance("--importance", m->name), m);
  for (const RecoveryMethod* const m : recovery_methods()) EXPECT_EQ(&find_recovery("--recover", m->name), m);
  EXPECT_THROW(find_importance("--importance", "magnitud"), InputError);
  EXPECT_THROW(find_recovery("--recover", ""), InputError);
}

}  // namespace
}  // namespace mixvec::inline pruning
