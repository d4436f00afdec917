// Counts pairs of pieces and joins the most frequent ones.
#include "pruning/train/vocabulary/word_piece_trainer.hpp"

#include <map>
#include <set>

#include "golden/base/error.hpp"
#include "golden/text/unicode.hpp"
#include "golden/text/word_piece_tokenizer.hpp"

namespace mixvec::inline pruning {

namespace {

constexpr const char* kSpecial[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
constexpr std::string_view kContinuing = "##";

using Pieces = std::vector<std::size_t>;
using Pair = std::pair<std::size_t, std::size_t>;

/// Words in pieces, and where pairs of neighbours occur.
class Joiner {
 public:
  explicit Joiner(const std::map<std::vector<std::string>, std::size_t>& words) {
    std::set<std::string> characters;
    for (const auto& [pieces, count] : words) characters.insert(pieces.begin(), pieces.end());
    std::map<std::string, std::size_t> id_of;
    for (const std::string& character : characters) {
      id_of.emplace(character, texts_.size());
      texts_.push_back(character);
    }
    for (const auto& [pieces, count] : words) {
      Pieces& word = words_.emplace_back();
      for (const std::string& piece : pieces) word.push_back(id_of.at(piece));
      counts_.push_back(static_cast<std::int64_t>(count));
      note(words_.size() - 1, 1);
    }
  }

  [[nodiscard]] const std::vector<std::string>& texts() const { return texts_; }

  /// Joins the most frequent pair; false if none occurs twice. `make` says the name of the piece.
  bool join() {
    const Pair* best = nullptr;
    std::int64_t most = 1;
    for (const auto& [pair, place] : places_) {
      if (place.count < most || (place.count == most && (best == nullptr || !before(pair, *best)))) continue;
      best = &pair;
      most = place.count;
    }
    if (best == nullptr || most < 2) return false;
    const Pair pair = *best;
    const std::size_t joined = texts_.size();
    texts_.push_back(texts_[pair.first] + texts_[pair.second].substr(kContinuing.size()));
    for (const std::size_t w : std::set<std::size_t>(places_.at(pair).words)) {
      note(w, -1);
      Pieces& word = words_[w];
      Pieces shorter;
      for (std::size_t i = 0; i < word.size(); ++i) {
        const bool here = i + 1 < word.size() && Pair{word[i], word[i + 1]} == pair;
        shorter.push_back(here ? joined : word[i]);
        if (here) ++i;
      }
      word = std::move(shorter);
      note(w, 1);
    }
    return true;
  }

 private:
  struct Place {
    std::int64_t count = 0;
    std::set<std::size_t> words;
  };

  [[nodiscard]] bool before(const Pair& a, const Pair& b) const {
    return std::tie(texts_[a.first], texts_[a.second]) < std::tie(texts_[b.first], texts_[b.second]);
  }

  /// Counts the pairs of a word, or takes them away.
  void note(std::size_t w, std::int64_t sign) {
    const Pieces& word = words_[w];
    for (std::size_t i = 0; i + 1 < word.size(); ++i) {
      const auto at = places_.try_emplace({word[i], word[i + 1]}).first;
      at->second.count += sign * counts_[w];
      if (sign > 0) {
        at->second.words.insert(w);
      } else {
        at->second.words.erase(w);
      }
      if (at->second.count == 0) places_.erase(at);
    }
  }

  std::vector<std::string> texts_;
  std::vector<Pieces> words_;
  std::vector<std::int64_t> counts_;
  std::map<Pair, Place> places_;
};

}  // namespace

std::vector<std::string> train_word_pieces(std::string_view text, std::size_t size, const std::string& label) {
  std::map<std::vector<std::string>, std::size_t> words;
  const WordPieceTokenizer::Options options;
  for (const std::u32string& word : WordPieceTokenizer::words_of(text, label, options)) {
    if (word.size() > options.most_characters) continue;
    std::vector<std::string> pieces;
    for (const char32_t character : word) {
      std::string& piece = pieces.emplace_back(pieces.empty() ? "" : kContinuing);
      append_utf8(piece, character);
    }
    ++words[pieces];
  }
  Joiner joiner(words);
  const std::size_t special = std::size(kSpecial);
  if (joiner.texts().size() + special > size) {
    fail_input("{}: found {} characters that begin words or go on in them, expected at most {} for a vocabulary of {}",
               label, joiner.texts().size(), size - std::min(size, special), size);
  }
  // Two pairs may spell the same piece, which is then one token.
  std::vector<std::string> tokens(std::begin(kSpecial), std::end(kSpecial));
  std::set<std::string> known(joiner.texts().begin(), joiner.texts().end());
  tokens.insert(tokens.end(), joiner.texts().begin(), joiner.texts().end());
  while (tokens.size() < size && joiner.join()) {
    if (known.insert(joiner.texts().back()).second) tokens.push_back(joiner.texts().back());
  }
  return tokens;
}

}  // namespace mixvec::inline pruning
