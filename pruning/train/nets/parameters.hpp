// The tensors of a network in libtorch, by name, and how they meet files.
#pragma once

#include <torch/torch.h>

#include <map>
#include <span>
#include <string>
#include <vector>

#include "golden/checkpoint/model.hpp"
#include "golden/network/dense.hpp"
#include "golden/network/network_layer.hpp"
#include "golden/safetensors/safetensors.hpp"

namespace mixvec::inline pruning {

/// Parameters in binary32 by tensor name; the map's order is the file's. The four matrices of a layer lie as GPT-2 has
/// them, [in][out], whatever the architecture.
using TorchParameters = std::map<std::string, torch::Tensor>;

/// What a forward pass runs: sequences of equal length.
struct TorchInput {
  torch::Tensor ids;      ///< int64 [sequences][tokens]
  torch::Tensor types;    ///< token types, int64 like them; undefined: all 0
  torch::Tensor present;  ///< bool like them: false for padding, which nothing looks at; undefined: all true
  torch::Tensor asked;    ///< int64: rows (of sequences · tokens) that logits are wanted of; undefined: all
};

/// How a forward pass is computed.
struct TorchArithmetic {
  double dropout = 0;     ///< chance of an embedding, an attention weight or an output of a sublayer to be left out
  bool bfloat16 = false;  ///< products of matrices inside layers in bfloat16, their sums and all else in binary32
};

/// What a forward pass gives.
struct TorchOutput {
  torch::Tensor logits;               ///< [rows][classes]; of a language model a row for every token
  std::vector<torch::Tensor> hidden;  ///< behind every layer, [batch · tokens][d]
};

std::span<const float> values_of(const torch::Tensor& tensor);
std::vector<std::size_t> shape_of(const torch::Tensor& tensor);
torch::Tensor tensor_of(const DenseRows& rows);
torch::Tensor tensor_of(const DenseRow& row);
/// Copies a tensor of a file into `target`. Throws InputError if the file has none of that name and shape.
void fill(torch::Tensor& target, const SafetensorsFile& file, const std::string& name);

/// Name of the parameter of one of the four matrices: "transformer.h.0.attn.c_attn.weight" for W_MA of GPT-2.
std::string weight_name(Architecture architecture, std::size_t layer, MatrixKind kind);
/// Name of its bias.
std::string bias_name(const std::string& weight);

/// Adds the four matrices of a layer and their biases.
void add_matrices(const NetworkLayer& from, Architecture architecture, std::size_t layer, TorchParameters& parameters);

}  // namespace mixvec::inline pruning
