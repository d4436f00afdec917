// Checks pruning while a model learns: schedule, scores, what is fixed when, files, and resuming to the bit.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <random>

#include "golden/checkpoint/model.hpp"
#include "golden/files/input_file.hpp"
#include "golden/files/output.hpp"
#include "golden/network/network.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"
#include "golden/text/character_text.hpp"
#include "pruning/patterns/registry.hpp"
#include "pruning/train/gradual_masks.hpp"
#include "pruning/train/tests/plain_gpt2.hpp"
#include "pruning/train/trainer.hpp"

namespace mixvec::inline pruning {
namespace {

namespace fs = std::filesystem;

Recipe pattern_named(const std::string& name, double ratio, int length = 16) {
  Recipe recipe;
  recipe.pattern = name;
  recipe.options.ratio = ratio;
  recipe.options.length = length;
  recipe.options.threads = 1;
  if (name == "mixed") {
    recipe.options.pattern = PatternKind::kMixed;
  } else if (name == "vector") {
    recipe.options.pattern = PatternKind::kVector;
  } else if (name == "unstructured") {
    recipe.options.pattern = PatternKind::kUnstructured;
  } else {
    recipe.mask_pattern = make_mask_pattern(name);
    recipe.mask_ratio = ratio;
  }
  return recipe;
}

// A small model that has learned a little, and a text to go on with.
class PrunedTraining : public testing::Test {
 protected:
  void SetUp() override {
    const std::vector<std::string> words{"stone ", "river ", "cloud ", "été "};
    std::mt19937 generator(7);
    std::string text;
    for (int i = 0; i < 600; ++i) text += words[generator() % words.size()];
    write_file(folder_.path / "text.txt", text);
    TrainOptions o = options("dense");
    o.layers = 2;
    o.heads = 2;
    o.embd = 16;
    o.positions = 16;
    dense_ = train(o, quiet_);
  }

  TrainOptions options(const char* out) const {
    TrainOptions o;
    o.text = folder_.path / "text.txt";
    o.out = folder_.path / out;
    o.recipe.steps = 40;
    o.recipe.batch = 4;
    o.recipe.warmup = 4;
    o.recipe.learning_rate = 1e-2;
    o.recipe.final_rate = 1e-3;
    o.recipe.pruning.every = 3;
    o.recipe.pruning.regroup = 2;
    o.recipe.pruning.search = 0.01;
    o.evaluate_every = 40;
    o.dtype = Dtype::kF32;
    return o;
  }

  TrainOptions pruned(const char* out, const Recipe& pattern) const {
    TrainOptions o = options(out);
    o.init = folder_.path / "dense";
    o.prune = pattern;
    return o;
  }

  static std::size_t kept_of(const Model& model) {
    std::size_t kept = 0;
    for (std::size_t layer = 0; layer < model.config().layers; ++layer) {
      for (const MatrixKind kind : kMatrixKinds) kept += model.load_pruned(layer, kind, 16).kept();
    }
    return kept;
  }

