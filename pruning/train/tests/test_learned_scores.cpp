// Checks what masks are chosen by while a model learns: scores under a penalty, gates of heads, measured importance,
// and adapters beside the matrices.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "golden/checkpoint/model.hpp"
#include "golden/files/input_file.hpp"
#include "golden/network/network.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/text/character_text.hpp"
#include "pruning/train/masks/adapters.hpp"
#include "pruning/train/masks/calibrator.hpp"
#include "pruning/train/masks/gradual_masks.hpp"
#include "pruning/train/nets/gpt2_torch.hpp"
#include "pruning/train/tasks/language_task.hpp"
#include "pruning/train/tests/pruned_training.hpp"

namespace mixvec::inline pruning {
namespace {

// The model after its first training, and a batch to differentiate on.
class LearnedScoring : public PrunedTraining {
 protected:
  void SetUp() override {
    PrunedTraining::SetUp();
    model_.emplace(Model::open(folder_.path / "dense"));
    network_ = load_network(*model_);
    parameters_ = parameters_of(network_);
    task_ = std::make_unique<LanguageTask>(read_character_text(folder_.path / "text.txt").ids,
                                           LanguageWindows{4, 16, 16, 1}, "text");
    recipe_.steps = 100;
  }

  double loss(const TorchParameters& parameters) const {
    const torch::NoGradGuard no_grad;
    const Batch batch = task_->batch(0);
    return task_->loss(gpt2_forward(network_.config, parameters, batch.inputs.ids), batch).item<double>();
  }

  TorchParameters gradients(const TorchParameters& parameters) const {
    TorchParameters leaves;
    for (const auto& [name, tensor] : parameters) leaves[name] = tensor.detach().clone().set_requires_grad(true);
    const Batch batch = task_->batch(0);
    task_->loss(gpt2_forward(network_.config, leaves, batch.inputs.ids), batch).backward();
    TorchParameters result;
    for (const auto& [name, leaf] : leaves) result[name] = leaf.grad();
    return result;
  }

