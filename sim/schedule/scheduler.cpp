// Distribution of chains over clusters and tasks, and their order.
#include "sim/schedule/scheduler.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "golden/base/error.hpp"
#include "golden/format/packed_layout.hpp"
#include "sim/schedule/chain_order.hpp"

namespace mixvec::inline sim {
namespace {

/// A chain takes a set at least this many steps, even without work: its results have to leave.
constexpr std::uint32_t kLeastSteps = 3;

/// Steps of the chains in a bin, by segment: what has fewer classes occupies several.
class Load {
 public:
  Load(std::size_t segments, std::int64_t offset) : sums_(segments, offset) {}

  void add(const ChainCost& cost, std::int64_t sign = 1) {
    for (std::size_t g = 0; g < sums_.size(); ++g) sums_[g] += sign * steps_of(cost, g);
  }

  [[nodiscard]] std::int64_t steps() const { return *std::max_element(sums_.begin(), sums_.end()); }

  [[nodiscard]] std::int64_t steps_with(const ChainCost& cost) const {
    std::int64_t most = 0;
    for (std::size_t g = 0; g < sums_.size(); ++g) most = std::max(most, sums_[g] + steps_of(cost, g));
    return most;
  }

  /// How badly a chain fits: its steps weigh more where the bin is full already.
  [[nodiscard]] std::int64_t misfit(const ChainCost& cost) const {
    std::int64_t sum = 0;
    for (std::size_t g = 0; g < sums_.size(); ++g) sum += sums_[g] * steps_of(cost, g);
    return sum;
  }

 private:
  static std::int64_t steps_of(const ChainCost& cost, std::size_t segment) {
    return std::max(kLeastSteps, cost.steps[segment & (cost.steps.size() - 1)]);
  }

