// The loss of a model and its derivatives by the outputs of every matrix, layer by layer backwards.
#pragma once

#include <array>
#include <span>

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

/// The derivative by the last layer's output y of Σ −ln p(target) over all tokens; `nats` (may be nullptr) becomes that
/// sum. GPT-2 only.
DenseRows loss_gradient(const Network& network, const DenseRows& y, std::span<const std::size_t> targets, double* nats);

}  // namespace mixvec::inline pruning
