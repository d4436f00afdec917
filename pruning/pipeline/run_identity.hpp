// What the result of a calibrated run of prune_model depends on.
#pragma once

#include "pruning/pipeline/arguments.hpp"
#include "pruning/state/run_state.hpp"

namespace mixvec::inline pruning {

/// Options as they were typed, but for those that change no bit of what is kept; hashes of the model's tensors and of
/// the data; the accelerator; the version, and OpenBLAS' kernels, as each processor has its own.
RunIdentity identity_of(const Arguments& arguments, const AccelConfig& accel, Subject& subject,
                        const CalibrationData& data);

}  // namespace mixvec::inline pruning
