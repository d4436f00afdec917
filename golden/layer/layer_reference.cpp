// Layers in binary32 and binary64.
#include "golden/layer/layer_reference.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "golden/base/error.hpp"
#include "golden/base/parallel.hpp"
#include "golden/base/simd.hpp"
#include "golden/math/layer_norm.hpp"
#include "golden/math/softmax.hpp"

namespace mixvec::inline golden {
namespace {

template <typename T>
MIXVEC_INLINE void product_into(T* y, T factor, const T* x, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) y[i] += factor * x[i];
}

template <typename T>
constexpr auto add_product = simd_function<product_into<T>>;

template <typename T>
T activate(Activation activation, T x) {
  // Far out on the left all forms are zero, and -Inf times zero is not.
  if (x < T{-40}) return T{0};
  switch (activation) {
    case Activation::kRelu:
      return x < T{0} ? T{0} : x;
    case Activation::kGeluErf:
      return T{0.5} * x * std::erfc(-x / std::numbers::sqrt2_v<T>);
    default: {
      const T inner = std::sqrt(T{2} * std::numbers::inv_pi_v<T>) * (x + static_cast<T>(0.044715) * x * x * x);
      return T{0.5} * x * (T{1} + std::tanh(inner));
    }
  }
}

/// Softmax over the keys of each token, keys × tokens in place; masked keys get 0.
template <typename T>
void soften(std::vector<T>& s, std::size_t tokens, const AttentionMask& mask, T scale) {
  const std::size_t keys = s.size() / tokens;
  for (std::size_t t = 0; t < tokens; ++t) {
    T largest = -std::numeric_limits<T>::infinity();
    for (std::size_t j = 0; j < keys; ++j) {
      if (!mask.masked(t, j)) largest = std::max(largest, s[j * tokens + t]);
    }
    T sum{0};
    for (std::size_t j = 0; j < keys; ++j) {
      T& value = s[j * tokens + t];
      value = mask.masked(t, j) ? T{0} : std::exp((value - largest) * scale);
      sum += value;
    }
    for (std::size_t j = 0; j < keys; ++j) {
      if (!mask.masked(t, j)) s[j * tokens + t] /= sum;
    }
  }
}

}  // namespace

template <typename T>
std::vector<T> widen(std::span<const Half> values) {
  std::vector<T> result(values.size());
  std::transform(values.begin(), values.end(), result.begin(), [](Half h) { return static_cast<T>(to_float(h)); });
  return result;
}

template <typename T>
std::vector<T> reference_layer_norm(std::span<const T> x, std::size_t tokens, const LayerNorm& parameters) {
  const std::size_t n = parameters.gamma.size();
  const std::vector<T> gamma = widen<T>(parameters.gamma);
  const std::vector<T> beta = widen<T>(parameters.beta);
  std::vector<T> y(x.size());
  for (std::size_t t = 0; t < tokens; ++t) {
    T mean{0};
    for (std::size_t c = 0; c < n; ++c) mean += x[c * tokens + t];
    mean /= static_cast<T>(n);
    T variance{0};
    for (std::size_t c = 0; c < n; ++c) variance += (x[c * tokens + t] - mean) * (x[c * tokens + t] - mean);
    const T factor = T{1} / std::sqrt(variance / static_cast<T>(n) + static_cast<T>(parameters.epsilon));
    for (std::size_t c = 0; c < n; ++c) {
      y[c * tokens + t] = (x[c * tokens + t] - mean) * factor * gamma[c] + beta[c];
    }
  }
  return y;
}

template <typename T>
ReferenceLayer<T>::ReferenceLayer(const PrunedLayer& layer) : layer_(layer.layer) {
  validate(layer);
  for (const auto& [which, matrix] : layer.matrices) {
    matrices_[which] = {matrix.out, matrix.in, widen<T>(matrix.weight), widen<T>(matrix.bias)};
  }
}

template <typename T>
std::vector<T> ReferenceLayer<T>::multiply(LayerMatrix which, std::span<const T> x, std::size_t tokens,
                                           int threads) const {
  const Matrix& m = matrices_.at(which);
  std::vector<T> y(m.out * tokens);
  parallel_for(m.out, threads, [&](std::size_t o) {
    T* const row = y.data() + o * tokens;
    std::fill_n(row, tokens, m.bias.empty() ? T{0} : m.bias[o]);
    for (std::size_t i = 0; i < m.in; ++i) {
      // Pruned weights are zero, and so is what they give: an infinite activation must not make NaN of it.
      if (m.weight[o * m.in + i] != T{0}) add_product<T>(row, m.weight[o * m.in + i], x.data() + i * tokens, tokens);
    }
  });
  return y;
}

