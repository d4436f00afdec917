// Checks the training of a BERT from masked tokens to a pruned one that answers questions.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "golden/checkpoint/model.hpp"
#include "golden/eval/spans.hpp"
#include "golden/files/input_file.hpp"
#include "golden/files/output.hpp"
#include "golden/safetensors/tensor_view.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"
#include "golden/text/tokenizer.hpp"
#include "pruning/study/machine_run.hpp"
#include "pruning/train/tests/named_pattern.hpp"
#include "pruning/train/tests/small_play.hpp"
#include "pruning/train/train_report.hpp"
#include "pruning/train/trainer.hpp"

namespace mixvec::inline pruning {
namespace {

namespace fs = std::filesystem;

class BertTraining : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TemporaryTestFolder;
    write_file(folder_->path / "play.txt", small_play(120));
    TrainOptions o = options(TaskKind::kMaskedLanguage, "masked");
    o.layers = 2;
    o.heads = 2;
    o.embd = 16;
    o.positions = 64;
    o.vocabulary = 60;
    o.recipe.steps = 60;
    masked_ = train(o, [](const TrainProgress& line) { lines_.push_back(line); });
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
    lines_.clear();
  }

  static TrainOptions options(TaskKind task, const char* out) {
    TrainOptions o;
    o.task = task;
    o.text = folder_->path / "play.txt";
    o.out = folder_->path / out;
    o.recipe.steps = 30;
    o.recipe.batch = 8;
    o.recipe.warmup = 3;
    o.recipe.learning_rate = 1e-2;
    o.recipe.final_rate = 1e-3;
    o.recipe.pruning.every = 3;
    o.recipe.pruning.regroup = 2;
    o.recipe.pruning.search = 0.01;
    o.evaluate_every = 10;
    o.dtype = Dtype::kF32;
    return o;
  }

  static TrainOptions span(const char* out, const char* init = "masked") {
    TrainOptions o = options(TaskKind::kSpan, out);
    o.init = folder_->path / init;
    return o;
  }

  static TrainResult quietly(const TrainOptions& o) {
    return train(o, [](const TrainProgress&) {});
  }

  /// Trains at once, and with an interruption.
  static void compare_resumed(const std::function<TrainOptions(const char*)>& recipe, std::size_t stop,
                              const std::vector<const char*>& files) {
    const TrainOptions whole = recipe("whole");
    const TrainResult at_once = quietly(whole);
    TrainOptions part = recipe("part");
    part.stop_at = stop;
    EXPECT_FALSE(quietly(part).finished);
    part.stop_at = 0;
    part.resume = true;
    const TrainResult resumed = quietly(part);
    EXPECT_EQ(resumed.validation_loss, at_once.validation_loss);
    for (const char* file : files) {
      EXPECT_EQ(read_file(whole.out / file), read_file(part.out / file)) << file;
    }
  }

  static inline TemporaryTestFolder* folder_ = nullptr;
  static inline TrainResult masked_;
  static inline std::vector<TrainProgress> lines_;
};

TEST_F(BertTraining, MaskedTokensAreLearned) {
  ASSERT_EQ(lines_.size(), 6U);
  const double untrained = std::log(static_cast<double>(masked_.vocabulary));
  EXPECT_LT(lines_.front().train_loss, untrained + 0.3);
  EXPECT_LT(lines_.back().train_loss, lines_.front().train_loss - 0.3);
  EXPECT_LT(masked_.validation_loss, untrained - 0.5);
  EXPECT_FALSE(masked_.answers);
}

