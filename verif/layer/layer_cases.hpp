// Random small layers with the edges that matter: token counts around a group, one head, emptied heads, padding, cached
// decode, an encoder's output, infinities and NaN.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "verif/coverage/bins.hpp"
#include "verif/layer/layer_check.hpp"

namespace mixvec::inline verif {

struct LayerCase {
  std::unique_ptr<LayerChain> chain;
  LayerInput input;
  std::uint64_t stall_seed = 0;
  std::string description;
  BinSample bins;  ///< of kind "layer"
};

/// Case `number` of a seed; it fits the machine that this bench was built for. Throws InputError if nothing drawn does.
LayerCase draw_layer_case(std::uint64_t seed, std::uint64_t number);

/// Whether layer programs exist for this machine; if not, why.
std::string layers_unsupported();

}  // namespace mixvec::inline verif
