// Groups similar lines: at every level all nodes are matched in pairs by how much importance their union keeps.
#include "pruning/grouping/line_tree.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "golden/base/random.hpp"
#include "pruning/grouping/pair_kernels.hpp"

namespace mixvec::inline pruning {

LineScores line_scores(std::span<const float> score, std::size_t out, std::size_t in, Direction direction) {
  LineScores scores;
  scores.score.resize(score.size());
  if (direction == Direction::kColumn) {
    scores.lines = out;
    scores.across = in;
    for (std::size_t i = 0; i < score.size(); ++i) scores.score[i] = score[i];
    return scores;
  }
  scores.lines = in;
  scores.across = out;
  constexpr std::size_t kBlock = 32;
  for (std::size_t i0 = 0; i0 < in; i0 += kBlock) {
    const std::size_t i1 = std::min(in, i0 + kBlock);
    for (std::size_t o0 = 0; o0 < out; o0 += kBlock) {
      const std::size_t o1 = std::min(out, o0 + kBlock);
      for (std::size_t i = i0; i < i1; ++i) {
        for (std::size_t o = o0; o < o1; ++o) scores.score[i * out + o] = score[o * in + i];
      }
    }
  }
  return scores;
}

LineTree natural_tree(std::size_t lines, int levels) {
  LineTree tree;
  tree.order.resize(lines);
  std::iota(tree.order.begin(), tree.order.end(), 0U);
  tree.levels = levels;
  return tree;
}

namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
// Neighbours by Hamming distance that are scored exactly: as many as the work allows.
constexpr std::size_t kFewestCandidates = 16;
constexpr std::size_t kMostCandidates = 64;
constexpr std::size_t kCandidateSteps = std::size_t{1} << 25U;  // lines · across · candidates
constexpr std::size_t kSample = 16;                             // strangers whose mean gain is the yardstick of a node
constexpr int kSwapPasses = 4;
// Above this many word comparisons only every n-th word takes part in the search for candidates.
constexpr std::size_t kMaxWordSteps = std::size_t{1} << 31U;
// Nodes that are compared with one another: more are cut into windows, so that time grows no longer with their square.
constexpr std::size_t kWindow = 4096;
// In a tree of more lines than a window, nodes that are all alike would take a round for every few of them: when a
// round pairs less than this share of the open ones, the rest is paired as it stands.
constexpr std::size_t kSlowShare = 16;

struct Edge {
  float saving;  ///< gain of the pair over what its nodes gain with strangers
  std::uint32_t a;
  std::uint32_t b;
};

// Matches the nodes of one level in pairs.
class Matcher {
 public:
  Matcher(const LineScores& scores, double density, std::uint64_t seed, bool hurry)
      : scores_(scores), partner_(scores.lines, kNone), hurry_(hurry) {
    find_threshold(density);
    make_masks();
    find_yardsticks(seed);
  }

  /// partner[i] of every node; with an odd count one node stays alone (kNone).
  std::vector<std::uint32_t> match() {
    std::vector<std::uint32_t> open(scores_.lines);
    std::iota(open.begin(), open.end(), 0U);
    candidates_.assign(scores_.lines, {});
    candidates_per_node_ = std::clamp(kCandidateSteps / scores_.score.size(), kFewestCandidates, kMostCandidates);
    while (open.size() > 1) {
      const std::size_t before = open.size();
      match_round(open);
      std::erase_if(open, [&](std::uint32_t i) { return partner_[i] != kNone; });
      if (hurry_ && before - open.size() < before / kSlowShare) pair_off(open);
    }
    for (int pass = 0; pass < kSwapPasses; ++pass) {
      if (!improve_by_swaps()) break;
    }
    return partner_;
  }

 private:
  float gain(std::uint32_t a, std::uint32_t b) const {
    return merged_gain(scores_.line(a), scores_.line(b), scores_.across, 2 * threshold_);
  }

  // The score above which a node's vector is kept, so that `density` of them are.
  void find_threshold(double density) {
    const std::size_t total = scores_.score.size();
    const std::size_t stride = total / 65536 + 1;
    std::vector<float> sample;
    // An odd multiplier walks through all positions instead of a few columns of the matrix.
    for (std::size_t i = 0; i < total; i += stride) sample.push_back(scores_.score[(i * 40503) % total]);
    const auto kept = static_cast<std::size_t>(density * static_cast<double>(sample.size()));
    const auto at = sample.begin() + static_cast<std::ptrdiff_t>(std::min(kept, sample.size() - 1));
    std::nth_element(sample.begin(), at, sample.end(), std::greater<>());
    threshold_ = *at;
  }

