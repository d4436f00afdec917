// Any bytes are the database of nights, all of which can be asked for, or an InputError.
#include "flows/fuzz/reports/report_targets.hpp"
#include "flows/regress/run/store.hpp"
#include "golden/files/input_file.hpp"

namespace mixvec::inline flows::fuzz {
namespace {

std::filesystem::path fresh_file() {
  std::filesystem::path file = scratch() / "results.db";
  for (const char* ending : {"", "-journal", "-wal", "-shm"}) std::filesystem::remove(file.string() + ending);
  return file;
}

void fuzz_results_database(std::string_view bytes) {
  fresh_file();
  Store store(put("results.db", bytes));
  const std::optional<Night> night = store.last_night();
  const std::int64_t number = night ? night->number : 1;
  static_cast<void>(store.jobs(number));
  static_cast<void>(store.results(number));
  static_cast<void>(store.reruns(number));
  static_cast<void>(store.measured_seconds());
  static_cast<void>(store.flaky_jobs());
  static_cast<void>(store.history());
}

std::vector<std::string> results_database_seeds() {
  const std::filesystem::path file = fresh_file();
  {
    Store store(file);
    Night night;
    night.list = "few";
    night.tools = "{}";
    Job build;
    build.kind = Job::Kind::kBuild;
    build.name = "build/a";
    Job run;
    run.name = "t/a/7";
    run.test = "t";
    run.configuration = "a";
    run.seed = 7;
    run.command = "echo 7";
    run.needs = "build/a";
    run.waves_options = {"--trace", "{waves}"};
    const std::int64_t number = store.begin(night, {build, run});
    JobResult result;
    result.job = "build/a";
    store.record(number, result);
    result.job = "t/a/7";
    result.outcome = Outcome::kFailed;
    result.signature = "mismatch <n>";
    store.record(number, result);
    store.record(number,
                 Rerun{.job = "t/a/7", .failed_again = false, .seconds = 1, .log = "l", .waves = "", .command = "c"});
    store.end(number, 5);
  }
  return {read_file(file)};
}

}  // namespace

Target results_database_target() {
  return {.name = "results_database",
          .read = fuzz_results_database,
          .seeds = results_database_seeds,
          .words = {"SQLite format 3", "nights", "jobs", "results", "reruns", "passed", "failed", "timeout", "not run",
                    "[\"--trace\"]", "build", "prepare", "CREATE TABLE ", "CREATE VIEW "},
          .most_bytes = 65536};
}

}  // namespace mixvec::inline flows::fuzz
