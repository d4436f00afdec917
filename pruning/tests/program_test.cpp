// Tests of prune_model and make_checkpoint as programs: exit codes, messages, files, replacement of earlier results.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "golden/checkpoint/model.hpp"
#include "golden/cli/cli.hpp"
#include "golden/files/input_file.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/reference_data.hpp"
#include "pruning/tests/program_fixture.hpp"

namespace mixvec::inline pruning {
namespace {

namespace fs = std::filesystem;

class Programs : public ProgramTest {
 protected:
  void SetUp() override {
    ASSERT_EQ(run(MIXVEC_MAKE_CHECKPOINT " --size tiny --seed 3 --out " + path("model")), 0) << output();
  }

  int prune(const std::string& arguments) const {
    return run(MIXVEC_PRUNE_MODEL " --model " + path("model") + " " + arguments);
  }
};

TEST_F(Programs, PrunedFolderNamesWhatItLeavesOut) {
  write_file(path("model/pytorch_model.bin"), "dense");
  write_file(path("model/README.md"), "Validation loss 1.7");
  ASSERT_EQ(prune("--ratio 0.8 --no-pictures --out " + path("out")), 0) << output();
  EXPECT_NE(output().find("\"pytorch_model.bin\" (weights of the unpruned model)"), std::string::npos) << output();
  EXPECT_FALSE(fs::exists(path("out/pytorch_model.bin")));
  const auto json = nlohmann::json::parse(read_file(path("out/prune_report.json")));
  EXPECT_EQ(json["left_out"][0]["path"], "pytorch_model.bin");
  const std::string readme = read_file(path("out/README.md"));
  EXPECT_NE(readme.find("pattern mixed, ratio 0.8, directions auto"), std::string::npos) << readme;
  EXPECT_EQ(readme.find(folder_.path.string()), std::string::npos) << readme;
  EXPECT_EQ(read_file(path("out/README.source.md")), "Validation loss 1.7");
}

TEST_F(Programs, MixedUsesSeveralLengthsAndReportsWhatItWrote) {
  // Where bytes are dear; by default nearly all vectors have the length from which the machine runs at full rate.
  ASSERT_EQ(prune("--pattern mixed --exchange bytes=1.2,cycles=0.06 --ratio 0.8 --out " + path("out") + " --json " +
                  path("report.json")),
            0)
      << output();
  EXPECT_EQ(read_file(path("report.json")), read_file(path("out/prune_report.json")));
  const auto json = nlohmann::json::parse(read_file(path("report.json")));
  ASSERT_EQ(json["matrices"].size(), 8U);
  const Model model = Model::open(path("out"));
  ASSERT_TRUE(model.is_pruned());
  std::size_t kept = 0;
  for (std::size_t layer = 0; layer < 2; ++layer) {
    for (const MatrixKind kind : kMatrixKinds) {
      const PrunedMatrix m = model.load_pruned(layer, kind, 16);
      const auto& entry = json["matrices"][layer * 4 + static_cast<std::size_t>(kind)];
      EXPECT_EQ(entry["name"], m.name);
      EXPECT_EQ(entry["kept"], m.kept());
      EXPECT_EQ(entry["direction"], name_of(m.pattern.direction));
      std::size_t strips = 0;
      for (const auto& l : entry["lengths"]) strips += l["strips"].get<std::size_t>();
      EXPECT_EQ(strips, m.pattern.strips.size());
      EXPECT_TRUE(fs::exists(path("out/pictures/" + m.name + ".svg")));
      EXPECT_EQ(fs::exists(path("out/pictures/" + m.name + ".transposed.svg")), kind == MatrixKind::kF1);
      kept += m.kept();
    }
  }
  EXPECT_EQ(json["totals"]["kept"], kept);
  EXPECT_GE(json["totals"]["lengths"].size(), 2U);
  EXPECT_GE(json["totals"]["mean_length"], 4.0);
  EXPECT_GE(json["trade_off"].size(), 10U);
  EXPECT_TRUE(fs::exists(path("out/pictures/trade_off.svg")));
  EXPECT_NE(output().find("layer.1.W_F2"), std::string::npos);
}

TEST_F(Programs, CountsTheCyclesThatSimAccelCounts) {
  ASSERT_EQ(run(MIXVEC_GEN_ACCEL " --pe 16 --lanes 16 --vec mixed --out " + path("accel")), 0) << output();
  for (const std::string& where : {std::string(), "--tokens 300 --accel " + path("accel")}) {
    ASSERT_EQ(prune("--no-pictures " + where + " --out " + path("out") + " --json " + path("report.json")), 0)
        << output();
    ASSERT_EQ(run(MIXVEC_SIM_ACCEL " " + where + " --model " + path("out") + " --json " + path("sim.json")), 0)
        << output();
    const auto report = nlohmann::json::parse(read_file(path("report.json")));
    const auto sim = nlohmann::json::parse(read_file(path("sim.json")));
    const auto& rows = sim["points"][0]["rows"];
    ASSERT_EQ(report["matrices"].size(), rows.size());
    for (std::size_t m = 0; m < rows.size(); ++m) {
      const auto& simulated = report["matrices"][m]["simulated"];
      EXPECT_EQ(report["matrices"][m]["name"], rows[m]["matrix"]);
      for (const char* field :
           {"cycles", "utilization", "bound", "bound_by", "share_of_bound", "bytes_moved", "set_cycles"}) {
        EXPECT_EQ(simulated[field], rows[m][field]) << where << ' ' << rows[m]["matrix"] << ' ' << field;
      }
    }
    const auto& total = report["totals"]["simulated"];
    EXPECT_EQ(total["cycles"], sim["cycles"]);
    EXPECT_EQ(total["bytes_moved"], sim["bytes_moved"]);
    EXPECT_DOUBLE_EQ(total["utilization"].get<double>(), sim["utilization"].get<double>());
    EXPECT_EQ(report["accelerator"]["config_hash"], sim["config_hash"]);
  }
}

TEST_F(Programs, PrunesForTheVectorsOfAnAccelerator) {
  ASSERT_EQ(run(MIXVEC_GEN_ACCEL " --pe 16 --vec row --depth 64 --out " + path("rows")), 0) << output();
  ASSERT_EQ(run(MIXVEC_GEN_ACCEL " --pe 16 --vec 8 --out " + path("eight")), 0) << output();
  EXPECT_EQ(prune("--accel " + path("rows") + " --direction column --out " + path("out")), 2);
  EXPECT_NE(output().find("--direction: found column, expected row"), std::string::npos) << output();
  EXPECT_EQ(prune("--accel " + path("eight") + " --out " + path("out")), 2);
  EXPECT_NE(output().find("expected 8 to 8"), std::string::npos) << output();
  EXPECT_EQ(prune("--accel " + path("nowhere") + " --out " + path("out")), 2);
  EXPECT_NE(output().find("nowhere"), std::string::npos) << output();
  EXPECT_EQ(prune("--tokens 0 --out " + path("out")), 2);
  EXPECT_NE(output().find("--tokens"), std::string::npos) << output();
  // The matrices have more inputs than this accelerator holds.
  EXPECT_EQ(prune("--accel " + path("rows") + " --out " + path("out")), 2);
  EXPECT_NE(output().find("this accelerator holds 64"), std::string::npos) << output();
  EXPECT_FALSE(fs::exists(path("out")));
  ASSERT_EQ(prune("--accel " + path("eight") + " --pattern vector --vec 8 --no-pictures --out " + path("out")), 0)
      << output();
}

TEST_F(Programs, ReplacesItsOwnResultsAndNothingElse) {
  fs::create_directory(path("out"));
  ASSERT_EQ(prune("--pattern vector --vec 4 --out " + path("out")), 0) << "an empty folder may be used: " << output();
  // A file that somebody put there would go with the folder.
  std::ofstream(path("out/pictures/notes.txt")) << "mine";
  EXPECT_EQ(prune("--pattern unstructured --no-pictures --out " + path("out")), 2);
  EXPECT_NE(output().find("\"pictures/notes.txt\" in it, which prune_model did not write"), std::string::npos)
      << output();
  EXPECT_TRUE(fs::exists(path("out/pictures/notes.txt")));
  fs::remove(path("out/pictures/notes.txt"));
  ASSERT_EQ(prune("--pattern unstructured --no-pictures --out " + path("out")), 0) << output();
  EXPECT_FALSE(fs::exists(path("out/pictures"))) << "an earlier result is replaced as a whole";
  EXPECT_EQ(nlohmann::json::parse(read_file(path("out/prune_report.json")))["pattern"], "unstructured");

  fs::create_directory(path("precious"));
  std::ofstream(path("precious/thesis.txt")) << "do not touch";
  EXPECT_EQ(prune("--out " + path("precious")), 2);
  EXPECT_NE(output().find("precious"), std::string::npos);
  EXPECT_EQ(read_file(path("precious/thesis.txt")), "do not touch");
  EXPECT_EQ(prune("--out " + path("model")), 2);
  EXPECT_EQ(prune("--out " + path("precious/thesis.txt")), 2);
  for (const auto& entry : fs::directory_iterator(folder_.path)) {
    EXPECT_NE(entry.path().filename().string()[0], '.') << "left behind: " << entry.path();
  }
}

TEST_F(Programs, BadUsageNamesWhatWasFoundAndWhatIsAllowed) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"--pattern blok", "unstructured, vector, mixed"},
      {"--pattern channel=residual", "residual"},
      {"--pattern 2:4 --ratio 0.9", "0.5"},
      {"--pattern 2:4 --vec 4", "the strips that cost least"},
      {"--importance wanda", "--calibrate"},
      {"--recover obs", "--calibrate"},
      {"--lookahead 0.5", "--importance obs"},
      {"--recover retrain", "none, obs"},
      {"--importance head --calibrate " MIXVEC_SOURCE_DIR "/models/shakespeare.txt", "--pattern head"},
      {"--rounds 0", "1 to 100"},
      {"--rounds 3", "expected --importance obs"},
      {"--rounds 3 --importance obs --pattern 2:4 --calibrate x", "takes all weights at once"},
      {"--blind-outputs", "expected wanda, obs or sparsegpt"},
      {"--blind-outputs --importance taylor --calibrate x", "expected wanda, obs or sparsegpt"},
      {"--samples 3", "these measure nothing"},
      {"--window 8 --calibrate x", "these measure nothing"},
      {"--last 5", "expected --text or --calibrate"},
      {"--pattern unstructured --search 1", "vectors of one weight"},
      {"--pattern vector --vec 1 --no-grouping", "vectors of one weight"},
      // The text is read before anything is pruned to a budget that cannot be met.
      {"--text nowhere.txt --pattern unstructured --budget bytes=1.01", "found no tokenizer"},
      {"--pattern vector --vec 12", "1, 2, 4, 8, 16, 32 or 64"},
      {"--pattern vector --vec 4x", "number"},
      {"--pattern unstructured --vec 4", "length 1"},
      {"--ratio 80", "0 to 1"},
      {"--ratio nan", "0 to 1"},
      {"--ratio 1e999", "number"},
      {"--direction sideways", "row, column, auto"},
      {"--scope layer", "model, matrix"},
      {"--exchange most", "expected balanced, bytes, cycles, a number"},
      // Told before the model is measured.
      {"--importance wanda --calibrate x --scope outliers --ratio 0.95", "lambda: found 0.08 at a ratio of 0.95"},
      {"--importance wanda --calibrate x --search 86401", "0 to 86400"},
      {"--importance movement", "magnitude"},
      {"--budget speed=2", "cycles"},
      {"--budget cycles=0.5", "at least 1"},
      {"--budget retained=0.9,cycles=2", "one or the other"},
      {"--budget cycles=2 --exchange 0.1", "one of the two"},
      {"--threads -3", "threads"},
      {"--seed -1", "seed"},
      {"--ration 0.8", "--ratio"},
  };
  for (const auto& [arguments, expected] : cases) {
    EXPECT_EQ(prune(arguments + " --out " + path("out")), 2) << arguments;
    EXPECT_NE(output().find(expected), std::string::npos) << arguments << ": " << output();
    EXPECT_FALSE(fs::exists(path("out"))) << arguments;
  }
  EXPECT_EQ(run(MIXVEC_PRUNE_MODEL " --out " + path("out")), 2);
  EXPECT_NE(output().find("--model"), std::string::npos);
  EXPECT_EQ(prune(""), 2);
  EXPECT_NE(output().find("--out"), std::string::npos);
  EXPECT_EQ(run(MIXVEC_PRUNE_MODEL " --help"), 0);
  EXPECT_EQ(run(MIXVEC_PRUNE_MODEL " --version"), 0);
  EXPECT_EQ(run(MIXVEC_MAKE_CHECKPOINT " --size huge --out " + path("x")), 2);
  EXPECT_NE(output().find("gpt2-small"), std::string::npos);
  EXPECT_EQ(run(MIXVEC_MAKE_CHECKPOINT " --out " + path("model")), 2);
}

