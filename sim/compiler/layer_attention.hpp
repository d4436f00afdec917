// The attention of a layer as instructions: softmax of a head while the array has the next one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sim/compiler/program_writer.hpp"

namespace mixvec::inline sim {

/// One attention of a layer on a tile.
struct LayerAttention {
  const Layer& layer;
  const std::vector<bool>& emptied;  ///< by head, or empty
  const PlacedMatrix& projection;    ///< W_MP or W_CP: reads the heads' outputs
  std::uint32_t key_word = 0;        ///< key/value word of head 0's keys
  std::uint32_t value_word = 0;
  std::uint32_t stride = 0;  ///< words from Lv channels to the next
  std::size_t keys = 0;      ///< that are not padding, from position 0 on
  bool causal = false;
};

/// Appends it: from Q in the vector memory to the inputs of the projection.
void write_attention(ProgramWriter& writer, const LayerAttention& attention);

}  // namespace mixvec::inline sim
