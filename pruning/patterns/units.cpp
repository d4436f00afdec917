// Pairs of matrices, scores of their channels, and the best units.
#include "pruning/patterns/units.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>

#include "golden/base/error.hpp"
#include "pruning/patterns/balanced.hpp"

namespace mixvec::inline pruning {

std::vector<LayerPair> layer_pairs(const MaskRequest& request, MatrixKind first, const char* pattern) {
  const bool attention = first == MatrixKind::kMA;
  const MatrixKind second = attention ? MatrixKind::kMP : MatrixKind::kF2;
  struct Found {
    std::optional<std::size_t> first;
    std::optional<std::size_t> second;
  };
  std::map<std::size_t, Found> layers;
  for (std::size_t i = 0; i < request.matrices.size(); ++i) {
    const MatrixScores& matrix = request.matrices[i];
    if (matrix.kind == first) layers[matrix.layer].first = i;
    if (matrix.kind == second) layers[matrix.layer].second = i;
  }
  std::vector<LayerPair> pairs;
  for (const auto& [layer, found] : layers) {
    if (!found.first || !found.second) {
      fail_input("--pattern {}: layer {}: found {} without {}, expected both, as they share what is pruned", pattern,
                 layer, name_of(found.first ? first : second), name_of(found.first ? second : first));
    }
    const MatrixScores& a = request.matrices[*found.first];
    const MatrixScores& b = request.matrices[*found.second];
    const std::size_t parts = attention ? 3 : 1;
    if (a.out != parts * b.in) {
      fail_input("--pattern {}: {}: found {} outputs, expected {} ({} the inputs of {})", pattern, a.name, a.out,
                 parts * b.in, attention ? "three times" : "as many as", b.name);
    }
    if (!pairs.empty() && b.in != pairs[0].channels) {
      fail_input("--pattern {}: {}: found {} inputs, expected {} as in the first layer", pattern, b.name, b.in,
                 pairs[0].channels);
    }
    pairs.push_back({layer, *found.first, *found.second, b.in, parts});
  }
  return pairs;
}

std::vector<double> channel_scores(const MaskRequest& request, const LayerPair& pair) {
  const MatrixScores& a = request.matrices[pair.first];
  const MatrixScores& b = request.matrices[pair.second];
  std::vector<double> scores(pair.channels);
  for (std::size_t c = 0; c < pair.channels; ++c) {
    for (std::size_t part = 0; part < pair.parts; ++part) {
      const auto row = a.score.subspan(pair.row(part, c) * a.in, a.in);
      scores[c] = std::accumulate(row.begin(), row.end(), scores[c]);
    }
  }
  for (std::size_t o = 0; o < b.out; ++o) {
    for (std::size_t c = 0; c < pair.channels; ++c) scores[c] += static_cast<double>(b.score[o * b.in + c]);
  }
  return scores;
}

void prune_channels(const LayerPair& pair, const std::vector<std::uint8_t>& keep, const MaskRequest& request,
                    std::vector<Mask>& masks) {
  const MatrixScores& a = request.matrices[pair.first];
  const MatrixScores& b = request.matrices[pair.second];
  for (std::size_t c = 0; c < pair.channels; ++c) {
    if (keep[c] != 0) continue;
    for (std::size_t part = 0; part < pair.parts; ++part) {
      std::uint8_t* const row = masks[pair.first].data() + pair.row(part, c) * a.in;
      std::fill(row, row + a.in, std::uint8_t{0});
    }
    for (std::size_t o = 0; o < b.out; ++o) masks[pair.second][o * b.in + c] = 0;
  }
}

namespace {

struct LayerUnit {
  double score;
  std::size_t layer;
  std::size_t unit;
};

// Keeps the best `at_least` of each layer from `begin` to `end`, then the best of the rest until `count` are kept.
void keep_best_units(const std::vector<std::vector<double>>& scores, std::size_t begin, std::size_t end,
                     std::size_t count, std::size_t at_least, std::vector<std::vector<std::uint8_t>>& keep) {
  TopOfGroup top;
  std::vector<LayerUnit> rest;
  for (std::size_t l = begin; l < end; ++l) {
    for (const std::size_t u : top(scores[l].data(), scores[l].size(), 1, at_least)) keep[l][u] = 1;
    for (std::size_t u = 0; u < scores[l].size(); ++u) {
      if (keep[l][u] == 0) rest.push_back({scores[l][u], l, u});
    }
  }
  std::stable_sort(rest.begin(), rest.end(), [](const LayerUnit& a, const LayerUnit& b) { return a.score > b.score; });
  const std::size_t kept = at_least * (end - begin);
  for (std::size_t i = 0; kept + i < count && i < rest.size(); ++i) keep[rest[i].layer][rest[i].unit] = 1;
}

}  // namespace

std::vector<std::vector<std::uint8_t>> keep_units(const std::vector<std::vector<double>>& scores, double ratio,
                                                  bool per_layer, std::size_t at_least) {
  std::vector<std::vector<std::uint8_t>> keep;
  keep.reserve(scores.size());
  std::size_t units = 0;
  for (const std::vector<double>& layer : scores) {
    keep.emplace_back(layer.size(), std::uint8_t{0});
    units += layer.size();
  }
  if (!per_layer) keep_best_units(scores, 0, scores.size(), kept_count(ratio, units), at_least, keep);
  for (std::size_t l = 0; per_layer && l < scores.size(); ++l) {
    keep_best_units(scores, l, l + 1, kept_count(ratio, scores[l].size()), at_least, keep);
  }
  return keep;
}

}  // namespace mixvec::inline pruning
