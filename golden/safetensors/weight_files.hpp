// The weights of a checkpoint folder: one file, or shards with an index.
#pragma once

#include <filesystem>

#include "golden/safetensors/safetensors.hpp"

namespace mixvec::inline golden {

inline constexpr const char* kOneFile = "model.safetensors";
inline constexpr const char* kIndexFile = "model.safetensors.index.json";  ///< of shards

/// Opens DIR/model.safetensors or, where there is none, all shards that DIR/model.safetensors.index.json names, as one
/// file. Throws InputError: a shard that is missing, a tensor in another shard than the index says, in two of them or
/// in none; neither file there (what is there instead, and what to do about it).
SafetensorsFile open_weights(const std::filesystem::path& model_dir);

}  // namespace mixvec::inline golden
