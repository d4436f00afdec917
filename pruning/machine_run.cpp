// Runs of the cycle model.
#include "pruning/machine_run.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "golden/error.hpp"
#include "golden/packed_image.hpp"
#include "golden/unpack.hpp"
#include "pruning/parallel.hpp"
#include "sim/scheduler.hpp"

namespace mixvec {

namespace {

EngineTiming engine_timing(const AccelConfig& accel) {
  EngineTiming timing;
  timing.format = to_format_config(accel);
  timing.pe = accel.pe;
  timing.lanes = accel.lanes;
  timing.tokens_per_group = accel.positions() * accel.token_lanes();
  timing.groups = accel.groups;
  timing.mul_stages = accel.mul_stages;
  timing.add_stages = accel.add_stages;
  timing.fifo_beats = accel.fifo_beats;
  return timing;
}

}  // namespace

MachineRun& MachineRun::operator+=(const MachineRun& other) {
  kept += other.kept;
  cycles += other.cycles;
  image_bytes += other.image_bytes;
  moved_bytes += other.moved_bytes;
  array_cycles += other.array_cycles;
  port_cycles += other.port_cycles;
  bound += other.bound;
  for (std::size_t u = 0; u < kCycleUses; ++u) use[u] += other.use[u];
  return *this;
}

MachineRun run_on_machine(const PrunedMatrix& matrix, const AccelConfig& accel, std::size_t tokens) {
  const EngineTiming timing = engine_timing(accel);
  MachineRun result;
  const PackedMatrix packed = pack(matrix, make_schedule(matrix, timing.format), timing.format);
  require_equal(unpack(packed, timing.format), matrix);
  const EngineModel model(packed.image, timing);
  const auto beat_bytes = static_cast<std::uint64_t>(accel.port_bits / 8);
  const auto tile = static_cast<std::size_t>(accel.tokens_per_tile());
  result.kept = packed.kept;
  result.image_bytes = packed.image.size();
  for (std::size_t first = 0; first < tokens; first += tile) {
    const ModelRun run = model.run(std::min(tile, tokens - first));
    result.cycles += run.cycles;
    result.moved_bytes += run.beats * beat_bytes;
    for (std::size_t u = 0; u < kCycleUses; ++u) result.use[u] += run.use[u];
  }
  result.array_cycles = static_cast<double>(result.kept) * static_cast<double>(tokens) / accel.macs();
  result.port_cycles = static_cast<double>(result.moved_bytes) / static_cast<double>(beat_bytes);
  result.bound = std::max(result.array_cycles, result.port_cycles);
  return result;
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

Machine machine_of(const AccelConfig& accel) {
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

std::string describe_losses(const MachineRun& run) {
  std::uint64_t total = 0;
  for (const std::uint64_t u : run.use) total += u;
  std::vector<std::size_t> order;
  for (std::size_t u = 0; u < kCycleUses; ++u) {
    if (static_cast<CycleUse>(u) != CycleUse::kIssue && run.use[u] * 1000 >= total && run.use[u] > 0)
      order.push_back(u);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return run.use[a] > run.use[b]; });
  std::string text;
  for (const std::size_t u : order) {
    text += fmt::format("{}{} {:.1f}%", text.empty() ? "" : ", ", name_of(static_cast<CycleUse>(u)),
                        100.0 * static_cast<double>(run.use[u]) / static_cast<double>(total));
  }
  return text;
}

}  // namespace mixvec
