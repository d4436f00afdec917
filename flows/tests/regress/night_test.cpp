// run_regress as a user sees it: outcomes, reports, reruns, resumed nights.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <regex>
#include <set>
#include <thread>

#include "flows/regress/run/store.hpp"
#include "flows/tests/regress/fixture.hpp"
#include "golden/files/input_file.hpp"
#include "golden/files/output.hpp"

namespace mixvec::inline flows {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

TEST_F(RunRegress, AGoodNight) {
  ASSERT_EQ(run("--list fine --seed 3"), 0) << output_;
  EXPECT_TRUE(output_.starts_with("GOOD: fine 1 of ")) << output_;
  const Json found = results();
  EXPECT_EQ(found.at("tests"), 6);
  EXPECT_EQ(found.at("passed"), 6);
  EXPECT_EQ(found.at("failed"), 0);
  EXPECT_EQ(found.at("seeds"), 5);
  EXPECT_EQ(found.at("base_seed"), 3);
  EXPECT_EQ(found.at("by_test").at("patterned").at("seeds"), 5);
  EXPECT_EQ(found.at("points").at("everything").at("stage"), "V1");
  EXPECT_TRUE(found.at("commit").is_string());
  EXPECT_TRUE(found.at("buckets").empty());
  // The next one into the same folder, with other seeds.
  ASSERT_EQ(run("--list fine --json " + (folder_.path / "copy.json").string()), 0) << output_;
  EXPECT_EQ(results().at("night"), 2);
  EXPECT_NE(results().at("base_seed"), 3);
  EXPECT_EQ(read_json(folder_.path / "copy.json"), results());
}

TEST_F(RunRegress, ABadNight) {
  ASSERT_EQ(run("--list all --seed 3 --jobs 3"), 1) << output_;
  EXPECT_NE(output_.find("BAD: all 1 of "), std::string::npos) << output_;
  const std::map<std::string, std::string> found = outcomes();
  EXPECT_EQ(found.size(), 37U + 4U);
  EXPECT_EQ(found.at("good/-"), "passed: ");
  EXPECT_EQ(found.at("hang/-"), "timeout: no end within 0.5 s\nwaiting");
  EXPECT_TRUE(found.at("crash/-").starts_with("failed: ")) << found.at("crash/-");
  EXPECT_EQ(found.at("build/built/broken"), "failed: build failed\nERROR: no such thing");
  std::set<std::string> of_broken;
  std::set<std::string> of_others;
  for (const auto& [job, outcome] : found) {
    if (job.starts_with("seeded/broken")) of_broken.insert(outcome);
    if (job.starts_with("seeded/one")) of_others.insert(outcome);
  }
  EXPECT_EQ(of_broken, std::set<std::string>{"not run: build failed\nERROR: no such thing"});
  EXPECT_EQ(of_others, (std::set<std::string>{"passed: ", "failed: mismatch at <scope>: <hex>, expected <path>"}));

  const Json json = results();
  EXPECT_EQ(json.at("tests"), 37);
  EXPECT_EQ(json.at("passed").get<int>() + json.at("failed").get<int>(), 37);
  EXPECT_EQ(json.at("buckets").size(), 4U);
  for (const Json& bucket : json.at("buckets")) {
    if (bucket.at("signature").get<std::string>().find("mismatch") == std::string::npos) continue;
    // Run again by itself in the build with waves.
    EXPECT_TRUE(bucket.at("again").at("failed").get<bool>());
    EXPECT_TRUE(read_file(out() / bucket.at("again").at("log").get<std::string>()).starts_with("waves\n"));
    EXPECT_EQ(read_file(out() / bucket.at("again").at("waves").get<std::string>()), "wave\n");
    EXPECT_NE(bucket.at("tail").get<std::string>().find("mismatch at TOP.a.b["), std::string::npos);
    // The line reproduces it.
    EXPECT_EQ(
        WEXITSTATUS(std::system(("(" + bucket.at("reproduce").get<std::string>() + ") > /dev/null 2>&1").c_str())), 1);
  }
  const std::string seeds = read_file(out() / "new_failing_seeds.txt");
  EXPECT_EQ(std::count(seeds.begin(), seeds.end(), '\n'),
            std::count_if(found.begin(), found.end(), [](const auto& item) {
              return item.first.starts_with("seeded/") && item.second.starts_with("failed");
            }));
}

TEST_F(RunRegress, FailuresAreRunAgain) {
  ASSERT_EQ(run("--list all --seed 3 --only '^(good|crash|hang)'"), 1);
  ASSERT_EQ(run("--list all --rerun-failures"), 1);
  EXPECT_EQ(outcomes().size(), 2U);
  EXPECT_TRUE(outcomes().contains("hang/-"));
  ASSERT_EQ(run("--list fine"), 0);
  EXPECT_EQ(run("--list fine --rerun-failures"), 2);
  EXPECT_NE(output_.find("--rerun-failures: found a night in which all passed"), std::string::npos) << output_;
}

TEST_F(RunRegress, FlakyJobsAreFound) {
  EXPECT_EQ(run("--list flaky"), 1);
  // It has passed when it was run again by itself.
  ASSERT_EQ(results().at("flaky").size(), 1U);
  EXPECT_EQ(results().at("flaky")[0].at("job"), "flaky/-");
  EXPECT_FALSE(results().at("buckets")[0].at("again").at("failed").get<bool>());
  EXPECT_NE(output_.find("flaky, with different outcomes on one source: 1"), std::string::npos) << output_;
}

TEST_F(RunRegress, DryRunWritesNothing) {
  ASSERT_EQ(run("--list all --dry-run --reseed 2 --json " + (folder_.path / "jobs.json").string()), 0) << output_;
  EXPECT_FALSE(fs::exists(out()));
  EXPECT_NE(output_.find("67 runs and 4 builds"), std::string::npos) << output_;
  EXPECT_EQ(read_json(folder_.path / "jobs.json").at("jobs").size(), 71U);
}

TEST_F(RunRegress, Refusals) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "--list: found nothing"},
      {"--list none", "--list: found \"none\", expected one of all, fine, flaky"},
      {"--list fine --only '('", "--only: found \"(\", expected a regular expression"},
      {"--list fine --only zzz", "--only: found nothing to run"},
      {"--list fine --resume", "--resume: found no night in"},
      {"--list fine --rerun-failures", "--rerun-failures: found no night"},
      {"--list fine --reseed 2 --fixed-seed 1", "--reseed: found with --fixed-seed"},
      {"--list fine --rerun-failures --only x", "--rerun-failures: found with another option"},
      {"--list fine --reseed 0", "--reseed: found "},
      {"--list fine --dry-run --resume", "--dry-run: found with --resume"}};
  for (const auto& [options, message] : cases) {
    EXPECT_EQ(run(options), 2) << options;
    EXPECT_NE(output_.find(message), std::string::npos) << options << "\n" << output_;
  }
  ASSERT_EQ(run("--list fine --only good"), 0);
  EXPECT_EQ(run("--list all --resume"), 2);
  EXPECT_NE(output_.find("--list: found \"all\", expected \"fine\" as in night 1"), std::string::npos) << output_;
  // A night that has ended is reported once more.
  EXPECT_EQ(run("--list fine --resume"), 0) << output_;
  EXPECT_EQ(results().at("night"), 1);
  write_file(out() / "results.db", "no database");
  EXPECT_EQ(run("--list fine"), 2);
}

