// Checks what a BERT learns: masks that are drawn, questions made from a play, windows of answers, word pieces.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "golden/eval/squad.hpp"
#include "golden/files/output.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"
#include "golden/text/character_text.hpp"
#include "golden/text/word_piece_tokenizer.hpp"
#include "pruning/train/tasks/masked_language_task.hpp"
#include "pruning/train/tasks/span_task.hpp"
#include "pruning/train/tasks/spoken_questions.hpp"
#include "pruning/train/tests/small_play.hpp"
#include "pruning/train/vocabulary/word_piece_trainer.hpp"

namespace mixvec::inline pruning {
namespace {

std::unique_ptr<WordPieceTokenizer> pieces_of(const std::string& text, std::size_t size) {
  return std::make_unique<WordPieceTokenizer>(Vocabulary::of_tokens(train_word_pieces(text, size, "text"), "text"),
                                              WordPieceTokenizer::Options());
}

TEST(WordPieces, MostFrequentPairsAreJoined) {
  // aab occurs three times, ab twice, and the rest once.
  const std::vector<std::string> tokens = train_word_pieces("Aab aab, aáb ab ab c", 100, "text");
  EXPECT_EQ(tokens, (std::vector<std::string>{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "##a", "##b", ",", "a", "c",
                                              "##ab", "aab", "ab"}));
  EXPECT_EQ(train_word_pieces("Aab aab, aáb ab ab c", 11, "text").back(), "##ab");
  EXPECT_EQ(message_of([] { train_word_pieces("Aab", 7, "t.txt"); }),
            "t.txt: found 3 characters that begin words or go on in them, expected at most 2 for a vocabulary of 7");
}

TEST(WordPieces, TheSameTextGivesTheSamePiecesAndAllOfItIsSpelt) {
  const std::string text = small_play(100);
  const std::vector<std::string> tokens = train_word_pieces(text, 60, "text");
  EXPECT_EQ(tokens, train_word_pieces(text, 60, "text"));
  EXPECT_EQ(std::set<std::string>(tokens.begin(), tokens.end()).size(), tokens.size());
  EXPECT_NE(std::find(tokens.begin(), tokens.end(), "stone"), tokens.end());
  const auto tokenizer = pieces_of(text, 60);
  const TokenIds ids = tokenizer->encode(text, "text");
  EXPECT_EQ(std::count(ids.begin(), ids.end(), tokenizer->vocabulary().at("[UNK]")), 0);
}

class MaskedLanguage : public testing::Test {
 protected:
  static constexpr std::size_t kLength = 42;  // 40 tokens in a frame: 6 are asked for
  const std::string text_ = small_play(120);
  const std::unique_ptr<WordPieceTokenizer> tokenizer_ = pieces_of(text_, 60);
  const TokenIds ids_ = tokenizer_->encode(text_, "text");
  const MaskedLanguageTask task_{ids_, tokenizer_->vocabulary(), {8, kLength, kLength, 5}, "text"};
};

TEST_F(MaskedLanguage, FifteenPercentAreAskedForAndMostAreMasked) {
  const auto mask = static_cast<std::int64_t>(tokenizer_->vocabulary().at("[MASK]"));
  std::size_t masked = 0;
  std::size_t kept = 0;
  std::size_t all = 0;
  for (std::size_t step = 0; step < 100; ++step) {
    const Batch batch = task_.batch(step);
    ASSERT_EQ(batch.inputs.ids.sizes(), (std::vector<std::int64_t>{8, kLength}));
    ASSERT_EQ(batch.inputs.asked.numel(), 8 * 6);
    const torch::Tensor flat = batch.inputs.ids.view({-1});
    std::set<std::int64_t> places;
    for (std::int64_t i = 0; i < batch.targets.numel(); ++i, ++all) {
      const auto place = batch.inputs.asked[i].item<std::int64_t>();
      const auto token = static_cast<std::int64_t>(place) % static_cast<std::int64_t>(kLength);
      EXPECT_GT(token, 0);                                           // [CLS]
      EXPECT_LT(token, static_cast<std::int64_t>(kLength) - 1);      // [SEP]
      EXPECT_EQ(place / static_cast<std::int64_t>(kLength), i / 6);  // six of every window
      EXPECT_TRUE(places.insert(place).second);
      const auto found = flat[place].item<std::int64_t>();
      EXPECT_TRUE(found == mask || found >= 5) << found;  // no other special token
      masked += found == mask ? 1 : 0;
      kept += found == batch.targets[i].item<std::int64_t>() ? 1 : 0;
    }
    // All but these are as the text has them, and targets fill it up.
    const torch::Tensor restored = flat.clone().index_put_({batch.inputs.asked}, batch.targets);
    const torch::Tensor window = restored.view({8, -1})[0].slice(0, 1, kLength - 1);
    TokenIds text;
    for (std::int64_t t = 0; t < window.numel(); ++t) text.push_back(window[t].item<std::int64_t>());
    EXPECT_NE(std::search(ids_.begin(), ids_.begin() + static_cast<std::ptrdiff_t>(ids_.size() * 9 / 10), text.begin(),
                          text.end()),
              ids_.end());
  }
  const auto share = [&](std::size_t part) { return static_cast<double>(part) / static_cast<double>(all); };
  EXPECT_EQ(all, 4800U);
  EXPECT_NEAR(share(masked), 0.8, 0.02);
  EXPECT_NEAR(share(kept), 0.1, 0.02);  // and now and then a random token that is the same
}

TEST_F(MaskedLanguage, DrawsDependOnSeedAndStepAlone) {
  const MaskedLanguageTask other_seed(ids_, tokenizer_->vocabulary(), {8, kLength, kLength, 6}, "text");
  EXPECT_TRUE(task_.batch(3).inputs.ids.equal(task_.batch(3).inputs.ids));
  EXPECT_FALSE(task_.batch(3).inputs.ids.equal(task_.batch(4).inputs.ids));
  EXPECT_FALSE(task_.batch(3).inputs.ids.equal(other_seed.batch(3).inputs.ids));
  // What is validated on is the same for all.
  const auto seen = [](const Task& task) {
    std::vector<torch::Tensor> all;
    const Validation validation = task.validate(
        [&](const Batch& batch) {
          all.push_back(batch.inputs.ids);
          return TorchOutput{torch::zeros({batch.targets.numel(), 60}), {}};
        },
        true);
    EXPECT_NEAR(validation.loss, std::log(60.0), 1e-6);
    return torch::cat(all, 1);
  };
  EXPECT_TRUE(seen(task_).equal(seen(other_seed)));
}

TEST_F(MaskedLanguage, BadInputIsRefused) {
  const auto make = [&](const TokenIds& ids, const Vocabulary& vocabulary, std::size_t length) {
    return message_of([&] { MaskedLanguageTask(ids, vocabulary, {8, length, length, 5}, "t.txt"); });
  };
  EXPECT_EQ(make(ids_, tokenizer_->vocabulary(), 2), "--block: found 2, expected at least 3: [CLS], [SEP] and a token");
  EXPECT_NE(make({5, 6, 7}, tokenizer_->vocabulary(), 8).find("t.txt: found 3 tokens"), std::string::npos);
  const Vocabulary none = Vocabulary::of_tokens({"[CLS]", "[SEP]", "a"}, "vocab.txt");
  EXPECT_NE(make(ids_, none, 8).find("vocab.txt: found no token \"[MASK]\""), std::string::npos);
}

TEST(SpokenQuestions, AskForWhatASpeakerSays) {
  const std::string text = small_play(200);
  const std::size_t cut = text.size() * 9 / 10;
  const MadeQuestions made = make_spoken_questions(text, cut, "play");
  std::set<std::string> names;
  for (const QuestionFile* file : {&made.training, &made.held_out}) {
    for (const Question& question : file->questions) {
      const std::string& context = file->contexts[question.context];
      const std::vector<std::string> characters = split_characters("context", context);
      std::size_t byte = 0;
      for (std::size_t c = 0; c < question.starts[0].value(); ++c) byte += characters[c].size();
      ASSERT_TRUE(question.text.starts_with("What does ") && question.text.ends_with(" say?"));
      const std::string name = question.text.substr(10, question.text.size() - 15);
      names.insert(name);
      // The whole line behind "NAME:", the only one of that name.
      const std::string speech = name + ":\n" + question.answers[0];
      const std::size_t at = context.find(name + ":");
      ASSERT_EQ(context.compare(at, speech.size(), speech), 0) << context;
      EXPECT_EQ(byte, at + name.size() + 2);
      EXPECT_TRUE(at == 0 || context[at - 1] == '\n');
      EXPECT_TRUE(at + speech.size() == context.size() || context[at + speech.size()] == '\n');
      EXPECT_EQ(context.find(name + ":", at + 1), std::string::npos);
    }
  }
  EXPECT_EQ(names, (std::set<std::string>{"ANNA", "BRUNO", "DORA", "EMIL", "Old Carl"}));
  EXPECT_GT(made.training.questions.size(), 100U);
  EXPECT_GT(made.held_out.questions.size(), 3U);
  // What is held out stands behind what is learned.
  const auto first_line = [](const std::string& context) {
    const std::size_t at = context.find('\n') + 1;
    return context.substr(at, context.find('\n', at) - at);
  };
  EXPECT_LT(text.find(first_line(made.training.contexts.back())), cut);
  EXPECT_GE(text.rfind(first_line(made.held_out.contexts.front())), cut);
  EXPECT_EQ(make_spoken_questions(text, cut, "play").held_out.questions.front().text,
            made.held_out.questions.front().text);
}

TEST(SpokenQuestions, AreWrittenAsSquadAndReadBack) {
  const TemporaryTestFolder folder;
  const std::string text = small_play(200);
  const QuestionFile made = make_spoken_questions(text, text.size() / 2, "play").held_out;
  write_squad(folder.path / "q.json", made, "A play");
  const QuestionFile read = read_squad(folder.path / "q.json", 1000000);
  EXPECT_EQ(read.contexts, made.contexts);
  ASSERT_EQ(read.questions.size(), made.questions.size());
  for (std::size_t q = 0; q < made.questions.size(); ++q) {
    EXPECT_EQ(read.questions[q].id, made.questions[q].id);
    EXPECT_EQ(read.questions[q].text, made.questions[q].text);
    EXPECT_EQ(read.questions[q].context, made.questions[q].context);
    EXPECT_EQ(read.questions[q].answers, made.questions[q].answers);
    EXPECT_EQ(read.questions[q].starts, made.questions[q].starts);
  }
}

TEST(SpokenQuestions, NeedSpeeches) {
  EXPECT_NE(message_of([] {
              make_spoken_questions("no play\nat all\n", 8, "t.txt");
            }).find("t.txt: found 0 and 0 speeches in the first 90 % and in the rest, expected a play"),
            std::string::npos);
}

class Spans : public testing::Test {
 protected:
  Spans() {
    // é and è are two bytes, one character each.
    file_.contexts = {"été: the river sings of stones, and è of the moon.", "the cloud is stone. the moon is a cloud."};
    file_.questions = {{"q0", "who sings?", 0, {"river"}, {9}},
                       {"q1", "of what?", 0, {"the moon"}, {41}},
                       {"q2", "stone?", 1, {"cloud"}, {4}}};
  }

