// The cycle model of the engine: decoding, zero skipping, issue, hazards, drain and the weight port, cycle by cycle,
// with no arithmetic. It gives the cycles that the RTL takes.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "golden/format_config.hpp"
#include "golden/packed_image.hpp"
#include "sim/port_stalls.hpp"

namespace mixvec {

/// What the timing of an engine depends on beside the packed format.
struct EngineTiming {
  FormatConfig format;
  int pe = 64;
  int lanes = 64;
  int tokens_per_group = 64;  ///< positions × token lanes
  int groups = 4;             ///< most token groups of a tile
  int mul_stages = 2;
  int add_stages = 4;
  int fifo_beats = 4;
};

/// log2 of the token groups that `tokens` (1…tokens_per_group·groups) need.
int token_groups_log2(const EngineTiming& timing, std::size_t tokens);

/// Where the cycles of the sets went; in set-cycles, they add up to sets × cycles.
enum class CycleUse : std::uint8_t {
  kIssue,   ///< a step was issued
  kFill,    ///< nothing decoded yet: header, first beats, pipeline fill
  kPort,    ///< waiting for a beat of the weight port
  kDecode,  ///< beats there, but the decoder has not yet finished a step
  kHazard,  ///< the accumulator's last addition is still under way
  kBuffer,  ///< both accumulator buffers are in use: waiting for the drain
  kMode,    ///< the reduction depth changes: waiting for an empty pipeline
  kDone,    ///< this set has finished, others have not (imbalance)
  kDrain,   ///< all sets have issued everything: the last results leave
};
inline constexpr std::size_t kCycleUses = 9;
const char* name_of(CycleUse use);

/// Outcome of one image on one tile of tokens.
struct ModelRun {
  std::uint64_t cycles = 0;  ///< first image beat accepted to last result accepted
  std::uint64_t issues = 0;  ///< set-cycles in which a step was issued
  std::uint64_t skips = 0;   ///< units dropped
  std::uint64_t beats = 0;
  std::uint64_t results = 0;
  std::array<std::uint64_t, kCycleUses> use{};  ///< set-cycles by use
};

/// An image decoded once, for any number of runs.
class EngineModel {
 public:
  /// Throws InputError for a damaged image.
  EngineModel(std::span<const std::uint8_t> image, const EngineTiming& timing);

  /// Runs on a tile of `tokens`. `nonzero`: per activation position, whether any token of the tile is non-zero there
  /// (empty: all are).
  [[nodiscard]] ModelRun run(std::size_t tokens, const Stalls& stalls = {},
                             std::span<const std::uint8_t> nonzero = {}) const;

 private:
  /// One cycle of a decoder.
  struct Op {
    std::uint8_t need = 0;  ///< halfwords that must have arrived
    bool open = false;      ///< a chain begins
    bool unit = false;
    bool round = false;
    bool close = false;
    bool end = false;      ///< the stream ends
    std::uint8_t red = 0;  ///< of the chain
    std::uint8_t substep = 0;
    std::uint16_t outputs = 0;         ///< of the chain
    std::uint32_t first_position = 0;  ///< unit: its activation positions
    std::uint8_t positions = 0;
  };
  struct Set;
  struct Step;

  EngineTiming timing_;
  std::vector<std::vector<Op>> ops_;  ///< by set
  std::vector<std::uint32_t> set_beats_;
  std::size_t header_beats_ = 0;
  std::size_t image_beats_ = 0;
};

}  // namespace mixvec
