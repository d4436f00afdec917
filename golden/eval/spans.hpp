// Answers as parts of a context: where a fine-tuned BERT sees their begin and end.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "golden/eval/encoder_model.hpp"
#include "golden/eval/squad.hpp"
#include "golden/eval/task_head.hpp"

namespace mixvec::inline golden {

/// How a context is cut where it does not fit beside the question.
struct SpanOptions {
  std::size_t sequence = 384;  ///< tokens of a sequence at most; fewer if the model has fewer positions
  std::size_t question = 64;   ///< tokens of the question at most
  std::size_t overlap = 128;   ///< tokens of the context that two windows share, if they are longer
  std::size_t answer = 30;     ///< tokens of an answer at most
};

/// A part of the context's tokens as a sequence.
struct SpanWindow {
  Sequence sequence;
  std::size_t first = 0;   ///< its first token of the context
  std::size_t tokens = 0;  ///< of the context
};

/// Windows that cover the context, which has at least one token. Throws InputError if the positions leave no room.
std::vector<SpanWindow> span_windows(const Frame& frame, const TokenIds& question, const TokenIds& context,
                                     std::size_t positions, const SpanOptions& options);

/// The best answer of a window: begin + end logit is the largest, begin ≤ end, not too long; the first of several.
struct BestSpan {
  std::size_t begin = 0;  ///< of the window's tokens of the context
  std::size_t end = 0;
  double score = 0;
};
BestSpan best_span(const std::vector<double>& begin, const std::vector<double>& end, std::size_t most);

struct SpanResult {
  std::vector<std::string> answers;  ///< of each question
  double f1 = 0;                     ///< mean, in percent as the official script has it
  double exact = 0;                  ///< in percent
};

/// Logits of begin and end for the window's tokens of the context.
struct SpanLogits {
  std::vector<double> begin;
  std::vector<double> end;
};

/// What computes them, on at most so many threads.
using SpanPlaces = std::function<SpanLogits(const SpanWindow& window, int threads)>;

/// Answers all questions and scores the answers. In golden arithmetic one sequence runs on all threads, else each on
/// one.
SpanResult answer_questions(const SpanPlaces& places, Arithmetic arithmetic, const Tokenizer& tokenizer,
                            const QuestionFile& file, std::size_t positions, int threads,
                            const SpanOptions& options = {}, const std::function<void(double)>& progress = {});

/// The same by a model.
SpanResult answer_questions(const EncoderModel& model, const HeadMatrix& head, Arithmetic arithmetic,
                            const Tokenizer& tokenizer, const QuestionFile& file, std::size_t positions, int threads,
                            const SpanOptions& options = {}, const std::function<void(double)>& progress = {});

}  // namespace mixvec::inline golden
