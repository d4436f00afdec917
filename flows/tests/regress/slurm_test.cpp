// run_regress on a real Slurm cluster of one node that the test starts: as here, whatever fails meanwhile.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <set>
#include <sstream>
#include <thread>

#include "flows/regress/slurm/slurm_client.hpp"
#include "flows/regress/slurm/slurm_folder.hpp"
#include "flows/tests/regress/fixture.hpp"
#include "flows/tests/regress/slurm_cluster.hpp"
#include "golden/files/input_file.hpp"
#include "golden/files/output.hpp"

namespace mixvec::inline flows {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSlurm = " --slurm --slurm-ask 1 ";

class SlurmNight : public RunRegress {
 protected:
  void SetUp() override {
    if (const std::string missing = SlurmCluster::missing(); !missing.empty()) GTEST_SKIP() << missing;
    RunRegress::SetUp();
    cluster_ = std::make_unique<SlurmCluster>(folder_.path / "cluster", hides_out() ? out() : fs::path());
  }
  void TearDown() override {
    if (!cluster_) return;
    EXPECT_EQ(cluster_->stop(), 0U) << "Slurm's daemons have left processes behind";
  }
  virtual bool hides_out() { return false; }

  /// The fields of results.json that say what came out.
  [[nodiscard]] std::map<std::string, nlohmann::json> verdict() const {
    std::map<std::string, nlohmann::json> fields;
    for (const char* field :
         {"tests", "passed", "failed", "timeouts", "not_run", "node_failures", "no_result", "seeds", "base_seed"}) {
      fields[field] = results().at(field);
    }
    return fields;
  }

  /// Jobs that wait or run in the queue.
  [[nodiscard]] std::size_t queued() const {
    const std::string lines = cluster_->ask("squeue --noheader --array");
    return static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n'));
  }

  /// For run_and_kill(): jobs of the night stand in the queue.
  [[nodiscard]] std::function<bool()> is_submitted() const {
    return [this] { return SlurmFolder::is_used(out(), 1) && queued() > 0; };
  }

  /// Tests of one command each, in the list "all".
  void write_commands(const std::map<std::string, std::string>& commands) {
    nlohmann::json plan = small_plan();
    plan["tests"] = nlohmann::json::array();
    plan["points"][0]["tests"] = nlohmann::json::array();
    for (const auto& [name, command] : commands) {
      plan["tests"].push_back({{"name", name}, {"kind", "plain"}, {"timeout", 60}, {"command", {"sh", "-c", command}}});
      plan["points"][0]["tests"].push_back(name);
    }
    plan["lists"] = {{"all", {{"runs", {{{"tests", {"*"}}}}}}}};
    write_plan(plan);
  }

