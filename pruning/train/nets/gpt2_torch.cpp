// Implements GPT-2's initialisation and forward pass.
#include "pruning/train/nets/gpt2_torch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "golden/base/error.hpp"
#include "pruning/train/nets/layer_parts.hpp"

namespace mixvec::inline pruning {

namespace {

class Gpt2Net final : public Net {
 public:
  [[nodiscard]] const char* model_class() const override { return "GPT2LMHeadModel"; }

  [[nodiscard]] TorchParameters initialise(const ModelConfig& config, std::uint64_t seed) const override {
    return initialise_gpt2(config, seed);
  }

  [[nodiscard]] TorchParameters read(const Model& model) const override {
    if (model.config().architecture != Architecture::kGpt2) {
      fail_input("{}: found a BERT checkpoint, expected GPT-2", model.directory().string());
    }
    return parameters_of(load_network(model));
  }

  [[nodiscard]] TorchOutput forward(const ModelConfig& config, const TorchParameters& parameters,
                                    const TorchInput& input, const TorchArithmetic& arithmetic) const override {
    return gpt2_forward(config, parameters, input.ids, arithmetic);
  }

  [[nodiscard]] TorchParameters stored(const TorchParameters& parameters) const override { return parameters; }
};

}  // namespace

TorchParameters initialise_gpt2(const ModelConfig& config, std::uint64_t seed) {
  const auto d = static_cast<std::int64_t>(config.hidden);
  const auto inner = static_cast<std::int64_t>(config.intermediate);
  InitialParameters begin(seed);
  const double residual = InitialParameters::kDeviation / std::sqrt(2.0 * static_cast<double>(config.layers));
  begin.normal("transformer.wte.weight", {static_cast<std::int64_t>(config.vocabulary), d});
  begin.normal("transformer.wpe.weight", {static_cast<std::int64_t>(config.positions), d});
  for (std::size_t layer = 0; layer < config.layers; ++layer) {
    const std::string at = fmt::format("transformer.h.{}.", layer);
    begin.norm(at + "ln_1", d);
    begin.linear(at + "attn.c_attn", d, 3 * d);
    begin.linear(at + "attn.c_proj", d, d, residual);
    begin.norm(at + "ln_2", d);
    begin.linear(at + "mlp.c_fc", d, inner);
    begin.linear(at + "mlp.c_proj", inner, d, residual);
  }
  begin.norm("transformer.ln_f", d);
  return begin.take();
}

TorchParameters parameters_of(const Network& network) {
  TorchParameters parameters;
  const auto norm = [&](const std::string& name, const NetworkNorm& values) {
    parameters[name + ".weight"] = tensor_of(values.gamma);
    parameters[name + ".bias"] = tensor_of(values.beta);
  };
  parameters["transformer.wte.weight"] = tensor_of(network.words);
  parameters["transformer.wpe.weight"] = tensor_of(network.positions);
  if (network.head.size() != 0) parameters["lm_head.weight"] = tensor_of(network.head);
  for (std::size_t layer = 0; layer < network.layers.size(); ++layer) {
    add_matrices(network.layers[layer], Architecture::kGpt2, layer, parameters);
    norm(fmt::format("transformer.h.{}.ln_1", layer), network.layers[layer].norm_attention);
    norm(fmt::format("transformer.h.{}.ln_2", layer), network.layers[layer].norm_output);
  }
  norm("transformer.ln_f", network.final_norm);
  return parameters;
}

void put_parameters(const TorchParameters& parameters, Network& network) {
  const auto put = [&](const std::string& name, auto& values) {
    const std::span<const float> from = values_of(parameters.at(name));
    std::copy(from.begin(), from.end(), values.data());
  };
  const auto norm = [&](const std::string& name, NetworkNorm& values) {
    put(name + ".weight", values.gamma);
    put(name + ".bias", values.beta);
  };
  put("transformer.wte.weight", network.words);
  put("transformer.wpe.weight", network.positions);
  if (network.head.size() != 0) put("lm_head.weight", network.head);
  for (std::size_t layer = 0; layer < network.layers.size(); ++layer) {
    for (const MatrixKind kind : kMatrixKinds) {
      const std::string name = weight_name(Architecture::kGpt2, layer, kind);
      Linear& linear = network.layers[layer].matrices[static_cast<std::size_t>(kind)];
      const torch::Tensor weight = parameters.at(name).t().contiguous();
      const std::span<const float> from = values_of(weight);
      std::copy(from.begin(), from.end(), linear.weight.data());
      put(bias_name(name), linear.bias);
    }
    norm(fmt::format("transformer.h.{}.ln_1", layer), network.layers[layer].norm_attention);
    norm(fmt::format("transformer.h.{}.ln_2", layer), network.layers[layer].norm_output);
  }
  norm("transformer.ln_f", network.final_norm);
}

TorchOutput gpt2_forward(const ModelConfig& config, const TorchParameters& parameters, const torch::Tensor& inputs,
                         const TorchArithmetic& arithmetic) {
  const std::int64_t batch = inputs.size(0);
  const std::int64_t tokens = inputs.size(1);
  const auto d = static_cast<std::int64_t>(config.hidden);
  const LayerParts parts(config, parameters, "transformer.", arithmetic);
  TorchOutput output;
  torch::Tensor x =
      torch::embedding(parts.parameter("wte.weight"), inputs) + parts.parameter("wpe.weight").slice(0, 0, tokens);
  x = parts.drop(x.reshape({batch * tokens, d}));
  const torch::Tensor mask = torch::full({tokens, tokens}, -std::numeric_limits<float>::infinity()).triu(1);
  for (std::size_t layer = 0; layer < config.layers; ++layer) {
    const std::string at = fmt::format("h.{}.", layer);
    const torch::Tensor qkv = parts.linear(parts.norm(x, at + "ln_1"), at + "attn.c_attn");
    x = x + parts.drop(parts.linear(parts.attend(qkv, batch, mask), at + "attn.c_proj"));
    const torch::Tensor inner = parts.activate(parts.linear(parts.norm(x, at + "ln_2"), at + "mlp.c_fc"));
    x = x + parts.drop(parts.linear(inner, at + "mlp.c_proj"));
    output.hidden.push_back(x);
  }
  const auto head = parameters.find("lm_head.weight");
  const torch::Tensor& words = head == parameters.end() ? parts.parameter("wte.weight") : head->second;
  output.logits = torch::matmul(parts.norm(x, "ln_f"), words.t());
  return output;
}

const Net& gpt2_net() {
  static const Gpt2Net net;
  return net;
}

}  // namespace mixvec::inline pruning