  std::vector<std::int64_t> sums_;
};

constexpr std::size_t kMost = static_cast<std::size_t>(-1);  // no place: the chain moves alone

struct Dealt {
  std::vector<std::vector<std::size_t>> bins;  ///< indices of chains
  std::int64_t longest = 0;
  std::int64_t all = 0;
};

/// Exchanges chains of the fullest bin as long as that lowers it.
void even_out(Dealt& dealt, std::vector<Load>& loads, const std::vector<ChainCost>& costs) {
  constexpr int kMostExchanges = 400;
  for (int round = 0; round < kMostExchanges; ++round) {
    std::size_t full = 0;
    for (std::size_t b = 1; b < loads.size(); ++b) {
      if (loads[b].steps() > loads[full].steps()) full = b;
    }
    const std::int64_t before = loads[full].steps();
    std::int64_t best = before;
    std::tuple<std::size_t, std::size_t, std::size_t> change;  // place in the full bin, other bin, place there
    for (std::size_t other = 0; other < loads.size(); ++other) {
      if (other == full || loads[other].steps() >= before) continue;
      // Of large bins a part is enough: their chains are many and alike.
      const std::size_t mine = std::min<std::size_t>(dealt.bins[full].size(), 48);
      const std::size_t theirs = std::min<std::size_t>(dealt.bins[other].size(), 48);
      for (std::size_t i = 0; i < mine; ++i) {
        const ChainCost& a = costs[dealt.bins[full][dealt.bins[full].size() - 1 - i]];
        loads[full].add(a, -1);
        for (std::size_t k = 0; k <= theirs; ++k) {
          const bool move = k == theirs;
          const ChainCost* b = move ? nullptr : &costs[dealt.bins[other][dealt.bins[other].size() - 1 - k]];
          if (b != nullptr) loads[other].add(*b, -1);
          const std::int64_t worst =
              std::max(loads[other].steps_with(a), b != nullptr ? loads[full].steps_with(*b) : loads[full].steps());
          if (worst < best) {
            best = worst;
            change = {dealt.bins[full].size() - 1 - i, other, move ? kMost : dealt.bins[other].size() - 1 - k};
          }
          if (b != nullptr) loads[other].add(*b);
        }
        loads[full].add(a);
      }
    }
    if (best >= before) return;
    const auto [i, other, k] = change;
    const std::size_t a = dealt.bins[full][i];
    loads[full].add(costs[a], -1);
    loads[other].add(costs[a]);
    if (k == kMost) {
      dealt.bins[full].erase(dealt.bins[full].begin() + static_cast<std::ptrdiff_t>(i));
      dealt.bins[other].push_back(a);
    } else {
      const std::size_t b = dealt.bins[other][k];
      loads[other].add(costs[b], -1);
      loads[full].add(costs[b]);
      std::swap(dealt.bins[full][i], dealt.bins[other][k]);
    }
  }
}

/// Longest processing time first, then exchanges. Of the `served` bins whose results leave at the same port, bin b
/// begins with b · `stagger` steps, so that they do not all end, and want their results taken, at the same time.
Dealt deal(const std::vector<ChainCost>& costs, std::size_t bins, std::size_t served, std::size_t segments,
           std::int64_t stagger) {
  std::vector<std::size_t> order(costs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return costs[a].longest() > costs[b].longest(); });
  Dealt dealt;
  dealt.bins.resize(bins);
  std::vector<Load> loads;
  for (std::size_t b = 0; b < bins; ++b) loads.emplace_back(segments, static_cast<std::int64_t>(b % served) * stagger);
  for (const std::size_t c : order) {
    std::size_t best = 0;
    for (std::size_t b = 1; b < bins; ++b) {
      if (loads[b].misfit(costs[c]) < loads[best].misfit(costs[c])) best = b;
    }
    dealt.bins[best].push_back(c);
    loads[best].add(costs[c]);
  }
  if (bins > 1) even_out(dealt, loads, costs);
  for (const Load& load : loads) {
    dealt.longest = std::max(dealt.longest, load.steps());
    dealt.all += load.steps();
  }
  return dealt;
}

/// Chains of more than Lv outputs in parts of Lv.
std::vector<Chain> cut(const std::vector<Chain>& chains, std::uint32_t lanes) {
  std::vector<Chain> parts;
  for (const Chain& chain : chains) {
    for (std::uint32_t first = 0; first < chain.count; first += lanes) {
      parts.push_back({chain.strip, chain.first + first, std::min(lanes, chain.count - first)});
    }
  }
  return parts;
}

/// Cuts the chains of a cluster into tasks that become smaller towards the end.
std::vector<Task> make_tasks(const std::vector<Chain>& chains, const std::vector<ChainCost>& costs, std::size_t assoc) {
  std::uint64_t left = 0;
  for (const ChainCost& cost : costs) left += cost.longest();
  const std::uint64_t least = assoc == 1 ? left : std::max<std::uint64_t>(1, left / (assoc * 12));
  std::vector<Task> tasks;
  for (std::size_t next = 0; next < chains.size();) {
    const std::uint64_t share = assoc == 1 ? left : std::max(least, left / (2 * assoc));
    Task task;
    std::uint64_t work = 0;
    while (next < chains.size() && (task.chains.empty() || work + costs[next].longest() / 2 <= share)) {
      work += costs[next].longest();
      task.chains.push_back(chains[next++]);
    }
    left -= work;
    tasks.push_back(std::move(task));
  }
  return tasks;
}

/// Chains, their costs and their distribution.
struct Plan {
  std::vector<Chain> chains;
  std::vector<ChainCost> costs;
  Dealt dealt;
};

/// Chains that are dealt together: as many about equally long ones as there are threads, so that the threads of a set
/// end together and no one is left to wait for its own additions.
std::vector<std::vector<std::size_t>> companies(const Plan& plan, const FormatConfig& format) {
  std::vector<std::size_t> order(plan.chains.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto run_of = [&](std::size_t c) { return std::pair(plan.costs[c].length, plan.chains[c].count); };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return run_of(a) != run_of(b) ? run_of(a) > run_of(b) : plan.costs[a].longest() > plan.costs[b].longest();
  });
  std::vector<std::vector<std::size_t>> groups;
  for (const std::size_t c : order) {
    const auto threads = static_cast<std::size_t>(threads_of(plan.chains[c].count, format));
    if (groups.empty() || groups.back().size() >= threads || run_of(groups.back().front()) != run_of(c)) {
      groups.emplace_back();
    }
    groups.back().push_back(c);
  }
  return groups;
}

