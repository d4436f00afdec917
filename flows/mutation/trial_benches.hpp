// Builds what mutants are tried on: benches whose RTL holds all drawn mutants, one of them active at a time.
#pragma once

#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flows/mutation/mutant_draw.hpp"
#include "flows/mutation/mutation_plan.hpp"

namespace mixvec::inline flows {

/// A bench that is to be built, and what is run in it.
struct TrialBench {
  std::string name;
  std::filesystem::path folder;   ///< in which it runs
  std::string generate;           ///< a line for a shell that writes its RTL; "": there is none of its own
  std::string build;              ///< a line for a shell, behind that
  std::set<std::string> files;    ///< the RTL that it simulates
  std::vector<std::string> runs;  ///< lines for a shell

  std::string top;                                              ///< its design, as Yosys is to read it
  std::vector<std::string> proof_files;                         ///< in their order, absolute or of the RTL's folder
  std::vector<std::pair<std::string, std::string>> parameters;  ///< of the top
};

/// Where what is needed stands.
struct MutationPlaces {
  std::filesystem::path source;  ///< the project's sources
  std::filesystem::path bin;     ///< its programs
  std::filesystem::path out;     ///< for everything that is made
};

/// How long it takes is shown by this: a part of the whole, and what is being done.
using MutationProgress = std::function<void(double fraction, std::string_view detail)>;

/// The benches of the plan; writes nothing. Throws InputError for a bench or a configuration that does not exist.
std::vector<TrialBench> list_trial_benches(const MutationPlan& plan, const RtlTexts& rtl, const MutationPlaces& places);

/// Lets the accelerators be generated, without mutants: enough for proofs. Throws FlowError.
void generate_trial_benches(const std::vector<TrialBench>& benches, const MutationPlaces& places, int jobs,
                            const MutationProgress& progress);

/// Writes the RTL with its mutants to OUT/rtl and builds the benches (which are generated), `jobs` at once. Throws
/// FlowError with the end of the log if one cannot be built.
void build_trial_benches(const std::vector<TrialBench>& benches, const RtlTexts& rtl,
                         const std::vector<NumberedMutant>& mutants, const MutationPlaces& places, int jobs,
                         const MutationProgress& progress);

}  // namespace mixvec::inline flows
