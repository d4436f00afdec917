// Cuts questions into windows, and scores what a network finds in them.
#include "pruning/train/tasks/span_task.hpp"

#include <algorithm>
#include <optional>

#include "golden/base/error.hpp"
#include "golden/base/hash.hpp"
#include "golden/base/text.hpp"
#include "golden/text/unicode.hpp"

namespace mixvec::inline pruning {

namespace {

constexpr std::size_t kPartExamples = 64;  // of a validation that is not the whole
constexpr double kNowhere = -1e4;          // logit of tokens that are no part of a context

/// Bytes of an answer in its context.
struct Bytes {
  std::size_t begin = 0;
  std::size_t end = 0;
};

Bytes bytes_of(const Question& question, const std::string& context, const std::string& where) {
  const std::string& answer = question.answers.front();
  const std::optional<std::size_t> start = question.starts.front();
  if (!start) {
    fail_input("{}: question {}: answers: answer_start: found nothing, expected where the answer begins", where,
               quote(question.id));
  }
  std::size_t begin = 0;
  for (std::size_t c = 0; c < *start && begin < context.size(); ++c) (void)next_character(context, begin, where);
  if (answer.empty() || context.compare(begin, answer.size(), answer) != 0) {
    fail_input("{}: question {}: answers: answer_start: found {}, where the context has {}, expected the place of {}",
               where, quote(question.id), *start, quote(context.substr(begin, answer.size())), quote(answer));
  }
  return {begin, begin + answer.size()};
}

}  // namespace

SpanTask::SpanTask(std::unique_ptr<const Tokenizer> tokenizer, const QuestionFile& training, QuestionFile held_out,
                   const SpanSizes& sizes, const std::string& where, const std::string& held_out_where)
    : tokenizer_(std::move(tokenizer)),
      sizes_(sizes),
      padding_(static_cast<std::int64_t>(tokenizer_->vocabulary().find("[PAD]").value_or(0))),
      held_out_(std::move(held_out)),
      training_(examples_of(training, where)),
      validation_(examples_of(held_out_, held_out_where)) {}

std::vector<SpanTask::Example> SpanTask::examples_of(const QuestionFile& file, const std::string& where) const {
  const Frame frame(tokenizer_->vocabulary());
  SpanOptions options;
  options.sequence = sizes_.length;
  std::vector<std::vector<Token>> contexts;
  for (const std::string& context : file.contexts) contexts.push_back(tokenizer_->tokenize(context, where));
  std::vector<Example> examples;
  for (const Question& question : file.questions) {
    const std::vector<Token>& context = contexts[question.context];
    const Bytes bytes = bytes_of(question, file.contexts[question.context], where);
    TokenIds ids;
    for (const Token& token : context) ids.push_back(token.id);
    const auto first =
        std::find_if(context.begin(), context.end(), [&](const Token& t) { return t.end > bytes.begin; });
    const auto behind = std::find_if(first, context.end(), [&](const Token& t) { return t.begin >= bytes.end; });
    if (first == behind) continue;
    const auto begin = static_cast<std::size_t>(first - context.begin());
    const auto end = static_cast<std::size_t>(behind - context.begin()) - 1;
    for (const SpanWindow& window :
         span_windows(frame, tokenizer_->encode(question.text, where), ids, sizes_.length, options)) {
      if (begin < window.first || end >= window.first + window.tokens) continue;
      Example& example = examples.emplace_back();
      example.ids.assign(window.sequence.ids.begin(), window.sequence.ids.end());
      example.second = window.sequence.second;
      example.begin = window.sequence.second + begin - window.first;
      example.end = window.sequence.second + end - window.first;
    }
  }
  if (examples.empty()) {
    fail_input("{}: found no answer within a window of {} tokens, expected at least one", where, sizes_.length);
  }
  return examples;
}

Batch SpanTask::batch_of(const std::vector<const Example*>& examples) const {
  std::size_t tokens = 0;
  for (const Example* example : examples) tokens = std::max(tokens, example->ids.size());
  const auto count = static_cast<std::int64_t>(examples.size());
  const std::vector<std::int64_t> shape{count, static_cast<std::int64_t>(tokens)};
  Batch batch;
  batch.inputs.ids = torch::full(shape, padding_, torch::kInt64);
  batch.inputs.types = torch::zeros(shape, torch::kInt64);
  batch.inputs.present = torch::zeros(shape, torch::kBool);
  batch.targets = torch::empty({2 * count}, torch::kInt64);
  auto* const targets = batch.targets.data_ptr<std::int64_t>();
  for (std::size_t e = 0; e < examples.size(); ++e) {
    const Example& example = *examples[e];
    const std::size_t row = e * tokens;
    std::copy(example.ids.begin(), example.ids.end(), batch.inputs.ids.data_ptr<std::int64_t>() + row);
    std::fill_n(batch.inputs.types.data_ptr<std::int64_t>() + row + example.second, example.ids.size() - example.second,
                1);
    std::fill_n(batch.inputs.present.data_ptr<bool>() + row, example.ids.size(), true);
    targets[e] = static_cast<std::int64_t>(example.begin);
    targets[examples.size() + e] = static_cast<std::int64_t>(example.end);
  }
  return batch;
}

Batch SpanTask::batch(std::size_t step) const {
  StepDraws draws(sizes_.seed, step);
  std::vector<const Example*> examples(sizes_.batch);
  for (const Example*& example : examples) example = &training_[draws.below(training_.size())];
  return batch_of(examples);
}

torch::Tensor SpanTask::logits(const TorchOutput& output, const Batch& batch) const {
  const std::int64_t sequences = batch.inputs.ids.size(0);
  const std::int64_t tokens = batch.inputs.ids.size(1);
  // Tokens of type 1 that have another one behind them: the last is [SEP].
  const torch::Tensor context =
      torch::cat({batch.inputs.types.slice(1, 1), torch::zeros({sequences, 1}, torch::kInt64)}, 1)
          .logical_and(batch.inputs.types);
  return output.logits.view({sequences, tokens, 2})
      .permute({2, 0, 1})
      .masked_fill(context.logical_not(), kNowhere)
      .reshape({2 * sequences, tokens});
}

Validation SpanTask::validate(const Forward& forward, bool whole) const {
  const torch::NoGradGuard no_grad;
  Validation result;
  double sum = 0;
  const std::size_t stride = whole ? 1 : (validation_.size() + kPartExamples - 1) / kPartExamples;
  std::vector<const Example*> examples;
  const auto run = [&] {
    if (examples.empty()) return;
    const Batch batch = batch_of(examples);
    sum += loss(forward(batch), batch).item<double>() * static_cast<double>(examples.size());
    result.count += examples.size();
    examples.clear();
  };
  for (std::size_t e = 0; e < validation_.size(); e += stride) {
    examples.push_back(&validation_[e]);
    if (examples.size() == sizes_.batch) run();
  }
  run();
  result.loss = sum / static_cast<double>(result.count);
  if (!whole) return result;
  const SpanPlaces places = [&](const SpanWindow& window, int) {
    const Example example{{window.sequence.ids.begin(), window.sequence.ids.end()}, window.sequence.second, 0, 0};
    const torch::Tensor both = forward(batch_of({&example})).logits.to(torch::kFloat64).contiguous();
    const double* const values = both.data_ptr<double>() + 2 * window.sequence.second;
    SpanLogits logits;
    for (std::size_t t = 0; t < window.tokens; ++t) {
      logits.begin.push_back(values[2 * t]);
      logits.end.push_back(values[2 * t + 1]);
    }
    return logits;
  };
  const SpanResult answers =
      answer_questions(places, Arithmetic::kBinary32, *tokenizer_, held_out_, sizes_.positions, 1);
  result.answers = AnswerQuality{answers.f1, answers.exact, held_out_.questions.size()};
  return result;
}

std::uint64_t SpanTask::hash() const {
  std::uint64_t hash = fnv1a("span");
  for (const std::vector<Example>* part : {&training_, &validation_}) {
    for (const Example& e : *part) {
      const std::size_t places[] = {e.second, e.begin, e.end};
      hash = fnv1a({reinterpret_cast<const char*>(e.ids.data()), e.ids.size() * sizeof(e.ids[0])}, hash);
      hash = fnv1a({reinterpret_cast<const char*>(places), sizeof(places)}, hash);
    }
  }
  return hash;
}

QuestionFile split_off_last_tenth(QuestionFile& file, const std::string& where) {
  const std::size_t contexts = file.contexts.size() * 9 / 10;
  const auto behind = std::find_if(file.questions.begin(), file.questions.end(),
                                   [&](const Question& q) { return q.context >= contexts; });
  QuestionFile last;
  last.contexts.assign(file.contexts.begin() + static_cast<std::ptrdiff_t>(contexts), file.contexts.end());
  last.questions.assign(behind, file.questions.end());
  for (Question& question : last.questions) question.context -= contexts;
  file.questions.erase(behind, file.questions.end());
  file.contexts.resize(contexts);
  if (file.questions.empty() || last.questions.empty()) {
    fail_input("{}: found {} contexts, expected at least 2: the last tenth is held out; or give --squad-held-out",
               where, contexts + last.contexts.size());
  }
  return last;
}

}  // namespace mixvec::inline pruning
