// Units inside a layer (heads, neurons): the two matrices that share them, what they are worth, and which ones stay.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "pruning/patterns/mask_pattern.hpp"

namespace mixvec::inline pruning {

/// Two matrices of a layer with channels between them that nothing else sees: W_MA and W_MP with the channels of the
/// heads, W_F1 and W_F2 with the neurons. Removing a channel removes its rows of the first (of Q, K and V in W_MA) and
/// its column of the second.
struct LayerPair {
  std::size_t layer = 0;
  std::size_t first = 0;     ///< index of W_MA or W_F1 in the request
  std::size_t second = 0;    ///< of W_MP or W_F2
  std::size_t channels = 0;  ///< between them
  std::size_t parts = 1;     ///< rows of a channel in the first matrix: 3 in W_MA, 1 in W_F1

  /// The row of W_MA or W_F1 that makes part `part` (0 … parts − 1; in W_MA Q, K, V) of a channel.
  [[nodiscard]] std::size_t row(std::size_t part, std::size_t channel) const { return part * channels + channel; }
};

/// The pairs of all layers that have one of `first` (kMA or kF1) or its partner, in order of the layers. Throws
/// InputError where a layer has only one of them or their shapes do not fit; `pattern` is named in messages.
std::vector<LayerPair> layer_pairs(const MaskRequest& request, MatrixKind first, const char* pattern);

/// Score of every channel of a pair: the sum over its rows and its column.
std::vector<double> channel_scores(const MaskRequest& request, const LayerPair& pair);

/// Prunes the channels whose `keep` is 0, in both matrices of the pair; of the others nothing changes.
void prune_channels(const LayerPair& pair, const std::vector<std::uint8_t>& keep, const MaskRequest& request,
                    std::vector<Mask>& masks);

/// Which units stay (1) of each layer: as many of all together (per_layer: of each layer) as are nearest to 1 − ratio,
/// but at least `at_least` of each layer, such that their score is the largest possible. Ties go to the earlier layer
/// and unit. scores[layer][unit]; all layers with as many units, at_least at most that.
std::vector<std::vector<std::uint8_t>> keep_units(const std::vector<std::vector<double>>& scores, double ratio,
                                                  bool per_layer, std::size_t at_least);

}  // namespace mixvec::inline pruning
