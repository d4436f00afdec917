// run_mutation --cpp on a small project: what is noticed, what changes nothing, what is not reached, what does not
// compile.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "golden/cli/cli.hpp"
#include "golden/files/input_file.hpp"
#include "golden/files/output.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline flows {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCode = R"(// Some functions.
#include "code/code.hpp"

int sum_to(int n) {
  int sum = 0;
  while (n > 0) {
    sum += n;
    n -= 1;
  }
  return sum;
}

bool is_small(int n) {
  return n < 10;
}

unsigned shifted(unsigned n) {
  return n << 0;
}

int unused(int n) {
  return n + 1;
}

std::string joined(const std::string& a, const std::string& b) {
  return a + b;
}
)";

constexpr const char* kHeader = R"(// Some functions.
#pragma once
#include <string>

int sum_to(int n);
bool is_small(int n);
unsigned shifted(unsigned n);
int unused(int n);
std::string joined(const std::string& a, const std::string& b);
)";

// Nobody looks at 10.
constexpr const char* kTests = R"(// Tests.
#include <gtest/gtest.h>

#include "code/code.hpp"

TEST(Code, Sums) {
  EXPECT_EQ(sum_to(4), 10);
}
TEST(Code, Small) {
  EXPECT_TRUE(is_small(9));
  EXPECT_FALSE(is_small(11));
}
TEST(Code, Texts) {
  EXPECT_EQ(joined("a", "b"), "ab");
}
)";

constexpr const char* kMain = R"(// A run.
#include "code/code.hpp"

int main(int argc, char**) { return shifted(4U + static_cast<unsigned>(argc)) == 5 ? 0 : 1; }
)";

constexpr const char* kPlan = R"({
  "source": "project",
  "copy": ["code"],
  "mutate": [{"files": ["code/code.cpp"]}],
  "longest": 30,
  "builds": [{"name": "all", "commands": [
    ["g++", "-std=c++20", "-w", "-I", "{source}", "-o", "{out}/tests", "{source}/code/code.cpp", "{source}/code/tests.cpp", "-lgtest", "-lgtest_main", "-pthread"],
    ["g++", "-std=c++20", "-w", "-I", "{source}", "-o", "{out}/run", "{source}/code/code.cpp", "{source}/code/main.cpp"]]},
    {"name": "other", "files": ["code/other*"], "commands": [["false"]]}],
  "trials": [{"name": "tests", "gtest": "{out}/tests"}, {"name": "run", "run": ["{out}/run"]},
             {"name": "other", "build": "other", "run": ["false"]}]
})";

void write_project(const fs::path& folder) {
  fs::create_directories(folder / "project/code");
  write_file(folder / "project/code/code.cpp", kCode);
  write_file(folder / "project/code/code.hpp", kHeader);
  write_file(folder / "project/code/tests.cpp", kTests);
  write_file(folder / "project/code/main.cpp", kMain);
  write_file(folder / "plan.json", kPlan);
}

/// Exit code of run_mutation in `folder`, with its project and its plan.
int run_cpp_mutation(const fs::path& folder, const std::string& options) {
  return exit_code_of(fmt::format("'{0}' --cpp --plan '{1}/plan.json' {2} > '{1}/log.txt' 2>&1", MIXVEC_RUN_MUTATION,
                                  folder.string(), options));
}

