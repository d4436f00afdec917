// Reading test plans, and holding them against what is there: each fault is refused with file, field, found, expected.
#include <gtest/gtest.h>

#include <functional>

#include "flows/regress/plan/failing_seeds.hpp"
#include "flows/regress/plan/plan_check.hpp"
#include "flows/tests/regress/fixture.hpp"
#include "golden/base/error.hpp"
#include "golden/files/output.hpp"

namespace mixvec::inline flows {
namespace {

using Json = nlohmann::json;

class PlanFile : public ::testing::Test {
 protected:
  [[nodiscard]] std::filesystem::path file() const { return folder_.path / "plan.json"; }

  Plan read(const Json& plan) {
    write_file(file(), plan.dump());
    return read_plan(file());
  }

  /// The message with which the plan is refused, without the name of the file in front.
  std::string refusal(const Json& plan) {
    try {
      read(plan);
    } catch (const InputError& error) {
      const std::string message = error.what();
      EXPECT_TRUE(message.starts_with(file().string())) << message;
      return message.substr(std::min(message.size(), file().string().size() + 2));
    }
    return "not refused";
  }

  TemporaryTestFolder folder_;
};

TEST_F(PlanFile, IsRead) {
  const Plan plan = read(small_plan());
  EXPECT_EQ(plan.tests.size(), 7U);
  EXPECT_TRUE(plan.find_test("seeded")->randomised);
  EXPECT_FALSE(plan.find_test("good")->randomised);
  EXPECT_TRUE(plan.find_test("patterned")->patterned);
  EXPECT_EQ(plan.kinds.at("built").build.size(), 2U);
  EXPECT_EQ(plan.lists.size(), 4U);
}

TEST_F(PlanFile, FaultsAreRefused) {
  const struct {
    std::function<void(Json&)> spoil;
    std::string message;
  } cases[] = {
      {[](Json& p) { p["point"] = 1; }, "/point: found an unknown field, expected perhaps \"points\""},
      {[](Json& p) { p.erase("tests"); }, "/tests: found nothing, expected an array"},
      {[](Json& p) { p["tests"][0]["kind"] = "plane"; },
       "/tests/0/kind: found \"plane\", expected a name under /kinds"},
      {[](Json& p) { p["tests"][0]["timeout"] = -1; },
       "/tests/0/timeout: found -1, expected a number from 0.01 to 1e+06"},
      {[](Json& p) { p["tests"][0].erase("timeout"); }, "/tests/0/timeout: found nothing, expected a number"},
      {[](Json& p) { p["tests"][1]["name"] = "good"; },
       "/tests/1/name: found \"good\" for the second time, expected each name once"},
      {[](Json& p) { p["tests"][0]["name"] = "a b"; }, "/tests/0/name: found \"a b\", expected letters"},
      {[](Json& p) {
         p["tests"][0]["command"] = Json::array({"x", "{sed}"});
       },
       "/tests/0/command: found the placeholder {sed}, expected one of"},
      {[](Json& p) { p["tests"][0]["command"] = Json::array(); }, "/tests/0/command: found an empty array"},
      {[](Json& p) { p["tests"][0]["command"] = "true"; },
       "/tests/0/command: found \"true\", expected an array of texts"},
      {[](Json& p) { p["kinds"]["built"].erase("folder"); }, "/kinds/built/folder: found nothing, expected the folder"},
      {[](Json& p) { p["kinds"]["built"]["configurations"] = "some"; },
       "/kinds/built/configurations: found \"some\", expected none, plan, gtest or lines"},
      {[](Json& p) { p["points"][0]["stage"] = "V4"; }, "/points/0/stage: found \"V4\", expected V1, V2 or V3"},
      {[](Json& p) { p["points"][0]["tests"] = Json::array(); }, "/points/0/tests: found nothing, expected a test"},
      {[](Json& p) { p["lists"]["all"]["runs"][0]["tests"][0] = "goof"; },
       "/lists/all/runs/0/tests/0: found \"goof\", expected a name or a glob of a test, perhaps \"good\""},
      {[](Json& p) { p["lists"]["all"]["runs"][0]["seeds"] = 0; },
       "/lists/all/runs/0/seeds: found 0, expected 1 or more"},
      {[](Json& p) { p["patterns"][1]["configurations"] = Json::array({"x*"}); },
       "/patterns/1/configurations/0: found \"x*\", expected a name or a glob of a configuration"},
      {[](Json& p) {
         p["tests"][1]["coverage"] = Json::array({{{"name", "x"}}});
       },
       "/tests/1/coverage: found it in a test that runs several times, expected it in one without"},
      {[](Json& p) {
         p["tests"][0]["coverage"] =
             Json::array({{{"name", "x"}, {"file", "{outt}/x"}, {"points", "p"}, {"reached", "r"}}});
       },
       "/tests/0/coverage/0/file: found the placeholder {outt}, expected one of"},
      {[](Json& p) {
         p["tests"][0]["coverage"] = Json::array({{{"name", "x"}, {"file", "y"}, {"points", "p"}}});
       },
       "/tests/0/coverage/0/reached: found nothing, expected a text that is not empty"},
      {[](Json& p) {
         const Json item = {{"name", "x"}, {"file", "y"}, {"points", "p"}, {"reached", "r"}};
         p["tests"][0]["coverage"] = Json::array({item});
         p["tests"][3]["coverage"] = Json::array({item});
       },
       "/tests/3/coverage/0/name: found \"x\" for the second time, expected each name once"},
      {[](Json& p) { p["announced"]["configurations"] = 3; }, "/announced/gtest: found nothing, expected an object"},
  };
  for (const auto& [spoil, message] : cases) {
    Json plan = small_plan();
    spoil(plan);
    const std::string found = refusal(plan);
    EXPECT_EQ(found.substr(0, message.size()), message);
  }
}

TEST_F(PlanFile, FailingSeedsAreChecked) {
  Json json = small_plan();
  json["failing_seeds"] = "seeds.txt";
  const std::filesystem::path seeds = folder_.path / "seeds.txt";
  write_file(seeds, "# a comment\nseeded one - 12 7  # why\n\npatterned two turned 3 0\n");
  const std::vector<FailingSeed> good = read_failing_seeds(read(json));
  ASSERT_EQ(good.size(), 2U);
  EXPECT_EQ(failing_seed_line(good[0]), "seeded one - 12 7");
  EXPECT_EQ(failing_seed_line(good[1]), "patterned two turned 3 0");
  const std::pair<const char*, const char*> bad[] = {
      {"seeded one - 12", "1: found 4 words, expected five"},
      {"seded one - 12 0", "1: found \"seded\", expected a test"},
      {"good one - 12 0", "1: found \"good\", expected a test"},
      {"# x\nseeded one turned 12 0", "2: found the pattern \"turned\", expected -"},
      {"patterned one - 12 0", "1: found the pattern \"-\", expected one of"},
      {"seeded one - x 0", "1: found \"x\", expected a whole number"}};
  for (const auto& [text, message] : bad) {
    write_file(seeds, text);
    try {
      read_failing_seeds(read_plan(file()));
      ADD_FAILURE() << text;
    } catch (const InputError& error) {
      EXPECT_TRUE(std::string(error.what()).starts_with(seeds.string() + ":" + message)) << error.what();
    }
  }
}

class PlanCheck : public PlanFile {
 protected:
  void SetUp() override {
    json_ = small_plan();
    json_["kinds"]["suites"] = {{"configurations", "gtest"}, {"ask", {"{program}"}}};
    json_["tests"].push_back({{"name", "test_x"}, {"kind", "suites"}, {"command", {"x"}}, {"timeout", 1}});
    json_["tests"].push_back({{"name", "tb_y"}, {"kind", "plain"}, {"command", {"./tb_z"}}, {"timeout", 1}});
    json_["points"][0]["tests"].insert(json_["points"][0]["tests"].end(), {"test_x:A", "test_x:B", "tb_y"});
    json_["lists"]["fine"]["runs"].push_back({{"tests", {"test_x", "tb_y"}}});
    json_["announced"] = {{"gtest", {{"test_x", {{"suites", 2}, {"tests", 3}}}}},
                          {"unit_benches", {{"tb_y", {{"configurations", 4}}}}},
                          {"configurations", 3},
                          {"ctest", 5}};
    there_ = {};
    there_.gtest["test_x"] = {{"A", "B"}, {"A.1", "A.2", "B.1"}};
    there_.unit_benches["tb_y"] = 4;
    there_.system_benches = {"tb_z"};
    there_.ctest = 5;
  }

