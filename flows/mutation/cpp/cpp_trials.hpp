// What C++ mutants are tried on: single tests of programs of GoogleTest, and runs of benches.
#pragma once

#include <string>
#include <vector>

#include "flows/mutation/cpp/cpp_plan.hpp"
#include "flows/mutation/trial_benches.hpp"
#include "flows/regress/run/launcher.hpp"

namespace mixvec::inline flows {

/// One run, and what is known of it without a mutant.
struct CppTrial {
  std::string name;           ///< "PROGRAM: TEST"
  std::string command;        ///< a line for a shell
  double seconds = 0;         ///< without a mutant
  std::vector<bool> reached;  ///< by number: which mutants' places it comes by
};

/// All trials of the plan; asks programs for their tests, so they must be built. Throws FlowError if one does not tell.
std::vector<CppTrial> list_cpp_trials(const CppPlan& plan, const CppPlaces& places);

/// Runs each trial without a mutant, notes its time and which of the numbers below `numbers` it reaches, leaves out
/// those that take longer than the plan allows, and sorts the others, the shortest first. Throws FlowError if one
/// fails.
std::vector<CppTrial> measured_cpp_trials(std::vector<CppTrial> trials, const CppPlan& plan, const CppPlaces& places,
                                          int numbers, const MutationProgress& progress);

/// A trial in a folder of its own, which is also its TMPDIR, with a limit of memory and of processor time (as long as
/// ten times what it takes without a mutant, and some seconds), and of time thirty times as long.
ProcessRequest cpp_request(const CppTrial& trial, int number, const std::filesystem::path& room,
                           const std::filesystem::path& log);

}  // namespace mixvec::inline flows
