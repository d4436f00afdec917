// Implements GPT-2's initialisation and forward pass.
#include "pruning/train/nets/gpt2_torch.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "golden/layer/layer.hpp"
#include "golden/math/layer_norm.hpp"
#include "golden/math/softmax.hpp"

namespace mixvec::inline pruning {

TorchParameters initialise_gpt2(const ModelConfig& config, std::uint64_t seed) {
  torch::manual_seed(seed);
  const auto d = static_cast<std::int64_t>(config.hidden);
  const auto inner = static_cast<std::int64_t>(config.intermediate);
  TorchParameters parameters;
  const auto normal = [&](const std::string& name, at::IntArrayRef shape, double deviation) {
    parameters[name] = torch::empty(shape).normal_(0.0, deviation);
  };
  const auto linear = [&](const std::string& name, std::int64_t in, std::int64_t out, double deviation) {
    normal(name + ".weight", {in, out}, deviation);
    parameters[name + ".bias"] = torch::zeros({out});
  };
  const auto norm = [&](const std::string& name) {
    parameters[name + ".weight"] = torch::ones({d});
    parameters[name + ".bias"] = torch::zeros({d});
  };
  constexpr double kDeviation = 0.02;
  const double residual = kDeviation / std::sqrt(2.0 * static_cast<double>(config.layers));
  normal("transformer.wte.weight", {static_cast<std::int64_t>(config.vocabulary), d}, kDeviation);
  normal("transformer.wpe.weight", {static_cast<std::int64_t>(config.positions), d}, kDeviation);
  for (std::size_t layer = 0; layer < config.layers; ++layer) {
    const std::string at = fmt::format("transformer.h.{}.", layer);
    norm(at + "ln_1");
    linear(at + "attn.c_attn", d, 3 * d, kDeviation);
    linear(at + "attn.c_proj", d, d, residual);
    norm(at + "ln_2");
    linear(at + "mlp.c_fc", d, inner, kDeviation);
    linear(at + "mlp.c_proj", inner, d, residual);
  }
  norm("transformer.ln_f");
  return parameters;
}

namespace {

torch::Tensor tensor_of(const DenseRows& rows) {
  return torch::from_blob(const_cast<float*>(rows.data()), {rows.rows(), rows.cols()}, torch::kFloat32).clone();
}

torch::Tensor tensor_of(const DenseRow& row) {
  return torch::from_blob(const_cast<float*>(row.data()), {row.size()}, torch::kFloat32).clone();
}

}  // namespace

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
    for (const MatrixKind kind : kMatrixKinds) {
      const Linear& linear = network.layers[layer].matrix(kind);
      const std::string name = weight_name(Architecture::kGpt2, layer, kind);
      parameters[name] = tensor_of(linear.weight).t().contiguous();
      parameters[bias_name(name)] = tensor_of(linear.bias);
    }
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
                         double dropout) {
  const std::int64_t batch = inputs.size(0);
  const std::int64_t tokens = inputs.size(1);
  const auto d = static_cast<std::int64_t>(config.hidden);
  const auto heads = static_cast<std::int64_t>(config.heads);
  const auto parameter = [&](const std::string& name) { return parameters.at("transformer." + name); };
  const auto norm = [&](const torch::Tensor& x, const std::string& name) {
    return torch::layer_norm(x, {d}, parameter(name + ".weight"), parameter(name + ".bias"), config.layer_norm_epsilon);
  };
  const auto linear = [&](const torch::Tensor& x, const std::string& name) {
    return torch::addmm(parameter(name + ".bias"), x, parameter(name + ".weight"));
  };

  const Activation activation = find_activation("activation_function", config.activation);
  const auto activate = [&](const torch::Tensor& t) {
    if (activation == Activation::kRelu) return torch::relu(t);
    return torch::gelu(t, activation == Activation::kGeluTanh ? "tanh" : "none");
  };

  const auto drop = [&](const torch::Tensor& t) { return dropout > 0 ? torch::dropout(t, dropout, true) : t; };

  // Rows are tokens throughout; only attention looks at the batch.
  TorchOutput output;
  torch::Tensor x = torch::embedding(parameter("wte.weight"), inputs) + parameter("wpe.weight").slice(0, 0, tokens);
  x = drop(x.reshape({batch * tokens, d}));
  const torch::Tensor mask = torch::full({tokens, tokens}, -std::numeric_limits<float>::infinity()).triu(1);
  const double scale = 1.0 / std::sqrt(static_cast<double>(d / heads));
  for (std::size_t layer = 0; layer < config.layers; ++layer) {
    const std::string at = fmt::format("h.{}.", layer);
    const torch::Tensor qkv = linear(norm(x, at + "ln_1"), at + "attn.c_attn")
                                  .view({batch, tokens, 3, heads, d / heads})
                                  .permute({2, 0, 3, 1, 4});
    const torch::Tensor scores = torch::matmul(qkv[0] * scale, qkv[1].transpose(-2, -1)) + mask;
    const torch::Tensor mixed = torch::matmul(drop(torch::softmax(scores, -1)), qkv[2]);
    x = x + drop(linear(mixed.transpose(1, 2).reshape({batch * tokens, d}), at + "attn.c_proj"));
    const torch::Tensor inner = activate(linear(norm(x, at + "ln_2"), at + "mlp.c_fc"));
    x = x + drop(linear(inner, at + "mlp.c_proj"));
    output.hidden.push_back(x);
  }
  const auto head = parameters.find("lm_head.weight");
  const torch::Tensor& words = head == parameters.end() ? parameter("wte.weight") : head->second;
  output.logits = torch::matmul(norm(x, "ln_f"), words.t());
  return output;
}

}  // namespace mixvec::inline pruning
