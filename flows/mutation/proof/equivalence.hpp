// Decides whether a mutant changes anything: its module beside the original, in every configuration of the benches.
#pragma once

#include <string>
#include <vector>

#include "flows/mutation/campaign.hpp"

namespace mixvec::inline flows {

/// Looks at the results that are open, and gives those that are proved the verdict kEquivalent. In each bench that
/// simulates the mutant's file, each set of parameters that its module has there is compared with the original, with
/// all that it instantiates: whatever its registers hold, after one cycle of reset the outputs are the same in every
/// cycle and for all inputs that keep the contracts of the original (its assertions). A proof is one for all cycles
/// (abc: scorr, pdr). `how` of a mutant that is none of these says whether there is a difference, and after how many
/// cycles, or that nothing was decided in the time. Throws FlowError if the original cannot be read.
void prove_equivalent(std::vector<MutantResult>& results, const std::vector<TrialBench>& benches, const RtlTexts& rtl,
                      const MutationPlaces& places, int jobs, const MutationProgress& progress);

/// The modules that Yosys made of one, by its names: itself, or one for each set of parameters.
std::vector<std::string> variants_of(const std::string& rtlil, const std::string& module);

}  // namespace mixvec::inline flows