  void make_masks() {
    const std::size_t full = (scores_.across + 63) / 64;
    const std::size_t steps = scores_.lines * std::min(scores_.lines, kWindow) * full;
    const std::size_t skip = steps / kMaxWordSteps + 1;
    words_ = (full + skip - 1) / skip;
    masks_.assign(scores_.lines * words_, 0);
    for (std::size_t n = 0; n < scores_.lines; ++n) {
      const float* const line = scores_.line(n);
      for (std::size_t w = 0; w < words_; ++w) {
        const std::size_t first = w * skip * 64;
        const std::size_t last = std::min(first + 64, scores_.across);
        std::uint64_t bits = 0;
        for (std::size_t i = first; i < last; ++i) {
          bits |= static_cast<std::uint64_t>(line[i] > threshold_) << (i - first);
        }
        masks_[n * words_ + w] = bits;
      }
    }
  }

  void find_yardsticks(std::uint64_t seed) {
    yardstick_.resize(scores_.lines);
    Random random(seed);
    std::vector<std::uint32_t> strangers(kSample);
    for (std::uint32_t& s : strangers) s = static_cast<std::uint32_t>(random.next() % scores_.lines);
    for (std::uint32_t n = 0; n < scores_.lines; ++n) {
      float sum = 0;
      for (const std::uint32_t s : strangers) sum += gain(n, s);
      yardstick_[n] = sum / static_cast<float>(kSample);
    }
  }

  // Pairs neighbours in the order of the list, of which at most one node remains.
  void pair_off(std::vector<std::uint32_t>& open) {
    for (std::size_t k = 0; k + 1 < open.size(); k += 2) {
      partner_[open[k]] = open[k + 1];
      partner_[open[k + 1]] = open[k];
    }
    open.erase(open.begin(), open.end() - static_cast<std::ptrdiff_t>(open.size() % 2));
  }

  // Links every open node to its nearest open nodes and takes the links greedily, best saving first.
  void match_round(const std::vector<std::uint32_t>& open) {
    std::vector<Edge> edges;
    const std::size_t windows = (open.size() + kWindow - 1) / kWindow;
    for (std::size_t w = 0; w < windows; ++w) {
      const std::size_t first = w * open.size() / windows;
      link_nearest(std::span(open).subspan(first, (w + 1) * open.size() / windows - first), edges);
    }
    std::sort(edges.begin(), edges.end(), [](const Edge& x, const Edge& y) {
      if (x.saving != y.saving) return x.saving > y.saving;
      return x.a != y.a ? x.a < y.a : x.b < y.b;
    });
    for (const Edge& edge : edges) {
      if (partner_[edge.a] != kNone || partner_[edge.b] != kNone) continue;
      partner_[edge.a] = edge.b;
      partner_[edge.b] = edge.a;
    }
  }

  // Appends links of every node to the nearest others of `open`.
  void link_nearest(std::span<const std::uint32_t> open, std::vector<Edge>& edges) {
    std::vector<std::uint64_t> packed(open.size() * words_);
    for (std::size_t k = 0; k < open.size(); ++k) {
      std::copy_n(&masks_[open[k] * words_], words_, &packed[k * words_]);
    }
    std::vector<std::uint32_t> distance(open.size());
    std::vector<std::uint32_t> histogram(words_ * 64 + 1);
    for (std::size_t k = 0; k < open.size(); ++k) {
      hamming(&packed[k * words_], packed.data(), words_, open.size(), distance.data());
      distance[k] = static_cast<std::uint32_t>(words_ * 64);
      std::fill(histogram.begin(), histogram.end(), 0U);
      for (const std::uint32_t d : distance) ++histogram[d];
      const std::size_t wanted = std::min(candidates_per_node_, open.size() - 1);
      std::uint32_t limit = 0;
      std::size_t below = 0;
      while (below + histogram[limit] < wanted) below += histogram[limit++];
      // Of those at the limit itself only as many as are missing, the first ones.
      std::size_t at_limit = wanted - below;
      const std::uint32_t a = open[k];
      for (std::size_t j = 0; j < open.size(); ++j) {
        if (j == k || distance[j] > limit || (distance[j] == limit && at_limit == 0)) continue;
        if (distance[j] == limit) --at_limit;
        const std::uint32_t b = open[j];
        edges.push_back({gain(a, b) - 0.5F * (yardstick_[a] + yardstick_[b]), a, b});
        candidates_[a].push_back(b);
      }
    }
  }

