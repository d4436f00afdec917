// Checks training on byte pairs that are learned from the text: files, what is held out, and resuming to the bit.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <random>

#include "golden/checkpoint/model.hpp"
#include "golden/files/input_file.hpp"
#include "golden/files/json_fields.hpp"
#include "golden/files/output.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"
#include "golden/text/character_text.hpp"
#include "golden/text/tokenizer.hpp"
#include "pruning/train/tests/plain_gpt2.hpp"
#include "pruning/train/trainer.hpp"
#include "pruning/train/vocabulary/vocabulary_files.hpp"

namespace mixvec::inline pruning {
namespace {

namespace fs = std::filesystem;

class BytePairTraining : public testing::Test {
 protected:
  BytePairTraining() {
    const std::vector<std::string> words{"stone", " river", " cloud", " été", "\n"};
    std::mt19937 generator(7);
    std::string text;
    for (int i = 0; i < 1200; ++i) text += words[generator() % words.size()];
    write_file(folder_.path / "text.txt", text);
  }

  TrainOptions options(const char* out) const {
    TrainOptions o;
    o.text = folder_.path / "text.txt";
    o.out = folder_.path / out;
    o.layers = 1;
    o.heads = 2;
    o.embd = 16;
    o.positions = 16;
    o.vocabulary = 270;
    o.recipe.steps = 20;
    o.recipe.batch = 4;
    o.recipe.warmup = 2;
    o.recipe.learning_rate = 1e-2;
    o.evaluate_every = 20;
    return o;
  }

  TemporaryTestFolder folder_;
  std::function<void(const TrainProgress&)> quiet_ = [](const TrainProgress&) {};
};

TEST_F(BytePairTraining, LossIsThatOfTheLastTenthOfItsTokens) {
  const TrainOptions o = options("m");
  const TrainResult result = train(o, quiet_);
  EXPECT_EQ(result.vocabulary, 270U);
  const Model model = Model::open(o.out);
  EXPECT_EQ(model.config().vocabulary, 270U);
  const std::string text = read_text(o.text);
  const TokenIds tokens = open_tokenizer(model)->encode(text);
  const std::vector<std::int64_t> ids(tokens.begin(), tokens.end());
  const auto split = std::span(ids).subspan(ids.size() * 9 / 10);
  const PlainGpt2 plain(model);
  double sum = 0;
  for (std::size_t start = 0; start + 1 < split.size(); start += 16) {
    sum += plain.loss(split.subspan(start, std::min<std::size_t>(16, split.size() - 1 - start) + 1));
  }
  EXPECT_EQ(result.validation_tokens, split.size() - 1);
  EXPECT_NEAR(sum / static_cast<double>(split.size() - 1), result.validation_loss, 1e-5);
  EXPECT_LT(result.validation_loss, std::log(270.0));
  // A run from the checkpoint holds out the same tokens.
  TrainOptions again = options("again");
  again.init = o.out;
  again.vocabulary.reset();
  EXPECT_EQ(train(again, quiet_).validation_tokens, result.validation_tokens);
  for (const char* file : {"tokenizer.json", "vocab.json", "merges.txt", "tokenizer_config.json",
                           "special_tokens_map.json", "generation_config.json"}) {
    EXPECT_EQ(read_file(o.out / file), read_file(again.out / file)) << file;
  }
}

TEST_F(BytePairTraining, ResumedEqualsUninterrupted) {
  const TrainOptions whole = options("whole");
  train(whole, quiet_);
  TrainOptions part = options("part");
  part.stop_at = 7;
  EXPECT_FALSE(train(part, quiet_).finished);
  part.stop_at = 0;
  part.resume = true;
  TrainOptions other = part;
  other.vocabulary = 265;
  EXPECT_NE(message_of([&] { train(other, quiet_); }).find("state.safetensors: byte_pairs: found 270, expected 265"),
            std::string::npos);
  other.vocabulary.reset();
  EXPECT_NE(message_of([&] { train(other, quiet_); }).find("found 270, expected null"), std::string::npos);
  train(part, quiet_);
  for (const char* file : {"model.safetensors", "tokenizer.json", "config.json"}) {
    EXPECT_EQ(read_file(whole.out / file), read_file(part.out / file)) << file;
  }
}

TEST_F(BytePairTraining, AnEarlierModelsTokenizerGoes) {
  TrainOptions o = options("m");
  train(o, quiet_);
  write_file(o.out / "notes.txt", "mine");
  o.vocabulary.reset();
  train(o, quiet_);
  EXPECT_STREQ(open_tokenizer(Model::open(o.out))->unit(), "character");
  for (const char* file : kTokenizerFiles) {
    EXPECT_EQ(fs::exists(o.out / file), std::string_view(file) == "vocab.json") << file;
  }
  EXPECT_EQ(read_file(o.out / "notes.txt"), "mine");
}

TEST_F(BytePairTraining, BadInputIsRefused) {
  TrainOptions o = options("m");
  o.vocabulary = 256;
  EXPECT_EQ(message_of([&] { train(o, quiet_); }),
            "--vocabulary: found 256, expected at least 257: the bytes and <|endoftext|>");
  o.vocabulary = 5000;
  EXPECT_NE(message_of([&] { train(o, quiet_); }).find("text.txt: found a text whose pairs make "), std::string::npos);
}

}  // namespace
}  // namespace mixvec::inline pruning
