// Searches the groups of the length that counts most, and builds longer and shorter strips from these.
#include "pruning/grouping/group_lines.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "pruning/grouping/exchange.hpp"
#include "pruning/grouping/swap_kernels.hpp"

namespace mixvec::inline pruning {
namespace {

// Strips of mixed length are grouped by fours first: from there on the machine runs at full rate, so most strips have
// this length.
constexpr int kFirstLevel = 2;

using Node = std::vector<std::uint32_t>;

// Sums the lines of every node.
LineScores merge(const LineScores& scores, const std::vector<Node>& nodes) {
  LineScores merged;
  merged.lines = nodes.size();
  merged.across = scores.across;
  merged.score.resize(merged.lines * merged.across);
  for (std::size_t n = 0; n < nodes.size(); ++n) {
    float* const sum = merged.score.data() + n * merged.across;
    for (const std::uint32_t line : nodes[n]) {
      for (std::size_t i = 0; i < merged.across; ++i) sum[i] += scores.line(line)[i];
    }
  }
  return merged;
}

// Orders three or four lines so that the best pairs stand together.
void split_in_pairs(const LineScores& scores, Node& node, float threshold) {
  if (node.size() < 3) return;
  const auto gain = [&](std::uint32_t a, std::uint32_t b) {
    return merged_gain(scores.line(a), scores.line(b), scores.across, 2 * threshold);
  };
  constexpr std::array<std::array<std::size_t, 4>, 3> kPairings{{{0, 1, 2, 3}, {0, 2, 1, 3}, {1, 2, 0, 3}}};
  Node best;
  float most = -1;
  for (const auto& pairing : kPairings) {
    Node tried;
    for (const std::size_t k : pairing) {
      if (k < node.size()) tried.push_back(node[k]);
    }
    const float kept = gain(tried[0], tried[1]) + (tried.size() == 4 ? gain(tried[2], tried[3]) : 0.0F);
    if (kept <= most) continue;
    most = kept;
    best = std::move(tried);
  }
  node = std::move(best);
}

// What a vector of 2^level lines must bring per weight; 0: what a draft says.
float bar_of(const GroupingOptions& options, int level) {
  if (options.bars.empty()) return 0;
  const float bar = options.bars[static_cast<std::size_t>(level)];
  return bar > 0 && std::isfinite(bar) ? bar : 0;
}

// Nodes of 2^level lines each, and behind them what fills none.
struct Level {
  std::vector<Node> nodes;
  Node rest;
};

Level first_level(const LineScores& scores, const GroupingOptions& options, int level) {
  const std::size_t size = std::size_t{1} << level;
  const auto moves = static_cast<std::uint64_t>(options.moves_per_line * static_cast<double>(scores.lines));
  const std::vector<std::uint32_t> order =
      exchange_lines(scores, {size, options.density, moves, options.seed, bar_of(options, level), options.start});
  Level found;
  std::size_t k = 0;
  for (; k + size <= order.size(); k += size) {
    found.nodes.emplace_back(order.begin() + static_cast<std::ptrdiff_t>(k),
                             order.begin() + static_cast<std::ptrdiff_t>(k + size));
  }
  found.rest.assign(order.begin() + static_cast<std::ptrdiff_t>(k), order.end());
  return found;
}

// Pairs all nodes; one that remains goes to the front of the rest, where its size keeps it aligned.
void pair_nodes(const LineScores& scores, const GroupingOptions& options, int level, Level& at) {
  const LineScores merged = merge(scores, at.nodes);
  const auto moves = static_cast<std::uint64_t>(options.moves_per_line * static_cast<double>(merged.lines));
  const std::vector<std::uint32_t> order =
      exchange_lines(merged, {2, options.density, moves, options.seed + static_cast<std::uint64_t>(level),
                              bar_of(options, level + 1) * static_cast<float>(1U << level)});
  std::vector<Node> pairs;
  for (std::size_t k = 0; k + 1 < order.size(); k += 2) {
    Node pair = std::move(at.nodes[order[k]]);
    const Node& other = at.nodes[order[k + 1]];
    pair.insert(pair.end(), other.begin(), other.end());
    pairs.push_back(std::move(pair));
  }
  if (order.size() % 2 == 1) {
    const Node& left = at.nodes[order.back()];
    at.rest.insert(at.rest.begin(), left.begin(), left.end());
  }
  at.nodes = std::move(pairs);
}

// Rates of the search, in positions per second of one core: what a move of no position takes counts as so many.
constexpr double kPositionsPerSecond = 10e9;
constexpr double kPositionsPerMove = 150;
constexpr double kCores = 2;

struct PassShare {
  double share = 0;  ///< of the time
  double most = 0;   ///< moves a line that nobody asked for
};
constexpr PassShare kDraftPass{0.2, 1500};
constexpr PassShare kRefiningPass{0.8, 40'000};
// What a search takes that nobody asked for: the larger the model, the longer all else takes.
constexpr double kMostSeconds = 5;
constexpr double kFewestSeconds = 1;
constexpr double kWeightsPerSecond = 25e6;

}  // namespace

LineTree group_lines(const LineScores& scores, const GroupingOptions& options) {
  if (options.levels == 0) return natural_tree(scores.lines, 0);
  const int first = options.one_length ? options.levels : std::min(options.levels, kFirstLevel);
  Level at = first_level(scores, options, first);
  if (!options.one_length && first == kFirstLevel) {
    std::vector<std::uint32_t> order;
    for (const Node& node : at.nodes) order.insert(order.end(), node.begin(), node.end());
    order.insert(order.end(), at.rest.begin(), at.rest.end());
    const float bar = bar_of(options, 1);
    const float threshold = bar > 0 ? bar : group_threshold(scores, order, 2, options.density);
    for (Node& node : at.nodes) split_in_pairs(scores, node, threshold);
    split_in_pairs(scores, at.rest, threshold);
  }
  for (int level = first; level < options.levels && at.nodes.size() > 1; ++level) {
    pair_nodes(scores, options, level, at);
  }
  LineTree tree;
  tree.levels = options.levels;
  for (const Node& node : at.nodes) tree.order.insert(tree.order.end(), node.begin(), node.end());
  tree.order.insert(tree.order.end(), at.rest.begin(), at.rest.end());
  return tree;
}

double moves_of_pass(std::span<const LineShape> shapes, std::optional<double> seconds, bool refining) {
  double positions = 0;  // of one move a line
  double weights = 0;
  for (const LineShape& s : shapes) {
    positions += static_cast<double>(s.lines) * (static_cast<double>(s.across) + kPositionsPerMove);
    weights += static_cast<double>(s.lines) * static_cast<double>(s.across);
  }
  if (positions <= 0) return 0;
  const PassShare& pass = refining ? kRefiningPass : kDraftPass;
  const double unasked = std::max(kFewestSeconds, kMostSeconds - weights / kWeightsPerSecond);
  const double within = seconds.value_or(unasked) * pass.share * kCores * kPositionsPerSecond / positions;
  return seconds ? within : std::min(pass.most, within);
}

}  // namespace mixvec::inline pruning
