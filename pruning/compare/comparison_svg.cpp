// Draws what quality costs.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "golden/cli/svg_chart.hpp"
#include "pruning/compare/comparison_report.hpp"

namespace mixvec::inline pruning {
namespace {

template <typename Cost>
ChartPanel panel(const Comparison& comparison, const std::string& title, const Cost& cost) {
  ChartPanel panel{{title, false}, {yardstick(comparison).title, false}, {}};
  for (const ComparedRow& row : comparison.rows) {
    const std::optional<double> x = cost(row);
    if (!x) continue;
    const std::string name = setting_of(comparison, row.names);
    auto series =
        std::find_if(panel.series.begin(), panel.series.end(), [&](const ChartSeries& s) { return s.name == name; });
    if (series == panel.series.end()) {
      panel.series.push_back({.name = name, .points = {}, .shaped = true});
      series = panel.series.end() - 1;
    }
    series->points.push_back({*x, measured(comparison, row), fmt::format("{:.3g}", row.ratio)});
  }
  double least = 0;
  double most = 0;
  for (ChartSeries& series : panel.series) {
    std::stable_sort(series.points.begin(), series.points.end(),
                     [](const ChartPoint& a, const ChartPoint& b) { return a.x < b.x; });
    least = least == 0 ? series.points.front().x : std::min(least, series.points.front().x);
    most = std::max(most, series.points.back().x);
  }
  if (comparison.dense.perplexity && most > 0) {
    const double dense = *comparison.dense.perplexity;
    panel.series.push_back({"dense", {{least, dense, ""}, {most, dense, ""}}, true, true, false});
  }
  return panel;
}

}  // namespace

std::string comparison_svg(const Comparison& comparison, const Arguments& arguments) {
  const bool areas = std::any_of(comparison.rows.begin(), comparison.rows.end(),
                                 [&](const ComparedRow& row) { return comparison.area_cycles(row).has_value(); });
  const ChartPanel panels[] = {
      panel(comparison, "packed bytes",
            [](const ComparedRow& row) { return std::optional(static_cast<double>(row.run.image_bytes)); }),
      areas ? panel(comparison, fmt::format("cycles for {} tokens × mm² of the array", comparison.tokens),
                    [&](const ComparedRow& row) { return comparison.area_cycles(row); })
            : panel(comparison, fmt::format("cycles for {} tokens", comparison.tokens),
                    [](const ComparedRow& row) { return std::optional(static_cast<double>(row.run.cycles)); })};
  const std::string judged =
      comparison.judged_by.empty()
          ? ""
          : fmt::format("; judged on {}", std::filesystem::path(comparison.judged_by).filename().string());
  return chart_svg(fmt::format("What quality costs: {}", name_of_model(arguments)),
                   fmt::format("{} left is best; at the points: pruned share{}",
                               yardstick(comparison).less_is_better ? "lower" : "upper", judged),
                   panels);
}

}  // namespace mixvec::inline pruning
