// Draws charts.
#include "golden/cli/svg_chart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "golden/base/svg.hpp"

namespace mixvec::inline golden {
namespace {

constexpr double kPanelWidth = 430;
constexpr double kPanelHeight = 320;
constexpr double kLeft = 72;
constexpr double kRight = 24;
constexpr double kLegendLine = 17;
constexpr double kBottom = 52;
constexpr std::array<const char*, 7> kColours = {"#1a5fb4", "#c64600", "#26a269", "#813d9c",
                                                 "#986a44", "#5e5c64", "#e01b70"};

/// "65.5k"
std::string short_number(double value) {
  constexpr std::array<std::pair<double, const char*>, 4> kUnits = {{{1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}}};
  for (const auto& [factor, unit] : kUnits) {
    if (value >= factor) return fmt::format("{:.4g}{}", value / factor, unit);
  }
  return fmt::format("{:.3g}", value);
}

/// A mark of the series of this number. Five shapes and seven colours, so that no two of 35 series have both in common.
std::string mark_svg(double x, double y, std::size_t number, bool shaped, const std::string& title) {
  const char* const colour = kColours[number % kColours.size()];
  const auto path = [&](const char* corners) {
    return fmt::format("<path transform='translate({:.1f} {:.1f})' d='{}' fill='{}'><title>{}</title></path>\n", x, y,
                       corners, colour, escape_xml(title));
  };
  switch (shaped ? number % 5 : 0) {
    case 1:
      return path("M-3.6 -3.6h7.2v7.2h-7.2z");
    case 2:
      return path("M0 -4.8L4.4 3.4H-4.4z");
    case 3:
      return path("M0 -5L5 0L0 5L-5 0z");
    case 4:
      return path("M-4.6 -2.6L-2.6 -4.6L0 -2L2.6 -4.6L4.6 -2.6L2 0L4.6 2.6L2.6 4.6L0 2L-2.6 4.6L-4.6 2.6L-2 0z");
    default:
      return fmt::format("<circle cx='{:.1f}' cy='{:.1f}' r='3.5' fill='{}'><title>{}</title></circle>\n", x, y, colour,
                         escape_xml(title));
  }
}

/// Where values lie on an axis, and its ticks.
class Scale {
 public:
  Scale(const ChartPanel& panel, double ChartPoint::*value, bool from_zero) {
    for (const ChartSeries& series : panel.series) {
      for (const ChartPoint& point : series.points) {
        low_ = std::min(low_, point.*value);
        high_ = std::max(high_, point.*value);
      }
    }
    if (low_ > high_) low_ = high_ = 0;
    logarithmic_ = !from_zero && low_ > 0 && high_ > 5 * low_;
    if (from_zero) low_ = std::min(low_, 0.0);
    logarithmic_ ? round_logarithmic() : round_linear();
  }

  /// 0…1
  [[nodiscard]] double place(double v) const {
    return logarithmic_ ? std::log(v / low_) / std::log(high_ / low_) : (v - low_) / (high_ - low_);
  }
  [[nodiscard]] const std::vector<double>& ticks() const { return ticks_; }

 private:
  void round_logarithmic() {
    // Ends on 1, 2 or 5 times a power of ten, with a little room.
    const double from = low_ / 1.15;
    const double to = high_ * 1.15;
    std::vector<double> all;
    for (double power = std::pow(10.0, std::floor(std::log10(from))); power <= to * 10; power *= 10) {
      for (const double digit : {1.0, 2.0, 5.0}) all.push_back(digit * power);
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (i + 1 < all.size() && all[i + 1] <= from) continue;
      ticks_.push_back(all[i]);
      if (all[i] >= to) break;
    }
    low_ = ticks_.front();
    high_ = ticks_.back();
  }

