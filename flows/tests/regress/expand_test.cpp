// From lists to jobs: seeds, patterns, shared builds, reproduction lines; and the order in which jobs start.
#include "flows/regress/plan/expand.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "flows/regress/run/schedule.hpp"
#include "flows/tests/regress/fixture.hpp"
#include "golden/base/error.hpp"
#include "golden/files/output.hpp"

namespace mixvec::inline flows {
namespace {

class Expansion : public ::testing::Test {
 protected:
  Expansion() {
    write_file(folder_.path / "plan.json", small_plan().dump());
    plan_ = read_plan(folder_.path / "plan.json");
  }

  std::vector<Job> jobs(const ExpansionRequest& request, const std::vector<FailingSeed>& failing = {}) const {
    const Places places{.source = "/source", .build = "/build", .out = "/out dir"};
    return expand(
        plan_, request, places, [](const TestKind&, const PlanTest&) { return std::vector<std::string>(); }, failing);
  }

  static std::set<std::uint64_t> seeds(const std::vector<Job>& jobs, const std::string& test) {
    std::set<std::uint64_t> found;
    for (const Job& job : jobs) {
      if (job.test != test) continue;
      EXPECT_TRUE(found.insert(job.seed.value()).second) << job.name;
    }
    return found;
  }

  static const Job& find(const std::vector<Job>& jobs, const std::string& begin) {
    const auto found =
        std::find_if(jobs.begin(), jobs.end(), [&](const Job& job) { return job.name.starts_with(begin); });
    if (found == jobs.end()) throw std::runtime_error("no job " + begin);
    return *found;
  }

