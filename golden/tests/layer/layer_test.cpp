// Tests of layers: prefill against cached decode, padding, emptied heads, threads, refusals.
#include <gtest/gtest.h>

#include <cstring>

#include "golden/base/error.hpp"
#include "golden/execute/executor.hpp"
#include "golden/execute/executor_slow.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/layer/layer_cases.hpp"
#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline golden {
namespace {

constexpr std::size_t kTokens = 37;
constexpr LayerFamily kFamilies[] = {LayerFamily::kGpt2, LayerFamily::kBert, LayerFamily::kEncoder,
                                     LayerFamily::kDecoder};

/// One run over a sequence from its start; decoders read `memory` (11 tokens).
std::vector<Half> run_whole(const ReadyLayer& ready, const std::vector<Half>& x, std::size_t tokens,
                            const LayerOptions& options = {}) {
  const Layer& layer = ready.pruned.layer;
  LayerState state = make_state(layer, tokens, 11);
  if (layer.has_cross_attention()) read_memory(layer, ready.run, small_input(48, 11, 2), 11, state, options);
  return run_layer(layer, ready.run, x, tokens, state, options);
}

void poison(std::vector<Half>& x, std::size_t tokens, std::size_t first) {
  constexpr std::uint16_t kSpecials[] = {0x7E00, 0x7C00, 0xFC00, 0xFE01, 0x7BFF};
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (i % tokens >= first) x[i].bits = kSpecials[i % 5];
  }
}

/// The stages that have a row for each key, which grow with the sequence.
bool has_rows_of_keys(const std::string& stage) { return stage == "scores" || stage == "weights"; }

/// Compares all stages of columns: part has tokens first … first + count − 1 of whole.
void expect_stages(const KeptStages<Half>& part, std::size_t count, const KeptStages<Half>& whole, std::size_t tokens,
                   std::size_t first, std::size_t heads, std::size_t& compared) {
  ASSERT_EQ(part.order.empty(), false);
  for (const auto& [name, values] : part.values) {
    std::vector<Half> expected = columns(whole.values.at(name), tokens, first, count);
    if (has_rows_of_keys(name)) {
      // Of each head's keys, those that the part had by then.
      const std::size_t all_keys = expected.size() / count / heads;
      const std::size_t keys = values.size() / count / heads;
      std::vector<Half> seen;
      for (std::size_t h = 0; h < heads; ++h) {
        const auto begin = expected.begin() + static_cast<std::ptrdiff_t>(h * all_keys * count);
        seen.insert(seen.end(), begin, begin + static_cast<std::ptrdiff_t>(keys * count));
      }
      expected = seen;
    }
    EXPECT_TRUE(values == expected) << name << " of tokens from " << first;
    compared += values.size();
  }
}

// Invariant I5.
TEST(Layer, PrefillAndCachedDecodeGiveTheSameBits) {
  std::size_t compared = 0;
  FormatConfig rows;
  rows.columns_allowed = false;
  for (const LayerFamily family : {LayerFamily::kGpt2, LayerFamily::kDecoder}) {
    for (const FormatConfig& format : {FormatConfig{}, rows}) {
      const ReadyLayer ready(small_layer(family, 0.5, format), format);
      const Layer& layer = ready.pruned.layer;
      const std::vector<Half> x = small_input(48, kTokens);
      KeptStages<Half> whole;
      LayerOptions options;
      options.observer = whole.observer();
      run_whole(ready, x, kTokens, options);

      const std::vector<std::vector<std::size_t>> splits{
          std::vector<std::size_t>(kTokens, 1), {36, 1}, {1, 36}, {16, 8, 8, 5}, {20}, {5, 1, 1, 1, 9}};
      for (const std::vector<std::size_t>& split : splits) {
        LayerState state = make_state(layer, kTokens, 11);
        if (layer.has_cross_attention()) read_memory(layer, ready.run, small_input(48, 11, 2), 11, state);
        std::size_t first = 0;
        for (const std::size_t count : split) {
          KeptStages<Half> part;
          options.observer = part.observer();
          run_layer(layer, ready.run, columns(x, kTokens, first, count), count, state, options);
          expect_stages(part, count, whole, kTokens, first, layer.heads, compared);
          first += count;
        }
      }
      // What later tokens hold is not seen.
      std::vector<Half> poisoned = x;
      poison(poisoned, kTokens, 17);
      KeptStages<Half> part;
      options.observer = part.observer();
      run_whole(ready, poisoned, kTokens, options);
      for (const auto& [name, values] : part.values) {
        if (has_rows_of_keys(name)) continue;
        EXPECT_TRUE(columns(values, kTokens, 0, 17) == columns(whole.values.at(name), kTokens, 0, 17)) << name;
        compared += values.size();
      }
    }
  }
  std::printf("compared %zu values\n", compared);
  EXPECT_GT(compared, 100000U);
}

