// Prediction of the next token: windows of a text, nine tenths to learn from and the rest to validate on.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "pruning/train/tasks/task.hpp"

namespace mixvec::inline pruning {

/// Windows of a validation that is not the whole.
inline constexpr std::size_t kPartWindows = 16;

/// Sizes of the task.
struct LanguageWindows {
  std::size_t batch = 8;        ///< windows of a step
  std::size_t length = 256;     ///< tokens of each
  std::size_t positions = 256;  ///< tokens of the windows of the whole validation
  std::uint64_t seed = 1;
};

class LanguageTask final : public Task {
 public:
  /// `where` names the text in messages. Throws InputError if it is too short for windows of that length.
  LanguageTask(std::vector<std::int64_t> ids, const LanguageWindows& windows, const std::string& where);

  [[nodiscard]] Batch batch(std::size_t step) const override;
  /// In windows that do not overlap. Every token but the first is predicted once; the last window may be shorter.
  [[nodiscard]] Validation validate(const Forward& forward, bool whole) const override;
  [[nodiscard]] std::uint64_t hash() const override;

 private:
  std::vector<std::int64_t> ids_;
  LanguageWindows windows_;
  std::span<const std::int64_t> training_;
  std::span<const std::int64_t> validation_;
};

/// Where the `count` windows of a step begin, of `length` tokens and one behind them, in a text of `size` tokens.
std::vector<std::size_t> starts_of(std::uint64_t seed, std::size_t step, std::size_t count, std::size_t length,
                                   std::size_t size);

}  // namespace mixvec::inline pruning
