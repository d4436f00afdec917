// The test plan names all that is there, and nothing else.
#include <gtest/gtest.h>

#include "flows/regress/plan/plan_check.hpp"

namespace mixvec::inline flows {
namespace {

TEST(Testplan, NamesAllTestsAndNoOthers) {
  const Places places{.source = MIXVEC_SOURCE_DIR, .build = MIXVEC_BINARY_DIR, .out = "/nowhere"};
  const Plan plan = read_plan(places.source / "verif" / "testplan.json");
  const Inventory inventory = take_inventory(places);
  EXPECT_GT(list_testables(plan, inventory).size(), 150U);
  for (const std::string& fault : check_plan(plan, inventory)) ADD_FAILURE() << fault;
}

TEST(Testplan, EachListHasItsSeeds) {
  const Places places{.source = MIXVEC_SOURCE_DIR, .build = MIXVEC_BINARY_DIR, .out = "/nowhere"};
  const Plan plan = read_plan(places.source / "verif" / "testplan.json");
  const AskConfigurations ask = [&](const TestKind& kind, const PlanTest& test) {
    return ask_configurations(places, kind, test);
  };
  for (const PlanList& list : plan.lists) {
    const std::vector<Job> jobs =
        expand(plan, {.list = list.name, .base_seed = 1}, places, ask, read_failing_seeds(plan));
    std::map<std::string, std::set<std::uint64_t>> seeds;
    for (const Job& job : jobs) {
      if (job.seed) seeds[job.test].insert(*job.seed);
    }
    EXPECT_FALSE(seeds.empty()) << list.name;
    if (list.name != "nightly") continue;
    std::size_t randomised = 0;
    for (const PlanTest& test : plan.tests) randomised += test.randomised ? 1 : 0;
    EXPECT_EQ(seeds.size(), randomised);
    for (const auto& [test, taken] : seeds) EXPECT_GE(taken.size(), 100U) << test;
  }
}

}  // namespace
}  // namespace mixvec::inline flows
