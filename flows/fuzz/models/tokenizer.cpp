// Any bytes are a file of a tokenizer, which can then cut a text, or a text that each tokenizer can cut, or an
// InputError. The first byte says which it is.
#include "golden/text/tokenizer.hpp"

#include <array>

#include "flows/fuzz/models/model_targets.hpp"

namespace mixvec::inline flows::fuzz {
namespace {

constexpr std::size_t kTokenizerSize = 16;
constexpr std::string_view kTokenizerText = "ab aba \xC3\xA9t\xC3\xA9!  \xE5\x8D\x9A\n it's";
constexpr std::string_view kTokenizerPairs = R"({"a":0,"b":1,"ab":2,"Ġ":3,"Ġab":4,"!":5})";
constexpr std::string_view kTokenizerWords = "[PAD]\n[UNK]\nab\n##a\net\n##e\n!\n\xE5\x8D\x9A\n";

/// What a first byte says.
struct TokenizerFile {
  char mark;
  const char* name;  ///< in a folder of its own, beside what it needs
};
constexpr std::array<TokenizerFile, 4> kTokenizerFiles{
    {{'j', "tokenizer.json"}, {'m', "merges.txt"}, {'w', "vocab.txt"}, {'v', "vocab.json"}}};

void check_tokens(const std::filesystem::path& folder, std::string_view text) {
  const std::unique_ptr<Tokenizer> tokenizer = open_tokenizer(folder, kTokenizerSize);
  std::size_t before = 0;
  for (const Token& token : tokenizer->tokenize(text, "text")) {
    require(token.id < kTokenizerSize, "an id beyond the vocabulary");
    require(token.begin >= before && token.end >= token.begin && token.end <= text.size(), "a token out of its place");
    before = token.begin;
  }
}

/// A folder with the file that `name` says and what else its tokenizer needs.
std::filesystem::path tokenizer_folder(std::string_view name, std::string_view bytes) {
  const std::filesystem::path place = std::filesystem::path("tokenizer") / name;
  static_cast<void>(fresh_folder(place));
  if (name == "merges.txt") put(place / "vocab.json", kTokenizerPairs);
  return put(place / name, bytes).parent_path();
}

void fuzz_tokenizer(std::string_view bytes) {
  if (bytes.empty()) return;
  const std::string_view rest = bytes.substr(1);
  for (const TokenizerFile& file : kTokenizerFiles) {
    if (bytes[0] == file.mark) return check_tokens(tokenizer_folder(file.name, rest), kTokenizerText);
  }
  static const std::array<std::filesystem::path, 2> kGood{tokenizer_folder("merges.txt", "a b\nĠ ab\n"),
                                                          tokenizer_folder("vocab.txt", kTokenizerWords)};
  // Word pieces last: they have something for every text.
  try {
    check_tokens(kGood[0], rest);
  } catch (const InputError&) {
    check_tokens(kGood[1], rest);
  }
}

std::vector<std::string> tokenizer_seeds() {
  const std::string words = R"({"[UNK]":1,"ab":2,"##a":3,"ete":4})";
  return {
      R"(j{"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":true},"model":{"type":"BPE","vocab":)" +
          std::string(
              R"({"a":0,"b":1,"ab":2,"Ġ":3,"Ġab":4,"!":5,"Ã":6,"©":7,"t":8,"å":9,"į":10,"Ċ":11,"ļ":12,"'":13,"i":14,"s":15},)") +
          R"("merges":["a b",["Ġ","ab"]]}})",
      R"(j{"normalizer":{"type":"BertNormalizer","lowercase":true},"pre_tokenizer":{"type":"BertPreTokenizer"},)"
      R"("model":{"type":"WordPiece","unk_token":"[UNK]","max_input_chars_per_word":9,"vocab":)" +
          words + "}}",
      "w" + std::string(kTokenizerWords), "t" + std::string(kTokenizerText)};
}

}  // namespace

Target tokenizer_target() {
  return {.name = "tokenizer",
          .read = fuzz_tokenizer,
          .seeds = tokenizer_seeds,
          .words = {"\"type\":\"BPE\"", "\"WordPiece\"", "\"vocab\":", "\"merges\":", "\"a b\"", "[UNK]", "##",
                    "#version", "\"strip_accents\":false", "\"clean_text\":false", "\"normalizer\":null", "\xC4\xA0",
                    "\xE5\x8D\x9A", "\xEF\xBF\xBD", "\xCC\x81"},
          .most_bytes = 1024};
}

}  // namespace mixvec::inline flows::fuzz
