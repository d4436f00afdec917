// Draws the pictures of a sweep.
#include "sim/study/sweep_chart.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

#include "golden/cli/svg_chart.hpp"

namespace mixvec::inline sim {
namespace {

std::string conditions_text(const SweepConditions& conditions, const SweepPoint& point) {
  const bool port_swept =
      std::any_of(point.settings.begin(), point.settings.end(), [](const Setting& s) { return s.name == "port_bits"; });
  return fmt::format("T = {}, {}, {}, {}; memory latency {} cycles, activations preloaded", conditions.tokens,
                     port_swept ? "port swept" : fmt::format("{}-bit port", point.accel->port_bits),
                     conditions.matrices,
                     conditions.arch == "dense" ? "the same array, dense" : fmt::format("lengths {}", point.lengths()),
                     Stalls{}.latency);
}

ChartPanel pareto_panel(const std::vector<const SweepPoint*>& points, const std::vector<double>& costs,
                        const char* title) {
  std::vector<Trade> trades;
  for (std::size_t i = 0; i < points.size(); ++i) {
    trades.push_back({costs[i], static_cast<double>(points[i]->total().cycles)});
  }
  const std::vector<std::size_t> front = pareto_front(trades);
  ChartSeries best{"Pareto front", {}, true, false, true};
  ChartSeries others{"other configurations", {}, false, false, true};
  for (const std::size_t i : front) best.points.push_back({trades[i].cost, trades[i].cycles, points[i]->label()});
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (std::find(front.begin(), front.end(), i) == front.end()) {
      others.points.push_back({trades[i].cost, trades[i].cycles, points[i]->label()});
    }
  }
  return {{title, false}, {"cycles", false}, {best, others}};
}

}  // namespace

std::vector<std::size_t> pareto_front(std::span<const Trade> trades) {
  std::vector<std::size_t> order(trades.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return trades[a].cost != trades[b].cost ? trades[a].cost < trades[b].cost : trades[a].cycles < trades[b].cycles;
  });
  std::vector<std::size_t> front;
  for (const std::size_t i : order) {
    if (front.empty() || trades[i].cycles < trades[front.back()].cycles) front.push_back(i);
  }
  return front;
}

std::string pareto_svg(std::span<const SweepPoint> points, const SweepConditions& conditions) {
  std::vector<const SweepPoint*> run;
  std::vector<double> multipliers;
  std::vector<double> bits;
  for (const SweepPoint& point : points) {
    if (!point.skipped.empty()) continue;
    const AreaProxies area = area_of(*point.accel);
    run.push_back(&point);
    multipliers.push_back(static_cast<double>(area.multipliers));
    bits.push_back(static_cast<double>(area.storage_bits()));
  }
  if (run.empty()) return chart_svg("No configuration was run", conditions.matrices, {});
  std::string text = conditions_text(conditions, *run.front());
  const bool alike =
      std::all_of(run.begin(), run.end(), [&](const SweepPoint* p) { return p->lengths() == run.front()->lengths(); });
  if (!alike) text.replace(text.find("lengths "), 8 + run.front()->lengths().size(), "lengths by configuration");
  const ChartPanel panels[] = {pareto_panel(run, multipliers, "multipliers (P·L)"),
                               pareto_panel(run, bits, "storage: accumulators, activation memory, queues (bits)")};
  return chart_svg(fmt::format("Cycles against area: {} configurations", run.size()), text, panels);
}

std::string density_svg(const SweepPoint& point, const SweepConditions& conditions) {
  const Zeros zeros = conditions.activations.back().zeros;
  const auto lane_group = static_cast<std::size_t>(point.accel->token_lanes());
  const std::size_t decision = decision_tokens(*point.accel, conditions.tokens);
  ChartPanel costs{
      {"density D of the activations (share that is not zero)", true}, {"relative to density 1", true}, {}};
  ChartPanel steps{costs.x, {"steps issued, relative to density 1", true}, {}};
  costs.series = {{"cycles", {}, true, false, true}, {"bytes fetched", {}, true, false, true}};
  const std::pair<Direction, const char*> directions[] = {{Direction::kRow, "row steps"},
                                                          {Direction::kColumn, "column steps"}};
  std::vector<std::size_t> order(conditions.activations.size() - 1);
  std::iota(order.begin(), order.end(), std::size_t{1});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return conditions.activations[a].density < conditions.activations[b].density;
  });
  const MachineRun full = point.total();
  for (const std::size_t a : order) {
    const MachineRun run = point.total(a);
    const double density = conditions.activations[a].density;
    const auto relative = [](std::uint64_t part, std::uint64_t whole) {
      return static_cast<double>(part) / static_cast<double>(whole);
    };
    costs.series[0].points.push_back({density, relative(run.cycles, full.cycles), {}});
    costs.series[1].points.push_back({density, relative(run.moved_bytes, full.moved_bytes), {}});
  }
  for (const auto& [direction, name] : directions) {
    if (std::none_of(point.matrices.begin(), point.matrices.end(),
                     [d = direction](const MatrixResult& m) { return m.direction == d; })) {
      continue;
    }
    ChartSeries& series = steps.series.emplace_back(ChartSeries{name, {}, true, false, true});
    for (const std::size_t a : order) {
      series.points.push_back({conditions.activations[a].density, issued_share(point, direction, a), {}});
    }
  }
  const auto theory = [](const std::string& name, const std::function<double(double)>& share) {
    ChartSeries series{name, {}, true, true, false};
    for (int i = 0; i <= 100; ++i) series.points.push_back({i / 100.0, share(i / 100.0), {}});
    return series;
  };
  const auto decided = [&](double density) { return expected_nonzero({density, zeros, 0}, decision); };
  const auto inputs = static_cast<std::size_t>(point.accel->vector_lanes);
  std::vector<ChartSeries> expected;
  if (zeros == Zeros::kScattered && lane_group != decision) {
    expected.push_back(theory(fmt::format("1-(1-D)^{}, a lane group", lane_group),
                              [&](double density) { return any_of(density, lane_group); }));
  }
  expected.push_back(theory(
      zeros == Zeros::kStructured ? "p = D, a column step" : fmt::format("p = 1-(1-D)^{}, a column step", decision),
      decided));
  expected.push_back(theory(fmt::format("1-(1-p)^{}, a row step", inputs),
                            [&](double density) { return any_of(decided(density), inputs); }));
  for (ChartPanel* panel : {&costs, &steps}) {
    panel->series.insert(panel->series.end(), expected.begin(), expected.end());
  }
  const ChartPanel panels[] = {costs, steps};
  return chart_svg(fmt::format("What {} zeros save", name_of(zeros)), conditions_text(conditions, point), panels);
}

}  // namespace mixvec::inline sim
