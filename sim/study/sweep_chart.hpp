// Pictures of a sweep: cycles against area with the Pareto front, and what zero activations save.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sim/study/sweep_report.hpp"

namespace mixvec::inline sim {

/// Cost and cycles of a configuration.
struct Trade {
  double cost = 0;
  double cycles = 0;
};

/// The indices of those that no other one beats in one without being worse in the other, by cost; of equal ones the
/// first.
std::vector<std::size_t> pareto_front(std::span<const Trade> trades);

/// Cycles against multipliers and against storage bits, as an SVG; the skipped points are not there.
std::string pareto_svg(std::span<const SweepPoint> points, const SweepConditions& conditions);

/// Cycles and bytes relative to density 1, and what independent zeros let expect, as an SVG.
std::string density_svg(const SweepPoint& point, const SweepConditions& conditions);

}  // namespace mixvec::inline sim
