// Tests of spans: windows that cover a context, the best span by trying all, a small model's answers written out.
#include "golden/eval/spans.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "golden/base/random.hpp"
#include "golden/layer/layer_reference.hpp"
#include "golden/tests/eval/fine_tuned_checkpoint.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline golden {
namespace {

Vocabulary small_vocabulary() {
  const TemporaryTestFolder folder;
  write_file(folder.path / "vocab.txt", kSmallWords);
  return Vocabulary::of_lines(folder.path / "vocab.txt", 11);
}

TEST(Spans, WindowsCoverTheContext) {
  const Frame frame(small_vocabulary());
  const TokenIds question{9, 3};
  std::size_t several = 0;
  for (std::size_t size = 1; size < 60; ++size) {
    TokenIds context(size);
    for (std::size_t i = 0; i < size; ++i) context[i] = 100 + i;
    const SpanOptions options{.sequence = 20, .overlap = 5};
    const std::vector<SpanWindow> windows = span_windows(frame, question, context, 512, options);
    std::size_t covered = 0;
    for (const SpanWindow& window : windows) {
      ASSERT_LE(window.first, covered);
      // Two windows share five tokens.
      EXPECT_EQ(covered - window.first, window.first > 0 ? 5U : 0U);
      covered = window.first + window.tokens;
      EXPECT_LE(window.sequence.ids.size(), 20U);
      EXPECT_EQ(window.sequence.second, 4U);
      for (std::size_t i = 0; i < window.tokens; ++i) {
        ASSERT_EQ(window.sequence.ids[window.sequence.second + i], context[window.first + i]);
      }
    }
    EXPECT_EQ(covered, size);
    several += windows.size() > 1 ? 1 : 0;
  }
  EXPECT_GT(several, 40U);
  // Fewer positions than the overlap: half a window each.
  const std::vector<SpanWindow> small = span_windows(frame, question, TokenIds(9), 8, {});
  EXPECT_EQ(small.size(), 4U);
  EXPECT_EQ(small[1].first, 2U);
  EXPECT_EQ(span_windows(frame, TokenIds(300), TokenIds(9), 512, {}).at(0).sequence.second, 66U);
  EXPECT_EQ(message_of([&] { (void)span_windows(frame, TokenIds(20), TokenIds(9), 16, {}); }),
            "found a question of 20 tokens for sequences of 16, expected at most 12");
}

TEST(Spans, TheBestIsTheBestOfAll) {
  const std::uint64_t seed = 3;
  Random random(seed);
  std::size_t compared = 0;
  for (int i = 0; i < 500; ++i) {
    const std::size_t size = 1 + random.below(12);
    const std::size_t most = 1 + random.below(6);
    std::vector<double> begin(size);
    std::vector<double> end(size);
    for (double& value : begin) value = random.below(9);
    for (double& value : end) value = random.below(9);
    const BestSpan found = best_span(begin, end, most);
    EXPECT_LE(found.begin, found.end);
    EXPECT_LE(found.end - found.begin + 1, most);
    EXPECT_EQ(found.score, begin[found.begin] + end[found.end]);
    for (std::size_t b = 0; b < size; ++b) {
      for (std::size_t e = b; e < size && e - b < most; ++e) {
        EXPECT_LE(begin[b] + end[e], found.score);
        ++compared;
      }
    }
  }
  EXPECT_GT(compared, 5000U);
}

TEST(Spans, AnswersAreThoseWrittenOut) {
  const TemporaryTestFolder folder;
  write_fine_tuned("bert", folder.path / "model");
  const Model model = Model::open(folder.path / "model");
  const std::unique_ptr<Tokenizer> tokenizer = open_tokenizer(model);
  QuestionFile file;
  file.contexts = {"A  b, c. aba", "b c a b c a b c a b c a b c a", "d"};
  file.questions = {{"0", "who a", 0, {"x"}}, {"1", "who", 1, {"x"}}, {"2", "a", 0, {"x"}}, {"3", "b", 2, {"D."}}};
  const HeadMatrix head = load_span_head(model);
  const EncoderModel plain(model, Arithmetic::kDouble, true);
  const Frame frame(tokenizer->vocabulary());
  std::vector<std::string> expected;
  for (const Question& question : file.questions) {
    const std::string& text = file.contexts[question.context];
    const std::vector<Token> tokens = tokenizer->tokenize(text, "context");
    const TokenIds ids = tokenizer->encode(text);
    double best = -1e300;
    std::string answer;
    for (const SpanWindow& window : span_windows(frame, tokenizer->encode(question.text), ids, 16, {})) {
      const std::size_t n = window.sequence.ids.size();
      std::vector<double> x = plain.embed(window.sequence);
      for (std::size_t l = 0; l < 2; ++l) x = ReferenceLayer<double>(load_layer(model, l)).run(x, n);
      const auto score = [&](std::size_t row, std::size_t place) {
        double sum = head.bias[row];
        for (std::size_t c = 0; c < 8; ++c) sum += head.weight[row * 8 + c] * x[c * n + window.sequence.second + place];
        return sum;
      };
      for (std::size_t b = 0; b < window.tokens; ++b) {
        for (std::size_t e = b; e < window.tokens && e < b + 30; ++e) {
          if (score(0, b) + score(1, e) <= best) continue;
          best = score(0, b) + score(1, e);
          const std::size_t from = tokens[window.first + b].begin;
          answer = text.substr(from, tokens[window.first + e].end - from);
        }
      }
    }
    expected.push_back(answer);
  }
  for (const Arithmetic arithmetic : {Arithmetic::kDouble, Arithmetic::kBinary32, Arithmetic::kGolden}) {
    const SpanResult result = answer_questions(EncoderModel(model, arithmetic, true), head, arithmetic, *tokenizer,
                                               file, model.config().positions, 2);
    // In binary16 the scores of this model, which is not trained, may change places.
    if (arithmetic != Arithmetic::kGolden) {
      EXPECT_EQ(result.answers, expected) << name_of(arithmetic);
    }
    // The last context has one answer only, which is right.
    EXPECT_DOUBLE_EQ(result.exact, 25);
    EXPECT_DOUBLE_EQ(result.f1, 25);
  }
  file.contexts[0] = "";
  const SpanResult none =
      answer_questions(plain, head, Arithmetic::kDouble, *tokenizer, file, model.config().positions, 1);
  EXPECT_EQ(none.answers[0], "");
}

}  // namespace
}  // namespace mixvec::inline golden