TEST(Layer, PaddedTokensDoNotChangeValidOnes) {
  std::size_t compared = 0;
  for (const LayerFamily family : kFamilies) {
    const ReadyLayer ready(small_layer(family));
    const std::vector<Half> x = small_input(48, kTokens);
    LayerOptions options;
    options.valid_keys = 23;
    const std::vector<Half> y = columns(run_whole(ready, x, kTokens, options), kTokens, 0, 23);
    std::vector<Half> poisoned = x;
    poison(poisoned, kTokens, 23);
    EXPECT_TRUE(columns(run_whole(ready, poisoned, kTokens, options), kTokens, 0, 23) == y) << name_of(family);
    // And padding is the same as its absence.
    EXPECT_TRUE(run_whole(ready, columns(x, kTokens, 0, 23), 23) == y) << name_of(family);
    compared += 2 * y.size();
  }
  EXPECT_GT(compared, 0U);
}

TEST(Layer, PaddedMemoryDoesNotChangeTheDecoder) {
  const ReadyLayer ready(small_layer(LayerFamily::kDecoder));
  const Layer& layer = ready.pruned.layer;
  const std::vector<Half> x = small_input(48, 5);
  const std::vector<Half> memory = small_input(48, 11, 2);
  const auto run = [&](const std::vector<Half>& m, std::size_t tokens) {
    LayerState state = make_state(layer, 5, tokens);
    LayerOptions options;
    options.valid_memory_keys = 7;
    read_memory(layer, ready.run, m, tokens, state, options);
    return run_layer(layer, ready.run, x, 5, state, options);
  };
  std::vector<Half> poisoned = memory;
  poison(poisoned, 11, 7);
  EXPECT_TRUE(run(memory, 11) == run(poisoned, 11));
  EXPECT_TRUE(run(memory, 11) == run(columns(memory, 11, 0, 7), 7));
}

TEST(Layer, ThreadsAndObserversDoNotChangeBits) {
  for (const LayerFamily family : kFamilies) {
    // Large enough for the heads to be spread over threads.
    const ReadyLayer ready(make_synthetic_network_layer({family, 96, 6, 384, 0.5, {}, 3}, {}));
    const Layer& layer = ready.pruned.layer;
    const std::vector<Half> x = small_input(96, 90);
    const auto run = [&](int threads, const StageObserver& observer) {
      LayerState state = make_state(layer, 90, 11);
      const LayerOptions options{kAllKeys, kAllKeys, threads, observer};
      const MatrixRunner runner = program_runner(ready.program, layer.name, threads);
      if (layer.has_cross_attention()) read_memory(layer, runner, small_input(96, 11, 2), 11, state, options);
      return run_layer(layer, runner, x, 90, state, options);
    };
    const std::vector<Half> y = run(1, {});
    KeptStages<Half> kept;
    for (const int threads : {2, 5}) {
      EXPECT_TRUE(run(threads, {}) == y) << name_of(family) << " " << threads;
      EXPECT_TRUE(run(threads, kept.observer()) == y) << name_of(family) << " " << threads;
    }
    EXPECT_TRUE(kept.values.at("output") == y);
  }
}

TEST(Layer, StagesComeInTheirOrder) {
  const auto order_of = [](LayerFamily family) {
    const ReadyLayer ready(small_layer(family));
    KeptStages<Half> kept;
    LayerOptions options;
    options.observer = kept.observer();
    run_whole(ready, small_input(48, 3), 3, options);
    return kept.order;
  };
  EXPECT_EQ(order_of(LayerFamily::kGpt2),
            (std::vector<std::string>{"x", "ln_1", "qkv", "scores", "weights", "attention", "attention_projection",
                                      "residual_1", "ln_2", "f1", "gelu", "f2", "residual_2", "output"}));
  EXPECT_EQ(order_of(LayerFamily::kDecoder), (std::vector<std::string>{"cross_kv",
                                                                       "x",
                                                                       "qkv",
                                                                       "scores",
                                                                       "weights",
                                                                       "attention",
                                                                       "attention_projection",
                                                                       "residual_1",
                                                                       "ln_1",
                                                                       "cross_q",
                                                                       "cross_scores",
                                                                       "cross_weights",
                                                                       "cross_attention",
                                                                       "cross_projection",
                                                                       "residual_cross",
                                                                       "ln_cross",
                                                                       "f1",
                                                                       "relu",
                                                                       "f2",
                                                                       "residual_2",
                                                                       "ln_2",
                                                                       "output"}));
}

