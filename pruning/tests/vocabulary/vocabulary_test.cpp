// Tests of learned byte pairs: a published example, the plainest way to learn, and what the files say.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "golden/base/random.hpp"
#include "golden/files/input_file.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"
#include "golden/text/character_text.hpp"
#include "golden/text/gpt2_words.hpp"
#include "golden/text/tokenizer.hpp"
#include "pruning/train/vocabulary/vocabulary_files.hpp"

namespace mixvec::inline pruning {
namespace {

using Strings = std::vector<std::string>;
using Merges = std::vector<TokenPair>;

std::string lines_of(const std::vector<std::pair<std::string, int>>& words) {
  std::string text;
  for (const auto& [word, count] : words) {
    for (int i = 0; i < count; ++i) text += word + "\n";
  }
  return text;
}

// The example of Hugging Face's course on byte pairs.
TEST(BytePairTrainer, LearnsThePublishedExample) {
  const std::string text = lines_of({{"hug", 10}, {"pug", 5}, {"pun", 12}, {"bun", 4}, {"hugs", 5}});
  const BytePairVocabulary vocabulary = learn_byte_pairs(text, "text", 260);
  EXPECT_EQ(vocabulary.merges, (Merges{{"u", "g"}, {"u", "n"}, {"h", "ug"}}));
  ASSERT_EQ(vocabulary.tokens.size(), 260U);
  EXPECT_EQ(vocabulary.tokens[0], "!");
  EXPECT_EQ(vocabulary.tokens[255], spell_byte(0xAD));  // the last of those that are not printable
  EXPECT_EQ(Strings(vocabulary.tokens.end() - 4, vocabulary.tokens.end()), (Strings{"ug", "un", "hug", kEndOfText}));
  // hug: 1 token, pug, pun, bun, hugs: 2, and the ends of lines.
  EXPECT_EQ(vocabulary.text_tokens, 10U + 2 * (5 + 12 + 4 + 5) + 36);
}

TEST(BytePairTrainer, OfEqualCountsTheLeastIdsGoFirst) {
  // Each pair stands there twice.
  EXPECT_EQ(learn_byte_pairs("zb\nab\nza\nzb\nab\nza", "text", 260).merges,
            (Merges{{"a", "b"}, {"z", "a"}, {"z", "b"}}));
  // A run is merged from the left, into aa aa a; then the left is the same.
  EXPECT_EQ(learn_byte_pairs("xyxy\naaaaa\naaaaa", "text", 260).merges, (Merges{{"a", "a"}, {"x", "y"}, {"aa", "a"}}));
}

/// Learns by counting everything anew after each merge.
struct PlainTrainer {
  std::map<std::string, std::pair<Strings, int>> words;
  Merges merges;