TEST_F(Programs, PrunesWhatItPrunedBefore) {
  ASSERT_EQ(prune("--ratio 0.5 --pattern unstructured --no-pictures --out " + path("half")), 0) << output();
  ASSERT_EQ(run(MIXVEC_PRUNE_MODEL " --model " + path("half") + " --ratio 0.8 --no-pictures --out " + path("more")), 0)
      << output();
  const auto json = nlohmann::json::parse(read_file(path("more/prune_report.json")));
  EXPECT_EQ(json["pattern"], "mixed");
  EXPECT_NEAR(json["totals"]["kept_fraction"], 0.2, 0.001);
}

TEST_F(Programs, CheckpointsRepeatForASeed) {
  ASSERT_EQ(run(MIXVEC_MAKE_CHECKPOINT " --size tiny --seed 3 --out " + path("again")), 0);
  EXPECT_EQ(read_file(path("again/model.safetensors")), read_file(path("model/model.safetensors")));
  ASSERT_EQ(run(MIXVEC_MAKE_CHECKPOINT " --size tiny --seed 4 --dtype fp16 --out " + path("other")), 0);
  EXPECT_LT(fs::file_size(path("other/model.safetensors")), fs::file_size(path("model/model.safetensors")));
  EXPECT_NO_THROW(static_cast<void>(Model::open(path("other")).load(1, MatrixKind::kF2)));
}

