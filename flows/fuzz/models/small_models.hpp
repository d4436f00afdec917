// Checkpoints of one small layer, beside which a fuzz target puts the file that it tries.
#pragma once

#include <filesystem>

#include "golden/tests/checkpoint/small_checkpoint.hpp"

namespace mixvec::inline flows::fuzz {

/// The checkpoint without its second layer.
inline SmallCheckpoint one_layer(SmallCheckpoint checkpoint) {
  std::erase_if(checkpoint.tensors, [](const auto& entry) {
    return entry.first.find("h.1.") != std::string::npos || entry.first.find("layer.1.") != std::string::npos;
  });
  for (const char* field : {"n_layer", "num_hidden_layers", "n_layers"}) {
    if (checkpoint.config.contains(field)) checkpoint.config[field] = 1;
  }
  return checkpoint;
}

}  // namespace mixvec::inline flows::fuzz
