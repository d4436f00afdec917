// Reads the fields of Hugging Face's tokenizer files.
#include "golden/text/tokenizer_json.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/files/input_file.hpp"
#include "golden/text/byte_pair_tokenizer.hpp"
#include "golden/text/word_piece_tokenizer.hpp"

namespace mixvec::inline golden {

namespace {

using Json = nlohmann::json;

constexpr std::uint64_t kMostCharacters = 1000;  // of a word

/// An object of a file, with its place in it for messages; null is read as an object without fields.
class Fields {
 public:
  Fields(const Json& values, std::string label) : values_(values), label_(std::move(label)) {
    if (!values.is_object() && !values.is_null())
      fail_input("{}: found {}, expected an object", label_, show_json(values));
  }

  [[nodiscard]] std::string label(const char* field) const { return fmt::format("{}: {}", label_, field); }
  [[nodiscard]] const std::string& label() const { return label_; }

  /// nullptr: missing or null.
  [[nodiscard]] const Json* find(const char* field) const {
    if (!values_.is_object()) return nullptr;
    const auto found = values_.find(field);
    return found == values_.end() || found->is_null() ? nullptr : &*found;
  }
  [[nodiscard]] const Json& at(const char* field, const char* expected) const {
    const Json* const value = find(field);
    if (value == nullptr) fail_input("{}: found nothing, expected {}", label(field), expected);
    return *value;
  }
  [[nodiscard]] Fields object(const char* field) const {
    static const Json kNull;
    const Json* const value = find(field);
    return {value == nullptr ? kNull : *value, label(field)};
  }
  [[nodiscard]] std::optional<bool> flag(const char* field) const {
    const Json* const value = find(field);
    if (value == nullptr) return std::nullopt;
    if (!value->is_boolean()) fail_input("{}: found {}, expected true or false", label(field), show_json(*value));
    return value->get<bool>();
  }
  [[nodiscard]] std::string text_or(const char* field, const char* fallback) const {
    const Json* const value = find(field);
    if (value == nullptr) return fallback;
    if (!value->is_string()) fail_input("{}: found {}, expected a string", label(field), show_json(*value));
    return value->get<std::string>();
  }
  /// Refuses a step that Mixvec does not have.
  void require(const char* field, const Json& expected) const {
    const Json* const value = find(field);
    if (value == nullptr || *value == expected) return;
    fail_input("{}: found {}, expected {} (other values are not supported)", label(field), show_json(*value),
               show_json(expected));
  }

