// Derivatives against differences, moments against sums over single tokens.
#include "pruning/calibration/calibration.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "pruning/calibration/backward.hpp"
#include "pruning/tests/small_network.hpp"

namespace mixvec::inline pruning {
namespace {

using cases::random_rows;
using cases::small_data;
using cases::small_network;

// The loss as a function of one weight or bias, in whatever precision binary32 leaves.
double loss_of(const Network& network, const CalibrationBatch& batch, const DenseRows& probe) {
  DenseRows x = batch.x;
  for (const NetworkLayer& layer : network.layers) x = layer.run(x, batch.ends);
  if (batch.targets.empty()) return static_cast<double>((x.array() * probe.array()).sum());
  return TokenLoss(network, x, batch.targets, false).nats();
}

// The derivative by a bias is the sum over the tokens of that by the output: so both are seen through one number.
class Backward : public ::testing::TestWithParam<std::pair<NormPlacement, Activation>> {};

TEST_P(Backward, AgreesWithDifferences) {
  const auto [norm, activation] = GetParam();
  const Network network = small_network(norm, activation, 5);
  const CalibrationData data = small_data(network, 3, 6);
  const std::vector<CalibrationBatch> batches = batches_of(data, 1000);
  ASSERT_EQ(batches.size(), 1U);
  const CalibrationBatch& batch = batches[0];
  std::mt19937 random(7);
  const DenseRows probe = random_rows(static_cast<std::size_t>(batch.x.rows()), network.config.hidden, 1, random);

  std::vector<LayerTrace> traces(2);
  DenseRows x = batch.x;
  for (std::size_t l = 0; l < 2; ++l) x = network.layers[l].run(x, batch.ends, &traces[l]);
  DenseRows g = batch.targets.empty() ? probe : TokenLoss(network, x, batch.targets, true).gradient(batch.targets);
  std::size_t compared = 0;
  for (std::size_t l = 2; l-- > 0;) {
    const LayerGradient gradient = backward(network.layers[l], traces[l], batch.ends, g);
    g = gradient.x;
    for (std::size_t k = 0; k < 4; ++k) {
      const DenseRow by_bias = gradient.output[k].colwise().sum();
      const DenseRows by_weight = gradient.output[k].transpose() * traces[l].input[k];
      for (Eigen::Index o = 0; o < by_bias.size(); o += 3) {
        constexpr float kStep = 0.003F;
        const auto difference = [&](const auto& change) {
          Network up = network;
          change(up.layers[l].matrices[k], kStep);
          Network down = network;
          change(down.layers[l].matrices[k], -kStep);
          return (loss_of(up, batch, probe) - loss_of(down, batch, probe)) / (2 * static_cast<double>(kStep));
        };
        const double bias = difference([&](Linear& linear, float step) { linear.bias[o] += step; });
        EXPECT_NEAR(bias, by_bias[o], 0.01 + 0.01 * std::abs(bias))
            << "layer " << l << " matrix " << k << " bias " << o;
        const Eigen::Index i = (o * 5 + 1) % by_weight.cols();
        const double weight = difference([&](Linear& linear, float step) { linear.weight(o, i) += step; });
        EXPECT_NEAR(weight, by_weight(o, i), 0.01 + 0.01 * std::abs(weight))
            << "layer " << l << " matrix " << k << " weight " << o << ", " << i;
        ++compared;
      }
    }
  }
  EXPECT_EQ(compared, 2U * (8 + 3 + 4 + 3));
}

INSTANTIATE_TEST_SUITE_P(Layers, Backward,
                         ::testing::Values(std::pair{NormPlacement::kPre, Activation::kGeluTanh},
                                           std::pair{NormPlacement::kPre, Activation::kRelu},
                                           std::pair{NormPlacement::kPost, Activation::kGeluErf}));

TEST(Calibrate, MomentsAreMeansOverTokens) {
  const Network network = small_network(NormPlacement::kPre, Activation::kGeluTanh, 11);
  const CalibrationData data = small_data(network, 9, 12);
  const Calibration measured =
      calibrate(network, data, {.inputs = true, .outputs = true, .weights = true, .heads = true}, 1, 2);
  ASSERT_EQ(measured.tokens, 63U);
  ASSERT_EQ(measured.matrices.size(), 8U);
  const std::vector<CalibrationBatch> batches = batches_of(data, 1000);
  std::vector<LayerTrace> traces(2);
  DenseRows x = batches[0].x;
  for (std::size_t l = 0; l < 2; ++l) x = network.layers[l].run(x, batches[0].ends, &traces[l]);
  const TokenLoss loss(network, x, data.targets, true);
  EXPECT_NEAR(measured.nats, loss.nats() / 63, 1e-5);
  DenseRows g = loss.gradient(data.targets);
  for (std::size_t l = 2; l-- > 0;) {
    const LayerGradient gradient = backward(network.layers[l], traces[l], batches[0].ends, g);
    g = gradient.x;
    for (std::size_t k = 0; k < 4; ++k) {
      const MatrixMoments& moments = measured.matrices[4 * l + k];
      const DenseRows& input = traces[l].input[k];
      for (Eigen::Index i = 0; i < input.cols(); ++i) {
        for (Eigen::Index j = 0; j < input.cols(); ++j) {
          double sum = 0;
          for (Eigen::Index t = 0; t < 63; ++t)
            sum += static_cast<double>(input(t, i)) * static_cast<double>(input(t, j));
          ASSERT_NEAR(moments.inputs(i, j), sum / 63, 1e-4);
        }
      }
      const DenseRows by_weight = gradient.output[k].transpose() * input / 63;
      ASSERT_LT((by_weight - moments.gradient).cwiseAbs().maxCoeff(), 1e-4) << "layer " << l << " matrix " << k;
      // Squares come from targets that are drawn: the same for inputs and outputs, and never negative.
      ASSERT_GT(moments.outputs.minCoeff(), 0);
      ASSERT_GE(moments.fisher.minCoeff(), 0);
    }
  }
  for (const double head : measured.heads) EXPECT_GT(head, 0);
}

// Drawn targets have the gradients' variance: their mean square is the trace of what the prediction's spread gives.
TEST(Calibrate, SquaresAreTheFisherInformation) {
  const Network network = small_network(NormPlacement::kPre, Activation::kGeluTanh, 21);
  CalibrationData data = small_data(network, 1, 22);
  constexpr std::size_t kCopies = 3000;
  CalibrationData many;
  many.x.resize(7 * kCopies, 8);
  for (std::size_t c = 0; c < kCopies; ++c) {
    many.x.middleRows(index_of(7 * c), 7) = data.x;
    many.ends.push_back(7 * (c + 1));
    many.targets.insert(many.targets.end(), data.targets.begin(), data.targets.end());
  }
  const Calibration drawn = calibrate(network, many, {.outputs = true}, 1, 2);
  // Exactly: every token's target takes every value with its probability, the other tokens' apart.
  std::vector<LayerTrace> traces(2);
  DenseRows x = data.x;
  for (std::size_t l = 0; l < 2; ++l) x = network.layers[l].run(x, {7}, &traces[l]);
  DenseRows p = network.logits(x);
  for (Eigen::Index t = 0; t < 7; ++t) {
    p.row(t) = (p.row(t).array() - p.row(t).maxCoeff()).exp();
    p.row(t) /= p.row(t).sum();
  }
  const TokenLoss loss(network, x, data.targets, true);
  Eigen::VectorXd exact = Eigen::VectorXd::Zero(8);
  for (Eigen::Index token = 0; token < 7; ++token) {
    for (std::size_t id = 0; id < 11; ++id) {
      DenseRows g = loss.gradient(std::vector<std::size_t>(7, id));
      for (Eigen::Index t = 0; t < 7; ++t) {
        if (t != token) g.row(t).setZero();
      }
      // The last matrix adds to the output: its derivative is that of the output itself.
      exact += static_cast<double>(p(token, index_of(id))) *
               g.row(token).array().square().matrix().transpose().cast<double>();
    }
  }
  exact /= 7;
  for (Eigen::Index o = 0; o < 8; ++o) EXPECT_NEAR(drawn.matrices[7].outputs[o] / exact[o], 1, 0.08) << o;
}

TEST(Calibrate, DoesNotDependOnThreads) {
  const Network network = small_network(NormPlacement::kPost, Activation::kGeluErf, 31);
  const CalibrationData data = small_data(network, 400, 32);  // several batches
  const CalibrationNeeds all{.inputs = true, .outputs = true, .weights = true, .heads = true};
  const Calibration one = calibrate(network, data, all, 3, 1);
  const Calibration three = calibrate(network, data, all, 3, 3);
  for (std::size_t m = 0; m < one.matrices.size(); ++m) {
    EXPECT_EQ(one.matrices[m].inputs, three.matrices[m].inputs);
    EXPECT_EQ(one.matrices[m].outputs, three.matrices[m].outputs);
    EXPECT_EQ(one.matrices[m].gradient, three.matrices[m].gradient);
    EXPECT_EQ(one.matrices[m].fisher, three.matrices[m].fisher);
  }
  EXPECT_EQ(one.heads, three.heads);
  EXPECT_EQ(one.nats, 0) << "no targets";
}

TEST(Calibrate, BatchesHoldWholeSequences) {
  CalibrationData data;
  data.ends = {3, 5, 6, 16, 17};
  data.x.resize(17, 2);
  for (Eigen::Index t = 0; t < 17; ++t) data.x.row(t).setConstant(static_cast<float>(t));
  const std::vector<CalibrationBatch> batches = batches_of(data, 5);
  ASSERT_EQ(batches.size(), 4U);
  EXPECT_EQ(batches[0].ends, (SequenceEnds{3, 5}));
  EXPECT_EQ(batches[1].ends, (SequenceEnds{1}));
  EXPECT_EQ(batches[2].ends, (SequenceEnds{10})) << "longer than a batch ought to be: alone";
  EXPECT_EQ(batches[3].ends, (SequenceEnds{1}));
  EXPECT_EQ(batches[2].x(0, 0), 6);
  EXPECT_EQ(batches[3].x(0, 1), 16);
}

}  // namespace
}  // namespace mixvec::inline pruning
