// GPT-2 in libtorch: parameters under their Hugging Face names and the forward pass.
#pragma once

#include <torch/torch.h>

#include "golden/checkpoint/model.hpp"
#include "golden/network/network.hpp"
#include "pruning/train/nets/net.hpp"
#include "pruning/train/nets/parameters.hpp"

namespace mixvec::inline pruning {

/// GPT-2's initialisation: normal(0, 0.02), projections into the residual stream scaled by 1/√(2·layers), biases 0,
/// norms 1.
TorchParameters initialise_gpt2(const ModelConfig& config, std::uint64_t seed);

/// Those of a checkpoint, in binary32; an output matrix that is not the word embedding is "lm_head.weight".
TorchParameters parameters_of(const Network& network);

/// The reverse: puts parameters into a network of that shape.
void put_parameters(const TorchParameters& parameters, Network& network);

/// Runs the model on inputs (int64 [batch][tokens]). Without an output matrix of its own it is tied to the embedding.
TorchOutput gpt2_forward(const ModelConfig& config, const TorchParameters& parameters, const torch::Tensor& inputs,
                         const TorchArithmetic& arithmetic = {});

/// GPT2LMHeadModel.
const Net& gpt2_net();

}  // namespace mixvec::inline pruning
