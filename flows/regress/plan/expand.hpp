// Makes the jobs of a night: tests × configurations × patterns × seeds of a list, and the builds that they share.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "flows/regress/plan/command.hpp"
#include "flows/regress/plan/failing_seeds.hpp"
#include "flows/regress/plan/job.hpp"
#include "flows/regress/plan/plan.hpp"

namespace mixvec::inline flows {

/// Where things are; absolute.
struct Places {
  std::filesystem::path source;  ///< the project
  std::filesystem::path build;   ///< CMake's build folder
  std::filesystem::path out;     ///< of the regression
};

/// Says which configurations a test has whose kind asks for them.
using AskConfigurations = std::function<std::vector<std::string>(const TestKind&, const PlanTest&)>;

struct ExpansionRequest {
  std::string list;
  std::uint64_t base_seed = 0;
  std::size_t reseed = 1;                        ///< so many times the seeds
  std::optional<std::uint64_t> fixed_seed = {};  ///< the seed of all randomised tests instead
  std::string only = {};                         ///< a regular expression that a job's name must contain; empty: all
};

/// The GoogleTest programs that the plan lets be absent, and that are not built; each with what it needs.
std::map<std::string, std::string> absent_programs(const Plan& plan, const Places& places);

/// The jobs, each after the one that it needs; none of absent programs. The same request gives the same jobs. Seeds of
/// one test are all different. Throws InputError for an unknown list, an expression that is none, a failing seed of a
/// configuration that is none, and where nothing is left to run.
std::vector<Job> expand(const Plan& plan, const ExpansionRequest& request, const Places& places,
                        const AskConfigurations& ask, const std::vector<FailingSeed>& failing_seeds);

/// What stands for {source}, {bin}, {build} and {out}.
PlaceholderValues place_values(const Places& places);

/// Asks the program or makefile that the kind names. Throws InputError with the end of what it said if it fails.
std::vector<std::string> ask_configurations(const Places& places, const TestKind& kind, const PlanTest& test);

/// Removes the builds (and their preparations) that no run needs.
std::vector<Job> without_idle_builds(const std::vector<Job>& jobs);

}  // namespace mixvec::inline flows
