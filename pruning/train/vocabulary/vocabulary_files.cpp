// Puts tokens and merges into the fields of the library's files.
#include "pruning/train/vocabulary/vocabulary_files.hpp"

#include <nlohmann/json.hpp>

#include "golden/files/output.hpp"

namespace mixvec::inline pruning {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

namespace {

Json ids_of(const std::vector<std::string>& tokens) {
  Json ids = Json::object();
  // By its list of fields: ids[token] looks through all of them each time.
  auto& fields = ids.get_ref<Json::object_t&>();
  for (std::size_t id = 0; id < tokens.size(); ++id) fields.emplace_back(tokens[id], id);
  return ids;
}

// Of pre-tokenizer, post-processor and decoder: the published GPT-2's. What a decoder and a post-processor are told of
// blanks in front has no effect there.
Json byte_level(bool add_prefix_space, bool trim_offsets) {
  return {{"type", "ByteLevel"},
          {"add_prefix_space", add_prefix_space},
          {"trim_offsets", trim_offsets},
          {"use_regex", true}};
}

// How the token that ends a text is matched where a text holds its name.
Json end_of_text() {
  return {{"content", kEndOfText}, {"single_word", false}, {"lstrip", false},
          {"rstrip", false},       {"normalized", true},   {"special", true}};
}

Json tokenizer_json(const BytePairVocabulary& vocabulary) {
  Json added = {{"id", vocabulary.end_of_text()}};
  added.update(end_of_text());
  // "a b": later versions of the library write ["a", "b"]; all read this.
  Json merges = Json::array();
  for (const TokenPair& pair : vocabulary.merges) merges.push_back(pair.first + " " + pair.second);
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"padding", nullptr},
          {"added_tokens", Json::array({added})},
          {"normalizer", nullptr},
          {"pre_tokenizer", byte_level(false, true)},
          {"post_processor", byte_level(true, false)},
          {"decoder", byte_level(true, true)},
          {"model",
           {{"type", "BPE"},
            {"dropout", nullptr},
            {"unk_token", nullptr},
            {"continuing_subword_prefix", ""},
            {"end_of_word_suffix", ""},
            {"fuse_unk", false},
            {"byte_fallback", false},
            {"ignore_merges", false},
            {"vocab", ids_of(vocabulary.tokens)},
            {"merges", merges}}}};
}

}  // namespace

void write_characters(const fs::path& folder, const std::vector<std::string>& characters) {
  write_file(folder / "vocab.json", ids_of(characters).dump(2) + "\n");
}

void write_byte_pairs(const fs::path& folder, const BytePairVocabulary& vocabulary, std::size_t positions) {
  const Json special = {{"bos_token", kEndOfText}, {"eos_token", kEndOfText}, {"unk_token", kEndOfText}};
  Json config = {{"add_prefix_space", false},
                 {"added_tokens_decoder", {{std::to_string(vocabulary.end_of_text()), end_of_text()}}},
                 {"bos_token", kEndOfText},
                 {"clean_up_tokenization_spaces", false},
                 {"eos_token", kEndOfText},
                 {"model_max_length", positions},
                 {"tokenizer_class", "GPT2Tokenizer"},
                 {"unk_token", kEndOfText}};
  std::string merges = "#version: 0.2\n";
  for (const TokenPair& pair : vocabulary.merges) merges += pair.first + " " + pair.second + "\n";
  write_file(folder / "tokenizer.json", tokenizer_json(vocabulary).dump(2) + "\n");
  write_file(folder / "vocab.json", ids_of(vocabulary.tokens).dump() + "\n");
  write_file(folder / "merges.txt", merges);
  write_file(folder / "tokenizer_config.json", config.dump(2) + "\n");
  write_file(folder / "special_tokens_map.json", special.dump(2) + "\n");
}

}  // namespace mixvec::inline pruning
