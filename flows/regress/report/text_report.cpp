// The summary on the terminal.
#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "flows/regress/report/report.hpp"
#include "flows/regress/run/signature.hpp"
#include "golden/base/text.hpp"

namespace mixvec::inline flows {
namespace {

constexpr std::size_t kMostBuckets = 10;  ///< the page has all
constexpr std::size_t kShownLines = 8;
constexpr std::size_t kTerminalWidth = 96;

std::string indented(const std::string& text, std::size_t lines) {
  std::vector<std::string> all;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) all.push_back(line);
  std::string result;
  for (std::size_t i = all.size() - std::min(lines, all.size()); i < all.size(); ++i) {
    result += fmt::format("    {}\n", clip(all[i], kTerminalWidth));
  }
  return result;
}

std::string verdict(const Report& report) {
  const std::string of = fmt::format("{}: {} of {} runs passed", report.title(), report.counts.passed, report.planned);
  if (report.good()) {
    return fmt::format("GOOD: {}, {} seeds, {}\n", of, report.seeds(), duration_text(report.seconds()));
  }
  std::string why;
  const auto add = [&why](std::size_t count, const char* what) {
    if (count > 0) why += fmt::format("{}{} {}", why.empty() ? "" : ", ", count, what);
  };
  add(report.counts.failed, "failed");
  add(report.counts.timeout, "ran out of time");
  add(report.counts.not_run, "not run as their build failed");
  add(report.counts.node_failures, "lost to failures of nodes");
  add(report.planned - report.counts.runs, "without a result yet");
  return fmt::format("BAD: {}, {}; {} bucket{}\n", of, why, report.buckets.size(),
                     report.buckets.size() == 1 ? "" : "s");
}

}  // namespace

std::string report_text(const Report& report, const std::filesystem::path& out) {
  std::string text = verdict(report);
  for (std::size_t i = 0; i < std::min(report.buckets.size(), kMostBuckets); ++i) {
    const Bucket& bucket = report.buckets[i];
    const ReportedJob& first = *bucket.jobs.front();
    text += fmt::format("\nbucket {}: {} of them, first {}\n", i + 1, bucket.jobs.size(), first.job.name);
    text += indented(bucket.signature, kShownLines);
    text += fmt::format("  log: {}\n", (out / first.result.log).string());
    if (bucket.rerun != nullptr) {
      text += fmt::format("  again by itself: {}, {}\n", bucket.rerun->failed_again ? "failed, too" : "passed",
                          (out / bucket.rerun->log).string());
      if (!bucket.rerun->waves.empty()) text += fmt::format("  waves: {}\n", (out / bucket.rerun->waves).string());
    }
    text += fmt::format("  reproduce: {}\n", first.job.reproduce);
  }
  if (report.buckets.size() > kMostBuckets) {
    text += fmt::format("\n{} more buckets: see report.html\n", report.buckets.size() - kMostBuckets);
  }
  if (!report.coverage.empty()) text += "\ncoverage:\n";
  for (const CoverageRow& row : report.coverage) {
    text += row.whole
                ? fmt::format("    {}: {} ({} of {})\n", row.name, percent_text(row.whole->reached, row.whole->points),
                              row.whole->reached, row.whole->points)
                : fmt::format("    {}: not measured, see {}\n", row.name, row.test);
  }
  if (!report.flaky.empty()) {
    text += fmt::format("\nflaky, with different outcomes on one source: {}\n", report.flaky.size());
    for (const FlakyJob& job : report.flaky) {
      text += fmt::format("    {}: passed {}, failed {}\n", job.job, job.passed, job.failed);
    }
  }
  return text + fmt::format("\nreport: {}\n", (out / "report.html").string());
}

}  // namespace mixvec::inline flows
