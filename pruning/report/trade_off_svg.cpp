// Draws the trade-off chart.
#include <algorithm>

#include "golden/cli/svg_chart.hpp"
#include "pruning/report/report.hpp"

namespace mixvec::inline pruning {
namespace {

template <typename Cost>
ChartPanel panel(const PruneResult& result, const char* title, Cost cost) {
  ChartSeries chosen{"this model", {}, false, false, true};
  const CurvePoint mine{"this model",
                        0,
                        0,
                        0,
                        result.cost.bytes / (2 * std::max(1.0, static_cast<double>(result.kept))),
                        result.cost.array_cycles / result.ideal_cycles,
                        0,
                        false};
  chosen.points.push_back({cost(mine), result.retained(), mine.label});
  ChartSeries mixed{"mixed lengths, by exchange rate", {}, true, false, true};
  ChartSeries fixed{"one length", {}, false, false, true};
  for (const CurvePoint& point : result.curve) {
    (point.fixed ? fixed : mixed).points.push_back({cost(point), point.retained, point.label});
  }
  return {{title, false}, {"squared magnitude retained, over unstructured pruning", false}, {chosen, mixed, fixed}};
}

}  // namespace

std::string trade_off_svg(const PruneResult& result) {
  const ChartPanel panels[] = {
      panel(result, "packed bytes ÷ bytes of the kept weights", [](const CurvePoint& p) { return p.bytes; }),
      panel(result, "array cycles ÷ array cycles with every multiplier busy",
            [](const CurvePoint& p) { return p.cycles; })};
  return chart_svg("What lengths of vectors retain, and what they cost",
                   "as estimated in the search; upper left is best", panels);
}

}  // namespace mixvec::inline pruning
