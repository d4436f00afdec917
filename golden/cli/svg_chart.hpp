// Charts as SVG files: panels side by side with axes, lines, marks and labels.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace mixvec::inline golden {

struct ChartPoint {
  double x = 0;
  double y = 0;
  std::string label;  ///< stands beside the point where there is room, and in its tooltip
};

/// Points of one colour.
struct ChartSeries {
  std::string name;  ///< in the legend; empty: not there
  std::vector<ChartPoint> points;
  bool line = true;  ///< joined in their order
  bool dashed = false;
  bool marks = true;
  bool shaped = false;  ///< marks have a shape of their own, too, which the legend shows: for many series
};

struct ChartAxis {
  std::string title;  ///< with the unit
  bool from_zero = false;
};

/// An axis whose values are all positive and lie more than a factor of five apart is logarithmic.
struct ChartPanel {
  ChartAxis x;
  ChartAxis y;
  std::vector<ChartSeries> series;  ///< the same names in all panels have the same colours
};

/// A whole SVG file. Any text may be given: it is escaped. Panels without points are drawn empty.
std::string chart_svg(const std::string& title, const std::string& subtitle, std::span<const ChartPanel> panels);

}  // namespace mixvec::inline golden
