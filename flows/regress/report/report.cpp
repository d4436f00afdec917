// Gathers what a night has shown.
#include "flows/regress/report/report.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <set>
#include <unordered_map>

#include "flows/regress/run/signature.hpp"

namespace mixvec::inline flows {
namespace {

void fill_buckets(Report& report, const std::filesystem::path& out) {
  std::map<std::string, std::size_t> place;
  for (const ReportedJob& item : report.jobs) {
    if (item.result.outcome == Outcome::kPassed) continue;
    const auto [found, is_new] = place.try_emplace(item.result.signature, report.buckets.size());
    if (is_new) report.buckets.push_back({.signature = item.result.signature});
    report.buckets[found->second].jobs.push_back(&item);
  }
  for (Bucket& bucket : report.buckets) {
    bucket.tail = last_lines(out / bucket.jobs.front()->result.log, kTailLines);
    for (const Rerun& rerun : report.reruns) {
      if (rerun.job == bucket.jobs.front()->job.name) bucket.rerun = &rerun;
    }
  }
  std::stable_sort(report.buckets.begin(), report.buckets.end(),
                   [](const Bucket& a, const Bucket& b) { return a.jobs.size() > b.jobs.size(); });
}

void fill_tests(Report& report) {
  std::map<std::string, TestRow> rows;
  std::map<std::string, std::set<std::uint64_t>> seeds;
  for (const ReportedJob& item : report.jobs) {
    if (item.job.kind != Job::Kind::kRun) continue;
    TestRow& row = rows[item.job.test];
    row.test = item.job.test;
    row.counts.add(item.result);
    const std::string where =
        item.job.configuration + (item.job.pattern.empty() ? "" : ", pattern " + item.job.pattern);
    row.configurations[where].add(item.result);
    if (item.job.seed) seeds[item.job.test].insert(*item.job.seed);
  }
  for (auto& [name, row] : rows) {
    row.seeds = seeds[name].size();
    report.tests.push_back(std::move(row));
  }
}

void fill_points(Report& report, const Plan& plan) {
  for (const PlanPoint& point : plan.points) {
    PointRow row{.point = &point};
    for (const ReportedJob& item : report.jobs) {
      if (item.job.kind == Job::Kind::kRun && matches_any(point.tests, testable_name(plan, item.job))) {
        row.counts.add(item.result);
      }
    }
    report.points.push_back(row);
  }
}

void fill_coverage(Report& report, const std::vector<Job>& jobs, Store& store) {
  std::map<std::string, std::size_t> place;
  for (const Job& job : jobs) {
    for (const CoverageSource& source : job.coverage) {
      place.emplace(source.name, report.coverage.size());
      report.coverage.push_back({.name = source.name, .test = job.test});
    }
  }
  for (CoverageFigure& figure : store.coverage(report.night.number)) {
    CoverageRow& row = report.coverage.at(place.at(figure.name));
    if (figure.part.empty()) {
      row.whole = std::move(figure);
    } else {
      row.parts.push_back(std::move(figure));
    }
  }
  for (CoverageOfNight& item : store.coverage_history()) {
    const auto found = place.find(item.figure.name);
    if (found != place.end()) report.coverage[found->second].history.push_back(std::move(item));
  }
}

}  // namespace

void Counts::add(const JobResult& result) {
  ++runs;
  seconds += result.seconds;
  switch (result.outcome) {
    case Outcome::kPassed:
      ++passed;
      break;
    case Outcome::kFailed:
      ++failed;
      break;
    case Outcome::kTimeout:
      ++timeout;
      break;
    case Outcome::kNodeFailure:
      ++node_failures;
      break;
    default:
      ++not_run;
  }
}

std::size_t Report::seeds() const {
  std::size_t all = 0;
  for (const TestRow& row : tests) all += row.seeds;
  return all;
}

double Report::seconds() const {
  double first = 0;
  double last = 0;
  for (const ReportedJob& item : jobs) {
    if (first == 0) first = item.result.started;
    last = std::max(last, item.result.started + item.result.seconds);
  }
  return last - first;
}

std::string Report::title() const {
  return fmt::format("{} {} of {}{}", night.list, night.number, night.commit.substr(0, 7),
                     night.difference.empty() ? "" : " with local changes");
}

std::string testable_name(const Plan& plan, const Job& job) {
  const PlanTest* test = plan.find_test(job.test);
  return test != nullptr && plan.kind_of(*test).asks_gtest ? job.test + ":" + job.configuration : job.test;
}

Report make_report(Store& store, const Night& night, const Plan& plan, const std::filesystem::path& out) {
  Report report;
  report.night = night;
  report.reruns = store.reruns(night.number);
  report.flaky = store.flaky_jobs();
  report.history = store.history();
  std::vector<Job> planned = store.jobs(night.number);
  fill_coverage(report, planned, store);
  std::unordered_map<std::string, Job> jobs;
  for (Job& job : planned) {
    report.planned += job.kind == Job::Kind::kRun ? 1 : 0;
    jobs.emplace(job.name, std::move(job));
  }
  for (JobResult& result : store.results(night.number)) {
    const Job& job = jobs.at(result.job);
    if (job.kind == Job::Kind::kRun) {
      report.counts.add(result);
    } else {
      ++report.builds;
      report.builds_failed += result.outcome == Outcome::kPassed ? 0 : 1;
    }
    report.workers = std::max(report.workers, result.worker + 1);
    report.jobs.push_back({.job = job, .result = std::move(result)});
  }
  fill_buckets(report, out);
  fill_tests(report);
  fill_points(report, plan);
  return report;
}

std::string percent_text(std::size_t part, std::size_t whole) {
  if (part >= whole) return "100 %";
  return fmt::format("{:.1f} %", std::min(100.0 * static_cast<double>(part) / static_cast<double>(whole), 99.9));
}

std::string duration_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (whole >= 3600) return fmt::format("{}:{:02}:{:02} h", whole / 3600, whole / 60 % 60, whole % 60);
  if (whole >= 60) return fmt::format("{}:{:02} min", whole / 60, whole % 60);
  return seconds < 0.1 ? fmt::format("{:.0f} ms", 1000 * seconds) : fmt::format("{:.1f} s", seconds);
}

std::string time_text(double seconds) {
  return fmt::format("{:%Y-%m-%d %H:%M} UTC", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

}  // namespace mixvec::inline flows
