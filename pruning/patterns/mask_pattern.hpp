// A pattern that makes masks from scores: what it is asked, what it answers, and the interface between the two.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "golden/checkpoint/model_types.hpp"

namespace mixvec::inline pruning {

/// One matrix with the importance of each of its weights. The importance of a group is the sum over its weights: where
/// a method knows that of groups only, the caller has spread it over them.
struct MatrixScores {
  std::string name;  ///< for messages, as "layer.0.W_F1"
  std::size_t layer = 0;
  MatrixKind kind = MatrixKind::kMA;
  std::size_t out = 0;
  std::size_t in = 0;
  std::span<const float> score;  ///< out × in, row-major; finite and at least 0
};

/// What a pattern is asked for.
struct MaskRequest {
  std::vector<MatrixScores> matrices;  ///< of each layer at most one of a kind
  std::size_t heads = 0;               ///< attention heads of every layer
  std::optional<double> ratio;         ///< δ, pruned share of the matrices that the pattern prunes; none: its own
  /// One ranking per matrix instead of one over the whole model. Matrices that a pattern couples (head, channel, filled
  /// blocks) are ranked together, layer by layer.
  bool per_matrix = false;
  int threads = 0;                        ///< 0: all of the machine
  std::vector<double> layer_ratios = {};  ///< per_matrix: δ of every layer; empty: ratio
};

/// What is kept of one matrix.
using Mask = std::vector<std::uint8_t>;  ///< out × in, 1 = kept

/// A pattern with its parameters. Deterministic: masks depend on the request alone, not on the number of threads. Among
/// equal scores the earlier one stays: by matrix (as listed), then output, then input.
class MaskPattern {
 public:
  MaskPattern() = default;
  MaskPattern(const MaskPattern&) = delete;
  MaskPattern& operator=(const MaskPattern&) = delete;
  virtual ~MaskPattern() = default;

  /// Whether matrices of this kind are pruned. Others stay whole and do not count in the ratio.
  [[nodiscard]] virtual bool prunes(MatrixKind /*kind*/) const { return true; }
  /// The pruned share that the parameters say, where they do: another ratio is then refused.
  [[nodiscard]] virtual std::optional<double> own_ratio() const { return std::nullopt; }
  /// Whether groups compete with each other, over the model or in each matrix. Else each keeps a share of its own.
  [[nodiscard]] virtual bool ranks() const { return true; }
  /// Masks of the matrices of a checked request (choose_masks), which come in whole (all 1). `ratio`: the request's, or
  /// the pattern's own. Throws InputError where the matrices do not suit.
  virtual void choose(const MaskRequest& request, double ratio, std::vector<Mask>& masks) const = 0;
};

}  // namespace mixvec::inline pruning
