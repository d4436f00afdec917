// The shape of a checkpoint's network: configuration, layers of four matrices, and their names.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "golden/checkpoint/naming.hpp"
#include "golden/math/layer_norm.hpp"

namespace mixvec::inline golden {

/// kBert: RoBERTa and DistilBERT, too; they differ in names and positions only.
enum class Architecture : std::uint8_t { kGpt2, kBert };

/// What config.json says, under one set of names for all families.
struct ModelConfig {
  Architecture architecture = Architecture::kGpt2;
  Naming naming = Naming::kGpt2;
  std::size_t hidden = 0;         ///< d: n_embd | hidden_size | dim
  std::size_t layers = 0;         ///< n_layer | num_hidden_layers | n_layers
  std::size_t heads = 0;          ///< n_head | num_attention_heads | n_heads
  std::size_t intermediate = 0;   ///< n_inner (null: 4d) | intermediate_size | hidden_dim
  std::size_t positions = 0;      ///< tokens of the longest sequence: n_positions | max_position_embeddings
  std::size_t position_rows = 0;  ///< rows of the position embedding; RoBERTa leaves the first pad_token_id + 1 unused
  std::size_t vocabulary = 0;     ///< vocab_size
  double layer_norm_epsilon = 1e-5;
  std::string activation;       ///< activation_function | hidden_act | activation
  bool tied_embeddings = true;  ///< tie_word_embeddings: the word embedding is the output matrix, too
};

/// The four prunable matrices of a layer, in order of execution.
enum class MatrixKind : std::uint8_t { kMA = 0, kMP = 1, kF1 = 2, kF2 = 3 };
inline constexpr std::array<MatrixKind, 4> kMatrixKinds{MatrixKind::kMA, MatrixKind::kMP, MatrixKind::kF1,
                                                        MatrixKind::kF2};
const char* name_of(MatrixKind kind);  ///< "W_MA", "W_MP", "W_F1", "W_F2"
/// "layer.N.W_F1"
std::string matrix_name(std::size_t layer, MatrixKind kind);

}  // namespace mixvec::inline golden