  std::unique_ptr<SlurmCluster> cluster_;
};

TEST_F(SlurmNight, SameResultsAsHere) {
  ASSERT_EQ(run("--list all --seed 3 --jobs 4"), 1) << output_;
  const std::map<std::string, std::string> expected = outcomes();
  const auto expected_verdict = verdict();
  fs::remove_all(out());
  ASSERT_EQ(run(std::string("--list all --seed 3") + kSlurm), 1) << output_;
  EXPECT_EQ(outcomes(), expected);
  EXPECT_EQ(verdict(), expected_verdict);
  for (const nlohmann::json& bucket : results().at("buckets")) {
    if (bucket.at("signature").get<std::string>().find("mismatch") == std::string::npos) continue;
    EXPECT_EQ(read_file(out() / bucket.at("again").at("waves").get<std::string>()), "wave\n");
  }
  EXPECT_EQ(queued(), 0U);
  // Limits of time, and the number of tasks in an array (MaxArraySize is 40), make several of them.
  EXPECT_GE(SlurmFolder(out(), 1).batches().size(), 4U);
  for (const SlurmBatch& batch : SlurmFolder(out(), 1).batches()) EXPECT_FALSE(batch.job.empty());
}

TEST_F(SlurmNight, KilledTenTimesLosesAndDoublesNothing) {
  // Each run leaves a line: here nothing runs twice, as jobs live on when run_regress is killed.
  nlohmann::json plan = longer_plan();
  const fs::path ran = folder_.path / "ran";
  for (nlohmann::json& test : plan["tests"]) {
    if (test["name"] != "seeded") continue;
    test["command"][2] = fmt::format("test $# -ge 2 || echo {{configuration}} {{seed}} >> '{}'; ", ran.string()) +
                         test["command"][2].get<std::string>();
  }
  write_plan(plan);
  ASSERT_EQ(run("--list all --seed 11 --jobs 4"), 1) << output_;
  const std::map<std::string, std::string> expected = outcomes();
  const auto expected_verdict = verdict();
  const std::string expected_lines = read_file(ran);
  fs::remove_all(out());
  fs::remove(ran);

  kill_ten_times(std::string("--list all --jobs 12") + kSlurm, std::chrono::milliseconds(2500));
  EXPECT_EQ(outcomes(), expected);
  EXPECT_EQ(verdict(), expected_verdict);
  const auto sorted = [](const std::string& text) {
    std::multiset<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.insert(line);
    return lines;
  };
  EXPECT_EQ(sorted(read_file(ran)), sorted(expected_lines));
  EXPECT_EQ(queued(), 0U);
}

TEST_F(SlurmNight, KilledWhileItSubmits) {
  // An sbatch that kills run_regress before it submits; then submits only when the next run has looked for it; then
  // submits, and kills before that is noted.
  const std::string place = folder_.path.string();
  fs::create_directories(folder_.path / "bin");
  write_file(folder_.path / "bin" / "sbatch", fmt::format(R"(#!/bin/sh
count=$(($(cat '{0}/count' 2> /dev/null) + 1))
echo $count > '{0}/count'
program=$(cut -d' ' -f4 /proc/$PPID/stat)
case $count in
  2) kill -9 $program; sleep 9 ;;
  3) setsid sh -c 'sleep 5; exec "$@"' late '{1}' "$@" > '{0}/late' 2>&1 &
     sleep 0.5; kill -9 $program; sleep 9 ;;
  4) '{1}' "$@"; kill -9 $program; sleep 9 ;;
esac
exec '{1}' "$@"
)",
                                                          place, SlurmCluster::program("sbatch")));
  fs::permissions(folder_.path / "bin" / "sbatch", fs::perms::owner_all);
  write_commands({{"a", fmt::format("echo a >> '{}/ran'", place)}});
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", (place + "/bin:" + path).c_str(), 1);
  EXPECT_NE(run(std::string("--list all") + kSlurm), 0) << output_;
  for (int i = 0; i < 2; ++i) EXPECT_NE(run(std::string("--list all --resume") + kSlurm), 0) << output_;
  EXPECT_EQ(run(std::string("--list all --resume --slurm-attempts 1") + kSlurm), 0) << output_;
  ::setenv("PATH", path.c_str(), 1);
  EXPECT_EQ(read_file(folder_.path / "count"), "4\n");
  for (int i = 0; i < 100 && (read_file(folder_.path / "late").empty() || queued() > 0); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  EXPECT_NE(SlurmClient::job_number({.good = true, .text = read_file(folder_.path / "late")}), "")
      << "the late batch was not submitted";
  EXPECT_EQ(read_file(folder_.path / "ran"), "a\n");
  EXPECT_EQ(outcomes().at("a/-"), "passed: ");
}

TEST_F(SlurmNight, TasksThatVanishAreRunAgain) {
  const std::string mark = (folder_.path / "mark").string();
  const std::string leave = "scancel \"$SLURM_ARRAY_JOB_ID\"_\"$SLURM_ARRAY_TASK_ID\" && sleep 50";
  write_commands({{"evicted", fmt::format("mkdir '{0}' 2> /dev/null && {1}; rm -r '{0}'", mark, leave)},
                  {"doomed", "echo begun; " + leave},
                  {"good", "true"}});
  ASSERT_EQ(run(std::string("--list all --slurm-attempts 2") + kSlurm), 1) << output_;
  const std::map<std::string, std::string> found = outcomes();
  EXPECT_EQ(found.at("good/-"), "passed: ");
  EXPECT_EQ(found.at("evicted/-"), "passed: ");
  EXPECT_EQ(found.at("doomed/-"),
            "node failure: node failure: 2 times gone from Slurm's queue without a result, last as CANCELLED");
  EXPECT_EQ(results().at("node_failures"), 1);
  EXPECT_NE(output_.find("has left Slurm's queue without a result (CANCELLED on "), std::string::npos) << output_;
  EXPECT_NE(output_.find("1 lost to failures of nodes"), std::string::npos) << output_;
  EXPECT_NE(read_file(out() / "junit.xml").find("<error type=\"node failure\""), std::string::npos);
  EXPECT_EQ(read_file(out() / "new_failing_seeds.txt"), "");
}

