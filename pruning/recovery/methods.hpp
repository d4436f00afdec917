// The methods of recovery, one in each file beside this one.
#pragma once

#include "pruning/recovery/recovery.hpp"

namespace mixvec::inline pruning {

extern const RecoveryMethod kNoRecovery;
extern const RecoveryMethod kObsRecovery;

}  // namespace mixvec::inline pruning
