// Sums of a calibration on their way to the disk and back.
#pragma once

#include <cstddef>

#include "pruning/calibration/calibration.hpp"
#include "pruning/state/run_state.hpp"

namespace mixvec::inline pruning {

/// Saves the sums over the first `batches` batches: of E[x xᵀ] one half, as it is symmetric.
void save_sums(RunState& state, const Calibration& sums, std::size_t batches);

/// Fills sums whose sizes are set, and returns over how many batches they go. 0, and nothing changed, if nothing is
/// saved or what is saved does not fit.
std::size_t load_sums(RunState& state, Calibration& sums);

}  // namespace mixvec::inline pruning
