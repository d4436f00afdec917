// The measured area of an accelerator's array of multipliers.
#pragma once

#include <optional>
#include <string>

#include "golden/config/accel_config.hpp"

namespace mixvec::inline pruning {

/// All PEs and the merges of their results, in ASAP7 before layout.
struct ArrayArea {
  std::optional<double> mm2;
  std::string why_not;  ///< where there is no figure
};

/// What was measured of this configuration; nothing is scaled from others.
ArrayArea array_area(const AccelConfig& accel);

}  // namespace mixvec::inline pruning
