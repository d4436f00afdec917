// Any bytes are a test plan, whose lists become jobs, or an InputError; and the list of failing seeds beside one.
#include <nlohmann/json.hpp>

#include "flows/fuzz/reports/report_targets.hpp"
#include "flows/regress/plan/expand.hpp"
#include "flows/regress/plan/failing_seeds.hpp"
#include "flows/regress/plan/plan.hpp"

namespace mixvec::inline flows::fuzz {
namespace {

constexpr const char* kTestPlan =
    R"({"kinds":{"k":{"configurations":"plan","prepare_folder":"{out}/p","prepare":[["true"]],)"
    R"("folder":"{out}/{configuration}","build":[["true","{options}"]],"build_seconds":1,)"
    R"("waves":{"folder":"{out}/w","build":[["true"]],"options":["--trace","{waves}"]}},)"
    R"("g":{"configurations":"gtest","ask":["{bin}/{program}"]}},)"
    R"("tests":[{"name":"t","kind":"k","command":["echo","{seed}","{pattern}","{cases}"],"timeout":9},)"
    R"({"name":"u","kind":"g","command":["{bin}/{program}","{configuration}"],"timeout":9,"seconds":1}],)"
    R"("configurations":[{"name":"c","options":["x"],"check":["v"],"tags":["y"]}],)"
    R"("patterns":[{"name":"p","options":["z"],"configurations":["c*"]}],)"
    R"("points":[{"name":"q","stage":"V1","checks":"all","tests":["t","u:*"]}],)"
    R"("lists":{"few":{"failing_seeds":true,"runs":[{"tests":["t","u"],"configurations":["tag:y","*"],"seeds":3,)"
    R"("cases":2}]}},"failing_seeds":"seeds.txt",)"
    R"("announced":{"gtest":{"u":{"suites":1,"tests":2,"needs":"v"}},"unit_benches":{"b":{"configurations":1}},)"
    R"("configurations":1,"ctest":2}})";

/// Lists of so few seeds that a job for each takes no time.
bool is_short(const PlanList& list) {
  std::size_t seeds = 0;
  for (const ListEntry& entry : list.entries) seeds += std::min<std::size_t>(entry.seeds, 1000);
  return seeds < 100;
}

void read_plan_bytes(std::string_view bytes) {
  const Plan plan = read_plan(put("plan.json", bytes));
  const Places places{"/source", "/build", "/out"};
  const AskConfigurations ask = [](const TestKind&, const PlanTest&) { return std::vector<std::string>{"s"}; };
  for (const PlanList& list : plan.lists) {
    if (!is_short(list)) continue;
    try {
      for (const Job& job : expand(plan, {.list = list.name, .base_seed = 1}, places, ask, {})) {
        require(!job.name.empty(), "a job without a name");
      }
    } catch (const InputError&) {  // NOLINT(bugprone-empty-catch): of nothing nothing is to be run
    }
  }
}

void read_seeds_bytes(std::string_view bytes) {
  static const Plan plan = read_plan(put("plan.json", kTestPlan));
  put("seeds.txt", bytes);
  const std::vector<FailingSeed> seeds = read_failing_seeds(plan);
  std::string lines;
  for (const FailingSeed& seed : seeds) lines += failing_seed_line(seed) + "\n";
  put("seeds.txt", lines);
  std::string again;
  for (const FailingSeed& seed : must("what was written is refused", [] { return read_failing_seeds(plan); })) {
    again += failing_seed_line(seed) + "\n";
  }
  require(again == lines, "other seeds when read again");
}

}  // namespace

Target test_plan_target() {
  return {.name = "test_plan",
          .read = read_plan_bytes,
          .seeds = [] { return std::vector<std::string>{kTestPlan}; },
          .words = {"kinds",
                    "tests",
                    "configurations",
                    "patterns",
                    "points",
                    "lists",
                    "failing_seeds",
                    "announced",
                    "ask",
                    "prepare_folder",
                    "prepare",
                    "folder",
                    "build",
                    "build_timeout",
                    "build_seconds",
                    "directory",
                    "waves",
                    "options",
                    "program",
                    "command",
                    "timeout",
                    "seconds",
                    "stage",
                    "V2",
                    "checks",
                    "runs",
                    "seeds",
                    "cases",
                    "gtest",
                    "lines",
                    "{seed}",
                    "{pattern}",
                    "{options}",
                    "tag:",
                    "*",
                    "[a-"}};
}

Target failing_seeds_target() {
  return {
      .name = "failing_seeds",
      .read = read_seeds_bytes,
      .seeds = [] { return std::vector<std::string>{"# a comment\nt c p 17 3\n\nt c p 9223372036854775807 0 # b\n"}; },
      .words = {"t c p ", " - ", "#", "9223372036854775808", "2147483648"},
      .most_bytes = 512};
}

}  // namespace mixvec::inline flows::fuzz
