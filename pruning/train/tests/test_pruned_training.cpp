// Checks pruning while a model learns: schedule, scores, what is fixed when, files, and resuming to the bit.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "golden/checkpoint/model.hpp"
#include "golden/files/input_file.hpp"
#include "golden/files/output.hpp"
#include "golden/network/network.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"
#include "golden/text/character_text.hpp"
#include "pruning/pipeline/quality.hpp"
#include "pruning/train/nets/gpt2_torch.hpp"
#include "pruning/train/tasks/language_task.hpp"
#include "pruning/train/tests/named_pattern.hpp"
#include "pruning/train/tests/plain_gpt2.hpp"
#include "pruning/train/tests/pruned_training.hpp"
#include "pruning/train/train_report.hpp"
#include "pruning/train/trainer.hpp"

namespace mixvec::inline pruning {
namespace {

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
  TrainOptions o = pruned("pruned", pattern_named("mixed", 0.6));
  o.dtype = Dtype::kF16;  // what networks compute with; plain loops take the file's values
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
  for (const Case& c : {Case{TrainedScore::kMagnitude, "mixed", 14}, Case{TrainedScore::kMovement, "mixed", 5},
                        Case{TrainedScore::kTaylor, "block,attention=4x4,feed-forward=4x4", 15},
                        Case{TrainedScore::kMagnitude, "mixed", 30}}) {
    const auto recipe = [&](const char* out) {
      TrainOptions o = pruned(out, pattern_named(c.pattern, 0.75));
      o.recipe.pruning.score = c.score;
      o.recipe.distillation = {0.5, 2, 0.1};
      o.evaluate_every = 10;
      return o;
    };
    const TrainOptions whole = recipe("whole");
    const TrainResult at_once = train(whole, quiet_);
    TrainOptions part = recipe("part");
    part.stop_at = c.stop;
    EXPECT_FALSE(train(part, quiet_).finished);
    part.stop_at = 0;
    part.resume = true;
    const TrainResult resumed = train(part, quiet_);
    ASSERT_EQ(resumed.history.size(), at_once.history.size());
    for (std::size_t i = 0; i < resumed.history.size(); ++i) {
      EXPECT_EQ(resumed.history[i].step, at_once.history[i].step);
      EXPECT_EQ(resumed.history[i].validation_loss, at_once.history[i].validation_loss);
    }
    for (const char* file : {"model.safetensors", "pruning.safetensors"}) {
      EXPECT_EQ(read_file(whole.out / file), read_file(part.out / file)) << static_cast<int>(c.score) << ' ' << c.stop;
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

TEST_F(PrunedTraining, LeavesAReportAndItsCurve) {
  TrainOptions o = pruned("pruned", pattern_named("vector", 0.75, 4));
  o.evaluate_every = 10;
  const TrainResult result = train(o, quiet_);
  const MachineRuns runs = run_all_on_machine(result.pruned.matrices, o.prune->options.accel, 16, 1);
  const nlohmann::ordered_json report = train_report({o, "vector:4", "F32", 16, result, runs});
  EXPECT_EQ(report["totals"]["kept"], kept_of(Model::open(o.out)));
  EXPECT_EQ(report["mean_length"], 4.0);
  EXPECT_EQ(report["bytes"], runs.total.image_bytes);
  EXPECT_EQ(report["recipe"]["pruning"]["every"], 3);
  ASSERT_EQ(report["history"].size(), 4U);
  EXPECT_EQ(report["history"][3]["ratio"], 0.75);
  write_train_report(o.out, report, result);
  EXPECT_EQ(read_json(o.out / "train_report.json"), report);
  const std::string csv = read_file(o.out / "learning_curve.csv");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 5);
  EXPECT_NE(csv.find(fmt::format("\n40,{},0.75,", result.history[3].rate)), std::string::npos) << csv;
  EXPECT_NE(read_file(o.out / "learning_curve.svg").find("</svg>"), std::string::npos);
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

TEST_F(PrunedTraining, EveryActivationIsTheCheckpointsOwn) {
  const nlohmann::json config = read_json(folder_.path / "dense/config.json");
  const TorchParameters parameters = parameters_of(load_network(Model::open(folder_.path / "dense")));
  std::vector<std::size_t> ids;
  for (std::size_t i = 0; i < 16; ++i) ids.push_back(i * 5 % 14);
  std::set<double> losses;
  for (const char* name : {"gelu_new", "gelu", "relu"}) {
    nlohmann::json other = config;
    other["activation_function"] = name;
    write_json(folder_.path / "dense/config.json", other);
    const Network network = load_network(Model::open(folder_.path / "dense"));
    const torch::Tensor tokens = torch::arange(15).mul(5).remainder(14).view({1, 15});
    const torch::Tensor targets = torch::arange(1, 16).mul(5).remainder(14).view({1, 15});
    const double loss = cross_entropy(gpt2_forward(network.config, parameters, tokens), targets).item<double>();
    EXPECT_NEAR(loss, std::log(perplexity(network, ids, 1)), 1e-4) << name;
    losses.insert(loss);
  }
  EXPECT_EQ(losses.size(), 3U);
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

}  // namespace
}  // namespace mixvec::inline pruning
