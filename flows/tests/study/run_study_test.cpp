// run_study: cells, what makes them stale, failures, kills, results.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "flows/tests/study/fixture.hpp"
#include "golden/cli/cli.hpp"
#include "golden/files/input_file.hpp"
#include "golden/files/output.hpp"

namespace mixvec::inline flows {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSteps = 12;
constexpr std::size_t kTrained = 10;  // cells

TEST_F(RunStudy, WritesRowsMeansAndPictures) {
  ASSERT_EQ(run(), kExitGood) << said();
  EXPECT_EQ(steps(), kTrained * kSteps);
  const nlohmann::json json = results();
  // Dense, dense trained twice, fine-grained four times on two accelerators, mixed four times.
  ASSERT_EQ(json["rows"].size(), 1U + 2U + 8U + 4U);
  EXPECT_EQ(json["missing"].size(), 0U);
  const nlohmann::json& row = json["rows"][4];
  EXPECT_EQ(row["model"], "small");
  EXPECT_EQ(row["method"], "fine-grained");
  EXPECT_EQ(row["ratio"], 0.5);
  EXPECT_EQ(row["seed"], 3);
  EXPECT_EQ(row["accelerator"], "F = 1");
  EXPECT_EQ(row["full_rate"], 1);
  EXPECT_EQ(row["bytes"], 5000);
  EXPECT_EQ(row["cycles"], 400);
  EXPECT_EQ(row["mean_length"], 4.5);
  EXPECT_EQ(row["kept"], 0.25);
  EXPECT_NEAR(row["area_cycles"].get<double>(), row["area"].get<double>() * 400, 1e-9);
  EXPECT_GT(row["area"].get<double>(), json["rows"][3]["area"].get<double>());
  EXPECT_NEAR(row["dense"].get<double>(), 7.9, 1e-9);
  EXPECT_NEAR(row["perplexity"].get<double>(), 5 + row["loss"].get<double>(), 1e-9);
  EXPECT_EQ(json["rows"][0]["seed"], nullptr);
  EXPECT_EQ(json["rows"][0]["mean_length"], nullptr);
  // Two seeds: the mean lies between them.
  const nlohmann::json& mean = json["means"][2];
  const double a = json["rows"][3]["perplexity"].get<double>();
  const double b = json["rows"][5]["perplexity"].get<double>();
  ASSERT_NE(a, b);
  EXPECT_EQ(mean["seeds"], 2);
  EXPECT_NEAR(mean["perplexity"]["mean"].get<double>(), (a + b) / 2, 1e-9);
  EXPECT_NEAR(mean["perplexity"]["deviation"].get<double>(), std::abs(a - b) / std::sqrt(2.0), 1e-9);
  EXPECT_EQ(mean["perplexity"]["min"], std::min(a, b));
  EXPECT_EQ(json["checks"].size(), 2U);
  for (const char* file : {"results.md", "ratio.svg", "bytes.svg", "area_cycles.svg"}) {
    EXPECT_GT(fs::file_size(out() / file), 500U) << file;
  }
  // The pattern prunes among four fifths of the weights.
  EXPECT_NE(ledger().find("mixed 0.625 3 12\n"), std::string::npos) << ledger();
  EXPECT_NE(ledger().find("unstructured 0.5 3 12\n"), std::string::npos) << ledger();
  EXPECT_FALSE(fs::exists(out() / "work/small_mixed-vectors_0.5_s3"));
}

TEST_F(RunStudy, RunsNothingTwiceAndSaysTheSameAgain) {
  ASSERT_EQ(run("--jobs 2"), kExitGood) << said();
  const std::string before = read_file(out() / "results.json");
  const std::string page = read_file(out() / "results.md");
  clear_ledger();
  ASSERT_EQ(run("--jobs 1"), kExitGood) << said();
  EXPECT_EQ(steps(), 0U);
  EXPECT_EQ(read_file(out() / "results.json"), before);
  EXPECT_EQ(read_file(out() / "results.md"), page);
}

TEST_F(RunStudy, GoesOnAfterKillsAtAnyMoment) {
  constexpr std::size_t kManySteps = 40;
  change("/plans/quick/steps", kManySteps);
  ASSERT_EQ(run("--jobs 2", "whole"), kExitGood) << said();
  const nlohmann::json whole = results_without_times("whole");
  clear_ledger();
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(fmt::format("seed {}", seed));
  std::mt19937 random(seed);
  std::size_t kills = 0;
  for (int i = 0; i < 12; ++i) {
    kills += run_and_kill(0, std::chrono::milliseconds(random() % 250)) ? 1 : 0;
    // What is there is whole at any time.
    if (!fs::exists(out() / "cells")) continue;
    for (const auto& cell : fs::directory_iterator(out() / "cells")) {
      if (cell.path().extension() == ".json") {
        EXPECT_TRUE(read_json(cell.path()).contains("accelerators")) << cell.path();
      }
    }
  }
  EXPECT_GE(kills, 4U);
  ASSERT_EQ(run("--jobs 2"), kExitGood) << said();
  EXPECT_EQ(results_without_times(), whole);
  EXPECT_GE(steps(), kTrained * kManySteps);
}

TEST_F(RunStudy, GoesOnFromCheckpoints) {
  constexpr std::size_t kManySteps = 60;
  change("/plans/quick/steps", kManySteps);
  ASSERT_TRUE(run_and_kill(kManySteps, {}));
  ASSERT_EQ(run("--jobs 2"), kExitGood) << said();
  // Lost is what two jobs had done since their checkpoints, which they have every four steps.
  EXPECT_GE(steps(), kTrained * kManySteps);
  EXPECT_LE(steps(), kTrained * kManySteps + 2 * 4);
}

TEST_F(RunStudy, DoesNotGoOnFromWhatOtherInputsHaveLeft) {
  const auto change_recipes = [&] {
    for (const fs::path& file : {recipe(), folder_.path / "other.json"}) write_file(file, read_file(file) + " ");
  };
  // Trained models that are kept, and then checkpoints.
  ASSERT_EQ(run("--jobs 2 --keep"), kExitGood) << said();
  EXPECT_TRUE(fs::exists(out() / "work/small_mixed-vectors_0.5_s3/model/model"));
  change_recipes();
  clear_ledger();
  ASSERT_TRUE(run_and_kill(kSteps, {}));
  change_recipes();
  ASSERT_EQ(run("--jobs 2"), kExitGood) << said();
  ASSERT_EQ(run("--jobs 2", "whole"), kExitGood) << said();
  EXPECT_EQ(results_without_times(), results_without_times("whole"));
}

TEST_F(RunStudy, WhatACellDependsOnMakesItStale) {
  ASSERT_EQ(run(), kExitGood) << said();
  const nlohmann::json before = results();
  const struct {
    fs::path file;
    std::size_t cells;
  } cases[] = {{recipe(), 6},
               {folder_.path / "other.json", 4},
               {folder_.path / "text.txt", 10},
               {folder_.path / "checkpoint/weights", 10}};
  for (const auto& [file, cells] : cases) {
    write_file(file, read_file(file) + " ");
    clear_ledger();
    ASSERT_EQ(run(), kExitGood) << said();
    EXPECT_EQ(steps(), cells * kSteps) << file;
  }
  EXPECT_NE(results()["rows"][5]["loss"], before["rows"][5]["loss"]);
  change("/plans/quick/steps", 13);
  clear_ledger();
  ASSERT_EQ(run(), kExitGood) << said();
  EXPECT_EQ(steps(), kTrained * 13);
  // What is written about a checkpoint changes nothing.
  write_file(folder_.path / "checkpoint/README.md", "new");
  clear_ledger();
  ASSERT_EQ(run(), kExitGood) << said();
  EXPECT_EQ(steps(), 0U);
}

TEST_F(RunStudy, OtherVersionsCountOnlyIfAskedFor) {
  ASSERT_EQ(run(), kExitGood) << said();
  const fs::path cell = out() / "cells/small_mixed-vectors_0.5_s3.json";
  nlohmann::json record = read_json(cell);
  record["inputs"]["version"] = "0.0.1";
  write_json(cell, record);
  clear_ledger();
  ASSERT_EQ(run("--any-version"), kExitGood) << said();
  EXPECT_EQ(steps(), 0U);
  EXPECT_EQ(results()["rows"].size(), 15U);
  ASSERT_EQ(run(), kExitGood) << said();
  EXPECT_EQ(steps(), kSteps);
}

TEST_F(RunStudy, TrainsAModelThatIsNoCheckpoint) {
  nlohmann::json document = read_json(study());
  nlohmann::json& model = document["models"][0];
  model.erase("checkpoint");
  model["trained"] = {
      {"recipe", recipe().string()},
      {"arguments",
       {"--steps", "20", "--seed", "9", "--checkpoint-every", "5", "--json", (folder_.path / "dense.json").string()}}};
  write_json(study(), document);
  let_fail("dense", true);
  ASSERT_EQ(run(), kExitCheckFailed);
  EXPECT_NE(said().find("failed: small: ended with 3; "), std::string::npos) << said();
  EXPECT_EQ(results()["failed"].size(), 1U);
  let_fail("dense", false);
  // Interrupted, it goes on.
  ASSERT_TRUE(run_and_kill(12, {}));
  ASSERT_EQ(run(), kExitGood) << said();
  EXPECT_LE(steps(), 20 + 5 + kTrained * kSteps);
  EXPECT_TRUE(fs::exists(out() / "models/small/model"));
  clear_ledger();
  ASSERT_EQ(run(), kExitGood) << said();
  EXPECT_EQ(steps(), 0U);
  // In another arithmetic it is another model, too.
  clear_ledger();
  ASSERT_EQ(run("--arithmetic bfloat16"), kExitGood) << said();
  EXPECT_EQ(steps(), 20 + kTrained * kSteps);
  ASSERT_EQ(run(), kExitGood) << said();
  clear_ledger();
  // By another recipe it is another model, and all that began with it is stale.
  write_file(recipe(), read_file(recipe()) + " ");
  ASSERT_EQ(run(), kExitGood) << said();
  EXPECT_EQ(steps(), 20 + kTrained * kSteps);
}

TEST_F(RunStudy, AFailingCellDoesNotStopTheOthers) {
  let_fail("mixed", true);
  ASSERT_EQ(run(), kExitCheckFailed);
  EXPECT_EQ(steps(), 6 * kSteps);
  EXPECT_NE(said().find("failed: small_mixed-vectors_0.75_s5: ended with 3; "), std::string::npos) << said();
  EXPECT_NE(said().find("ends: train_model: no luck today"), std::string::npos) << said();
  EXPECT_NE(said().find("open: mixed vectors at 0.5 (missing)"), std::string::npos) << said();
  EXPECT_EQ(results()["failed"].size(), 4U);
  EXPECT_EQ(results()["missing"].size(), 4U);
  let_fail("mixed", false);
  clear_ledger();
  ASSERT_EQ(run(), kExitGood) << said();
  EXPECT_EQ(steps(), 4 * kSteps);
  EXPECT_EQ(results()["failed"].size(), 0U);
}

TEST_F(RunStudy, BeginsAnewWhereACheckpointCannotBeGoneOnWith) {
  ASSERT_EQ(run("--keep --only mixed-vectors_0.5_s3"), kExitGood) << said();
  const fs::path work = out() / "work/small_mixed-vectors_0.5_s3";
  const nlohmann::json whole = read_json(out() / "cells/small_mixed-vectors_0.5_s3.json");
  fs::remove(out() / "cells/small_mixed-vectors_0.5_s3.json");
  fs::remove(work / "train.json");
  fs::create_directories(work / "model/checkpoint");
  write_file(work / "model/checkpoint/state.safetensors", "rubbish\n");
  EXPECT_EQ(run("--only mixed-vectors_0.5_s3"), kExitCheckFailed);
  EXPECT_NE(said().find("which is removed: the next run begins it anew"), std::string::npos) << said();
  ASSERT_EQ(run("--only mixed-vectors_0.5_s3"), kExitGood) << said();
  EXPECT_EQ(read_json(out() / "cells/small_mixed-vectors_0.5_s3.json")["loss"], whole["loss"]);
}

TEST_F(RunStudy, ADamagedRecordIsNoResult) {
  const fs::path cell = out() / "cells/small_dense.json";
  ASSERT_EQ(run("--only small_dense$"), kExitGood) << said();
  const std::string good = read_file(cell);
  for (const char* json : {"[1]", "7", "{\"inputs\": 3, \"steps\": \"many\"}"}) {
    write_file(cell, json);
    ASSERT_EQ(run("--only small_dense$"), kExitGood) << said();
    EXPECT_EQ(read_json(cell)["loss"], 1.9) << json;
  }
  write_file(cell, good.substr(0, good.size() / 2));
  EXPECT_EQ(run(), kExitBadInput);
  EXPECT_NE(said().find("cells/small_dense.json: line "), std::string::npos) << said();
  nlohmann::json changed = nlohmann::json::parse(good);
  changed.erase("kept");
  write_json(cell, changed);
  EXPECT_EQ(run("--only small_dense$"), kExitBadInput);
  EXPECT_NE(said().find("remove the file, then its cell is run again"), std::string::npos) << said();
}

TEST_F(RunStudy, ALossThatTheTwoProgramsSeeDifferentlyIsNoResult) {
  write_file(folder_.path / "bin/other_loss", "");
  EXPECT_EQ(run(), kExitCheckFailed);
  EXPECT_NE(said().find("eval_model 3.0000 on the same text, expected the same"), std::string::npos) << said();
  EXPECT_EQ(results()["missing"].size(), kTrained);
}

TEST_F(RunStudy, ACheckThatDoesNotHoldFails) {
  change("/plans/quick/checks/0/at_most", 0.1);
  EXPECT_EQ(run(), kExitCheckFailed);
  EXPECT_NE(said().find("FAILS: mixed vectors at 0.5 ("), std::string::npos) << said();
  EXPECT_EQ(results()["checks"][0]["result"], "fails");
}

TEST_F(RunStudy, ListsCellsWithoutRunningThem) {
  ASSERT_EQ(run("--only fine --jobs 2"), kExitGood) << said();
  clear_ledger();
  ASSERT_EQ(run("--dry-run --json '" + (folder_.path / "dry.json").string() + "'"), kExitGood) << said();
  EXPECT_EQ(steps(), 0U);
  const nlohmann::json json = read_json(folder_.path / "dry.json");
  ASSERT_EQ(json["cells"].size(), 11U);
  std::size_t finished = 0;
  for (const nlohmann::json& cell : json["cells"]) {
    const bool fine = cell["name"].get<std::string>().find("fine-grained") != std::string::npos;
    EXPECT_EQ(cell["state"], fine ? "finished" : "open") << cell;
    EXPECT_GT(cell["seconds"].get<double>(), 0);
    finished += fine ? 1 : 0;
  }
  EXPECT_EQ(finished, 4U);
}

TEST_F(RunStudy, LeavesTheFoldersOfOthersAlone) {
  fs::create_directories(out());
  write_file(out() / "letter.txt", "dear");
  EXPECT_EQ(run(), kExitBadInput);
  EXPECT_NE(said().find("found a folder with files of others"), std::string::npos) << said();
  fs::remove(out() / "letter.txt");
  ASSERT_EQ(run("--only small_dense$"), kExitGood) << said();
  write_file(out() / ".run_study", "full\n");
  EXPECT_EQ(run(), kExitBadInput);
  EXPECT_NE(said().find("found the cells of --full"), std::string::npos) << said();
}

TEST_F(RunStudy, SaysWhichProgramIsMissing) {
  fs::remove(folder_.path / "bin/train_model");
  EXPECT_EQ(run(), kExitBadInput);
  EXPECT_NE(said().find("bin/train_model: found no program, expected it to be built; it needs libtorch"),
            std::string::npos)
      << said();
  // It is not needed to judge a model as it is.
  EXPECT_EQ(run("--only small_dense$"), kExitGood) << said();
}

}  // namespace
}  // namespace mixvec::inline flows
