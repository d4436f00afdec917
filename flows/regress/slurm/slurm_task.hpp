// What runs on a node: one task of an array that run_regress has submitted.
#pragma once

#include <filesystem>

namespace mixvec::inline flows {

/// Runs the job of this task (SLURM_ARRAY_TASK_ID) of a batch, as it would run locally, and leaves its result in the
/// folder of the night. A signal that ends this program ends the job, and there is no result. Nothing is done if the
/// task has run before, or is not wanted any more. Throws InputError if the job cannot run here.
void run_slurm_task(const std::filesystem::path& batch_file);

}  // namespace mixvec::inline flows
