// run_mutation on one small unit bench: what is noticed, what changes nothing, and a bench that fails by itself.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
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

/// A copy of the RTL, in which a test may change a file.
void copy_rtl(const fs::path& to) {
  fs::create_directories(to);
  for (const auto& entry : fs::directory_iterator(MIXVEC_SOURCE_DIR "/rtl_templates")) fs::copy(entry.path(), to);
}

void replace(const fs::path& file, const std::string& before, const std::string& after) {
  std::string text = read_file(file);
  const std::size_t at = text.find(before);
  ASSERT_NE(at, std::string::npos) << before;
  write_file(file, text.replace(at, before.size(), after));
}

constexpr const char* kWeights =
    R"({"units": [{"bench": "tb_weights", "configurations": ["64-4"], "options": ["--cases", "20"]}],
        "accelerators": [], "runs": []})";

/// Exit code of run_mutation in `folder`, with its RTL and its plan.
int run_mutation(const fs::path& folder, const std::string& options) {
  return exit_code_of(fmt::format("'{0}' --rtl '{1}/rtl' --plan '{1}/plan.json' {2} > '{1}/log.txt' 2>&1",
                                  MIXVEC_RUN_MUTATION, folder.string(), options));
}

TEST(RunMutation, TellsKilledFromEquivalentFromSurviving) {
  for (const char* tool : {"verilator", "yosys"}) {
    if (exit_code_of(fmt::format("command -v {} > /dev/null", tool)) != 0) GTEST_SKIP() << tool << " is not installed";
  }
  const TemporaryTestFolder folder;
  copy_rtl(folder.path / "rtl");
  write_file(folder.path / "plan.json", kWeights);
  // What is added here drives nothing.
  replace(folder.path / "rtl/mv_weights.sv", "endmodule",
          "  logic same;\n  assign same = (load_i && !load_i) && rst_ni;\nendmodule");
  const int code = run_mutation(
      folder.path, fmt::format("--run --count 0 --only 'mv_weights' --jobs 2 --out '{0}/out' --json '{0}/r.json'",
                               folder.path.string()));
  ASSERT_LE(code, kExitCheckFailed) << read_file(folder.path / "log.txt");
  const auto json = read_json(folder.path / "r.json");
  EXPECT_GE(json["mutants"].get<int>(), 50);
  EXPECT_EQ(json["mutants"].get<int>(),
            json["killed"].get<int>() + json["equivalent"].get<int>() + json["survived"].get<int>());
  // What drives nothing is equivalent, and only that is proved.
  std::size_t added = 0;
  for (const auto& one : json["list"]) {
    const bool harmless = one["change"].get<std::string>().find("load_i && !load_i") != std::string::npos;
    added += harmless ? 1 : 0;
    if (harmless) {
      EXPECT_EQ(one["verdict"], "equivalent") << one.dump();
    }
  }
  EXPECT_GE(added, 3U);
  EXPECT_GE(json["killed"].get<int>(), json["mutants"].get<int>() * 7 / 10) << read_file(folder.path / "log.txt");
  EXPECT_EQ(code, json["survived"].get<int>() == 0 ? kExitGood : kExitCheckFailed);
}

TEST(RunMutation, GoesOnWhereItWasKilled) {
  if (exit_code_of("command -v verilator > /dev/null") != 0) GTEST_SKIP() << "verilator is not installed";
  const TemporaryTestFolder folder;
  copy_rtl(folder.path / "rtl");
  write_file(folder.path / "plan.json", kWeights);
  const std::string options = fmt::format(
      "--run --only 'mv_weights.sv:.* operand' --jobs 2 --out '{0}/out' --json '{0}/r.json'", folder.path.string());
  ASSERT_LE(run_mutation(folder.path, options), kExitCheckFailed) << read_file(folder.path / "log.txt");
  const auto whole = read_json(folder.path / "r.json");
  // As if it had been killed in the middle of the second line.
  const fs::path verdicts = folder.path / "out/verdicts.jsonl";
  const std::string lines = read_file(verdicts);
  const std::size_t second = lines.find('\n') + 1;
  write_file(verdicts, lines.substr(0, second + 20));
  fs::remove(folder.path / "r.json");
  ASSERT_LE(run_mutation(folder.path, options + " --resume"), kExitCheckFailed) << read_file(folder.path / "log.txt");
  const auto resumed = read_json(folder.path / "r.json");
  for (const char* count : {"mutants", "killed", "equivalent", "survived"}) EXPECT_EQ(resumed[count], whole[count]);
  // What stood there is as it was, the time it took too.
  const auto first = nlohmann::json::parse(lines.substr(0, second));
  const auto same = std::find_if(resumed["list"].begin(), resumed["list"].end(),
                                 [&](const auto& one) { return one["number"] == first["number"]; });
  ASSERT_NE(same, resumed["list"].end());
  EXPECT_EQ(nlohmann::json(*same), first);
  // Other mutants are another run.
  EXPECT_EQ(run_mutation(folder.path, options + " --resume --numbers 1"), kExitBadInput);
  EXPECT_NE(read_file(folder.path / "log.txt").find("--resume"), std::string::npos);
}

