// Looks characters up.
#include "golden/text/character_tokenizer.hpp"

#include <fmt/format.h>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/text/character_text.hpp"

namespace mixvec::inline golden {

CharacterTokenizer::CharacterTokenizer(Vocabulary of) : Tokenizer(std::move(of)) {
  vocabulary().for_each([&](const std::string& token, std::size_t) {
    const std::string label = fmt::format("{}: {}", vocabulary().label(), quote(token));
    const std::size_t characters = split_characters(label, token).size();
    if (characters != 1) {
      fail_input("{}: found {} characters, expected one: not a model of characters (byte pairs need merges.txt)", label,
                 characters);
    }
  });
}

std::vector<Token> CharacterTokenizer::tokenize(std::string_view text, std::string_view label) const {
  std::vector<Token> tokens;
  std::size_t at = 0;
  for (const std::string& character : split_characters(label, text)) {
    const std::optional<std::size_t> id = vocabulary().find(character);
    if (!id) {
      fail_input("{}: character {}: found {}, expected one of the {} in {}", label, tokens.size(), quote(character),
                 vocabulary().size(), vocabulary().label());
    }
    tokens.push_back({*id, at, at + character.size()});
    at += character.size();
  }
  return tokens;
}

}  // namespace mixvec::inline golden
