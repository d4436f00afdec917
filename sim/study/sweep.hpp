// Sweeps: which configurations the swept values make, and the cycle model run on all of them at once.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "golden/config/accel_config.hpp"
#include "sim/cycles/matrix_run.hpp"
#include "sim/study/matrix_source.hpp"

namespace mixvec::inline sim {

/// A swept parameter and the value it has in a point.
struct Setting {
  std::string name;  ///< as in config.json: "pe"
  std::string value;
};

/// One matrix on one configuration.
struct MatrixResult {
  std::string name;
  std::size_t out = 0;
  std::size_t in = 0;
  Direction direction = Direction::kColumn;
  std::string lengths;           ///< "4,8,16"
  std::vector<MachineRun> runs;  ///< by activations
};

/// One combination of the swept values, and what the matrices took on it.
struct SweepPoint {
  std::vector<Setting> settings;       ///< none without a sweep
  std::optional<AccelConfig> accel;    ///< none if the combination is illegal
  std::string skipped;                 ///< why there is no result; empty: there is one
  std::vector<MatrixResult> matrices;  ///< in order of execution

  [[nodiscard]] std::string label() const;    ///< "pe=16 vec=4"
  [[nodiscard]] std::string lengths() const;  ///< of all matrices: "4,8,16"
  /// Sum over the matrices.
  [[nodiscard]] MachineRun total(std::size_t activations = 0) const;
};

/// Every combination of the values of `sweeps` ("pe=16,32"), on top of a configuration; what it leaves at defaults
/// follows the swept values. A combination that breaks a rule is there, skipped. Throws InputError for unknown or
/// repeated names and for values that are none.
std::vector<SweepPoint> sweep_points(const AccelConfig& base, std::span<const std::string> sweeps);

/// Runs all matrices on all points that are not skipped, on as many threads as the machine has. Matrices are made one
/// after the other, shared by the points that take the same ones, and let go before the run. A point that cannot hold a
/// matrix becomes a skipped one. Draws progress on a terminal. `stall_seed`: 0 = no stalls.
void run_points(std::vector<SweepPoint>& points, const MatrixSource& source, std::size_t tokens,
                std::span<const Activations> activations, std::uint64_t stall_seed = 0);

}  // namespace mixvec::inline sim
