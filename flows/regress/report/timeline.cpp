// Draws the timeline of a night.
#include "flows/regress/report/timeline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "golden/base/svg.hpp"

namespace mixvec::inline flows {
namespace {

constexpr double kPictureWidth = 1080;
constexpr double kLeft = 70;
constexpr double kRow = 26;
constexpr double kBar = 20;
constexpr double kAxis = 30;

/// About eight ticks, at a round number of seconds.
double tick_of(double seconds) {
  constexpr double kTicks[] = {0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400};
  for (const double tick : kTicks) {
    if (seconds / tick <= 9) return tick;
  }
  return 43200;
}

const char* class_of(const ReportedJob& item) {
  if (item.result.outcome != Outcome::kPassed) return "bad";
  return item.job.kind == Job::Kind::kRun ? "run" : "build";
}

std::string tick_text(double seconds) {
  const auto whole = static_cast<long>(std::lround(seconds));
  if (seconds < 60) return fmt::format("{:g} s", seconds);
  return whole < 3600 ? fmt::format("{}:{:02}", whole / 60, whole % 60)
                      : fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

}  // namespace

std::string timeline_svg(const Report& report) {
  if (report.jobs.empty()) return "";
  double from = report.jobs.front().result.started;
  for (const ReportedJob& item : report.jobs) from = std::min(from, item.result.started);
  const double seconds = std::max(report.seconds(), 1e-3);
  const double scale = (kPictureWidth - kLeft - 10) / seconds;
  const double bottom = kRow * static_cast<double>(report.workers) + 6;
  std::string svg = fmt::format(
      "<svg class=\"timeline\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" "
      "height=\"{1:.0f}\" role=\"img\" aria-label=\"Jobs of each worker over time\">\n",
      kPictureWidth, bottom + kAxis);
  const double tick = tick_of(seconds);
  for (int i = 0; i * tick <= seconds; ++i) {
    const double x = kLeft + i * tick * scale;
    svg += fmt::format(
        "<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"0\" y2=\"{1:.0f}\"/>"
        "<text x=\"{0:.1f}\" y=\"{2:.0f}\" text-anchor=\"middle\">{3}</text>\n",
        x, bottom, bottom + 18, tick_text(i * tick));
  }
  for (std::size_t worker = 0; worker < report.workers; ++worker) {
    svg += fmt::format("<text x=\"{:.0f}\" y=\"{:.0f}\" text-anchor=\"end\">worker {}</text>\n", kLeft - 8,
                       kRow * static_cast<double>(worker) + 18, worker + 1);
  }
  for (const ReportedJob& item : report.jobs) {
    if (item.result.outcome == Outcome::kNotRun) continue;
    svg += fmt::format(
        "<rect class=\"{}\" x=\"{:.2f}\" y=\"{:.0f}\" width=\"{:.2f}\" height=\"{:.0f}\"><title>{}\n{}, "
        "{}</title></rect>\n",
        class_of(item), kLeft + (item.result.started - from) * scale,
        kRow * static_cast<double>(item.result.worker) + 3, std::max(item.result.seconds * scale, 0.5), kBar,
        escape_xml(item.job.name), name_of(item.result.outcome), duration_text(item.result.seconds));
  }
  return svg + "</svg>\n";
}

}  // namespace mixvec::inline flows