 private:
  const Json& values_;
  std::string label_;
};

/// "a b" or ["a", "b"].
TokenPair pair_of(const Json& merge, const std::string& label, std::size_t rank) {
  if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
    return {merge[0].get<std::string>(), merge[1].get<std::string>()};
  }
  if (merge.is_string()) {
    const auto& text = merge.get_ref<const std::string&>();
    const std::size_t blank = text.find(' ');
    if (blank != std::string::npos && text.find(' ', blank + 1) == std::string::npos) {
      return {text.substr(0, blank), text.substr(blank + 1)};
    }
  }
  fail_input("{}: merge {}: found {}, expected two tokens", label, rank, show_json(merge));
}

std::unique_ptr<Tokenizer> byte_pairs_of(const Fields& file, const Fields& model, std::size_t size) {
  file.require("normalizer", nullptr);
  const Fields before = file.object("pre_tokenizer");
  const std::string type = before.text_or("type", "nothing");
  if (type != "ByteLevel") {
    fail_input("{}: type: found {}, expected \"ByteLevel\", GPT-2's words as bytes (others are not supported)",
               before.label(), quote(type));
  }
  before.require("use_regex", true);
  model.require("dropout", 0.0);
  model.require("continuing_subword_prefix", "");
  model.require("end_of_word_suffix", "");
  model.require("byte_fallback", false);
  model.require("ignore_merges", false);
  const Json& merges = model.at("merges", "a list of pairs");
  if (!merges.is_array())
    fail_input("{}: found {}, expected a list of pairs", model.label("merges"), show_json(merges));
  std::vector<TokenPair> pairs;
  for (const Json& merge : merges) pairs.push_back(pair_of(merge, model.label("merges"), pairs.size()));
  Vocabulary vocabulary =
      Vocabulary::of_json(model.at("vocab", "an object of tokens and their ids"), model.label("vocab"), size);
  return std::make_unique<BytePairTokenizer>(
      std::move(vocabulary), pairs, model.label("merges"),
      BytePairTokenizer::Options{.prefix_space = before.flag("add_prefix_space").value_or(true)});
}

std::unique_ptr<Tokenizer> word_pieces_of(const Fields& file, const Fields& model, std::size_t size) {
  const Fields normalizer = file.object("normalizer");
  const std::string type = normalizer.text_or("type", "nothing");
  if (type != "BertNormalizer") {
    fail_input("{}: type: found {}, expected \"BertNormalizer\" (others are not supported)", normalizer.label(),
               quote(type));
  }
  const Fields before = file.object("pre_tokenizer");
  if (const std::string name = before.text_or("type", "nothing"); name != "BertPreTokenizer") {
    fail_input("{}: type: found {}, expected \"BertPreTokenizer\" (others are not supported)", before.label(),
               quote(name));
  }
  WordPieceTokenizer::Options options;
  options.clean = normalizer.flag("clean_text").value_or(true);
  options.split_chinese = normalizer.flag("handle_chinese_chars").value_or(true);
  options.lower_case = normalizer.flag("lowercase").value_or(true);
  options.strip_accents = normalizer.flag("strip_accents").value_or(options.lower_case);
  options.unknown = model.text_or("unk_token", "[UNK]");
  options.continuing = model.text_or("continuing_subword_prefix", "##");
  if (const Json* const most = model.find("max_input_chars_per_word")) {
    if (!most->is_number_unsigned() || most->get<std::uint64_t>() > kMostCharacters) {
      fail_input("{}: found {}, expected an integer from 0 to {}", model.label("max_input_chars_per_word"),
                 show_json(*most), kMostCharacters);
    }
    options.most_characters = most->get<std::size_t>();
  }
  return std::make_unique<WordPieceTokenizer>(
      Vocabulary::of_json(model.at("vocab", "an object of tokens and their ids"), model.label("vocab"), size), options);
}

/// tokenizer_config.json, or null.
Json read_options(const std::filesystem::path& folder) {
  const std::filesystem::path path = folder / "tokenizer_config.json";
  std::error_code error;
  return std::filesystem::exists(path, error) ? read_json(path) : Json();
}

std::string options_label(const std::filesystem::path& folder) { return (folder / "tokenizer_config.json").string(); }

}  // namespace

std::unique_ptr<Tokenizer> open_tokenizer_json(const std::filesystem::path& path, std::size_t size) {
  const Json document = read_json(path);
  const Fields file(document, path.string());
  (void)file.at("model", "an object");
  const Fields model = file.object("model");
  // Early files do not say which it is.
  const std::string type = model.text_or("type", model.find("merges") != nullptr ? "BPE" : "WordPiece");
  if (type == "BPE") return byte_pairs_of(file, model, size);
  if (type == "WordPiece") return word_pieces_of(file, model, size);
  fail_input("{}: found {}, expected \"BPE\" or \"WordPiece\" (others are not supported)", model.label("type"),
             quote(type));
}

std::unique_ptr<Tokenizer> open_word_pieces(const std::filesystem::path& folder, std::size_t size) {
  const Json document = read_options(folder);
  const Fields fields(document, options_label(folder));
  WordPieceTokenizer::Options options;
  options.lower_case = fields.flag("do_lower_case").value_or(true);
  options.strip_accents = fields.flag("strip_accents").value_or(options.lower_case);
  options.split_chinese = fields.flag("tokenize_chinese_chars").value_or(true);
  return std::make_unique<WordPieceTokenizer>(Vocabulary::of_lines(folder / "vocab.txt", size), options);
}

std::unique_ptr<Tokenizer> open_byte_pairs(const std::filesystem::path& folder, std::size_t size) {
  const Json document = read_options(folder);
  const Fields fields(document, options_label(folder));
  const std::filesystem::path vocabulary = folder / "vocab.json";
  const std::filesystem::path merges = folder / "merges.txt";
  return std::make_unique<BytePairTokenizer>(
      Vocabulary::of_json(read_json(vocabulary), vocabulary.string(), size), BytePairTokenizer::read_merges(merges),
      merges.string(), BytePairTokenizer::Options{.prefix_space = fields.flag("add_prefix_space").value_or(false)});
}

}  // namespace mixvec::inline golden
