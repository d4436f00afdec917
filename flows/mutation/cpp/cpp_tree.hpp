// A copy of the sources that holds all mutants, one of them active at a time, and its builds.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "flows/mutation/cpp/cpp_plan.hpp"
#include "flows/mutation/trial_benches.hpp"

namespace mixvec::inline flows {

/// Texts of what is mutated, by path below the sources.
using CppTexts = std::map<std::string, std::string>;

/// The files that globs name, among what the plan copies. Throws InputError if one names none.
CppTexts read_cpp_texts(const CppPlan& plan, const std::vector<std::string>& globs,
                        const std::filesystem::path& source);

/// Which mutants the errors of a compiler's log lie in: of each error the innermost; where an error lies outside all,
/// those of its line. `texts` holds the text and the places of each file.
std::vector<int> blamed_mutants(const std::string& log, const std::map<std::string, MutatedText>& texts);

/// Copies the sources to OUT/tree, with the mutants, and builds what the plan names. What does not compile is taken out
/// of `mutants`, and returned. Throws FlowError with the end of the log if a build fails for another reason.
std::vector<NumberedMutant> build_cpp_tree(const CppPlan& plan, const CppTexts& texts,
                                           std::vector<NumberedMutant>& mutants, const CppPlaces& places,
                                           const MutationProgress& progress);

/// The header that reads the number; with MIXVEC_REACH, a file of a byte for each number, it notes in it which places
/// are reached, and none is active.
std::string cpp_mutant_header();
inline constexpr const char* kReachVariable = "MIXVEC_REACH";
inline constexpr const char* kCppMutantHeader = "mixvec_mutant.hpp";

}  // namespace mixvec::inline flows