/// Prunes inputs first … last − 1 of a column matrix: all its vectors of these inputs.
void prune_inputs(PrunedMatrix& matrix, std::size_t first, std::size_t last) {
  for (std::size_t o = 0; o < matrix.out; ++o) {
    for (std::size_t i = first; i < last; ++i) {
      matrix.mask[o * matrix.in + i] = 0;
      matrix.weight[o * matrix.in + i] = Half{};
    }
  }
}

TEST(Layer, SkippingEmptiedHeadsChangesNoBit) {
  for (const bool special : {false, true}) {
    PrunedLayer pruned = small_layer(LayerFamily::kDecoder);
    prune_inputs(pruned.matrices.at(LayerMatrix::kMP), 16, 32);
    prune_inputs(pruned.matrices.at(LayerMatrix::kCrossP), 0, 16);
    pruned.layer.emptied = find_emptied_heads(pruned.matrices.at(LayerMatrix::kMP), 3);
    pruned.layer.emptied_cross = find_emptied_heads(pruned.matrices.at(LayerMatrix::kCrossP), 3);
    EXPECT_EQ(pruned.layer.emptied, (std::vector<bool>{false, true, false}));
    EXPECT_EQ(pruned.layer.emptied_cross, (std::vector<bool>{true, false, false}));
    if (special) {
      // Huge biases of Q and K make every score of the emptied head infinite, and its outputs NaN.
      PrunedMatrix& qkv = pruned.matrices.at(LayerMatrix::kMA);
      for (std::size_t c = 16; c < 32; ++c) {
        qkv.bias[c].bits = 0x7BFF;
        qkv.bias[48 + c].bits = 0x7BFF;
      }
    }
    const ReadyLayer skipping(pruned);
    pruned.layer.emptied.clear();
    pruned.layer.emptied_cross.clear();
    const ReadyLayer computing(std::move(pruned));
    std::vector<Half> x = small_input(48, kTokens);
    KeptStages<Half> skipped;
    KeptStages<Half> computed;
    LayerOptions options;
    options.observer = skipped.observer();
    const std::vector<Half> y = run_whole(skipping, x, kTokens, options);
    options.observer = computed.observer();
    EXPECT_TRUE(run_whole(computing, x, kTokens, options) == y);
    EXPECT_TRUE(skipped.values.at("attention_projection") == computed.values.at("attention_projection"));
    EXPECT_FALSE(skipped.values.at("attention") == computed.values.at("attention"));
    for (std::size_t i = 16 * kTokens; i < 32 * kTokens; ++i) {
      EXPECT_EQ(skipped.values.at("attention")[i].bits, 0);
      EXPECT_EQ(is_nan(computed.values.at("attention")[i]), special);
    }
    for (const Half h : y) ASSERT_TRUE(is_finite(h));
  }
}

TEST(Layer, EmptiedHeadsAreThoseWithoutKeptInputs) {
  PrunedMatrix projection = small_layer(LayerFamily::kGpt2).matrices.at(LayerMatrix::kMP);
  EXPECT_EQ(find_emptied_heads(projection, 3), (std::vector<bool>{false, false, false}));
  prune_inputs(projection, 32, 48);
  EXPECT_EQ(find_emptied_heads(projection, 3), (std::vector<bool>{false, false, true}));
  // A kept weight counts even if it is zero: it makes NaN of an infinity.
  projection.mask[5 * 48 + 40] = 1;
  EXPECT_EQ(find_emptied_heads(projection, 3), (std::vector<bool>{false, false, false}));
  EXPECT_NE(message_of([&] { (void)find_emptied_heads(projection, 5); }).find("found 5 heads for 48 inputs"),
            std::string::npos);
}

