// Sizes that the accelerator's ports follow from.
#pragma once

#include <cstddef>

#include "mixvec_config.hpp"

namespace mixvec::inline verif {

inline constexpr int kTileLanes = accel::kPositions * accel::kTokenLanes;  ///< tokens of one beat of activations
inline constexpr std::size_t kBeatBytes = accel::kPortBits / 8;            ///< of one beat of the memory port

}  // namespace mixvec::inline verif
