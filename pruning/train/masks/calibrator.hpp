// Scores a network that learns by the methods of the one-shot pruning: measured on windows of the text that it learns.
#pragma once

#include "golden/network/network.hpp"
#include "pruning/importance/importance.hpp"
#include "pruning/train/masks/learned_scores.hpp"
#include "pruning/train/tasks/task.hpp"

namespace mixvec::inline pruning {

/// Measures the pruned GPT-2 of the moment on `samples` windows of the task's next steps and scores the matrices as
/// `recipe.importance` does (outputs weighed where it is blind for them). `shape` is the network that was begun with.
/// The task must outlive it.
Calibrator calibrator_of(const ImportanceMethod& method, std::size_t samples, Network shape, const Task& task,
                         std::uint64_t seed, int threads);

}  // namespace mixvec::inline pruning
