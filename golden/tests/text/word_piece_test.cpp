// Tests of word pieces: the published examples of BERT's tokenizer, and what a longest match is.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "golden/base/random.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/text/unicode.hpp"
#include "golden/text/word_piece_tokenizer.hpp"

namespace mixvec::inline golden {
namespace {

using Strings = std::vector<std::string>;
using Options = WordPieceTokenizer::Options;

WordPieceTokenizer tokenizer_of(const Strings& tokens, const Options& options = {}) {
  nlohmann::json object = nlohmann::json::object();
  for (std::size_t i = 0; i < tokens.size(); ++i) object[tokens[i]] = i;
  return {Vocabulary::of_json(object, "vocab.txt", tokens.size()), options};
}

/// What the text is cut into; every word of `words` is a token.
Strings words_of(const std::string& text, const Strings& words, const Options& options = {}) {
  Strings tokens{"[UNK]"};
  tokens.insert(tokens.end(), words.begin(), words.end());
  Strings result;
  for (const std::size_t id : tokenizer_of(tokens, options).encode(text)) result.push_back(tokens[id]);
  return result;
}

// From tokenization_test.py of google-research/bert.
TEST(WordPieces, PublishedExamples) {
  const Strings tokens{"[UNK]", "[CLS]", "[SEP]", "want", "##want", "##ed", "wa", "un", "runn", "##ing", ","};
  const WordPieceTokenizer tokenizer = tokenizer_of(tokens);
  EXPECT_EQ(tokenizer.encode("UNwant\u00E9d,running"), (TokenIds{7, 4, 5, 10, 8, 9}));
  EXPECT_EQ(tokenizer.encode(""), TokenIds{});
  EXPECT_EQ(tokenizer.encode("unwanted running"), (TokenIds{7, 4, 5, 8, 9}));
  EXPECT_EQ(tokenizer.encode("unwantedX running"), (TokenIds{0, 8, 9}));
  EXPECT_EQ(words_of("ah\u535A\u63A8zz", {"ah", "\u535A", "\u63A8", "zz"}), (Strings{"ah", "\u535A", "\u63A8", "zz"}));
  EXPECT_EQ(words_of(" \tHeLLo!how  \n Are yoU?  ", {"hello", "!", "how", "are", "you", "?"}),
            (Strings{"hello", "!", "how", "are", "you", "?"}));
  EXPECT_EQ(words_of("H\u00E9llo", {"hello"}), Strings{"hello"});
  const Options cased{.lower_case = false, .strip_accents = false};
  EXPECT_EQ(words_of(" \tHeLLo!how  \n Are yoU?  ", {"HeLLo", "!", "how", "Are", "yoU", "?"}, cased),
            (Strings{"HeLLo", "!", "how", "Are", "yoU", "?"}));
  for (const char* space : {" ", "\t", "\r", "\n", "\u00A0"}) {
    EXPECT_EQ(words_of(std::string("a") + space + "a", {"a"}), (Strings{"a", "a"}));
  }
  for (const char* mark : {"-", "$", "`", "."}) {
    EXPECT_EQ(words_of(std::string("a") + mark + "a", {"a", mark}), (Strings{"a", mark, "a"}));
  }
  EXPECT_EQ(words_of(std::string("a") + '\x05' + "a", {"aa"}), Strings{"aa"});
}

TEST(WordPieces, OptionsChangeWhatTheySay) {
  EXPECT_EQ(words_of("\u00C9t\u00C9", {"ete"}), Strings{"ete"});
  EXPECT_EQ(words_of("\u00C9t\u00C9", {"\u00E9t\u00E9"}, {.strip_accents = false}), Strings{"\u00E9t\u00E9"});
  EXPECT_EQ(words_of("\u00C9t\u00C9", {"EtE"}, {.lower_case = false}), Strings{"EtE"});
  // Decomposed already: an accent of its own goes as well.
  EXPECT_EQ(words_of("e\u0301te\u0301", {"ete"}), Strings{"ete"});
  EXPECT_EQ(words_of("\u0130", {"i"}), Strings{"i"});
  EXPECT_EQ(words_of("\u0130", {"i\u0307"}, {.strip_accents = false}), Strings{"i\u0307"});
  EXPECT_EQ(words_of("\u535A\u63A8", {"\u535A\u63A8"}, {.split_chinese = false}), Strings{"\u535A\u63A8"});
  EXPECT_EQ(words_of("a\u200Db\uFFFD", {"ab"}), Strings{"ab"});
  EXPECT_EQ(words_of("a\u200Db", {"a\u200Db"}, {.clean = false}), Strings{"a\u200Db"});
  EXPECT_EQ(words_of("\uAC00", {"\u1100\u1161"}), Strings{"\u1100\u1161"});  // Hangul is decomposed
  EXPECT_EQ(words_of("aaaa aaaaa", {"aaaa", "aaaaa"}, {.most_characters = 4}), (Strings{"aaaa", "[UNK]"}));
  EXPECT_EQ(words_of("abc", {"ab", "@@c"}, {.continuing = "@@"}), (Strings{"ab", "@@c"}));
  // Names of special tokens in a text are text.
  EXPECT_EQ(words_of("[SEP]", {"[", "]", "sep", "[SEP]"}), (Strings{"[", "sep", "]"}));
}

TEST(WordPieces, TokensNameTheBytesTheyComeFrom) {
  const WordPieceTokenizer tokenizer = tokenizer_of({"[UNK]", "ete", "##s", "\u535A", ","});
  const std::vector<Token> found = tokenizer.tokenize(" \u00C9t\u00E9s, \u535A qq", "text");
  EXPECT_EQ(found, (std::vector<Token>{{1, 1, 6}, {2, 6, 7}, {4, 7, 8}, {3, 9, 12}, {0, 13, 15}}));
}

// Random words over two letters against all ways to try lengths from the longest.
TEST(WordPieces, PiecesAreTheLongest) {
  const std::uint64_t seed = 11;
  Random random(seed);
  const auto draw = [&](std::uint32_t most) {
    std::string word;
    for (std::uint32_t n = 1 + random.below(most); n > 0; --n) word += random.below(2) == 0 ? 'a' : 'b';
    return word;
  };
  std::size_t compared = 0;
  std::size_t unknown = 0;
  for (int vocabulary = 0; vocabulary < 30; ++vocabulary) {
    std::set<std::string> set;
    for (int i = 0; i < 8; ++i) set.insert((i % 2 == 0 ? "" : "##") + draw(4));
    Strings tokens{"[UNK]"};
    tokens.insert(tokens.end(), set.begin(), set.end());
    const WordPieceTokenizer tokenizer = tokenizer_of(tokens);
    for (int i = 0; i < 50; ++i) {
      const std::string word = draw(12);
      Strings expected;
      std::string rest = word;
      while (!rest.empty()) {
        const std::string* best = nullptr;
        for (const std::string& token : set) {
          const bool inner = token.starts_with("##");
          if (inner == expected.empty()) continue;
          const std::string text = inner ? token.substr(2) : token;
          if (rest.starts_with(text) && (best == nullptr || token.size() > best->size())) best = &token;
        }
        if (best == nullptr) break;
        rest.erase(0, best->size() - (expected.empty() ? 0 : 2));
        expected.push_back(*best);
      }
      if (!rest.empty()) expected = {"[UNK]"};
      unknown += rest.empty() ? 0 : 1;
      Strings found;
      for (const std::size_t id : tokenizer.encode(word)) found.push_back(tokens[id]);
      ASSERT_EQ(found, expected) << "seed " << seed << ": " << word;
      ++compared;
    }
  }
  EXPECT_EQ(compared, 1500U);
  EXPECT_GT(unknown, 100U);
  EXPECT_LT(unknown, 1400U);
}

TEST(WordPieces, RefusesAVocabularyWithoutUnknown) {
  EXPECT_EQ(message_of([] { tokenizer_of({"a", "b"}); }), "vocab.txt: found no token \"[UNK]\" among 2, expected it");
  EXPECT_NE(message_of([] { (void)tokenizer_of({"[UNK]"}).encode("a \xFF", "book"); }).find("book: byte 2: found 0xff"),
            std::string::npos);
}

}  // namespace
}  // namespace mixvec::inline golden
