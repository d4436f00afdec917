// Tries each mutant on the benches until one notices it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "flows/mutation/trial_benches.hpp"

namespace mixvec::inline flows {

enum class Verdict : std::uint8_t { kOpen, kKilled, kEquivalent, kSurvived };

/// What became of a mutant.
struct MutantResult {
  NumberedMutant mutant;
  Verdict verdict = Verdict::kOpen;
  std::string by;        ///< killed: the bench and its run; equivalent: the proof
  std::string how;       ///< killed: "failed", "aborted", "time"; survived: what the proof said
  std::size_t runs = 0;  ///< that were tried on it
  double seconds = 0;
};

/// One run of one bench.
struct Trial {
  const TrialBench* bench = nullptr;
  std::string command;
  double seconds = 0;  ///< without a mutant

  [[nodiscard]] std::string name() const;
};

struct CampaignHooks {
  MutationProgress progress;
  std::function<void(const MutantResult&)> killed;  ///< as soon as it is known
};

/// All runs of all benches, which must pass without a mutant, the shortest first. Throws FlowError if one fails.
std::vector<Trial> measure_trials(const std::vector<TrialBench>& benches, const MutationPlaces& places, int jobs,
                                  const MutationProgress& progress);

/// Tries the results that are open on those of `trials` that simulate their file, in this order, until one notices the
/// mutant. Noticed is exit code 1, an assertion or a crash, or ten times the time (and ten seconds), if the same run
/// without a mutant then keeps its own. `jobs` run at once. Throws FlowError if a run ends in another way (its program
/// is gone, the memory is).
void run_trials(std::vector<MutantResult>& results, std::span<const Trial> trials, const MutationPlaces& places,
                int jobs, const CampaignHooks& hooks);

}  // namespace mixvec::inline flows
