// Layers in plain floating point with the standard library's functions: what the golden arithmetic is measured against.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <vector>

#include "golden/layer/layer_run.hpp"
#include "golden/math/layer_norm.hpp"
#include "golden/math/softmax.hpp"

namespace mixvec::inline golden {

/// A layer in binary64 (T = double) or binary32 (T = float, as frameworks run it); weights and LayerNorm parameters are
/// the binary16 values, widened. Emptied heads are computed like all others.
template <typename T>
class ReferenceLayer {
 public:
  /// Throws InputError as validate() does.
  explicit ReferenceLayer(const PrunedLayer& layer);

  struct Options {
    std::size_t valid_keys = kAllKeys;
    std::size_t valid_memory_keys = kAllKeys;
    int threads = 2;
    BasicObserver<T> observer;  ///< sees the stages of run_layer(), and cross_kv before cross_q
  };

  /// All tokens of a sequence at once: x and the result are d × tokens; `memory` is the encoder's output, d × its
  /// tokens (empty without cross-attention). Throws InputError for other sizes.
  [[nodiscard]] std::vector<T> run(std::span<const T> x, std::size_t tokens, std::span<const T> memory = {},
                                   const Options& options = {}) const;

 private:
  struct Matrix {
    std::size_t out = 0;
    std::size_t in = 0;
    std::vector<T> weight;
    std::vector<T> bias;  ///< or empty
  };

  [[nodiscard]] std::vector<T> multiply(LayerMatrix which, std::span<const T> x, std::size_t tokens, int threads) const;
  [[nodiscard]] std::vector<T> attend(std::span<const T> q, std::span<const T> k, std::span<const T> v,
                                      std::size_t tokens, std::size_t keys, const AttentionMask& mask, bool cross,
                                      const Options& options) const;

  Layer layer_;
  std::map<LayerMatrix, Matrix> matrices_;
};

/// LayerNorm over the channels of each token, x and the result n × tokens.
template <typename T>
std::vector<T> reference_layer_norm(std::span<const T> x, std::size_t tokens, const LayerNorm& parameters);

/// Binary16 values widened.
template <typename T>
std::vector<T> widen(std::span<const Half> values);

}  // namespace mixvec::inline golden
