// Runs of the cycle model.
#include "pruning/study/machine_run.hpp"

#include "golden/base/error.hpp"
#include "golden/base/parallel.hpp"
#include "golden/format/packed_image.hpp"
#include "golden/format/unpack.hpp"
#include "sim/schedule/scheduler.hpp"

namespace mixvec::inline pruning {

MachineRun run_on_machine(const PrunedMatrix& matrix, const AccelConfig& accel, std::size_t tokens) {
  const FormatConfig format = to_format_config(accel);
  const PackedMatrix packed = pack(matrix, make_schedule(matrix, format), format);
  require_equal(unpack(packed, format), matrix);
  return MachineModel(packed, accel).run(tokens);
}

MachineRuns run_all_on_machine(const std::vector<PrunedMatrix>& matrices, const AccelConfig& accel, std::size_t tokens,
                               int threads) {
  MachineRuns runs{accel, tokens, {}, {}, {}};
  std::vector<MachineRun> done(matrices.size());
  try {
    parallel_for(matrices.size(), threads,
                 [&](std::size_t m) { done[m] = run_on_machine(matrices[m], accel, tokens); });
  } catch (const InputError& error) {
    runs.refused = error.what();
    return runs;
  }
  runs.matrices = std::move(done);
  for (const MachineRun& run : runs.matrices) runs.total += run;
  return runs;
}

Machine cost_machine_of(const AccelConfig& accel) {
  Machine machine;
  machine.vector_lanes = accel.vector_lanes;
  machine.token_lanes = accel.token_lanes();
  machine.sets = accel.sets;
  machine.positions = accel.positions();
  machine.full_rate = accel.full_rate;
  machine.substeps = accel.substeps;
  machine.groups = accel.groups;
  machine.port_bits = accel.port_bits;
  machine.add_stages = accel.add_stages;
  machine.drains = accel.drains;
  return machine;
}

}  // namespace mixvec::inline pruning
