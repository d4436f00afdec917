// Compiles Transformer layers into the two programs of docs/isa.md, for a tile of tokens.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "golden/isa/layer_isa.hpp"
#include "golden/layer/layer_run.hpp"
#include "sim/compiler/layer_plan.hpp"

namespace mixvec::inline sim {

/// A run's tokens: those at positions first + low … first + high − 1 of the sequence.
struct Tile {
  std::size_t first = 0;  ///< position of lane 0, a multiple of the tokens of a group
  std::size_t low = 0;    ///< lanes below it are positions cached already: keys and values are not written again
  std::size_t high = 1;
  std::size_t valid_keys = kAllKeys;         ///< positions of the sequence from this one on are padding
  std::size_t memory_keys = 0;               ///< positions of the encoder's output that are in the key/value memory
  std::size_t valid_memory_keys = kAllKeys;  ///< the same of the encoder's output as valid_keys

  /// The tile of `count` tokens from position `first` on, of which the first group may hold earlier ones.
  static Tile at(std::size_t first, std::size_t count, const AccelConfig& accel);
};

/// The programs of a run, and what its registers hold.
struct TileProgram {
  std::vector<ArrayInstruction> array;    ///< END included
  std::vector<VectorInstruction> vector;  ///< END included
  std::uint32_t first = 0;
  std::uint32_t low = 0;
  std::uint32_t high = 0;
  std::uint32_t last_group = 0;
  std::uint32_t groups_log2 = 0;
  std::uint32_t k = 0;               ///< the constant of exp
  std::uint64_t matrix_macs = 0;     ///< useful: kept weights × tokens
  std::uint64_t attention_macs = 0;  ///< useful: two products of each unmasked pair of token and key
};

/// Throws InputError for `tokens` with `decode` further ones that such a layer cannot take: where all tokens see all,
/// later ones would change earlier ones, and one tile of `most` tokens must hold them.
void require_tokens(const Layer& layer, std::size_t tokens, std::size_t decode, std::size_t most);

/// The programs that take x through all layers. Throws InputError for a tile that machine or memories cannot hold.
TileProgram compile_layers(const LayerPlan& plan, const Tile& tile);

/// Those that make the keys and values of every layer's cross-attention from an encoder's output in x's place, a layer
/// at a time. Throws InputError likewise, and for layers without cross-attention.
TileProgram compile_memory(const LayerPlan& plan, const Tile& tile);

/// Both programs, an instruction a line, numbered.
std::string describe(const TileProgram& program);

}  // namespace mixvec::inline sim
