// Dynamic programming over the strip trees, and the search for the threshold that keeps the wanted number of weights.
#include "pruning/choice/choose.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "golden/base/parallel.hpp"

namespace mixvec::inline pruning {

Totals& Totals::operator+=(const Totals& other) {
  value += other.value;
  kept += other.kept;
  retained += other.retained;
  bits += other.bits;
  cycles += other.cycles;
  kept_lengths += other.kept_lengths;
  return *this;
}

Chooser::Chooser(std::vector<MatrixCandidates> matrices, ThresholdScale scale, CostModel model, double density,
                 unsigned lengths, int threads)
    : matrices_(std::move(matrices)),
      scale_(std::move(scale)),
      model_(model),
      density_(density),
      lengths_(lengths),
      threads_(threads) {}

double Chooser::vector_price(const Prices& prices, int length, int width, Direction direction) const {
  const Cost cost = model_.vector(length, width, density_, direction);
  return prices.per_bit * cost.bits + prices.per_cycle * cost.cycles;
}

double Chooser::vector_bar(const Choice& choice, std::size_t m, const Strip& strip, Direction direction) const {
  const auto width = static_cast<int>(strip.index.size());
  const double price = vector_price(choice.prices, strip.length, width, direction);
  const double bar = choice.threshold[m] * width + price;
  // The lowest threshold there is leaves the cheapest vectors nothing to bring.
  constexpr double kLeast = 1e-6;
  const double least = kLeast * (price > 0 ? price : width);
  return std::max(bar, least);
}

namespace {

constexpr float kForbidden = -std::numeric_limits<float>::infinity();

double price_of(const Prices& prices, const Cost& cost) {
  return prices.per_bit * cost.bits + prices.per_cycle * cost.cycles;
}

// All strips of one level as leaves, at one threshold and one set of prices.
struct Leaves {
  Cost per_vector;
  Cost per_strip;
  double bar = 0;  ///< importance per weight that a vector needs
  std::vector<float> value;
  std::vector<float> count;
};

// The search over one side of one matrix.
class SideSearch {
 public:
  explicit SideSearch(const LineTree& tree) : tree_(tree) {
    leaves_.resize(static_cast<std::size_t>(tree.levels) + 1);
    best_.resize(leaves_.size());
  }

  Leaves& leaves(int level) { return leaves_[static_cast<std::size_t>(level)]; }

  /// Levels whose whole strips appear at all when only those of `subset` may be used: a block that is shorter than the
  /// shortest allowed length stays a strip of its own.
  [[nodiscard]] unsigned used_levels(unsigned subset) const {
    unsigned used = subset;
    for (int l = 0; l <= tree_.levels; ++l) {
      if (is_root_level(l) && (subset & ((2U << l) - 1)) == 0) used |= 1U << l;
    }
    return used;
  }

  /// Σ value of the best leaves of all roots.
  double solve(unsigned subset) {
    const unsigned used = used_levels(subset);
    double total = 0;
    for (int l = 0; l <= tree_.levels; ++l) {
      const std::size_t n = tree_.nodes(l);
      std::vector<float>& best = best_[static_cast<std::size_t>(l)];
      best.resize(n);
      const Leaves& leaf = leaves(l);
      const bool allowed = (subset >> l & 1U) != 0;
      if (l == 0) {
        for (std::size_t j = 0; j < n; ++j) best[j] = allowed ? leaf.value[j] : kForbidden;
      } else {
        const std::vector<float>& below = best_[static_cast<std::size_t>(l) - 1];
        for (std::size_t j = 0; j < n; ++j) {
          const float split = below[2 * j] + below[2 * j + 1];
          best[j] = allowed ? std::max(split, leaf.value[j]) : split;
        }
      }
      for (std::size_t j = first_root(l); j < n; ++j) {
        const bool lone = best[j] == kForbidden && (used >> l & 1U) != 0;
        total += lone ? leaf.value[j] : best[j];
      }
    }
    return total;
  }

  /// The leaves behind the last solve(), which must have been for the same subset.
  std::vector<ChosenNode> trace(unsigned subset) const {
    std::vector<ChosenNode> nodes;
    for (int l = tree_.levels; l >= 0; --l) {
      for (std::size_t j = first_root(l); j < tree_.nodes(l); ++j) descend(l, j, subset, nodes);
    }
    std::stable_sort(nodes.begin(), nodes.end(),
                     [](const ChosenNode& a, const ChosenNode& b) { return a.level > b.level; });
    return nodes;
  }

 private:
  // Nodes of a level that have no parent: all at the top, else the one left over.
  [[nodiscard]] std::size_t first_root(int level) const {
    return level == tree_.levels ? 0 : 2 * tree_.nodes(level + 1);
  }
  [[nodiscard]] bool is_root_level(int level) const { return first_root(level) < tree_.nodes(level); }