  std::unique_ptr<SpanTask> task(const QuestionFile& training, std::size_t length = 40) {
    std::string all;
    for (const std::string& context : file_.contexts) all += context + " who sings of what?";
    return std::make_unique<SpanTask>(pieces_of(all, 100), training, file_, SpanSizes{4, length, length, 1}, "train",
                                      "held out");
  }

  QuestionFile file_;
};

TEST_F(Spans, TargetsAreTheTokensOfTheAnswer) {
  std::string all;
  for (const std::string& context : file_.contexts) all += context + " who sings of what?";
  const auto tokenizer = pieces_of(all, 100);
  const auto spelt = [&](const Batch& batch, std::int64_t row, std::int64_t begin, std::int64_t end) {
    std::string text;
    std::vector<std::string> tokens(100);
    tokenizer->vocabulary().for_each([&](const std::string& token, std::size_t id) { tokens[id] = token; });
    for (std::int64_t t = begin; t <= end; ++t) {
      const std::string& token = tokens[batch.inputs.ids[row][t].item<std::int64_t>()];
      text += token.starts_with("##") ? token.substr(2) : (text.empty() ? "" : " ") + token;
    }
    return text;
  };
  std::set<std::string> answers;
  const auto made = task(file_);
  for (std::size_t step = 0; step < 10; ++step) {
    const Batch batch = made->batch(step);
    ASSERT_EQ(batch.targets.numel(), 8);
    for (std::int64_t row = 0; row < 4; ++row) {
      answers.insert(
          spelt(batch, row, batch.targets[row].item<std::int64_t>(), batch.targets[4 + row].item<std::int64_t>()));
    }
    // No logit outside of a context: not before it, not at [SEP], not at padding.
    const torch::Tensor logits = made->logits({torch::zeros({batch.inputs.ids.numel(), 2}), {}}, batch);
    ASSERT_EQ(logits.size(0), 8);
    const torch::Tensor open = logits.eq(0).slice(0, 0, 4).sum(1);
    EXPECT_TRUE(open.equal(batch.inputs.types.sum(1) - 1));
    EXPECT_TRUE(logits.gather(1, batch.targets.view({8, 1})).eq(0).all().item<bool>());
  }
  EXPECT_EQ(answers, (std::set<std::string>{"river", "the moon", "cloud"}));
}

TEST_F(Spans, AnOracleHasNoLossAndAnswersAreOfAllQuestions) {
  const auto made = task(file_, 24);
  const Validation validation = made->validate(
      [&](const Batch& batch) {
        torch::Tensor logits = torch::zeros({batch.inputs.ids.size(0), batch.inputs.ids.size(1), 2});
        for (std::int64_t s = 0; s < batch.inputs.ids.size(0); ++s) {
          if (batch.targets[s].item<std::int64_t>() == 0) continue;
          logits[s][batch.targets[s].item<std::int64_t>()][0] = 20;
          logits[s][batch.targets[batch.inputs.ids.size(0) + s].item<std::int64_t>()][1] = 20;
        }
        return TorchOutput{logits.view({-1, 2}), {}};
      },
      true);
  EXPECT_LT(validation.loss, 1e-6);
  EXPECT_GE(validation.count, 3U);
  ASSERT_TRUE(validation.answers);
  EXPECT_EQ(validation.answers->questions, 3U);
  EXPECT_LT(validation.answers->exact_match, 100);  // it knows targets, and answers are asked for without them
  EXPECT_FALSE(made->validate(
                       [](const Batch& b) {
                         return TorchOutput{torch::zeros({b.inputs.ids.numel(), 2}), {}};
                       },
                       false)
                   .answers);
}

TEST_F(Spans, TheLastTenthIsSplitOff) {
  QuestionFile all = file_;
  const QuestionFile last = split_off_last_tenth(all, "q.json");
  EXPECT_EQ(all.contexts.size(), 1U);
  EXPECT_EQ(all.questions.size(), 2U);
  ASSERT_EQ(last.questions.size(), 1U);
  EXPECT_EQ(last.questions[0].context, 0U);
  EXPECT_EQ(last.contexts[0], file_.contexts[1]);
  EXPECT_NE(message_of([&] { split_off_last_tenth(all, "q.json"); }).find("q.json: found 1 contexts"),
            std::string::npos);
}

TEST_F(Spans, MistakesAreNamed) {
  const auto refused = [&](const QuestionFile& file, const char* expected, std::size_t length = 40) {
    const std::string message = message_of([&] { task(file, length); });
    EXPECT_NE(message.find(expected), std::string::npos) << message;
  };
  QuestionFile other = file_;
  other.questions[0].starts[0] = 8;
  refused(other, "train: question \"q0\": answers: answer_start: found 8, where the context has \" rive\", expected");
  other.questions[0].starts[0] = 4000;
  refused(other, "answer_start: found 4000, where the context has \"\"");
  other.questions[0].starts[0].reset();
  refused(other, "answer_start: found nothing, expected where the answer begins");
  other = file_;
  other.questions = {file_.questions[1]};
  other.questions[0].answers = {other.contexts[0].substr(0, 40)};
  other.questions[0].starts = {0};
  refused(other, "train: found no answer within a window of 12 tokens", 12);
}

}  // namespace
}  // namespace mixvec::inline pruning
