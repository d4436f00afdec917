// What a pruned matrix takes on an accelerator: scheduled, packed, unpacked again and run on the cycle model.
#pragma once

#include <string>
#include <vector>

#include "golden/config/accel_config.hpp"
#include "golden/matrix/pruned_matrix.hpp"
#include "pruning/choice/cost.hpp"
#include "sim/cycles/matrix_run.hpp"

namespace mixvec::inline pruning {

/// Runs a matrix as sim_accel does: the same schedule, image and model. Proves on the way that the image holds the
/// matrix. Throws InputError, naming the matrix, where the accelerator cannot hold it.
MachineRun run_on_machine(const PrunedMatrix& matrix, const AccelConfig& accel, std::size_t tokens);

/// What pruned matrices take on an accelerator.
struct MachineRuns {
  AccelConfig accel;
  std::size_t tokens = 0;
  std::vector<MachineRun> matrices;
  MachineRun total;
  std::string refused;  ///< why the accelerator does not take the matrices; then there are no runs
};

/// Runs all matrices, on up to `threads` threads (0: all of the machine). A matrix that the accelerator cannot hold is
/// no error here: `refused` says why.
MachineRuns run_all_on_machine(const std::vector<PrunedMatrix>& matrices, const AccelConfig& accel, std::size_t tokens,
                               int threads);

}  // namespace mixvec::inline pruning
