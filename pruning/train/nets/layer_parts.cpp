// Implements the parts, and how their parameters begin.
#include "pruning/train/nets/layer_parts.hpp"

#include <cmath>
#include <limits>

#include "golden/layer/layer.hpp"

namespace mixvec::inline pruning {

namespace {

constexpr std::int64_t kBytes = 256;  // values of a byte: chances of dropout are multiples of its share

}  // namespace

LayerParts::LayerParts(const ModelConfig& config, const TorchParameters& parameters, std::string prefix,
                       const TorchArithmetic& arithmetic)
    : config_(config),
      parameters_(parameters),
      prefix_(std::move(prefix)),
      arithmetic_(arithmetic),
      activation_(find_activation("activation_function", config.activation)) {}

const torch::Tensor& LayerParts::parameter(const std::string& name) const { return parameters_.at(prefix_ + name); }

torch::Tensor LayerParts::norm(const torch::Tensor& x, const std::string& name) const {
  return torch::layer_norm(x, {x.size(-1)}, parameter(name + ".weight"), parameter(name + ".bias"),
                           config_.layer_norm_epsilon);
}

torch::Tensor LayerParts::linear(const torch::Tensor& x, const std::string& name) const {
  if (!arithmetic_.bfloat16) return torch::addmm(parameter(name + ".bias"), x, parameter(name + ".weight"));
  return torch::matmul(narrow(x), narrow(parameter(name + ".weight"))).to(torch::kFloat32) + parameter(name + ".bias");
}

torch::Tensor LayerParts::narrow(const torch::Tensor& x) const {
  return arithmetic_.bfloat16 ? x.to(torch::kBFloat16) : x;
}

torch::Tensor LayerParts::activate(const torch::Tensor& x) const {
  if (activation_ == Activation::kRelu) return torch::relu(x);
  return torch::gelu(x, activation_ == Activation::kGeluTanh ? "tanh" : "none");
}

torch::Tensor LayerParts::drop(const torch::Tensor& x) const {
  if (arithmetic_.dropout <= 0) return x;
  // torch::dropout draws 64 bits for a value and, with attention weights, most of a step goes into that: here a byte is
  // drawn for each.
  const std::int64_t dropped = std::llround(arithmetic_.dropout * kBytes);
  const torch::Tensor words = torch::empty({x.numel() / 8 + 1}, torch::kInt64);
  const torch::Tensor bytes =
      words.random_(std::numeric_limits<std::int64_t>::min(), c10::optional<std::int64_t>()).view(torch::kUInt8);
  const torch::Tensor stays = bytes.narrow(0, 0, x.numel()).view(x.sizes()).ge(dropped);
  return x * stays * (static_cast<double>(kBytes) / static_cast<double>(kBytes - dropped));
}

torch::Tensor LayerParts::attend(const torch::Tensor& qkv, std::int64_t sequences, const torch::Tensor& mask) const {
  const auto d = static_cast<std::int64_t>(config_.hidden);
  const auto heads = static_cast<std::int64_t>(config_.heads);
  const std::int64_t tokens = qkv.size(0) / sequences;
  const double scale = 1.0 / std::sqrt(static_cast<double>(d / heads));
  const torch::Tensor parts = qkv.view({sequences, tokens, 3, heads, d / heads}).permute({2, 0, 3, 1, 4});
  torch::Tensor scores =
      torch::matmul(narrow(parts[0] * scale), narrow(parts[1].transpose(-2, -1))).to(torch::kFloat32);
  if (mask.defined()) scores = scores + mask;
  const torch::Tensor mixed =
      torch::matmul(narrow(drop(torch::softmax(scores, -1))), narrow(parts[2])).to(torch::kFloat32);
  return mixed.transpose(1, 2).reshape({sequences * tokens, d});
}

InitialParameters::InitialParameters(std::uint64_t seed) { torch::manual_seed(seed); }

void InitialParameters::normal(const std::string& name, at::IntArrayRef shape, double deviation) {
  parameters_[name] = torch::empty(shape).normal_(0.0, deviation);
}

void InitialParameters::linear(const std::string& name, std::int64_t in, std::int64_t out, double deviation) {
  normal(name + ".weight", {in, out}, deviation);
  zeros(name + ".bias", out);
}

void InitialParameters::norm(const std::string& name, std::int64_t channels) {
  parameters_[name + ".weight"] = torch::ones({channels});
  zeros(name + ".bias", channels);
}

void InitialParameters::zeros(const std::string& name, std::int64_t values) {
  parameters_[name] = torch::zeros({values});
}

}  // namespace mixvec::inline pruning
