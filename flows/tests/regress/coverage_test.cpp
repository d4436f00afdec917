// Figures of coverage: read from what tests leave, kept with the results, shown in all reports.
#include <gtest/gtest.h>

#include <chrono>

#include "flows/regress/run/store.hpp"
#include "flows/tests/regress/fixture.hpp"
#include "golden/files/input_file.hpp"
#include "golden/files/output.hpp"

namespace mixvec::inline flows {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

class CoverageOfNights : public RunRegress {
 protected:
  [[nodiscard]] std::string page() const { return read_file(out() / "report.html"); }
  [[nodiscard]] bool has(const std::string& text, const char* part) const {
    return text.find(part) != std::string::npos;
  }
  void make_old(const fs::path& file) const {
    fs::last_write_time(file, fs::file_time_type::clock::now() - std::chrono::hours(1));
  }
};

TEST_F(CoverageOfNights, StandsInAllReports) {
  write_plan(covered_plan());
  ASSERT_EQ(run("--list covered"), 0) << output_;
  EXPECT_TRUE(has(output_, "    lines <b>: 90.0 % (90 of 100)\n    bins: 100 % (40 of 40)\n")) << output_;
  const Json coverage = results().at("coverage");
  ASSERT_EQ(coverage.size(), 2U);
  const Json& lines = coverage.at("lines <b>");
  EXPECT_EQ(lines.at("points"), 100);
  EXPECT_EQ(lines.at("reached"), 90);
  EXPECT_EQ(lines.at("test"), "measured");
  EXPECT_EQ(lines.at("parts").size(), 2U);
  EXPECT_EQ(lines.at("parts").at("sim").at("reached"), 50);
  EXPECT_NEAR(lines.at("parts").at("sim").at("percent").get<double>(), 100.0 * 50 / 60, 1e-9);
  EXPECT_TRUE(coverage.at("bins").at("parts").empty());
  EXPECT_FALSE(has(page(), "Coverage, all nights"));  // one night is no curve
}

TEST_F(CoverageOfNights, IsKeptForEachNight) {
  write_plan(covered_plan());
  ASSERT_EQ(run("--list covered"), 0) << output_;
  write_plan(covered_plan(R"({"lines": 100, "reached": 95, "folders": {}, "bins": 41, "hit": 40})"));
  ASSERT_EQ(run("--list covered"), 0) << output_;
  EXPECT_TRUE(has(output_, "bins: 97.6 % (40 of 41)")) << output_;
  EXPECT_TRUE(has(page(), "Coverage, all nights"));
  // What the file holds later does not matter.
  write_file(out() / "coverage.json", "{}");
  ASSERT_EQ(run("--list covered --resume"), 0) << output_;
  EXPECT_EQ(results().at("coverage").at("lines <b>").at("reached"), 95);
  Store store(out() / "results.db");
  const std::vector<CoverageOfNight> history = store.coverage_history();
  ASSERT_EQ(history.size(), 4U);
  EXPECT_EQ(history[0].night, 1);
  EXPECT_EQ(history[0].figure.reached, 90U);
  EXPECT_EQ(history[2].night, 2);
  EXPECT_EQ(history[2].figure.reached, 95U);
  EXPECT_EQ(store.coverage(1).size(), 4U);
  EXPECT_EQ(store.coverage(2).size(), 2U);
}

TEST_F(CoverageOfNights, ARunWithoutItHasFailed) {
  write_plan(covered_plan(""));
  // One of an earlier run is none of this one.
  fs::create_directories(out());
  write_file(out() / "coverage.json", kCoverage);
  make_old(out() / "coverage.json");
  ASSERT_EQ(run("--list covered"), 1) << output_;
  EXPECT_TRUE(has(outcomes().at("measured/-"), "found the coverage of an earlier run, expected one that this run"));
  EXPECT_TRUE(results().at("coverage").at("bins").is_null());
  EXPECT_TRUE(has(page(), "<span class=\"bad-text\">not measured</span>"));
  // Run again by itself, it fails again.
  EXPECT_TRUE(results().at("flaky").empty());
  fs::remove(out() / "coverage.json");
  ASSERT_EQ(run("--list covered"), 1) << output_;
  EXPECT_TRUE(has(outcomes().at("measured/-"), "found no such file, expected the coverage that the test leaves"));
}

TEST_F(CoverageOfNights, OfAFailedRunIsKept) {
  write_plan(covered_plan(kCoverage, 1));
  ASSERT_EQ(run("--list covered"), 1) << output_;
  EXPECT_EQ(outcomes().at("measured/-"), "failed: exit code 1");
  EXPECT_EQ(results().at("coverage").at("lines <b>").at("reached"), 90);
}

TEST_F(CoverageOfNights, WithoutAnyThePageSaysSo) {
  write_plan(covered_plan());
  ASSERT_EQ(run("--list fine"), 0) << output_;
  EXPECT_TRUE(has(page(), "No test of this night measures it."));
  EXPECT_TRUE(results().at("coverage").empty());
  EXPECT_FALSE(has(output_, "coverage:"));
}

TEST_F(CoverageOfNights, FaultyFilesAreRefused) {
  const fs::path file = folder_.path / "x.json";
  const CoverageSource source{.name = "n", .file = file.string(), .points = "all", .reached = "hit", .parts = "parts"};
  const std::pair<const char*, const char*> cases[] = {
      {R"({"hit": 1, "parts": {}})", "/all: found nothing, expected a whole number"},
      {R"({"all": 3, "hit": 4, "parts": {}})", "/hit: found 4, expected at most 3"},
      {R"({"all": 0, "hit": 0, "parts": {}})", "/all: found 0, expected 1 or more"},
      {R"({"all": 3.5, "hit": 0, "parts": {}})", "/all: found 3.5, expected a whole number"},
      {R"({"all": 3, "hit": 2})", "/parts: found nothing, expected an object"},
      {R"({"all": 3, "hit": 2, "parts": {"a": {"all": 1, "hit": 2}}})", "/parts/a/hit: found 2, expected at most 1"},
      {R"({"all": 3,)", ": found"}};
  for (const auto& [text, message] : cases) {
    write_file(file, text);
    const CoverageHarvest harvest = read_coverage({source}, 0);
    EXPECT_TRUE(harvest.missing.starts_with(file.string())) << harvest.missing;
    EXPECT_TRUE(has(harvest.missing, message)) << harvest.missing;
    EXPECT_TRUE(harvest.figures.empty());
  }
  // A part may have nothing of a kind.
  write_file(file, R"({"all": 3, "hit": 2, "parts": {"a": {"all": 3, "hit": 2}, "b": {"all": 0, "hit": 0}}})");
  const CoverageHarvest harvest = read_coverage({source}, 0);
  EXPECT_EQ(harvest.missing, "");
  ASSERT_EQ(harvest.figures.size(), 2U);
  EXPECT_EQ(harvest.figures[1].part, "a");
}

TEST_F(CoverageOfNights, DatabasesOfEarlierVersionsAreTakenOver) {
  write_plan(covered_plan());
  ASSERT_EQ(run("--list fine"), 0) << output_;
  {
    Database database(out() / "results.db");
    database.run("DROP TABLE coverage; ALTER TABLE jobs DROP COLUMN coverage; PRAGMA user_version = 1");
  }
  ASSERT_EQ(run("--list covered"), 0) << output_;
  EXPECT_EQ(results().at("night"), 2);
  EXPECT_EQ(results().at("coverage").size(), 2U);
  {
    Database database(out() / "results.db");
    database.run("PRAGMA user_version = 3");
  }
  EXPECT_EQ(run("--list covered"), 2);
  EXPECT_TRUE(has(output_, "found a database of version 3, expected 2")) << output_;
}

}  // namespace
}  // namespace mixvec::inline flows