  std::optional<Model> model_;
  Network network_;
  TorchParameters parameters_;
  std::unique_ptr<LanguageTask> task_;
  TrainingRecipe recipe_;
};

TEST(VectorMeans, AreThoseOfPlainLoops) {
  const torch::Tensor values = torch::arange(24, torch::kFloat32).square().view({4, 6});
  for (const Direction direction : {Direction::kColumn, Direction::kRow}) {
    Pattern pattern{direction, {{2, {3, 0}}, {1, {2}}, {4, {1}}}};
    if (direction == Direction::kColumn) pattern.strips.back().index = {1, 5, 4};
    const torch::Tensor means = vector_means(values, pattern);
    for (const Strip& strip : pattern.strips) {
      const std::int64_t across = direction == Direction::kColumn ? 4 : 6;
      for (std::int64_t a = 0; a < across; ++a) {
        const auto at = [&](const torch::Tensor& t, std::uint32_t line) {
          return direction == Direction::kColumn ? t[a][line].item<float>() : t[line][a].item<float>();
        };
        float sum = 0;
        for (const std::uint32_t line : strip.index) sum += at(values, line);
        for (const std::uint32_t line : strip.index) {
          EXPECT_FLOAT_EQ(at(means, line), sum / static_cast<float>(strip.index.size()));
        }
      }
    }
  }
  EXPECT_TRUE(vector_means(values, {}).equal(values));
}

TEST_F(LearnedScoring, ParametersReturnToTheNetwork) {
  Network other = network_;
  for (NetworkLayer& layer : other.layers) {
    for (Linear& linear : layer.matrices) linear.weight.setZero();
  }
  other.words.setZero();
  put_parameters(parameters_, other);
  EXPECT_EQ(other.words, network_.words);
  EXPECT_EQ(other.final_norm.gamma, network_.final_norm.gamma);
  for (std::size_t l = 0; l < other.layers.size(); ++l) {
    for (const MatrixKind kind : kMatrixKinds) {
      EXPECT_EQ(other.layers[l].matrix(kind).weight, network_.layers[l].matrix(kind).weight);
      EXPECT_EQ(other.layers[l].matrix(kind).bias, network_.layers[l].matrix(kind).bias);
    }
  }
}

TEST_F(LearnedScoring, SoftScoresFallWhereNothingHoldsThem) {
  recipe_.pruning.score = TrainedScore::kSoftMovement;
  recipe_.pruning.end = 0.1;
  recipe_.pruning.score_rate = 0.2;
  const std::vector<TrainedMatrix> matrices = trained_matrices(network_.config);
  LearnedScores scores(recipe_, matrices, {});
  EXPECT_EQ(scores.ratio(), 0);
  TorchParameters gradients;
  for (const auto& [name, tensor] : parameters_) gradients[name] = torch::zeros_like(tensor);
  // Half of the outputs of each matrix are told to grow.
  for (const TrainedMatrix& m : matrices) {
    torch::Tensor& gradient = gradients.at(m.weight);
    gradient.slice(1, 0, gradient.size(1) / 2)
        .copy_(-parameters_.at(m.weight).slice(1, 0, gradient.size(1) / 2).sign());
  }
  for (std::size_t step = 0; step < 40; ++step) scores.learn(step, matrices, parameters_, gradients);
  EXPECT_NEAR(*scores.ratio(), 0.5, 0.01);
  const std::vector<std::vector<float>> all = scores.of(40, 0.5, matrices, parameters_, parameters_);
  const std::size_t half = all[0].size() / 2;
  EXPECT_GT(*std::min_element(all[0].begin(), all[0].begin() + static_cast<std::ptrdiff_t>(half)),
            *std::max_element(all[0].begin() + static_cast<std::ptrdiff_t>(half), all[0].end()));
}

TEST_F(LearnedScoring, AVectorsSoftScoreIsOne) {
  recipe_.pruning.score = TrainedScore::kSoftMovement;
  std::vector<TrainedMatrix> matrices = trained_matrices(network_.config);
  for (TrainedMatrix& m : matrices) {
    for (std::uint32_t first = 0; first < m.out; first += 4) {
      m.pattern.strips.push_back({4, {first, first + 1, first + 2, first + 3}});
    }
  }
  LearnedScores scores(recipe_, matrices, {});
  for (std::size_t step = 0; step < 3; ++step) scores.learn(step, matrices, parameters_, gradients(parameters_));
  const std::vector<std::vector<float>> all = scores.of(3, 0.5, matrices, parameters_, parameters_);
  bool differ = false;
  for (std::size_t m = 0; m < matrices.size(); ++m) {
    for (std::size_t o = 0; o < matrices[m].out; ++o) {
      for (std::size_t i = 0; i < matrices[m].in; ++i) {
        ASSERT_EQ(all[m][o * matrices[m].in + i], all[m][(o - o % 4) * matrices[m].in + i]);
        differ |= all[m][o * matrices[m].in + i] != all[m][i];
      }
    }
  }
  EXPECT_TRUE(differ);
}

TEST_F(LearnedScoring, GatesLearnByTheLossAndThePenalty) {
  recipe_.pruning.score = TrainedScore::kGates;
  recipe_.pruning.penalty = 0;
  const std::vector<TrainedMatrix> matrices = trained_matrices(network_.config);
  HeadGates gates(recipe_, network_.config, 1);
  // How the loss answers to a factor on a head's rows of W_MP, by a difference.
  const auto by_factor = [&](std::size_t layer, std::int64_t head) {
    double sides[2];
    for (const int side : {0, 1}) {
      TorchParameters changed = parameters_;
      torch::Tensor weight = changed.at(weight_name(Architecture::kGpt2, layer, MatrixKind::kMP)).clone();
      weight.slice(0, head * 8, head * 8 + 8).mul_(side == 0 ? 0.98 : 1.02);
      changed[weight_name(Architecture::kGpt2, layer, MatrixKind::kMP)] = weight;
      sides[side] = loss(changed);
    }
    return (sides[1] - sides[0]) / 0.04;
  };
  gates.expect();
  TorchParameters gated = parameters_;
  gates.apply(matrices, gated);
  TorchParameters found = gradients(gated);
  const std::vector<double> before = gates.importance(0);
  gates.learn(0, matrices, parameters_, found);
  // The first step of Adam goes against the sign of the derivative.
  std::vector<double> wanted;
  std::vector<double> moved;
  for (std::size_t layer = 0; layer < 2; ++layer) {
    const std::vector<double> after = gates.importance(layer);
    for (std::int64_t head = 0; head < 2; ++head) {
      wanted.push_back(-by_factor(layer, head));
      moved.push_back(after[static_cast<std::size_t>(head)]);
    }
  }
  for (std::size_t a = 0; a < 4; ++a) {
    for (std::size_t b = 0; b < 4; ++b) {
      if (wanted[a] > 0 && wanted[b] < 0) {
        EXPECT_GT(moved[a], moved[b]);
      }
    }
  }
  EXPECT_GT(*std::max_element(wanted.begin(), wanted.end()), 0);
  EXPECT_EQ(before, std::vector<double>(2, 1e-3));
  // Gradients by W_MP are those by the gated one, times the gate: σ(2) · 1.2 − 0.1 without chance.
  const double gate = 1.2 / (1 + std::exp(-2.0)) - 0.1;
  EXPECT_TRUE(found.at(matrices[1].weight).allclose(gradients(gated).at(matrices[1].weight) * gate));
}

TEST_F(LearnedScoring, GatesCloseUnderAPenaltyAndDrawByTheStep) {
  recipe_.pruning.score = TrainedScore::kGates;
  recipe_.pruning.penalty = 100;
  recipe_.pruning.score_rate = 0.5;
  recipe_.pruning.end = 0.01;
  const std::vector<TrainedMatrix> matrices = trained_matrices(network_.config);
  HeadGates gates(recipe_, network_.config, 1);
  const auto drawn = [&](std::size_t step) {
    TorchParameters gated = parameters_;
    gates.draw(step);
    gates.apply(matrices, gated);
    return gated.at(matrices[1].weight);
  };
  EXPECT_TRUE(drawn(3).equal(drawn(3)));
  EXPECT_FALSE(drawn(3).equal(drawn(4)) && drawn(5).equal(drawn(6)));
  for (std::size_t step = 1; step < 30; ++step) {
    gates.draw(step);
    TorchParameters gated = parameters_;
    gates.apply(matrices, gated);
    TorchParameters found = gradients(gated);
    gates.learn(step, matrices, parameters_, found);
  }
  gates.freeze();
  TorchParameters gated = parameters_;
  gates.apply(matrices, gated);
  EXPECT_EQ(gated.at(matrices[1].weight).abs().max().item<float>(), 0);
}

TEST_F(LearnedScoring, AdaptersBeginAtTheModelAndLearnByItsGradients) {
  TorchParameters learned = parameters_;
  const Adapters adapters({3, 2}, network_.config, 1, learned);
  EXPECT_EQ(learned.size(), parameters_.size() + 8);
  const TorchParameters merged = adapters.merged(learned);
  ASSERT_EQ(merged.size(), parameters_.size());
  for (const auto& [name, tensor] : parameters_) EXPECT_TRUE(tensor.equal(merged.at(name))) << name;
  // Away from the beginning, where the gradient by A is not 0.
  const std::string name = weight_name(Architecture::kGpt2, 1, MatrixKind::kF1);
  learned.at(name + ".lora_b").fill_(0.05);
  TorchParameters found = gradients(adapters.merged(learned));
  adapters.take(learned, found);
  ASSERT_EQ(found.size(), learned.size());
  for (const char* part : {".lora_a", ".lora_b"}) {
    double sides[2];
    for (const int side : {0, 1}) {
      TorchParameters changed = learned;
      changed[name + part] = changed.at(name + part).clone();
      changed[name + part][1][2] += side == 0 ? -0.02 : 0.02;
      sides[side] = loss(adapters.merged(changed));
    }
    const double slope = (sides[1] - sides[0]) / 0.04;
    EXPECT_NEAR(found.at(name + part)[1][2].item<double>(), slope, 0.05 * std::abs(slope) + 1e-5) << part;
  }
}

TEST_F(LearnedScoring, MeasuredScoresAreThoseOfTheOneShotPruning) {
  CalibrationData data;
  const Batch batch = task_->batch(5);
  std::vector<std::vector<std::size_t>> windows(2);
  for (std::int64_t w = 0; w < 2; ++w) {
    for (std::int64_t t = 0; t < 16; ++t) {
      windows[static_cast<std::size_t>(w)].push_back(
          static_cast<std::size_t>(batch.inputs.ids[w][t].item<std::int64_t>()));
      data.targets.push_back(static_cast<std::size_t>(batch.targets[w][t].item<std::int64_t>()));
    }
    data.ends.push_back(data.targets.size());
  }
  const std::vector<std::span<const std::size_t>> sequences(windows.begin(), windows.end());
  data.x = network_.embed(sequences);
  std::vector<DenseMatrix> dense;
  for (const TrainedMatrix& m : trained_matrices(network_.config)) {
    dense.push_back({m.name, "", m.out, m.in, turned(parameters_.at(m.weight)), {}});
  }
  for (const ImportanceMethod* const method : importance_methods()) {
    if (!method->needs.any()) continue;
    CalibrationNeeds needs = method->needs;
    needs.outputs = needs.outputs || method->blind_behind;
    const Calibration calibration = calibrate(network_, data, needs, 6, 1);
    const ModelScores expected = score_matrices(*method, dense, &calibration, true, 1);
    Calibrator calibrator = calibrator_of(*method, 2, network_, *task_, 1, 1);
    EXPECT_TRUE(calibrator(5, parameters_, parameters_) == expected.matrices) << method->name;
  }
}

// Every score trains to its ratio, and goes on after an interruption as if there had been none.
TEST_F(LearnedScoring, EveryScoreReachesItsRatioAndResumes) {
  struct Case {
    const char* score;
    const char* pattern;
    double kept;
    std::size_t rank;
  };
  for (const Case& c :
       {Case{"soft_movement", "mixed", 0.3 * kWeights, 0}, Case{"obs", "mixed", 0.3 * kWeights, 0},
        Case{"wanda", "unstructured", 0.3 * kWeights, 2}, Case{"gates", "head,at-least=0", kWeights - 2 * 8 * 64, 0},
        Case{"head", "head,at-least=0", kWeights - 2 * 8 * 64, 4}}) {
    const bool heads = std::string(c.pattern).starts_with("head");
    write_file(folder_.path / "recipe.json", fmt::format(R"({{"training": {{"steps": 24, "batch": 4, "warmup": 2}},
        "adapters": {{"rank": {}}}, "pruning": {{"score": "{}", "every": 3, "search": 0.01, "samples": 2}}}})",
                                                         c.rank, c.score));
    const auto recipe = [&](const char* out) {
      TrainOptions o = pruned(out, pattern_named(c.pattern, heads ? 0.5 : 0.7));
      read_recipe(folder_.path / "recipe.json", o.recipe);
      return o;
    };
    const TrainOptions whole = recipe("whole");
    const TrainResult result = train(whole, quiet_);
    EXPECT_NEAR(static_cast<double>(result.pruned.kept), c.kept, 16) << c.score;
    TrainOptions part = recipe("part");
    part.stop_at = 10;
    train(part, quiet_);
    part.stop_at = 0;
    part.resume = true;
    train(part, quiet_);
    for (const char* file : {"model.safetensors", "pruning.safetensors"}) {
      EXPECT_EQ(read_file(whole.out / file), read_file(part.out / file)) << c.score;
    }
  }
}

