// Values, shapes and names of parameters.
#include "pruning/train/nets/parameters.hpp"

#include <fmt/format.h>

#include <cstring>

#include "golden/base/error.hpp"
#include "golden/safetensors/tensor_view.hpp"

namespace mixvec::inline pruning {

std::span<const float> values_of(const torch::Tensor& tensor) {
  return {tensor.data_ptr<float>(), static_cast<std::size_t>(tensor.numel())};
}

std::vector<std::size_t> shape_of(const torch::Tensor& tensor) {
  return {tensor.sizes().begin(), tensor.sizes().end()};
}

torch::Tensor tensor_of(const DenseRows& rows) {
  return torch::from_blob(const_cast<float*>(rows.data()), {rows.rows(), rows.cols()}, torch::kFloat32).clone();
}

torch::Tensor tensor_of(const DenseRow& row) {
  return torch::from_blob(const_cast<float*>(row.data()), {row.size()}, torch::kFloat32).clone();
}

void fill(torch::Tensor& target, const SafetensorsFile& file, const std::string& name) {
  const TensorView& view = file.at(name);
  if (view.shape != shape_of(target))
    fail_input("{}: tensor {}: found another shape than the model's", file.label(), name);
  const std::vector<float> values = view.as_float();
  std::memcpy(target.data_ptr<float>(), values.data(), values.size() * sizeof(float));
}

std::string weight_name(Architecture architecture, std::size_t layer, MatrixKind kind) {
  constexpr const char* kGpt2[] = {"attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj"};
  constexpr const char* kBert[] = {"attention.self.qkv", "attention.output.dense", "intermediate.dense",
                                   "output.dense"};
  const auto at = static_cast<std::size_t>(kind);
  if (architecture == Architecture::kGpt2) return fmt::format("transformer.h.{}.{}.weight", layer, kGpt2[at]);
  return fmt::format("bert.encoder.layer.{}.{}.weight", layer, kBert[at]);
}

std::string bias_name(const std::string& weight) { return weight.substr(0, weight.rfind('.')) + ".bias"; }

void add_matrices(const NetworkLayer& from, Architecture architecture, std::size_t layer, TorchParameters& parameters) {
  for (const MatrixKind kind : kMatrixKinds) {
    const Linear& linear = from.matrix(kind);
    const std::string name = weight_name(architecture, layer, kind);
    parameters[name] = tensor_of(linear.weight).t().contiguous();
    parameters[bias_name(name)] = tensor_of(linear.bias);
  }
}

}  // namespace mixvec::inline pruning
