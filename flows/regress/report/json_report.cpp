// results.json and the JUnit file: the night for other programs.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "flows/regress/report/report.hpp"
#include "flows/regress/run/signature.hpp"
#include "golden/base/svg.hpp"
#include "golden/files/output.hpp"

namespace mixvec::inline flows {
namespace {

using Json = nlohmann::ordered_json;

Json counts_json(const Counts& counts) {
  return {{"runs", counts.runs},        {"passed", counts.passed},   {"failed", counts.failed},
          {"timeouts", counts.timeout}, {"not_run", counts.not_run}, {"node_failures", counts.node_failures},
          {"seconds", counts.seconds}};
}

Json bucket_json(const Bucket& bucket) {
  const ReportedJob& first = *bucket.jobs.front();
  Json json = {{"signature", bucket.signature},
               {"count", bucket.jobs.size()},
               {"first", first.job.name},
               {"seed", first.job.seed ? Json(*first.job.seed) : Json()},
               {"reproduce", first.job.reproduce},
               {"log", first.result.log},
               {"tail", bucket.tail},
               {"jobs", Json::array()}};
  for (const ReportedJob* item : bucket.jobs) json["jobs"].push_back(item->job.name);
  if (bucket.rerun != nullptr) {
    json["again"] = {{"failed", bucket.rerun->failed_again},
                     {"command", bucket.rerun->command},
                     {"log", bucket.rerun->log},
                     {"waves", bucket.rerun->waves.empty() ? Json() : Json(bucket.rerun->waves)}};
  }
  return json;
}

Json figure_json(const CoverageFigure& figure) {
  return {{"points", figure.points},
          {"reached", figure.reached},
          {"percent", 100.0 * static_cast<double>(figure.reached) / static_cast<double>(figure.points)}};
}

/// By what is covered; null: it should have been measured and was not.
Json coverage_json(const Report& report) {
  Json json = Json::object();
  for (const CoverageRow& row : report.coverage) {
    Json& item = json[row.name];
    if (!row.whole) continue;
    item = figure_json(*row.whole);
    item["test"] = row.test;
    item["parts"] = Json::object();
    for (const CoverageFigure& part : row.parts) item["parts"][part.part] = figure_json(part);
  }
  return json;
}

/// A test case of JUnit. What was not run or was lost is an error, what went wrong a failure, as Jenkins and GitLab
/// tell them apart.
std::string junit_case(const ReportedJob& item, const std::filesystem::path& out) {
  const Job& job = item.job;
  const JobResult& result = item.result;
  std::string text = fmt::format("    <testcase classname=\"{}.{}\" name=\"{}\" time=\"{:.3f}\"", escape_xml(job.test),
                                 escape_xml(job.configuration), escape_xml(job.name), result.seconds);
  if (result.outcome == Outcome::kPassed) return text + "/>\n";
  const bool has_an_end = result.outcome != Outcome::kNotRun && result.outcome != Outcome::kNodeFailure;
  const char* tag = has_an_end ? "failure" : "error";
  const std::string message = result.outcome == Outcome::kNotRun ? "not run: " + result.signature : result.signature;
  text += fmt::format(">\n      <{0} type=\"{1}\" message=\"{2}\">{3}\nreproduce: {4}\nlog: {5}</{0}>\n", tag,
                      name_of(result.outcome), escape_xml(message.substr(0, message.find('\n'))),
                      escape_xml(last_lines(out / result.log, kTailLines)), escape_xml(job.reproduce),
                      escape_xml(result.log));
  return text + "    </testcase>\n";
}

}  // namespace

std::string report_json(const Report& report) {
  const Night& night = report.night;
  Json json = {{"program", "run_regress"},
               {"good", report.good()},
               {"list", night.list},
               {"night", night.number},
               {"tests", report.planned},
               {"passed", report.counts.passed},
               {"failed", report.planned - report.counts.passed},
               {"timeouts", report.counts.timeout},
               {"not_run", report.counts.not_run},
               {"node_failures", report.counts.node_failures},
               {"no_result", report.planned - report.counts.runs},
               {"builds", report.builds},
               {"builds_failed", report.builds_failed},
               {"seeds", report.seeds()},
               {"base_seed", night.base_seed},
               {"reseed", night.reseed},
               {"fixed_seed", night.fixed_seed ? Json(*night.fixed_seed) : Json()},
               {"only", night.only},
               {"commit", night.commit},
               {"dirty", !night.difference.empty()},
               {"tools", Json::parse(night.tools)},
               {"started", time_text(night.started)},
               {"seconds", report.seconds()},
               {"workers", report.workers}};
  json["by_test"] = Json::object();
  for (const TestRow& row : report.tests) {
    Json item = counts_json(row.counts);
    item["seeds"] = row.seeds;
    json["by_test"][row.test] = std::move(item);
  }
  json["points"] = Json::object();
  for (const PointRow& row : report.points) {
    Json item = counts_json(row.counts);
    item["stage"] = row.point->stage;
    json["points"][row.point->name] = std::move(item);
  }
  json["coverage"] = coverage_json(report);
  json["buckets"] = Json::array();
  for (const Bucket& bucket : report.buckets) json["buckets"].push_back(bucket_json(bucket));
  json["flaky"] = Json::array();
  for (const FlakyJob& job : report.flaky) {
    json["flaky"].push_back({{"job", job.job}, {"passed", job.passed}, {"failed", job.failed}});
  }
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string report_junit(const Report& report, const std::filesystem::path& out) {
  std::string text = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" "
      "time=\"{:.3f}\">\n",
      escape_xml(report.title()), report.counts.runs, report.counts.failed + report.counts.timeout,
      report.counts.not_run + report.counts.node_failures, report.seconds());
  for (const TestRow& row : report.tests) {
    text += fmt::format("  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"{:.3f}\">\n",
                        escape_xml(row.test), row.counts.runs, row.counts.failed + row.counts.timeout,
                        row.counts.not_run + row.counts.node_failures, row.counts.seconds);
    for (const ReportedJob& item : report.jobs) {
      if (item.job.kind == Job::Kind::kRun && item.job.test == row.test) text += junit_case(item, out);
    }
    text += "  </testsuite>\n";
  }
  return text + "</testsuites>\n";
}

}  // namespace mixvec::inline flows