  void round_linear() {
    const double span = high_ > low_ ? high_ - low_ : std::max(std::abs(high_), 1.0);
    double tick = std::pow(10.0, std::floor(std::log10(span / 2)));
    if (span / tick > 10) tick *= 2;
    if (span / tick > 8) tick *= 2.5;
    const double first = std::floor(low_ / tick + 1e-9);
    const double last = std::max(first + 1, std::ceil(high_ / tick - 1e-9));
    for (double i = first; i <= last; ++i) ticks_.push_back(i * tick);
    low_ = ticks_.front();
    high_ = ticks_.back();
  }

  double low_ = std::numeric_limits<double>::infinity();
  double high_ = -std::numeric_limits<double>::infinity();
  bool logarithmic_ = false;
  std::vector<double> ticks_;
};

struct Box {
  double left;
  double top;
  double right;
  double bottom;
  [[nodiscard]] bool meets(const Box& o) const {
    return left < o.right && o.left < right && top < o.bottom && o.top < bottom;
  }
};

/// Puts labels where they cover neither marks nor one another.
class Labels {
 public:
  explicit Labels(Box panel) : panel_(panel) {}
  void add_mark(double x, double y) { taken_.push_back({x - 4, y - 4, x + 4, y + 4}); }

  /// The label of a mark as SVG; empty where there is no room.
  std::string place(double x, double y, const std::string& text, std::size_t colour) {
    const double width = 6.0 * static_cast<double>(text.size());
    constexpr double kHeight = 10;
    for (const auto& [left, base] :
         {std::pair(x + 6, y - 3), std::pair(x + 6, y + 12), std::pair(x - 6 - width, y - 3),
          std::pair(x - 6 - width, y + 12), std::pair(x - width / 2, y - 9), std::pair(x - width / 2, y + 18)}) {
      const Box box{left, base - kHeight, left + width, base + 2};
      const bool inside = box.left >= panel_.left && box.right <= panel_.right + kRight - 2 && box.top >= panel_.top &&
                          box.bottom <= panel_.bottom;
      if (!inside || std::any_of(taken_.begin(), taken_.end(), [&](const Box& b) { return b.meets(box); })) continue;
      taken_.push_back(box);
      return fmt::format("<text x='{:.1f}' y='{:.1f}' fill='{}' font-size='10'>{}</text>\n", left, base,
                         kColours[colour], escape_xml(text));
    }
    return {};
  }

