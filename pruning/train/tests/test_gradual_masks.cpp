// Checks masks that follow scores, their schedule, and the recipes that say it.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "golden/files/output.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"
#include "pruning/train/masks/gradual_masks.hpp"
#include "pruning/train/nets/gpt2_torch.hpp"
#include "pruning/train/tests/named_pattern.hpp"

namespace mixvec::inline pruning {
namespace {

// Masks of a model of one layer, by hand.
class TrainedMasks : public testing::Test {
 protected:
  TrainedMasks() {
    config_.hidden = 4;
    config_.layers = 1;
    config_.heads = 1;
    config_.intermediate = 8;
    config_.positions = 4;
    config_.vocabulary = 5;
    config_.activation = "gelu_new";
    recipe_.steps = 100;
    recipe_.pruning = {
        .begin = 0, .end = 0.5, .freeze = 0.6, .every = 10, .regroup = 2, .freeze_groups = 0.4, .search = 0.01};
    parameters_ = initialise_gpt2(config_, 3);
  }

  // Share of weights whose masked parameter is 0.
  double zeros(GradualMasks& masks) const {
    double zero = 0;
    double all = 0;
    const TorchParameters masked = masks.masked(parameters_);
    for (const MatrixKind kind : kMatrixKinds) {
      const torch::Tensor& weight = masked.at(weight_name(Architecture::kGpt2, 0, kind));
      zero += static_cast<double>((weight == 0).sum().item<std::int64_t>());
      all += static_cast<double>(weight.numel());
    }
    return zero / all;
  }

  ModelConfig config_;
  TrainingRecipe recipe_;
  TorchParameters parameters_;
};

TEST_F(TrainedMasks, FollowTheCubicScheduleAndFreeze) {
  GradualMasks masks(recipe_, pattern_named("unstructured", 0.8), config_);
  for (std::size_t step = 0; step < 100; ++step) {
    const bool changed = masks.update(step, parameters_);
    EXPECT_EQ(changed, step % 10 == 0 && step > 0 && step <= 60) << step;
    const double left = 1 - std::min(1.0, static_cast<double>(step / 10 * 10) / 50);
    EXPECT_NEAR(zeros(masks), 0.8 * (1 - left * left * left), 0.01) << step;
    EXPECT_EQ(masks.frozen(), step >= 60);
  }
}

TEST_F(TrainedMasks, KeepTheLargestAndFollowThem) {
  GradualMasks masks(recipe_, pattern_named("unstructured", 0.5), config_);
  masks.update(50, parameters_);
  const std::string name = weight_name(Architecture::kGpt2, 0, MatrixKind::kF1);
  const torch::NoGradGuard no_grad;
  torch::Tensor& weight = parameters_.at(name);
  weight[1][2] = 0;
  weight[3][7] = 9;
  masks.update(60, parameters_);
  EXPECT_EQ(masks.masked(parameters_).at(name)[1][2].item<float>(), 0);
  EXPECT_EQ(masks.masked(parameters_).at(name)[3][7].item<float>(), 9);
}

TEST_F(TrainedMasks, PrunedWeightsLearnOnlyUntilTheyAreFixed) {
  for (const Updates updates : {Updates::kMasked, Updates::kDense}) {
    recipe_.pruning.updates = updates;
    GradualMasks masks(recipe_, pattern_named("unstructured", 0.5), config_);
    for (const std::size_t step : {50U, 60U}) {
      masks.update(step, parameters_);
      TorchParameters gradients;
      for (const auto& [name, tensor] : parameters_) gradients[name] = torch::ones_like(tensor);
      masks.take(step, parameters_, gradients);
      const torch::Tensor& gradient = gradients.at(weight_name(Architecture::kGpt2, 0, MatrixKind::kMA));
      const double share = gradient.mean().item<double>();
      if (step == 50 && updates == Updates::kDense) {
        EXPECT_EQ(share, 1);
      } else {
        EXPECT_LT(share, 0.8);
        EXPECT_EQ(gradient.eq(masks.masked(parameters_).at(weight_name(Architecture::kGpt2, 0, MatrixKind::kMA)).ne(0))
                      .all()
                      .item<bool>(),
                  true);
      }
      EXPECT_EQ(gradients.at("transformer.wte.weight").mean().item<double>(), 1);
    }
  }
}

TEST_F(TrainedMasks, MovementKeepsWhatGrowsAndTaylorWhatMatters) {
  const std::string name = weight_name(Architecture::kGpt2, 0, MatrixKind::kF2);
  for (const TrainedScore score : {TrainedScore::kMovement, TrainedScore::kTaylor}) {
    recipe_.pruning.score = score;
    GradualMasks masks(recipe_, pattern_named("unstructured", 0.5), config_);
    TorchParameters gradients;
    for (const auto& [other, tensor] : parameters_) gradients[other] = torch::zeros_like(tensor);
    // Half of the weights of each matrix are told to grow, the others to shrink just as fast.
    for (const MatrixKind kind : kMatrixKinds) {
      const torch::Tensor& weight = parameters_.at(weight_name(Architecture::kGpt2, 0, kind));
      torch::Tensor& gradient = gradients.at(weight_name(Architecture::kGpt2, 0, kind));
      gradient.copy_(-weight.sign());
      gradient.slice(1, 0, gradient.size(1) / 2).neg_();
      if (score == TrainedScore::kTaylor) gradient.slice(1, 0, gradient.size(1) / 2).mul_(1e-3);
    }
    masks.take(0, parameters_, gradients);
    masks.update(60, parameters_);
    const torch::Tensor masked = masks.masked(parameters_).at(name);
    EXPECT_GT((masked.slice(1, masked.size(1) / 2) != 0).to(torch::kFloat32).mean().item<double>(), 0.9)
        << static_cast<int>(score);
    EXPECT_LT((masked.slice(1, 0, masked.size(1) / 2) != 0).to(torch::kFloat32).mean().item<double>(), 0.1)
        << static_cast<int>(score);
  }
}

class TrainingRecipes : public testing::Test {
 protected:
  TrainingRecipe read(const char* text) {
    write_file(folder_.path / "r.json", text);
    TrainingRecipe recipe;
    read_recipe(folder_.path / "r.json", recipe);
    return recipe;
  }
  TemporaryTestFolder folder_;
};

TEST_F(TrainingRecipes, SaysEverything) {
  const TrainingRecipe r = read(R"({"what": "all", "training": {"steps": 7, "batch": 3, "learning_rate": 0.5,
      "final_rate": 0.25, "warmup": 2, "weight_decay": 0.125, "clip": 4,
      "dropout": 0.0625},
      "pruning": {"score": "movement", "updates": "masked", "begin": 0.125, "end": 0.25, "freeze": 0.75, "every": 9,
      "regroup": 8, "freeze_groups": 0.5, "search": 0.0625, "samples": 5, "decay": 0.875, "score_rate": 0.5, "penalty": 3,
      "threshold": 0.25}, "adapters": {"rank": 4, "scale": 0.5},
      "distillation": {"logits": 0.5, "temperature": 3, "hidden": 10}})");
  EXPECT_EQ(r.steps, 7U);
  EXPECT_EQ(r.batch, 3U);
  EXPECT_EQ(r.learning_rate, 0.5);
  EXPECT_EQ(r.final_rate, 0.25);
  EXPECT_EQ(r.warmup, 2U);
  EXPECT_EQ(r.weight_decay, 0.125);
  EXPECT_EQ(r.clip, 4);
  EXPECT_EQ(r.pruning.score, TrainedScore::kMovement);
  EXPECT_EQ(r.pruning.updates, Updates::kMasked);
  EXPECT_EQ(r.pruning.begin, 0.125);
  EXPECT_EQ(r.pruning.end, 0.25);
  EXPECT_EQ(r.pruning.freeze, 0.75);
  EXPECT_EQ(r.pruning.every, 9U);
  EXPECT_EQ(r.pruning.regroup, 8U);
  EXPECT_EQ(r.pruning.freeze_groups, 0.5);
  EXPECT_EQ(r.pruning.search, 0.0625);
  EXPECT_EQ(r.pruning.samples, 5U);
  EXPECT_EQ(r.pruning.decay, 0.875);
  EXPECT_EQ(r.pruning.score_rate, 0.5);
  EXPECT_EQ(r.pruning.penalty, 3);
  EXPECT_EQ(r.pruning.threshold, 0.25);
  EXPECT_EQ(r.adapters.rank, 4U);
  EXPECT_EQ(r.adapters.scale, 0.5);
  EXPECT_EQ(r.dropout, 0.0625);
  EXPECT_EQ(r.distillation.logits, 0.5);
  EXPECT_EQ(r.distillation.temperature, 3);
  EXPECT_EQ(r.distillation.hidden, 10);
  for (const char* name : {"magnitude", "taylor", "movement", "soft_movement", "gates", "wanda", "obs", "head"}) {
    const TrainingRecipe named = read(fmt::format(R"({{"pruning": {{"score": "{}"}}}})", name).c_str());
    EXPECT_EQ(score_name(named.pruning), name);
    EXPECT_EQ(named.pruning.importance != nullptr, named.pruning.score == TrainedScore::kCalibrated);
  }
  EXPECT_EQ(read("{}").steps, TrainingRecipe{}.steps);
}

