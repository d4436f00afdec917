// Neurons between W_F1 and W_F2: rows of the first with columns of the second. Residual channels are refused.
#include "golden/base/error.hpp"
#include "golden/base/parallel.hpp"
#include "pruning/patterns/registry.hpp"
#include "pruning/patterns/units.hpp"

namespace mixvec::inline pruning {

namespace {

class ChannelPattern : public MaskPattern {
 public:
  [[nodiscard]] bool prunes(MatrixKind kind) const override {
    return kind == MatrixKind::kF1 || kind == MatrixKind::kF2;
  }

  void choose(const MaskRequest& request, double ratio, std::vector<Mask>& masks) const override {
    const std::vector<LayerPair> pairs = layer_pairs(request, MatrixKind::kF1, "channel");
    std::vector<std::vector<double>> scores(pairs.size());
    parallel_for(pairs.size(), request.threads, [&](std::size_t p) { scores[p] = channel_scores(request, pairs[p]); });
    const auto keep = keep_units(scores, ratio, request.per_matrix, 0);
    parallel_for(pairs.size(), request.threads,
                 [&](std::size_t p) { prune_channels(pairs[p], keep[p], request, masks); });
  }
};

}  // namespace

MaskPatternEntry channel_pattern() {
  return {"channel",
          "He 2017",
          "whole neurons between W_F1 and W_F2: a row of the one, a column of the other; nothing else",
          {{"which", "neurons", "residual channels are refused: every layer shares them"}},
          [](const PatternParameters& parameters) {
            if (parameters.choice("which", {"neurons", "residual"}) == "residual") {
              fail_input(
                  "--pattern channel: which: found residual, expected neurons: every layer adds to the same residual "
                  "channels and reads them, so removing one of them would change all layers, embeddings and norms; the "
                  "neurons between W_F1 and W_F2 are seen by nothing else");
            }
            return std::make_unique<ChannelPattern>();
          }};
}

}  // namespace mixvec::inline pruning
