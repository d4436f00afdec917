// GPT-2 in libtorch: parameters under their Hugging Face names and the forward pass with its loss.
#pragma once

#include <torch/torch.h>

#include <map>
#include <string>

#include "golden/checkpoint/model.hpp"

namespace mixvec::inline pruning {

/// Parameters by tensor name ("transformer.h.0.attn.c_attn.weight", stored [in][out]); the map's order is the file's.
using Gpt2Parameters = std::map<std::string, torch::Tensor>;

/// GPT-2's initialisation: normal(0, 0.02), projections into the residual stream scaled by 1/√(2·layers), biases 0,
/// norms 1.
Gpt2Parameters initialise_gpt2(const ModelConfig& config, std::uint64_t seed);

/// Mean cross-entropy in nats of predicting `targets` from `inputs` (both int64 [batch][tokens]).
torch::Tensor gpt2_loss(const ModelConfig& config, const Gpt2Parameters& parameters, const torch::Tensor& inputs,
                        const torch::Tensor& targets);

}  // namespace mixvec::inline pruning
