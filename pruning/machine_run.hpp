// What a pruned matrix takes on an accelerator: scheduled, packed, unpacked again and run on the cycle model.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "generator/config.hpp"
#include "golden/pruned_matrix.hpp"
#include "pruning/cost.hpp"
#include "sim/engine_model.hpp"

namespace mixvec {

/// Outcome of one matrix, or the sum over several.
struct MachineRun {
  std::uint64_t kept = 0;                       ///< weights
  std::uint64_t cycles = 0;                     ///< of all tiles of tokens, first image beat to last result
  std::uint64_t image_bytes = 0;                ///< packed
  std::uint64_t moved_bytes = 0;                ///< fetched, over all tiles
  double array_cycles = 0;                      ///< kept weights × tokens ÷ (P·L)
  double port_cycles = 0;                       ///< bytes moved ÷ port bytes per cycle
  double bound = 0;                             ///< the larger of the two (of a sum: of each matrix)
  std::array<std::uint64_t, kCycleUses> use{};  ///< set-cycles by use

  [[nodiscard]] const char* bound_by() const { return port_cycles > array_cycles ? "port" : "array"; }
  /// Useful MACs ÷ (P·L·cycles).
  [[nodiscard]] double utilization() const { return cycles > 0 ? array_cycles / static_cast<double>(cycles) : 0; }
  [[nodiscard]] double share_of_bound() const { return cycles > 0 ? bound / static_cast<double>(cycles) : 0; }
  MachineRun& operator+=(const MachineRun& other);
};

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

/// The sizes that the cost model needs of an accelerator.
Machine machine_of(const AccelConfig& accel);

/// "drain 6.1%, fill 1.2%": where the set-cycles went in which no step was issued, most first, from 0.1 % on.
std::string describe_losses(const MachineRun& run);

}  // namespace mixvec
