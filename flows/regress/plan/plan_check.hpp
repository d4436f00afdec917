// Holds the test plan against what is really there: GoogleTest suites, benches, CTest's tests.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "flows/regress/plan/expand.hpp"
#include "flows/regress/plan/plan.hpp"

namespace mixvec::inline flows {

/// What is there.
struct Inventory {
  struct Program {
    std::set<std::string> suites;
    std::set<std::string> tests;
  };
  std::map<std::string, Program> gtest;             ///< by program
  std::map<std::string, std::size_t> unit_benches;  ///< configurations of each
  std::set<std::string> system_benches;             ///< programs that an accelerator's folder builds
  std::size_t ctest = 0;                            ///< CTest's tests that are of no GoogleTest program
};

/// Asks CTest and the unit benches' makefile, and looks at the sources of the system benches. Throws InputError if they
/// do not answer, or if a GoogleTest program is not built.
Inventory take_inventory(const Places& places);

/// The same from what CTest printed (--show-only=json-v1), for CTest's part.
void read_ctest(const std::string& json, Inventory& inventory);

/// What a point can name: "test_golden:Half" for a suite, a test's name for all else.
std::vector<std::string> list_testables(const Plan& plan, const Inventory& inventory);

/// Everything in which the plan and the inventory differ, a line each: file, field, found, expected. Empty: nothing.
std::vector<std::string> check_plan(const Plan& plan, const Inventory& inventory);

}  // namespace mixvec::inline flows