TEST_F(Programs, DefaultsMixLengthsAndDirectionsOnTheShippedModel) {
  const fs::path shipped = fs::path(MIXVEC_SOURCE_DIR) / "models/shakespeare-gpt2";
  ASSERT_EQ(
      run(MIXVEC_PRUNE_MODEL " --model " + shipped.string() + " --pattern mixed --ratio 0.8 --out " + path("out")), 0)
      << output();
  const auto json = nlohmann::json::parse(read_file(path("out/prune_report.json")));
  EXPECT_NEAR(json["totals"]["kept_fraction"], 0.2, 1e-4);
  EXPECT_GE(json["totals"]["lengths"].size(), 3U);
  EXPECT_GE(json["totals"]["mean_length"], 4.0);
  std::size_t rows = 0;
  for (const auto& m : json["matrices"]) rows += m["direction"] == "row" ? 1 : 0;
  EXPECT_GT(rows, 0U);
  EXPECT_LT(rows, json["matrices"].size());
}

TEST_F(Programs, RealWeightsKeepTheirShareOfImportance) {
  const fs::path bert = reference_data("bert_tiny_sst2");
  if (const auto absent = absent_reference("bert_tiny_sst2"); !absent.empty()) GTEST_SKIP() << absent;
  const auto retained = [&](const std::string& arguments) {
    EXPECT_EQ(run(MIXVEC_PRUNE_MODEL " --no-pictures --model " + bert.string() + " --ratio 0.8 " + arguments +
                  " --out " + path("bert")),
              0)
        << output();
    return nlohmann::json::parse(read_file(path("bert/prune_report.json")))["totals"]["retained"].get<double>();
  };
  EXPECT_NEAR(retained("--pattern unstructured"), 1.0, 1e-6);
  const double four = retained("--pattern vector --vec 4");
  const double four_neighbours = retained("--pattern vector --vec 4 --no-grouping");
  const double eight = retained("--pattern vector --vec 8");
  EXPECT_GT(four_neighbours, 0.65);
  EXPECT_GT(four, four_neighbours + 0.04) << "similar rows must be found";
  EXPECT_GT(eight, retained("--pattern vector --vec 8 --no-grouping") + 0.04);
  EXPECT_GT(retained("--pattern mixed --budget cycles=1.2"), eight);
}

