// Finds the tokenizer of a checkpoint.
#include "golden/text/tokenizer.hpp"

#include <nlohmann/json.hpp>

#include "golden/base/error.hpp"
#include "golden/files/input_file.hpp"
#include "golden/text/character_tokenizer.hpp"
#include "golden/text/tokenizer_json.hpp"

namespace mixvec::inline golden {

TokenIds Tokenizer::encode(std::string_view text, std::string_view label) const {
  const std::vector<Token> tokens = tokenize(text, label);
  TokenIds ids;
  ids.reserve(tokens.size());
  for (const Token& token : tokens) ids.push_back(token.id);
  return ids;
}

std::unique_ptr<Tokenizer> open_tokenizer(const std::filesystem::path& folder, std::size_t size) {
  // A link to nothing is there, too: to read it says so.
  const auto has = [&](const char* name) {
    std::error_code error;
    return std::filesystem::symlink_status(folder / name, error).type() != std::filesystem::file_type::not_found;
  };
  if (has("tokenizer.json")) return open_tokenizer_json(folder / "tokenizer.json", size);
  if (has("merges.txt")) return open_byte_pairs(folder, size);
  if (has("vocab.txt")) return open_word_pieces(folder, size);
  const std::filesystem::path characters = folder / "vocab.json";
  if (has("vocab.json")) {
    return std::make_unique<CharacterTokenizer>(Vocabulary::of_json(read_json(characters), characters.string(), size));
  }
  fail_input(
      "{}: found no tokenizer, expected tokenizer.json, vocab.json with merges.txt, vocab.txt, or vocab.json alone (of "
      "characters); copy it from where the checkpoint comes from",
      folder.string());
}

std::unique_ptr<Tokenizer> open_tokenizer(const Model& model) {
  return open_tokenizer(model.directory(), model.config().vocabulary);
}

}  // namespace mixvec::inline golden
