// A token is a character.
#pragma once

#include "golden/text/tokenizer.hpp"

namespace mixvec::inline golden {

/// Every character of the text has to be in the vocabulary.
class CharacterTokenizer : public Tokenizer {
 public:
  /// Throws InputError for a token that is not one character.
  explicit CharacterTokenizer(Vocabulary vocabulary);

  [[nodiscard]] const char* unit() const override { return "character"; }
  [[nodiscard]] std::vector<Token> tokenize(std::string_view text, std::string_view label) const override;
};

}  // namespace mixvec::inline golden