  TemporaryTestFolder folder_;
  Plan plan_;
};

TEST_F(Expansion, ProgramsThatMayBeAbsentAreLeftOut) {
  const std::size_t all = jobs({.list = "all", .base_seed = 5}).size();
  const auto seeded =
      std::find_if(plan_.tests.begin(), plan_.tests.end(), [](const PlanTest& test) { return test.name == "seeded"; });
  ASSERT_NE(seeded, plan_.tests.end());
  seeded->program = "trained";
  plan_.announced = Announced{.gtest = {{"trained", {.suites = 1, .tests = 1, .needs = ""}}}, .unit_benches = {}};
  EXPECT_EQ(jobs({.list = "all", .base_seed = 5}).size(), all);
  plan_.announced->gtest["trained"].needs = "a library";
  const std::vector<Job> left = jobs({.list = "all", .base_seed = 5});
  EXPECT_EQ(seeds(left, "seeded").size(), 0U);
  EXPECT_FALSE(left.empty());
}

TEST_F(Expansion, SeedsAreDistinctSpreadAndRepeatable) {
  const std::vector<Job> first = jobs({.list = "all", .base_seed = 5});
  EXPECT_EQ(seeds(first, "seeded").size(), 30U);
  std::map<std::string, int> spread;
  for (const Job& job : first) spread[job.test == "seeded" ? job.configuration : ""] += 1;
  EXPECT_EQ(spread["one"], 10);
  EXPECT_EQ(spread["broken"], 10);
  EXPECT_EQ(seeds(first, "seeded"), seeds(jobs({.list = "all", .base_seed = 5}), "seeded"));
  EXPECT_NE(seeds(first, "seeded"), seeds(jobs({.list = "all", .base_seed = 6}), "seeded"));
  // Each pattern on each configuration that takes it: one, two, broken and two turned.
  EXPECT_EQ(seeds(first, "patterned").size(), 4U);
}

TEST_F(Expansion, ReseedAndFixedSeed) {
  EXPECT_EQ(seeds(jobs({.list = "all", .base_seed = 5, .reseed = 40}), "seeded").size(), 1200U);
  const std::vector<Job> fixed = jobs({.list = "all", .fixed_seed = 9, .only = "^seeded/"});
  std::size_t runs = 0;
  for (const Job& job : fixed) runs += job.kind == Job::Kind::kRun && job.seed == 9U ? 1 : 0;
  EXPECT_EQ(runs, 3U);
}

TEST_F(Expansion, BuildsAreShared) {
  const std::vector<Job> all = jobs({.list = "all", .base_seed = 5});
  const auto builds = std::count_if(all.begin(), all.end(), [](const Job& j) { return j.kind == Job::Kind::kBuild; });
  const auto prepared =
      std::count_if(all.begin(), all.end(), [](const Job& j) { return j.kind == Job::Kind::kPrepare; });
  EXPECT_EQ(builds, 3);
  EXPECT_EQ(prepared, 1);
  EXPECT_EQ(find(all, "seeded/one").needs, "build/built/one");
  EXPECT_EQ(find(all, "build/built/one").needs, "prepare/built");
  // What is needed stands before what needs it, and nothing is built in vain.
  std::set<std::string> seen = {""};
  for (const Job& job : all) {
    EXPECT_TRUE(seen.contains(job.needs)) << job.name;
    seen.insert(job.name);
  }
  EXPECT_EQ(jobs({.list = "all", .only = "^good"}).size(), 1U);
}

TEST_F(Expansion, CommandsAreQuoted) {
  const std::vector<Job> all = jobs({.list = "all", .base_seed = 5, .fixed_seed = 3});
  const Job& turned = find(all, "patterned/two/turned/3");
  EXPECT_EQ(turned.command, "echo --turn '1 2' 3 0");
  EXPECT_EQ(turned.directory, "/out dir/builds/built/two");
  EXPECT_EQ(turned.reproduce,
            "cd /source && sh -c 'echo prepared' && sh -c 'echo ERROR: no such thing; test two != broken' && "
            "sh -c 'echo built > /out dir/builds/built/two/product' && cd '/out dir/builds/built/two' && "
            "echo --turn '1 2' 3 0");
  EXPECT_EQ(turned.waves_directory, "/out dir/builds/waves/two");
  EXPECT_EQ(turned.waves_options, (std::vector<std::string>{"--trace", "{waves}"}));
  // One that takes no such options runs again without.
  const std::vector<Job> self = jobs({.list = "self", .base_seed = 5});
  EXPECT_EQ(find(self, "self_test/two").waves_build, "");
  EXPECT_TRUE(find(self, "self_test/two").waves_options.empty());
}

TEST_F(Expansion, FailingSeedsComeFirstAndAreNotDrawnAgain) {
  const std::uint64_t drawn = *seeds(jobs({.list = "all", .base_seed = 5}), "seeded").begin();
  plan_.lists[0].failing_seeds = true;
  const std::vector<FailingSeed> failing = {{.test = "seeded", .configuration = "one", .seed = drawn, .cases = 4}};
  const std::vector<Job> all = jobs({.list = "all", .base_seed = 5}, failing);
  EXPECT_EQ(seeds(all, "seeded").size(), 31U);
  EXPECT_THROW(jobs({.list = "all"}, {{.test = "seeded", .configuration = "six", .seed = 1}}), InputError);
}

TEST_F(Expansion, NothingToRunIsRefused) {
  EXPECT_THROW(jobs({.list = "all", .only = "^nothing$"}), InputError);
  EXPECT_THROW(jobs({.list = "all", .only = "("}), InputError);
  EXPECT_THROW(jobs({.list = "no"}), InputError);
}

Job job_of(const std::string& name, double seconds, const std::string& needs = "") {
  Job job;
  job.name = job.test = name;
  job.estimate = seconds;
  job.needs = needs;
  return job;
}

TEST(Schedule, LongestFirstAndBuildsByWhatWaitsForThem) {
  const std::vector<Job> jobs = {job_of("short", 1),           job_of("build", 2), job_of("a", 9, "build"),
                                 job_of("b", 9, "build"),      job_of("long", 10), job_of("other build", 3),
                                 job_of("c", 1, "other build")};
  const std::vector<std::size_t> order = order_of(jobs, 2);
  // 2 + 9, 10, 9, 9, 3 + 1, …
  EXPECT_EQ(order, (std::vector<std::size_t>{1, 4, 2, 3, 5, 0, 6}));
  EXPECT_DOUBLE_EQ(expected_seconds(jobs, 1), 35);
  EXPECT_DOUBLE_EQ(expected_seconds(jobs, 2), 19);
  EXPECT_DOUBLE_EQ(expected_seconds(jobs, 9), 11);
}

TEST(Schedule, MeasuredTimesReplaceEstimates) {
  std::vector<Job> jobs = {job_of("a", 1), job_of("a", 1), job_of("b", 1), job_of("build/x", 1)};
  jobs[0].configuration = "one";
  jobs[1].configuration = "two";
  jobs[3].kind = Job::Kind::kBuild;
  use_measured(jobs, {{"a", 5}, {"a/one", 6}, {"build/x", 7}});
  EXPECT_DOUBLE_EQ(jobs[0].estimate, 6);
  EXPECT_DOUBLE_EQ(jobs[1].estimate, 5);
  EXPECT_DOUBLE_EQ(jobs[2].estimate, 1);
  EXPECT_DOUBLE_EQ(jobs[3].estimate, 7);
}

}  // namespace
}  // namespace mixvec::inline flows
