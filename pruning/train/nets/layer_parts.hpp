// What layers of every architecture are made of, in libtorch.
#pragma once

#include <torch/torch.h>

#include <string>

#include "golden/checkpoint/model.hpp"
#include "golden/math/softmax.hpp"
#include "pruning/train/nets/parameters.hpp"

namespace mixvec::inline pruning {

/// Parts of a network by the names of their parameters behind `prefix`. Rows are tokens throughout; only attention
/// looks at sequences. It must not outlive what it is made of.
class LayerParts {
 public:
  LayerParts(const ModelConfig& config, const TorchParameters& parameters, std::string prefix,
             const TorchArithmetic& arithmetic);

  [[nodiscard]] const torch::Tensor& parameter(const std::string& name) const;
  [[nodiscard]] torch::Tensor norm(const torch::Tensor& x, const std::string& name) const;    ///< over the last axis
  [[nodiscard]] torch::Tensor linear(const torch::Tensor& x, const std::string& name) const;  ///< weight [in][out]
  [[nodiscard]] torch::Tensor activate(const torch::Tensor& x) const;
  [[nodiscard]] torch::Tensor drop(const torch::Tensor& x) const;
  /// What tokens gather from one another, [rows][d], by queries, keys and values, [rows][3d] of `sequences` sequences.
  /// `mask` is added to the scores, [sequences][heads][tokens][tokens] or what expands to it.
  [[nodiscard]] torch::Tensor attend(const torch::Tensor& qkv, std::int64_t sequences, const torch::Tensor& mask) const;

 private:
  [[nodiscard]] torch::Tensor narrow(const torch::Tensor& x) const;  ///< as products take it

  const ModelConfig& config_;
  const TorchParameters& parameters_;
  std::string prefix_;
  TorchArithmetic arithmetic_;
  Activation activation_;
};

/// Draws parameters as GPT-2 and BERT begin: weights normal, biases 0, norms 1.
class InitialParameters {
 public:
  explicit InitialParameters(std::uint64_t seed);

  void normal(const std::string& name, at::IntArrayRef shape, double deviation = kDeviation);
  void linear(const std::string& name, std::int64_t in, std::int64_t out, double deviation = kDeviation);
  void norm(const std::string& name, std::int64_t channels);
  void zeros(const std::string& name, std::int64_t values);
  void put(const std::string& name, const torch::Tensor& values) { parameters_[name] = values; }
  [[nodiscard]] torch::Tensor& at(const std::string& name) { return parameters_.at(name); }
  [[nodiscard]] TorchParameters take() { return std::move(parameters_); }

  static constexpr double kDeviation = 0.02;

 private:
  TorchParameters parameters_;
};

}  // namespace mixvec::inline pruning
