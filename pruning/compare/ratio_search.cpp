// Straight lines through measured points, steered by a quick estimate of the cost.
#include "pruning/compare/ratio_search.hpp"

#include <algorithm>
#include <cmath>

namespace mixvec::inline pruning {

namespace {

constexpr int kMostExact = 8;  // prunings for one limit
constexpr int kMostRough = 6;
// In whole steps, so that a ratio can be typed again.
constexpr double kSteps = 1e5;
constexpr double kStep = 1 / kSteps;

double to_step(double ratio) { return std::clamp(std::round(ratio * kSteps) / kSteps, 0.0, 1.0); }

// Where in it a model is aimed at: the line is not exact.
double target_of(double limit) { return (1 - RatioSearch::kNearEnough / 3) * limit; }

bool near_enough(const std::optional<CostPoint>& point, double limit) {
  return point && (point->cost >= (1 - RatioSearch::kNearEnough) * limit || point->ratio <= 0);
}

template <typename Better>
std::optional<CostPoint> best_of(const std::vector<CostPoint>& points, const Better& better) {
  std::optional<CostPoint> best;
  for (const CostPoint& p : points) {
    if (!best || better(p, *best)) best = p;
  }
  return best;
}

}  // namespace

bool CostCurve::has(double ratio) const {
  return std::any_of(points_.begin(), points_.end(),
                     [&](const CostPoint& p) { return std::abs(p.ratio - ratio) < kStep / 2; });
}

std::optional<CostPoint> CostCurve::below(double limit) const {
  const auto best = best_of(points_, [&](const CostPoint& a, const CostPoint& b) {
    return (a.cost <= limit && b.cost > limit) || (a.cost <= limit && a.cost > b.cost);
  });
  return best && best->cost <= limit ? best : std::nullopt;
}

std::optional<CostPoint> CostCurve::above(double limit) const {
  const auto best = best_of(points_, [&](const CostPoint& a, const CostPoint& b) {
    return (a.cost > limit && b.cost <= limit) || (a.cost > limit && a.cost < b.cost);
  });
  return best && best->cost > limit ? best : std::nullopt;
}

std::optional<CostPoint> CostCurve::nearest(double cost) const {
  return best_of(points_, [&](const CostPoint& a, const CostPoint& b) {
    return std::abs(a.cost - cost) < std::abs(b.cost - cost);
  });
}

double CostCurve::ratio_at(double cost) const {
  const std::optional<CostPoint> low = below(cost);
  const std::optional<CostPoint> high = above(cost);
  const CostPoint near = *nearest(cost);
  const auto proportional = [&] { return to_step(1 - (1 - near.ratio) * cost / near.cost); };
  if (points_.size() < 2) return proportional();
  CostPoint a = near;
  CostPoint b;
  if (low && high) {
    a = *low;
    b = *high;
  } else {
    CostCurve others;
    for (const CostPoint& p : points_) {
      if (p.ratio != near.ratio) others.add(p);
    }
    const std::optional<CostPoint> second = others.nearest(cost);
    if (!second) return proportional();
    b = *second;
  }
  const double slope = (b.cost - a.cost) / (b.ratio - a.ratio);
  // Ragged: a line that rises says nothing.
  if (!(slope < 0)) return low && high ? to_step((a.ratio + b.ratio) / 2) : proportional();
  return to_step(a.ratio + (cost - a.cost) / slope);
}

double CostCurve::cost_at(double ratio) const {
  std::vector<CostPoint> near = points_;
  std::stable_sort(near.begin(), near.end(), [&](const CostPoint& a, const CostPoint& b) {
    return std::abs(a.ratio - ratio) < std::abs(b.ratio - ratio);
  });
  if (near.size() < 2 || near[0].ratio == near[1].ratio) {
    return near[0].ratio < 1 ? near[0].cost * (1 - ratio) / (1 - near[0].ratio) : near[0].cost;
  }
  const double slope = (near[1].cost - near[0].cost) / (near[1].ratio - near[0].ratio);
  return near[0].cost + slope * (ratio - near[0].ratio);
}

double RatioSearch::propose(double limit, int row) {
  const double target = target_of(limit);
  const std::optional<CostPoint> low = exact_.below(limit);
  const std::optional<CostPoint> high = exact_.above(limit);
  if (low && high) {
    if (std::abs(row) < 2 || low->ratio <= high->ratio) return exact_.ratio_at(target);
    // Points that all fall on one side of a bent curve come near slowly: the other end counts for half (Dowell 1971).
    const double short_of = std::ldexp(low->cost - target, row > 0 ? 1 - row : 0);
    const double beyond = std::ldexp(high->cost - target, row < 0 ? 1 + row : 0);
    return to_step(low->ratio + (high->ratio - low->ratio) * short_of / (short_of - beyond));
  }
  // Nothing on one side yet: the quick cost, in the measure of the exact one.
  double measure = 1;
  if (const std::optional<CostPoint> near = exact_.nearest(limit)) {
    const double rough = rough_.cost_at(near->ratio);
    if (rough > 0 && near->cost > 0) measure = near->cost / rough;
  }
  const double wanted = target / measure;
  for (int i = 0; i < kMostRough && !near_enough(rough_.below(wanted), wanted); ++i) {
    const double ratio = rough_.nearest(wanted) ? rough_.ratio_at(target_of(wanted)) : to_step(1 - wanted / whole_);
    if (rough_.has(ratio)) break;
    rough_.add({ratio, rough_cost_(ratio)});
  }
  return rough_.ratio_at(wanted);
}

std::optional<CostPoint> RatioSearch::find(double limit) {
  int in_vain = 0;
  int row = 0;  // points in a row that cost too much; negative: that did not
  for (int i = 0; i < kMostExact && !near_enough(exact_.below(limit), limit); ++i) {
    const std::optional<CostPoint> low = exact_.below(limit);
    double ratio = propose(limit, row);
    if (exact_.has(ratio)) {
      // Ragged: halfway between what costs too much and what does not.
      const std::optional<CostPoint> high = exact_.above(limit);
      ratio = to_step(((low ? low->ratio : 1) + (high ? high->ratio : 0)) / 2);
      if (exact_.has(ratio)) break;
    }
    const double cost = exact_cost_(ratio);
    exact_.add({ratio, cost});
    row = cost > limit ? std::max(row, 0) + 1 : std::min(row, 0) - 1;
    // Ragged, and not far off: it will hardly get better.
    constexpr double kFairlyNear = 0.01;
    constexpr int kMostInVain = 3;
    const bool fairly_near = low && low->cost >= (1 - kFairlyNear) * limit;
    if (fairly_near && exact_.below(limit)->cost <= low->cost && ++in_vain == kMostInVain) break;
  }
  return exact_.below(limit);
}

double RatioSearch::least() const {
  const std::optional<CostPoint> point = exact_.nearest(0);
  return point ? point->cost : whole_;
}

}  // namespace mixvec::inline pruning
