// Checks the trainer: it learns, a resumed run equals an uninterrupted one bit for bit, and the files open as a model.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <random>

#include "golden/checkpoint/model.hpp"
#include "golden/cli/cli.hpp"
#include "golden/files/input_file.hpp"
#include "golden/safetensors/tensor_view.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"
#include "golden/text/character_text.hpp"
#include "golden/text/tokenizer.hpp"
#include "pruning/train/tests/plain_gpt2.hpp"
#include "pruning/train/trainer.hpp"

namespace mixvec::inline pruning {
namespace {

namespace fs = std::filesystem;

// Words in random order: a model that learns nothing stays near the entropy of single letters.
void write_text(const fs::path& path) {
  const std::vector<std::string> words{"stone ", "river ", "cloud ", "été "};
  std::mt19937 generator(7);
  std::string text;
  for (int i = 0; i < 600; ++i) text += words[generator() % words.size()];
  write_file(path, text);
}

TrainOptions tiny(const fs::path& folder, const char* out) {
  write_text(folder / "text.txt");
  TrainOptions o;
  o.text = folder / "text.txt";
  o.out = folder / out;
  o.layers = 2;
  o.heads = 2;
  o.embd = 16;
  o.positions = 16;
  o.block = 16;
  o.recipe.batch = 4;
  o.recipe.steps = 30;
  o.recipe.warmup = 5;
  o.recipe.learning_rate = 1e-2;
  o.recipe.final_rate = 1e-3;
  o.evaluate_every = 1;
  return o;
}

TEST(Trainer, ThirtyStepsReduceTheLoss) {
  const TemporaryTestFolder folder;
  std::vector<TrainProgress> lines;
  const TrainResult result = train(tiny(folder.path, "m"), [&](const TrainProgress& line) { lines.push_back(line); });
  ASSERT_EQ(lines.size(), 30U);
  EXPECT_TRUE(result.finished);
  // An untrained model guesses uniformly.
  EXPECT_NEAR(lines.front().train_loss, std::log(static_cast<double>(result.vocabulary)), 0.1);
  EXPECT_LT(lines.back().train_loss, lines.front().train_loss - 0.4);
  EXPECT_LT(result.validation_loss, std::log(static_cast<double>(result.vocabulary)) - 0.4);
  EXPECT_NEAR(lines.back().rate, 1e-3, 1e-4);
  EXPECT_FALSE(fs::exists(folder.path / "m" / "checkpoint"));
}

TEST(Trainer, Bfloat16LearnsWhatBinary32Does) {
  if (!__builtin_cpu_supports("avx512bf16")) GTEST_SKIP() << "this processor has no AVX512-BF16";
  const TemporaryTestFolder folder;
  std::vector<double> losses[2];
  for (const bool narrow : {false, true}) {
    TrainOptions o = tiny(folder.path, narrow ? "narrow" : "wide");
    o.bfloat16 = narrow;
    train(o, [&](const TrainProgress& line) { losses[narrow ? 1 : 0].push_back(line.validation_loss); });
  }
  ASSERT_EQ(losses[0].size(), losses[1].size());
  EXPECT_NE(losses[0], losses[1]);
  for (std::size_t i = 0; i < losses[0].size(); ++i) EXPECT_NEAR(losses[0][i], losses[1][i], 0.02) << i;
}

TEST(Trainer, ResumedEqualsUninterrupted) {
  const TemporaryTestFolder folder;
  const auto quiet = [](const TrainProgress&) {};
  const TrainResult whole = train(tiny(folder.path, "whole"), quiet);
  TrainOptions part = tiny(folder.path, "part");
  part.stop_at = 13;
  EXPECT_FALSE(train(part, quiet).finished);
  EXPECT_FALSE(fs::exists(part.out / "model.safetensors"));
  part.stop_at = 0;
  part.resume = true;
  const TrainResult resumed = train(part, quiet);
  EXPECT_EQ(resumed.steps, 30U);
  EXPECT_EQ(resumed.validation_loss, whole.validation_loss);
  for (const char* file : {"model.safetensors", "config.json", "vocab.json"}) {
    EXPECT_EQ(read_file(folder.path / "whole" / file), read_file(part.out / file)) << file;
  }
  TrainOptions other = tiny(folder.path, "other");
  other.seed = 2;
  train(other, quiet);
  EXPECT_NE(read_file(folder.path / "whole" / "model.safetensors"), read_file(other.out / "model.safetensors"));
}

TEST(Trainer, ResumeNeedsTheSameOptions) {
  const TemporaryTestFolder folder;
  TrainOptions o = tiny(folder.path, "m");
  o.resume = true;
  EXPECT_NE(message_of([&] { train(o, [](const TrainProgress&) {}); }).find("drop --resume"), std::string::npos);
  o.resume = false;
  o.stop_at = 2;
  train(o, [](const TrainProgress&) {});
  o.resume = true;
  o.seed = 9;
  EXPECT_NE(message_of([&] { train(o, [](const TrainProgress&) {}); }).find("seed: found 1, expected 9"),
            std::string::npos);
}

TEST(Trainer, WritesWhatHuggingFaceWrites) {
  const TemporaryTestFolder folder;
  for (const Dtype dtype : {Dtype::kF16, Dtype::kF32}) {
    TrainOptions o = tiny(folder.path, "m");
    o.dtype = dtype;
    o.recipe.steps = 1;
    const TrainResult result = train(o, [](const TrainProgress&) {});
    const Model model = Model::open(o.out);
    EXPECT_EQ(model.config().hidden, 16U);
    EXPECT_EQ(model.config().positions, 16U);
    EXPECT_EQ(model.config().vocabulary, result.vocabulary);
    EXPECT_EQ(model.config().activation, "gelu_new");
    EXPECT_EQ(model.file().metadata().at("format"), "pt");
    EXPECT_EQ(model.file().tensors().size(), 2U + 2U * 12U + 2U);
    EXPECT_EQ(model.file().find("lm_head.weight"), nullptr);
    const TensorView& attention = model.file().at("transformer.h.1.attn.c_attn.weight");
    EXPECT_EQ(attention.shape, (std::vector<std::size_t>{16, 48}));
    EXPECT_EQ(attention.dtype, dtype);
    EXPECT_EQ(model.load(1, MatrixKind::kF2).in, 64U);
    const auto vocabulary = nlohmann::json::parse(read_file(o.out / "vocab.json"));
    EXPECT_EQ(vocabulary.size(), result.vocabulary);
    EXPECT_EQ(vocabulary.at(" "), 0);
    EXPECT_EQ(vocabulary.at("é"), result.vocabulary - 1);
    const auto config = nlohmann::json::parse(read_file(o.out / "config.json"));
    EXPECT_EQ(config.at("architectures"), nlohmann::json::array({"GPT2LMHeadModel"}));
    EXPECT_TRUE(config.at("n_inner").is_null());
  }
}

// Loss per character over characters by their ids, in windows of the model's positions, at most `limit` windows.
double plain_loss(const Model& model, std::span<const std::int64_t> split, std::size_t limit) {
  const PlainGpt2 plain(model);
  double sum = 0;
  std::size_t predicted = 0;
  for (std::size_t start = 0; start + 1 < split.size() && limit > 0; start += model.config().positions, --limit) {
    const std::size_t size = std::min(model.config().positions, split.size() - 1 - start);
    sum += plain.loss(split.subspan(start, size + 1));
    predicted += size;
  }
  std::printf("compared the loss of %zu characters\n", predicted);
  return sum / static_cast<double>(predicted);
}

TEST(Trainer, LossOfTheFileAgreesWithPlainLoops) {
  const TemporaryTestFolder folder;
  const TrainOptions o = tiny(folder.path, "m");
  const TrainResult result = train(o, [](const TrainProgress&) {});
  const std::vector<std::int64_t> ids = read_character_text(o.text).ids;
  const std::size_t characters = ids.size();
  const auto split = std::span(ids).subspan(characters * 9 / 10);
  EXPECT_NEAR(plain_loss(Model::open(o.out), split, 1000), result.validation_loss, 1e-5);
  EXPECT_EQ(result.validation_tokens, characters - characters * 9 / 10 - 1);
}

TEST(ShakespeareModel, HasTheQualityThatItsCardStates) {
  const fs::path models = fs::path(MIXVEC_SOURCE_DIR) / "models";
  const fs::path card = models / "shakespeare-gpt2";
  const std::vector<std::size_t> encoded =
      open_tokenizer(Model::open(card))->encode(read_text(models / "shakespeare.txt"));
  const std::vector<std::int64_t> ids(encoded.begin(), encoded.end());
  const double loss = plain_loss(Model::open(card), ids, 16);
  std::printf("loss of the first 16 windows: %.4f\n", loss);
  // The card's 1.7210 is the mean over all 436 windows; these sixteen are somewhat easier.
  EXPECT_NEAR(loss, 1.6355, 0.001);
}

TEST(ShakespeareModel, PrunedKnowsWhatItsCardStates) {
  const fs::path models = fs::path(MIXVEC_SOURCE_DIR) / "models";
  const Model model = Model::open(models / "shakespeare-gpt2-mixed80");
  std::size_t kept = 0;
  for (std::size_t layer = 0; layer < model.config().layers; ++layer) {
    for (const MatrixKind kind : kMatrixKinds) kept += model.load_pruned(layer, kind, 16).kept();
  }
  EXPECT_EQ(kept, 157'284U);
  const std::vector<std::size_t> encoded = open_tokenizer(model)->encode(read_text(models / "shakespeare.txt"));
  const std::vector<std::int64_t> ids(encoded.begin(), encoded.end());
  const double loss = plain_loss(model, ids, 16);
  std::printf("loss of the first 16 windows: %.4f\n", loss);
  // Of all 436 windows it is 1.6771.
  EXPECT_NEAR(loss, 1.5907, 0.001);
}

TEST(Trainer, BadInputIsRefused) {
  const TemporaryTestFolder folder;
  const auto refused = [&](auto change, const char* expected) {
    TrainOptions o = tiny(folder.path, "m");
    change(o);
    const std::string message = message_of([&] { train(o, [](const TrainProgress&) {}); });
    EXPECT_NE(message.find(expected), std::string::npos) << message;
  };
  refused([](TrainOptions& o) { o.heads = 3; }, "--heads: found 3");
  refused([](TrainOptions& o) { o.block = 17; }, "--block: found 17");
  refused([](TrainOptions& o) { o.recipe.steps = 0; }, "--steps: found 0");
  refused([](TrainOptions& o) { o.dtype = Dtype::kBF16; }, "--dtype: found BF16");
  refused(
      [](TrainOptions& o) {
        o.recipe.learning_rate = 1e30;
        o.recipe.clip = 1e30;
        o.recipe.warmup = 0;
      },
      "use a lower --lr");
  refused([](TrainOptions& o) { write_file(o.text, "short"); }, "found 5 tokens");
  refused([](TrainOptions& o) { write_file(o.text, "bad \xC3("); }, "byte 4: found 0xc3, expected UTF-8");
  refused([](TrainOptions& o) { write_file(o.text, ""); }, "empty file");
}

}  // namespace
}  // namespace mixvec::inline pruning
