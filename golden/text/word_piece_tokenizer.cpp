// Splits texts into words as BERT's BasicTokenizer does, and words into pieces.
#include "golden/text/word_piece_tokenizer.hpp"

#include <array>

#include "golden/text/unicode.hpp"

namespace mixvec::inline golden {

namespace {

struct Range {
  char32_t first;
  char32_t last;
};

// The blocks of CJK ideographs that BERT takes apart; not those of Hangul, Hiragana and Katakana.
constexpr std::array<Range, 8> kIdeographs{{{0x4E00, 0x9FFF},
                                            {0x3400, 0x4DBF},
                                            {0x20000, 0x2A6DF},
                                            {0x2A700, 0x2B73F},
                                            {0x2B740, 0x2B81F},
                                            {0x2B820, 0x2CEAF},
                                            {0xF900, 0xFAFF},
                                            {0x2F800, 0x2FA1F}}};

bool is_ideograph(char32_t character) {
  for (const Range& range : kIdeographs) {
    if (character >= range.first && character <= range.last) return true;
  }
  return false;
}

// Symbols of ASCII count: "$" and "^" are no punctuation of Unicode's.
bool splits_words(char32_t character) {
  const bool symbol = character > 0x20 && character < 0x7F && !is_letter(character) && !is_number(character);
  return symbol || is_punctuation(character);
}

// Tabs and line ends are controls, too, but space.
bool is_dropped(char32_t character) {
  if (character == U'\t' || character == U'\n' || character == U'\r') return false;
  return character == 0 || character == 0xFFFD || is_other(character);
}

}  // namespace

WordPieceTokenizer::WordPieceTokenizer(Vocabulary of, Options options)
    : Tokenizer(std::move(of)), options_(std::move(options)), unknown_(vocabulary().at(options_.unknown)) {}

std::vector<WordPieceTokenizer::Word> WordPieceTokenizer::split(std::string_view text, std::string_view label,
                                                                const Options& options) {
  std::vector<Word> words;
  bool open = false;  // the last word goes on
  const auto alone = [&](const Character& character) {
    words.push_back({character});
    open = false;
  };
  const auto add = [&](const Character& character) {
    if (splits_words(character.value)) return alone(character);
    if (!open) words.emplace_back();
    open = true;
    words.back().push_back(character);
  };
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const char32_t character = next_character(text, at, label);
    if (options.clean && is_dropped(character)) continue;
    if (is_white_space(character)) {
      open = false;
      continue;
    }
    const bool ideograph = options.split_chinese && is_ideograph(character);
    if (ideograph) open = false;
    const std::u32string plain = options.strip_accents ? without_marks(character) : std::u32string(1, character);
    for (const char32_t part : plain) {
      for (const char32_t c : options.lower_case ? lower_case(part) : std::u32string(1, part)) add({c, begin, at});
    }
    if (ideograph) open = false;
  }
  return words;
}

std::vector<std::u32string> WordPieceTokenizer::words_of(std::string_view text, std::string_view label,
                                                         const Options& options) {
  std::vector<std::u32string> words;
  for (const Word& word : split(text, label, options)) {
    std::u32string& plain = words.emplace_back();
    for (const Character& character : word) plain.push_back(character.value);
  }
  return words;
}

void WordPieceTokenizer::cut(const Word& word, std::vector<Token>& tokens) const {
  const Token unknown{unknown_, word.front().begin, word.back().end};
  if (word.size() > options_.most_characters) return tokens.push_back(unknown);
  // Where each character begins in the word's bytes.
  std::string bytes;
  std::vector<std::size_t> starts;
  for (const Character& character : word) {
    starts.push_back(bytes.size());
    append_utf8(bytes, character.value);
  }
  starts.push_back(bytes.size());
  const std::size_t before = tokens.size();
  for (std::size_t first = 0; first < word.size();) {
    std::size_t last = word.size();
    std::optional<std::size_t> id;
    for (; last > first; --last) {
      const std::string piece = bytes.substr(starts[first], starts[last] - starts[first]);
      id = vocabulary().find(first == 0 ? piece : options_.continuing + piece);
      if (id) break;
    }
    if (!id) {
      tokens.resize(before);
      return tokens.push_back(unknown);
    }
    tokens.push_back({*id, word[first].begin, word[last - 1].end});
    first = last;
  }
}

std::vector<Token> WordPieceTokenizer::tokenize(std::string_view text, std::string_view label) const {
  std::vector<Token> tokens;
  for (const Word& word : split(text, label, options_)) cut(word, tokens);
  return tokens;
}

}  // namespace mixvec::inline golden