TEST_F(BertTraining, WritesWhatHuggingFaceWrites) {
  const fs::path folder = folder_->path / "masked";
  const Model model = Model::open(folder);
  EXPECT_EQ(model.config().architecture, Architecture::kBert);
  EXPECT_EQ(model.config().positions, 64U);
  EXPECT_EQ(model.config().activation, "gelu");
  EXPECT_EQ(model.file().metadata().at("format"), "pt");
  // Embeddings 5, layers 2 · 16, the head of masked tokens 5; the output matrix is the word embedding.
  EXPECT_EQ(model.file().tensors().size(), 5U + 32U + 5U);
  EXPECT_EQ(model.file().find("cls.predictions.decoder.weight"), nullptr);
  EXPECT_EQ(model.file().at("cls.predictions.bias").shape, (std::vector<std::size_t>{masked_.vocabulary}));
  EXPECT_EQ(model.file().at("bert.encoder.layer.1.intermediate.dense.weight").shape,
            (std::vector<std::size_t>{64, 16}));
  EXPECT_EQ(model.file().at("bert.encoder.layer.0.attention.self.key.weight").shape,
            (std::vector<std::size_t>{16, 16}));
  const nlohmann::json config = read_json(folder / "config.json");
  EXPECT_EQ(config.at("architectures"), nlohmann::json::array({"BertForMaskedLM"}));
  EXPECT_EQ(config.at("model_type"), "bert");
  EXPECT_EQ(config.at("vocab_size"), masked_.vocabulary);
  EXPECT_EQ(config.at("torch_dtype"), "float32");
  EXPECT_EQ(read_json(folder / "tokenizer_config.json").at("tokenizer_class"), "BertTokenizer");
  EXPECT_EQ(read_json(folder / "special_tokens_map.json").at("mask_token"), "[MASK]");
  EXPECT_EQ(std::string(open_tokenizer(model)->unit()), "word piece");
  const TrainResult result = quietly(span("answers"));
  EXPECT_EQ(result.vocabulary, masked_.vocabulary);
  const Model answers = Model::open(folder_->path / "answers");
  EXPECT_EQ(answers.file().tensors().size(), 5U + 32U + 2U);
  EXPECT_EQ(read_json(folder_->path / "answers/config.json").at("architectures"),
            nlohmann::json::array({"BertForQuestionAnswering"}));
  EXPECT_EQ(read_file(folder_->path / "answers/vocab.txt"), read_file(folder / "vocab.txt"));
}

TEST_F(BertTraining, AnswersAreScoredAsByTheEvaluator) {
  TrainOptions o = span("answers");
  const TrainResult result = quietly(o);
  EXPECT_LT(result.history.back().train_loss, result.history.front().train_loss);
  const Model model = Model::open(o.out);
  const EncoderModel encoder(model, Arithmetic::kBinary32, true);
  const QuestionFile file = read_squad(o.out / "squad_held_out.json", 1000000);
  const SpanResult evaluated = answer_questions(encoder, load_span_head(model), Arithmetic::kBinary32,
                                                *open_tokenizer(model), file, model.config().positions, 1);
  ASSERT_TRUE(result.answers);
  EXPECT_EQ(result.answers->questions, file.questions.size());
  EXPECT_EQ(result.answers->f1, evaluated.f1);
  EXPECT_EQ(result.answers->exact_match, evaluated.exact);
  // The same questions from their files.
  o.text.clear();
  o.squad = o.out / "squad_train.json";
  o.squad_held_out = o.out / "squad_held_out.json";
  o.out = folder_->path / "from_files";
  const TrainResult again = quietly(o);
  EXPECT_EQ(again.validation_loss, result.validation_loss);
  EXPECT_EQ(read_file(folder_->path / "answers/model.safetensors"), read_file(o.out / "model.safetensors"));
}

TEST_F(BertTraining, ResumedEqualsUninterrupted) {
  compare_resumed(
      [](const char* out) {
        TrainOptions o = options(TaskKind::kMaskedLanguage, out);
        o.init = folder_->path / "masked";
        o.recipe.dropout = 0.1;
        return o;
      },
      7, {"model.safetensors", "config.json", "vocab.txt"});
}

