// Decodes an image and runs it from its first beat to its last result.
#include "sim/cycles/engine_model.hpp"

#include <algorithm>

#include "golden/base/error.hpp"
#include "golden/format/image_header.hpp"
#include "sim/cycles/engine_run.hpp"

namespace mixvec::inline sim {

const char* name_of(CycleUse use) {
  constexpr const char* kNames[kCycleUses] = {"issue",  "fill",   "port",      "decode",
                                              "hazard", "buffer", "imbalance", "drain"};
  return kNames[static_cast<std::size_t>(use)];
}

namespace {

/// Padding is zero whatever the activations are: steps that read nothing else are dropped.
std::vector<std::uint8_t> positions_with_input(const PackedMatrix& packed) {
  std::vector<std::uint8_t> has_input(packed.in_order.size());
  for (std::size_t p = 0; p < has_input.size(); ++p) has_input[p] = packed.in_order[p] != kNoInput ? 1 : 0;
  return has_input;
}

}  // namespace

EngineModel::EngineModel(const PackedMatrix& packed, const AccelConfig& accel)
    : accel_(accel),
      image_(packed.image),
      header_(read_image_header(packed.image, accel)),
      clusters_(decode(positions_with_input(packed))) {
  if (accel.sets > 64) fail_input("cycle model: sets is {}, expected at most 64", accel.sets);
}

EngineClusters EngineModel::decode(std::span<const std::uint8_t> nonzero) const {
  EngineClusters clusters;
  for (const auto& places : header_.clusters) {
    std::vector<EngineTask>& tasks = clusters.emplace_back();
    for (const TaskPlace& place : places) {
      tasks.push_back(decode_task(header_, image_, place, accel_, nonzero));
    }
  }
  return clusters;
}

ModelRun EngineModel::run(std::size_t tokens, const Stalls& stalls, std::span<const std::uint8_t> nonzero) const {
  const bool all = std::find(nonzero.begin(), nonzero.end(), std::uint8_t{0}) == nonzero.end();  // or none are given
  const EngineClusters some = all ? EngineClusters() : decode(nonzero);
  PortStalls port(stalls, accel_.sets, accel_.drains);
  EngineRun run(accel_, header_, all ? clusters_ : some, accel_.groups_log2(static_cast<int>(tokens)), stalls.latency);
  const bool draws = stalls.any();
  do {
    port.next_cycle();
    if (!draws && run.now() > 0) run.pass_over();
  } while (run.cycle(port, port.results()));
  return run.finish();
}

}  // namespace mixvec::inline sim
