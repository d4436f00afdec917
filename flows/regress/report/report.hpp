// What a night has shown, gathered for all forms of the report.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "flows/regress/plan/plan.hpp"
#include "flows/regress/run/store.hpp"

namespace mixvec::inline flows {

/// So much of a log stands in reports.
inline constexpr std::size_t kTailLines = 30;

/// How many runs ended in which way.
struct Counts {
  std::size_t runs = 0;
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::size_t timeout = 0;
  std::size_t not_run = 0;
  std::size_t node_failures = 0;
  double seconds = 0;

  void add(const JobResult& result);
  [[nodiscard]] std::size_t bad() const { return failed + timeout + not_run + node_failures; }
};

/// One job with what came out of it.
struct ReportedJob {
  Job job;
  JobResult result;
};

/// Failures that say the same.
struct Bucket {
  std::string signature;
  std::vector<const ReportedJob*> jobs = {};  ///< the first one first
  std::string tail = {};                      ///< the last lines of its log
  const Rerun* rerun = nullptr;               ///< of the first one
};

/// A test, and on which configurations.
struct TestRow {
  std::string test;
  std::size_t seeds = 0;  ///< different ones
  Counts counts;
  std::map<std::string, Counts> configurations;
};

/// A point of the test plan.
struct PointRow {
  const PlanPoint* point = nullptr;
  Counts counts = {};
};

/// What was covered this night, and how it was in the nights of this folder.
struct CoverageRow {
  std::string name;
  std::string test;                           ///< that measures it
  std::optional<CoverageFigure> whole = {};   ///< absent: not measured this night
  std::vector<CoverageFigure> parts = {};     ///< by name
  std::vector<CoverageOfNight> history = {};  ///< the whole, this night too; the oldest first
};

struct Report {
  Night night;
  std::size_t planned = 0;  ///< runs
  std::size_t workers = 0;  ///< that were in use
  Counts counts;            ///< of runs
  std::size_t builds = 0;
  std::size_t builds_failed = 0;
  std::vector<ReportedJob> jobs;  ///< builds and runs that have a result, in the order in which they began
  std::vector<Bucket> buckets;    ///< the largest first
  std::vector<TestRow> tests;
  std::vector<PointRow> points;
  std::vector<CoverageRow> coverage;  ///< of all tests of the night that measure some
  std::vector<FlakyJob> flaky;
  std::vector<Rerun> reruns;
  std::vector<NightSummary> history;

  /// Everything that was planned has passed.
  [[nodiscard]] bool good() const { return planned > 0 && counts.passed == planned && builds_failed == 0; }
  /// Different pairs of test and seed.
  [[nodiscard]] std::size_t seeds() const;
  /// From the first start to the last end of a job; a night that was resumed has been at work for less.
  [[nodiscard]] double seconds() const;
  /// "nightly 3 of 1a2b3c4, with local changes"
  [[nodiscard]] std::string title() const;
};

/// Gathers it from the store. `plan` must outlive it.
Report make_report(Store& store, const Night& night, const Plan& plan, const std::filesystem::path& out);

/// The name under which a job's test stands in the plan's points: "test_golden:Half" for a suite, else the test's name.
std::string testable_name(const Plan& plan, const Job& job);

/// For the terminal: the first line says whether the night was good.
std::string report_text(const Report& report, const std::filesystem::path& out);
/// results.json
std::string report_json(const Report& report);
/// JUnit XML, as Jenkins and GitLab read it.
std::string report_junit(const Report& report, const std::filesystem::path& out);
/// One page that needs nothing else but the logs and waves that it links to.
std::string report_html(const Report& report);

/// "97.3 %"; 100 only if it is.
std::string percent_text(std::size_t part, std::size_t whole);
/// "1:02:03 h", "2:03 min", "4.5 s" or "30 ms"
std::string duration_text(double seconds);
/// "2026-11-29 12:00 UTC"
std::string time_text(double seconds);

}  // namespace mixvec::inline flows
