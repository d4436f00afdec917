// Tries each C++ mutant on the trials that come by its place, until one notices it.
#pragma once

#include <functional>
#include <vector>

#include "flows/mutation/campaign.hpp"
#include "flows/mutation/cpp/cpp_trials.hpp"

namespace mixvec::inline flows {

struct CppHooks {
  MutationProgress progress;
  std::function<void(const MutantResult&)> result;  ///< as soon as the trials have settled it
};

/// What a mutant that no trial reaches has in `how`.
inline constexpr const char* kNotReached = "not reached";

/// Noticed is every end but exit code 0: a failed check, a crash, a refusal, or the time, if the same run without a
/// mutant then keeps its own. `trials` are sorted and know what they reach. Throws FlowError if a trial cannot be
/// started, or fails without a mutant.
std::vector<MutantResult> run_cpp_campaign(const std::vector<CppTrial>& trials,
                                           const std::vector<NumberedMutant>& mutants, const CppPlaces& places,
                                           const CppHooks& hooks);

}  // namespace mixvec::inline flows
