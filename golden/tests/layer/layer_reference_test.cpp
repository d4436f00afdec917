// Tests of golden layers against binary64, and of both against BERT-tiny's reference, which nobody here wrote.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>

#include "golden/base/error.hpp"
#include "golden/cli/cli.hpp"
#include "golden/layer/layer_loading.hpp"
#include "golden/safetensors/safetensors_writer.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/layer/layer_cases.hpp"
#include "golden/tests/reference_data.hpp"
#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline golden {
namespace {

namespace fs = std::filesystem;

constexpr double kBound = 0x1p-8;  // norm of the difference ÷ norm

struct Distances {
  double worst = 0;
  std::string worst_stage;
};

/// Largest distance between the stages of a golden run and those of the reference.
Distances compare_stages(const KeptStages<Half>& golden, const KeptStages<double>& reference) {
  Distances result;
  std::size_t compared = 0;
  for (const auto& [name, values] : golden.values) {
    const double d = distance(widen<double>(values), reference.values.at(name));
    EXPECT_LT(d, kBound) << name;
    if (d > result.worst) result = {d, name};
    ++compared;
  }
  EXPECT_EQ(compared, reference.values.size());
  return result;
}

TEST(LayerReference, GoldenLayersOfAllFamiliesStayClose) {
  for (const LayerFamily family :
       {LayerFamily::kGpt2, LayerFamily::kBert, LayerFamily::kEncoder, LayerFamily::kDecoder}) {
    const ReadyLayer ready(make_synthetic_network_layer({family, 128, 4, 512, 0.5, {}, 5}, {}));
    const Layer& layer = ready.pruned.layer;
    constexpr std::size_t kTokens = 40;
    const std::vector<Half> x = small_input(128, kTokens);
    const std::vector<Half> memory = layer.has_cross_attention() ? small_input(128, 24, 9) : std::vector<Half>{};
    KeptStages<Half> golden;
    LayerState state = make_state(layer, kTokens, 24);
    const LayerOptions options{33, 19, 2, golden.observer()};
    if (layer.has_cross_attention()) read_memory(layer, ready.run, memory, 24, state, options);
    run_layer(layer, ready.run, x, kTokens, state, options);

    KeptStages<double> exact;
    const ReferenceLayer<double> reference(ready.pruned);
    (void)reference.run(widen<double>(x), kTokens, widen<double>(memory), {33, 19, 2, exact.observer()});
    const Distances d = compare_stages(golden, exact);
    std::printf("%-8s output %.2e, worst %.2e (%s)\n", name_of(family),
                distance(widen<double>(golden.values.at("output")), exact.values.at("output")), d.worst,
                d.worst_stage.c_str());

    KeptStages<float> narrow;
    (void)ReferenceLayer<float>(ready.pruned)
        .run(widen<float>(x), kTokens, widen<float>(memory), {33, 19, 2, narrow.observer()});
    const std::vector<float>& y = narrow.values.at("output");
    EXPECT_LT(distance({y.begin(), y.end()}, exact.values.at("output")), 1e-6);
  }
}

TEST(LayerReference, RefusesOtherSizes) {
  const ReferenceLayer<double> decoder(small_layer(LayerFamily::kDecoder));
  const ReferenceLayer<double> encoder(small_layer(LayerFamily::kEncoder));
  const std::vector<double> x(48 * 2);
  EXPECT_NE(message_of([&] { (void)encoder.run(x, 3, {}); }).find("x: found 96 values, expected 48 x 3"),
            std::string::npos);
  EXPECT_NE(message_of([&] { (void)encoder.run(x, 2, x); }).find("memory: found 96 values, expected none"),
            std::string::npos);
  EXPECT_NE(message_of([&] { (void)decoder.run(x, 2, {}); }).find("memory: found 0 values, expected a multiple of 48"),
            std::string::npos);
}

class BertTiny : public testing::Test {
 protected:
  static fs::path folder() { return reference_data("bert_tiny_sst2"); }

  void SetUp() override {
    if (const auto absent = absent_reference("bert_tiny_sst2"); !absent.empty()) GTEST_SKIP() << absent;
    model_.emplace(Model::open(folder()));
    reference_.emplace(SafetensorsFile::open(folder() / "reference.safetensors"));
    tokens_ = reference_->at("hidden_states.0").shape[0];
  }

