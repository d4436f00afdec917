// Bisection over exchange rates.
#include "pruning/choice/budget.hpp"

#include <algorithm>
#include <cmath>

#include "golden/base/error.hpp"

namespace mixvec::inline pruning {

namespace {

constexpr double kLowestRate = 1e-4;
constexpr double kHighestRate = 100;
constexpr int kHalvings = 13;
constexpr int kFineHalvings = 20;

}  // namespace

BudgetSearch::BudgetSearch(const Chooser& chooser, std::vector<std::uint64_t> keep, Prices unit, double unstructured,
                           Rates base)
    : chooser_(chooser), keep_(std::move(keep)), unit_(unit), unstructured_(unstructured), base_(base) {}

SearchedChoice BudgetSearch::at(double exchange_bytes, double exchange_cycles) const {
  const Prices prices{exchange_bytes * unit_.per_bit, exchange_cycles * unit_.per_cycle};
  return {chooser_.choose(prices, keep_), exchange_bytes, exchange_cycles};
}

double BudgetSearch::relative_bytes(const Choice& choice) const {
  return choice.totals.bits / (16 * std::max(1.0, choice.totals.kept));
}

double BudgetSearch::relative_cycles(const Choice& choice) const {
  return choice.totals.cycles / chooser_.model().ideal_cycles(std::max(1.0, choice.totals.kept));
}

SearchedChoice BudgetSearch::meet_retained(double least) const {
  const auto retained = [&](const SearchedChoice& c) {
    return unstructured_ > 0 ? c.choice.totals.retained / unstructured_ : 1.0;
  };
  const auto scaled = [&](double factor) { return at(factor * base_.bytes, factor * base_.cycles); };
  SearchedChoice best = scaled(kLowestRate);
  if (retained(best) < least) {
    fail_input("--budget: retained: found {:.4f} as the most that this pattern reaches, expected {}", retained(best),
               least);
  }
  double low = std::log(kLowestRate);
  double high = std::log(kHighestRate);
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = 0.5 * (low + high);
    SearchedChoice choice = scaled(std::exp(middle));
    if (retained(choice) >= least) {
      low = middle;
      best = std::move(choice);
    } else {
      high = middle;
    }
  }
  return best;
}

SearchedChoice BudgetSearch::meet(const Budget& budget) const {
  if (budget.retained) return meet_retained(*budget.retained);
  double bytes_rate = 0;
  double cycles_rate = 0;
  SearchedChoice best = at(0, 0);
  // The least rate on one axis that meets its limit, the other axis standing still.
  const auto bisect = [&](const char* name, double limit, double& rate, const auto& found) {
    if (found(best.choice) <= limit) return;
    rate = kHighestRate;
    best = at(bytes_rate, cycles_rate);
    if (found(best.choice) > limit) {
      fail_input("--budget: {}: found {:.3f} as the least that this pattern reaches, expected {}", name,
                 found(best.choice), limit);
    }
    double low = std::log(kLowestRate);
    double high = std::log(kHighestRate);
    for (int i = 0; i < kHalvings; ++i) {
      const double middle = 0.5 * (low + high);
      rate = std::exp(middle);
      SearchedChoice choice = at(bytes_rate, cycles_rate);
      if (found(choice.choice) <= limit) {
        high = middle;
        best = std::move(choice);
      } else {
        low = middle;
      }
    }
    rate = std::exp(high);
  };
  // Prices on one axis mostly lower the other cost as well; two rounds settle both.
  constexpr int kRounds = 2;
  for (int round = 0; round < kRounds; ++round) {
    if (budget.cycles)
      bisect("cycles", *budget.cycles, cycles_rate, [&](const Choice& c) { return relative_cycles(c); });
    if (budget.bytes) bisect("bytes", *budget.bytes, bytes_rate, [&](const Choice& c) { return relative_bytes(c); });
  }
  return best;
}

Rates rates_at_margin(const Chooser& chooser, const std::vector<std::uint64_t>& keep, const Prices& unit,
                      const Rates& favour) {
  double wanted = 0;
  for (const std::uint64_t k : keep) wanted += static_cast<double>(k);
  const double whole = favour.bytes + favour.cycles;
  const auto scaled = [&](double factor) {
    return Rates{factor * favour.bytes / whole, factor * favour.cycles / whole};
  };
  double low = std::log(kLowestRate);
  double high = std::log(kHighestRate);
  for (int i = 0; i < kFineHalvings; ++i) {
    const double middle = 0.5 * (low + high);
    const Rates rates = scaled(std::exp(middle));
    const Prices prices{rates.bytes * unit.per_bit, rates.cycles * unit.per_cycle};
    (chooser.kept_above(prices, 0) < wanted ? high : low) = middle;
  }
  return {std::exp(low) * favour.bytes, std::exp(low) * favour.cycles};
}

std::vector<CurvePoint> trade_off(const Chooser& chooser, const std::vector<std::uint64_t>& keep, const Prices& unit,
                                  double unstructured, const Rates& base) {
  std::vector<CurvePoint> curve;
  const auto add = [&](std::string label, double factor, unsigned lengths, bool fixed) {
    CurvePoint point;
    point.label = std::move(label);
    point.fixed = fixed;
    point.exchange_bytes = factor * base.bytes;
    point.exchange_cycles = factor * base.cycles;
    const Prices prices{point.exchange_bytes * unit.per_bit, point.exchange_cycles * unit.per_cycle};
    const Choice choice = chooser.choose(prices, keep, lengths);
    const double kept = std::max(1.0, choice.totals.kept);
    point.retained = unstructured > 0 ? choice.totals.retained / unstructured : 1.0;
    point.bytes = choice.totals.bits / (16 * kept);
    point.cycles = choice.totals.cycles / chooser.model().ideal_cycles(kept);
    point.mean_length = choice.totals.mean_length();
    curve.push_back(std::move(point));
  };
  for (const double factor : {0.0, 0.25, 0.4, 0.6, 0.8, 1.0, 1.25, 1.6, 2.0, 3.0, 5.0}) {
    add(fmt::format("x{}", factor), factor, chooser.lengths(), false);
  }
  // Here the rates decide only between row and column.
  for (int l = 0; (chooser.lengths() >> l) != 0; ++l) {
    if ((chooser.lengths() >> l & 1U) != 0) add(fmt::format("only {}", 1 << l), 1.0, 1U << l, true);
  }
  return curve;
}

}  // namespace mixvec::inline pruning
