// Predicts last words.
#include "golden/eval/last_word.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/text/character_text.hpp"
#include "golden/text/lines.hpp"

namespace mixvec::inline golden {

namespace {

Passage passage_of(std::string_view line, const std::string& label, const Tokenizer& tokenizer, std::size_t positions) {
  while (!line.empty() && is_space(line.back())) line.remove_suffix(1);
  const std::size_t blank = line.find_last_of(" \t");
  if (blank == std::string_view::npos || line.find_first_not_of(" \t") > blank) {
    fail_input("{}: found {}, expected a passage of two words or more", label, quote(line));
  }
  const std::vector<Token> tokens = tokenizer.tokenize(line, label);
  Passage passage;
  for (const Token& token : tokens) {
    passage.target += token.end <= blank + 1 ? 1 : 0;
    passage.ids.push_back(token.id);
  }
  const std::size_t word = passage.ids.size() - passage.target;
  if (word > positions || passage.target == 0) {
    fail_input(
        "{}: found a last word of {} of the {} tokens, expected at most {}, the model's positions, and one before",
        label, word, passage.ids.size(), positions);
  }
  // The last token is not an input.
  if (passage.ids.size() > positions + 1) {
    const std::size_t cut = passage.ids.size() - positions - 1;
    passage.ids.erase(passage.ids.begin(), passage.ids.begin() + static_cast<std::ptrdiff_t>(cut));
    passage.target -= cut;
  }
  return passage;
}

}  // namespace

std::vector<Passage> read_passages(const std::filesystem::path& path, const Tokenizer& tokenizer, std::size_t positions,
                                   std::size_t limit) {
  std::vector<Passage> passages;
  for_each_line(read_text(path), [&](std::size_t number, std::string_view line) {
    if (passages.size() == limit) return;
    passages.push_back(passage_of(line, fmt::format("{}: line {}", path.string(), number), tokenizer, positions));
  });
  if (passages.empty()) fail_input("{}: found empty lines alone, expected a passage a line", path.string());
  return passages;
}

double LastWords::perplexity() const { return std::exp(nats / static_cast<double>(passages)); }

LastWords evaluate_last_words(const LanguageModel& model, Arithmetic arithmetic, const std::vector<Passage>& passages,
                              int threads, const std::function<void(double)>& progress) {
  std::vector<LastWords> each(passages.size());
  for_each_sequence(
      arithmetic, passages.size(), threads,
      [&](std::size_t i, int own_threads) {
        const Passage& passage = passages[i];
        const std::vector<Prediction> predictions = model.predict(passage.ids, passage.target, own_threads);
        bool correct = true;
        for (std::size_t k = 0; k < predictions.size(); ++k) {
          each[i].nats += predictions[k].nats;
          correct = correct && predictions[k].likeliest == passage.ids[passage.target + k];
        }
        each[i].correct = correct ? 1 : 0;
      },
      progress);
  LastWords all;
  all.passages = passages.size();
  for (const LastWords& one : each) {
    all.correct += one.correct;
    all.nats += one.nats;
  }
  return all;
}

}  // namespace mixvec::inline golden
