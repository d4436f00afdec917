// What mutants are tried on (verif/mutation.json): unit benches, accelerators, and the runs of each.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace mixvec::inline flows {

/// A unit bench in some of its configurations.
struct UnitTrials {
  std::string bench;  ///< tb_NAME of verif/units/Makefile
  std::vector<std::string> configurations;
  std::vector<std::string> options;
};

/// An accelerator of the test plan, or one of its own.
struct AcceleratorTrials {
  std::string name;
  std::vector<std::string> options;  ///< of gen_accel
};

struct MutationPlan {
  std::vector<UnitTrials> units;
  std::vector<AcceleratorTrials> accelerators;
  std::vector<std::vector<std::string>> runs;  ///< in an accelerator's folder
};

/// Reads a plan. Throws InputError that names the file and the field.
MutationPlan read_mutation_plan(const std::filesystem::path& file);

}  // namespace mixvec::inline flows
