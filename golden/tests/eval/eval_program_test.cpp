// Tests of eval_model's tasks as a user calls them: results as JSON, the reference that others computed, refusals.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "golden/files/input_file.hpp"
#include "golden/tests/eval/fine_tuned_checkpoint.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline golden {
namespace {

namespace fs = std::filesystem;

constexpr const char* kQuestions = R"({"data":[{"paragraphs":[{"context":"b","qas":[)"
                                   R"({"id":"q","question":"who a","answers":[{"text":"B."}]}]}]}]})";

class EvalTasks : public ::testing::Test {
 protected:
  void SetUp() override {
    write_fine_tuned("bert", folder_.path / "bert");
    SmallCheckpoint gpt2 = SmallCheckpoint::gpt2();
    shrink(gpt2);
    gpt2.write(folder_.path / "gpt2");
    write_file(folder_.path / "gpt2/vocab.json", R"({"a":0,"b":1,"ab":2,"Ġ":3,"Ġa":4,"Ċ":5})");
    write_file(folder_.path / "gpt2/merges.txt", "a b\nĠ a\n");
    write_file(folder_.path / "text", "ab ab a\nb a\n");
    write_file(folder_.path / "labels.tsv", "1\ta b\n0\tc\n");
    write_file(folder_.path / "squad.json", kQuestions);
  }
  [[nodiscard]] int run(const std::string& options) const {
    return exit_code_of(fmt::format("cd '{}' && '{}/eval_model' {} --json out.json > log 2>&1", folder_.path.string(),
                                    MIXVEC_BINARY_DIR, options));
  }
  [[nodiscard]] nlohmann::json result(const std::string& options) const {
    EXPECT_EQ(run(options), 0) << read_file(folder_.path / "log");
    return nlohmann::json::parse(read_file(folder_.path / "out.json"));
  }
  void refused(const std::string& options, const std::string& part) const {
    fs::remove(folder_.path / "out.json");
    EXPECT_EQ(run(options), 2) << options;
    const std::string log = read_file(folder_.path / "log");
    EXPECT_EQ(log.find("eval_model: "), 0U) << log;
    EXPECT_NE(log.find(part), std::string::npos) << options << ": " << log;
    EXPECT_FALSE(fs::exists(folder_.path / "out.json"));
  }
  TemporaryTestFolder folder_;
};

TEST_F(EvalTasks, GiveTheirResults) {
  std::map<std::string, double> perplexity;
  for (const std::string arithmetic : {"golden", "double", "binary32"}) {
    const std::string how = " --arithmetic " + arithmetic;
    const auto text = result("--model gpt2 --text text" + how);
    EXPECT_EQ(text.at("task"), "perplexity");
    EXPECT_EQ(text.at("tokenizer"), "byte pair");
    EXPECT_EQ(text.at("tokens"), 7);
    perplexity[arithmetic] = text.at("perplexity");
    const auto words = result("--model gpt2 --task lambada --text text" + how);
    EXPECT_EQ(words.at("passages"), 2);
    EXPECT_GT(words.at("perplexity").get<double>(), 1);
    const auto classes = result("--model bert --task classify --text labels.tsv" + how);
    EXPECT_EQ(classes.at("examples"), 2);
    EXPECT_EQ(classes.at("labelled"), 2);
    EXPECT_DOUBLE_EQ(classes.at("accuracy").get<double>(), classes.at("correct").get<double>() / 2);
    EXPECT_EQ(classes.at("logits").at(1).size(), 3U);
    EXPECT_TRUE(classes.at("logit_error").is_null());
    const auto spans = result("--model bert --task spans --text squad.json" + how);
    EXPECT_EQ(spans.at("exact_match"), 100);
    EXPECT_EQ(spans.at("f1"), 100);
    EXPECT_EQ(spans.at("predictions").at("q"), "b");
    EXPECT_EQ(result("--model bert --task classify --limit 1 --text labels.tsv" + how).at("examples"), 1);
  }
  EXPECT_NEAR(perplexity["binary32"], perplexity["double"], 1e-4 * perplexity["double"]);
  EXPECT_NEAR(perplexity["golden"], perplexity["double"], 0.02 * perplexity["double"]);
}

TEST_F(EvalTasks, ThreadsChangeNoBit) {
  for (const std::string task : {"--model gpt2 --text text --context 2 --arithmetic binary32",
                                 "--model bert --task classify --text labels.tsv --arithmetic binary32"}) {
    auto one = result(task + " --threads 1");
    auto three = result(task + " --threads 3");
    one.erase("seconds");
    three.erase("seconds");
    EXPECT_EQ(one, three);
  }
}

TEST_F(EvalTasks, RefuseWhatDoesNotFit) {
  refused("--model gpt2 --text text --task f1", "--task: found \"f1\", expected one of perplexity, lambada, classify");
  refused("--model gpt2 --text text --task lambada --last 5", "--last: found it with --task lambada");
  refused("--model bert --text squad.json --task spans --context 5", "--context: found it with --task spans");
  for (const char* task : {"perplexity", "lambada"}) {
    refused(
        fmt::format("--model bert --text text --task {}", task),
        fmt::format("--task {}: found a BERT checkpoint in bert, expected GPT-2; it does classify and spans", task));
  }
  for (const char* task : {"classify", "spans"}) {
    refused(fmt::format("--model gpt2 --text text --task {}", task),
            fmt::format("--task {}: found a GPT-2 checkpoint in gpt2, expected BERT", task));
  }
  refused("--model bert --text text --task spans", "text: line 1, column 1: found 'a', which is not JSON there");
  refused("--model bert --text squad.json --task classify", "squad.json: line 1: found 0 tabs");
  refused("--model bert --text missing.safetensors --task classify",
          "--text missing.safetensors: found nothing, expected a safetensors file");
  fs::remove(folder_.path / "gpt2/merges.txt");
  refused("--model gpt2 --text text", "vocab.json: \"ab\": found 2 characters, expected one");
  fs::remove(folder_.path / "gpt2/vocab.json");
  refused("--model gpt2 --text text", "gpt2: found no tokenizer, expected tokenizer.json");
  refused("--model gpt2 --task lambada --text text", "gpt2: found no tokenizer");
  fs::remove(folder_.path / "bert/vocab.txt");
  refused("--model bert --task classify --text labels.tsv", "bert: found no tokenizer");
  refused("--model bert --task spans --text squad.json", "bert: found no tokenizer");
  write_file(folder_.path / "bert/vocab.txt", "[UNK]\na\n");
  refused("--model bert --task classify --text labels.tsv",
          "found neither the tokens [CLS] and [SEP] nor <s> and </s>");
  SmallCheckpoint plain = fine_tuned("bert");
  plain.remove("embeddings.word_embeddings.weight");
  plain.write(folder_.path / "bert");
  refused("--model bert --task classify --text labels.tsv",
          "found no tensor embeddings.word_embeddings.weight, expected one to embed texts (classify and calibration "
          "also take a .safetensors file");
}

TEST_F(EvalTasks, LogitsOfBertTinyAreTheReferences) {
  const fs::path data = fs::path(MIXVEC_SOURCE_DIR) / "../shared/data/bert_tiny_sst2";
  if (!fs::exists(data)) GTEST_SKIP() << "no reference data in " << data;
  for (const auto& [arithmetic, bound] : {std::pair{"binary32", 5e-4}, {"double", 5e-4}, {"golden", 2e-3}}) {
    const auto values =
        result(fmt::format("--model {0} --task classify --text {0}/reference.safetensors "
                           "--arithmetic {1}",
                           fs::absolute(data).string(), arithmetic));
    EXPECT_EQ(values.at("examples"), 1);
    EXPECT_TRUE(values.at("accuracy").is_null());
    EXPECT_LT(values.at("logit_error").get<double>(), bound) << arithmetic;
    EXPECT_GT(values.at("logits").at(0).at(1).get<double>() - values.at("logits").at(0).at(0).get<double>(), 0.1);
  }
}

}  // namespace
}  // namespace mixvec::inline golden
