// The cycle model of the engine: fetching, decoding, zero skipping, issue, hazards, drain and the memory port, cycle by
// cycle, with no arithmetic. It gives the cycles that the RTL takes.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "golden/config/accel_config.hpp"
#include "golden/format/image_header.hpp"
#include "golden/format/packed_image.hpp"
#include "sim/cycles/engine_decode.hpp"
#include "sim/cycles/port_stalls.hpp"

namespace mixvec::inline sim {

/// Where the cycles of the sets went; in set-cycles, they add up to sets × cycles.
enum class CycleUse : std::uint8_t {
  kIssue,   ///< a step was issued
  kFill,    ///< no step has come yet: header, directory, first beats, pipeline fill
  kPort,    ///< waiting for a beat
  kDecode,  ///< beats there, but the decoder has not yet finished a step
  kHazard,  ///< the accumulator's last addition is still under way
  kBuffer,  ///< all accumulator rows, or places for records, are in use: waiting for the drain
  kDone,    ///< this set has nothing to do any more, others have (imbalance)
  kDrain,   ///< all sets have issued everything: the last results leave
};

inline constexpr std::size_t kCycleUses = 8;
const char* name_of(CycleUse use);

/// The result ports whose first result is ready in `cycle`, a bit each.
template <typename Drains>
std::uint64_t results_waiting(const Drains& drains, std::uint64_t cycle) {
  std::uint64_t ports = 0;
  for (std::size_t d = 0; d < drains.size(); ++d) {
    const auto& results = drains[d].results;
    if (!results.empty() && results.front().ready <= cycle) ports |= std::uint64_t{1} << d;
  }
  return ports;
}

using EngineClusters = std::vector<std::vector<EngineTask>>;  ///< tasks by cluster

/// Outcome of one image on one tile of tokens.
struct ModelRun {
  std::uint64_t cycles = 0;  ///< first image beat accepted to last result accepted
  std::uint64_t issues = 0;  ///< set-cycles in which a step was issued
  std::uint64_t skips = 0;   ///< steps dropped
  std::uint64_t beats = 0;   ///< fetched
  std::uint64_t results = 0;
  std::array<std::uint64_t, kCycleUses> use{};  ///< set-cycles by use
};

/// An image decoded once, for any number of runs.
class EngineModel {
 public:
  /// Keeps a view of the packed image, which must outlive the model. Throws InputError for a damaged image.
  EngineModel(const PackedMatrix& packed, const AccelConfig& accel);

  /// Runs on a tile of `tokens`. `nonzero`: per activation position, whether any token of the tile is non-zero there
  /// (empty: all positions that have an input are).
  [[nodiscard]] ModelRun run(std::size_t tokens, const Stalls& stalls = {},
                             std::span<const std::uint8_t> nonzero = {}) const;

  /// Tasks by cluster, as they are with these activations.
  [[nodiscard]] EngineClusters decode(std::span<const std::uint8_t> nonzero) const;

  [[nodiscard]] const AccelConfig& accel() const { return accel_; }
  [[nodiscard]] const ImageHeader& header() const { return header_; }
  /// With all activations non-zero.
  [[nodiscard]] const EngineClusters& clusters() const { return clusters_; }

 private:
  AccelConfig accel_;
  std::span<const std::uint8_t> image_;
  ImageHeader header_;
  EngineClusters clusters_;
};

}  // namespace mixvec::inline sim
