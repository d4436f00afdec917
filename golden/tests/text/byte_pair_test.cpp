// Tests of byte pairs: published examples, and merges in the plainest way.
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "golden/base/random.hpp"
#include "golden/cli/cli.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"
#include "golden/text/byte_pair_tokenizer.hpp"
#include "golden/text/gpt2_words.hpp"

namespace mixvec::inline golden {
namespace {

using Strings = std::vector<std::string>;

Vocabulary vocabulary_of(const Strings& tokens) {
  nlohmann::json object = nlohmann::json::object();
  for (std::size_t i = 0; i < tokens.size(); ++i) object[tokens[i]] = i;
  return Vocabulary::of_json(object, "vocab.json", tokens.size());
}

TEST(BytePairs, BytesAreSpeltAsGpt2DoesIt) {
  EXPECT_EQ(spell_byte('!'), "!");
  EXPECT_EQ(spell_byte('~'), "~");
  EXPECT_EQ(spell_byte(' '), "\u0120");
  EXPECT_EQ(spell_byte('\n'), "\u010a");
  EXPECT_EQ(spell_byte(0), "\u0100");
  EXPECT_EQ(spell_byte(0x7F), "\u0121");
  EXPECT_EQ(spell_byte(0xA1), "\u00a1");
  EXPECT_EQ(spell_byte(0xAD), "\u0143");
  EXPECT_EQ(spell_byte(0xFF), "\u00ff");
  std::set<std::string> all;
  for (unsigned byte = 0; byte < 256; ++byte) all.insert(spell_byte(static_cast<std::uint8_t>(byte)));
  EXPECT_EQ(all.size(), 256U);
}

// The example with which Hugging Face's transformers test their GPT-2 tokenizer.
TEST(BytePairs, PublishedExample) {
  const Strings tokens{"l",
                       "o",
                       "w",
                       "e",
                       "r",
                       "s",
                       "t",
                       "i",
                       "d",
                       "n",
                       "\u0120",
                       "\u0120l",
                       "\u0120n",
                       "\u0120lo",
                       "\u0120low",
                       "er",
                       "\u0120lowest",
                       "\u0120newer",
                       "\u0120wider",
                       "<unk>",
                       "<|endoftext|>"};
  const std::vector<TokenPair> merges{{"\u0120", "l"}, {"\u0120l", "o"}, {"\u0120lo", "w"}, {"e", "r"}};
  const BytePairTokenizer tokenizer(vocabulary_of(tokens), merges, "merges.txt", {.prefix_space = true});
  EXPECT_EQ(tokenizer.encode("lower newer"), (TokenIds{14, 15, 10, 9, 3, 2, 15}));
  const std::vector<Token> found = tokenizer.tokenize("lower newer", "text");
  // The blank in front is none of the text's bytes.
  EXPECT_EQ(found[0], (Token{14, 0, 3}));
  EXPECT_EQ(found[1], (Token{15, 3, 5}));
  EXPECT_EQ(found[2], (Token{10, 5, 6}));
  const BytePairTokenizer plain(vocabulary_of(tokens), merges, "merges.txt", {});
  EXPECT_EQ(plain.encode("lower newer"), (TokenIds{0, 1, 2, 15, 10, 9, 3, 2, 15}));
  EXPECT_EQ(plain.encode(" low"), TokenIds{14});
  EXPECT_EQ(plain.encode(""), TokenIds{});
  EXPECT_EQ(message_of([&] { (void)plain.encode("low, low", "book.txt"); }),
            "book.txt: \",\": found byte 0x2c, expected one that vocab.json has a token for (\",\")");
}

/// All bytes, and `count` merges of tokens drawn at random, whose results are tokens, too.
struct RandomPairs {
  Strings tokens;
  std::vector<TokenPair> merges;
  std::map<TokenPair, std::size_t> rank;

  RandomPairs(const Strings& letters, std::size_t count, Random& random) {
    for (unsigned byte = 0; byte < 256; ++byte) tokens.push_back(spell_byte(static_cast<std::uint8_t>(byte)));
    Strings known;
    for (const std::string& letter : letters) known.push_back(spell_byte(static_cast<std::uint8_t>(letter[0])));
    const auto draw = [&] { return known[random.below(static_cast<std::uint32_t>(known.size()))]; };
    while (merges.size() < count) {
      const TokenPair pair{draw(), draw()};
      const std::string joined = pair.first + pair.second;
      if (std::find(tokens.begin(), tokens.end(), joined) != tokens.end()) continue;
      rank.emplace(pair, merges.size());
      merges.push_back(pair);
      tokens.push_back(joined);
      known.push_back(joined);
    }
  }

