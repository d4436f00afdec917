// Runs of the cycle model.
#include "pruning/study/machine_run.hpp"

#include "golden/base/error.hpp"
#include "golden/base/parallel.hpp"
#include "golden/format/packed_image.hpp"
#include "golden/format/unpack.hpp"
#include "sim/schedule/scheduler.hpp"

namespace mixvec::inline pruning {

MachineRun run_on_machine(const PrunedMatrix& matrix, const AccelConfig& accel, std::size_t tokens) {
  const FormatConfig format = accel;
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

}  // namespace mixvec::inline pruning