template <typename T>
std::vector<T> ReferenceLayer<T>::attend(std::span<const T> q, std::span<const T> k, std::span<const T> v,
                                         std::size_t tokens, std::size_t keys, const AttentionMask& mask, bool cross,
                                         const Options& options) const {
  const std::size_t size = layer_.head_size();
  const T scale = T{1} / std::sqrt(static_cast<T>(size));
  std::vector<T> scores(layer_.heads * keys * tokens);
  std::vector<T> weights(scores.size());
  std::vector<T> result(layer_.hidden * tokens);
  parallel_for(layer_.heads, options.threads, [&](std::size_t head) {
    std::vector<T> s(keys * tokens);
    for (std::size_t c = head * size; c < (head + 1) * size; ++c) {
      for (std::size_t j = 0; j < keys; ++j) {
        add_product<T>(s.data() + j * tokens, k[c * keys + j], q.data() + c * tokens, tokens);
      }
    }
    std::copy(s.begin(), s.end(), scores.begin() + static_cast<std::ptrdiff_t>(head * s.size()));
    soften(s, tokens, mask, scale);
    std::copy(s.begin(), s.end(), weights.begin() + static_cast<std::ptrdiff_t>(head * s.size()));
    for (std::size_t c = head * size; c < (head + 1) * size; ++c) {
      for (std::size_t j = 0; j < std::min(keys, mask.keys); ++j) {
        add_product<T>(result.data() + c * tokens, v[c * keys + j], s.data() + j * tokens, tokens);
      }
    }
  });
  if (options.observer) {
    options.observer({cross ? "cross_scores" : "scores", layer_.heads * keys, tokens, scores});
    options.observer({cross ? "cross_weights" : "weights", layer_.heads * keys, tokens, weights});
    options.observer({cross ? "cross_attention" : "attention", layer_.hidden, tokens, result});
  }
  return result;
}

template <typename T>
std::vector<T> ReferenceLayer<T>::run(std::span<const T> x, std::size_t tokens, std::span<const T> memory,
                                      const Options& options) const {
  const std::size_t d = layer_.hidden;
  if (tokens == 0 || x.size() != d * tokens) {
    fail_input("{}: x: found {} values, expected {} x {}", layer_.name, x.size(), d, tokens);
  }
  if (memory.size() % d != 0 || memory.empty() == layer_.has_cross_attention()) {
    fail_input("{}: memory: found {} values, expected {}", layer_.name, memory.size(),
               layer_.has_cross_attention() ? fmt::format("a multiple of {}", d) : "none");
  }
  const auto observe = [&](std::string_view name, std::span<const T> values, std::size_t count) {
    if (options.observer) options.observer({name, values.size() / count, count, values});
  };
  const auto matrix = [&](LayerMatrix which, std::span<const T> input, std::size_t count, std::string_view stage) {
    std::vector<T> y = multiply(which, input, count, options.threads);
    observe(stage, y, count);
    return y;
  };
  const auto norm = [&](std::span<const T> input, const LayerNorm& parameters, std::string_view stage) {
    std::vector<T> y = reference_layer_norm<T>(input, tokens, parameters);
    observe(stage, y, tokens);
    return y;
  };
  const auto sublayer = [&](std::span<const T> input, const LayerNorm& parameters, std::string_view norm_stage,
                            std::string_view residual_stage, const auto& function) {
    const bool pre = layer_.norm == NormPlacement::kPre;
    std::vector<T> y = pre ? function(std::span<const T>(norm(input, parameters, norm_stage))) : function(input);
    for (std::size_t i = 0; i < y.size(); ++i) y[i] += input[i];
    observe(residual_stage, y, tokens);
    return pre ? y : norm(y, parameters, norm_stage);
  };

  observe("x", x, tokens);
  std::vector<T> y = sublayer(x, layer_.norm_attention, "ln_1", "residual_1", [&](std::span<const T> input) {
    const std::vector<T> qkv = matrix(LayerMatrix::kMA, input, tokens, "qkv");
    const std::span<const T> all(qkv);
    const AttentionMask mask{std::min(options.valid_keys, tokens), layer_.causal, 0};
    return matrix(LayerMatrix::kMP,
                  attend(all.first(d * tokens), all.subspan(d * tokens, d * tokens), all.subspan(2 * d * tokens),
                         tokens, tokens, mask, false, options),
                  tokens, "attention_projection");
  });
  if (layer_.has_cross_attention()) {
    y = sublayer(y, *layer_.norm_cross, "ln_cross", "residual_cross", [&](std::span<const T> input) {
      const std::size_t keys = memory.size() / d;
      const std::vector<T> kv = matrix(LayerMatrix::kCrossKV, memory, keys, "cross_kv");
      const std::vector<T> q = matrix(LayerMatrix::kCrossQ, input, tokens, "cross_q");
      const AttentionMask mask{std::min(options.valid_memory_keys, keys), false, 0};
      const std::span<const T> all(kv);
      return matrix(LayerMatrix::kCrossP,
                    attend(q, all.first(d * keys), all.subspan(d * keys), tokens, keys, mask, true, options), tokens,
                    "cross_projection");
    });
  }
  y = sublayer(y, layer_.norm_output, "ln_2", "residual_2", [&](std::span<const T> input) {
    std::vector<T> f = matrix(LayerMatrix::kF1, input, tokens, "f1");
    for (T& value : f) value = activate(layer_.activation, value);
    observe(name_of(layer_.activation), f, tokens);
    return matrix(LayerMatrix::kF2, f, tokens, "f2");
  });
  observe("output", y, tokens);
  return y;
}

template class ReferenceLayer<float>;
template class ReferenceLayer<double>;
template std::vector<float> reference_layer_norm(std::span<const float>, std::size_t, const LayerNorm&);
template std::vector<double> reference_layer_norm(std::span<const double>, std::size_t, const LayerNorm&);
template std::vector<float> widen(std::span<const Half>);
template std::vector<double> widen(std::span<const Half>);

}  // namespace mixvec::inline golden
