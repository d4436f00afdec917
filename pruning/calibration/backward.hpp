// The loss of a model and its derivatives by the outputs of every matrix, layer by layer backwards.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "golden/network/network.hpp"

namespace mixvec::inline pruning {

/// Derivatives of a loss, tokens in rows.
struct LayerGradient {
  DenseRows x;                      ///< by the layer's input
  std::array<DenseRows, 4> output;  ///< by the outputs of the four matrices, by MatrixKind
};

/// The chain rule through one layer: `by_output` is the derivative by the layer's output, `trace` what run() kept.
LayerGradient backward(const NetworkLayer& layer, const LayerTrace& trace, const SequenceEnds& ends,
                       const DenseRows& by_output);

/// What a GPT-2 makes of the tokens that follow: Σ −ln p(target) over all tokens, for any targets.
class TokenLoss {
 public:
  /// `y`: the last layer's output, tokens × d; `gradients`: gradient() and draw_targets() will be asked for. All must
  /// outlive it.
  TokenLoss(const Network& network, const DenseRows& y, std::span<const std::size_t> targets, bool gradients);

  /// Of the targets given.
  [[nodiscard]] double nats() const { return nats_; }
  /// For every token an id drawn from what the model predicts.
  [[nodiscard]] std::vector<std::size_t> draw_targets(std::uint64_t seed) const;
  /// The derivative by y of the loss of these targets.
  [[nodiscard]] DenseRows gradient(std::span<const std::size_t> targets) const;

 private:
  [[nodiscard]] const DenseRows& head() const { return network_.head.size() > 0 ? network_.head : network_.words; }

  const Network& network_;
  const DenseRows& y_;
  double nats_ = 0;
  DenseRows p_;         ///< tokens × vocabulary
  DenseRows expected_;  ///< rows of the output matrix, by p: what all targets have in common
};

}  // namespace mixvec::inline pruning