  /// As GPT-2's encoder.py does it: the pair of least rank is merged wherever it stands, until there is none.
  [[nodiscard]] Strings merged(std::string_view word) const {
    Strings parts;
    for (const char byte : word) parts.push_back(spell_byte(static_cast<std::uint8_t>(byte)));
    for (;;) {
      const std::pair<const TokenPair, std::size_t>* best = nullptr;
      for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
        const auto found = rank.find({parts[i], parts[i + 1]});
        if (found != rank.end() && (best == nullptr || found->second < best->second)) best = &*found;
      }
      if (best == nullptr) return parts;
      Strings next;
      for (std::size_t i = 0; i < parts.size(); ++i) {
        const bool here = i + 1 < parts.size() && parts[i] == best->first.first && parts[i + 1] == best->first.second;
        next.push_back(here ? parts[i] + parts[i + 1] : parts[i]);
        if (here) ++i;
      }
      parts = next;
    }
  }
};

TEST(BytePairs, MergesAreThoseOfThePlainestWay) {
  const std::uint64_t seed = 7;
  Random random(seed);
  std::size_t compared = 0;
  std::size_t shorter = 0;
  for (int vocabulary = 0; vocabulary < 20; ++vocabulary) {
    const Strings letters{"a", "b", "c", " ", "\n", "\xC3", "\xA9"};
    const RandomPairs pairs(letters, 40, random);
    const BytePairTokenizer tokenizer(vocabulary_of(pairs.tokens), pairs.merges, "merges.txt", {});
    for (int i = 0; i < 100; ++i) {
      std::string text;
      for (std::uint32_t n = random.below(60); n > 0; --n) {
        text += Strings{"a", "b", "c", "ab", " ", "\n", "\xC3\xA9"}[random.below(7)];
      }
      TokenIds expected;
      for_each_gpt2_word(text, "text", [&](std::string_view word) {
        for (const std::string& part : pairs.merged(word)) expected.push_back(tokenizer.vocabulary().at(part));
      });
      ASSERT_EQ(tokenizer.encode(text), expected) << "seed " << seed << ": " << text;
      std::size_t at = 0;
      for (const Token& token : tokenizer.tokenize(text, "text")) {
        EXPECT_EQ(token.begin, at);
        at = token.end;
      }
      EXPECT_EQ(at, text.size());
      compared += expected.size();
      shorter += text.size() - expected.size();
    }
  }
  EXPECT_GT(compared, 10000U);
  EXPECT_GT(shorter, 5000U);
}

TEST(BytePairs, LongWordsTakeTheirLength) {
  const BytePairTokenizer tokenizer(vocabulary_of({"a", "aa", "aaaa"}), {{"a", "a"}, {"aa", "aa"}}, "merges.txt", {});
  EXPECT_EQ(tokenizer.encode(std::string(1'000'001, 'a')).size(), 250'001U);
}

TEST(BytePairs, RefusesMergesThatAreNone) {
  const TemporaryTestFolder folder;
  const std::filesystem::path path = folder.path / "merges.txt";
  write_file(path, "#version: 0.2\r\na b\r\n\n#version x\nab c\n");
  EXPECT_EQ(BytePairTokenizer::read_merges(path), (std::vector<TokenPair>{{"a", "b"}, {"ab", "c"}}));
  write_file(path, "");
  EXPECT_NE(message_of([&] { BytePairTokenizer::read_merges(path); }).find("found an empty file"), std::string::npos);
  write_file(path, "#version: 0.2\n");
  EXPECT_TRUE(BytePairTokenizer::read_merges(path).empty());
  for (const char* line : {"ab", " ab", "ab ", "a b c", "a  b"}) {
    write_file(path, std::string("a b\n") + line + "\n");
    EXPECT_NE(message_of([&] { BytePairTokenizer::read_merges(path); }).find("merges.txt: line 2: found \""),
              std::string::npos)
        << line;
  }
  const auto refused = [](const std::vector<TokenPair>& merges, const char* message) {
    EXPECT_EQ(message_of([&] {
                const BytePairTokenizer tokenizer(vocabulary_of({"a", "b", "ab", "c"}), merges, "merges.txt", {});
              }),
              message);
  };
  refused({{"a", "b"}, {"a", "d"}},
          "merges.txt: merge 1, \"a\" with \"d\": found no token \"ad\" in vocab.json, expected it");
  refused({{"", "b"}}, "merges.txt: merge 0, \"\" with \"b\": found no token \"\" in vocab.json, expected it");
  refused({{"a", "b"}, {"a", "b"}}, "merges.txt: merge 1: found \"a\" with \"b\" a second time, expected it once");
}

}  // namespace
}  // namespace mixvec::inline golden
