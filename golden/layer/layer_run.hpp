// Runs a layer bit for bit: prefill and cached decode, self- and cross-attention, with an eye on every stage.
#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include "golden/layer/kv_cache.hpp"
#include "golden/layer/layer.hpp"

namespace mixvec::inline golden {

/// Computes y = W·x + b in binary16 for some tokens: x is inputs × tokens, y outputs × tokens, row-major. Whatever
/// stands behind it (packed images, the RTL), every token's bits must not depend on the others.
using MatrixRunner = std::function<std::vector<Half>(LayerMatrix, std::span<const Half> x, std::size_t tokens)>;

/// The values of one stage, for an observer; they live only during the call.
template <typename T>
struct BasicStage {
  std::string_view name;
  std::size_t rows = 0;
  std::size_t tokens = 0;
  std::span<const T> values;  ///< rows × tokens, row-major
};
using Stage = BasicStage<Half>;

/// Sees every stage of a layer, in this order (without cross-attention, those of it are missing):
///
///     x, [ln_1], qkv, scores, weights, attention, attention_projection, residual_1, [ln_1],
///     [ln_cross], cross_q, cross_scores, cross_weights, cross_attention, cross_projection, residual_cross, [ln_cross],
///     [ln_2], f1, gelu or relu, f2, residual_2, [ln_2], output
///
/// A LayerNorm stands at the first place of its sublayer for NormPlacement::kPre, at the last for kPost. qkv has 3d
/// rows; scores and weights (behind softmax) heads · keys, one head after the other; those of emptied heads are +0.
template <typename T>
using BasicObserver = std::function<void(const BasicStage<T>&)>;
using StageObserver = BasicObserver<Half>;

inline constexpr std::size_t kAllKeys = std::numeric_limits<std::size_t>::max();

/// What belongs to a sequence of tokens and lives from one call to the next.
struct LayerState {
  KvCache self;    ///< of causal self-attention: tokens are appended; others start afresh in every call
  KvCache memory;  ///< of cross-attention: read_memory()
};

/// A state with room for so many positions of the sequence and of the encoder's output.
LayerState make_state(const Layer& layer, std::size_t positions, std::size_t memory_positions = 0);

struct LayerOptions {
  std::size_t valid_keys = kAllKeys;         ///< positions of the sequence from this one on are padding
  std::size_t valid_memory_keys = kAllKeys;  ///< the same of the encoder's output
  int threads = 2;                           ///< never changes a bit
  StageObserver observer;                    ///< or none: then nothing is kept for it
};

/// Computes the keys and values of cross-attention from an encoder's output, d × tokens, and appends them to the state;
/// the observer sees them as cross_kv, 2d rows. Throws InputError for a layer without cross-attention and other sizes.
void read_memory(const Layer& layer, const MatrixRunner& run, std::span<const Half> memory, std::size_t tokens,
                 LayerState& state, const LayerOptions& options = {});

/// Runs a layer on x, d × tokens; returns d × tokens. The tokens follow those that the state holds. The bits of a token
/// depend neither on how many tokens a call has, nor, for causal layers, on later tokens, nor on what padded positions
/// hold. Throws InputError for an x of another size, a full cache, no memory where the layer needs one, no valid key;
/// the state may then hold these tokens already.
std::vector<Half> run_layer(const Layer& layer, const MatrixRunner& run, std::span<const Half> x, std::size_t tokens,
                            LayerState& state, const LayerOptions& options = {});

}  // namespace mixvec::inline golden
