// Tests of last words: which tokens are asked for, and what is said of them against softmaxes written out.
#include "golden/eval/last_word.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "golden/tests/checkpoint/small_checkpoint.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline golden {
namespace {

constexpr const char* kVocabulary = R"({"a":0,"b":1,"c":2,"Ġ":3,"ab":4,"Ġab":5,"Ġabc":6,"bc":7,".":8,"Ġa":9,"d":10})";
constexpr const char* kMerges = "a b\nĠ ab\nĠab c\nb c\nĠ a\n";

class LastWord : public ::testing::Test {
 protected:
  void SetUp() override {
    SmallCheckpoint checkpoint = SmallCheckpoint::gpt2();
    for (auto& [name, tensor] : checkpoint.tensors) {
      for (float& value : tensor.values) value /= 8;
    }
    checkpoint.write(folder_.path / "model");
    write_file(folder_.path / "model/vocab.json", kVocabulary);
    write_file(folder_.path / "model/merges.txt", kMerges);
  }
  [[nodiscard]] std::vector<Passage> read(const std::string& text, std::size_t positions = 16) const {
    write_file(folder_.path / "text", text);
    return read_passages(folder_.path / "text", *open_tokenizer(folder_.path / "model", 11), positions, 100);
  }
  TemporaryTestFolder folder_;
};

TEST_F(LastWord, IsWhatStandsBehindTheLastBlank) {
  const std::vector<Passage> passages = read("a abc\n\n \t\r\nab ab abd \r\na. a a");
  ASSERT_EQ(passages.size(), 3U);
  EXPECT_EQ(passages[0].ids, (TokenIds{0, 6}));
  EXPECT_EQ(passages[0].target, 1U);
  EXPECT_EQ(passages[1].ids, (TokenIds{4, 5, 5, 10}));
  EXPECT_EQ(passages[1].target, 2U);
  EXPECT_EQ(passages[2].ids, (TokenIds{0, 8, 9, 9}));
  EXPECT_EQ(passages[2].target, 3U);
  // The end of what is too long; the last token is no input.
  const std::vector<Passage> cut = read("ab ab ab abd", 3);
  EXPECT_EQ(cut[0].ids, (TokenIds{5, 5, 5, 10}));
  EXPECT_EQ(cut[0].target, 2U);
}

TEST_F(LastWord, OfCharactersDoesNotHoldTheBlank) {
  std::filesystem::remove(folder_.path / "model/merges.txt");
  write_file(folder_.path / "model/vocab.json", R"({"a":0,"b":1," ":2})");
  const std::vector<Passage> passages = read("a bab");
  EXPECT_EQ(passages[0].ids, (TokenIds{0, 2, 1, 0, 1}));
  EXPECT_EQ(passages[0].target, 2U);
}

TEST_F(LastWord, IsJudgedByItsProbability) {
  const Model checkpoint = Model::open(folder_.path / "model");
  // One passage ends with what the model thinks likeliest, found by trying all.
  const LanguageModel model(checkpoint, Arithmetic::kDouble);
  std::vector<Passage> passages = read("a abc\nab ab abd\na. a a\n");
  const std::vector<double> start = model.logits(passages[0].ids, 1);
  std::size_t best = 0;
  for (std::size_t v = 0; v < 11; ++v) best = start[v * 2] > start[best * 2] ? v : best;
  passages.push_back({{0, best}, 1});
  double nats = 0;
  std::size_t correct = 0;
  for (const Passage& passage : passages) {
    const std::size_t tokens = passage.ids.size();
    const std::vector<double> logits = model.logits(passage.ids, 1);
    bool all = true;
    for (std::size_t t = passage.target - 1; t + 1 < tokens; ++t) {
      double sum = 0;
      std::size_t likeliest = 0;
      for (std::size_t v = 0; v < 11; ++v) {
        sum += std::exp(logits[v * tokens + t]);
        if (logits[v * tokens + t] > logits[likeliest * tokens + t]) likeliest = v;
      }
      nats -= std::log(std::exp(logits[passage.ids[t + 1] * tokens + t]) / sum);
      all = all && likeliest == passage.ids[t + 1];
    }
    correct += all ? 1 : 0;
  }
  EXPECT_GE(correct, 1U);
  EXPECT_LT(correct, passages.size());
  for (const Arithmetic arithmetic : {Arithmetic::kDouble, Arithmetic::kBinary32, Arithmetic::kGolden}) {
    const LastWords words = evaluate_last_words(LanguageModel(checkpoint, arithmetic), arithmetic, passages, 2);
    EXPECT_EQ(words.passages, 4U);
    EXPECT_EQ(words.correct, correct) << name_of(arithmetic);
    EXPECT_NEAR(words.nats, nats, arithmetic == Arithmetic::kGolden ? 0.05 : 1e-4) << name_of(arithmetic);
    EXPECT_DOUBLE_EQ(words.perplexity(), std::exp(words.nats / 4));
    EXPECT_DOUBLE_EQ(words.accuracy(), static_cast<double>(correct) / 4);
  }
}

TEST_F(LastWord, RefusesPassagesWithoutOne) {
  const auto refused = [&](const std::string& text, const char* part, std::size_t positions = 16) {
    const std::string message = message_of([&] { (void)read(text, positions); });
    EXPECT_NE(message.find(part), std::string::npos) << message;
  };
  refused("a ab\nab\n", "text: line 2: found \"ab\", expected a passage of two words or more");
  refused(" ab\n", "text: line 1: found \" ab\", expected a passage of two words or more");
  refused("\n \n", "text: found empty lines alone, expected a passage a line");
  refused("a ddd\n", "text: line 1: found a last word of 3 of the 5 tokens, expected at most 2", 2);
  refused("a \xFF\n", "text: line 1: byte 2: found 0xff, expected UTF-8");
}

}  // namespace
}  // namespace mixvec::inline golden
