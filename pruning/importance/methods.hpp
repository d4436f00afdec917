// The methods of scoring, one in each file beside this one.
#pragma once

#include "pruning/importance/importance.hpp"

namespace mixvec::inline pruning {

extern const ImportanceMethod kMagnitude;
extern const ImportanceMethod kWanda;
extern const ImportanceMethod kObs;
extern const ImportanceMethod kSparseGpt;
extern const ImportanceMethod kTaylor;
extern const ImportanceMethod kHead;

}  // namespace mixvec::inline pruning