TEST(RunCppMutation, TellsKilledFromEquivalentFromSurviving) {
  const TemporaryTestFolder folder;
  write_project(folder.path);
  const int code = run_cpp_mutation(
      folder.path, fmt::format("--run --count 0 --jobs 2 --out '{0}/out' --json '{0}/r.json'", folder.path.string()));
  ASSERT_EQ(code, kExitCheckFailed) << read_file(folder.path / "log.txt");
  const auto json = read_json(folder.path / "r.json");
  // Of no use for this file: what else would be built, and its trial.
  EXPECT_EQ(json["trials"], 4);
  std::map<std::string, std::string> verdicts;
  std::map<std::string, std::string> ways;
  for (const auto& one : json["list"]) {
    verdicts[one["change"]] = one["verdict"];
    ways[one["change"]] = one["how"];
  }
  const std::map<std::string, std::string> expected = {
      {"0 as 1", "killed"},  // of the sum; the shift by 1 as well
      {"n > 0 as (n) >= (0)", "survived"},
      {"n > 0 as false", "killed"},
      {"sum += n as sum -= n", "killed"},
      {"sum += n; left out", "killed"},
      {"n -= 1 as n += 1", "killed"},
      {"n -= 1; left out", "killed"},
      {"sum as (sum) + 1", "killed"},
      {"n < 10 as (n) <= (10)", "survived"},
      {"10 as 11", "survived"},
      {"n << 0 as (n) >> (0)", "equivalent"},
      {"n + 1 as (n) - (1)", "survived"},
      {"1 as 0", "survived"},
  };
  for (const auto& [change, verdict] : expected) EXPECT_EQ(verdicts[change], verdict) << change;
  EXPECT_EQ(ways["n + 1 as (n) - (1)"], "not reached");
  EXPECT_EQ(ways["n < 10 as (n) <= (10)"], "");
  // For ever, or until an overflow that ends it.
  EXPECT_EQ(ways["n -= 1; left out"], "time");
  // What does not compile is counted, and no mutant.
  EXPECT_EQ(verdicts.count("a + b as (a) - (b)"), 0U);
  EXPECT_EQ(json["not_compiled"], 1);
  EXPECT_EQ(json["not_reached"], 2);
  EXPECT_EQ(json["mutants"].get<int>(),
            json["killed"].get<int>() + json["equivalent"].get<int>() + json["survived"].get<int>());
  // Nothing of the runs is left.
  EXPECT_TRUE(fs::is_empty(folder.path / "out/rooms"));
}

TEST(RunCppMutation, ATestThatFailsByItselfProvesNothing) {
  const TemporaryTestFolder folder;
  write_project(folder.path);
  write_file(folder.path / "project/code/main.cpp", "int main() { return 1; }\n");
  EXPECT_EQ(run_cpp_mutation(folder.path, fmt::format("--run --out '{0}/out' --json '{0}/r.json' --only code.cpp:18",
                                                      folder.path.string())),
            kExitCheckFailed);
  EXPECT_NE(read_file(folder.path / "log.txt").find("run fails without a mutant"), std::string::npos)
      << read_file(folder.path / "log.txt");
  EXPECT_FALSE(fs::exists(folder.path / "r.json"));
}

TEST(RunCppMutation, ASourceThatDoesNotCompileIsNoMutant) {
  const TemporaryTestFolder folder;
  write_project(folder.path);
  write_file(folder.path / "project/code/main.cpp", "int main() { return x; }\n");
  EXPECT_EQ(
      run_cpp_mutation(folder.path, fmt::format("--run --out '{0}/out' --only code.cpp:18", folder.path.string())),
      kExitCheckFailed);
  EXPECT_NE(read_file(folder.path / "log.txt").find("cannot be built with its mutants"), std::string::npos)
      << read_file(folder.path / "log.txt");
}

TEST(RunCppMutation, RefusesWhatItCannotDo) {
  const TemporaryTestFolder folder;
  write_project(folder.path);
  const auto refused = [&](const std::string& options, const std::string& message) {
    EXPECT_EQ(run_cpp_mutation(folder.path, options), kExitBadInput) << options;
    EXPECT_NE(read_file(folder.path / "log.txt").find(message), std::string::npos)
        << read_file(folder.path / "log.txt");
  };
  const auto plan = [&](const std::string& before, const std::string& after) {
    std::string text = kPlan;
    const std::size_t at = text.find(before);
    ASSERT_NE(at, std::string::npos) << before;
    write_file(folder.path / "plan.json", text.replace(at, before.size(), after));
  };
  refused("--run --count 0", "--out");
  refused("--list --count 99999", "there are");
  plan("code/code.cpp", "code/*.rs");
  refused("--list --count 0", "code/*.rs");
  plan("\"code\"", "\"../code\"");
  refused("--list --count 0", "below the sources");
  plan("{out}/run", "{nowhere}/run");
  refused("--list --count 0", "nowhere");
  plan("\"build\": \"other\"", "\"build\": \"another\"");
  refused("--list --count 0", "another");
  plan("\"longest\": 30", "\"longest\": 0");
  refused("--list --count 0", "/longest");
  plan("\"gtest\": \"{out}/tests\"", "\"gtest\": \"{out}/tests\", \"run\": [\"x\"]");
  refused("--list --count 0", "one of them");
  plan("\"files\": [\"code/code.cpp\"]", "\"files\": [\"code/code.cpp\"], \"checks\": \"(\"");
  refused("--list --count 0", "regular expression");
}

}  // namespace
}  // namespace mixvec::inline flows
