// LAMBADA's question: which is the last word of a passage?
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "golden/eval/language_model.hpp"
#include "golden/text/tokenizer.hpp"

namespace mixvec::inline golden {

/// A passage as tokens; those from `target` on hold the last word.
struct Passage {
  TokenIds ids;
  std::size_t target = 0;
};

/// Reads a passage a line (empty lines are passed over), at most `limit`. Of a passage that is longer than the model's
/// positions its end is taken. Throws InputError naming file and line: no text, a passage of one word, a last word that
/// does not fit into the positions.
std::vector<Passage> read_passages(const std::filesystem::path& path, const Tokenizer& tokenizer, std::size_t positions,
                                   std::size_t limit);

/// What the model made of the last words.
struct LastWords {
  std::size_t passages = 0;
  std::size_t correct = 0;  ///< words each of whose tokens was the likeliest one behind those before it
  double nats = 0;          ///< sum of -ln p of the words

  [[nodiscard]] double accuracy() const { return static_cast<double>(correct) / static_cast<double>(passages); }
  [[nodiscard]] double perplexity() const;  ///< of a word: e^(nats per passage)
};

LastWords evaluate_last_words(const LanguageModel& model, Arithmetic arithmetic, const std::vector<Passage>& passages,
                              int threads, const std::function<void(double)>& progress = {});

}  // namespace mixvec::inline golden
