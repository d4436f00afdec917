// Prediction of masked tokens: windows of a text between [CLS] and [SEP], nine tenths to learn from and the rest to
// validate on.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "golden/eval/encoder_model.hpp"
#include "golden/text/tokenizer.hpp"
#include "pruning/train/tasks/language_task.hpp"
#include "pruning/train/tasks/task.hpp"

namespace mixvec::inline pruning {

/// Of a window's tokens 15 % are asked for, at least one; of these 80 % are replaced by [MASK], 10 % by any token, and
/// 10 % stay (Devlin 2019). Masks of the validation are the same for every run.
class MaskedLanguageTask final : public Task {
 public:
  /// Lengths count the frame. `where` names the text in messages. Throws InputError for a vocabulary without [CLS],
  /// [SEP] and [MASK], and for a text that is too short for windows of that length.
  MaskedLanguageTask(const TokenIds& ids, const Vocabulary& vocabulary, const LanguageWindows& windows,
                     const std::string& where);

  [[nodiscard]] Batch batch(std::size_t step) const override;
  /// In windows that do not overlap; the last may be shorter.
  [[nodiscard]] Validation validate(const Forward& forward, bool whole) const override;
  [[nodiscard]] std::uint64_t hash() const override;

 private:
  [[nodiscard]] Batch batch_of(std::span<const std::size_t> split, const std::vector<std::size_t>& starts,
                               std::size_t length, StepDraws draws) const;

  TokenIds ids_;
  LanguageWindows windows_;
  Frame frame_;
  std::size_t mask_;
  std::vector<std::size_t> words_;  // ids of tokens that stand for text
  std::span<const std::size_t> training_;
  std::span<const std::size_t> validation_;
};

}  // namespace mixvec::inline pruning