 private:
  Box panel_;
  std::vector<Box> taken_;
};

std::string draw_panel(const ChartPanel& panel, double left, double top, const std::vector<std::string>& names) {
  const Scale xs(panel, &ChartPoint::x, panel.x.from_zero);
  const Scale ys(panel, &ChartPoint::y, panel.y.from_zero);
  const double bottom = top + kPanelHeight;
  const auto x = [&](double v) { return left + xs.place(v) * kPanelWidth; };
  const auto y = [&](double v) { return top + (1 - ys.place(v)) * kPanelHeight; };
  std::string svg;
  for (const double v : xs.ticks()) {
    svg += fmt::format(
        "<path class='grid' d='M{0:.1f} {1:.1f}V{2:.1f}'/><text x='{0:.1f}' y='{3:.1f}' "
        "text-anchor='middle'>{4}</text>\n",
        x(v), top, bottom, bottom + 16, short_number(v));
  }
  for (const double v : ys.ticks()) {
    svg += fmt::format(
        "<path class='grid' d='M{0:.1f} {1:.1f}H{2:.1f}'/><text x='{3:.1f}' y='{4:.1f}' "
        "text-anchor='end'>{5}</text>\n",
        left, y(v), left + kPanelWidth, left - 6, y(v) + 4, short_number(v));
  }
  svg += fmt::format(
      "<text x='{:.1f}' y='{:.1f}' text-anchor='middle'>{}</text>\n<text transform='translate({:.1f} {:.1f}) "
      "rotate(-90)' text-anchor='middle'>{}</text>\n",
      left + kPanelWidth / 2, bottom + 38, escape_xml(panel.x.title), left - 54, top + kPanelHeight / 2,
      escape_xml(panel.y.title));
  Labels labels({left, top, left + kPanelWidth, bottom});
  for (const ChartSeries& series : panel.series) {
    for (const ChartPoint& point : series.points) {
      if (series.marks) labels.add_mark(x(point.x), y(point.y));
    }
  }
  std::string all_marks;
  for (const ChartSeries& series : panel.series) {
    const auto found = std::find(names.begin(), names.end(), series.name);
    const auto number = static_cast<std::size_t>(found - names.begin());
    const std::size_t colour = number % kColours.size();
    std::string line;
    std::string marks;
    for (const ChartPoint& point : series.points) {
      const double px = x(point.x);
      const double py = y(point.y);
      line += fmt::format("{}{:.1f} {:.1f}", line.empty() ? "M" : "L", px, py);
      if (!series.marks) continue;
      marks += mark_svg(px, py, number, series.shaped, fmt::format("{} ({}, {})", point.label, point.x, point.y));
      if (!point.label.empty()) marks += labels.place(px, py, point.label, colour);
    }
    // The first series lies on top, and its labels take their places first.
    all_marks.insert(0, marks);
    if (series.line && series.points.size() > 1) {
      svg += fmt::format("<path class='line' stroke='{}'{} d='{}'/>\n", kColours[colour],
                         series.dashed ? " stroke-dasharray='5 3'" : "", line);
    }
  }
  return svg + all_marks;
}

/// The names of all series, and how far down their legend reaches.
struct Legend {
  std::vector<std::string> names;
  std::string svg;
  double bottom = 0;
};

Legend draw_legend(std::span<const ChartPanel> panels, double width) {
  constexpr double kFirst = 16;
  Legend legend;
  double at = kFirst;
  double y = 60;
  for (const ChartPanel& panel : panels) {
    for (const ChartSeries& series : panel.series) {
      if (std::find(legend.names.begin(), legend.names.end(), series.name) != legend.names.end()) continue;
      const std::size_t number = legend.names.size();
      legend.names.push_back(series.name);
      if (series.name.empty()) continue;
      const double wide = 40 + 5.6 * static_cast<double>(series.name.size());
      if (at > kFirst && at + wide > width) {
        at = kFirst;
        y += kLegendLine;
      }
      legend.svg +=
          fmt::format("<path class='line' stroke='{}'{} d='M{:.1f} {}h18'/><text x='{:.1f}' y='{}'>{}</text>\n",
                      kColours[number % kColours.size()], series.dashed ? " stroke-dasharray='5 3'" : "", at, y,
                      at + 24, y + 4, escape_xml(series.name));
      if (series.shaped) legend.svg += mark_svg(at + 9, y, number, true, series.name);
      at += wide;
    }
  }
  legend.bottom = y + 24;
  return legend;
}

}  // namespace

std::string chart_svg(const std::string& title, const std::string& subtitle, std::span<const ChartPanel> panels) {
  const double pitch = kLeft + kPanelWidth + kRight;
  const double width = pitch * static_cast<double>(std::max<std::size_t>(1, panels.size()));
  const Legend legend = draw_legend(panels, width);
  std::string svg = begin_svg(width, legend.bottom + kPanelHeight + kBottom, 11);
  svg += fmt::format(
      "<style>.grid{{stroke:#ddd}}.line{{fill:none;stroke-width:1.5}}</style>\n<text x='16' y='24' font-size='15'>{}"
      "</text>\n<text x='16' y='42'>{}</text>\n",
      escape_xml(title), escape_xml(subtitle));
  svg += legend.svg;
  for (std::size_t p = 0; p < panels.size(); ++p) {
    svg += draw_panel(panels[p], kLeft + pitch * static_cast<double>(p), legend.bottom, legend.names);
  }
  return svg + "</svg>\n";
}

}  // namespace mixvec::inline golden