  /// A tensor of the reference, [token][channel] in the file, as channel × token.
  std::vector<double> expected(const std::string& name) const {
    const std::vector<double> values = reference_->at(name).as_double();
    std::vector<double> result(values.size());
    const std::size_t channels = values.size() / tokens_;
    for (std::size_t i = 0; i < values.size(); ++i) result[i % channels * tokens_ + i / channels] = values[i];
    return result;
  }

  /// Pooler (tanh of a dense layer on token 0) and classifier in binary64, on the host.
  std::vector<double> classify(const std::vector<double>& hidden) const {
    std::vector<double> first = columns(hidden, tokens_, 0, 1);
    const auto dense = [&](const std::string& name, const std::vector<double>& input) {
      const std::vector<double> weight = model_->file().at(name + ".weight").as_double();
      std::vector<double> y = model_->file().at(name + ".bias").as_double();
      for (std::size_t i = 0; i < weight.size(); ++i) y[i / input.size()] += weight[i] * input[i % input.size()];
      return y;
    };
    std::vector<double> pooled = dense("bert.pooler.dense", first);
    for (double& value : pooled) value = std::tanh(value);
    return dense("classifier", pooled);
  }

  std::optional<Model> model_;
  std::optional<SafetensorsFile> reference_;
  std::size_t tokens_ = 0;
};

TEST_F(BertTiny, GoldenAgreesWithTheReferenceAtEveryStage) {
  const std::vector<double> start = expected("hidden_states.0");
  std::vector<Half> x(start.size());
  std::transform(start.begin(), start.end(), x.begin(), [](double value) { return to_half(value); });
  for (std::size_t i = 0; i < 2; ++i) {
    const ReadyLayer ready(load_layer(*model_, i));
    const Layer& layer = ready.pruned.layer;
    EXPECT_EQ(layer.norm, NormPlacement::kPost);
    EXPECT_FALSE(layer.causal);
    EXPECT_EQ(layer.activation, Activation::kGeluErf);
    EXPECT_EQ(layer.emptied, std::vector<bool>(2, false));
    KeptStages<Half> kept;
    LayerState state;
    LayerOptions options;
    options.observer = kept.observer();
    x = run_layer(layer, ready.run, x, tokens_, state, options);
    const double attention =
        distance(widen<double>(kept.values.at("ln_1")), expected("layer." + std::to_string(i) + ".attention_output"));
    const double output = distance(widen<double>(x), expected("hidden_states." + std::to_string(i + 1)));
    std::printf("layer %zu: attention output %.2e, hidden states %.2e\n", i, attention, output);
    EXPECT_LT(attention, kBound);
    EXPECT_LT(output, kBound);
  }
  const std::vector<double> logits = classify(widen<double>(x));
  const std::vector<double> exact = reference_->at("logits").as_double();
  ASSERT_EQ(logits.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    std::printf("logit %zu: %.5f, reference %.5f\n", i, logits[i], exact[i]);
    EXPECT_NEAR(logits[i], exact[i], 0.01 * std::fabs(exact[i]));
    EXPECT_EQ(std::signbit(logits[i]), std::signbit(exact[i]));
  }
}

TEST_F(BertTiny, BinarySixtyFourAgreesAsFarAsRoundedWeightsPermit) {
  std::vector<double> x = expected("hidden_states.0");
  for (std::size_t i = 0; i < 2; ++i) {
    KeptStages<double> kept;
    x = ReferenceLayer<double>(load_layer(*model_, i)).run(x, tokens_, {}, {kAllKeys, kAllKeys, 2, kept.observer()});
    const double attention =
        distance(kept.values.at("ln_1"), expected("layer." + std::to_string(i) + ".attention_output"));
    const double output = distance(x, expected("hidden_states." + std::to_string(i + 1)));
    std::printf("layer %zu: attention output %.2e, hidden states %.2e\n", i, attention, output);
    // The reference has binary32 weights; rounded to binary16 each is off by up to 2^-11 of itself, in four matrices
    // and two LayerNorms per layer.
    EXPECT_LT(attention, 0x1p-10);
    EXPECT_LT(output, 0x1p-10);
  }
}

TEST_F(BertTiny, HasNoFinalNorm) {
  EXPECT_NE(message_of([&] { load_final_norm(*model_); }).find("found a BERT checkpoint, expected GPT-2"),
            std::string::npos);
}

/// Writes a GPT-2 checkpoint of one layer, d = 8, with some tensors changed.
class RandomCheckpoint {
 public:
  explicit RandomCheckpoint(const fs::path& folder) : folder_(folder) {
    tensors_ = {{"wte.weight", {4, 8}},
                {"wpe.weight", {16, 8}},
                {"h.0.ln_1.weight", {8}},
                {"h.0.ln_1.bias", {8}},
                {"h.0.ln_2.weight", {8}},
                {"h.0.ln_2.bias", {8}},
                {"ln_f.weight", {8}},
                {"ln_f.bias", {8}},
                {"h.0.attn.c_attn.weight", {8, 24}},
                {"h.0.attn.c_attn.bias", {24}},
                {"h.0.attn.c_proj.weight", {8, 8}},
                {"h.0.attn.c_proj.bias", {8}},
                {"h.0.mlp.c_fc.weight", {8, 32}},
                {"h.0.mlp.c_fc.bias", {32}},
                {"h.0.mlp.c_proj.weight", {32, 8}},
                {"h.0.mlp.c_proj.bias", {8}}};
  }

