// Trains the dense models that cells of a study begin with, where they are no checkpoints of their own.
#pragma once

#include <vector>

#include "flows/study/cell_run.hpp"

namespace mixvec::inline flows {

/// Trains the models of `cells` that have no checkpoint and are not there yet, one after the other; an interrupted one
/// goes on. Returns those that failed. Throws InputError if train_model is missing.
std::vector<FailedCell> train_models(const StudyFile& study, const std::vector<StudyCell>& cells,
                                     const CellRunOptions& options);

}  // namespace mixvec::inline flows