  TemporaryTestFolder folder_;
  std::function<void(const TrainProgress&)> quiet_ = [](const TrainProgress&) {};
  TrainResult dense_;
  static constexpr double kWeights = 2 * (48 * 16 + 16 * 16 + 2 * 64 * 16);
};

TEST_F(PrunedTraining, EveryPatternKeepsItsShareAndOpensAsPruned) {
  for (const auto& [name, ratio] :
       {std::pair{"mixed", 0.75}, std::pair{"vector", 0.75}, std::pair{"unstructured", 0.75},
        std::pair{"block,attention=4x4,feed-forward=4x4", 0.75}, std::pair{"2:4", 0.5}}) {
    const TrainOptions o = pruned("pruned", pattern_named(name, ratio, 4));
    const TrainResult result = train(o, quiet_);
    const Model model = Model::open(o.out);
    ASSERT_TRUE(model.is_pruned()) << name;
    const auto kept = static_cast<double>(kept_of(model));
    EXPECT_NEAR(kept, (1 - ratio) * kWeights, 16) << name;
    EXPECT_EQ(static_cast<double>(result.pruned.kept), kept) << name;
    ASSERT_EQ(result.pruned.matrices.size(), 8U);
    for (const PrunedMatrix& m : result.pruned.matrices) validate(m);
    // What was learned: an untrained model has ln 14 nats, the dense one less than 2.
    EXPECT_LT(result.validation_loss, dense_.validation_loss + 0.5) << name;
  }
}

TEST_F(PrunedTraining, LossIsThatOfTheFileByPlainLoops) {
  const TrainOptions o = pruned("pruned", pattern_named("mixed", 0.6));
  const TrainResult result = train(o, quiet_);
  const std::vector<std::int64_t> ids = read_character_text(o.text).ids;
  const auto split = std::span(ids).subspan(ids.size() * 9 / 10);
  const Model model = Model::open(o.out);
  const PlainGpt2 plain(model);
  double sum = 0;
  for (std::size_t start = 0; start + 1 < split.size(); start += 16) {
    sum += plain.loss(split.subspan(start, std::min<std::size_t>(16, split.size() - 1 - start) + 1));
  }
  EXPECT_NEAR(sum / static_cast<double>(split.size() - 1), result.validation_loss, 1e-5);
}

TEST_F(PrunedTraining, ResumedEqualsUninterrupted) {
  struct Case {
    TrainedScore score;
    const char* pattern;
    std::size_t stop;  // while the ratio rises, between two groupings, with masks fixed
  };
  for (const Case& c : {Case{TrainedScore::kMagnitude, "mixed", 16}, Case{TrainedScore::kMovement, "mixed", 5},
                        Case{TrainedScore::kTaylor, "block,attention=4x4,feed-forward=4x4", 15},
                        Case{TrainedScore::kTaylor, "mixed", 30}}) {
    const auto recipe = [&](const char* out) {
      TrainOptions o = pruned(out, pattern_named(c.pattern, 0.75));
      o.recipe.pruning.score = c.score;
      o.recipe.distillation = {0.5, 2, 0.1};
      return o;
    };
    const TrainOptions whole = recipe("whole");
    train(whole, quiet_);
    TrainOptions part = recipe("part");
    part.stop_at = c.stop;
    EXPECT_FALSE(train(part, quiet_).finished);
    part.stop_at = 0;
    part.resume = true;
    train(part, quiet_);
    for (const char* file : {"model.safetensors", "pruning.safetensors"}) {
      EXPECT_EQ(read_file(whole.out / file), read_file(part.out / file)) << name_of(c.score) << ' ' << c.stop;
    }
  }
}

TEST_F(PrunedTraining, ResumeNeedsTheSamePruning) {
  TrainOptions o = pruned("part", pattern_named("mixed", 0.75));
  o.stop_at = 5;
  train(o, quiet_);
  o.resume = true;
  const auto refused = [&](auto change, const char* field) {
    TrainOptions other = o;
    change(other);
    const std::string message = message_of([&] { train(other, quiet_); });
    EXPECT_NE(message.find(field), std::string::npos) << message;
  };
  refused([](TrainOptions& other) { other.prune->options.ratio = 0.7; }, "state.safetensors: prune: found");
  refused([](TrainOptions& other) { other.recipe.pruning.every = 4; }, "state.safetensors: pruning: found");
  refused([](TrainOptions& other) { other.recipe.distillation.hidden = 1; }, "state.safetensors: distillation: found");
}

TEST_F(PrunedTraining, ADenseTeacherHasNothingToSayToItself) {
  TrainOptions o = options("again");
  o.init = folder_.path / "dense";
  o.recipe.steps = 1;
  o.recipe.distillation = {1, 3, 1};
  EXPECT_NEAR(train(o, quiet_).train_loss, 0, 1e-5);
  // Nothing is pruned: a checkpoint like the one that it began with.
  const Model model = Model::open(o.out);
  EXPECT_FALSE(model.is_pruned());
  EXPECT_EQ(model.file().tensors().size(), Model::open(o.init).file().tensors().size());
}

TEST_F(PrunedTraining, ADenseModelLeavesNoMasksOfAnEarlierOne) {
  TrainOptions o = pruned("model", pattern_named("mixed", 0.5));
  train(o, quiet_);
  write_file(o.out / "notes.txt", "mine");
  o.prune.reset();
  train(o, quiet_);
  EXPECT_FALSE(Model::open(o.out).is_pruned());
  EXPECT_EQ(read_file(o.out / "notes.txt"), "mine");
}

TEST_F(PrunedTraining, BadInputIsRefused) {
  TrainOptions o = options("pruned");
  o.prune = pattern_named("mixed", 0.5);
  EXPECT_EQ(message_of([&] { train(o, quiet_); }), "--init: found nothing, expected a dense model to prune");
  o.prune.reset();
  o.recipe.distillation.logits = 1;
  EXPECT_EQ(message_of([&] { train(o, quiet_); }), "--init: found nothing, expected a dense model to learn from");
  const TrainOptions once = pruned("once", pattern_named("mixed", 0.5));
  train(once, quiet_);
  TrainOptions twice = pruned("twice", pattern_named("mixed", 0.5));
  twice.init = once.out;
  EXPECT_NE(message_of([&] { train(twice, quiet_); }).find("found a pruned model, expected a dense one"),
            std::string::npos);
}

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
  double zeros(const GradualMasks& masks) const {
    double zero = 0;
    double all = 0;
    const Gpt2Parameters masked = masks.masked(parameters_);
    for (const MatrixKind kind : kMatrixKinds) {
      const torch::Tensor& weight = masked.at(weight_name(0, kind));
      zero += static_cast<double>((weight == 0).sum().item<std::int64_t>());
      all += static_cast<double>(weight.numel());
    }
    return zero / all;
  }