  PlainTrainer(const std::string& text, std::size_t size) {
    for_each_gpt2_word(text, "text", [&](std::string_view word) {
      auto& [parts, count] = words[std::string(word)];
      if (++count > 1) return;
      for (const char byte : word) parts.push_back(spell_byte(static_cast<std::uint8_t>(byte)));
    });
    Strings tokens;
    for (unsigned byte = 0; byte < 256; ++byte) tokens.push_back(spell_byte(static_cast<std::uint8_t>(byte)));
    std::sort(tokens.begin(), tokens.end());
    while (tokens.size() + 1 < size) {
      std::map<std::pair<std::size_t, std::size_t>, int> counts;
      const auto id = [&](const std::string& token) {
        return static_cast<std::size_t>(std::find(tokens.begin(), tokens.end(), token) - tokens.begin());
      };
      for (const auto& [word, entry] : words) {
        for (std::size_t i = 0; i + 1 < entry.first.size(); ++i) {
          counts[{id(entry.first[i]), id(entry.first[i + 1])}] += entry.second;
        }
      }
      const auto best = std::max_element(counts.begin(), counts.end(),
                                         [](const auto& a, const auto& b) { return a.second < b.second; });
      if (best == counts.end() || best->second < 2) return;
      const TokenPair pair{tokens[best->first.first], tokens[best->first.second]};
      merges.push_back(pair);
      tokens.push_back(pair.first + pair.second);
      for (auto& [word, entry] : words) {
        Strings next;
        for (std::size_t i = 0; i < entry.first.size(); ++i) {
          const bool here =
              i + 1 < entry.first.size() && entry.first[i] == pair.first && entry.first[i + 1] == pair.second;
          next.push_back(here ? pair.first + pair.second : entry.first[i]);
          if (here) ++i;
        }
        entry.first = next;
      }
    }
  }
};

TEST(BytePairTrainer, IsThePlainestWayAndItsTokenizer) {
  std::size_t compared = 0;
  std::size_t merged = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Random random(seed);
    std::string text;
    // Few letters, so that runs and pairs within pairs are frequent.
    const Strings letters{"a", "a", "a", "b", "c", "\xC3\xA9", " ", "\n", "  "};
    for (int i = 0; i < 400; ++i) text += letters[random.below(static_cast<std::uint32_t>(letters.size()))];
    const PlainTrainer plain(text, 300);
    const std::size_t size = std::min<std::size_t>(300, kLeastBytePairs + plain.merges.size());
    const BytePairVocabulary vocabulary = learn_byte_pairs(text, "text", size);
    ASSERT_EQ(vocabulary.merges, plain.merges) << "seed " << seed;
    EXPECT_EQ(std::set<std::string>(vocabulary.tokens.begin(), vocabulary.tokens.end()).size(), size);
    merged += plain.merges.size();
    // The tokenizer finds what was left of each word.
    const BytePairTokenizer tokenizer = tokenizer_of(vocabulary, "learned");
    TokenIds expected;
    for_each_gpt2_word(text, "text", [&](std::string_view word) {
      for (const std::string& part : plain.words.at(std::string(word)).first) {
        expected.push_back(tokenizer.vocabulary().at(part));
      }
    });
    ASSERT_EQ(tokenizer.encode(text), expected) << "seed " << seed;
    EXPECT_EQ(vocabulary.text_tokens, expected.size());
    compared += expected.size();
  }
  EXPECT_GT(compared, 2000U);
  EXPECT_GT(merged, 1000U);
}

TEST(BytePairTrainer, WhatIsValidatedDecidesNoPair) {
  const auto held_out_of = [](const std::string& text, const BytePairText& learned) {
    const std::vector<Token> tokens = tokenizer_of(learned.vocabulary, "learned").tokenize(text, "text");
    EXPECT_EQ(tokens.size(), learned.ids.size());
    return tokens[tokens.size() * 9 / 10].begin;
  };
  const auto holds = [](const BytePairText& learned, const char* part) {
    return std::any_of(learned.vocabulary.tokens.begin(), learned.vocabulary.tokens.end(),
                       [&](const std::string& token) { return token.find(part) != std::string::npos; });
  };
  Random random(3);
  std::string letters;
  for (int i = 0; i < 16'000; ++i) letters += static_cast<char>('a' + random.below(20));
  // As a text is: the tenth of the tokens begins behind nine tenths of the bytes, or there.
  std::string usual = letters;
  for (int i = 0; i < 700; ++i) usual += "yz";
  const BytePairText first = learn_byte_pair_text(usual, "text", 300);
  EXPECT_FALSE(holds(first, "yz"));
  EXPECT_GE(held_out_of(usual, first), usual.size() / 10 * 9);
  // A last fifth of few tokens once it was learned: the tenth of the tokens begins before it.
  std::string early = letters;
  for (int i = 0; i < 2'000; ++i) early += "yz";
  EXPECT_FALSE(holds(learn_byte_pair_text(early, "text", 400), "yz"));
  const BytePairVocabulary careless = learn_byte_pairs(std::string_view(early).substr(0, 18'000), "text", 400);
  EXPECT_TRUE(holds({careless, {}}, "yz"));
  EXPECT_LT(held_out_of(early, {careless, tokenizer_of(careless, "c").encode(early)}), letters.size());
}

TEST(BytePairTrainer, BothFormsOfItsFilesGiveItsTokens) {
  const TemporaryTestFolder folder;
  const std::string text = read_text(std::filesystem::path(MIXVEC_SOURCE_DIR) / "models" / "shakespeare.txt");
  const BytePairVocabulary vocabulary = learn_byte_pairs(text, "text", 1024);
  write_byte_pairs(folder.path, vocabulary, 128);
  const TokenIds expected = tokenizer_of(vocabulary, "learned").encode(text);
  EXPECT_EQ(expected.size(), vocabulary.text_tokens);
  EXPECT_LT(expected.size(), text.size() / 2);
  const auto ids = [&] { return open_tokenizer(folder.path, 1024)->encode(text); };
  EXPECT_EQ(ids(), expected);
  std::filesystem::remove(folder.path / "tokenizer.json");
  EXPECT_EQ(ids(), expected);
  std::filesystem::remove(folder.path / "tokenizer_config.json");
  EXPECT_EQ(ids(), expected);
  EXPECT_EQ(*std::max_element(expected.begin(), expected.end()), 1022U);  // no text holds the token that ends it
}

TEST(BytePairTrainer, RefusesTextsThatItCannotLearn) {
  EXPECT_EQ(message_of([] { (void)learn_byte_pairs("ab\nab\nac", "book.txt", 300); }),
            "book.txt: found a text whose pairs make 258 tokens, <|endoftext|> among them, expected 300: a longer text "
            "or fewer tokens");
  EXPECT_NE(message_of([] { (void)learn_byte_pairs("ab\xC3", "book.txt", 300); }).find("book.txt: "),
            std::string::npos);
  EXPECT_TRUE(learn_byte_pairs("ab", "book.txt", kLeastBytePairs).merges.empty());
}

}  // namespace
}  // namespace mixvec::inline pruning
