// A Transformer layer in binary32 on BLAS, one part at a time, for many sequences at once: what evaluates and
// calibrates.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "golden/checkpoint/model_types.hpp"
#include "golden/layer/layer.hpp"
#include "golden/network/dense.hpp"

namespace mixvec::inline golden {

/// y = x Wᵀ + b for tokens in rows.
struct Linear {
  DenseRows weight;  ///< out × in
  DenseRow bias;     ///< out

  [[nodiscard]] DenseRows operator()(const DenseRows& x) const;
};

/// Parameters of a LayerNorm.
struct NetworkNorm {
  DenseRow gamma;
  DenseRow beta;
  float epsilon = 1e-5F;

  [[nodiscard]] DenseRows operator()(const DenseRows& x) const;
};

/// Tokens of several sequences below one another: the last row of each, plus one.
using SequenceEnds = std::vector<std::size_t>;

/// What a layer computed on the way to its output, tokens in rows. `input[k]` is what matrix k was multiplied with.
struct LayerTrace {
  DenseRows x;                     ///< the layer's input
  std::array<DenseRows, 4> input;  ///< by MatrixKind: d, d, d, intermediate
  DenseRows qkv;                   ///< output of W_MA, 3d
  DenseRows
      middle;  ///< the input of the feed-forward part, d: pre-norm before its LayerNorm, post-norm behind the first
  DenseRows sum_attention;  ///< post-norm: what the first LayerNorm reads
  DenseRows before;         ///< output of W_F1 before the activation, intermediate
  DenseRows sum_output;     ///< post-norm: what the second LayerNorm reads
};

/// A layer of GPT-2 (pre-norm, causal) or BERT (post-norm; all tokens of a sequence see all).
struct NetworkLayer {
  std::size_t heads = 1;
  NormPlacement norm = NormPlacement::kPre;
  bool causal = true;
  Activation activation = Activation::kGeluTanh;
  NetworkNorm norm_attention;
  NetworkNorm norm_output;
  std::array<Linear, 4> matrices;  ///< by MatrixKind

  [[nodiscard]] const Linear& matrix(MatrixKind kind) const { return matrices[static_cast<std::size_t>(kind)]; }

  /// The input of W_MA.
  [[nodiscard]] DenseRows attention_input(const DenseRows& x) const;
  /// The input of W_MP: heads side by side.
  [[nodiscard]] DenseRows attend(const DenseRows& qkv, const SequenceEnds& ends) const;
  /// What the feed-forward part and its residual read, of x + the output of W_MP.
  [[nodiscard]] DenseRows middle(const DenseRows& sum) const;
  /// The input of W_F1.
  [[nodiscard]] DenseRows feed_forward_input(const DenseRows& middle) const;
  /// The input of W_F2.
  [[nodiscard]] DenseRows activate(const DenseRows& before) const;
  /// The layer's output, of middle + the output of W_F2.
  [[nodiscard]] DenseRows output(const DenseRows& sum) const;

  /// All of it. `trace` (may be nullptr) keeps what was computed on the way.
  [[nodiscard]] DenseRows run(const DenseRows& x, const SequenceEnds& ends, LayerTrace* trace = nullptr) const;
};

/// Softmax weights of one head and one sequence: q, k tokens × head size; the result is tokens × tokens.
DenseRows attention_weights(const Eigen::Ref<const DenseRows, 0, Eigen::OuterStride<>>& q,
                            const Eigen::Ref<const DenseRows, 0, Eigen::OuterStride<>>& k, bool causal);

/// The derivative of the activation function.
DenseRows activation_slope(Activation activation, const DenseRows& before);

}  // namespace mixvec::inline golden
