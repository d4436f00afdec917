// What layers are made of: which values dropout leaves out, and how often.
#include <gtest/gtest.h>

#include <cmath>

#include "pruning/train/nets/layer_parts.hpp"

namespace mixvec::inline pruning {
namespace {

torch::Tensor drop(const torch::Tensor& x, double dropout, std::uint64_t seed) {
  ModelConfig config;
  config.activation = "gelu_new";
  const TorchParameters none;
  torch::manual_seed(seed);
  return LayerParts(config, none, "", {.dropout = dropout}).drop(x);
}

// A value stays with a chance of 205/256, whatever its neighbours do, and is then as much larger: the mean is the same.
TEST(LayerParts, DropsTheShareThatIsAskedForAndKeepsTheMean) {
  constexpr std::int64_t kRows = 401;  // its values are no multiple of a word's
  constexpr std::int64_t kColumns = 997;
  constexpr double kStays = 205.0 / 256;
  const torch::Tensor x = torch::ones({kRows, kColumns});
  const torch::Tensor dropped = drop(x, 0.2, 1);
  ASSERT_EQ(dropped.sizes(), x.sizes());
  const torch::Tensor stays = dropped.ne(0);
  EXPECT_TRUE(torch::allclose(dropped.masked_select(stays), torch::full({1}, 1 / kStays)));
  const auto n = static_cast<double>(x.numel());
  const double deviation = std::sqrt(kStays * (1 - kStays) / n);  // of a mean of independent ones
  EXPECT_NEAR(stays.sum().item<double>() / n, kStays, 5 * deviation);
  // Of pairs that follow each other both stay as often as independent ones do; columns, too, have no pattern.
  const torch::Tensor both = stays.narrow(1, 0, kColumns - 1).logical_and(stays.narrow(1, 1, kColumns - 1));
  EXPECT_NEAR(both.sum().item<double>() / static_cast<double>(both.numel()), kStays * kStays, 10 * deviation);
  const torch::Tensor column = stays.sum(0).to(torch::kFloat64) / static_cast<double>(kRows);
  EXPECT_LT((column - kStays).abs().max().item<double>(), 5 * std::sqrt(kStays * (1 - kStays) / kRows));
}

TEST(LayerParts, DropoutFollowsFromTheSeedAndIsNothingAtZero) {
  const torch::Tensor x = torch::arange(1, 1001).to(torch::kFloat32);
  EXPECT_TRUE(torch::equal(drop(x, 0.5, 3), drop(x, 0.5, 3)));
  EXPECT_FALSE(torch::equal(drop(x, 0.5, 3), drop(x, 0.5, 4)));
  EXPECT_TRUE(torch::equal(drop(x, 0, 3), x));
}

// What is left out has no gradient, what stays has its scale.
TEST(LayerParts, DropoutsGradientIsThatOfWhatStays) {
  const torch::Tensor x = torch::ones({1000}).set_requires_grad(true);
  const torch::Tensor dropped = drop(x, 0.25, 5);
  dropped.sum().backward();
  EXPECT_TRUE(torch::equal(x.grad(), dropped.detach()));
}

}  // namespace
}  // namespace mixvec::inline pruning
