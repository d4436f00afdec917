// Noise on inputs of the accelerator that no valid bit covers: they may be anything, and nothing may come of it.
#pragma once

#include "golden/base/random.hpp"

class Vmv_accel;

namespace mixvec::inline verif {

/// Draws data, addresses and kinds of the ports that are not valid now. What must stay while a run is under way (tile,
/// token groups, base row) and what is not guarded by a valid bit is left alone.
void drive_noise(Vmv_accel& top, Random& random);

}  // namespace mixvec::inline verif
