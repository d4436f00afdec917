// Costs of chains and their distribution over the sets.
#include "sim/scheduler.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <queue>
#include <tuple>

#include "golden/error.hpp"

namespace mixvec {
namespace {

/// Adds a section with `units` kept vectors per class to a chain's cost.
void add_section(ChainCost& cost, const std::vector<std::uint64_t>& units, std::uint64_t substeps) {
  const std::uint64_t rounds = *std::max_element(units.begin(), units.end());
  const std::uint64_t all = std::accumulate(units.begin(), units.end(), std::uint64_t{0});
  cost.steps += rounds * substeps;
  cost.items += all * substeps + units.size();  // a code shares its cycle with the first sub-step; sentinels
}

std::vector<ChainCost> row_costs(const PrunedMatrix& matrix, const std::vector<Chain>& chains,
                                 const FormatConfig& format) {
  const RowLayout layout = lay_out_rows(matrix, format);
  const auto lanes = static_cast<std::size_t>(format.vector_lanes);
  std::vector<ChainCost> costs;
  for (const Chain& chain : chains) {
    ChainCost cost;
    cost.items = 2;
    for (const auto& section : layout.sections) {
      const UnitGeometry g = unit_geometry(Direction::kRow, section.entry.length, format);
      std::vector<std::uint64_t> units(static_cast<std::size_t>(g.classes), 0);
      for (std::size_t n = 0; n < section.strips.size(); ++n) {
        const std::uint32_t input = matrix.pattern.strips[section.strips[n]].index.front();
        if (matrix.mask[std::size_t{chain.strip} * matrix.in + input] == 0) continue;
        ++units[n * static_cast<std::size_t>(g.length) % lanes / static_cast<std::size_t>(g.lanes)];
      }
      add_section(cost, units, static_cast<std::uint64_t>(g.rows_per_unit));
    }
    costs.push_back(cost);
  }
  return costs;
}

std::vector<ChainCost> column_costs(const PrunedMatrix& matrix, const std::vector<Chain>& chains,
                                    const FormatConfig& format, std::span<const std::int32_t> in_order) {
  const auto lanes = static_cast<std::size_t>(format.vector_lanes);
  std::vector<std::size_t> bank(matrix.in);
  for (std::size_t p = 0; p < in_order.size(); ++p) {
    if (in_order[p] != kNoInput) bank.at(static_cast<std::size_t>(in_order[p])) = p % lanes;
  }
  std::vector<ChainCost> costs;
  for (const Chain& chain : chains) {
    const Strip& strip = matrix.pattern.strips[chain.strip];
    const UnitGeometry g = unit_geometry(Direction::kColumn, std::min(strip.length, max_column_strip(format)), format);
    std::vector<std::uint64_t> units(static_cast<std::size_t>(g.classes), 0);
    const std::uint8_t* mask = matrix.mask.data() + std::size_t{strip.index[chain.first]} * matrix.in;
    for (std::size_t i = 0; i < matrix.in; ++i) {
      if (mask[i] != 0) ++units[bank[i] / static_cast<std::size_t>(g.lanes)];
    }
    ChainCost cost;
    cost.items = 1 + chain.count;
    cost.classes = g.classes;
    add_section(cost, units, (chain.count + lanes - 1) / lanes);
    costs.push_back(cost);
  }
  return costs;
}

}  // namespace

std::vector<ChainCost> chain_costs(const PrunedMatrix& matrix, const std::vector<Chain>& chains,
                                   const FormatConfig& format, std::span<const std::int32_t> in_order) {
  if (matrix.pattern.direction == Direction::kRow) return row_costs(matrix, chains, format);
  if (!in_order.empty()) return column_costs(matrix, chains, format, in_order);
  return column_costs(matrix, chains, format, identity_order(matrix.in, format));
}

Schedule make_schedule(const PrunedMatrix& matrix, const FormatConfig& format, std::span<const std::int32_t> in_order) {
  check_format(format);
  const std::vector<Chain> chains = list_chains(matrix, format);
  const std::vector<ChainCost> costs = chain_costs(matrix, chains, format, in_order);
  std::vector<std::size_t> order(chains.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::tie(costs[a].steps, costs[a].items) > std::tie(costs[b].steps, costs[b].items);
  });

  Schedule schedule;
  schedule.sets.resize(static_cast<std::size_t>(format.sets));
  using Load = std::tuple<std::uint64_t, std::uint64_t, std::size_t>;  // steps, items, set
  std::priority_queue<Load, std::vector<Load>, std::greater<>> lightest;
  for (std::size_t s = 0; s < schedule.sets.size(); ++s) lightest.emplace(0, 0, s);
  std::vector<std::vector<std::size_t>> dealt(schedule.sets.size());
  for (const std::size_t c : order) {
    auto [steps, items, set] = lightest.top();
    lightest.pop();
    dealt[set].push_back(c);
    lightest.emplace(steps + costs[c].steps, items + costs[c].items, set);
  }
  for (std::size_t s = 0; s < dealt.size(); ++s) {
    // Few classes first = long vectors first; the rest stays longest first.
    std::stable_sort(dealt[s].begin(), dealt[s].end(),
                     [&](std::size_t a, std::size_t b) { return costs[a].classes < costs[b].classes; });
    for (const std::size_t c : dealt[s]) schedule.sets[s].push_back(chains[c]);
  }
  return schedule;
}

std::uint64_t ScheduleLoad::longest() const {
  return steps.empty() ? 0 : *std::max_element(steps.begin(), steps.end());
}

double ScheduleLoad::balance() const {
  if (longest() == 0) return 1.0;
  const auto sum = static_cast<double>(std::accumulate(steps.begin(), steps.end(), std::uint64_t{0}));
  return sum / static_cast<double>(steps.size()) / static_cast<double>(longest());
}

ScheduleLoad schedule_load(const PrunedMatrix& matrix, const Schedule& schedule, const FormatConfig& format,
                           std::span<const std::int32_t> in_order) {
  ScheduleLoad load;
  for (const auto& chains : schedule.sets) {
    std::uint64_t steps = 0;
    for (const ChainCost& cost : chain_costs(matrix, chains, format, in_order)) steps += cost.steps;
    load.steps.push_back(steps);
  }
  return load;
}

}  // namespace mixvec