  void descend(int level, std::size_t node, unsigned subset, std::vector<ChosenNode>& nodes) const {
    const auto l = static_cast<std::size_t>(level);
    const bool allowed = (subset >> level & 1U) != 0;
    const bool stop = allowed ? best_[l][node] == leaves_[l].value[node] : best_[l][node] == kForbidden;
    if (stop) {
      nodes.push_back({level, node, false});
      return;
    }
    descend(level - 1, 2 * node, subset, nodes);
    descend(level - 1, 2 * node + 1, subset, nodes);
  }

  const LineTree& tree_;
  std::vector<Leaves> leaves_;
  std::vector<std::vector<float>> best_;
};

}  // namespace

MatrixChoice Chooser::choose_side(std::size_t m, std::size_t side_index, const Prices& prices, double threshold,
                                  unsigned lengths) const {
  const MatrixCandidates& matrix = matrices_[m];
  const MatrixSide& side = matrix.sides[side_index];
  const bool column = side.direction == Direction::kColumn;
  SideSearch search(side.tree);

  const auto evaluate = [&](const TableLevel& level, Leaves& leaf) {
    leaf.per_vector = model_.vector(level.length, level.width, density_, side.direction);
    leaf.per_strip = column ? model_.column_strip(level.length, level.width, density_) : Cost{};
    leaf.bar = threshold + price_of(prices, leaf.per_vector) / level.width;
    look_up(level, scale_, leaf.bar, leaf.value, leaf.count);
    const auto fixed = static_cast<float>(price_of(prices, leaf.per_strip));
    for (float& v : leaf.value) v -= fixed;
  };
  for (int l = 0; l <= side.tree.levels; ++l) {
    const TableLevel& level = side.table.levels[static_cast<std::size_t>(l)];
    if (level.nodes > 0) {
      evaluate(level, search.leaves(l));
    } else {
      search.leaves(l).value.assign(side.tree.nodes(l), kForbidden);
      search.leaves(l).count.assign(side.tree.nodes(l), 0);
    }
  }
  Leaves rest;
  if (side.table.rest) evaluate(*side.table.rest, rest);

  // A row matrix pays for every length it uses, so the set of lengths is part of the choice.
  const auto sections_cost = [&](unsigned used) {
    Cost cost = model_.outputs(matrix.out);
    if (column) return cost;
    for (int l = 0; l <= side.tree.levels; ++l) {
      if ((used >> l & 1U) != 0) cost += model_.row_section(1 << l, matrix.out, density_);
    }
    return cost;
  };
  const bool fixed_length = side.table.rest.has_value() || std::has_single_bit(lengths);
  unsigned best_subset = 0;
  double best_value = -std::numeric_limits<double>::infinity();
  for (unsigned subset = lengths; subset != 0; subset = (subset - 1) & lengths) {
    const unsigned used = side.table.rest ? lengths : search.used_levels(subset);
    // With a short strip there may be no whole one.
    const double whole = side.table.rest && side.tree.nodes(side.tree.levels) == 0 ? 0.0 : [&] {
      if (!side.table.rest) return search.solve(subset);
      double total = 0;
      for (const float v : search.leaves(side.tree.levels).value) total += v;
      return total;
    }();
    const double value = whole - price_of(prices, sections_cost(used));
    if (value > best_value) {
      best_value = value;
      best_subset = subset;
    }
    if (column || fixed_length) break;
  }

  MatrixChoice choice;
  choice.side = side_index;
  const unsigned used = side.table.rest ? lengths : search.used_levels(best_subset);
  if (side.table.rest) {
    for (std::size_t j = 0; j < side.tree.nodes(side.tree.levels); ++j) {
      choice.nodes.push_back({side.tree.levels, j, false});
    }
    choice.nodes.push_back({side.tree.levels, 0, true});
    best_value += rest.value[0];
  } else {
    search.solve(best_subset);
    choice.nodes = search.trace(best_subset);
  }
  const Cost sections = sections_cost(used);
  choice.totals.value = best_value;
  choice.totals.bits = sections.bits;
  choice.totals.cycles = sections.cycles;
  for (const ChosenNode& node : choice.nodes) {
    const Leaves& leaf = node.rest ? rest : search.leaves(node.level);
    const std::size_t at = node.rest ? 0 : node.node;
    const int width = node.rest ? side.table.rest->width : 1 << node.level;
    const double count = leaf.count[at];
    choice.totals.kept += count * width;
    choice.totals.kept_lengths += count * width * (1 << node.level);
    choice.totals.retained += leaf.value[at] + price_of(prices, leaf.per_strip) + leaf.bar * count * width;
    choice.totals.bits += count * leaf.per_vector.bits + leaf.per_strip.bits;
    choice.totals.cycles += count * leaf.per_vector.cycles + leaf.per_strip.cycles;
  }
  return choice;
}

MatrixChoice Chooser::choose_matrix(std::size_t m, const Prices& prices, double threshold, unsigned lengths) const {
  MatrixChoice best;
  for (std::size_t side = 0; side < matrices_[m].sides.size(); ++side) {
    MatrixChoice choice = choose_side(m, side, prices, threshold, lengths);
    if (side == 0 || choice.totals.value > best.totals.value) best = std::move(choice);
  }
  return best;
}

double Chooser::find_threshold(double wanted, const Prices& prices, unsigned lengths,
                               const std::function<double(double)>& kept_at) const {
  double cheapest = std::numeric_limits<double>::infinity();  // price per weight
  for (const MatrixCandidates& matrix : matrices_) {
    for (const MatrixSide& side : matrix.sides) {
      for (int l = 0; l <= side.tree.levels; ++l) {
        if ((lengths >> l & 1U) == 0) continue;
        cheapest = std::min(cheapest, vector_price(prices, 1 << l, 1 << l, side.direction) / (1 << l));
      }
    }
  }
  // More is kept at a lower threshold: halve the interval on a logarithmic scale that starts where all is kept.
  const double lowest = scale_.threshold(1) / 2;
  if (kept_at(lowest - cheapest) < wanted) return -cheapest;
  double low = std::log(lowest);
  double high = std::log(static_cast<double>(scale_.threshold(ThresholdScale::kSteps - 1)) + 2 * cheapest);
  constexpr int kHalvings = 22;  // 17 octaves / 2^22: finer than the tables
  for (int i = 0; i < kHalvings; ++i) {
    const double middle = 0.5 * (low + high);
    (kept_at(std::exp(middle) - cheapest) < wanted ? high : low) = middle;
  }
  return std::exp(low) - cheapest;
}

Totals Chooser::totals_of_side(std::size_t m, std::size_t side, const Prices& prices, std::uint64_t keep) const {
  const double threshold = find_threshold(static_cast<double>(keep), prices, lengths_, [&](double t) {
    return choose_side(m, side, prices, t, lengths_).totals.kept;
  });
  return choose_side(m, side, prices, threshold, lengths_).totals;
}

double Chooser::kept_above(const Prices& prices, double threshold, unsigned lengths) const {
  std::vector<double> kept(matrices_.size());
  parallel_for(matrices_.size(), threads_,
               [&](std::size_t m) { kept[m] = choose_matrix(m, prices, threshold, lengths).totals.kept; });
  double sum = 0;
  for (const double k : kept) sum += k;
  return sum;
}

Choice Chooser::choose(const Prices& prices, const std::vector<std::uint64_t>& keep, unsigned lengths) const {
  const std::size_t n = matrices_.size();
  Choice choice;
  choice.prices = prices;
  choice.matrices.resize(n);
  choice.threshold.assign(n, 0);
  if (keep.size() == 1) {
    const double threshold = find_threshold(static_cast<double>(keep[0]), prices, lengths,
                                            [&](double t) { return kept_above(prices, t, lengths); });
    choice.threshold.assign(n, threshold);
  } else {
    parallel_for(n, threads_, [&](std::size_t m) {
      choice.threshold[m] = find_threshold(static_cast<double>(keep[m]), prices, lengths,
                                           [&](double t) { return choose_matrix(m, prices, t, lengths).totals.kept; });
    });
  }
  parallel_for(n, threads_,
               [&](std::size_t m) { choice.matrices[m] = choose_matrix(m, prices, choice.threshold[m], lengths); });
  for (const MatrixChoice& m : choice.matrices) choice.totals += m.totals;
  return choice;
}

Pattern Chooser::pattern(std::size_t m, const MatrixChoice& choice) const {
  const MatrixSide& side = matrices_[m].sides[choice.side];
  Pattern pattern;
  pattern.direction = side.direction;
  for (const ChosenNode& node : choice.nodes) {
    Strip strip;
    strip.length = 1 << node.level;
    const std::size_t width =
        node.rest ? static_cast<std::size_t>(side.table.rest->width) : std::size_t{1} << node.level;
    const std::size_t first = node.rest ? side.tree.order.size() - width : node.node << node.level;
    strip.index.assign(side.tree.order.begin() + static_cast<std::ptrdiff_t>(first),
                       side.tree.order.begin() + static_cast<std::ptrdiff_t>(first + width));
    std::sort(strip.index.begin(), strip.index.end());
    pattern.strips.push_back(std::move(strip));
  }
  std::sort(pattern.strips.begin(), pattern.strips.end(), [](const Strip& a, const Strip& b) {
    if (a.length != b.length) return a.length > b.length;
    if (a.index.size() != b.index.size()) return a.index.size() > b.index.size();
    return a.index[0] < b.index[0];
  });
  return pattern;
}

}  // namespace mixvec::inline pruning