TEST_F(Programs, SearchBuysMoreOfWhatGroupingCanWinBack) {
  const std::string shipped = MIXVEC_SOURCE_DIR "/models/shakespeare-gpt2";
  const auto prune = [&](const std::string& arguments) {
    return run(MIXVEC_PRUNE_MODEL " --no-pictures --ratio 0.8 --pattern vector --vec 8 --model " + shipped + " " +
               arguments + " --out " + path("out"));
  };
  const auto totals = [&](const std::string& arguments) {
    EXPECT_EQ(prune(arguments), 0) << output();
    return nlohmann::json::parse(read_file(path("out/prune_report.json")))["totals"];
  };
  const auto brief = totals("--search 0.02 --threads 1");
  EXPECT_EQ(totals("--search 0.02 --threads 2")["importance"], brief["importance"]);
  const auto usual = totals("");
  EXPECT_GT(usual["efficacy"], brief["efficacy"]);
  EXPECT_GT(usual["efficacy"], 0.285);
  EXPECT_NE(output().find(fmt::format("Grouping wins back {:.1f} %", 100 * usual["efficacy"].get<double>())),
            std::string::npos)
      << output();
  EXPECT_NEAR(totals("--search 0")["efficacy"], 0, 1e-9) << "no move, no group";
  for (const char* const refused : {"--search -1", "--search long", "--search 1 --no-grouping"}) {
    EXPECT_EQ(prune(refused), 2) << refused;
    EXPECT_NE(output().find("--search"), std::string::npos) << output();
  }
}

