// Runs of the cycle model over all tiles, and what they add up to.
#include "sim/cycles/matrix_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

namespace mixvec::inline sim {

MachineRun& MachineRun::operator+=(const MachineRun& other) {
  kept += other.kept;
  macs += other.macs;
  cycles += other.cycles;
  image_bytes += other.image_bytes;
  moved_bytes += other.moved_bytes;
  preloaded_bytes += other.preloaded_bytes;
  array_cycles += other.array_cycles;
  port_cycles += other.port_cycles;
  bound += other.bound;
  by_array = by_array || other.by_array;
  by_port = by_port || other.by_port;
  for (std::size_t u = 0; u < kCycleUses; ++u) use[u] += other.use[u];
  return *this;
}

MachineRun MachineModel::run(std::size_t tokens, const Activations& activations, std::uint64_t stall_seed) const {
  MachineRun result;
  const auto beat_bytes = static_cast<std::uint64_t>(accel_.port_bits / 8);
  const auto tile = static_cast<std::size_t>(accel_.tokens_per_tile());
  result.kept = packed_.kept;
  result.macs = packed_.kept * static_cast<std::uint64_t>(tokens);
  result.image_bytes = packed_.image.size();
  result.preloaded_bytes = packed_.in_order.size() * tokens * sizeof(Half);
  for (std::size_t first = 0; first < tokens; first += tile) {
    const std::size_t count = std::min(tile, tokens - first);
    std::vector<std::uint8_t> nonzero;
    if (activations.density < 1.0) nonzero = nonzero_positions(packed_, activations, first, count);
    Stalls stalls = Stalls::from_seed(stall_seed);
    stalls.seed += first;
    const ModelRun run = engine_.run(count, stalls, nonzero);
    result.cycles += run.cycles;
    result.moved_bytes += run.beats * beat_bytes;
    for (std::size_t u = 0; u < kCycleUses; ++u) result.use[u] += run.use[u];
  }
  result.array_cycles = static_cast<double>(result.macs) / accel_.macs();
  result.port_cycles = static_cast<double>(result.moved_bytes) / static_cast<double>(beat_bytes);
  result.bound = std::max(result.array_cycles, result.port_cycles);
  result.by_port = result.port_cycles > result.array_cycles;
  result.by_array = !result.by_port;
  return result;
}

nlohmann::ordered_json use_to_json(const std::array<std::uint64_t, kCycleUses>& use) {
  nlohmann::ordered_json json;
  for (std::size_t u = 0; u < kCycleUses; ++u) json[name_of(static_cast<CycleUse>(u))] = use[u];
  return json;
}

std::string describe_losses(const MachineRun& run) {
  std::uint64_t total = 0;
  for (const std::uint64_t u : run.use) total += u;
  std::vector<std::size_t> order;
  for (std::size_t u = 0; u < kCycleUses; ++u) {
    if (static_cast<CycleUse>(u) != CycleUse::kIssue && run.use[u] * 1000 >= total && run.use[u] > 0) {
      order.push_back(u);
    }
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return run.use[a] > run.use[b]; });
  std::string text;
  for (const std::size_t u : order) {
    text += fmt::format("{}{} {:.1f}%", text.empty() ? "" : ", ", name_of(static_cast<CycleUse>(u)),
                        100.0 * static_cast<double>(run.use[u]) / static_cast<double>(total));
  }
  return text;
}

}  // namespace mixvec::inline sim
