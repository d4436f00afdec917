// A whole model in binary32 on BLAS: embeddings, layers and output of a checkpoint, with the binary16 values of all
// parameters.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "golden/checkpoint/model.hpp"
#include "golden/network/network_layer.hpp"
#include "golden/text/token_ids.hpp"

namespace mixvec::inline golden {

/// A checkpoint ready to compute on.
struct Network {
  ModelConfig config;
  DenseRows words;      ///< vocabulary × d; empty if the checkpoint has no embeddings
  DenseRows positions;  ///< position rows × d
  std::vector<NetworkLayer> layers;
  NetworkNorm final_norm;  ///< GPT-2
  DenseRows head;          ///< vocabulary × d; empty: the word embedding

  /// Embeddings of sequences that each begin at position 0, below one another: Σ tokens × d. Throws InputError for ids
  /// outside the vocabulary and sequences longer than the positions.
  [[nodiscard]] DenseRows embed(std::span<const std::span<const std::size_t>> sequences) const;
  /// Logits, tokens × vocabulary, of the last layer's output.
  [[nodiscard]] DenseRows logits(const DenseRows& y) const;
};

/// Loads layers, final LayerNorm and embeddings of a GPT-2 checkpoint; of a BERT the layers. Throws InputError like
/// load_layer().
Network load_network(const Model& model);

/// The same without layers. Throws InputError for a BERT.
Network load_network_ends(const Model& model);

/// GPT-2's output matrix that is not the word embedding, vocabulary × d. Throws InputError if it is missing or of
/// another shape.
const TensorView& output_matrix(const Model& model);

/// Layers of a checkpoint alone.
NetworkLayer load_network_layer(const Model& model, std::size_t layer);

}  // namespace mixvec::inline golden
