// The files of a trained model, as Hugging Face's library writes them.
#pragma once

#include <filesystem>
#include <optional>

#include "golden/checkpoint/model.hpp"
#include "golden/safetensors/safetensors.hpp"
#include "pruning/train/nets/parameters.hpp"

namespace mixvec::inline pruning {

/// Writes model.safetensors into `folder`, parameters as `dtype` (F16 or F32).
void write_weights(const std::filesystem::path& folder, const TorchParameters& parameters, Dtype dtype);

/// Writes config.json and generation_config.json of a GPT-2 that began with random weights. `dropout`: what it was
/// trained with; `end_of_text`: the token that begins and ends a text, if there is one.
void write_config(const std::filesystem::path& folder, const ModelConfig& config, Dtype dtype, double dropout,
                  std::optional<std::size_t> end_of_text);

/// Writes into `folder`, which is there and empty, what the checkpoint `source` has, with trained parameters in place
/// of its own; `model_class` is what config.json calls the architecture.
void write_trained(const std::filesystem::path& folder, const Model& source, const char* model_class,
                   const TorchParameters& parameters, Dtype dtype);

/// The same of a BERT with the head that `model_class` has. It generates nothing, so config.json is all.
void write_bert_config(const std::filesystem::path& folder, const ModelConfig& config, const char* model_class,
                       Dtype dtype, double dropout);

}  // namespace mixvec::inline pruning