// Measured, cut, recovered and judged: what is written is what was judged.
TEST_F(Programs, CalibratedPruningKeepsWhatMagnitudeForgets) {
  const std::string model = "--model " MIXVEC_SOURCE_DIR "/models/shakespeare-gpt2 --ratio 0.6 --last 1 --no-pictures";
  const std::string text = MIXVEC_SOURCE_DIR "/models/shakespeare.txt";
  const auto quality = [&](const std::string& options) {
    EXPECT_EQ(run(fmt::format("{} {} {} --out {} --json {}", MIXVEC_PRUNE_MODEL, model, options, path("cut"),
                              path("cut.json"))),
              0)
        << output();
    return read_json(path("cut.json"));
  };
  const nlohmann::json plain = quality("--text " + text);
  const nlohmann::json repaired =
      quality("--importance obs --rounds 2 --recover obs --samples 24 --window 128 --calibrate " + text);
  EXPECT_EQ(repaired["importance"], "obs");
  EXPECT_EQ(repaired["recover"], "obs");
  EXPECT_EQ(repaired["calibration"]["samples"], 24);
  EXPECT_EQ(repaired["calibration"]["tokens"], 24 * 128);
  const double dense = plain["quality"]["perplexity_dense"];
  EXPECT_DOUBLE_EQ(repaired["quality"]["perplexity_dense"].get<double>(), dense);
  const double after = repaired["quality"]["perplexity"];
  EXPECT_LT(after, 1.3 * dense);
  EXPECT_GT(plain["quality"]["perplexity"].get<double>(), 2 * dense) << "else there is nothing to repair";
  EXPECT_NE(output().find("perplexity"), std::string::npos);
  ASSERT_EQ(run(fmt::format("{} --model {} --text {} --last 1 --arithmetic binary32 --json {}", MIXVEC_EVAL_MODEL,
                            path("cut"), text, path("eval.json"))),
            0)
      << output();
  EXPECT_EQ(read_json(path("eval.json"))["perplexity"].get<double>(), after) << "two ways to one number";
}

