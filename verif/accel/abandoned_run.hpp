// Begins a case and cuts it off with a reset, of which nothing may be left when it runs again.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "verif/accel/accel_sim.hpp"

namespace mixvec::inline verif {

/// In one case of three calls `begin`, which starts a run on `accel`, resets some cycles later, and returns what
/// AccelSim::reset() says; else, and in a run that is recorded, does nothing.
/// `seed` draws both.
template <typename Begin>
std::string begin_and_reset(AccelSim& accel, std::uint64_t seed, Begin&& begin) {
  // What replays a record knows of one reset.
  if (accel.records()) return "";
  Random random(seed ^ 0x52455345'54U);
  if (random.below(3) != 0) return "";
  // Often in the first cycles, where headers and first tasks are on their way.
  accel.abandon_after(random.below(1U << (3 + random.below(9))));
  std::forward<Begin>(begin)();
  return accel.reset();
}

/// So many cases hold one that was cut off, unless a record keeps them whole.
inline bool enough_resets(const AccelSim& accel, std::uint64_t cases) {
  constexpr std::uint64_t kMany = 40;
  return accel.resets() > 0 || cases < kMany || accel.records();
}

}  // namespace mixvec::inline verif