TEST_F(TrainingRecipes, MistakesAreNamed) {
  const auto refused = [&](const char* text, const char* expected) {
    const std::string message = message_of([&] { read(text); });
    EXPECT_NE(message.find(expected), std::string::npos) << message;
  };
  refused(R"({"training": {"step": 7}})", "r.json: /training/step: found");
  refused(R"({"trainings": {}})", "r.json: /trainings: found");
  refused(R"({"training": {"steps": 0}})", "/training/steps: found 0, expected at least 1");
  refused(R"({"pruning": {"score": "luck"}})", "/pruning/score: found \"luck\", expected one of magnitude");
  refused(R"({"pruning": {"updates": 1}})", "/pruning/updates: found 1");
  refused(R"({"pruning": {"begin": 0.5, "end": 0.25}})", "/pruning/end: found 0.25, expected a number from 0.5 to 1");
  refused(R"({"pruning": {"end": 0.5, "freeze": 0.25}})", "/pruning/freeze: found 0.25");
  refused(R"({"distillation": {"logits": 2}})", "/distillation/logits: found 2, expected a number from 0 to 1");
}

TEST(TrainingSchedule, RateWarmsUpAndFallsAsACosine) {
  TrainingRecipe r;
  r.steps = 1100;
  r.warmup = 100;
  EXPECT_DOUBLE_EQ(rate_at(r, 0), 1e-5);
  EXPECT_DOUBLE_EQ(rate_at(r, 100), 1e-3);
  EXPECT_NEAR(rate_at(r, 600), (1e-3 + 1e-4) / 2, 1e-12);
  EXPECT_NEAR(rate_at(r, 1100), 1e-4, 1e-12);
  EXPECT_DOUBLE_EQ(ratio_at(r, 0.8, 0), 0);
  EXPECT_NEAR(ratio_at(r, 0.8, 275), 0.8 * 0.875, 1e-12);
  EXPECT_DOUBLE_EQ(ratio_at(r, 0.8, 550), 0.8);
  EXPECT_DOUBLE_EQ(ratio_at(r, 0.8, 1099), 0.8);
}

}  // namespace
}  // namespace mixvec::inline pruning
