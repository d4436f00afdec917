// Gathers the generated constants.
#include "verif/accel/bench_config.hpp"

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "mixvec_config.hpp"
#include "verif/accel/bench_folder.hpp"

namespace mixvec::inline verif {
namespace {

FormatConfig make_format() {
  FormatConfig format;
  format.sets = accel::kSets;
  format.assoc = accel::kAssoc;
  format.drains = accel::kDrains;
  format.vector_lanes = accel::kVectorLanes;
  format.full_rate = accel::kFullRate;
  format.substeps = accel::kSubsteps;
  format.port_bits = accel::kPortBits;
  format.rows_allowed = accel::kRowsAllowed;
  format.columns_allowed = accel::kColumnsAllowed;
  format.min_length = accel::kMinLength;
  format.max_length = accel::kMaxLength;
  format.depth = accel::kDepth;
  format.hash = accel::kConfigHash;
  return format;
}

EngineTiming make_timing() {
  EngineTiming timing;
  timing.format = make_format();
  timing.pe = accel::kPe;
  timing.lanes = accel::kLanes;
  timing.tokens_per_group = accel::kPositions * accel::kTokenLanes;
  timing.groups = accel::kGroups;
  timing.mul_stages = accel::kMulStages;
  timing.add_stages = accel::kAddStages;
  timing.fifo_beats = accel::kFifoBeats;
  return timing;
}

}  // namespace

const EngineTiming& bench_timing() {
  static const EngineTiming kTiming = make_timing();
  return kTiming;
}

const FormatConfig& bench_format() { return bench_timing().format; }

std::string_view bench_name() { return accel::kName; }

int bench_vector_units() { return accel::kVectorUnits; }

void check_bench([[maybe_unused]] const std::string& trace) {
  check_bench_folder(program_folder(), accel::kConfigHash, accel::kRtlChecksum);
#if !VM_TRACE
  if (!trace.empty()) {
    fail_input("--trace {}: found a bench without tracing, expected one that was built with: make verilate TRACE=1",
               quote(trace));
  }
#endif
}

}  // namespace mixvec::inline verif
