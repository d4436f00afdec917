// A gradual removal of single weights, for its scores alone.
#include "pruning/importance/lookahead.hpp"

#include <cmath>

#include "pruning/importance/top_importance.hpp"

namespace mixvec::inline pruning {

std::vector<std::vector<float>> look_ahead(GradualImportance& gradual, const Lookahead& how) {
  gradual.restart();
  std::vector<std::vector<float>> result = gradual.scores({});
  std::vector<std::vector<std::uint8_t>> masks(result.size());
  std::size_t weights = 0;
  for (std::size_t m = 0; m < result.size(); ++m) {
    masks[m].assign(result[m].size(), 1);
    weights += result[m].size();
  }
  for (int round = 1; round <= how.rounds; ++round) {
    const double left = std::pow(1 - how.ratio, static_cast<double>(round) / how.rounds);
    // What went before is not to come back: it scores less than what is kept only as a rule.
    std::vector<std::vector<float>> kept = result;
    for (std::size_t m = 0; m < kept.size(); ++m) {
      for (std::size_t i = 0; i < kept[m].size(); ++i) kept[m][i] = masks[m][i] != 0 ? kept[m][i] : 0.0F;
    }
    const std::vector<std::span<const float>> spans(kept.begin(), kept.end());
    const float threshold =
        top_importance(spans, static_cast<std::uint64_t>(left * static_cast<double>(weights)), how.threads).threshold;
    for (std::size_t m = 0; m < kept.size(); ++m) {
      for (std::size_t i = 0; i < kept[m].size(); ++i) {
        if (kept[m][i] < threshold) masks[m][i] = 0;
      }
    }
    gradual.keep(masks);
    const std::vector<std::vector<float>> now = gradual.scores({});
    for (std::size_t m = 0; m < now.size(); ++m) {
      for (std::size_t i = 0; i < now[m].size(); ++i) {
        if (masks[m][i] != 0) result[m][i] = now[m][i];
      }
    }
  }
  return result;
}

}  // namespace mixvec::inline pruning
