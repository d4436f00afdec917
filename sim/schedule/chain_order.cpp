// Costs of chains from the pattern alone, and an order in which threads and classes keep step.
#include "sim/schedule/chain_order.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

#include "golden/format/packed_layout.hpp"

namespace mixvec::inline sim {
namespace {

constexpr std::size_t kFewChains = 8;  // the last of a run: they are dealt to the threads such that these end together

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
struct ThreadLoad {
  std::vector<std::uint64_t> steps;

  /// When its first class wants another chain.
  [[nodiscard]] std::uint64_t free() const { return *std::min_element(steps.begin(), steps.end()); }
  /// When its last class has done all it has.
  [[nodiscard]] std::uint64_t full() const { return *std::max_element(steps.begin(), steps.end()); }
  void add(const ChainCost& cost) {
    for (std::size_t j = 0; j < steps.size(); ++j) steps[j] += cost.steps[j];
  }
  /// full() with one chain more and, if given, another less.
  [[nodiscard]] std::uint64_t full_with(const ChainCost& more, const ChainCost* less = nullptr) const {
    std::uint64_t most = 0;
    for (std::size_t j = 0; j < steps.size(); ++j) {
      most = std::max(most, steps[j] + more.steps[j] - (less != nullptr ? less->steps[j] : 0));
    }
    return most;
  }
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

using Deal = std::vector<std::vector<std::size_t>>;  ///< chains by thread

/// Exchanges a chain of the fullest thread for one of another thread, or for none, as long as that lowers it.
void even_out(Deal& deal, std::vector<ThreadLoad>& loads, const std::vector<ChainCost>& costs) {
  const ChainCost nothing{std::vector<std::uint32_t>(loads.front().steps.size(), 0), 1};
  for (int round = 0; round < 32; ++round) {
    std::size_t full = 0;
    for (std::size_t t = 1; t < loads.size(); ++t) {
      if (loads[t].full() > loads[full].full()) full = t;
    }
    std::uint64_t best = loads[full].full();
    std::size_t best_i = 0;
    std::size_t best_t = full;
    std::size_t best_k = 0;
    for (std::size_t t = 0; t < loads.size(); ++t) {
      if (t == full) continue;
      for (std::size_t i = 0; i < deal[full].size(); ++i) {
        const ChainCost& a = costs[deal[full][i]];
        for (std::size_t k = 0; k <= deal[t].size(); ++k) {
          const ChainCost& b = k < deal[t].size() ? costs[deal[t][k]] : nothing;
          const std::uint64_t most = std::max(loads[full].full_with(b, &a), loads[t].full_with(a, &b));
          if (most < best) std::tie(best, best_i, best_t, best_k) = std::tie(most, i, t, k);
        }
      }
    }
    if (best_t == full) return;
    const std::size_t a = deal[full][best_i];
    for (std::size_t j = 0; j < loads[full].steps.size(); ++j) {
      const std::uint32_t less = best_k < deal[best_t].size() ? costs[deal[best_t][best_k]].steps[j] : 0;
      loads[full].steps[j] += less - costs[a].steps[j];
      loads[best_t].steps[j] += costs[a].steps[j] - less;
    }
    if (best_k < deal[best_t].size()) {
      std::swap(deal[full][best_i], deal[best_t][best_k]);
    } else {
      deal[full].erase(deal[full].begin() + static_cast<std::ptrdiff_t>(best_i));
      deal[best_t].push_back(a);
    }
  }
}

void sort_by_length(std::vector<std::size_t>& chains, const std::vector<ChainCost>& costs) {
  std::stable_sort(chains.begin(), chains.end(),
                   [&](std::size_t a, std::size_t b) { return costs[a].longest() > costs[b].longest(); });
}

/// Deals chains of one run to threads that have some already, as evenly as can be: longest first, then by exchanges.
Deal deal_from(std::vector<std::size_t> chains, const std::vector<ChainCost>& costs, std::vector<ThreadLoad> loads) {
  Deal deal(loads.size());
  sort_by_length(chains, costs);
  for (const std::size_t c : chains) {
    std::size_t best = 0;
    for (std::size_t t = 1; t < loads.size(); ++t) {
      if (loads[t].full_with(costs[c]) < loads[best].full_with(costs[c])) best = t;
    }
    loads[best].add(costs[c]);
    deal[best].push_back(c);
  }
  if (loads.size() > 1) even_out(deal, loads, costs);
  return deal;
}

/// Begins an order: the thread that is free first takes, of the first few of `left`, the chain that keeps its classes
/// together; until `kept` chains are left.
void order_freely(std::vector<std::size_t>& left, std::size_t kept, const std::vector<ChainCost>& costs,
                  std::vector<ThreadLoad>& threads, std::vector<std::size_t>& order) {
  constexpr std::size_t kChoice = 24;  // chains that are about equally long
  while (left.size() > kept) {
    ThreadLoad& thread = *std::min_element(
        threads.begin(), threads.end(), [](const ThreadLoad& a, const ThreadLoad& b) { return a.free() < b.free(); });
    std::size_t best = 0;
    for (std::size_t i = 1; i < std::min(left.size(), kChoice) && thread.steps.size() > 1; ++i) {
      if (thread.spread_with(costs[left[i]]) < thread.spread_with(costs[left[best]])) best = i;
    }
    thread.add(costs[left[best]]);
    order.push_back(left[best]);
    left.erase(left.begin() + static_cast<std::ptrdiff_t>(best));
  }
}

/// Ends an order: deals the chains that are left so that all threads end together. A thread takes its next chain when
/// it is free, long ones first.
void order_dealt(std::vector<std::size_t> left, const std::vector<ChainCost>& costs, std::vector<ThreadLoad>& threads,
                 std::vector<std::size_t>& order) {
  Deal deal = deal_from(std::move(left), costs, threads);
  for (auto& mine : deal) {
    sort_by_length(mine, costs);
    std::reverse(mine.begin(), mine.end());
  }
  while (true) {
    std::size_t next = threads.size();
    for (std::size_t t = 0; t < threads.size(); ++t) {
      if (!deal[t].empty() && (next == threads.size() || threads[t].free() < threads[next].free())) next = t;
    }
    if (next == threads.size()) return;
    const std::size_t c = deal[next].back();
    deal[next].pop_back();
    threads[next].add(costs[c]);
    order.push_back(c);
  }
}

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
  std::vector<std::size_t> sorted(chains.size());
  std::iota(sorted.begin(), sorted.end(), std::size_t{0});
  const auto run_of = [&](std::size_t c) { return std::pair(costs[c].length, chains[c].count); };
  std::stable_sort(sorted.begin(), sorted.end(), [&](std::size_t a, std::size_t b) { return run_of(a) > run_of(b); });
  std::vector<std::size_t> order;
  for (std::size_t begin = 0; begin < sorted.size();) {
    std::size_t end = begin;
    while (end < sorted.size() && run_of(sorted[end]) == run_of(sorted[begin])) ++end;
    std::vector<std::size_t> run(sorted.begin() + static_cast<std::ptrdiff_t>(begin),
                                 sorted.begin() + static_cast<std::ptrdiff_t>(end));
    sort_by_length(run, costs);
    const auto count = static_cast<std::size_t>(threads_of(chains[run.front()].count, format));
    std::vector<ThreadLoad> threads(count, ThreadLoad{std::vector<std::uint64_t>(costs[run.front()].steps.size(), 0)});
    if (run.size() >= 64) fold(run);
    order_freely(run, kFewChains, costs, threads, order);
    order_dealt(std::move(run), costs, threads, order);
    begin = end;
  }
  return order;
}

}  // namespace mixvec::inline sim
