// Proves that a mutant changes nothing: Yosys compares its module with the original in every configuration of the
// benches.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "flows/mutation/campaign.hpp"

namespace mixvec::inline flows {

/// Looks at the results that survived, and gives those that are proved the verdict kEquivalent. In each bench that
/// simulates the mutant's file, each set of parameters that its module has there is compared with the original by
/// equiv_make, equiv_simple and equiv_induct: inputs and registers that are equal stay so, as do outputs and what
/// submodules are given. A proof thus holds for these configurations, from any state, whatever the inputs. A mutant
/// without one may be equivalent still. Throws FlowError if the original cannot be read.
void prove_equivalent(std::vector<MutantResult>& results, const std::vector<TrialBench>& benches, const RtlTexts& rtl,
                      const MutationPlaces& places, int jobs, const MutationProgress& progress);

/// The modules that Yosys made of one, by its names: itself, or one for each set of parameters.
std::vector<std::string> variants_of(const std::string& rtlil, const std::string& module);

}  // namespace mixvec::inline flows