TEST_F(SlurmNight, ControllerAndNodeFail) {
  const std::string begun = (folder_.path / "begun").string();
  write_commands(
      {{"a", fmt::format("echo a >> '{0}'; test $(wc -l < '{0}') -gt 1 || sleep 50", begun)}, {"b", "sleep 1"}});
  int code = -1;
  std::thread night([&] { code = run(std::string("--list all") + kSlurm); });
  for (int i = 0; i < 400 && !fs::exists(begun); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  cluster_->stop_controller();
  std::this_thread::sleep_for(std::chrono::seconds(2));
  cluster_->start_controller();
  cluster_->wait_until_ready();
  cluster_->fail_node();
  night.join();
  EXPECT_EQ(code, 0) << output_;
  EXPECT_EQ(read_file(begun), "a\na\n");
  EXPECT_NE(output_.find("a_- has left Slurm's queue without a result (NODE_FAIL on "), std::string::npos) << output_;
}

TEST_F(SlurmNight, ASignalCancelsWhatIsLeft) {
  write_commands({{"a", "sleep 3"}, {"b", "sleep 3"}});
  EXPECT_TRUE(run_and_kill(std::string("--list all") + kSlurm, std::chrono::milliseconds(500), is_submitted(), SIGTERM))
      << read_file(folder_.path / "killed.log");
  for (int i = 0; i < 100 && queued() > 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(queued(), 0U);
  EXPECT_TRUE(outcomes().empty());
  EXPECT_EQ(run("--list all --resume"), 2);
  EXPECT_NE(output_.find("--resume: found that night 1 runs under Slurm, expected --slurm"), std::string::npos)
      << output_;
  EXPECT_EQ(run(std::string("--list all --resume --slurm-attempts 1") + kSlurm), 0) << output_;
  EXPECT_EQ(outcomes().size(), 2U);
}

TEST_F(SlurmNight, ANewNightEndsWhatAKilledOneHasLeft) {
  write_commands({{"a", "sleep 300"}});
  EXPECT_TRUE(run_and_kill(std::string("--list all") + kSlurm, std::chrono::milliseconds(500), is_submitted()));
  EXPECT_GE(queued(), 1U);
  write_commands({{"a", "true"}});
  EXPECT_EQ(run("--list all"), 0) << output_;
  EXPECT_EQ(queued(), 0U);
}

TEST_F(SlurmNight, BuildsAreCopied) {
  nlohmann::json plan = small_plan();
  plan["tests"][2]["command"] = {"sh", "-c", "cat '{folder}/product' && pwd && test \"$(pwd)\" = '{folder}'"};
  plan["lists"]["fine"]["runs"][1]["seeds"] = 1;
  write_plan(plan);
  ::setenv("TMPDIR", folder_.path.c_str(), 1);
  ASSERT_EQ(run(std::string("--list fine --slurm-copy --slurm-cores 2") + kSlurm), 0) << output_;
  ::unsetenv("TMPDIR");
  for (const fs::directory_entry& log : fs::directory_iterator(out() / "logs" / "1")) {
    if (log.path().filename().string().find("patterned") == std::string::npos) continue;
    EXPECT_TRUE(read_file(log.path()).starts_with("built\n" + (folder_.path / ".mixvec.").string()));
  }
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_.path)) {
    EXPECT_FALSE(entry.path().filename().string().starts_with(".mixvec.")) << "a copy was left behind";
  }
}

TEST_F(SlurmNight, SlurmRefusals) {
  EXPECT_EQ(run(std::string("--list fine --slurm-options=--partition=none") + kSlurm), 2);
  EXPECT_NE(output_.find("found that sbatch refuses a job, expected it to take one: "), std::string::npos) << output_;
  EXPECT_NE(output_.find("invalid partition"), std::string::npos) << output_;
  EXPECT_EQ(run("--list fine --slurm-cores 2"), 2);
  EXPECT_NE(output_.find("--slurm-cores: found without --slurm"), std::string::npos) << output_;
  EXPECT_EQ(run("--slurm-task /nowhere/1.json"), 2) << output_;
  cluster_->stop_controller();
  EXPECT_EQ(run(std::string("--list fine") + kSlurm), 2);
  EXPECT_NE(output_.find("--slurm: found no cluster that answers (squeue: "), std::string::npos) << output_;
  const std::string path = std::getenv("PATH");
  ::setenv("PATH", "/nowhere", 1);
  EXPECT_EQ(run(std::string("--list fine") + kSlurm), 2);
  EXPECT_NE(output_.find("--slurm: found no sbatch, expected Slurm's client programs; install slurm-client"),
            std::string::npos)
      << output_;
  ::setenv("PATH", path.c_str(), 1);
}

class SlurmFar : public SlurmNight {
 protected:
  void SetUp() override {
    fs::create_directories(out());
    SlurmNight::SetUp();
  }
  bool hides_out() override { return true; }
};

TEST_F(SlurmFar, AFolderThatNodesDoNotSee) {
  EXPECT_EQ(run(std::string("--list fine") + kSlurm), 2);
  EXPECT_NE(output_.find("does not see, expected one on a file system that all nodes share"), std::string::npos)
      << output_;
}

}  // namespace
}  // namespace mixvec::inline flows
