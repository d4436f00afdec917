// Answers as spans of a context: questions in SQuAD's form, to learn from and to validate on.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "golden/eval/spans.hpp"
#include "golden/eval/squad.hpp"
#include "golden/text/tokenizer.hpp"
#include "pruning/train/tasks/task.hpp"

namespace mixvec::inline pruning {

/// Sizes of the task.
struct SpanSizes {
  std::size_t batch = 8;        ///< windows of a step
  std::size_t length = 128;     ///< tokens of each, question and frame with them, while learning
  std::size_t positions = 128;  ///< tokens of each where all answers are scored: what eval_model takes
  std::uint64_t seed = 1;
};

/// Predicts begin and end among the tokens of the context (Devlin 2019). Windows of a context are cut as eval_model
/// cuts them; those without the answer are not learned from. All answers are scored by what eval_model runs.
class SpanTask final : public Task {
 public:
  /// `where` and `held_out_where` name the files in messages. Throws InputError for questions without answer_start or
  /// whose context has another text there, and if nothing fits a window.
  SpanTask(std::unique_ptr<const Tokenizer> tokenizer, const QuestionFile& training, QuestionFile held_out,
           const SpanSizes& sizes, const std::string& where, const std::string& held_out_where);

  [[nodiscard]] Batch batch(std::size_t step) const override;
  /// Rows: begins of all sequences, then their ends; classes are tokens.
  [[nodiscard]] torch::Tensor logits(const TorchOutput& output, const Batch& batch) const override;
  [[nodiscard]] Validation validate(const Forward& forward, bool whole) const override;
  [[nodiscard]] std::uint64_t hash() const override;

 private:
  /// A window that holds the answer.
  struct Example {
    std::vector<std::int32_t> ids;
    std::size_t second = 0;  ///< where the context begins
    std::size_t begin = 0;   ///< first token of the answer
    std::size_t end = 0;     ///< last token of the answer
  };

  [[nodiscard]] std::vector<Example> examples_of(const QuestionFile& file, const std::string& where) const;
  [[nodiscard]] Batch batch_of(const std::vector<const Example*>& examples) const;

  std::unique_ptr<const Tokenizer> tokenizer_;
  SpanSizes sizes_;
  std::int64_t padding_;
  QuestionFile held_out_;
  std::vector<Example> training_;
  std::vector<Example> validation_;
};

/// Splits off the questions of the last tenth of the contexts. Throws InputError if one part would be empty.
QuestionFile split_off_last_tenth(QuestionFile& file, const std::string& where);

}  // namespace mixvec::inline pruning
