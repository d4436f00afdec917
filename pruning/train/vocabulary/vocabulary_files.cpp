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

// How a special token is matched where a text holds its name.
Json special_token(const std::string& content, bool normalized) {
  return {{"content", content}, {"single_word", false},     {"lstrip", false},
          {"rstrip", false},    {"normalized", normalized}, {"special", true}};
}

// The same with its id in front.
Json with_id(std::size_t id, const Json& token) {
  Json result = {{"id", id}};
  result.update(token);
  return result;
}

Json byte_pair_tokenizer(const BytePairVocabulary& vocabulary) {
  // "a b": later versions of the library write ["a", "b"]; all read this.
  Json merges = Json::array();
  for (const TokenPair& pair : vocabulary.merges) merges.push_back(pair.first + " " + pair.second);
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"padding", nullptr},
          {"added_tokens", Json::array({with_id(vocabulary.end_of_text(), special_token(kEndOfText, true))})},
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

// What a BERT's special tokens are for, and their names.
constexpr std::pair<const char*, const char*> kBertTokens[] = {{"pad_token", "[PAD]"},
                                                               {"unk_token", "[UNK]"},
                                                               {"cls_token", "[CLS]"},
                                                               {"sep_token", "[SEP]"},
                                                               {"mask_token", "[MASK]"}};

// [CLS] A [SEP], or [CLS] A [SEP] B [SEP].
Json frame(bool pair) {
  const auto special = [](const char* name, int type) {
    return Json{{"SpecialToken", {{"id", name}, {"type_id", type}}}};
  };
  const auto text = [](const char* name, int type) { return Json{{"Sequence", {{"id", name}, {"type_id", type}}}}; };
  Json parts = Json::array({special("[CLS]", 0), text("A", 0), special("[SEP]", 0)});
  if (pair) {
    parts.push_back(text("B", 1));
    parts.push_back(special("[SEP]", 1));
  }
  return parts;
}

Json word_piece_tokenizer(const std::vector<std::string>& tokens) {
  Json added = Json::array();
  Json framing = Json::object();
  for (std::size_t id = 0; id < std::size(kBertTokens); ++id) {
    const std::string name = kBertTokens[id].second;
    added.push_back(with_id(id, special_token(name, false)));
    if (name == "[CLS]" || name == "[SEP]") {
      framing[name] = {{"id", name}, {"ids", Json::array({id})}, {"tokens", Json::array({name})}};
    }
  }
  return {
      {"version", "1.0"},
      {"truncation", nullptr},
      {"padding", nullptr},
      {"added_tokens", added},
      {"normalizer",
       {{"type", "BertNormalizer"},
        {"clean_text", true},
        {"handle_chinese_chars", true},
        {"strip_accents", nullptr},
        {"lowercase", true}}},
      {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
      {"post_processor",
       {{"type", "TemplateProcessing"}, {"single", frame(false)}, {"pair", frame(true)}, {"special_tokens", framing}}},
      {"decoder", {{"type", "WordPiece"}, {"prefix", "##"}, {"cleanup", true}}},
      {"model",
       {{"type", "WordPiece"},
        {"unk_token", "[UNK]"},
        {"continuing_subword_prefix", "##"},
        {"max_input_chars_per_word", 100},
        {"vocab", ids_of(tokens)}}}};
}

}  // namespace

void write_characters(const fs::path& folder, const std::vector<std::string>& characters) {
  write_file(folder / "vocab.json", ids_of(characters).dump(2) + "\n");
}

void write_byte_pairs(const fs::path& folder, const BytePairVocabulary& vocabulary, std::size_t positions) {
  const Json special = {{"bos_token", kEndOfText}, {"eos_token", kEndOfText}, {"unk_token", kEndOfText}};
  Json config = {
      {"add_prefix_space", false},
      {"added_tokens_decoder", {{std::to_string(vocabulary.end_of_text()), special_token(kEndOfText, true)}}},
      {"bos_token", kEndOfText},
      {"clean_up_tokenization_spaces", false},
      {"eos_token", kEndOfText},
      {"model_max_length", positions},
      {"tokenizer_class", "GPT2Tokenizer"},
      {"unk_token", kEndOfText}};
  std::string merges = "#version: 0.2\n";
  for (const TokenPair& pair : vocabulary.merges) merges += pair.first + " " + pair.second + "\n";
  write_file(folder / "tokenizer.json", byte_pair_tokenizer(vocabulary).dump(2) + "\n");
  write_file(folder / "vocab.json", ids_of(vocabulary.tokens).dump() + "\n");
  write_file(folder / "merges.txt", merges);
  write_file(folder / "tokenizer_config.json", config.dump(2) + "\n");
  write_file(folder / "special_tokens_map.json", special.dump(2) + "\n");
}

void write_word_pieces(const fs::path& folder, const std::vector<std::string>& tokens, std::size_t positions) {
  std::string lines;
  for (const std::string& token : tokens) lines += token + "\n";
  Json special = Json::object();
  Json config = {{"added_tokens_decoder", Json::object()}};
  for (std::size_t id = 0; id < std::size(kBertTokens); ++id) {
    const auto& [use, name] = kBertTokens[id];
    special[use] = name;
    config["added_tokens_decoder"][std::to_string(id)] = special_token(name, false);
  }
  config.update(special);
  config.update({{"clean_up_tokenization_spaces", true},
                 {"do_lower_case", true},
                 {"model_max_length", positions},
                 {"strip_accents", nullptr},
                 {"tokenize_chinese_chars", true},
                 {"tokenizer_class", "BertTokenizer"}});
  write_file(folder / "tokenizer.json", word_piece_tokenizer(tokens).dump(2) + "\n");
  write_file(folder / "vocab.txt", lines);
  write_file(folder / "tokenizer_config.json", config.dump(2) + "\n");
  write_file(folder / "special_tokens_map.json", special.dump(2) + "\n");
}

}  // namespace mixvec::inline pruning
