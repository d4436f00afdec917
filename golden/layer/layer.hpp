// What a Transformer layer is made of: one description, as data, for GPT-2, BERT and the original encoder-decoder.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "golden/math/layer_norm.hpp"
#include "golden/math/vector_math.hpp"
#include "golden/matrix/pruned_matrix.hpp"

namespace mixvec::inline golden {

/// The matrices of a layer in order of execution. The three of cross-attention are there only if it is.
enum class LayerMatrix : std::uint8_t { kMA, kMP, kCrossQ, kCrossKV, kCrossP, kF1, kF2 };
inline constexpr std::array<LayerMatrix, 7> kLayerMatrices{
    LayerMatrix::kMA,     LayerMatrix::kMP, LayerMatrix::kCrossQ, LayerMatrix::kCrossKV,
    LayerMatrix::kCrossP, LayerMatrix::kF1, LayerMatrix::kF2};
const char* name_of(LayerMatrix matrix);  ///< "W_MA", "W_MP", "W_CQ", "W_CKV", "W_CP", "W_F1", "W_F2"

/// kPre: a LayerNorm stands before each sublayer, and the residual goes around both (GPT-2). kPost: it stands behind
/// each residual (BERT, the original).
enum class NormPlacement : std::uint8_t { kPre, kPost };

enum class Activation : std::uint8_t { kRelu, kGeluErf, kGeluTanh };
const char* name_of(Activation activation);  ///< name of its stage: "relu" or "gelu"

/// The activation that config.json calls `name`: gelu, gelu_python (erf form), gelu_new, gelu_fast, gelu_accurate,
/// gelu_pytorch_tanh, gelu_python_tanh (tanh form), relu. Throws InputError that lists them; `where` begins the
/// message.
Activation find_activation(std::string_view where, std::string_view name);

/// A layer without its matrices. d channels; activations are binary16, d × tokens, row-major.
struct Layer {
  std::string name;              ///< "layer.3"; its matrices are "layer.3.W_MA", …
  std::size_t hidden = 0;        ///< d
  std::size_t heads = 0;         ///< divides d
  std::size_t intermediate = 0;  ///< outputs of W_F1
  NormPlacement norm = NormPlacement::kPre;
  bool causal = true;  ///< self-attention: no token sees later ones
  Activation activation = Activation::kGeluTanh;
  LayerNorm norm_attention;             ///< of self-attention: ln_1 | attention.output.LayerNorm
  std::optional<LayerNorm> norm_cross;  ///< of cross-attention on an encoder's output; there is one if this is set
  LayerNorm norm_output;                ///< of the feed-forward part: ln_2 | output.LayerNorm
  std::vector<bool> emptied;        ///< by head of self-attention, or empty: heads to skip, see find_emptied_heads()
  std::vector<bool> emptied_cross;  ///< the same of cross-attention

  [[nodiscard]] std::size_t head_size() const { return hidden / heads; }
  [[nodiscard]] bool has_cross_attention() const { return norm_cross.has_value(); }
  [[nodiscard]] bool has(LayerMatrix matrix) const;
  /// Outputs and inputs of a matrix: W_MA 3d × d (Q, K, V), W_MP, W_CQ, W_CP d × d, W_CKV 2d × d (K, V), W_F1 and W_F2.
  [[nodiscard]] std::size_t outputs(LayerMatrix matrix) const;
  [[nodiscard]] std::size_t inputs(LayerMatrix matrix) const;
};

/// A layer with the matrices that it has.
struct PrunedLayer {
  Layer layer;
  std::map<LayerMatrix, PrunedMatrix> matrices;
};

/// Throws InputError naming the layer and the first thing that does not fit: sizes of 0, heads that do not divide d,
/// LayerNorm parameters of another size or not finite, lists of emptied heads of another size.
void validate(const Layer& layer);

/// The same, and that the matrices are those that the layer has, in its shapes.
void validate(const PrunedLayer& layer);

/// Which heads count as emptied: those all of whose inputs of `projection` (W_MP or W_CP, d × d) are pruned, by the
/// mask. Such a head may be skipped, its outputs written as +0, without changing a bit of the layer's output: a pruned
/// weight is never multiplied, so nothing reads what the head would have given, be it Inf or NaN. Nothing weaker will
/// do: a kept weight of zero still makes NaN of an Inf; without K or Q a head gives the mean of V; and without V its
/// outputs are zero only as long as its softmax weights are numbers. Throws InputError if the heads do not divide the
/// inputs.
std::vector<bool> find_emptied_heads(const PrunedMatrix& projection, std::size_t heads);

}  // namespace mixvec::inline golden
