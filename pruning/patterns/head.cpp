// Whole attention heads: their rows of Q, K and V in W_MA and their columns of W_MP.
#include "golden/base/error.hpp"
#include "golden/base/parallel.hpp"
#include "pruning/patterns/registry.hpp"
#include "pruning/patterns/units.hpp"

namespace mixvec::inline pruning {

namespace {

class HeadPattern : public MaskPattern {
 public:
  explicit HeadPattern(std::size_t at_least) : at_least_(at_least) {}

  [[nodiscard]] bool prunes(MatrixKind kind) const override {
    return kind == MatrixKind::kMA || kind == MatrixKind::kMP;
  }

  void choose(const MaskRequest& request, double ratio, std::vector<Mask>& masks) const override {
    const std::vector<LayerPair> pairs = layer_pairs(request, MatrixKind::kMA, "head");
    const std::size_t heads = request.heads;
    if (!pairs.empty() && (heads == 0 || pairs[0].channels % heads != 0)) {
      fail_input("--pattern head: found {} heads, expected a number that divides {}, the inputs of {}", heads,
                 pairs[0].channels, request.matrices[pairs[0].second].name);
    }
    if (!pairs.empty() && at_least_ > heads) {
      fail_input("--pattern head: at-least: found {}, expected at most {}, the heads of a layer", at_least_, heads);
    }
    std::vector<std::vector<double>> scores(pairs.size(), std::vector<double>(heads));
    parallel_for(pairs.size(), request.threads, [&](std::size_t p) {
      const std::vector<double> channels = channel_scores(request, pairs[p]);
      const std::size_t size = channels.size() / heads;
      for (std::size_t c = 0; c < channels.size(); ++c) scores[p][c / size] += channels[c];
    });
    const auto keep = keep_units(scores, ratio, request.per_matrix, at_least_);
    parallel_for(pairs.size(), request.threads, [&](std::size_t p) {
      std::vector<std::uint8_t> channels(pairs[p].channels);
      for (std::size_t c = 0; c < channels.size(); ++c) channels[c] = keep[p][c / (channels.size() / heads)];
      prune_channels(pairs[p], channels, request, masks);
    });
  }

 private:
  std::size_t at_least_;
};

}  // namespace

MaskPatternEntry head_pattern() {
  return {"head",
          "Michel 2019",
          "whole attention heads: rows of Q, K and V in W_MA, columns of W_MP; nothing else",
          {{"at-least", "1", "heads that stay in every layer"}},
          [](const PatternParameters& parameters) {
            return std::make_unique<HeadPattern>(parameters.count("at-least", 0, 65536));
          }};
}

}  // namespace mixvec::inline pruning
