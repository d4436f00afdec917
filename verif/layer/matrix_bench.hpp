// The part of tb_layer that runs matrices alone: those of a packed model or of a generated layer, faults, report.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "golden/format/packed_image.hpp"
#include "golden/matrix/pruned_matrix.hpp"
#include "verif/accel/accel_sim.hpp"
#include "verif/coverage/bins.hpp"
#include "verif/layer/layer_options.hpp"

namespace mixvec::inline verif {

/// A packed matrix with the pruned matrix that it must equal.
struct MatrixWork {
  PrunedMatrix matrix;
  PackedMatrix packed;
};

/// The matrices that the options describe, read or generated; none if they ask for none. Throws InputError.
std::vector<MatrixWork> describe_matrices(const LayerBenchOptions& options);

/// What the matrices of tb_layer showed.
struct MatrixReport {
  bool passed = true;
  std::uint64_t compared = 0;
  std::uint64_t mismatches = 0;
};

/// Runs each matrix once for each stall seed. Prints a line for each and, for every failure, one that reproduces it.
/// `json` takes what they showed; it stays null if there are none. `bins` takes what each was.
MatrixReport run_matrices(AccelSim& accel, const std::vector<MatrixWork>& work, const LayerBenchOptions& options,
                          BinRecorder& bins, nlohmann::json& json);

/// Injects faults into the first matrix. Whether each was noticed, and the good run passed.
bool matrices_self_test(const std::vector<MatrixWork>& work, const LayerBenchOptions& options);

}  // namespace mixvec::inline verif