  ModelConfig config_;
  TrainingRecipe recipe_;
  Gpt2Parameters parameters_;
};

TEST_F(TrainedMasks, FollowTheCubicScheduleAndFreeze) {
  GradualMasks masks(recipe_, pattern_named("unstructured", 0.8), config_);
  for (std::size_t step = 0; step < 100; ++step) {
    const bool changed = masks.update(step, parameters_);
    EXPECT_EQ(changed, step % 10 == 0 && step <= 60) << step;
    const double left = 1 - std::min(1.0, static_cast<double>(step / 10 * 10) / 50);
    EXPECT_NEAR(zeros(masks), 0.8 * (1 - left * left * left), 0.01) << step;
    EXPECT_EQ(masks.frozen(), step >= 60);
  }
}

TEST_F(TrainedMasks, KeepTheLargestAndFollowThem) {
  GradualMasks masks(recipe_, pattern_named("unstructured", 0.5), config_);
  masks.update(50, parameters_);
  const std::string name = weight_name(0, MatrixKind::kF1);
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
      Gpt2Parameters gradients;
      for (const auto& [name, tensor] : parameters_) gradients[name] = torch::ones_like(tensor);
      masks.take(parameters_, gradients);
      const torch::Tensor& gradient = gradients.at(weight_name(0, MatrixKind::kMA));
      const double share = gradient.mean().item<double>();
      if (step == 50 && updates == Updates::kDense) {
        EXPECT_EQ(share, 1);
      } else {
        EXPECT_LT(share, 0.8);
        EXPECT_EQ(gradient.eq(masks.masked(parameters_).at(weight_name(0, MatrixKind::kMA)).ne(0)).all().item<bool>(),
                  true);
      }
      EXPECT_EQ(gradients.at("transformer.wte.weight").mean().item<double>(), 1);
    }
  }
}

TEST_F(TrainedMasks, MovementKeepsWhatGrowsAndTaylorWhatMatters) {
  const std::string name = weight_name(0, MatrixKind::kF2);
  for (const TrainedScore score : {TrainedScore::kMovement, TrainedScore::kTaylor}) {
    recipe_.pruning.score = score;
    GradualMasks masks(recipe_, pattern_named("unstructured", 0.5), config_);
    Gpt2Parameters gradients;
    for (const auto& [other, tensor] : parameters_) gradients[other] = torch::zeros_like(tensor);
    // Half of the weights of each matrix are told to grow, the others to shrink just as fast.
    for (const MatrixKind kind : kMatrixKinds) {
      const torch::Tensor& weight = parameters_.at(weight_name(0, kind));
      torch::Tensor& gradient = gradients.at(weight_name(0, kind));
      gradient.copy_(-weight.sign());
      gradient.slice(1, 0, gradient.size(1) / 2).neg_();
      if (score == TrainedScore::kTaylor) gradient.slice(1, 0, gradient.size(1) / 2).mul_(1e-3);
    }
    masks.take(parameters_, gradients);
    masks.update(60, parameters_);
    const torch::Tensor masked = masks.masked(parameters_).at(name);
    EXPECT_GT((masked.slice(1, masked.size(1) / 2) != 0).to(torch::kFloat32).mean().item<double>(), 0.9)
        << name_of(score);
    EXPECT_LT((masked.slice(1, 0, masked.size(1) / 2) != 0).to(torch::kFloat32).mean().item<double>(), 0.1)
        << name_of(score);
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
      "final_rate": 0.25, "warmup": 2, "weight_decay": 0.125, "clip": 4},
      "pruning": {"score": "movement", "updates": "masked", "begin": 0.125, "end": 0.25, "freeze": 0.75, "every": 9,
      "regroup": 8, "freeze_groups": 0.5, "search": 0.0625},
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
  EXPECT_EQ(r.distillation.logits, 0.5);
  EXPECT_EQ(r.distillation.temperature, 3);
  EXPECT_EQ(r.distillation.hidden, 10);
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
