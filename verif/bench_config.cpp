// Gathers the generated constants.
#include "verif/bench_config.hpp"

#include "mixvec_config.hpp"

namespace mixvec {

const BenchConfig& bench_config() {
  static constexpr BenchConfig kConfig = {
      .name = accel::kName,
      .pe = accel::kPe,
      .lanes = accel::kLanes,
      .sets = accel::kSets,
      .assoc = accel::kAssoc,
      .drains = accel::kDrains,
      .positions = accel::kPositions,
      .vector_lanes = accel::kVectorLanes,
      .token_lanes = accel::kTokenLanes,
      .full_rate = accel::kFullRate,
      .substeps = accel::kSubsteps,
      .groups = accel::kGroups,
      .depth = accel::kDepth,
      .vector_units = accel::kVectorUnits,
      .port_bits = accel::kPortBits,
      .mul_stages = accel::kMulStages,
      .add_stages = accel::kAddStages,
      .fifo_beats = accel::kFifoBeats,
      .rows_allowed = accel::kRowsAllowed,
      .columns_allowed = accel::kColumnsAllowed,
      .min_length = accel::kMinLength,
      .max_length = accel::kMaxLength,
      .config_hash = accel::kConfigHash,
  };
  return kConfig;
}

}  // namespace mixvec