Plan make_plan(const PrunedMatrix& matrix, std::vector<Chain> chains, const FormatConfig& format,
               std::span<const std::int32_t> in_order, bool together) {
  Plan plan;
  plan.chains = std::move(chains);
  plan.costs = chain_costs(matrix, plan.chains, format, in_order);
  std::vector<std::vector<std::size_t>> groups;
  if (together) {
    groups = companies(plan, format);
  } else {
    for (std::size_t c = 0; c < plan.chains.size(); ++c) groups.push_back({c});
  }
  std::vector<ChainCost> sums;
  std::uint32_t last = max_column_strip(format);
  for (const auto& group : groups) {
    ChainCost sum = plan.costs[group.front()];
    std::uint32_t outputs = plan.chains[group.front()].count;
    for (std::size_t i = 1; i < group.size(); ++i) {
      for (std::size_t j = 0; j < sum.steps.size(); ++j) sum.steps[j] += plan.costs[group[i]].steps[j];
      outputs += plan.chains[group[i]].count;
    }
    last = std::min(last, outputs);
    sums.push_back(std::move(sum));
  }
  // The results of a set's last chains leave one per cycle and token group, as a step takes a cycle per token group.
  // Small matrices have no steps to spare for it.
  constexpr std::uint64_t kSpare = 50;
  std::uint64_t all = 0;
  for (const ChainCost& sum : sums) all += sum.longest();
  const auto bins = static_cast<std::size_t>(format.sets / format.assoc);
  const auto stagger = std::min<std::uint64_t>(last, all / bins / kSpare);
  Dealt dealt = deal(sums, bins, static_cast<std::size_t>(format.sets / format.drains),
                     static_cast<std::size_t>(format.vector_lanes / format.full_rate),
                     format.assoc == 1 ? static_cast<std::int64_t>(stagger) : 0);
  plan.dealt.longest = dealt.longest;
  plan.dealt.all = dealt.all;
  for (const auto& bin : dealt.bins) {
    std::vector<std::size_t>& mine = plan.dealt.bins.emplace_back();
    for (const std::size_t g : bin) mine.insert(mine.end(), groups[g].begin(), groups[g].end());
  }
  return plan;
}

/// Whole strips in companies, unless there are too few of them to load all clusters.
Plan best_plan(const PrunedMatrix& matrix, const FormatConfig& format, std::span<const std::int32_t> in_order) {
  constexpr double kWorth = 1.05;  // what an evener load must gain to be worth threads or codes
  const auto worth = [](const Plan& plan, const Plan& other) {
    return static_cast<double>(plan.dealt.longest) > kWorth * static_cast<double>(other.dealt.longest);
  };
  const std::vector<Chain> whole = list_chains(matrix, format);
  Plan best = make_plan(matrix, whole, format, in_order, true);
  const auto clusters = static_cast<std::size_t>(format.sets / format.assoc);
  if (whole.size() > 16 * clusters * static_cast<std::size_t>(format.substeps)) return best;
  Plan single = make_plan(matrix, whole, format, in_order, false);
  if (worth(best, single)) best = std::move(single);
  if (matrix.pattern.direction == Direction::kColumn) {
    Plan parts =
        make_plan(matrix, cut(whole, static_cast<std::uint32_t>(format.vector_lanes)), format, in_order, false);
    if (worth(best, parts)) best = std::move(parts);
  }
  return best;
}

}  // namespace

Schedule make_schedule(const PrunedMatrix& matrix, const FormatConfig& format, std::span<const std::int32_t> in_order) {
  check_format(format);
  const auto [chains, costs, dealt] = best_plan(matrix, format, in_order);
  Schedule schedule;
  for (const auto& bin : dealt.bins) {
    std::vector<Chain> mine;
    std::vector<ChainCost> mine_costs;
    for (const std::size_t c : bin) {
      mine.push_back(chains[c]);
      mine_costs.push_back(costs[c]);
    }
    const std::vector<std::size_t> order = order_chains(mine, mine_costs, format);
    std::vector<Chain> ordered;
    std::vector<ChainCost> ordered_costs;
    for (const std::size_t i : order) {
      ordered.push_back(mine[i]);
      ordered_costs.push_back(mine_costs[i]);
    }
    schedule.clusters.push_back(make_tasks(ordered, ordered_costs, static_cast<std::size_t>(format.assoc)));
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
  ScheduleLoad result;
  for (const auto& tasks : schedule.clusters) {
    Load load(static_cast<std::size_t>(format.vector_lanes / format.full_rate), 0);
    for (const Task& task : tasks) {
      for (const ChainCost& cost : chain_costs(matrix, task.chains, format, in_order)) load.add(cost);
    }
    result.steps.push_back(static_cast<std::uint64_t>(load.steps()));
  }
  return result;
}

}  // namespace mixvec::inline sim
