// Answers questions window by window.
#include "golden/eval/spans.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "golden/base/error.hpp"
#include "golden/eval/language_model.hpp"

namespace mixvec::inline golden {

namespace {

SpanLogits places_of(const EncoderModel& model, const HeadMatrix& head, const SpanWindow& window, int threads) {
  const std::size_t tokens = window.sequence.ids.size();
  const std::vector<double> y = model.run(model.embed(window.sequence), tokens, threads);
  SpanLogits result;
  std::vector<double> token(head.in);
  for (std::size_t t = window.sequence.second; t < window.sequence.second + window.tokens; ++t) {
    for (std::size_t c = 0; c < head.in; ++c) token[c] = y[c * tokens + t];
    const std::vector<double> both = head(token);
    result.begin.push_back(both[0]);
    result.end.push_back(both[1]);
  }
  return result;
}

}  // namespace

std::vector<SpanWindow> span_windows(const Frame& frame, const TokenIds& question, const TokenIds& context,
                                     std::size_t positions, const SpanOptions& options) {
  const std::size_t asked = std::min(question.size(), options.question);
  const std::size_t taken = asked + frame.size(true);
  const std::size_t most = std::min(options.sequence, positions);
  if (taken >= most) {
    fail_input("found a question of {} tokens for sequences of {}, expected at most {}", asked, most,
               most - std::min(most, frame.size(true) + 1));
  }
  const std::size_t room = most - taken;
  const std::size_t step = room > options.overlap ? room - options.overlap : (room + 1) / 2;
  std::vector<SpanWindow> windows;
  for (std::size_t first = 0;; first += step) {
    SpanWindow window;
    window.first = first;
    window.tokens = std::min(room, context.size() - first);
    window.sequence = frame.around(std::span(question).first(asked), std::span(context).subspan(first, window.tokens));
    windows.push_back(std::move(window));
    if (first + room >= context.size()) return windows;
  }
}

BestSpan best_span(const std::vector<double>& begin, const std::vector<double>& end, std::size_t most) {
  std::optional<BestSpan> best;
  for (std::size_t b = 0; b < begin.size(); ++b) {
    for (std::size_t e = b; e < std::min(end.size(), b + most); ++e) {
      const double score = begin[b] + end[e];
      if (!best || score > best->score) best = BestSpan{b, e, score};
    }
  }
  return best.value_or(BestSpan{});
}

SpanResult answer_questions(const EncoderModel& model, const HeadMatrix& head, Arithmetic arithmetic,
                            const Tokenizer& tokenizer, const QuestionFile& file, std::size_t positions, int threads,
                            const SpanOptions& options, const std::function<void(double)>& progress) {
  const auto places = [&](const SpanWindow& window, int own_threads) {
    return places_of(model, head, window, own_threads);
  };
  return answer_questions(places, arithmetic, tokenizer, file, positions, threads, options, progress);
}

SpanResult answer_questions(const SpanPlaces& places, Arithmetic arithmetic, const Tokenizer& tokenizer,
                            const QuestionFile& file, std::size_t positions, int threads, const SpanOptions& options,
                            const std::function<void(double)>& progress) {
  const Frame frame(tokenizer.vocabulary());
  std::vector<std::vector<Token>> contexts;
  for (std::size_t i = 0; i < file.contexts.size(); ++i) {
    contexts.push_back(tokenizer.tokenize(file.contexts[i], fmt::format("context {}", i)));
  }
  SpanResult result;
  result.answers.resize(file.questions.size());
  for_each_sequence(
      arithmetic, file.questions.size(), threads,
      [&](std::size_t i, int own_threads) {
        const Question& question = file.questions[i];
        const std::vector<Token>& context = contexts[question.context];
        if (context.empty()) return;
        TokenIds ids;
        for (const Token& token : context) ids.push_back(token.id);
        const TokenIds asked = tokenizer.encode(question.text, question.id);
        std::optional<double> best;
        for (const SpanWindow& window : span_windows(frame, asked, ids, positions, options)) {
          const auto [begin, end] = places(window, own_threads);
          const BestSpan span = best_span(begin, end, options.answer);
          if (best && span.score <= *best) continue;
          best = span.score;
          const std::size_t first = context[window.first + span.begin].begin;
          result.answers[i] =
              file.contexts[question.context].substr(first, context[window.first + span.end].end - first);
        }
      },
      progress);
  for (std::size_t i = 0; i < file.questions.size(); ++i) {
    const AnswerScore score = score_answer(result.answers[i], file.questions[i].answers);
    result.f1 += score.f1;
    result.exact += score.exact ? 1 : 0;
  }
  const double percent = 100.0 / static_cast<double>(file.questions.size());
  result.f1 *= percent;
  result.exact *= percent;
  return result;
}

}  // namespace mixvec::inline golden
