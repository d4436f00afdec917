// Costs of chains from the pattern alone, and an order in which threads and classes keep step.
#include "sim/chain_order.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace mixvec {
namespace {

std::vector<ChainCost> row_costs(const PrunedMatrix& matrix, const std::vector<Chain>& chains,
                                 const FormatConfig& format) {
  const RowLayout layout = lay_out_rows(matrix, format);
  const auto h = static_cast<std::size_t>(layout.classes);
  // Per strip: an input of it, its first class, its classes and its pieces.
  struct Part {
    std::uint32_t input;
    std::uint32_t first_class;
    std::uint32_t span;
    std::uint32_t pieces;
  };
  std::vector<Part> parts;
  for (const auto& section : layout.sections) {
    const UnitGeometry g = unit_geometry(Direction::kRow, section.entry.length, layout.classes, format);
    const auto across = static_cast<std::size_t>(g.classes / g.span);
    for (std::size_t s = 0; s < section.strips.size(); ++s) {
      parts.push_back({matrix.pattern.strips[section.strips[s]].index.front(),
                       static_cast<std::uint32_t>(s % across) * static_cast<std::uint32_t>(g.span),
                       static_cast<std::uint32_t>(g.span), static_cast<std::uint32_t>(g.pieces)});
    }
  }
  std::vector<ChainCost> costs;
  costs.reserve(chains.size());
  for (const Chain& chain : chains) {
    ChainCost cost{std::vector<std::uint32_t>(h, 0), 1};
    const std::uint8_t* mask = matrix.mask.data() + std::size_t{chain.strip} * matrix.in;
    for (const Part& part : parts) {
      if (mask[part.input] == 0) continue;
      for (std::uint32_t j = 0; j < part.span; ++j) cost.steps[part.first_class + j] += part.pieces;
    }
    costs.push_back(std::move(cost));
  }
  return costs;
}

std::vector<ChainCost> column_costs(const PrunedMatrix& matrix, const std::vector<Chain>& chains,
                                    const FormatConfig& format, std::span<const std::int32_t> in_order) {
  const auto lanes = static_cast<std::uint32_t>(format.vector_lanes);
  std::vector<std::uint32_t> position(matrix.in);
  for (std::size_t p = 0; p < in_order.size(); ++p) {
    if (in_order[p] != kNoInput) position.at(static_cast<std::size_t>(in_order[p])) = static_cast<std::uint32_t>(p);
  }
  std::vector<ChainCost> costs;
  costs.reserve(chains.size());
  for (const Chain& chain : chains) {
    const Strip& strip = matrix.pattern.strips[chain.strip];
    const int length = std::min(strip.length, max_column_strip(format));
    const auto h = static_cast<std::uint32_t>(classes_of(length, format));
    ChainCost cost{std::vector<std::uint32_t>(h, 0), length};
    const std::uint32_t pieces = (chain.count + lanes - 1) / lanes;
    const std::uint8_t* mask = matrix.mask.data() + std::size_t{strip.index[chain.first]} * matrix.in;
    for (std::size_t i = 0; i < matrix.in; ++i) {
      if (mask[i] != 0) cost.steps[position[i] & (h - 1)] += pieces;
    }
    costs.push_back(std::move(cost));
  }
  return costs;
}

/// Many chains: long and short ones in turn, the middling ones last. Very short chains in a row would wait for the
/// drain, and the last ones should not be long. Few chains stay longest first.
void fold(std::vector<std::size_t>& chains) {
  constexpr std::size_t kMany = 16;
  if (chains.size() < kMany) return;
  std::vector<std::size_t> folded;
  for (std::size_t i = 0, k = chains.size(); i < k;) {
    folded.push_back(chains[i++]);
    if (i < k) folded.push_back(chains[--k]);
  }
  chains = std::move(folded);
}

/// Cumulated steps of a thread by class.
struct Thread {
  std::vector<std::uint64_t> steps;

  /// When its first class wants another chain.
  [[nodiscard]] std::uint64_t free() const { return *std::min_element(steps.begin(), steps.end()); }
  /// How far the classes would stand apart with another chain.
  [[nodiscard]] std::uint64_t spread_with(const ChainCost& cost) const {
    std::uint64_t low = ~std::uint64_t{0};
    std::uint64_t high = 0;
    for (std::size_t j = 0; j < steps.size(); ++j) {
      const std::uint64_t sum = steps[j] + cost.steps[j];
      low = std::min(low, sum);
      high = std::max(high, sum);
    }
    return high - low;
  }
};

}  // namespace

std::uint32_t ChainCost::longest() const { return *std::max_element(steps.begin(), steps.end()); }

std::vector<ChainCost> chain_costs(const PrunedMatrix& matrix, const std::vector<Chain>& chains,
                                   const FormatConfig& format, std::span<const std::int32_t> in_order) {
  if (matrix.pattern.direction == Direction::kRow) return row_costs(matrix, chains, format);
  if (!in_order.empty()) return column_costs(matrix, chains, format, in_order);
  return column_costs(matrix, chains, format, identity_order(matrix.in, format));
}

std::vector<std::size_t> order_chains(const std::vector<Chain>& chains, const std::vector<ChainCost>& costs,
                                      const FormatConfig& format) {
  constexpr std::size_t kChoice = 24;  // chains that are about equally long
  std::vector<std::size_t> sorted(chains.size());
  std::iota(sorted.begin(), sorted.end(), std::size_t{0});
  const auto run_of = [&](std::size_t c) { return std::pair(costs[c].length, chains[c].count); };
  std::stable_sort(sorted.begin(), sorted.end(), [&](std::size_t a, std::size_t b) {
    return run_of(a) != run_of(b) ? run_of(a) > run_of(b) : costs[a].longest() > costs[b].longest();
  });
  std::vector<std::size_t> order;
  for (std::size_t begin = 0; begin < sorted.size();) {
    std::size_t end = begin;
    while (end < sorted.size() && run_of(sorted[end]) == run_of(sorted[begin])) ++end;
    std::vector<std::size_t> left(sorted.begin() + static_cast<std::ptrdiff_t>(begin),
                                  sorted.begin() + static_cast<std::ptrdiff_t>(end));
    if (left.size() >= 64) fold(left);
    const std::size_t classes = costs[left.front()].steps.size();
    const auto count = static_cast<std::size_t>(threads_of(chains[left.front()].count, format));
    std::vector<Thread> threads(count, Thread{std::vector<std::uint64_t>(classes, 0)});
    while (!left.empty()) {
      Thread& thread = *std::min_element(threads.begin(), threads.end(),
                                         [](const Thread& a, const Thread& b) { return a.free() < b.free(); });
      std::size_t best = 0;
      for (std::size_t i = 1; i < std::min(left.size(), kChoice) && classes > 1; ++i) {
        if (thread.spread_with(costs[left[i]]) < thread.spread_with(costs[left[best]])) best = i;
      }
      const std::size_t c = left[best];
      left.erase(left.begin() + static_cast<std::ptrdiff_t>(best));
      for (std::size_t j = 0; j < classes; ++j) thread.steps[j] += costs[c].steps[j];
      order.push_back(c);
    }
    begin = end;
  }
  return order;
}

}  // namespace mixvec
