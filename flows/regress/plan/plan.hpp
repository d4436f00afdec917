// The test plan of the regression (verif/testplan.json) as C++: points, tests, kinds of tests, configurations,
// patterns, lists.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flows/regress/plan/coverage_source.hpp"

namespace mixvec::inline flows {

/// A command as the plan writes it: words with placeholders such as {seed} in them (fill_command).
using CommandTemplate = std::vector<std::string>;

/// How failures of a kind of tests are run again with waves: in a build of their own, with further options.
struct WavePlan {
  std::string folder;
  std::vector<CommandTemplate> build;
  CommandTemplate options;          ///< behind the command; {waves} is the file
  std::vector<std::string> except;  ///< tests, or globs of them, that have none: they take no such options
};

/// What tests of one kind share: where their configurations come from and how one is built.
struct TestKind {
  std::string name;
  bool of_plan = false;     ///< runs on the plan's configurations
  CommandTemplate ask;      ///< else, unless empty: prints the configurations of {program}
  bool asks_gtest = false;  ///< the answer is that of --gtest_list_tests: each suite is a configuration
  std::string prepare_folder;
  std::vector<CommandTemplate> prepare;  ///< once, before all builds of the kind
  std::string folder;                    ///< of a configuration; made anew for each build
  std::vector<CommandTemplate> build;    ///< once for each folder; empty: nothing to build
  double build_timeout = 0;              ///< seconds
  double build_seconds = 0;              ///< what a build takes, roughly: for the order before anything was measured
  std::string directory;                 ///< in which its tests run
  std::optional<WavePlan> waves;
};

/// Something that the regression runs.
struct PlanTest {
  std::string name;
  std::string kind;
  std::string program;  ///< {program}: whose configurations it runs on, where its kind asks for them
  CommandTemplate command;
  double timeout = 0;                         ///< seconds
  double seconds = 0;                         ///< what a run takes, roughly
  bool randomised = false;                    ///< takes a {seed}
  bool patterned = false;                     ///< takes a {pattern}
  std::vector<CoverageSource> coverage = {};  ///< what it leaves for the report
};

/// A configuration of the accelerator.
struct PlanConfiguration {
  std::string name;
  std::vector<std::string> options;  ///< of gen_accel
  std::vector<std::string> check;    ///< of verif/run_config.sh: how CTest runs it
  std::vector<std::string> tags;
};

/// What matrices look like.
struct PlanPattern {
  std::string name;
  std::vector<std::string> options;         ///< of the test
  std::vector<std::string> configurations;  ///< globs: which of them can take it
};

/// Something that is to be verified.
struct PlanPoint {
  std::string name;
  std::string stage;               ///< V1, V2 or V3
  std::string checks;              ///< in words
  std::vector<std::string> tests;  ///< globs of testable things (list_testables)
};

/// Tests × configurations × patterns × seeds.
struct ListEntry {
  std::vector<std::string> tests;           ///< globs
  std::vector<std::string> configurations;  ///< globs of names, or tag:NAME
  std::vector<std::string> patterns;        ///< globs
  std::size_t seeds = 1;                    ///< of each randomised test, spread over its configurations
  std::size_t cases = 0;                    ///< {cases}
};

struct PlanList {
  std::string name;
  std::vector<ListEntry> entries;
  bool failing_seeds = false;  ///< runs the seeds that have failed before, too
};

/// How many tests a GoogleTest program is expected to have.
struct GtestCount {
  std::size_t suites = 0;
  std::size_t tests = 0;
  std::string needs;  ///< not empty: the program may be absent, for want of this
};

/// What the plan says is there. A test that is added or lost without a word changes one of these numbers.
struct Announced {
  std::map<std::string, GtestCount> gtest;          ///< by program
  std::map<std::string, std::size_t> unit_benches;  ///< configurations of each
  std::size_t configurations = 0;                   ///< of the accelerator
  std::size_t ctest = 0;                            ///< CTest's tests that are of no GoogleTest program
};

struct Plan {
  std::filesystem::path file;
  std::map<std::string, TestKind> kinds;
  std::vector<PlanTest> tests;
  std::vector<PlanConfiguration> configurations;
  std::vector<PlanPattern> patterns;
  std::vector<PlanPoint> points;
  std::vector<PlanList> lists;
  std::filesystem::path failing_seeds;  ///< the list of seeds that have failed; empty: none
  std::optional<Announced> announced;

  [[nodiscard]] const TestKind& kind_of(const PlanTest& test) const { return kinds.at(test.kind); }
  /// Null if there is none of this name.
  [[nodiscard]] const PlanTest* find_test(std::string_view name) const;
  [[nodiscard]] const PlanPattern* find_pattern(std::string_view name) const;
  /// Throws InputError that names the lists there are.
  [[nodiscard]] const PlanList& list(const std::string& name) const;
};

/// Reads a plan. Throws InputError that names the file, the field (a JSON pointer), what was found and what was
/// expected: fields that are missing, unknown or of another type, names that stand twice, names and globs of nothing.
Plan read_plan(const std::filesystem::path& file);

/// Does the glob (as of a shell) match the whole name?
bool matches(const std::string& glob, const std::string& name);
bool matches_any(const std::vector<std::string>& globs, const std::string& name);

/// Does an entry of a list take this configuration? tag:NAME looks at the tags of a configuration of the plan.
bool takes_configuration(const ListEntry& entry, const Plan& plan, const std::string& configuration);

}  // namespace mixvec::inline flows
