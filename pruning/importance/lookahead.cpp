// A gradual removal of single weights, for its scores alone.
#include "pruning/importance/lookahead.hpp"

#include <cmath>

#include "pruning/importance/gradual_state.hpp"
#include "pruning/importance/top_importance.hpp"

namespace mixvec::inline pruning {

GradualImportance::Scores look_ahead(GradualImportance& gradual, std::span<const DenseMatrix> matrices,
                                     const Lookahead& how, RunState* state) {
  constexpr const char* kName = "lookahead";
  RemovalRound at = no_round(matrices);
  if (state == nullptr || !load_round(*state, kName, at, gradual)) at.scores = gradual.restart({});
  std::size_t weights = 0;
  for (const DenseMatrix& dense : matrices) weights += dense.weight.size();
  while (at.round < how.rounds) {
    ++at.round;
    const double left = std::pow(1 - how.ratio, static_cast<double>(at.round) / how.rounds);
    // What went before is not to come back: it scores less than what is kept only as a rule.
    GradualImportance::Scores kept = at.scores;
    for (std::size_t m = 0; m < kept.size(); ++m) {
      for (std::size_t i = 0; i < kept[m].size(); ++i) kept[m][i] = at.masks[m][i] != 0 ? kept[m][i] : 0.0F;
    }
    const std::vector<std::span<const float>> spans(kept.begin(), kept.end());
    const float threshold =
        top_importance(spans, static_cast<std::uint64_t>(left * static_cast<double>(weights)), how.threads).threshold;
    for (std::size_t m = 0; m < kept.size(); ++m) {
      for (std::size_t i = 0; i < kept[m].size(); ++i) {
        if (kept[m][i] < threshold) at.masks[m][i] = 0;
      }
    }
    kept = gradual.keep(at.masks, {});
    for (std::size_t m = 0; m < kept.size(); ++m) {
      for (std::size_t i = 0; i < kept[m].size(); ++i) {
        if (at.masks[m][i] != 0) at.scores[m][i] = kept[m][i];
      }
    }
    if (state != nullptr && (state->due() || at.round == how.rounds)) save_round(*state, kName, at, gradual);
  }
  return std::move(at.scores);
}

}  // namespace mixvec::inline pruning
