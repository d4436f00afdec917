// Learns a vocabulary of byte pairs from a text (Sennrich 2016, in GPT-2's form: of bytes, within GPT-2's words).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "golden/text/byte_pair_tokenizer.hpp"

namespace mixvec::inline pruning {

/// The token that ends a text; no text is cut into it.
inline constexpr const char* kEndOfText = "<|endoftext|>";
/// The 256 bytes and kEndOfText.
inline constexpr std::size_t kLeastBytePairs = 257;

/// Tokens as files spell them, and the pairs that make them.
struct BytePairVocabulary {
  std::vector<std::string> tokens;  ///< by id: bytes by the character that spells them, what pairs make, kEndOfText
  std::vector<TokenPair> merges;    ///< first the pair that is merged before all others
  std::uint64_t text_tokens = 0;    ///< tokens that the learned text is cut into

  [[nodiscard]] std::size_t end_of_text() const { return tokens.size() - 1; }
};

/// Learns `size` tokens, kLeastBytePairs or more. The pair that stands at the most places is merged first, wherever it
/// stands, in each word from the left; of pairs as frequent as each other the one with the least id on its left, then
/// on its right, as Hugging Face's tokenizers library has it. Takes a time that grows with the text, hardly with
/// `size`. Throws InputError that begins with `label`: no UTF-8, or a text in which too few pairs stand twice.
BytePairVocabulary learn_byte_pairs(std::string_view text, std::string_view label, std::size_t size);

/// A vocabulary, and the text that it was learned for as its ids.
struct BytePairText {
  BytePairVocabulary vocabulary;
  TokenIds ids;
};

/// Learns `size` tokens of what stands before the last tenth of the text's tokens, rounded up: what a model is
/// validated on decides no pair. Where the tenth begins depends on the pairs, so they are first learned from nine
/// tenths of the bytes, and again from less if the tenth begins before their end. Throws as learn_byte_pairs() does.
BytePairText learn_byte_pair_text(std::string_view text, std::string_view label, std::size_t size);

/// The tokenizer that a vocabulary makes.
BytePairTokenizer tokenizer_of(const BytePairVocabulary& vocabulary, const std::string& label);

}  // namespace mixvec::inline pruning
