// Tests of functional coverage: plans, what cases add up to, what is missing, and check_bins.
#include "flows/coverage/bins.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "golden/base/error.hpp"
#include "golden/cli/cli.hpp"
#include "golden/files/input_file.hpp"
#include "golden/files/output.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline flows {
namespace {

constexpr const char* kPlan =
    R"({"kinds": {"run": {"groups": {"way": ["row", "column"], "stall": ["none", "port"]},)"
    R"("crosses": [{"of": ["way", "stall"], "never": [["column", "port"]], "because": "columns do not wait"}]}}})";

std::string samples(const std::string& list) { return R"({"configuration": "c", "samples": [)" + list + "]}"; }

class BinsTest : public ::testing::Test {
 protected:
  BinReport count(const std::string& list) {
    write_file(folder_.path / "plan.json", kPlan);
    write_file(folder_.path / "run.json", samples(list));
    return count_bins(read_bin_plan(folder_.path / "plan.json"), {folder_.path / "run.json"});
  }
  void refuses_plan(const std::string& plan, const std::string& message) {
    write_file(folder_.path / "bad.json", plan);
    try {
      read_bin_plan(folder_.path / "bad.json");
      FAIL() << plan;
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find(message), std::string::npos) << error.what();
    }
  }

  TemporaryTestFolder folder_;
};

TEST_F(BinsTest, AddUp) {
  const BinReport report = count(R"({"of": "run", "in": {"way": ["row"], "stall": ["none", "port"]}},)"
                                 R"({"of": "run", "in": {"way": ["row"], "stall": ["port"]}})");
  EXPECT_EQ(report.cases, 2U);
  EXPECT_EQ(report.bins(), 7U);  // 2 + 2, and of the cross 3 that are not excluded
  EXPECT_EQ(report.reached(), 5U);
  EXPECT_EQ(report.missing(), (std::vector<std::string>{"run.way.column", "run.way*stall.column*none"}));
  EXPECT_TRUE(report.unknown.empty());
  EXPECT_EQ(report.groups.back().bins.front().name, "run.way*stall.row*none");
  EXPECT_EQ(report.groups.back().bins.front().cases, 1U);
  EXPECT_EQ(report.groups.back().bins[1].cases, 2U);
}

TEST_F(BinsTest, WhatThePlanDoesNotNameIsTold) {
  EXPECT_EQ(count(R"({"of": "run", "in": {"way": ["diagonal"], "stall": ["none"]}})").unknown,
            (std::set<std::string>{"run.way.diagonal"}));
  EXPECT_EQ(count(R"({"of": "run", "in": {"colour": ["red"]}})").unknown, (std::set<std::string>{"run.colour.red"}));
  // What cannot come up has come up.
  EXPECT_EQ(count(R"({"of": "run", "in": {"way": ["column"], "stall": ["port"]}})").unknown,
            (std::set<std::string>{"run.way*stall.column*port"}));
  EXPECT_THROW(count(R"({"of": "walk", "in": {"way": ["row"]}})"), InputError);
  EXPECT_THROW(count(R"({"of": "run", "in": {"way": []}})"), InputError);
  EXPECT_THROW(count(R"({"of": "run"})"), InputError);
}

TEST_F(BinsTest, PlansAreChecked) {
  refuses_plan(R"({"kinds": {"a": {"groups": {"g": ["x", "x"]}}}})", "twice");
  refuses_plan(R"({"kinds": {"a": {"groups": {"g": ["x"]}, "crosses": [{"of": ["g"]}]}}})", "two or more");
  refuses_plan(R"({"kinds": {"a": {"groups": {"g": ["x"]}, "crosses": [{"of": ["g", "h"]}]}}})", "\"h\"");
  refuses_plan(R"({"kinds": {"a": {"groups": {"g": ["x"], "h": ["y"]},)"
               R"("crosses": [{"of": ["g", "h"], "never": [["x", "z"]], "because": "b"}]}}})",
               "\"z\"");
  refuses_plan(R"({"kinds": {"a": {"groups": {"g": ["x"], "h": ["y"]},)"
               R"("crosses": [{"of": ["g", "h"], "never": [["x", "y"]]}]}}})",
               "because");
  refuses_plan(R"({"kinds": {"a": {"groups": {"g": []}}}})", "empty");
  refuses_plan(R"({"kind": {}})", "kind");
  refuses_plan(R"({"kinds": {}})", "at least one");
  refuses_plan(R"({"kinds": {"a": {"groups": {"g": ["x"]}, "crosses": [{"of": ["g", "g"]}]}}})", "twice");
}

TEST_F(BinsTest, ThePlanOfTheProjectIsGood) {
  std::size_t bins = 0;
  for (const BinKind& kind : read_bin_plan(MIXVEC_SOURCE_DIR "/verif/bins.json")) bins += kind.groups.size();
  EXPECT_GE(bins, 30U);
}

TEST_F(BinsTest, ProgramSaysWhetherAllCameUp) {
  write_file(folder_.path / "plan.json", kPlan);
  const auto code = [&](const std::string& list) {
    write_file(folder_.path / "run.json", samples(list));
    return exit_code_of(
        fmt::format("'{0}' --plan '{1}/plan.json' --files '{1}/run.json' --json '{1}/r.json' > '{1}/log' 2>&1",
                    MIXVEC_CHECK_BINS, folder_.path.string()));
  };
  const std::string row = R"({"of": "run", "in": {"way": ["row"], "stall": ["none", "port"]}})";
  const std::string column = R"({"of": "run", "in": {"way": ["column"], "stall": ["none"]}})";
  EXPECT_EQ(code(row), kExitCheckFailed);
  EXPECT_NE(read_file(folder_.path / "log").find("not reached: run.way.column\n"), std::string::npos);
  EXPECT_EQ(code(row + "," + column), kExitGood) << read_file(folder_.path / "log");
  EXPECT_EQ(read_json(folder_.path / "r.json")["reached"], 7);
  // By group, as the report of a night shows them.
  EXPECT_EQ(read_json(folder_.path / "r.json")["groups"]["run.way"], (nlohmann::json{{"bins", 2}, {"reached", 2}}));
  EXPECT_EQ(code(row + "," + column + R"(,{"of": "run", "in": {"way": ["up"]}})"), kExitCheckFailed);
  EXPECT_EQ(code("1"), kExitBadInput);
}

}  // namespace
}  // namespace mixvec::inline flows
