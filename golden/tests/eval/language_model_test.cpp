// Tests of perplexity: the shipped model in golden arithmetic against binary64, windows, refusals, the program.
#include "golden/eval/language_model.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "golden/cli/cli.hpp"
#include "golden/files/input_file.hpp"
#include "golden/safetensors/safetensors.hpp"
#include "golden/safetensors/safetensors_writer.hpp"
#include "golden/safetensors/tensor_view.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"
#include "golden/text/character_text.hpp"
#include "golden/text/tokenizer.hpp"

namespace mixvec::inline golden {
namespace {

namespace fs = std::filesystem;

const fs::path kModel = fs::path(MIXVEC_SOURCE_DIR) / "models/shakespeare-gpt2";
// What the model was not trained on.
const fs::path kText = fs::path(MIXVEC_SOURCE_DIR) / "models/shakespeare.txt";

TokenIds encode(const fs::path& model, const fs::path& text) {
  return open_tokenizer(Model::open(model))->encode(read_text(text), text.string());
}

TEST(LanguageModel, GoldenPerplexityIsThatOfBinarySixtyFour) {
  std::map<Arithmetic, double> perplexity;
  for (const Arithmetic arithmetic : {Arithmetic::kGolden, Arithmetic::kDouble, Arithmetic::kBinary32}) {
    const LanguageModel model(Model::open(kModel), arithmetic);
    const TokenIds ids = encode(kModel, kText);
    const Loss loss = model.evaluate(ids, 256, 16, 2);
    EXPECT_EQ(loss.tokens, 16U * 256U);
    perplexity[arithmetic] = loss.perplexity();
    std::printf("%-8s %.6f\n", name_of(arithmetic), loss.perplexity());
    // The model card's figure for these windows, from the trainer's test.
    EXPECT_NEAR(loss.mean(), 1.6355, 0.001);
  }
  const double exact = perplexity[Arithmetic::kDouble];
  EXPECT_NEAR(perplexity[Arithmetic::kGolden], exact, 0.002 * exact);
  EXPECT_NEAR(perplexity[Arithmetic::kBinary32], exact, 1e-5 * exact);
}

TEST(LanguageModel, WindowsCoverTheTextOnce) {
  const TemporaryTestFolder folder;
  write_file(folder.path / "text", "To be, or not to be: that is the question.");
  const LanguageModel model(Model::open(kModel), Arithmetic::kDouble);
  const TokenIds ids = encode(kModel, folder.path / "text");
  ASSERT_EQ(ids.size(), 42U);
  EXPECT_EQ(model.evaluate(ids, 256, 1000, 2).tokens, 41U);
  double last = 0;
  const Loss loss = model.evaluate(ids, 16, 1000, 2, [&](double fraction) { last = fraction; });
  EXPECT_EQ(loss.tokens, 41U);
  EXPECT_EQ(last, 1.0);
  Loss sum;
  for (std::size_t first = 0; first + 1 < ids.size(); first += 16) {
    const Loss part = model.evaluate(std::span(ids).subspan(first, std::min<std::size_t>(17, 42 - first)), 16, 9, 1);
    sum.nats += part.nats;
    sum.tokens += part.tokens;
  }
  EXPECT_EQ(sum.tokens, loss.tokens);
  EXPECT_NEAR(sum.nats, loss.nats, 1e-12);
  EXPECT_EQ(model.evaluate(ids, 16, 2, 2).tokens, 32U);
  EXPECT_EQ(model.logits(ids, 2).size(), 65U * 42U);
}

TEST(LanguageModel, RefusesWhatItCannotRead) {
  const TemporaryTestFolder folder;
  const auto expect = [](const std::string& text, const char* part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  const LanguageModel model(Model::open(kModel), Arithmetic::kBinary32);
  write_file(folder.path / "text", "ab\xC3\xA9");
  expect(message_of([&] { (void)encode(kModel, folder.path / "text"); }), "character 2: found \"");
  const std::vector<std::size_t> ids{1, 2, 65};
  expect(message_of([&] { (void)model.logits(ids, 1); }), "found token id 65, expected 0 to 64");
  expect(message_of([&] { (void)model.evaluate(std::span(ids).first(1), 8, 1, 1); }), "expected at least 2");
  expect(message_of([&] { (void)model.evaluate(ids, 257, 1, 1); }), "found a context of 257, expected 1 to 256");
  expect(message_of([&] { (void)model.logits(std::vector<std::size_t>(257), 1); }), "found 257 tokens");
  expect(message_of([] { find_arithmetic("--arithmetic", "fp8"); }),
         "--arithmetic: found \"fp8\", expected one of binary32, golden, double");
  for (const char* name : {"config.json", "model.safetensors"}) fs::copy(kModel / name, folder.path / name);
  const auto open = [&] { (void)open_tokenizer(Model::open(folder.path)); };
  expect(message_of(open), "vocab.json");
  write_file(folder.path / "vocab.json", "{\"a\": 65}");
  expect(message_of(open), "vocab.json: \"a\": found 65, expected an id from 0 to 64");
  write_file(folder.path / "vocab.json", "{");
  expect(message_of(open), "vocab.json: line 1, column 2: found the end of the text");
}

TEST(LanguageModel, RefusesVocabulariesThatAreNotOfCharacters) {
  const TemporaryTestFolder folder;
  for (const char* name : {"config.json", "model.safetensors"}) fs::copy(kModel / name, folder.path / name);
  const std::vector<std::pair<const char*, const char*>> bad{
      {R"({"a": 0, "b": 64, "c": 0})", "vocab.json: \"c\": found 0, the id of \"a\", too"},
      {R"({"a": 0, "th": 1})", "vocab.json: \"th\": found 2 characters, expected one"},
      {R"({"": 0})", "vocab.json: \"\": found 0 characters, expected one"},
      {R"({"a": 0, "b": 1, "a": 2})", "vocab.json: \"a\": found twice"},
      {R"({"a": -1})", "vocab.json: \"a\": found -1, expected an id from 0 to 64"},
      {R"({"a": 18446744073709551615})", "expected an id from 0 to 64"},
      {R"({"a": {"b": 1}})", "expected an id from 0 to 64"},
      {"[0, 1]", "vocab.json: found an array, expected an object"},
  };
  for (const auto& [vocabulary, part] : bad) {
    write_file(folder.path / "vocab.json", vocabulary);
    const std::string message = message_of([&] { (void)open_tokenizer(Model::open(folder.path)); });
    EXPECT_NE(message.find(part), std::string::npos) << message;
  }
  // Characters of several bytes are one, and not all ids need one.
  write_file(folder.path / "vocab.json", R"({"\u00e9": 64, "\ud83d\ude00": 3})");
  write_file(folder.path / "text", "\xF0\x9F\x98\x80\xC3\xA9");
  EXPECT_EQ(encode(folder.path, folder.path / "text"), (std::vector<std::size_t>{3, 64}));
}

TEST(LanguageModel, UntiedOutputMatrixIsLmHead) {
  const TemporaryTestFolder folder;
  fs::copy(kModel / "vocab.json", folder.path / "vocab.json");
  auto config = nlohmann::json::parse(read_file(kModel / "config.json"));
  const Model shipped = Model::open(kModel);
  // Only the last character's row differs from the embedding's: it is twice as large.
  const TensorView& words = shipped.tensors().words();
  std::vector<Half> head = words.as_half();
  const std::size_t d = shipped.config().hidden;
  for (std::size_t c = 0; c < d; ++c) head[64 * d + c] = to_half(2.0F * to_float(head[64 * d + c]));
  const auto write = [&](const nlohmann::json& tied, std::vector<std::size_t> shape) {
    config["tie_word_embeddings"] = tied;
    write_file(folder.path / "config.json", config.dump());
    SafetensorsWriter writer;
    for (const TensorView& view : shipped.file().tensors()) writer.add(view.name, view.dtype, view.shape, view.bytes());
    if (!shape.empty()) writer.add("lm_head.weight", std::move(shape), std::span<const Half>(head));
    writer.write(folder.path / "model.safetensors");
  };
  const auto open = [&] { const LanguageModel copy(Model::open(folder.path), Arithmetic::kBinary32); };
  const auto expect = [](const std::string& text, const char* part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  write(false, {});
  expect(message_of(open), "found tie_word_embeddings false in config.json and no tensor lm_head.weight");
  write(false, {d, 65});
  expect(message_of(open), "\"lm_head.weight\": found shape [128, 65], expected [65, 128]");
  write("no", {65, d});
  expect(message_of(open), "tie_word_embeddings: found \"no\", expected true or false");

  const std::vector<std::size_t> ids{20, 43, 2};
  for (const Arithmetic arithmetic : {Arithmetic::kGolden, Arithmetic::kDouble, Arithmetic::kBinary32}) {
    const std::vector<double> tied = LanguageModel(Model::open(kModel), arithmetic).logits(ids, 2);
    write(true, {65, d});
    EXPECT_EQ(LanguageModel(Model::open(folder.path), arithmetic).logits(ids, 2), tied) << name_of(arithmetic);
    write(false, {65, d});
    std::vector<double> expected = tied;
    for (std::size_t t = 0; t < 3; ++t) expected[64 * 3 + t] *= 2;
    EXPECT_EQ(LanguageModel(Model::open(folder.path), arithmetic).logits(ids, 2), expected) << name_of(arithmetic);
  }
}

TEST(CharacterText, RefusesWhatMayNeverEnd) {
  const TemporaryTestFolder folder;
  const auto refused = [](const fs::path& path, const std::string& part) {
    const std::string message = message_of([&] { (void)read_characters(path); });
    EXPECT_EQ(message.find(path.string() + ": "), 0U) << message;
    EXPECT_NE(message.find(part), std::string::npos) << message;
  };
  // /dev/zero only if devices are refused at all: reading it would fill the memory.
  refused("/dev/null", "found a device, expected a regular file");
  ASSERT_FALSE(HasFailure());
  refused("/dev/zero", "found a device, expected a regular file");
  fs::create_symlink("/dev/null", folder.path / "link");
  refused(folder.path / "link", "found a device");
  ASSERT_EQ(::mkfifo((folder.path / "pipe").c_str(), 0600), 0);
  refused(folder.path / "pipe", "found a pipe");
  refused(folder.path, "found a folder");
  refused(folder.path / "no", "found no such file");
  write_file(folder.path / "text", "");
  refused(folder.path / "text", "found an empty file");
  fs::resize_file(folder.path / "text", kMaxTextBytes + 1);
  refused(folder.path / "text",
          fmt::format("found {} bytes or more, expected at most {}", kMaxTextBytes + 1, kMaxTextBytes));
  write_file(folder.path / "text", "a\xC3\xA9");
  EXPECT_EQ(read_characters(folder.path / "text"), (std::vector<std::string>{"a", "\xC3\xA9"}));
}

TEST(EvalModel, Program) {
  const TemporaryTestFolder folder;
  const std::string program = std::string(MIXVEC_BINARY_DIR) + "/eval_model";
  const auto run = [&](const std::string& options) {
    return exit_code_of(program + " " + options + " > " + (folder.path / "log").string() + " 2>&1");
  };
  const std::string text = (folder.path / "text").string();
  const std::string json = (folder.path / "out.json").string();
  write_file(text, "First Citizen:\nBefore we proceed any further, hear me speak.\n");
  const std::string base = "--model " + kModel.string() + " --text " + text;
  std::map<std::string, double> perplexity;
  for (const std::string arithmetic : {"golden", "double", "binary32"}) {
    ASSERT_EQ(run(fmt::format("{} --context 20 --arithmetic {} --json {}", base, arithmetic, json)), 0)
        << read_file(folder.path / "log");
    const auto result = nlohmann::json::parse(read_file(json));
    EXPECT_EQ(result.at("tokens"), 60);
    EXPECT_EQ(result.at("arithmetic"), arithmetic);
    perplexity[arithmetic] = result.at("perplexity");
    EXPECT_NE(read_file(folder.path / "log").find("perplexity"), std::string::npos);
  }
  EXPECT_NEAR(perplexity["golden"], perplexity["double"], 0.005 * perplexity["double"]);
  ASSERT_EQ(run(base + " --context 20 --limit 1 --last 50 --json " + json), 0);
  EXPECT_EQ(nlohmann::json::parse(read_file(json)).at("tokens"), 20);
  EXPECT_EQ(run(base + " --arithmetic fp8"), 2);
  EXPECT_EQ(run(base + " --context 257"), 2);
  EXPECT_NE(read_file(folder.path / "log").find("--context: found 257, expected 1 to 256"), std::string::npos)
      << read_file(folder.path / "log");
  EXPECT_EQ(run("--text " + text), 2);
  EXPECT_EQ(run("--model " + kModel.string() + " --text /dev/null"), 2);
  EXPECT_NE(read_file(folder.path / "log").find("/dev/null: found a device"), std::string::npos);
  EXPECT_EQ(run("--help"), 0);
}

}  // namespace
}  // namespace mixvec::inline golden
