// GPT-2 in libtorch: parameters under their Hugging Face names and the forward pass with its loss.
#pragma once

#include <torch/torch.h>

#include <map>
#include <string>
#include <vector>

#include "golden/checkpoint/model.hpp"
#include "golden/network/network.hpp"

namespace mixvec::inline pruning {

/// Parameters by tensor name ("transformer.h.0.attn.c_attn.weight", stored [in][out]); the map's order is the file's.
using Gpt2Parameters = std::map<std::string, torch::Tensor>;

/// GPT-2's initialisation: normal(0, 0.02), projections into the residual stream scaled by 1/√(2·layers), biases 0,
/// norms 1.
Gpt2Parameters initialise_gpt2(const ModelConfig& config, std::uint64_t seed);

/// Those of a checkpoint, in binary32; an output matrix that is not the word embedding is "lm_head.weight".
Gpt2Parameters parameters_of(const Network& network);

/// Name of one of the four matrices: "transformer.h.0.attn.c_attn.weight" for W_MA.
std::string weight_name(std::size_t layer, MatrixKind kind);

/// What a forward pass gives.
struct Gpt2Output {
  torch::Tensor logits;               ///< [batch · tokens][vocabulary]
  std::vector<torch::Tensor> hidden;  ///< behind every layer, [batch · tokens][d]
};

/// Runs the model on inputs (int64 [batch][tokens]). Without an output matrix of its own it is tied to the embedding.
Gpt2Output gpt2_forward(const ModelConfig& config, const Gpt2Parameters& parameters, const torch::Tensor& inputs);

/// Mean cross-entropy in nats of predicting `targets` (int64 [batch][tokens]).
torch::Tensor cross_entropy(const Gpt2Output& output, const torch::Tensor& targets);

}  // namespace mixvec::inline pruning
