// Keeps all nights of a folder in a database: what was to run, and what came out.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "flows/regress/plan/job.hpp"
#include "flows/regress/run/coverage_figures.hpp"
#include "flows/regress/run/database.hpp"

namespace mixvec::inline flows {

/// What a night is about.
struct Night {
  std::int64_t number = 0;
  std::string list;
  std::uint64_t base_seed = 0;
  std::uint64_t reseed = 1;
  std::optional<std::uint64_t> fixed_seed;
  std::string only;
  bool rerun_failures = false;
  std::string commit;      ///< full hash, "unknown" outside git
  std::string difference;  ///< a hash of what differs from the commit; empty: nothing, the tree is clean
  std::string tools;       ///< JSON: name and version
  double started = 0;      ///< seconds since 1970
  double ended = 0;        ///< 0: not yet
};

enum class Outcome { kPassed, kFailed, kTimeout, kNotRun, kNodeFailure };
/// "passed", "failed", "timeout", "not run", "node failure"
const char* name_of(Outcome outcome);

/// What came out of a job.
struct JobResult {
  std::string job;
  Outcome outcome = Outcome::kPassed;
  int code = 0;
  int signal = 0;
  double started = 0;  ///< seconds since 1970
  double seconds = 0;
  std::size_t worker = 0;
  std::string log;        ///< from the regression's folder
  std::string signature;  ///< of a failure: like ones have the same
};

/// A failure that was run again by itself.
struct Rerun {
  std::string job;
  bool failed_again = false;
  double seconds = 0;
  std::string log;
  std::string waves;  ///< the file, from the regression's folder; empty: none was written
  std::string command;
};

/// A job that has passed and failed on the same source.
struct FlakyJob {
  std::string job;
  std::size_t passed = 0;
  std::size_t failed = 0;
};

/// A night in the history.
struct NightSummary {
  Night night;
  std::size_t jobs = 0;
  std::size_t runs = 0;  ///< that have a result
  std::size_t passed = 0;
};

/// A figure of coverage, and of which night it is.
struct CoverageOfNight {
  std::int64_t night = 0;
  CoverageFigure figure;
};

class Store {
 public:
  /// Opens results.db, or makes it. Throws InputError for one of another version.
  explicit Store(const std::filesystem::path& file);

  /// Writes the night with all its jobs, at once. Returns its number.
  std::int64_t begin(const Night& night, const std::vector<Job>& jobs);
  /// The last night, if there is one.
  std::optional<Night> last_night();
  std::vector<Job> jobs(std::int64_t night);
  std::vector<JobResult> results(std::int64_t night);
  std::vector<Rerun> reruns(std::int64_t night);
  std::vector<CoverageFigure> coverage(std::int64_t night);

  /// Writes one result, with the coverage that the job has left; each job of a night has one and no more.
  void record(std::int64_t night, const JobResult& result, const std::vector<CoverageFigure>& coverage = {});
  void record(std::int64_t night, const Rerun& rerun);
  void end(std::int64_t night, double time);

  /// The mean time of what has passed in all nights: of "TEST/CONFIGURATION" and of "TEST" for runs, of the job for
  /// others.
  std::map<std::string, double> measured_seconds();
  std::vector<FlakyJob> flaky_jobs();
  std::vector<NightSummary> history();
  /// The whole of what was covered, without parts, in all nights.
  std::vector<CoverageOfNight> coverage_history();

 private:
  Database database_;
};

}  // namespace mixvec::inline flows
