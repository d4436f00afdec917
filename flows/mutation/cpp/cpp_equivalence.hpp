// Finds mutants that change nothing by what the compiler makes of them.
#pragma once

#include <vector>

#include "flows/mutation/campaign.hpp"
#include "flows/mutation/cpp/cpp_tree.hpp"

namespace mixvec::inline flows {

/// Looks at the results that survived in a .cpp file, and gives the verdict kEquivalent to those whose object file is
/// the original's, byte for byte: compiled by itself at -O2, with only this fault in it. A third object, in which the
/// place calls another function, must differ: else the compiler does not translate the place at all (a template that
/// nobody uses), and nothing is said. What does not compile by itself (a bench that needs a model's header) and
/// headers, whose code others inline, are left as they are. Throws FlowError if the compiler cannot be started.
void find_cpp_equivalent(std::vector<MutantResult>& results, const CppTexts& texts, const CppPlaces& places,
                         const MutationProgress& progress);

}  // namespace mixvec::inline flows
