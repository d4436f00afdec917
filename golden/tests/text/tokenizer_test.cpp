// Tests of which tokenizer a folder has, in the forms of its files, and of what is refused.
#include "golden/text/tokenizer.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "golden/cli/cli.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline golden {
namespace {

using Json = nlohmann::json;

constexpr const char* kPairs = R"({"a": 0, "b": 1, "ab": 2, "Ġ": 3, "Ġab": 4, "<|endoftext|>": 5})";

Json byte_pairs() {
  return {{"version", "1.0"},
          {"added_tokens", Json::array({{{"id", 5}, {"content", "<|endoftext|>"}}})},
          {"normalizer", nullptr},
          {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}}},
          {"post_processor", {{"type", "ByteLevel"}}},
          {"decoder", {{"type", "ByteLevel"}}},
          {"model",
           {{"type", "BPE"},
            {"dropout", nullptr},
            {"unk_token", nullptr},
            {"continuing_subword_prefix", ""},
            {"end_of_word_suffix", ""},
            {"fuse_unk", false},
            {"vocab", Json::parse(kPairs)},
            {"merges", {"a b", "Ġ ab"}}}}};
}

Json word_pieces() {
  return {{"normalizer",
           {{"type", "BertNormalizer"},
            {"clean_text", true},
            {"handle_chinese_chars", true},
            {"strip_accents", nullptr},
            {"lowercase", true}}},
          {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
          {"model",
           {{"type", "WordPiece"},
            {"unk_token", "[UNK]"},
            {"continuing_subword_prefix", "##"},
            {"max_input_chars_per_word", 100},
            {"vocab", {{"[PAD]", 0}, {"[UNK]", 1}, {"ete", 2}, {"##s", 3}}}}}};
}

class OpenTokenizer : public ::testing::Test {
 protected:
  void put(const char* name, const std::string& text) const { write_file(folder_.path / name, text); }
  [[nodiscard]] std::unique_ptr<Tokenizer> open(std::size_t size = 6) const {
    return open_tokenizer(folder_.path, size);
  }
  void refused(const std::string& part) const {
    const std::string message = message_of([&] { (void)open(); });
    EXPECT_EQ(message.find(folder_.path.string()), 0U) << message;
    EXPECT_NE(message.find(part), std::string::npos) << message << "\nexpected " << part;
  }
  TemporaryTestFolder folder_;
};

TEST_F(OpenTokenizer, TakesWhatThereIsInOrder) {
  refused("found no tokenizer, expected tokenizer.json, vocab.json with merges.txt, vocab.txt");
  put("vocab.json", R"({"a": 0, "b": 5, "é": 3})");
  EXPECT_STREQ(open()->unit(), "character");
  EXPECT_EQ(open()->encode("bé"), (TokenIds{5, 3}));
  EXPECT_EQ(open()->tokenize("éb", "text"), (std::vector<Token>{{3, 0, 2}, {5, 2, 3}}));
  put("vocab.txt", "[PAD]\n[UNK]\nete\n##s");
  EXPECT_STREQ(open()->unit(), "word piece");
  EXPECT_EQ(open()->encode("Étés"), (TokenIds{2, 3}));
  put("vocab.json", kPairs);
  put("merges.txt", "#version: 0.2\na b\nĠ ab\n");
  EXPECT_STREQ(open()->unit(), "byte pair");
  EXPECT_EQ(open()->encode("ab aba"), (TokenIds{2, 4, 0}));
  put("tokenizer.json", word_pieces().dump());
  EXPECT_STREQ(open()->unit(), "word piece");
}

TEST_F(OpenTokenizer, FormsOfBytePairsAreOne) {
  const std::string text = "ab aba  b";
  const TokenIds expected{2, 4, 0, 3, 3, 1};
  put("vocab.json", kPairs);
  put("merges.txt", "#version: 0.2\na b\nĠ ab\n");
  EXPECT_EQ(open()->encode(text), expected);
  put("tokenizer_config.json", R"({"add_prefix_space": true, "model_max_length": 1024})");
  EXPECT_EQ(open()->encode("ab"), TokenIds{4});
  EXPECT_EQ(open()->encode(" ab"), TokenIds{4});
  Json document = byte_pairs();
  put("tokenizer.json", document.dump());
  EXPECT_EQ(open()->encode(text), expected);
  EXPECT_EQ(open()->encode("ab"), TokenIds{2});  // what tokenizer.json says counts
  document["model"]["merges"] = Json::parse(R"([["a", "b"], ["Ġ", "ab"]])");
  document["model"].erase("type");
  put("tokenizer.json", document.dump());
  EXPECT_EQ(open()->encode(text), expected);
  document["pre_tokenizer"]["add_prefix_space"] = true;
  put("tokenizer.json", document.dump());
  EXPECT_EQ(open()->encode("ab"), TokenIds{4});
}

TEST_F(OpenTokenizer, FormsOfWordPiecesAreOne) {
  const std::string text = "ÉTÉS étés?";
  const auto ids = [&] { return open()->encode(text); };
  put("vocab.txt", "[PAD]\r\n[UNK]\r\nete\r\n##s\r\n");
  EXPECT_EQ(ids(), (TokenIds{2, 3, 2, 3, 1}));
  put("tokenizer_config.json", R"({"do_lower_case": false})");
  EXPECT_EQ(ids(), (TokenIds{1, 1, 1}));
  put("tokenizer_config.json", R"({"do_lower_case": false, "strip_accents": true})");
  EXPECT_EQ(ids(), (TokenIds{1, 2, 3, 1}));
  Json document = word_pieces();
  put("tokenizer.json", document.dump());
  EXPECT_EQ(ids(), (TokenIds{2, 3, 2, 3, 1}));
  document["normalizer"]["lowercase"] = false;
  put("tokenizer.json", document.dump());
  EXPECT_EQ(ids(), (TokenIds{1, 1, 1}));
  document["normalizer"]["strip_accents"] = true;
  document["model"]["max_input_chars_per_word"] = 3;
  put("tokenizer.json", document.dump());
  EXPECT_EQ(ids(), (TokenIds{1, 1, 1}));
}

TEST_F(OpenTokenizer, RefusesStepsThatItDoesNotHave) {
  const auto refuse = [&](Json document, const char* pointer, const Json& value, const std::string& part) {
    document[Json::json_pointer(pointer)] = value;
    put("tokenizer.json", document.dump());
    refused("tokenizer.json: " + part);
  };
  refuse(byte_pairs(), "/model/type", "Unigram", "model: type: found \"Unigram\", expected \"BPE\" or \"WordPiece\"");
  refuse(byte_pairs(), "/model", nullptr, "model: found nothing, expected an object");
  refuse(byte_pairs(), "/model", 3, "model: found 3, expected an object");
  refuse(byte_pairs(), "/normalizer", {{"type", "NFC"}}, "normalizer: found an object, expected null");
  refuse(byte_pairs(), "/pre_tokenizer", {{"type", "Split"}}, "pre_tokenizer: type: found \"Split\", expected");
  refuse(byte_pairs(), "/pre_tokenizer", nullptr, "pre_tokenizer: type: found \"nothing\"");
  refuse(byte_pairs(), "/pre_tokenizer/use_regex", false, "pre_tokenizer: use_regex: found false, expected true");
  refuse(byte_pairs(), "/pre_tokenizer/add_prefix_space", 1,
         "pre_tokenizer: add_prefix_space: found 1, expected true or false");
  refuse(byte_pairs(), "/model/dropout", 0.1, "model: dropout: found 0.1, expected 0.0");
  refuse(byte_pairs(), "/model/end_of_word_suffix", "</w>", "model: end_of_word_suffix: found \"</w>\", expected \"\"");
  refuse(byte_pairs(), "/model/merges", nullptr, "model: merges: found nothing, expected a list of pairs");
  refuse(byte_pairs(), "/model/merges", "a b", "model: merges: found \"a b\", expected a list of pairs");
  refuse(byte_pairs(), "/model/merges/1", "Ġab", "model: merges: merge 1: found \"\\u0120ab\", expected two tokens");
  refuse(byte_pairs(), "/model/merges/1", Json::array({"a", "b", "c"}),
         "model: merges: merge 1: found an array, expected two tokens");
  refuse(byte_pairs(), "/model/vocab/ab", 6, "model: vocab: \"ab\": found 6, expected an id from 0 to 5");
  refuse(byte_pairs(), "/model/vocab/ab", 1, "model: vocab: \"b\": found 1, the id of \"ab\", too");
  refuse(byte_pairs(), "/model/vocab", Json::array(), "model: vocab: found an array, expected an object");
  refuse(word_pieces(), "/normalizer", nullptr, "normalizer: type: found \"nothing\", expected \"BertNormalizer\"");
  refuse(word_pieces(), "/pre_tokenizer/type", "Whitespace", "pre_tokenizer: type: found \"Whitespace\"");
  refuse(word_pieces(), "/model/max_input_chars_per_word", 1001,
         "model: max_input_chars_per_word: found 1001, expected an");
  refuse(word_pieces(), "/model/unk_token", "<unk>", "model: vocab: found no token \"<unk>\" among 4, expected it");
  put("tokenizer.json", "[]");
  refused("tokenizer.json: found an array, expected an object");
}

TEST_F(OpenTokenizer, RefusesFilesThatDoNotFit) {
  put("vocab.txt", "[UNK]\na\nb\nc\nd\ne\nf\n");
  refused("vocab.txt: line 7: found \"f\", expected at most 6 tokens, the model's vocab_size");
  put("vocab.txt", "a\n");
  refused("vocab.txt: found no token \"[UNK]\" among 1");
  put("tokenizer_config.json", R"({"do_lower_case": "yes"})");
  refused("tokenizer_config.json: do_lower_case: found \"yes\", expected true or false");
  put("tokenizer_config.json", "7");
  refused("tokenizer_config.json: found 7, expected an object");
  std::filesystem::remove(folder_.path / "tokenizer_config.json");
  put("merges.txt", "a b\n");
  refused("vocab.json: found no such file");
  std::filesystem::create_symlink("nowhere", folder_.path / "tokenizer.json");
  refused("tokenizer.json: found a link to \"nowhere\", which does not exist");
}

}  // namespace
}  // namespace mixvec::inline golden
