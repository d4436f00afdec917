// Byte-level byte-pair encoding (Sennrich 2016, in GPT-2's form): words as bytes, of which pairs are merged.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "golden/text/tokenizer.hpp"

namespace mixvec::inline golden {

/// Two tokens that are merged, as the files spell them.
using TokenPair = std::pair<std::string, std::string>;

/// What a byte is called in vocabularies: itself if it is printable, else one of the characters from U+0100 on.
std::string spell_byte(std::uint8_t byte);

class BytePairTokenizer : public Tokenizer {
 public:
  struct Options {
    bool prefix_space = false;  ///< a text that does not begin with a blank gets one
  };

  /// `merges`: first the pair that is merged before all others; `label` begins messages about them. Throws InputError:
  /// a pair that stands there twice, a token of a pair or of what it makes that the vocabulary does not have.
  BytePairTokenizer(Vocabulary vocabulary, const std::vector<TokenPair>& merges, const std::string& label,
                    const Options& options);

  [[nodiscard]] const char* unit() const override { return "byte pair"; }
  [[nodiscard]] std::vector<Token> tokenize(std::string_view text, std::string_view label) const override;

  /// Lines "a b"; those that begin with "#version" and empty ones are passed over. Throws InputError, also for an empty
  /// file.
  static std::vector<TokenPair> read_merges(const std::filesystem::path& path);

 private:
  struct Merge {
    std::size_t rank = 0;
    std::size_t id = 0;
  };

  [[nodiscard]] const Merge* find_merge(std::size_t left, std::size_t right) const;
  [[nodiscard]] std::vector<Token> merge_word(std::string_view word, std::string_view label) const;

  Options options_;
  std::array<std::size_t, 256> byte_ids_{};  ///< kNone: the vocabulary has none
  std::unordered_map<std::uint64_t, Merge> merges_;
};

}  // namespace mixvec::inline golden
