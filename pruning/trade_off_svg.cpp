// Draws the trade-off chart.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "pruning/report.hpp"

namespace mixvec {

namespace {

constexpr double kPanelWidth = 420;
constexpr double kPanelHeight = 320;
constexpr double kLeft = 64;
constexpr double kTop = 44;

struct Range {
  double low;
  double high;
  [[nodiscard]] double place(double v) const { return (v - low) / (high - low); }
};

// A range with round ends that holds all values, and the distance of its ticks.
std::pair<Range, double> round_range(double low, double high) {
  const double span = std::max(high - low, 1e-3);
  double tick = std::pow(10.0, std::floor(std::log10(span / 2)));
  if (span / tick > 10) tick *= 2;
  if (span / tick > 8) tick *= 2.5;
  return {{std::floor(low / tick) * tick, std::ceil(high / tick - 1e-9) * tick}, tick};
}

template <typename Cost>
std::string panel(const PruneResult& result, double left, const char* title, Cost cost) {
  double low = 1;
  double high = 1;
  double least = 1;
  for (const CurvePoint& p : result.curve) {
    low = std::min(low, cost(p));
    high = std::max(high, cost(p));
    least = std::min(least, p.retained);
  }
  const auto [xs, x_tick] = round_range(low, high);
  const auto [ys, y_tick] = round_range(least, 1);
  const auto x = [&, range = xs](double v) { return left + range.place(v) * kPanelWidth; };
  const auto y = [&, range = ys](double v) { return kTop + (1 - range.place(v)) * kPanelHeight; };
  std::string svg;
  for (int i = 0; xs.low + i * x_tick <= xs.high + 1e-9; ++i) {
    const double v = xs.low + i * x_tick;
    svg += fmt::format(
        "<path class='grid' d='M{0:.1f} {1:.1f}V{2:.1f}'/><text x='{0:.1f}' y='{3:.1f}' "
        "text-anchor='middle'>{4:.4g}</text>\n",
        x(v), kTop, kTop + kPanelHeight, kTop + kPanelHeight + 16, v);
  }
  for (int i = 0; ys.low + i * y_tick <= ys.high + 1e-9; ++i) {
    const double v = ys.low + i * y_tick;
    svg += fmt::format(
        "<path class='grid' d='M{0:.1f} {1:.1f}H{2:.1f}'/><text x='{3:.1f}' y='{4:.1f}' "
        "text-anchor='end'>{5:.4g}</text>\n",
        left, y(v), left + kPanelWidth, left - 6, y(v) + 4, v);
  }
  svg += fmt::format("<text x='{:.1f}' y='{:.1f}' text-anchor='middle'>{}</text>\n", left + kPanelWidth / 2,
                     kTop + kPanelHeight + 36, title);
  std::string line;
  std::string marks;
  for (const CurvePoint& p : result.curve) {
    const double px = x(cost(p));
    const double py = y(p.retained);
    if (!p.fixed) line += fmt::format("{}{:.1f} {:.1f}", line.empty() ? "M" : "L", px, py);
    marks += fmt::format(
        "<circle class='{0}' cx='{1:.1f}' cy='{2:.1f}' r='3.5'><title>{3}: retained {4:.3f}, "
        "mean length {5:.2f}</title></circle><text class='{0}' x='{6:.1f}' y='{7:.1f}'>{3}</text>\n",
        p.fixed ? "fixed" : "mixed", px, py, p.label, p.retained, p.mean_length, px + 6, p.fixed ? py + 13 : py - 5);
  }
  const double px =
      x(cost(CurvePoint{"", 0, 0, 0, result.cost.bytes / (2 * std::max(1.0, static_cast<double>(result.kept))),
                        result.cost.array_cycles / result.ideal_cycles, 0, false}));
  marks += fmt::format("<circle class='chosen' cx='{:.1f}' cy='{:.1f}' r='7'><title>this model</title></circle>\n", px,
                       y(result.retained()));
  return svg + fmt::format("<path class='line' d='{}'/>\n", line) + marks;
}

}  // namespace

std::string trade_off_svg(const PruneResult& result) {
  const double second = 2 * kLeft + kPanelWidth + 12;
  const double width = second + kPanelWidth + 70;
  const double height = kTop + kPanelHeight + 56;
  std::string svg = fmt::format(
      "<svg xmlns='http://www.w3.org/2000/svg' width='{0:.0f}' height='{1:.0f}' viewBox='0 0 {0:.0f} {1:.0f}' "
      "font-family='sans-serif' font-size='11'>\n<style>.grid{{stroke:#ddd}}.line{{stroke:#1a5fb4;fill:none;"
      "stroke-width:1.5}}circle.mixed{{fill:#1a5fb4}}circle.fixed{{fill:#c64600}}circle.chosen{{fill:none;stroke:#000;"
      "stroke-width:1.5}}text.mixed{{fill:#1a5fb4}}text.fixed{{fill:#c64600}}</style>\n<rect width='100%' "
      "height='100%' fill='#fff'/>\n<text x='{2:.0f}' y='22' font-size='13'>Squared magnitude retained, over "
      "unstructured "
      "pruning (estimated). Blue: mixed lengths by exchange rate; orange: one length; ring: this model</text>\n",
      width, height, kLeft);
  svg += panel(result, kLeft, "packed bytes / bytes of the kept weights", [](const CurvePoint& p) { return p.bytes; });
  svg += panel(result, second, "array cycles / array cycles with every multiplier busy",
               [](const CurvePoint& p) { return p.cycles; });
  return svg + "</svg>\n";
}

}  // namespace mixvec