  std::vector<std::string> faults() { return check_plan(read(json_), there_); }

  void expect(const std::string& message) {
    const std::vector<std::string> found = faults();
    ASSERT_EQ(found.size(), 1U) << message << (found.empty() ? "" : "; " + found[0]);
    EXPECT_EQ(found[0].substr(0, file().string().size() + 2 + message.size()), file().string() + ": " + message);
  }

  Json json_;
  Inventory there_;
};

TEST_F(PlanCheck, GoodOneHasNoFaults) { EXPECT_EQ(faults(), std::vector<std::string>()); }

TEST_F(PlanCheck, PointWithoutTest) {
  json_["points"][0]["tests"].push_back("test_x:C");
  expect("/points/0/tests/10: found \"test_x:C\", expected a suite or a test that is there");
}

TEST_F(PlanCheck, TestWithoutPoint) {
  json_["points"][0]["tests"].erase(0);
  expect("/points: found \"good\" in no point, expected it in one");
}

TEST_F(PlanCheck, TestInNoList) {
  json_["lists"].erase("flaky");
  expect("/tests/5/name: found \"flaky\" in no list, expected it in one");
}

TEST_F(PlanCheck, NewSuite) {
  there_.gtest["test_x"].suites.insert("C");
  there_.gtest["test_x"].tests.insert("C.1");
  const std::vector<std::string> found = faults();
  ASSERT_EQ(found.size(), 3U);
  EXPECT_NE(found[0].find("/points: found \"test_x:C\" in no point"), std::string::npos) << found[0];
  EXPECT_NE(found[1].find("/announced/gtest/test_x/suites: found 2, expected 3"), std::string::npos) << found[1];
  EXPECT_NE(found[2].find("/announced/gtest/test_x/tests: found 3, expected 4"), std::string::npos) << found[2];
}

TEST_F(PlanCheck, NumbersThatAreNotAnnounced) {
  there_.gtest["test_x"].tests.erase("A.2");
  expect("/announced/gtest/test_x/tests: found 3, expected 2, as many as there are: say so here if they were removed");
  SetUp();
  there_.unit_benches["tb_y"] = 5;
  expect("/announced/unit_benches/tb_y: found 4, expected 5");
  SetUp();
  there_.ctest = 6;
  expect("/announced/ctest: found 5, expected 6");
  SetUp();
  json_["announced"]["configurations"] = 2;
  expect("/announced/configurations: found 2, expected 3");
}

TEST_F(PlanCheck, ProgramsThatNothingRuns) {
  there_.system_benches.insert("tb_w");
  expect("/tests: found no test of tb_w, a system bench");
  SetUp();
  there_.unit_benches["tb_v"] = 1;
  EXPECT_EQ(faults().size(), 2U);  // no test, and not announced
  SetUp();
  there_.gtest["test_u"] = {{"A"}, {"A.1"}};
  EXPECT_EQ(faults().size(), 2U);
}

TEST_F(PlanCheck, ProgramThatMayBeAbsent) {
  there_.gtest.clear();
  EXPECT_EQ(faults().size(), 3U);  // two suites of points, and the program
  json_["announced"]["gtest"]["test_x"]["needs"] = "a library";
  EXPECT_EQ(faults(), std::vector<std::string>());
}

TEST(CtestListing, CountsEachTestOnce) {
  Inventory there;
  read_ctest(R"({"tests": [
    {"name": "A.1.baseline", "command": ["/b/test_x", "--gtest_filter=A.1"]},
    {"name": "A.1.avx2", "command": ["/b/test_x", "--gtest_filter=A.1"]},
    {"name": "P/A.1/0", "command": ["/b/test_x", "--gtest_filter=P/A.1/0", "x"]},
    {"name": "other", "command": ["sh"]}]})",
             there);
  EXPECT_EQ(there.gtest.at("test_x").tests.size(), 2U);
  EXPECT_EQ(there.gtest.at("test_x").suites, (std::set<std::string>{"A", "P/A"}));
  EXPECT_EQ(there.ctest, 1U);
  EXPECT_THROW(read_ctest(R"({"tests": [{"name": "test_y_NOT_BUILT"}]})", there), InputError);
}

}  // namespace
}  // namespace mixvec::inline flows
