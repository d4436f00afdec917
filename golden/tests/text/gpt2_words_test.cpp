// Tests of GPT-2's words: against the published pattern, run by ICU's regular expressions.
#include "golden/text/gpt2_words.hpp"

#include <gtest/gtest.h>
#include <unicode/regex.h>

#include <memory>
#include <string>
#include <vector>

#include "golden/base/random.hpp"
#include "golden/tests/helpers.hpp"

namespace mixvec::inline golden {
namespace {

using Strings = std::vector<std::string>;

Strings words_of(std::string_view text) {
  Strings words;
  for_each_gpt2_word(text, "text", [&](std::string_view word) { words.emplace_back(word); });
  return words;
}

/// The pattern as it stands in GPT-2's encoder.py. Of ICU \s is fewer characters than White_Space.
Strings words_of_pattern(const std::string& text) {
  static const icu::UnicodeString kPattern =
      "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\p{White_Space}\\p{L}\\p{N}]+|"
      "\\p{White_Space}+(?!\\P{White_Space})|\\p{White_Space}+";
  UErrorCode status = U_ZERO_ERROR;
  icu::RegexMatcher matcher(kPattern, 0, status);
  const icu::UnicodeString units = icu::UnicodeString::fromUTF8(text);
  matcher.reset(units);
  Strings words;
  while (matcher.find(status)) {
    std::string word;
    matcher.group(status).toUTF8String(word);
    words.push_back(word);
  }
  EXPECT_TRUE(U_SUCCESS(status));
  return words;
}

TEST(Gpt2Words, AreThoseOfTheExamples) {
  EXPECT_EQ(words_of(""), Strings{});
  EXPECT_EQ(words_of("Hello world"), (Strings{"Hello", " world"}));
  EXPECT_EQ(words_of("I'll say it's 24.5%, won't you?"),
            (Strings{"I", "'ll", " say", " it", "'s", " 24", ".", "5", "%,", " won", "'t", " you", "?"}));
  EXPECT_EQ(words_of("a  b\n\n c \n"), (Strings{"a", " ", " b", "\n\n", " c", " \n"}));
  EXPECT_EQ(words_of("a\nb\t"), (Strings{"a", "\n", "b", "\t"}));
  EXPECT_EQ(words_of("IT'S '''"), (Strings{"IT", "'", "S", " '''"}));
  EXPECT_EQ(words_of("caf\xC3\xA9\xC2\xA0\xE2\x82\xAC\xC2\xBD"),
            (Strings{"caf\xC3\xA9", "\xC2\xA0", "\xE2\x82\xAC", "\xC2\xBD"}));
}

TEST(Gpt2Words, AreMatchesOfThePattern) {
  const Strings pieces{" ",
                       " ",
                       "\n",
                       "\t",
                       "a",
                       "Z",
                       "s",
                       "t",
                       "'",
                       "'",
                       "re",
                       "ll",
                       "7",
                       "\xC2\xBD",
                       "!",
                       "$",
                       "\xC3\xA9",
                       "\xC2\xA0",
                       "\xE2\x80\xA8",
                       "\xE3\x80\x80",
                       "\xE5\x8D\x9A",
                       "\xCC\x81",
                       "\xF0\x9F\x98\x80",
                       "\x1C"};
  const std::uint64_t seed = 20261130;
  Random random(seed);
  std::size_t words = 0;
  for (int i = 0; i < 3000; ++i) {
    std::string text;
    for (std::uint32_t n = random.below(24); n > 0; --n)
      text += pieces[random.below(static_cast<std::uint32_t>(pieces.size()))];
    const Strings found = words_of(text);
    ASSERT_EQ(found, words_of_pattern(text)) << "seed " << seed << ", case " << i;
    words += found.size();
  }
  EXPECT_GT(words, 15000U);
}

TEST(Gpt2Words, LongRunsTakeTheirLength) {
  // Were each blank tried against all behind it, this would take hours.
  const std::string blanks(2'000'000, ' ');
  EXPECT_EQ(words_of(blanks).size(), 1U);
  const Strings words = words_of(blanks + "a");
  ASSERT_EQ(words.size(), 2U);
  EXPECT_EQ(words[1], " a");
}

TEST(Gpt2Words, RefusesWhatIsNoUtf8) {
  for (const auto& [text, part] : {std::pair{"ab\xFF", "text: byte 2: found 0xff, expected UTF-8"},
                                   {"\xED\xA0\x80", "text: byte 0: found 0xed, expected UTF-8"},
                                   {"a\xC0\x80", "text: byte 1: found 0xc0"},
                                   {" \xE2\x82", "text: byte 1: found 0xe2"}}) {
    EXPECT_NE(message_of([text = text] { words_of(text); }).find(part), std::string::npos)
        << message_of([text = text] { words_of(text); });
  }
}

}  // namespace
}  // namespace mixvec::inline golden