TEST_F(RunRegress, AFolderOutsideIsNotRemoved) {
  Json plan = small_plan();
  plan["kinds"]["built"]["prepare_folder"] = (folder_.path / "mine").string();
  write_plan(plan);
  write_file(folder_.path / "mine", "precious");
  EXPECT_EQ(run("--list all --only seeded"), 2);
  EXPECT_NE(output_.find("found outside of --out"), std::string::npos) << output_;
  EXPECT_EQ(read_file(folder_.path / "mine"), "precious");
}

TEST_F(RunRegress, JUnitIsWellFormed) {
  ASSERT_EQ(run("--list all --seed 3"), 1);
  const std::string xml = read_file(out() / "junit.xml");
  // Every tag that is opened is closed, in its order.
  static const std::regex tag("<(/?)([a-z]+)((?: [a-z]+=\"[^\"<>]*\")*)(/?)>");
  std::vector<std::string> open;
  std::map<std::string, int> count;
  std::size_t covered = 0;
  for (auto i = std::sregex_iterator(xml.begin(), xml.end(), tag); i != std::sregex_iterator(); ++i) {
    const std::string name = (*i)[2];
    ++covered;
    if ((*i)[1].length() > 0) {
      ASSERT_FALSE(open.empty());
      EXPECT_EQ(open.back(), name);
      open.pop_back();
      continue;
    }
    ++count[name];
    if ((*i)[4].length() == 0) open.push_back(name);
  }
  EXPECT_TRUE(open.empty());
  // All but the declaration.
  EXPECT_EQ(static_cast<std::size_t>(std::count(xml.begin(), xml.end(), '<')), covered + 1);
  EXPECT_EQ(count["testsuites"], 1);
  EXPECT_EQ(count["testsuite"], 5);
  EXPECT_EQ(count["testcase"], 37);
  EXPECT_EQ(count["failure"] + count["error"], results().at("failed").get<int>());
}

class KilledNight : public RunRegress {};

TEST_F(KilledNight, LosesAndDoublesNothing) {
  write_plan(longer_plan());
  ASSERT_EQ(run("--list all --seed 11 --jobs 2"), 1) << output_;
  const std::map<std::string, std::string> expected = outcomes();
  const Json expected_results = results();
  fs::remove_all(out());

  kill_ten_times("--list all --jobs 2", std::chrono::milliseconds(700));
  EXPECT_EQ(outcomes(), expected);
  for (const char* field : {"tests", "passed", "failed", "timeouts", "not_run", "seeds", "base_seed"}) {
    EXPECT_EQ(results().at(field), expected_results.at(field)) << field;
  }
}

}  // namespace
}  // namespace mixvec::inline flows
