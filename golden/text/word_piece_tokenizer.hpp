// WordPiece as BERT uses it: words, each cut into the longest pieces that the vocabulary has.
#pragma once

#include <string>
#include <vector>

#include "golden/text/tokenizer.hpp"

namespace mixvec::inline golden {

class WordPieceTokenizer : public Tokenizer {
 public:
  struct Options {
    bool clean = true;          ///< controls go, white space of all kinds becomes blanks
    bool split_chinese = true;  ///< each ideograph is a word
    bool lower_case = true;
    bool strip_accents = true;          ///< decomposed (NFD), without nonspacing marks
    std::string unknown = "[UNK]";      ///< for words that have no pieces
    std::string continuing = "##";      ///< begins pieces that do not begin a word
    std::size_t most_characters = 100;  ///< of a word; longer ones are unknown
  };

  /// Throws InputError if the vocabulary has no token for unknown words.
  WordPieceTokenizer(Vocabulary vocabulary, Options options);

  [[nodiscard]] const char* unit() const override { return "word piece"; }
  [[nodiscard]] std::vector<Token> tokenize(std::string_view text, std::string_view label) const override;

  /// The words of a text in order, plain as they are looked up: what pieces are made of. Throws InputError that begins
  /// with `label` for bytes that are no UTF-8.
  static std::vector<std::u32string> words_of(std::string_view text, std::string_view label, const Options& options);

 private:
  /// A character of a word, and the bytes of the text that it comes from.
  struct Character {
    char32_t value = 0;
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  using Word = std::vector<Character>;

  static std::vector<Word> split(std::string_view text, std::string_view label, const Options& options);
  void cut(const Word& word, std::vector<Token>& tokens) const;

  Options options_;
  std::size_t unknown_ = 0;
};

}  // namespace mixvec::inline golden
