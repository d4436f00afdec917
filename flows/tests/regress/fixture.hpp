// What the tests of the regression share: plans of small shell commands, and run_regress on them.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline flows {

/// A plan with tests that pass, fail, hang and crash, builds that fail, seeds, patterns and two lists.
nlohmann::json small_plan();

/// What `measured` leaves: 90 of 100 lines, 40 of 40 bins.
inline constexpr const char* kCoverage =
    R"({"lines": 100, "reached": 90, "folders": {"sim": {"lines": 60, "reached": 50}, "golden": {"lines": 40, )"
    R"("reached": 40}}, "bins": 40, "hit": 40})";

/// A night of some seconds, of which a kill finds any part under way.
nlohmann::json longer_plan();

/// The small plan with a test `measured`, alone in the list `covered` and in `all`, that writes what `file` holds to
/// OUT/coverage.json and ends with `code`: "lines <b>" with parts, "bins" without.
nlohmann::json covered_plan(const std::string& file = kCoverage, int code = 0);

class RunRegress : public ::testing::Test {
 protected:
  void SetUp() override;

  /// Writes the plan that the following runs read.
  void write_plan(const nlohmann::json& plan);

  /// Runs run_regress with --plan and --out. Returns its exit code; its output stands in output_.
  int run(const std::string& options);

  [[nodiscard]] std::filesystem::path out() const { return folder_.path / "out"; }
  [[nodiscard]] nlohmann::json results() const;

  /// What came out of each job of a night, as the database says; fails where a job has more than one result.
  [[nodiscard]] std::map<std::string, std::string> outcomes() const;

  /// Starts run_regress and sends it a signal, the time after `is_ready` if that is given. Was it still at work?
  bool run_and_kill(const std::string& options, std::chrono::milliseconds time, const std::function<bool()>& is_ready,
                    int signal = SIGKILL);

  /// Begins a night and kills it ten times, each after a random part of `most`, and lets the last resume end it, which
  /// some of its jobs fail. No result may be lost on the way.
  void kill_ten_times(const std::string& options, std::chrono::milliseconds most);

  [[nodiscard]] bool has_night() const;

  TemporaryTestFolder folder_;
  std::string output_;
};

}  // namespace mixvec::inline flows
