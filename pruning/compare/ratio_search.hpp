// Searches the pruned share at which a model costs just less than it may.
#pragma once

#include <functional>
#include <optional>
#include <vector>

namespace mixvec::inline pruning {

/// What a model costs at some ratio.
struct CostPoint {
  double ratio = 0;
  double cost = 0;
};

/// A cost that falls as the ratio grows, nearly in a straight line, as far as it was measured. It may be ragged: some
/// greater ratio may cost a little more.
class CostCurve {
 public:
  void add(CostPoint point) { points_.push_back(point); }
  [[nodiscard]] bool has(double ratio) const;

  /// The most expensive point that costs no more than the limit.
  [[nodiscard]] std::optional<CostPoint> below(double limit) const;
  /// The cheapest point that costs more.
  [[nodiscard]] std::optional<CostPoint> above(double limit) const;
  /// The point whose cost is nearest.
  [[nodiscard]] std::optional<CostPoint> nearest(double cost) const;
  /// Where the line through the points around a cost has it, or through the two nearest ones; a single point makes a
  /// line with nothing kept at no cost. In steps of 0.00001, 0 to 1. Needs a point.
  [[nodiscard]] double ratio_at(double cost) const;
  /// The cost at a ratio, likewise.
  [[nodiscard]] double cost_at(double ratio) const;

 private:
  std::vector<CostPoint> points_;
};

/// Finds ratios for limits. What was measured for one limit serves the next.
class RatioSearch {
 public:
  using Cost = std::function<double(double ratio)>;
  /// By how much of its limit a model may lie below it.
  static constexpr double kNearEnough = 0.002;

  /// `exact` is what counts, and may be slow; `rough` is quick, and about proportional to it. `whole`: about what a
  /// model costs of which nothing is pruned.
  RatioSearch(Cost exact, Cost rough, double whole)
      : exact_cost_(std::move(exact)), rough_cost_(std::move(rough)), whole_(whole) {}

  /// The point nearest below the limit, and near enough unless the cost is ragged; none: nothing was found that costs
  /// so little. Throws what the costs throw.
  std::optional<CostPoint> find(double limit);

  /// The least cost that was measured.
  [[nodiscard]] double least() const;

 private:
  double propose(double limit, int row);
  Cost exact_cost_;
  Cost rough_cost_;
  double whole_;
  CostCurve exact_;
  CostCurve rough_;
};

}  // namespace mixvec::inline pruning