  // Exchanges partners between two pairs where that keeps more; returns whether anything changed.
  bool improve_by_swaps() {
    std::vector<float> pair_gain(scores_.lines, 0.0F);
    for (std::uint32_t a = 0; a < scores_.lines; ++a) {
      if (partner_[a] != kNone && a < partner_[a]) pair_gain[a] = pair_gain[partner_[a]] = gain(a, partner_[a]);
    }
    bool changed = false;
    for (std::uint32_t a = 0; a < scores_.lines; ++a) {
      for (const std::uint32_t c : candidates_[a]) {
        const std::uint32_t b = partner_[a];
        const std::uint32_t d = partner_[c];
        if (b == c) continue;
        if (b == kNone && d == kNone) continue;
        const float now = pair_gain[a] + pair_gain[c];
        const float joined = gain(a, c);
        const float rest = b == kNone || d == kNone ? 0.0F : gain(b, d);
        if (joined + rest <= now * 1.000001F) continue;
        partner_[a] = c;
        partner_[c] = a;
        if (b != kNone) partner_[b] = d;
        if (d != kNone) partner_[d] = b;
        pair_gain[a] = pair_gain[c] = joined;
        if (b != kNone) pair_gain[b] = rest;
        if (d != kNone) pair_gain[d] = rest;
        changed = true;
      }
    }
    return changed;
  }

  const LineScores& scores_;
  std::vector<std::uint32_t> partner_;
  bool hurry_;  ///< the tree has more lines than a window
  float threshold_ = 0;
  std::size_t words_ = 0;
  std::size_t candidates_per_node_ = 0;
  std::vector<std::uint64_t> masks_;  ///< lines × words_: which vectors stand above the threshold
  std::vector<float> yardstick_;      ///< mean gain with the strangers
  std::vector<std::vector<std::uint32_t>> candidates_;
};

}  // namespace

LineTree grouped_tree(LineScores scores, int levels, double density, std::uint64_t seed) {
  LineTree tree;
  tree.levels = levels;
  const bool hurry = scores.lines > kWindow;
  std::vector<std::vector<std::uint32_t>> nodes(scores.lines);
  for (std::size_t i = 0; i < scores.lines; ++i) nodes[i] = {static_cast<std::uint32_t>(i)};
  std::vector<std::vector<std::uint32_t>> alone;  // the node left over at each level, if any
  for (int level = 0; level < levels && nodes.size() > 1; ++level) {
    const std::vector<std::uint32_t> partner =
        Matcher(scores, density, seed + static_cast<std::uint64_t>(level), hurry).match();
    LineScores merged;
    merged.across = scores.across;
    merged.lines = nodes.size() / 2;
    merged.score.resize(merged.lines * merged.across);
    std::vector<std::vector<std::uint32_t>> merged_nodes;
    for (std::uint32_t a = 0; a < nodes.size(); ++a) {
      const std::uint32_t b = partner[a];
      if (b == kNone) {
        alone.push_back(std::move(nodes[a]));
      } else if (a < b) {
        float* const sum = &merged.score[merged_nodes.size() * merged.across];
        for (std::size_t i = 0; i < merged.across; ++i) sum[i] = scores.line(a)[i] + scores.line(b)[i];
        std::vector<std::uint32_t> both = std::move(nodes[a]);
        both.insert(both.end(), nodes[b].begin(), nodes[b].end());
        merged_nodes.push_back(std::move(both));
      }
    }
    scores = std::move(merged);
    nodes = std::move(merged_nodes);
  }
  for (const auto& node : nodes) tree.order.insert(tree.order.end(), node.begin(), node.end());
  // Longer leftovers first: then every block of the order is aligned to its own size.
  for (auto node = alone.rbegin(); node != alone.rend(); ++node) {
    tree.order.insert(tree.order.end(), node->begin(), node->end());
  }
  return tree;
}

}  // namespace mixvec::inline pruning
