// Layers of a checkpoint: LayerNorm parameters, activation function and matrices.
#pragma once

#include <cstddef>
#include <vector>

#include "golden/checkpoint/model.hpp"
#include "golden/layer/layer.hpp"
#include "golden/math/layer_norm.hpp"

namespace mixvec::inline golden {

/// Layer `layer` of GPT-2 (pre-norm, causal; ln_1, ln_2) or BERT (post-norm, all see all; attention.output.LayerNorm,
/// output.LayerNorm) with its matrices and the heads that pruning emptied. LayerNorm parameters are rounded once to
/// binary16; where no LayerNorm of the model has a bias, all are zero. `dense_length`: vector length where nothing is
/// pruned, as for Model::load_pruned(). Throws InputError naming the tensor (missing, of another shape, not finite in
/// binary16) or the activation function.
PrunedLayer load_layer(const Model& model, std::size_t layer, int dense_length = 16);

/// Layers `first` to before `first` + `count`, for `tokens` tokens in all. Throws InputError like load_layer(), and if
/// the model has fewer layers or fewer positions.
std::vector<PrunedLayer> load_layers(const Model& model, std::size_t first, std::size_t count, std::size_t tokens,
                                     int dense_length = 16);

/// GPT-2's last LayerNorm, ln_f. Throws InputError like load_layer(), and for BERT, which has none.
LayerNorm load_final_norm(const Model& model);

}  // namespace mixvec::inline golden
