// The order of a layer's operations; docs/numerics.md, Layers, says the same in words.
#include "golden/layer/layer_run.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "golden/base/error.hpp"
#include "golden/base/parallel.hpp"
#include "golden/math/attention.hpp"
#include "golden/math/layer_norm.hpp"
#include "golden/math/softmax.hpp"

namespace mixvec::inline golden {
namespace {

// Below so many scores, starting a thread costs more than it saves.
constexpr std::size_t kWorthAThread = 16384;
// Attention is summed like columns on every array, whatever its matrices may be.

/// All 65,536 results of an elementwise function: its definition, at the price of a load.
class HalfTable {
 public:
  template <typename Function>
  explicit HalfTable(Function function) : values_(65536) {
    for (std::size_t i = 0; i < values_.size(); ++i) values_[i] = function(Half{static_cast<std::uint16_t>(i)});
  }
  Half operator()(Half x) const { return values_[x.bits]; }

 private:
  std::vector<Half> values_;
};

const HalfTable& activation_table(Activation activation) {
  static const HalfTable kErf([](Half x) { return gelu(x, GeluForm::kErf); });
  static const HalfTable kTanh([](Half x) { return gelu(x, GeluForm::kTanh); });
  static const HalfTable kRectifier([](Half x) { return relu(x); });
  switch (activation) {
    case Activation::kRelu:
      return kRectifier;
    case Activation::kGeluErf:
      return kErf;
    default:
      return kTanh;
  }
}

struct AttentionStages {
  std::string_view scores;
  std::string_view weights;
  std::string_view attention;
};

/// One call of run_layer() or read_memory().
class LayerRun {
 public:
  LayerRun(const Layer& layer, const MatrixRunner& run, std::size_t tokens, const LayerOptions& options)
      : layer_(layer), run_(run), tokens_(tokens), options_(options) {}

  std::vector<Half> matrix(LayerMatrix which, std::span<const Half> x, std::string_view stage) const {
    std::vector<Half> y = run_(which, x, tokens_);
    if (y.size() != layer_.outputs(which) * tokens_) {
      fail_input("{}.{}: found {} results, expected {} x {}", layer_.name, name_of(which), y.size(),
                 layer_.outputs(which), tokens_);
    }
    observe(stage, y);
    return y;
  }

  void observe(std::string_view stage, std::span<const Half> values) const {
    if (options_.observer) options_.observer({stage, values.size() / tokens_, tokens_, values});
  }

  /// x + function(x), normalised before or behind as the layer wants it.
  template <typename Function>
  std::vector<Half> sublayer(std::span<const Half> x, const LayerNorm& parameters, std::string_view norm_stage,
                             std::string_view residual_stage, Function function) const {
    const bool pre = layer_.norm == NormPlacement::kPre;
    std::vector<Half> y = pre ? function(std::span<const Half>(norm(x, parameters, norm_stage))) : function(x);
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = add(x[i], y[i]);
    observe(residual_stage, y);
    return pre ? y : norm(y, parameters, norm_stage);
  }

  /// The heads' outputs, d × tokens; nothing is computed for an emptied head.
  std::vector<Half> attend(std::span<const Half> q, const KvCache& cache, const AttentionMask& mask,
                           const std::vector<bool>& emptied, const AttentionStages& stages) const {
    const std::size_t size = layer_.head_size();
    const std::size_t keys = cache.positions();
    const std::uint32_t constant = exp_constant(1.0 / std::sqrt(static_cast<double>(size)));
    const std::size_t all_scores = options_.observer ? layer_.heads * keys * tokens_ : 0;
    std::vector<Half> scores(all_scores);
    std::vector<Half> weights(all_scores);
    std::vector<Half> result(layer_.hidden * tokens_);
    const auto put = [](const std::vector<Half>& values, std::vector<Half>& all, std::size_t head) {
      std::copy(values.begin(), values.end(), all.begin() + static_cast<std::ptrdiff_t>(head * values.size()));
    };
    const int threads = layer_.heads * keys * tokens_ < kWorthAThread ? 1 : options_.threads;
    parallel_for(layer_.heads, threads, [&](std::size_t head) {
      if (!emptied.empty() && emptied[head]) return;
      const std::vector<Half> s =
          attention_scores(cache.keys(head), q.subspan(head * size * tokens_, size * tokens_), size, keys, tokens_);
      const std::vector<Half> p = softmax(s, tokens_, mask, constant);
      put(attention_outputs(cache.values(head), p, size, keys, tokens_), result, head);
      if (all_scores == 0) return;
      put(s, scores, head);
      put(p, weights, head);
    });
    if (all_scores != 0) {
      observe(stages.scores, scores);
      observe(stages.weights, weights);
    }
    observe(stages.attention, result);
    return result;
  }