TEST(RunMutation, ABenchThatFailsByItselfProvesNothing) {
  if (exit_code_of("command -v verilator > /dev/null") != 0) GTEST_SKIP() << "verilator is not installed";
  const TemporaryTestFolder folder;
  copy_rtl(folder.path / "rtl");
  write_file(folder.path / "plan.json", kWeights);
  replace(folder.path / "rtl/mv_weights.sv", "assign ready_o",
          "assign ready_o = 1'b0;\n  logic unused;\n  assign unused");
  const int code = run_mutation(
      folder.path, fmt::format("--run --count 0 --only 'mv_weights.sv:.* operand' --out '{0}/out' --json '{0}/r.json'",
                               folder.path.string()));
  EXPECT_EQ(code, kExitCheckFailed);
  EXPECT_NE(read_file(folder.path / "log.txt").find("fails without a mutant"), std::string::npos);
  EXPECT_FALSE(fs::exists(folder.path / "r.json"));
}

TEST(RunMutation, RefusesWhatItCannotDo) {
  const TemporaryTestFolder folder;
  copy_rtl(folder.path / "rtl");
  write_file(folder.path / "plan.json", kWeights);
  const auto refused = [&](const std::string& options, const std::string& message) {
    EXPECT_EQ(run_mutation(folder.path, options), kExitBadInput) << options;
    EXPECT_NE(read_file(folder.path / "log.txt").find(message), std::string::npos)
        << read_file(folder.path / "log.txt");
  };
  refused("", "expected one");
  refused("--list --run", "expected one");
  refused("--run --prove", "expected one");
  refused("--prove", "--out");
  refused("--list --resume", "--resume");
  refused("--run", "--out");
  refused("--list --out x", "--out");
  refused("--list --only '('", "regular expression");
  refused(fmt::format("--list --only '{}'", std::string(1000, '(')), "at most 200");
  refused(fmt::format("--run --out '{}/a b'", folder.path.string()), "letters, digits");
  refused("--list --count 99999", "there are");
  refused("--list --numbers 1,x", "--numbers");
  refused("--list --count 10 --numbers 11", "1 to 10");
  fs::create_directories(folder.path / "other");
  write_file(folder.path / "other/file", "mine");
  refused(fmt::format("--run --out '{}/other'", folder.path.string()), "files of others");
  EXPECT_EQ(read_file(folder.path / "other/file"), "mine");
  write_file(folder.path / "plan.json", R"({"units": [], "accelerators": [], "runs": [], "run": []})");
  refused(fmt::format("--run --out '{}/out'", folder.path.string()), "/run");
  write_file(folder.path / "plan.json",
             R"({"units": [{"bench": "tb_none", "configurations": ["1"]}], "accelerators": [], "runs": []})");
  // An earlier run's folder stays as it is, too.
  fs::create_directories(folder.path / "out");
  write_file(folder.path / "out/.run_mutation", "mine\n");
  write_file(folder.path / "out/verdicts.jsonl", "earlier\n");
  refused(fmt::format("--run --out '{}/out'", folder.path.string()), "tb_none");
  EXPECT_EQ(read_file(folder.path / "out/verdicts.jsonl"), "earlier\n");
  for (const char* name : {"../escaped", "rtl", "tb_fp", ""}) {
    write_file(
        folder.path / "plan.json",
        fmt::format(R"({{"units": [], "accelerators": [{{"name": "{}", "options": ["x"]}}], "runs": [["x"]]}})", name));
    refused(fmt::format("--run --out '{}/out'", folder.path.string()), "/accelerators/0/name");
  }
  write_file(folder.path / "plan.json", R"({"units": [], "accelerators": [], "runs": []})");
  refused(fmt::format("--run --out '{}/out'", folder.path.string()), "expected one of them");
  write_file(folder.path / "plan.json", kWeights);
  refused(fmt::format("--run --resume --only mv_weights --out '{}/out'", folder.path.string()), "--resume");
  EXPECT_EQ(read_file(folder.path / "out/verdicts.jsonl"), "earlier\n");
  exit_code_of(fmt::format("cd '{}' && : > out/lock", folder.path.string()));
  EXPECT_EQ(exit_code_of(
                fmt::format("flock '{0}/out/lock' '{1}' --run --rtl '{0}/rtl' --plan '{0}/plan.json' --only mv_weights "
                            "--out '{0}/out' > '{0}/log.txt' 2>&1",
                            folder.path.string(), MIXVEC_RUN_MUTATION)),
            kExitBadInput);
  EXPECT_NE(read_file(folder.path / "log.txt").find("another program"), std::string::npos);
  EXPECT_EQ(read_file(folder.path / "out/verdicts.jsonl"), "earlier\n");
}

}  // namespace
}  // namespace mixvec::inline flows
