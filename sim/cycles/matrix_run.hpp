// What a packed matrix takes on an accelerator: all its tiles of tokens, run on the cycle model.
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "golden/config/accel_config.hpp"
#include "golden/format/packed_image.hpp"
#include "sim/cycles/activations.hpp"
#include "sim/cycles/engine_model.hpp"

namespace mixvec::inline sim {

/// Outcome of one matrix, or the sum over several.
struct MachineRun {
  std::uint64_t kept = 0;                       ///< weights
  std::uint64_t macs = 0;                       ///< useful ones: kept weights × tokens
  std::uint64_t cycles = 0;                     ///< of all tiles of tokens, first image beat to last result
  std::uint64_t image_bytes = 0;                ///< packed
  std::uint64_t moved_bytes = 0;                ///< fetched, over all tiles
  std::uint64_t preloaded_bytes = 0;            ///< activations
  double array_cycles = 0;                      ///< MACs ÷ (P·L)
  double port_cycles = 0;                       ///< bytes moved ÷ port bytes per cycle
  double bound = 0;                             ///< the larger of the two (of a sum: of each matrix)
  std::array<std::uint64_t, kCycleUses> use{};  ///< set-cycles by use: sets × cycles in all

  bool by_array = false;  ///< the array bounds it (of a sum: some matrix)
  bool by_port = false;   ///< the port does

  /// "array" or "port"; of a sum "both" where matrices differ.
  [[nodiscard]] const char* bound_by() const { return !by_port ? "array" : by_array ? "both" : "port"; }
  /// Useful MACs ÷ (P·L·cycles).
  [[nodiscard]] double utilization() const { return cycles > 0 ? array_cycles / static_cast<double>(cycles) : 0; }
  [[nodiscard]] double share_of_bound() const { return cycles > 0 ? bound / static_cast<double>(cycles) : 0; }
  [[nodiscard]] std::uint64_t issued() const { return use[static_cast<std::size_t>(CycleUse::kIssue)]; }
  MachineRun& operator+=(const MachineRun& other);
};

/// A packed matrix on an accelerator, decoded once for any number of runs. Keeps references to both.
class MachineModel {
 public:
  /// Throws InputError for a damaged image.
  MachineModel(const PackedMatrix& packed, const AccelConfig& accel)
      : packed_(packed), accel_(accel), engine_(packed, accel) {}

  /// Runs on `tokens` tokens, tile by tile. `stall_seed`: as in tb_layer; 0 = no stalls.
  [[nodiscard]] MachineRun run(std::size_t tokens, const Activations& activations = {},
                               std::uint64_t stall_seed = 0) const;

 private:
  const PackedMatrix& packed_;
  const AccelConfig& accel_;
  EngineModel engine_;
};

/// {"issue": …, "fill": …, …}: set-cycles by use.
nlohmann::ordered_json use_to_json(const std::array<std::uint64_t, kCycleUses>& use);

/// "drain 6.1%, fill 1.2%": where the set-cycles went in which no step was issued, most first, from 0.1 % on; "" if
/// nothing reaches that.
std::string describe_losses(const MachineRun& run);

}  // namespace mixvec::inline sim