TEST_F(LearnedScoring, WhatAdaptersAddIsNarrow) {
  TrainOptions o = options("adapted");
  o.init = folder_.path / "dense";
  o.recipe.adapters = {2, 1};
  train(o, quiet_);
  const TorchParameters after = parameters_of(load_network(Model::open(o.out)));
  ASSERT_EQ(after.size(), parameters_.size());
  const std::string name = weight_name(Architecture::kGpt2, 0, MatrixKind::kMA);
  const torch::Tensor singular = std::get<1>(torch::linalg_svd(after.at(name) - parameters_.at(name)));
  EXPECT_GT(singular[1].item<float>(), 1e-3);
  // The file rounds to binary16's values in a network.
  EXPECT_LT(singular[2].item<float>(), 0.05 * singular[1].item<float>());
}

TEST_F(LearnedScoring, ABudgetHoldsForTheFinishedModel) {
  const auto length = [&](double limit) {
    TrainOptions o = pruned("pruned", pattern_named("mixed", 0.6));
    o.prune->options.budget.cycles = limit;
    const TrainResult result = train(o, quiet_);
    EXPECT_NEAR(static_cast<double>(result.pruned.kept), 0.4 * kWeights, 16);
    return result.pruned.mean_length();
  };
  EXPECT_GT(length(2.9), 1.05 * length(4));
}

TEST_F(LearnedScoring, ScoresThatDoNotSuitAreRefused) {
  recipe_.pruning.score = TrainedScore::kGates;
  EXPECT_NE(message_of([&] {
              GradualMasks(recipe_, pattern_named("mixed", 0.5), network_.config);
            }).find("--prune: found \"mixed\" and a recipe whose score is gates, expected head"),
            std::string::npos);
  TrainOptions o = options("scratch");
  o.recipe.adapters.rank = 2;
  EXPECT_NE(message_of([&] { train(o, quiet_); }).find("--recipe: found adapters without --init"), std::string::npos);
}

}  // namespace
}  // namespace mixvec::inline pruning
