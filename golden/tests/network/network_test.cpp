// Tests of layers on BLAS: against the plain layers in binary32 and binary64, one sequence and several.
#include "golden/network/network.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "golden/base/random.hpp"
#include "golden/layer/layer_reference.hpp"
#include "golden/tests/checkpoint/small_checkpoint.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline golden {
namespace {

DenseRows random_rows(Eigen::Index rows, Eigen::Index columns, std::uint64_t seed) {
  Random random(seed);
  DenseRows x(rows, columns);
  for (Eigen::Index i = 0; i < x.size(); ++i) x.data()[i] = static_cast<float>(random.gaussian());
  return x;
}

/// The plain layer on rows of tokens.
template <typename T>
std::vector<double> reference(const Model& model, std::size_t layer, const DenseRows& x) {
  std::vector<T> channels;
  for (Eigen::Index c = 0; c < x.cols(); ++c) {
    for (Eigen::Index t = 0; t < x.rows(); ++t) channels.push_back(static_cast<T>(x(t, c)));
  }
  const std::vector<T> y =
      ReferenceLayer<T>(load_layer(model, layer)).run(channels, static_cast<std::size_t>(x.rows()));
  return {y.begin(), y.end()};
}

double farthest(const DenseRows& rows, const std::vector<double>& channels) {
  double most = 0;
  for (Eigen::Index t = 0; t < rows.rows(); ++t) {
    for (Eigen::Index c = 0; c < rows.cols(); ++c) {
      most = std::max(most, std::abs(double{rows(t, c)} - channels[static_cast<std::size_t>(c * rows.rows() + t)]));
    }
  }
  return most;
}

class NetworkLayers : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    SmallCheckpoint checkpoint = SmallCheckpoint::bert();
    if (std::string(GetParam()) == "distilbert") checkpoint = SmallCheckpoint::distilbert();
    if (std::string(GetParam()).starts_with("gpt2")) checkpoint = SmallCheckpoint::gpt2();
    if (std::string(GetParam()) == "gpt2 relu") checkpoint.config["activation_function"] = "relu";
    // Small weights, so that no softmax is all on one token.
    for (auto& [name, tensor] : checkpoint.tensors) {
      for (float& value : tensor.values) value /= 16;
    }
    checkpoint.write(folder_.path / "model");
    model_.emplace(Model::open(folder_.path / "model"));
  }
  TemporaryTestFolder folder_;
  std::optional<Model> model_;
};

TEST_P(NetworkLayers, AreThePlainLayersUpToRounding) {
  for (std::size_t l = 0; l < 2; ++l) {
    const DenseRows x = random_rows(11, 8, 5 + l);
    const DenseRows y = load_network_layer(*model_, l).run(x, {11});
    const std::vector<double> wide = reference<double>(*model_, l, x);
    EXPECT_LT(farthest(y, wide), 4e-6);
    EXPECT_LT(farthest(y, reference<float>(*model_, l, x)), 8e-6);
    // What is compared is not nearly nothing.
    EXPECT_GT(farthest(x, wide), 0.05);
  }
}

TEST_P(NetworkLayers, SequencesDoNotSeeEachOther) {
  const NetworkLayer layer = load_network_layer(*model_, 0);
  const DenseRows x = random_rows(12, 8, 9);
  LayerTrace trace;
  const DenseRows all = layer.run(x, {5, 6, 12}, &trace);
  Eigen::Index first = 0;
  for (const Eigen::Index size : {5, 1, 6}) {
    const DenseRows alone = layer.run(x.middleRows(first, size), {static_cast<std::size_t>(size)});
    EXPECT_LT((alone - all.middleRows(first, size)).cwiseAbs().maxCoeff(), 2e-6F);
    first += size;
  }
  EXPECT_EQ(trace.x, x);
  EXPECT_EQ(trace.input[3], layer.activate(trace.before));
  EXPECT_LT((layer.output(trace.middle + layer.matrix(MatrixKind::kF2)(trace.input[3])) - all).cwiseAbs().maxCoeff(),
            2e-6F);
}

TEST_P(NetworkLayers, SlopesAreThoseOfTheActivation) {
  const NetworkLayer layer = load_network_layer(*model_, 0);
  DenseRows x(1, 9);
  x << -6, -2.5, -1, -0.25, 0.125, 0.5, 1, 3, 7;
  constexpr float kStep = 1.0F / 64;
  const DenseRows slope = activation_slope(layer.activation, x);
  const DenseRows ahead = layer.activate(x.array() + kStep);
  const DenseRows behind = layer.activate(x.array() - kStep);
  for (Eigen::Index i = 0; i < x.size(); ++i) {
    EXPECT_NEAR(slope(0, i), (ahead(0, i) - behind(0, i)) / (2 * kStep), 3e-4) << x(0, i);
  }
}

INSTANTIATE_TEST_SUITE_P(Families, NetworkLayers, ::testing::Values("gpt2", "gpt2 relu", "bert", "distilbert"));

TEST(Network, RefusesIdsAndLengthsThatTheModelDoesNotHave) {
  const TemporaryTestFolder folder;
  SmallCheckpoint::gpt2().write(folder.path / "model");
  const Network network = load_network(Model::open(folder.path / "model"));
  EXPECT_EQ(network.layers.size(), 2U);
  const TokenIds good{0, 10};
  const std::vector<std::span<const std::size_t>> two{good, good};
  const DenseRows x = network.embed(two);
  EXPECT_EQ(x.rows(), 4);
  EXPECT_EQ(x.row(1), network.words.row(10) + network.positions.row(1));
  EXPECT_EQ(x.row(3), x.row(1));
  EXPECT_EQ(network.logits(x).cols(), 11);
  const TokenIds beyond{11};
  const TokenIds long_one(17);
  const auto message = [&](const TokenIds& ids) {
    return message_of([&] { (void)network.embed(std::vector<std::span<const std::size_t>>{ids}); });
  };
  EXPECT_EQ(message(beyond), "found token id 11, expected 0 to 10");
  EXPECT_EQ(message(long_one), "found a sequence of 17 tokens, expected at most 16, the model's positions");
}

}  // namespace
}  // namespace mixvec::inline golden
