// Texts as tokens of a model: what every tokenizer does, and which one a checkpoint has.
#pragma once

#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "golden/checkpoint/model.hpp"
#include "golden/text/token_ids.hpp"
#include "golden/text/vocabulary.hpp"

namespace mixvec::inline golden {

/// A token and the bytes of the text that it stands for.
struct Token {
  std::size_t id = 0;
  std::size_t begin = 0;
  std::size_t end = 0;

  bool operator==(const Token&) const = default;
};

/// Cuts texts into tokens. Names of special tokens ("[SEP]", "<|endoftext|>") in a text are text like any other.
class Tokenizer {
 public:
  explicit Tokenizer(Vocabulary vocabulary) : vocabulary_(std::move(vocabulary)) {}
  virtual ~Tokenizer() = default;
  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;

  /// What a token is: "character", "byte pair", "word piece".
  [[nodiscard]] virtual const char* unit() const = 0;
  /// Tokens of a UTF-8 text in order. Throws InputError that begins with `label`: bytes that are no UTF-8, characters
  /// that the vocabulary cannot spell.
  [[nodiscard]] virtual std::vector<Token> tokenize(std::string_view text, std::string_view label) const = 0;

  /// Their ids, each below the model's vocab_size.
  [[nodiscard]] TokenIds encode(std::string_view text, std::string_view label = "text") const;
  [[nodiscard]] const Vocabulary& vocabulary() const { return vocabulary_; }

 private:
  Vocabulary vocabulary_;
};

/// Opens what the folder has, in this order: tokenizer.json (byte-level byte pairs or word pieces), vocab.json with
/// merges.txt (byte-level byte pairs), vocab.txt (word pieces), vocab.json alone (characters). `size`: tokens of the
/// model. Throws InputError: none of them, or one that is not as docs/evaluation.md describes it.
std::unique_ptr<Tokenizer> open_tokenizer(const std::filesystem::path& folder, std::size_t size);
/// The same of a checkpoint.
std::unique_ptr<Tokenizer> open_tokenizer(const Model& model);

}  // namespace mixvec::inline golden