TEST_F(Programs, BertWithoutEmbeddingsIsMeasuredOnStoredStates) {
  if (const auto absent = absent_reference("bert_tiny_sst2"); !absent.empty()) GTEST_SKIP() << absent;
  const std::string bert = reference_data("bert_tiny_sst2").string();
  const auto prune_bert = [&](const std::string& arguments) {
    return run(fmt::format("{} --no-pictures --model {} --pattern 2:4 {} --out {}", MIXVEC_PRUNE_MODEL, bert, arguments,
                           path("cut")));
  };
  const std::string states = "--calibrate " + bert + "/reference.safetensors";
  for (const auto& [arguments, expected] :
       {std::pair{states, "these measure nothing"},
        {states + " --recover obs --window 3", "stored hidden states are taken whole"},
        {states + " --recover obs --last 3", "--last: found for a BERT"},
        {"--text x --last 2", "--text: found a BERT"},
        {"--recover obs --calibrate x.txt", "file of stored hidden_states.0"}}) {
    EXPECT_EQ(prune_bert(arguments), 2) << arguments;
    EXPECT_NE(output().find(expected), std::string::npos) << arguments << ": " << output();
  }
  ASSERT_EQ(prune_bert(states + " --importance obs --recover obs --samples 1"), 0) << output();
  const nlohmann::json json = read_json(path("cut/prune_report.json"));
  EXPECT_FALSE(json["calibration"].contains("rounds")) << "2:4 takes all weights at once";
  EXPECT_FALSE(json.contains("quality"));
}

// The tables promise what the exact result misses; the message names the limits' nearest, not a limit of its own.
TEST_F(Programs, BudgetsThatTheExactResultMissesNameTheNearest) {
  const std::string source = MIXVEC_SOURCE_DIR "/models/shakespeare";
  EXPECT_EQ(run(fmt::format("{} --no-pictures --model {}-gpt2 --calibrate {}.txt --samples 8 --window 64 --search 0 "
                            "--importance obs --rounds 2 --budget cycles=1.1,bytes=1.1 --out {}",
                            MIXVEC_PRUNE_MODEL, source, source, path("cut"))),
            2)
      << output();
  EXPECT_NE(output().find("as the nearest; loosen it a little"), std::string::npos) << output();
  EXPECT_FALSE(fs::exists(path("cut")));
}

// What makes masks of its own is packed at the strips that cost least, and says what it is.
TEST_F(Programs, OtherPatternsArePackedAndNamed) {
  for (const auto& [pattern, ratio] : {std::pair{"2:4", 0.5}, std::pair{"head", 0.5}, std::pair{"channel", 0.8}}) {
    ASSERT_EQ(prune(fmt::format("--pattern {} --no-pictures --out {} --json {}{}", pattern, path("cut"),
                                path("cut.json"), std::string(pattern) == "head" ? " --ratio 0.5" : "")),
              0)
        << output();
    const nlohmann::json json = read_json(path("cut.json"));
    EXPECT_EQ(json["pattern"], pattern);
    EXPECT_EQ(json["ratio"].get<double>(), ratio);
    EXPECT_GT(json["totals"]["simulated"]["cycles"].get<std::uint64_t>(), 0U);
  }
}

}  // namespace
}  // namespace mixvec::inline pruning
