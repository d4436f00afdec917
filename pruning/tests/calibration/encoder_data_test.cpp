// BERT measured on texts: the same as on the hidden states that its embeddings make of them.
#include "pruning/pipeline/encoder_data.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "golden/base/error.hpp"
#include "golden/eval/encoder_model.hpp"
#include "golden/safetensors/safetensors_writer.hpp"
#include "golden/tests/eval/fine_tuned_checkpoint.hpp"
#include "golden/text/tokenizer.hpp"
#include "pruning/tests/program_fixture.hpp"

namespace mixvec::inline pruning {
namespace {

class EncoderData : public ProgramTest {
 protected:
  // What is said of the file `name` by the checkpoint `model`.
  std::string refusal(const std::string& model, const std::string& name, const WindowOptions& options = {}) const {
    try {
      const Model opened = Model::open(path(model));
      read_calibration_data(opened, Network{}, path(name), options);
    } catch (const InputError& error) {
      return error.what();
    }
    return "";
  }
};

TEST_F(EncoderData, TextsAreFramedSpreadAndEmbedded) {
  for (const char* const family : {"bert", "distilbert", "roberta"}) {
    write_fine_tuned(family, path(family));
    const Model model = Model::open(path(family));
    write_file(path("text.txt"), "a b c a b a c b a a b c c b a b a c a b c a b");
    const CalibrationData data = read_encoder_data(model, path("text.txt"), {3, 6, 90});
    ASSERT_EQ(data.ends, (SequenceEnds{6, 12, 18})) << family;
    EXPECT_TRUE(data.targets.empty());
    const std::unique_ptr<Tokenizer> tokenizer = open_tokenizer(model);
    const TokenIds ids = tokenizer->encode(read_file(path("text.txt")));
    const Frame frame(tokenizer->vocabulary());
    const EncoderModel encoder(model, Arithmetic::kBinary32, true);
    const std::size_t places = ids.size() * 90 / 100 - 4 + 1;
    for (std::size_t s = 0; s < 3; ++s) {
      const Sequence sequence = frame.around(std::span(ids).subspan(s * places / 3, 4));
      ASSERT_EQ(sequence.ids.size(), 6U);
      const std::vector<double> x = encoder.embed(sequence);
      for (std::size_t t = 0; t < 6; ++t) {
        for (std::size_t c = 0; c < 8; ++c) {
          ASSERT_EQ(data.x(index_of(6 * s + t), index_of(c)), static_cast<float>(x[c * 6 + t])) << family;
        }
      }
    }
    write_file(path("lines.tsv"), "0\ta b\n1\tc a\tb b b\n\n0\tc c c\n2\ta\n");
    const CalibrationData lines = read_encoder_data(model, path("lines.tsv"), {2, 6, 90});
    ASSERT_EQ(lines.ends.size(), 2U) << "the first and the third of four";
    const std::vector<double> third = encoder.embed(frame.around(tokenizer->encode("c c c")));
    const std::size_t count = third.size() / 8;
    ASSERT_EQ(lines.ends[1] - lines.ends[0], count);
    EXPECT_EQ(lines.x(index_of(lines.ends[0]), 0), static_cast<float>(third[0]));
  }
}

// Through the program: a text, and the hidden states of its windows stored, lead to the same masks and weights.
TEST_F(EncoderData, TextAndItsHiddenStatesPruneAlike) {
  write_fine_tuned("bert", path("bert"));
  write_file(path("text.txt"), "a b c a b a c b a a b c c b a b a c a b c a b");
  const CalibrationData data = read_encoder_data(Model::open(path("bert")), path("text.txt"), {5, 6, 90});
  SafetensorsWriter writer;
  writer.add("hidden_states.0", {5, 6, 8}, std::vector<float>(data.x.data(), data.x.data() + data.x.size()));
  writer.write(path("states.safetensors"));
  const std::string command = std::string(MIXVEC_PRUNE_MODEL) + " --model " + path("bert") +
                              " --importance obs --recover obs --ratio 0.5 --vec 4 --samples 5 --no-pictures";
  ASSERT_EQ(run(command + " --window 6 --calibrate " + path("text.txt") + " --out " + path("a")), 0) << output();
  ASSERT_EQ(run(command + " --calibrate " + path("states.safetensors") + " --out " + path("b")), 0) << output();
  EXPECT_EQ(read_file(path("a/model.safetensors")), read_file(path("b/model.safetensors")));
  EXPECT_EQ(read_file(path("a/pruning.safetensors")), read_file(path("b/pruning.safetensors")));
}

// A comparison measures and judges by windows of texts as by their hidden states.
TEST_F(EncoderData, ComparisonsTakeTextsToo) {
  write_fine_tuned("bert", path("bert"));
  write_file(path("text.txt"), "a b c a b a c b a a b c c b a b a c a b c a b");
  write_file(path("lines.tsv"), "0\ta b\n1\tc a\n");
  const CalibrationData data = read_encoder_data(Model::open(path("bert")), path("text.txt"), {5, 6, 90});
  SafetensorsWriter writer;
  writer.add("hidden_states.0", {5, 6, 8}, std::vector<float>(data.x.data(), data.x.data() + data.x.size()));
  writer.write(path("states.safetensors"));
  const std::string command = std::string(MIXVEC_PRUNE_MODEL) + " --compare --pattern vector:4 --model " +
                              path("bert") + " --ratio 0.5 --out " + path("out");
  const auto row = [&](const std::string& options) {
    EXPECT_EQ(run(command + " " + options), 0) << output();
    return nlohmann::json::parse(read_file(path("out/compare.json")))["rows"][0];
  };
  const std::string text = path("text.txt");
  const nlohmann::json measured = row("--importance obs --samples 5 --window 6 --calibrate " + text);
  EXPECT_GT(measured["state_error"], 0);
  EXPECT_EQ(measured, row("--importance obs --samples 5 --calibrate " + path("states.safetensors")));
  const nlohmann::json judged = row("--samples 5 --window 6 --text " + text);
  EXPECT_EQ(judged, row("--samples 5 --text " + path("states.safetensors")));
  EXPECT_NE(judged["state_error"], row("--samples 1 --window 6 --text " + text)["state_error"]);
  // Each of them is enough to need windows.
  row("--importance obs --window 6 --samples 5 --calibrate " + path("lines.tsv") + " --text " + text);
  row("--importance obs --window 6 --samples 5 --calibrate " + text + " --text " + path("lines.tsv"));
  EXPECT_EQ(run(command + " --importance obs --window 6 --calibrate " + path("lines.tsv")), 2);
  EXPECT_NE(output().find("--window: found without a text"), std::string::npos) << output();
  EXPECT_EQ(run(command + " --last 5 --text " + text), 2);
  EXPECT_NE(output().find("--last: found for a BERT checkpoint"), std::string::npos) << output();
}

TEST_F(EncoderData, SaysWhatIsMissing) {
  SmallCheckpoint bare = fine_tuned("bert");
  std::erase_if(bare.tensors,
                [](const auto& tensor) { return tensor.first.find("word_embeddings") != std::string::npos; });
  bare.write(path("bare"));
  write_file(path("bare/vocab.txt"), kSmallWords);
  write_file(path("text.txt"), "a b c a b a c b a a");
  EXPECT_NE(refusal("bare", "text.txt", {2, 6, 90}).find("file of stored hidden_states.0"), std::string::npos)
      << refusal("bare", "text.txt", {2, 6, 90});
  write_fine_tuned("bert", path("bert"));
  EXPECT_NE(refusal("bert", "text.txt", {2, 2, 90}).find("expected at least 3: 2 frame the text"), std::string::npos);
  EXPECT_NE(refusal("bert", "text.txt", {2, 256, 50}).find("found 5 tokens in its first 50 %"), std::string::npos)
      << refusal("bert", "text.txt", {2, 256, 50});
  write_file(path("lines.tsv"), "0 a b\n");
  EXPECT_NE(refusal("bert", "lines.tsv").find("line 1: found 0 tabs"), std::string::npos);
  EXPECT_NE(refusal("bert", "text.txt", {1U << 24U, 6, 90}).find("expected at most"), std::string::npos);
}

}  // namespace
}  // namespace mixvec::inline pruning
