// Perplexity of GPT-2 models that predict characters, in binary32, binary64 or the accelerator's arithmetic.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "golden/checkpoint/model.hpp"
#include "golden/config/format_config.hpp"

namespace mixvec::inline golden {

/// kGolden: the accelerator's, bit for bit; embeddings and logits are the host's, in binary64. The others compute all
/// in that format, with the binary16 values of all parameters.
enum class Arithmetic : std::uint8_t { kBinary32, kGolden, kDouble };
const char* name_of(Arithmetic arithmetic);  ///< "binary32", "golden", "double"
/// Throws InputError that lists the names; `where` begins the message.
Arithmetic find_arithmetic(std::string_view where, std::string_view name);

/// Sum of -ln p over the predicted characters.
struct Loss {
  double nats = 0;
  std::size_t characters = 0;

  [[nodiscard]] double mean() const { return nats / static_cast<double>(characters); }
  [[nodiscard]] double perplexity() const;  ///< e^mean
};

/// A GPT-2 checkpoint with vocab.json (character to id), ready to compute. Its output matrix is the word embedding, or
/// lm_head.weight if config.json says that they are not tied.
class CharacterModel {
 public:
  /// Loads and, for golden arithmetic, packs all layers for `format`. Throws InputError: no GPT-2, no vocab.json
  /// that gives each character an id of its own, tensors missing or not finite in binary16.
  CharacterModel(const std::filesystem::path& model_dir, Arithmetic arithmetic, const FormatConfig& format = {});
  ~CharacterModel();
  CharacterModel(const CharacterModel&) = delete;
  CharacterModel& operator=(const CharacterModel&) = delete;

  [[nodiscard]] const ModelConfig& config() const;

  /// Ids of a text's characters. Throws InputError naming the first character that the vocabulary does not have.
  [[nodiscard]] std::vector<std::size_t> encode(const std::filesystem::path& text) const;

  /// Logits, vocabulary × tokens, of ids at positions 0, 1, …; at most config().positions of them. Throws InputError.
  [[nodiscard]] std::vector<double> logits(std::span<const std::size_t> ids, int threads) const;

  /// Cuts ids into windows that predict `context` characters each and share none (the last one may be shorter), and
  /// adds up the loss of at most `limit` windows; `progress` is told the fraction done. Throws InputError unless there
  /// are two ids and 1 ≤ context ≤ config().positions.
  [[nodiscard]] Loss evaluate(std::span<const std::size_t> ids, std::size_t context, std::size_t limit, int threads,
                              const std::function<void(double)>& progress = {}) const;

 private:
  struct Parts;
  std::unique_ptr<const Parts> parts_;
};

}  // namespace mixvec::inline golden
