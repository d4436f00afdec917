// The page of a night.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "flows/regress/report/page_parts.hpp"
#include "flows/regress/report/report.hpp"
#include "flows/regress/report/timeline.hpp"
#include "golden/base/svg.hpp"
#include "golden/cli/svg_chart.hpp"

namespace mixvec::inline flows {
namespace {

constexpr std::size_t kShownJobs = 200;    ///< of a bucket; results.json has all
constexpr std::size_t kShownNights = 100;  ///< the last ones

/// A path from the page to a file beside it. The names are ours: letters, digits and _ - . /
std::string link(const std::string& path, const std::string& text) {
  return fmt::format("<a href=\"{}\">{}</a>", escape_xml(path), escape_xml(text));
}

std::string bad_number(std::size_t count) {
  return count == 0 ? "0" : fmt::format("<span class=\"bad-text\">{}</span>", count);
}

std::string bar(std::size_t part, std::size_t whole) {
  return fmt::format("<span class=\"rate\"><i style=\"width:{:.1f}%\"></i></span>{}",
                     100.0 * static_cast<double>(part) / static_cast<double>(whole), percent_text(part, whole));
}

std::string rate(const Counts& counts) {
  if (counts.runs == 0) return "<span class=\"rate none\"></span><span class=\"soft\">not run</span>";
  return bar(counts.passed, counts.runs);
}

std::string card(const std::string& value, const char* label) {
  return fmt::format("<div class=\"card\"><b>{}</b><span>{}</span></div>\n", value, label);
}

std::string head(const Report& report) {
  const Night& night = report.night;
  std::string html = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
      "content=\"width=device-width,initial-scale=1\">\n<title>{0} {1}</title>\n<style>{2}</style>\n</head>\n<body>\n",
      report.good() ? "GOOD:" : "BAD:", escape_xml(report.title()), kPageStyle);
  html +=
      fmt::format("<header class=\"{}\"><h1>{}: {}</h1>\n<p>{} of {} runs passed · began {} · took {}</p></header>\n",
                  report.good() ? "good" : "bad", report.good() ? "GOOD" : "BAD", escape_xml(report.title()),
                  report.counts.passed, report.planned, time_text(night.started), duration_text(report.seconds()));
  html +=
      "<nav><input id=\"filter\" type=\"search\" placeholder=\"filter tests, points, failures\" "
      "aria-label=\"filter\"><label><input type=\"checkbox\" id=\"only-bad\"> only failures</label>"
      "<a href=\"#failures\">failures</a><a href=\"#points\">points</a><a href=\"#tests\">tests</a>"
      "<a href=\"#coverage\">coverage</a>"
      "<a href=\"#timeline\">timeline</a><a href=\"#history\">history</a><a href=\"#setting\">setting</a>"
      "<span id=\"shown\"></span></nav>\n<main>\n<div class=\"cards\">\n";
  html += card(fmt::format("{}", report.planned), "runs");
  html += card(fmt::format("{}", report.counts.passed), "passed");
  html += card(bad_number(report.counts.failed), "failed");
  html += card(bad_number(report.counts.timeout), "out of time");
  html += card(bad_number(report.counts.not_run), "not run");
  if (report.counts.node_failures > 0) html += card(bad_number(report.counts.node_failures), "node failures");
  html += card(bad_number(report.planned - report.counts.runs), "without result");
  html += card(fmt::format("{}", report.builds), "builds");
  html += card(fmt::format("{}", report.seeds()), "seeds");
  html += card(fmt::format("{}", report.flaky.size()), "flaky");
  return html + "</div>\n";
}

std::string bucket_html(const Bucket& bucket, std::size_t number) {
  const ReportedJob& first = *bucket.jobs.front();
  std::string title = bucket.signature;
  for (std::size_t at = 0; (at = title.find('\n', at)) != std::string::npos;) title.replace(at, 1, " · ");
  std::string html =
      fmt::format("<div class=\"bucket\" data-bad=\"1\" data-f=\"{}\"><h3>{}. {} × {}</h3>\n",
                  escape_xml(first.job.name + " " + bucket.signature), number, bucket.jobs.size(), escape_xml(title));
  html +=
      fmt::format("<p>First: <b>{}</b> ({}){}, {}</p>\n", escape_xml(first.job.name), name_of(first.result.outcome),
                  first.job.seed ? fmt::format(", seed {}", *first.job.seed) : "", link(first.result.log, "its log"));
  html +=
      fmt::format("<div class=\"copy\"><pre>{}</pre><button>copy</button></div>\n", escape_xml(first.job.reproduce));
  if (bucket.rerun != nullptr) {
    const Rerun& rerun = *bucket.rerun;
    html += fmt::format("<p>Again, by itself: {}, {}; {}</p>\n", rerun.failed_again ? "failed, too" : "<b>passed</b>",
                        link(rerun.log, "log"),
                        rerun.waves.empty() ? "no waves" : "waves: " + link(rerun.waves, rerun.waves));
  }
  html += fmt::format("<details open><summary>the end of its log</summary><pre class=\"tail\">{}</pre></details>\n",
                      escape_xml(bucket.tail));
  if (bucket.jobs.size() > 1) {
    html += fmt::format("<details><summary>all {}</summary><pre>", bucket.jobs.size());
    for (std::size_t i = 0; i < std::min(bucket.jobs.size(), kShownJobs); ++i) {
      html += escape_xml(bucket.jobs[i]->job.name) + "\n";
    }
    if (bucket.jobs.size() > kShownJobs) html += "… results.json has all\n";
    html += "</pre></details>\n";
  }
  return html + "</div>\n";
}

std::string failures(const Report& report) {
  std::string html = "<h2 id=\"failures\">Failures, like ones together</h2>\n";
  if (report.buckets.empty()) html += "<p>None.</p>\n";
  std::size_t number = 0;
  for (const Bucket& bucket : report.buckets) html += bucket_html(bucket, ++number);
  if (report.flaky.empty()) return html;
  html +=
      "<h2>Flaky: different outcomes on one source</h2>\n<table><tr><th>job</th><th class=\"n\">passed</th>"
      "<th class=\"n\">failed</th></tr>\n";
  for (const FlakyJob& job : report.flaky) {
    html += fmt::format(
        "<tr data-bad=\"1\" data-f=\"{0}\"><td>{0}</td><td class=\"n\">{1}</td><td class=\"n\">{2}</td>"
        "</tr>\n",
        escape_xml(job.job), job.passed, job.failed);
  }
  return html + "</table>\n";
}

std::string points(const Report& report) {
  if (report.points.empty()) return "";
  std::string html =
      "<h2 id=\"points\">Points of the test plan</h2>\n<table><tr><th>point</th><th>stage</th>"
      "<th>what is checked</th><th class=\"n\">runs</th><th>passed</th></tr>\n";
  for (const PointRow& row : report.points) {
    html += fmt::format(
        "<tr data-bad=\"{}\" data-f=\"{} {} {}\"><td class=\"name\">{}</td><td class=\"stage\">{}</td>"
        "<td>{}</td><td class=\"n\">{}</td><td class=\"name\">{}</td></tr>\n",
        row.counts.bad() > 0 ? 1 : 0, escape_xml(row.point->name), row.point->stage, escape_xml(row.point->checks),
        escape_xml(row.point->name), row.point->stage, escape_xml(row.point->checks), row.counts.runs,
        rate(row.counts));
  }
  return html + "</table>\n";
}

std::string tests(const Report& report) {
  std::string html =
      "<h2 id=\"tests\">Tests</h2>\n<table><tr><th>test</th><th>configuration</th><th class=\"n\">runs</th>"
      "<th class=\"n\">seeds</th><th class=\"n\">failed</th><th>passed</th><th class=\"n\">time</th>"
      "</tr>\n";
  const auto add = [&html](const std::string& test, const std::string& configuration, const std::string& seeds,
                           const Counts& counts, bool part = false) {
    html += fmt::format(
        "<tr class=\"{}\" data-bad=\"{}\" data-f=\"{} {}\"><td class=\"name\">{}</td><td>{}</td><td class=\"n\">{}</td>"
        "<td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"name\">{}</td>"
        "<td class=\"n\">{}</td></tr>\n",
        part ? "part" : "", counts.bad() > 0 ? 1 : 0, escape_xml(test), escape_xml(configuration), escape_xml(test),
        escape_xml(configuration), counts.runs, seeds, bad_number(counts.bad()), rate(counts),
        duration_text(counts.seconds));
  };
  for (const TestRow& row : report.tests) {
    const std::string seeds = row.seeds == 0 ? "" : fmt::format("{}", row.seeds);
    if (row.configurations.size() == 1) {
      const std::string& only = row.configurations.begin()->first;
      add(row.test, only == "-" ? "" : only, seeds, row.counts);
      continue;
    }
    add(row.test, fmt::format("all {}", row.configurations.size()), seeds, row.counts);
    for (const auto& [configuration, counts] : row.configurations) add(row.test, configuration, "", counts, true);
  }
  return html + "</table>\n";
}

std::string coverage_cells(const CoverageFigure& figure) {
  return fmt::format("<td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"name\">{}</td>", figure.points,
                     figure.reached, bar(figure.reached, figure.points));
}

constexpr const char* kCoverageCells =
    "<th class=\"n\">there are</th><th class=\"n\">reached</th><th>share</th></tr>\n";

/// What is covered as a whole.
std::string coverage_wholes(const Report& report) {
  std::string html = fmt::format("<table><tr><th>of</th><th>test</th>{}", kCoverageCells);
  for (const CoverageRow& row : report.coverage) {
    const std::string cells =
        row.whole ? coverage_cells(*row.whole)
                  : "<td></td><td></td><td class=\"name\"><span class=\"bad-text\">not measured</span></td>";
    html += fmt::format("<tr data-bad=\"{0}\" data-f=\"{1} {2}\"><td class=\"name\">{1}</td><td>{2}</td>{3}</tr>\n",
                        row.whole ? 0 : 1, escape_xml(row.name), escape_xml(row.test), cells);
  }
  return html + "</table>\n";
}

/// How it was, night by night; nothing before there are two.
std::string coverage_curves(const Report& report) {
  ChartPanel panel{.x = {.title = "night"}, .y = {.title = "reached, %"}, .series = {}};
  std::size_t most_nights = 0;
  for (const CoverageRow& row : report.coverage) {
    ChartSeries series{.name = row.name, .points = {}};
    for (std::size_t i = row.history.size() - std::min(row.history.size(), kShownNights); i < row.history.size(); ++i) {
      const auto& [night, figure] = row.history[i];
      series.points.push_back({static_cast<double>(night),
                               100.0 * static_cast<double>(figure.reached) / static_cast<double>(figure.points), ""});
    }
    most_nights = std::max(most_nights, series.points.size());
    panel.series.push_back(std::move(series));
  }
  if (most_nights < 2) return "";
  return "<div class=\"wide\">" + chart_svg("Coverage, all nights", "", {&panel, 1}) + "</div>\n";
}

/// The parts, of each figure the least covered first.
std::string coverage_parts(const Report& report) {
  std::string rows;
  for (const CoverageRow& row : report.coverage) {
    std::vector<CoverageFigure> parts = row.parts;
    std::stable_sort(parts.begin(), parts.end(), [](const CoverageFigure& a, const CoverageFigure& b) {
      return a.reached * b.points < b.reached * a.points;
    });
    for (const CoverageFigure& part : parts) {
      rows += fmt::format("<tr data-bad=\"0\" data-f=\"{0} {1}\"><td class=\"name\">{0}</td><td>{1}</td>{2}</tr>\n",
                          escape_xml(row.name), escape_xml(part.part), coverage_cells(part));
    }
  }
  return rows.empty() ? "" : fmt::format("<table><tr><th>of</th><th>part</th>{}{}</table>\n", kCoverageCells, rows);
}

std::string coverage(const Report& report) {
  const std::string heading = "<h2 id=\"coverage\">Coverage</h2>\n";
  if (report.coverage.empty()) return heading + "<p>No test of this night measures it.</p>\n";
  return heading + coverage_wholes(report) + coverage_curves(report) + coverage_parts(report);
}

std::string history(const Report& report) {
  std::string html = "<h2 id=\"history\">Nights</h2>\n";
  const std::size_t from = report.history.size() - std::min(report.history.size(), kShownNights);
  ChartSeries passed{.name = "", .points = {}};
  ChartSeries hours{.name = "", .points = {}};
  std::string rows;
  for (std::size_t i = report.history.size(); i-- > from;) {
    const NightSummary& item = report.history[i];
    const Night& night = item.night;
    const bool complete = night.ended > 0;
    rows += fmt::format(
        "<tr><td class=\"n\">{}</td><td>{}</td><td>{}</td><td>{}{}</td><td class=\"n\">{}</td>"
        "<td class=\"n\">{}</td><td class=\"n\">{}</td></tr>\n",
        night.number, time_text(night.started), escape_xml(night.list), escape_xml(night.commit.substr(0, 7)),
        night.difference.empty() ? "" : " + changes", item.jobs, item.passed,
        complete ? duration_text(night.ended - night.started) : "did not end");
  }
  for (std::size_t i = from; i < report.history.size(); ++i) {
    const NightSummary& item = report.history[i];
    // Lists differ in what they run and how long: one curve is one list.
    if (item.runs == 0 || item.night.list != report.night.list || item.night.ended == 0) continue;
    const auto number = static_cast<double>(item.night.number);
    passed.points.push_back({number, 100.0 * static_cast<double>(item.passed) / static_cast<double>(item.jobs), ""});
    hours.points.push_back({number, (item.night.ended - item.night.started) / 60, ""});
  }
  if (passed.points.size() > 1) {
    const ChartPanel panels[] = {
        {.x = {.title = "night"}, .y = {.title = "passed, %"}, .series = {passed}},
        {.x = {.title = "night"}, .y = {.title = "minutes", .from_zero = true}, .series = {hours}}};
    html += "<div class=\"wide\">" + chart_svg("Nights of " + report.night.list, "", panels) + "</div>\n";
  }
  return html +
         "<table><tr><th class=\"n\">night</th><th>began</th><th>list</th><th>commit</th><th class=\"n\">runs</th>"
         "<th class=\"n\">passed</th><th class=\"n\">took</th></tr>\n" +
         rows + "</table>\n";
}

std::string setting(const Report& report) {
  const Night& night = report.night;
  std::string html = "<h2 id=\"setting\">Setting</h2>\n<dl>\n";
  const auto add = [&html](const std::string& name, const std::string& value) {
    html += fmt::format("<dt>{}</dt><dd>{}</dd>\n", escape_xml(name), escape_xml(value));
  };
  add("commit", night.commit);
  add("local changes", night.difference.empty() ? "none" : "yes, their hash is " + night.difference);
  add("base seed", fmt::format("{}", night.base_seed));
  if (night.fixed_seed) add("fixed seed", fmt::format("{}", *night.fixed_seed));
  if (night.reseed != 1) add("seeds times", fmt::format("{}", night.reseed));
  if (!night.only.empty()) add("only", night.only);
  if (night.rerun_failures) add("jobs", "those that had failed the night before");
  add("workers", fmt::format("{}", report.workers));
  const auto tools = nlohmann::ordered_json::parse(night.tools);
  for (const auto& [name, version] : tools.items()) {
    add(name, version.get<std::string>());
  }
  return html + "</dl>\n";
}

}  // namespace

std::string report_html(const Report& report) {
  std::string html = head(report) + failures(report) + points(report) + tests(report) + coverage(report);
  html +=
      "<h2 id=\"timeline\">Timeline</h2>\n<p class=\"key\"><i style=\"background:var(--build)\"></i>build"
      "<i style=\"background:var(--run)\"></i>run<i style=\"background:var(--bad)\"></i>failed</p>\n"
      "<div class=\"wide\">" +
      timeline_svg(report) + "</div>\n";
  html += history(report) + setting(report);
  return html + "</main>\n<script>" + kPageScript + "</script>\n</body>\n</html>\n";
}

}  // namespace mixvec::inline flows
