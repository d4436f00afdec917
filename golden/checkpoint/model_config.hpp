// config.json of a checkpoint.
#pragma once

#include <filesystem>
#include <functional>

#include "golden/checkpoint/model_types.hpp"
#include "golden/safetensors/safetensors.hpp"

namespace mixvec::inline golden {

/// Reads config.json. The kind of checkpoint is what `model_type` says, else what the classes in `architectures` are
/// called, else what the tensors are called: `weights` opens them. Throws InputError naming the field.
ModelConfig read_model_config(const std::filesystem::path& model_dir, const std::function<SafetensorsFile()>& weights);

}  // namespace mixvec::inline golden
