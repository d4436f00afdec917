// The checked-in list of seeds that have failed: run every night, so that no fault comes back unnoticed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "flows/regress/plan/plan.hpp"

namespace mixvec::inline flows {

struct FailingSeed {
  std::string test;
  std::string configuration;
  std::string pattern = {};  ///< empty: the test takes none
  std::uint64_t seed = 0;
  std::size_t cases = 0;
};

/// Reads lines "TEST CONFIGURATION PATTERN SEED CASES", "-" for no pattern; # begins a comment. Throws InputError that
/// names file and line for a test that takes no seed, a pattern that does not fit it, or a number that is none.
std::vector<FailingSeed> read_failing_seeds(const Plan& plan);

/// The line for the list.
std::string failing_seed_line(const FailingSeed& seed);

}  // namespace mixvec::inline flows
