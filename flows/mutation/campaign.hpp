// Tries each mutant on the benches until one notices it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "flows/mutation/trial_benches.hpp"

namespace mixvec::inline flows {

enum class Verdict : std::uint8_t { kKilled, kEquivalent, kSurvived };

/// What became of a mutant.
struct MutantResult {
  NumberedMutant mutant;
  Verdict verdict = Verdict::kSurvived;
  std::string by;        ///< killed: the bench and its run; equivalent: the proof
  std::string how;       ///< killed: "failed", "aborted", "time"
  std::size_t runs = 0;  ///< that were tried on it
  double seconds = 0;
};

struct CampaignHooks {
  MutationProgress progress;
  std::function<void(const MutantResult&)> result;  ///< as soon as there is one
};

/// Noticed is exit code 1, an assertion or a crash, or the time, if the same run without a mutant then keeps its own;
/// what ends in another way (its program is gone, the memory is) throws FlowError.
///
/// Runs every bench without a mutant first, which must pass and whose time sets the order and the limits of the others:
/// the shortest run comes first, and one that takes ten times as long (and ten seconds) has noticed. A mutant is run in
/// the benches that simulate its file until one fails. `jobs` run at once. Throws FlowError if a bench fails without
/// mutants.
std::vector<MutantResult> run_campaign(const std::vector<TrialBench>& benches,
                                       const std::vector<NumberedMutant>& mutants, const MutationPlaces& places,
                                       int jobs, const CampaignHooks& hooks);

}  // namespace mixvec::inline flows