TEST_F(BertTraining, ResumedWhileItIsPrunedEqualsUninterrupted) {
  quietly(span("teacher"));
  compare_resumed(
      [](const char* out) {
        TrainOptions o = span(out, "teacher");
        o.prune = pattern_named("mixed", 0.75);
        o.recipe.distillation = {0.5, 2, 0.1};
        o.recipe.steps = 20;
        return o;
      },
      8, {"model.safetensors", "config.json", "vocab.txt", "pruning.safetensors", "squad_train.json"});
}

TEST_F(BertTraining, PrunedItIsPackedAndScored) {
  quietly(span("teacher"));
  for (const char* pattern : {"mixed", "unstructured"}) {
    TrainOptions o = span("pruned", "teacher");
    o.prune = pattern_named(pattern, 0.75);
    o.recipe.distillation = {0.5, 2, 0.1};
    o.recipe.steps = 20;
    const TrainResult result = quietly(o);
    const Model model = Model::open(o.out);
    ASSERT_TRUE(model.is_pruned());
    std::size_t kept = 0;
    for (std::size_t layer = 0; layer < 2; ++layer) {
      for (const MatrixKind kind : kMatrixKinds) kept += model.load_pruned(layer, kind, 16).kept();
    }
    EXPECT_NEAR(static_cast<double>(kept), 0.25 * 2 * (48 * 16 + 16 * 16 + 2 * 64 * 16), 16);
    EXPECT_EQ(kept, result.pruned.kept);
    EXPECT_EQ(model.file().tensors().size(), 5U + 32U + 2U);
    const MachineRuns runs = run_all_on_machine(result.pruned.matrices, o.prune->options.accel, 16, 1);
    EXPECT_TRUE(runs.refused.empty());
    const nlohmann::ordered_json report = train_report({o, pattern, "F32", 16, result, runs});
    ASSERT_TRUE(result.answers);
    EXPECT_EQ(report["f1"], result.answers->f1);
    EXPECT_EQ(report["exact_match"], result.answers->exact_match);
    EXPECT_EQ(report["questions"], result.answers->questions);
    EXPECT_GT(report["bytes"], 0);
    // Lines are made of few words, so that an answer in the wrong place has some of them, too.
    EXPECT_GT(result.answers->f1, 10);
  }
}

TEST_F(BertTraining, BadInputIsRefused) {
  const auto refused = [&](auto change, const char* expected) {
    TrainOptions o = span("refused");
    change(o);
    const std::string message = message_of([&] { quietly(o); });
    EXPECT_NE(message.find(expected), std::string::npos) << message;
  };
  refused([](TrainOptions& o) { o.recipe.distillation.logits = 0.5; },
          "found no head of a BertForQuestionAnswering, expected one to learn from");
  refused([](TrainOptions& o) { o.task = TaskKind::kLanguage; }, "found a BERT checkpoint, expected GPT-2");
  refused([](TrainOptions& o) { o.init = fs::path(MIXVEC_SOURCE_DIR) / "models/shakespeare-gpt2"; },
          "found a checkpoint of GPT-2, expected BERT");
  refused([](TrainOptions& o) { o.text.clear(); }, "--text: found nothing, expected a text, or questions with --squad");
  refused([](TrainOptions& o) { o.squad = o.text; }, "--text: found beside --squad, expected one of the two");
  refused([](TrainOptions& o) { o.squad_held_out = o.text; }, "--squad-held-out: found without --squad");
  refused([](TrainOptions& o) { o.block = 65; }, "--block: found 65");
  refused(
      [](TrainOptions& o) {
        o.task = TaskKind::kMaskedLanguage;
        o.squad = o.text;
      },
      "--squad: found beside another task, expected it with --task span");
  refused(
      [](TrainOptions& o) {
        o.squad = o.text;
        o.text.clear();
        o.init.clear();
      },
      "--text: found nothing, expected a text to make a vocabulary from, or a checkpoint with --init");
}

}  // namespace
}  // namespace mixvec::inline pruning