  Model write(const std::string& without = "", const std::string& special = "", float value = 0,
              const std::string& activation = "gelu_new") const {
    SafetensorsWriter writer;
    for (const auto& [name, shape] : tensors_) {
      if (name == without) continue;
      std::size_t size = 1;
      for (const std::size_t extent : shape) size *= extent;
      std::vector<float> values(size, 0.5F);
      if (name == special) values[3] = value;
      writer.add(name, shape, std::span<const float>(values));
    }
    writer.write(folder_ / "model.safetensors");
    write_file(folder_ / "config.json",
               fmt::format(R"({{"model_type":"gpt2","n_embd":8,"n_layer":1,"n_head":2,"n_positions":16,"vocab_size":4,)"
                           R"("activation_function":"{}"}})",
                           activation));
    return Model::open(folder_);
  }

 private:
  fs::path folder_;
  std::map<std::string, std::vector<std::size_t>> tensors_;
};

TEST(LayerLoading, Gpt2) {
  const TemporaryTestFolder folder;
  const RandomCheckpoint checkpoint(folder.path);
  const PrunedLayer loaded = load_layer(checkpoint.write("", "h.0.ln_2.bias", 1.0F / 3.0F), 0);
  EXPECT_EQ(loaded.layer.norm, NormPlacement::kPre);
  EXPECT_TRUE(loaded.layer.causal);
  EXPECT_EQ(loaded.layer.activation, Activation::kGeluTanh);
  EXPECT_EQ(loaded.layer.norm_attention.gamma, std::vector<Half>(8, to_half(0.5F)));
  EXPECT_EQ(loaded.layer.norm_output.beta[3], to_half(1.0F / 3.0F));
  EXPECT_EQ(loaded.layer.norm_output.epsilon, 1e-5);
  EXPECT_EQ(loaded.matrices.size(), 4U);
  EXPECT_EQ(load_final_norm(checkpoint.write()).gamma.size(), 8U);
  EXPECT_EQ(load_layer(checkpoint.write("", "", 0, "relu"), 0).layer.activation, Activation::kRelu);
}

TEST(LayerLoading, RefusesWhatIsMissingOrNotFinite) {
  const TemporaryTestFolder folder;
  const RandomCheckpoint checkpoint(folder.path);
  const auto expect = [](const Model& model, const char* part) {
    const std::string text = message_of([&] {
      load_layer(model, 0);
      load_final_norm(model);
    });
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  expect(checkpoint.write("h.0.ln_1.bias"), "h.0.ln_1.bias");
  expect(checkpoint.write("ln_f.weight"), "ln_f.weight");
  expect(checkpoint.write("", "h.0.ln_2.weight", 70000.0F), "h.0.ln_2.weight");
  expect(checkpoint.write("", "ln_f.bias", std::nanf("")), "ln_f.bias");
  expect(checkpoint.write("", "", 0, "silu"),
         "config.json: activation function: found \"silu\", expected one of gelu,");
}

}  // namespace
}  // namespace mixvec::inline golden
