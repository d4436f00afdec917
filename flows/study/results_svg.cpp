// Draws quality against what it costs.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "flows/study/results.hpp"
#include "golden/cli/svg_chart.hpp"

namespace mixvec::inline flows {
namespace {

using Cost = std::function<std::optional<double>(const StudyMean&)>;

struct Axis {
  std::string title;
  Cost cost;
  bool is_cost = true;  ///< of an accelerator; else it is the ratio
};

ChartPoint point_of(const StudyMean& mean, double x) {
  std::string label = fmt::format("{:g}", mean.ratio);
  if (mean.seeds > 1) label += fmt::format(" ({:.3f} to {:.3f})", mean.perplexity.least, mean.perplexity.most);
  return {x, mean.perplexity.mean, std::move(label)};
}

/// A line across the panel.
ChartSeries level(std::string name, double y, const std::pair<double, double>& ends) {
  ChartSeries series;
  series.name = std::move(name);
  series.points = {{ends.first, y, ""}, {ends.second, y, ""}};
  series.dashed = true;
  series.marks = false;
  return series;
}

/// The means of a model that have a place on the axis; those of the first accelerator first, so that a method has the
/// same colour in all pictures.
std::vector<const StudyMean*> drawn(const StudyFile& study, const StudyResults& results, std::size_t model,
                                    const Axis& axis) {
  std::vector<const StudyMean*> means;
  for (const StudyMean& mean : results.means) {
    const bool wanted = mean.model == model && !study.methods[mean.method].is_dense() && axis.cost(mean);
    if (wanted && (mean.accelerator == 0 || axis.is_cost)) means.push_back(&mean);
  }
  std::stable_partition(means.begin(), means.end(), [](const StudyMean* mean) { return mean->accelerator == 0; });
  return means;
}

ChartPanel panel_of(const StudyFile& study, const StudyResults& results, std::size_t model, const Axis& axis) {
  ChartPanel panel{{study.models[model].name + ": " + axis.title, !axis.is_cost}, {"perplexity", false}, {}};
  std::optional<std::pair<double, double>> ends;
  for (const StudyMean* mean : drawn(study, results, model, axis)) {
    const double x = *axis.cost(*mean);
    const std::string name = name_of_row(study, mean->method, mean->accelerator);
    auto series =
        std::find_if(panel.series.begin(), panel.series.end(), [&](const ChartSeries& s) { return s.name == name; });
    if (series == panel.series.end()) {
      panel.series.push_back({.name = name, .points = {}, .shaped = true});
      series = panel.series.end() - 1;
    }
    series->points.push_back(point_of(*mean, x));
    ends = ends ? std::pair(std::min(ends->first, x), std::max(ends->second, x)) : std::pair(x, x);
  }
  for (ChartSeries& series : panel.series) {
    std::stable_sort(series.points.begin(), series.points.end(),
                     [](const ChartPoint& a, const ChartPoint& b) { return a.x < b.x; });
  }
  if (!ends) return panel;
  const std::optional<double> dense = results.dense(study, model, false);
  const std::optional<double> trained = results.dense(study, model, true);
  if (dense) panel.series.push_back(level("dense", *dense, *ends));
  if (trained) panel.series.push_back(level("dense, trained on", *trained, *ends));
  return panel;
}

}  // namespace

std::vector<StudyPicture> results_pictures(const StudyFile& study, const StudyResults& results) {
  const std::pair<const char*, Axis> all[] = {
      {"ratio.svg", {"pruned share of the weights", [](const StudyMean& m) { return std::optional(m.ratio); }, false}},
      {"bytes.svg", {"packed bytes", [](const StudyMean& m) { return std::optional(m.bytes.mean); }}},
      {"area_cycles.svg",
       {fmt::format("cycles for {} tokens × mm² of the array", study.tokens),
        [](const StudyMean& m) { return m.area_cycles ? std::optional(m.area_cycles->mean) : std::nullopt; }}}};
  std::vector<StudyPicture> pictures;
  for (const auto& [file, axis] : all) {
    std::vector<ChartPanel> panels;
    for (const std::size_t model : study.plan.models) panels.push_back(panel_of(study, results, model, axis));
    const std::string spread =
        study.plan.seeds.size() > 1
            ? fmt::format("mean of {} seeds; at the points: pruned share (least to most)", study.plan.seeds.size())
            : "at the points: pruned share";
    pictures.push_back(
        {file, chart_svg("Quality of pruned models",
                         fmt::format("lower {} is best; {}", axis.is_cost ? "left" : "right", spread), panels)});
  }
  return pictures;
}

}  // namespace mixvec::inline flows
