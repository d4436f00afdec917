// Runs one packed matrix on the accelerator and checks every result: against golden bit for bit, and against double
// precision; and that the image is exactly the pruned matrix.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "golden/execute/executor.hpp"
#include "golden/format/packed_image.hpp"
#include "golden/matrix/pruned_matrix.hpp"
#include "sim/cycles/engine_model.hpp"
#include "verif/accel/accel_sim.hpp"

namespace mixvec::inline verif {

/// What checking one matrix showed.
struct MatrixCheck {
  std::uint64_t compared = 0;    ///< results compared with golden, bit for bit
  std::uint64_t mismatches = 0;  ///< of them different
  std::uint64_t reference_compared = 0;
  std::uint64_t reference_violations = 0;
  double reference_worst = 0.0;    ///< largest share of the error bound used
  std::uint64_t cycles = 0;        ///< first image beat accepted to last result accepted, summed over tiles
  std::uint64_t model_cycles = 0;  ///< what the cycle model says; any difference is a failure
  std::uint64_t load_cycles = 0;   ///< activations, before that
  double seconds = 0.0;            ///< spent simulating the RTL
  double run_seconds = 0.0;        ///< of them without the loading of activations: for `cycles`
  double model_seconds = 0.0;      ///< spent in the cycle model
  std::uint64_t issues = 0;
  std::uint64_t skips = 0;
  std::uint64_t image_bytes = 0;       ///< fetched through the memory port (for each tile)
  std::uint64_t activation_bytes = 0;  ///< preloaded
  std::uint64_t result_bytes = 0;
  std::uint64_t macs = 0;     ///< useful: kept weights × tokens
  std::vector<Half> results;  ///< out × tokens, golden's
  std::string failure;        ///< empty, or the first thing that went wrong

  [[nodiscard]] bool passed() const {
    return failure.empty() && compared > 0 && mismatches == 0 && reference_violations == 0;
  }
  /// Useful MACs ÷ (P·L·cycles).
  [[nodiscard]] double utilization() const;
  /// Lower bound on the cycles: the array's or the weight port's, whichever is larger.
  [[nodiscard]] double bound() const;
  [[nodiscard]] const char* bound_by() const;
};

/// Runs `packed` on all tokens of x (in × tokens), tile by tile. The golden side starts from the image, the reference
/// from `matrix`; unpacking must give `matrix` back.
MatrixCheck check_matrix(AccelSim& accel, const PrunedMatrix& matrix, const PackedMatrix& packed,
                         std::span<const Half> x, std::size_t tokens, const Stalls& stalls, Fault fault = Fault::kNone,
                         std::size_t fault_beat = 0);

}  // namespace mixvec::inline verif
