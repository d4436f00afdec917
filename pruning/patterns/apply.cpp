// Checks, masks, strips.
#include "pruning/patterns/apply.hpp"

#include <cmath>
#include <set>
#include <utility>

#include "golden/base/error.hpp"
#include "golden/base/parallel.hpp"

namespace mixvec::inline pruning {

namespace {

// A ratio that a user has rounded is taken for the pattern's own.
constexpr double kSameRatio = 0.005;

void check_matrix(const MatrixScores& matrix) {
  if (matrix.out == 0 || matrix.in == 0 || matrix.score.size() != matrix.out * matrix.in) {
    fail_input("{}: found {} scores, expected {} x {}, at least one", matrix.name, matrix.score.size(), matrix.out,
               matrix.in);
  }
  for (std::size_t i = 0; i < matrix.score.size(); ++i) {
    if (!std::isfinite(matrix.score[i]) || matrix.score[i] < 0) {
      fail_input("{}: score[{}][{}]: found {}, expected a finite value of at least 0", matrix.name, i / matrix.in,
                 i % matrix.in, matrix.score[i]);
    }
  }
}

double ratio_of(const MaskPattern& pattern, const MaskRequest& request) {
  if (request.ratio && !(*request.ratio >= 0 && *request.ratio <= 1)) {
    fail_input("--ratio: found {}, expected 0 to 1 (0.8 prunes 80 %)", *request.ratio);
  }
  const std::optional<double> own = pattern.own_ratio();
  if (!own && !request.ratio) fail_input("--ratio: found none, expected 0 to 1: this pattern does not say its own");
  if (own && request.ratio && std::fabs(*own - *request.ratio) > kSameRatio) {
    fail_input("--ratio: found {}, expected {:.4g} or none: the pattern's parameters say how much it prunes",
               *request.ratio, *own);
  }
  return own ? *own : *request.ratio;
}

// Layers of a ratio each: one request after the other.
void choose_by_layer(const MaskPattern& pattern, const MaskRequest& request, std::vector<Mask>& masks) {
  for (std::size_t layer = 0; layer < request.layer_ratios.size(); ++layer) {
    MaskRequest part = request;
    part.matrices.clear();
    std::vector<std::size_t> place;
    for (std::size_t i = 0; i < request.matrices.size(); ++i) {
      if (request.matrices[i].layer != layer) continue;
      part.matrices.push_back(request.matrices[i]);
      place.push_back(i);
    }
    std::vector<Mask> chosen;
    for (const std::size_t i : place) chosen.push_back(std::move(masks[i]));
    pattern.choose(part, request.layer_ratios[layer], chosen);
    for (std::size_t p = 0; p < place.size(); ++p) masks[place[p]] = std::move(chosen[p]);
  }
}

}  // namespace

std::vector<Mask> choose_masks(const MaskPattern& pattern, const MaskRequest& request) {
  const double ratio = ratio_of(pattern, request);
  MaskRequest pruned = request;
  pruned.matrices.clear();
  std::vector<std::size_t> place;
  std::set<std::pair<std::size_t, MatrixKind>> seen;
  for (std::size_t i = 0; i < request.matrices.size(); ++i) {
    const MatrixScores& matrix = request.matrices[i];
    if (!seen.emplace(matrix.layer, matrix.kind).second) {
      fail_input("{}: found a second {} of layer {}, expected one", matrix.name, name_of(matrix.kind), matrix.layer);
    }
    if (!pattern.prunes(matrix.kind)) continue;
    pruned.matrices.push_back(matrix);
    place.push_back(i);
  }
  parallel_for(request.matrices.size(), request.threads, [&](std::size_t i) { check_matrix(request.matrices[i]); });
  std::vector<Mask> chosen;
  chosen.reserve(place.size());
  for (const MatrixScores& matrix : pruned.matrices) chosen.emplace_back(matrix.score.size(), std::uint8_t{1});
  if (request.layer_ratios.empty()) {
    pattern.choose(pruned, ratio, chosen);
  } else {
    choose_by_layer(pattern, pruned, chosen);
  }
  std::vector<Mask> masks(request.matrices.size());
  for (std::size_t p = 0; p < place.size(); ++p) masks[place[p]] = std::move(chosen[p]);
  for (std::size_t i = 0; i < masks.size(); ++i) {
    if (masks[i].empty()) masks[i].assign(request.matrices[i].score.size(), 1);
  }
  return masks;
}

std::vector<PatternedMatrix> apply_pattern(const MaskPattern& pattern, const MaskRequest& request,
                                           const CostModel& model) {
  std::vector<Mask> masks = choose_masks(pattern, request);
  std::vector<PatternedMatrix> results(masks.size());
  parallel_for(masks.size(), request.threads, [&](std::size_t i) {
    const MatrixScores& matrix = request.matrices[i];
    PatternedMatrix& result = results[i];
    result.mask = std::move(masks[i]);
    for (std::size_t w = 0; w < result.mask.size(); ++w) {
      result.score_total += static_cast<double>(matrix.score[w]);
      if (result.mask[w] == 0) continue;
      result.score += static_cast<double>(matrix.score[w]);
      ++result.kept;
    }
    StripChoice strips = best_strips(matrix.name, matrix.out, matrix.in, result.mask, model);
    result.pattern = std::move(strips.pattern);
    result.cost = strips.cost;
  });
  return results;
}

}  // namespace mixvec::inline pruning
