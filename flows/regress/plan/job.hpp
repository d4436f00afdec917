// One thing that a night does: prepare, build, or run a test once.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "flows/regress/plan/coverage_source.hpp"

namespace mixvec::inline flows {

/// A job. All of it is in the database from the beginning of the night, so a night that is resumed needs no plan.
struct Job {
  enum class Kind { kPrepare, kBuild, kRun };
  Kind kind = Kind::kRun;
  std::string name;  ///< within the night: "build/accelerator/NAME" or "TEST/CONFIGURATION[/PATTERN][/SEED]"
  std::string test;  ///< of a run
  std::string configuration;
  std::string pattern;
  std::optional<std::uint64_t> seed;
  std::string command;       ///< a line for a shell
  std::string directory;     ///< in which it runs
  std::string fresh_folder;  ///< removed and made before; empty: none
  double timeout = 0;        ///< seconds
  double estimate = 0;       ///< seconds that it takes, roughly
  std::string needs;         ///< the job that must have passed before; empty: none
  std::string reproduce;     ///< a line for a shell that does the same from nothing

  std::string waves_build;                 ///< a line that builds with waves; empty: the kind has none
  std::string waves_directory;             ///< where the build with waves stands, and where the run with waves runs
  std::vector<std::string> waves_options;  ///< behind the command; {waves} in them is the file

  std::vector<CoverageSource> coverage;  ///< what it leaves for the report; without that it has not passed
};

/// "prepare", "build" or "run".
const char* name_of(Job::Kind kind);

}  // namespace mixvec::inline flows
