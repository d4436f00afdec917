// Finds the prices that meet a budget, and walks along the trade-off between importance and cost.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pruning/choice/choose.hpp"

namespace mixvec::inline pruning {

/// Upper limits (cycles, bytes) or a lower one (retained); cycles and bytes may stand together.
struct Budget {
  std::optional<double> cycles;    ///< array cycles ÷ cycles with every multiplier busy on kept weights
  std::optional<double> bytes;     ///< packed bytes ÷ bytes of the kept weights
  std::optional<double> retained;  ///< importance kept ÷ what unstructured pruning keeps
  [[nodiscard]] bool any() const { return cycles || bytes || retained; }
};

/// One point of the trade-off between importance and cost, by the tables.
struct CurvePoint {
  std::string label;
  double exchange_bytes = 0;
  double exchange_cycles = 0;
  double retained = 0;  ///< relative to unstructured
  double bytes = 0;     ///< relative to the kept weights' own
  double cycles = 0;    ///< relative to all multipliers busy
  double mean_length = 0;
  bool fixed = false;  ///< a single length instead of mixed ones
};

/// Exchange rates of bytes and cycles.
struct Rates {
  double bytes = 0;
  double cycles = 0;
};

/// A choice and the exchange rates behind its prices.
struct SearchedChoice {
  Choice choice;
  double exchange_bytes = 0;
  double exchange_cycles = 0;
};

/// Searches over exchange rates. `unit` holds the prices at an exchange rate of 1; `unstructured` is the importance
/// that unstructured pruning keeps; a search along one line scales the `base` rates.
class BudgetSearch {
 public:
  BudgetSearch(const Chooser& chooser, std::vector<std::uint64_t> keep, Prices unit, double unstructured, Rates base);

  [[nodiscard]] SearchedChoice at(double exchange_bytes, double exchange_cycles) const;
  /// Most importance within limits on bytes and cycles, or the least cost that retains enough. Throws InputError with
  /// what can be reached if the budget cannot be met.
  [[nodiscard]] SearchedChoice meet(const Budget& budget) const;

 private:
  [[nodiscard]] SearchedChoice meet_retained(double least) const;
  [[nodiscard]] double relative_bytes(const Choice& choice) const;
  [[nodiscard]] double relative_cycles(const Choice& choice) const;
  const Chooser& chooser_;
  std::vector<std::uint64_t> keep_;
  Prices unit_;
  double unstructured_;
  Rates base_;
};

/// Rates of `favour`, in shares of the price at which the wanted number of weights is what pays it: shares that add up
/// to 1 make the last vector kept worth what it costs, so that no other ratio would buy more importance for the same
/// bytes and cycles. Where even a high price leaves too many weights, or a low one too few, that price.
Rates rates_at_margin(const Chooser& chooser, const std::vector<std::uint64_t>& keep, const Prices& unit,
                      const Rates& favour);

/// Points of mixed lengths at multiples of the base rates, then one point for each single length.
std::vector<CurvePoint> trade_off(const Chooser& chooser, const std::vector<std::uint64_t>& keep, const Prices& unit,
                                  double unstructured, const Rates& base);

}  // namespace mixvec::inline pruning