TEST(Layer, AnotherEngineRunsTheMatrices) {
  const ReadyLayer ready(small_layer(LayerFamily::kBert));
  const std::vector<Half> x = small_input(48, kTokens);
  const std::vector<Half> y = run_whole(ready, x, kTokens);
  std::vector<LayerMatrix> asked;
  const MatrixRunner slow = [&](LayerMatrix which, std::span<const Half> input, std::size_t tokens) {
    asked.push_back(which);
    const PrunedMatrix& matrix = ready.pruned.matrices.at(which);
    const PackedMatrix& packed = ready.program.at(matrix.name);
    return execute_slow(matrix, ready.program.format, packed.in_order, input, tokens).y;
  };
  LayerState state;
  EXPECT_TRUE(run_layer(ready.pruned.layer, slow, x, kTokens, state) == y);
  EXPECT_EQ(asked, (std::vector{LayerMatrix::kMA, LayerMatrix::kMP, LayerMatrix::kF1, LayerMatrix::kF2}));
}

TEST(Layer, RefusesWhatDoesNotFit) {
  const ReadyLayer ready(small_layer(LayerFamily::kDecoder));
  Layer layer = ready.pruned.layer;
  const std::vector<Half> x = small_input(48, 4);
  const auto message = [&](const std::vector<Half>& input, LayerState state, const LayerOptions& options = {}) {
    return message_of([&] { run_layer(layer, ready.run, input, 4, state, options); });
  };
  const auto expect = [](const std::string& text, const char* part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  LayerState state = make_state(layer, 4, 4);
  expect(message(x, state), "layer.0: found no memory, expected read_memory() before");
  read_memory(layer, ready.run, x, 4, state);
  expect(message_of([&] { read_memory(layer, ready.run, x, 4, state); }), "found 4 more positions behind 4");
  expect(message(small_input(47, 4), state), "layer.0: x: found 188 values, expected 48 x 4");
  expect(message(x, LayerState{}), "self-attention: found a cache of 0 heads of 0 channels, expected 3 of 16");
  expect(message(x, state, {0, kAllKeys, 2, {}}), "found no valid key");
  run_layer(layer, ready.run, x, 4, state);
  expect(message(x, state), "found 4 more positions behind 4, expected at most 4 in all");
  const MatrixRunner wrong = [](LayerMatrix, std::span<const Half>, std::size_t) { return std::vector<Half>(3); };
  LayerState empty = make_state(layer, 4, 4);
  expect(message_of([&] { read_memory(layer, wrong, x, 4, empty); }),
         "layer.0.W_CKV: found 3 results, expected 96 x 4");

  expect(message_of([&] { program_runner(ready.program, "layer.9")(LayerMatrix::kMA, x, 4); }),
         "found 7 matrices, expected layer.9.W_MA among them");
  expect(message_of([] { find_activation("config.json", "swish"); }),
         "config.json: activation function: found \"swish\", expected one of gelu, gelu_python, gelu_new, gelu_fast, "
         "gelu_accurate, gelu_pytorch_tanh, gelu_python_tanh, relu");
  expect(message_of([] { find_family("rnn"); }), "expected one of gpt2, bert, encoder, decoder");

  const auto with = [&](const std::function<void(Layer&)>& change) {
    Layer changed = layer;
    change(changed);
    return message_of([&] { validate(changed); });
  };
  expect(with([](Layer& l) { l.heads = 5; }), "layer.0: heads: found 5 for 48 channels, expected a divisor");
  expect(with([](Layer& l) { l.intermediate = 0; }), "expected at least 1 of each");
  expect(with([](Layer& l) { l.norm_output.beta.pop_back(); }), "norm_output.beta: found 47 values, expected 48");
  expect(with([](Layer& l) { l.norm_cross->gamma[3] = kCanonicalNan; }), "norm_cross.gamma[3]: found nan, expected a");
  expect(with([](Layer& l) { l.emptied.pop_back(); }), "emptied: found 2 heads, expected 3");
  expect(with([](Layer& l) { l.norm_cross.reset(); }), "emptied_cross: found 3 heads, expected 0");

  PrunedLayer pruned = ready.pruned;
  pruned.matrices.erase(LayerMatrix::kCrossQ);
  expect(message_of([&] { validate(pruned); }), "layer.0: found no matrix W_CQ, expected one");
  pruned = ready.pruned;
  pruned.layer.intermediate = 81;
  expect(message_of([&] { validate(pruned); }), "layer.0.W_F1: found 80 x 48, expected 81 x 48");
  pruned = ready.pruned;
  pruned.layer.norm_cross.reset();
  pruned.layer.emptied_cross.clear();
  expect(message_of([&] { validate(pruned); }), "layer.0: found a matrix W_CQ, expected none without cross-attention");
  expect(message_of([&] { read_memory(pruned.layer, ready.run, x, 4, state); }),
         "expected a layer with cross-attention");
}

}  // namespace
}  // namespace mixvec::inline golden
