// The workflow for GitHub (.github/workflows/ci.yml): what its steps run and collect is there, when it runs, and that
// it keeps what later nights need. It cannot be run here: what is wrong in it is found by reading.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "flows/regress/plan/plan.hpp"
#include "golden/files/input_file.hpp"

namespace mixvec::inline flows {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = MIXVEC_SOURCE_DIR;

std::string workflow() { return read_file(kRoot / ".github/workflows/ci.yml"); }

/// What stands behind `key:` in lines of their own, as the workflow writes it: on the line, or in a block below.
std::vector<std::string> values_of(const std::string& text, const std::string& key) {
  std::vector<std::string> values;
  std::istringstream lines(text);
  std::size_t block = 0;  // the indentation of the key whose block goes on
  for (std::string line; std::getline(lines, line);) {
    const std::size_t indent = line.find_first_not_of(" -");
    if (indent == std::string::npos) continue;
    const std::string rest = line.substr(indent);
    if (block != 0 && indent > block) {
      values.push_back(rest);
      continue;
    }
    block = 0;
    if (!rest.starts_with(key + ":")) continue;
    const std::string value = rest.size() > key.size() + 2 ? rest.substr(key.size() + 2) : "";
    if (value == "|") {
      block = indent;
    } else {
      values.push_back(value);
    }
  }
  return values;
}

std::vector<std::string> words_of(const std::string& command) {
  std::istringstream text(command);
  std::vector<std::string> words;
  for (std::string word; text >> word;) words.push_back(word);
  return words;
}

std::vector<std::string> commands_of(const std::string& line) {
  std::vector<std::string> commands;
  std::size_t from = 0;
  while (from < line.size()) {
    const std::size_t to = std::min(line.find("&&", from), line.size());
    commands.push_back(line.substr(from, to - from));
    from = to + 2;
  }
  return commands;
}

/// The lists between which LIST chooses.
std::vector<std::string> lists() {
  std::vector<std::string> names;
  const std::string chosen = values_of(workflow(), "LIST").at(0);
  const std::regex literal("(?:&&|\\|\\|) '([a-z]+)'");
  for (std::sregex_iterator it(chosen.begin(), chosen.end(), literal), end; it != end; ++it) names.push_back((*it)[1]);
  return names;
}

/// What is wrong with a command; empty: nothing. A target of the makefile, a script of ours with an argument that its
/// usage names, or a program of every system.
std::string fault_of(const std::string& command) {
  std::vector<std::string> words = words_of(command);
  if (!words.empty() && words[0] == "sudo") words.erase(words.begin());
  if (words.empty()) return "no command";
  if (words[0] == "make") {
    const std::string makefile = read_file(kRoot / "Makefile");
    for (std::size_t i = 1; i < words.size(); ++i) {
      const std::vector<std::string> targets = words[i] == "\"$LIST\"" ? lists() : std::vector<std::string>{words[i]};
      for (const std::string& target : targets) {
        if (makefile.find("\n" + target + ":") == std::string::npos) return "no target " + target;
      }
    }
    return words.size() > 1 ? "" : "no target";
  }
  if (words[0].find('/') != std::string::npos) {
    const fs::path script = kRoot / words[0];
    if (access(script.c_str(), X_OK) != 0) return "no program " + words[0];
    const std::string text = read_file(script);
    for (std::size_t i = 1; i < words.size(); ++i) {
      if (text.find("\n  " + words[i] + ")") == std::string::npos) return "no argument " + words[i];
    }
    return "";
  }
  const std::vector<std::string> common = {"chown"};
  return std::find(common.begin(), common.end(), words[0]) == common.end() ? "no program " + words[0] : "";
}

TEST(Workflow, RunsWhatIsThere) {
  std::size_t commands = 0;
  for (const std::string& line : values_of(workflow(), "run")) {
    for (const std::string& command : commands_of(line)) {
      EXPECT_EQ(fault_of(command), "") << command;
      ++commands;
    }
  }
  EXPECT_EQ(commands, 4U);
  // What would be wrong is found.
  EXPECT_EQ(fault_of("make \"$LIST\" smoky"), "no target smoky");
  EXPECT_EQ(fault_of(" sudo cmake/dependencies.sh chekcs "), "no argument chekcs");
  EXPECT_EQ(fault_of("cmake/dependency.sh needed"), "no program cmake/dependency.sh");
  EXPECT_EQ(fault_of("pip install"), "no program pip");
}

TEST(Workflow, RunsSmokeOnPushAndTheNightOnSchedule) {
  const std::string text = workflow();
  EXPECT_EQ(lists(), (std::vector<std::string>{"nightly", "smoke"}));
  const Plan plan = read_plan(kRoot / "verif/testplan.json");
  for (const std::string& name : lists()) {
    EXPECT_TRUE(std::any_of(plan.lists.begin(), plan.lists.end(), [&](const PlanList& list) {
      return list.name == name;
    })) << name;
  }
  for (const char* event : {"\n  push:\n", "\n  pull_request:\n", "\n  workflow_dispatch:\n"}) {
    EXPECT_NE(text.find(event), std::string::npos) << event;
  }
  const std::vector<std::string> cron = values_of(text, "cron");
  ASSERT_EQ(cron.size(), 1U);
  EXPECT_TRUE(std::regex_match(cron[0], std::regex(R"("[0-5]?[0-9] [0-9]+ \* \* \*")"))) << cron[0];
  EXPECT_EQ(values_of(text, "runs-on"), std::vector<std::string>{"ubuntu-24.04"});
  // GitHub ends a job after six hours, without a report.
  EXPECT_LT(std::stoi(values_of(text, "timeout-minutes").at(0)), 360);
}

TEST(Workflow, KeepsTheReportsAndTheNights) {
  const std::string text = workflow();
  const std::string document = read_file(kRoot / "docs/regression.md");
  const std::string folder = "build/${{ env.LIST }}/";
  std::size_t reports = 0;
  for (const std::string& path : values_of(text, "path")) {
    if (!path.starts_with(folder)) continue;
    // `results.json`, or `logs/NIGHT/`.
    const std::string name = "`" + path.substr(folder.size());
    EXPECT_TRUE(document.find(name + "`") != std::string::npos || document.find(name + "/NIGHT/`") != std::string::npos)
        << path;
    ++reports;
  }
  EXPECT_EQ(reports, 6U);
  // Where it stands for the makefile's lists.
  const std::string makefile = read_file(kRoot / "Makefile");
  for (const std::string& name : lists()) {
    EXPECT_NE(makefile.find(fmt::format("--list {0} --out build/{0} ", name)), std::string::npos) << name;
  }
  // Saved also when the night was bad: each cache that is restored, under the same key.
  const std::vector<std::string> keys = values_of(text, "key");
  ASSERT_EQ(keys.size(), 4U);
  EXPECT_EQ(keys[0], keys[2]);
  EXPECT_EQ(keys[1], keys[3]);
  const std::vector<std::string> uses = values_of(text, "uses");
  const auto count = [&](const char* action) { return std::count(uses.begin(), uses.end(), action); };
  EXPECT_EQ(count("actions/cache/restore@v4"), 2);
  EXPECT_EQ(count("actions/cache/save@v4"), 2);
  EXPECT_EQ(count("actions/upload-artifact@v4"), 1);
  EXPECT_EQ(count("actions/checkout@v4"), 1);
  EXPECT_EQ(uses.size(), 6U);
  for (const std::string& condition : values_of(text, "if")) {
    EXPECT_TRUE(condition.starts_with("always()") || condition == "env.LIST == 'nightly'") << condition;
  }
}

}  // namespace
}  // namespace mixvec::inline flows