  std::vector<Half> feed_forward(std::span<const Half> x) const {
    std::vector<Half> y = matrix(LayerMatrix::kF1, x, "f1");
    const HalfTable& function = activation_table(layer_.activation);
    for (Half& value : y) value = function(value);
    observe(name_of(layer_.activation), y);
    return matrix(LayerMatrix::kF2, y, "f2");
  }

 private:
  std::vector<Half> norm(std::span<const Half> x, const LayerNorm& parameters, std::string_view stage) const {
    std::vector<Half> y = layer_norm(x, tokens_, parameters);
    observe(stage, y);
    return y;
  }

  const Layer& layer_;
  const MatrixRunner& run_;
  std::size_t tokens_;
  const LayerOptions& options_;
};

void check_input(const Layer& layer, const char* what, std::size_t found, std::size_t tokens) {
  if (tokens == 0 || found != layer.hidden * tokens) {
    fail_input("{}: {}: found {} values, expected {} x {} (at least one token)", layer.name, what, found, layer.hidden,
               tokens);
  }
}

void check_cache(const Layer& layer, const char* what, const KvCache& cache) {
  if (cache.heads() != layer.heads || cache.head_size() != layer.head_size()) {
    fail_input("{}: {}: found a cache of {} heads of {} channels, expected {} of {} (make_state)", layer.name, what,
               cache.heads(), cache.head_size(), layer.heads, layer.head_size());
  }
}

}  // namespace

LayerState make_state(const Layer& layer, std::size_t positions, std::size_t memory_positions) {
  LayerState state;
  state.self = KvCache(layer.heads, layer.head_size(), positions);
  state.memory = KvCache(layer.heads, layer.head_size(), memory_positions);
  return state;
}

void read_memory(const Layer& layer, const MatrixRunner& run, std::span<const Half> memory, std::size_t tokens,
                 LayerState& state, const LayerOptions& options) {
  validate(layer);
  if (!layer.has_cross_attention())
    fail_input("{}: found memory for it, expected a layer with cross-attention", layer.name);
  check_input(layer, "memory", memory.size(), tokens);
  check_cache(layer, "memory", state.memory);
  const std::vector<Half> kv = LayerRun(layer, run, tokens, options).matrix(LayerMatrix::kCrossKV, memory, "cross_kv");
  const std::span<const Half> all(kv);
  const std::size_t half = layer.hidden * tokens;
  state.memory.append(all.first(half), all.subspan(half), tokens);
}

std::vector<Half> run_layer(const Layer& layer, const MatrixRunner& run, std::span<const Half> x, std::size_t tokens,
                            LayerState& state, const LayerOptions& options) {
  validate(layer);
  check_input(layer, "x", x.size(), tokens);
  if (options.valid_keys == 0 || options.valid_memory_keys == 0) {
    fail_input("{}: found no valid key, expected at least one", layer.name);
  }
  KvCache fresh;
  if (layer.causal) {
    check_cache(layer, "self-attention", state.self);
  } else {
    fresh = KvCache(layer.heads, layer.head_size(), tokens);
  }
  KvCache& self = layer.causal ? state.self : fresh;
  if (layer.has_cross_attention()) {
    check_cache(layer, "cross-attention", state.memory);
    if (state.memory.positions() == 0) fail_input("{}: found no memory, expected read_memory() before", layer.name);
  }

  const LayerRun step(layer, run, tokens, options);
  step.observe("x", x);
  std::vector<Half> y = step.sublayer(x, layer.norm_attention, "ln_1", "residual_1", [&](std::span<const Half> input) {
    const std::vector<Half> qkv = step.matrix(LayerMatrix::kMA, input, "qkv");
    const std::span<const Half> all(qkv);
    const std::size_t part = layer.hidden * tokens;
    const std::size_t first = self.positions();
    self.append(all.subspan(part, part), all.subspan(2 * part), tokens);
    const AttentionMask mask{std::min(options.valid_keys, self.positions()), layer.causal, first};
    return step.matrix(LayerMatrix::kMP,
                       step.attend(all.first(part), self, mask, layer.emptied, {"scores", "weights", "attention"}),
                       "attention_projection");
  });
  if (layer.has_cross_attention()) {
    y = step.sublayer(y, *layer.norm_cross, "ln_cross", "residual_cross", [&](std::span<const Half> input) {
      const std::vector<Half> q = step.matrix(LayerMatrix::kCrossQ, input, "cross_q");
      const AttentionMask mask{std::min(options.valid_memory_keys, state.memory.positions()), false, 0};
      return step.matrix(
          LayerMatrix::kCrossP,
          step.attend(q, state.memory, mask, layer.emptied_cross, {"cross_scores", "cross_weights", "cross_attention"}),
          "cross_projection");
    });
  }
  y = step.sublayer(y, layer.norm_output, "ln_2", "residual_2",
                    [&](std::span<const Half> input) { return step.feed_forward(input); });
  step.observe("output", y);
  return y;
}

}  // namespace mixvec::inline golden
