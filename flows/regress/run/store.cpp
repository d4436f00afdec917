// Reads and writes the database of nights.
#include "flows/regress/run/store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "golden/base/error.hpp"
#include "golden/files/input_file.hpp"

namespace mixvec::inline flows {
namespace {

constexpr std::int64_t kVersion = 2;

// The keys are what makes a result unique: SQLite itself refuses a second one.
constexpr const char* kTables = R"(
CREATE TABLE nights(
  night INTEGER PRIMARY KEY, list TEXT, base_seed INTEGER, reseed INTEGER, fixed_seed INTEGER, only TEXT,
  rerun_failures INTEGER, commit_hash TEXT, difference TEXT, tools TEXT, started REAL, ended REAL);
CREATE TABLE jobs(
  night INTEGER REFERENCES nights, position INTEGER, job TEXT, kind TEXT, test TEXT, configuration TEXT, pattern TEXT,
  seed INTEGER, command TEXT, directory TEXT, fresh_folder TEXT, timeout REAL, estimate REAL, needs TEXT,
  reproduce TEXT, waves_build TEXT, waves_directory TEXT, waves_options TEXT, PRIMARY KEY(night, job));
CREATE TABLE results(
  night INTEGER, job TEXT, outcome TEXT, code INTEGER, signal INTEGER, started REAL, seconds REAL, worker INTEGER,
  log TEXT, signature TEXT, PRIMARY KEY(night, job), FOREIGN KEY(night, job) REFERENCES jobs);
CREATE TABLE reruns(
  night INTEGER, job TEXT, failed_again INTEGER, seconds REAL, log TEXT, waves TEXT, command TEXT,
  PRIMARY KEY(night, job), FOREIGN KEY(night, job) REFERENCES jobs);
)";

// Databases of version 1 become such ones, with their nights.
constexpr const char* kCoverage = R"(
ALTER TABLE jobs ADD COLUMN coverage TEXT NOT NULL DEFAULT '[]';
CREATE TABLE coverage(
  night INTEGER, job TEXT, position INTEGER, name TEXT, part TEXT, points INTEGER, reached INTEGER,
  PRIMARY KEY(night, job, name, part), FOREIGN KEY(night, job) REFERENCES results);
)";

constexpr std::array kOutcomes = {Outcome::kPassed, Outcome::kFailed, Outcome::kTimeout, Outcome::kNotRun,
                                  Outcome::kNodeFailure};

Outcome outcome_of(const std::string& name) {
  for (const Outcome outcome : kOutcomes) {
    if (name == name_of(outcome)) return outcome;
  }
  fail_input("results.db: found the outcome \"{}\", expected one that this version writes", name);
}

Job::Kind kind_of(const std::string& name) {
  for (const Job::Kind kind : {Job::Kind::kPrepare, Job::Kind::kBuild}) {
    if (name == name_of(kind)) return kind;
  }
  return Job::Kind::kRun;
}

/// JSON that Store::begin() and its callers have written: a list, or an object, of texts.
nlohmann::json read_texts(const char* column, const std::string& text, bool is_list) {
  const std::string label = fmt::format("results.db: {}", column);
  nlohmann::json json = parse_json(text, label);
  const bool fits = is_list ? json.is_array() : json.is_object();
  if (!fits || !std::all_of(json.begin(), json.end(), [](const nlohmann::json& item) { return item.is_string(); })) {
    fail_input("{}: found {}, expected {} of texts", label, show_json(json), is_list ? "an array" : "an object");
  }
  return json;
}

Night read_night(const Statement& row) {
  read_texts("tools", row.text(9), false);
  return {.number = row.number(0),
          .list = row.text(1),
          .base_seed = static_cast<std::uint64_t>(row.number(2)),
          .reseed = static_cast<std::uint64_t>(row.number(3)),
          .fixed_seed = row.optional_number(4),
          .only = row.text(5),
          .rerun_failures = row.number(6) != 0,
          .commit = row.text(7),
          .difference = row.text(8),
          .tools = row.text(9),
          .started = row.real(10),
          .ended = row.real(11)};
}

/// From a column on: name, part, points, reached.
CoverageFigure read_figure(const Statement& row, int column) {
  return {.name = row.text(column),
          .part = row.text(column + 1),
          .points = static_cast<std::size_t>(row.number(column + 2)),
          .reached = static_cast<std::size_t>(row.number(column + 3))};
}

std::string sources_text(const std::vector<CoverageSource>& sources) {
  nlohmann::json list = nlohmann::json::array();
  for (const CoverageSource& source : sources) {
    list.push_back({source.name, source.file, source.points, source.reached, source.parts});
  }
  return list.dump();
}

std::vector<CoverageSource> sources_of(const std::string& text) {
  constexpr const char* kLabel = "results.db: coverage";
  const nlohmann::json json = parse_json(text, kLabel);
  const auto is_source = [](const nlohmann::json& words) {
    return words.is_array() && words.size() == 5 &&
           std::all_of(words.begin(), words.end(), [](const nlohmann::json& word) { return word.is_string(); });
  };
  if (!json.is_array() || !std::all_of(json.begin(), json.end(), is_source)) {
    fail_input("{}: found {}, expected an array of arrays of five texts", kLabel, show_json(json));
  }
  std::vector<CoverageSource> sources;
  for (const auto& words : json.get<std::vector<std::array<std::string, 5>>>()) {
    sources.push_back({.name = words[0], .file = words[1], .points = words[2], .reached = words[3], .parts = words[4]});
  }
  return sources;
}

}  // namespace

const char* name_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::kPassed:
      return "passed";
    case Outcome::kFailed:
      return "failed";
    case Outcome::kTimeout:
      return "timeout";
    case Outcome::kNodeFailure:
      return "node failure";
    default:
      return "not run";
  }
}

Store::Store(const std::filesystem::path& file) : database_(file) {
  database_.run("PRAGMA foreign_keys = ON");
  Transaction transaction(database_);
  Statement version(database_, "PRAGMA user_version");
  version.step();
  const std::int64_t found = version.number(0);
  version.finish();
  if (found == kVersion) return;
  if (found != 0 && found != 1) {
    fail_input("{}: found a database of version {}, expected {}; give another folder", file.string(), found, kVersion);
  }
  if (found == 0) database_.run(kTables);
  database_.run(kCoverage);
  database_.run(fmt::format("PRAGMA user_version = {}", kVersion));
  transaction.commit();
}

std::int64_t Store::begin(const Night& night, const std::vector<Job>& jobs) {
  Transaction transaction(database_);
  Statement insert(database_,
                   "INSERT INTO nights(list, base_seed, reseed, fixed_seed, only, rerun_failures, commit_hash, "
                   "difference, tools, started, ended) VALUES(?,?,?,?,?,?,?,?,?,?,0)");
  insert.bind(night.list)
      .bind(static_cast<std::int64_t>(night.base_seed))
      .bind(static_cast<std::int64_t>(night.reseed))
      .bind(night.fixed_seed)
      .bind(night.only)
      .bind(static_cast<std::int64_t>(night.rerun_failures))
      .bind(night.commit)
      .bind(night.difference)
      .bind(night.tools)
      .bind(night.started)
      .finish();
  const std::int64_t number = database_.last_row();
  Statement add(database_, "INSERT INTO jobs VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
  std::int64_t position = 0;
  for (const Job& job : jobs) {
    add.bind(number).bind(position++).bind(job.name).bind(std::string(name_of(job.kind))).bind(job.test);
    add.bind(job.configuration).bind(job.pattern).bind(job.seed).bind(job.command).bind(job.directory);
    add.bind(job.fresh_folder).bind(job.timeout).bind(job.estimate).bind(job.needs).bind(job.reproduce);
    add.bind(job.waves_build).bind(job.waves_directory).bind(nlohmann::json(job.waves_options).dump());
    add.bind(sources_text(job.coverage)).finish();
  }
  transaction.commit();
  return number;
}

std::optional<Night> Store::last_night() {
  Statement query(database_, "SELECT * FROM nights ORDER BY night DESC LIMIT 1");
  if (!query.step()) return std::nullopt;
  return read_night(query);
}

std::vector<Job> Store::jobs(std::int64_t night) {
  Statement row(database_, "SELECT * FROM jobs WHERE night = ? ORDER BY position");
  row.bind(night);
  std::vector<Job> jobs;
  while (row.step()) {
    jobs.push_back({.kind = kind_of(row.text(3)),
                    .name = row.text(2),
                    .test = row.text(4),
                    .configuration = row.text(5),
                    .pattern = row.text(6),
                    .seed = row.optional_number(7),
                    .command = row.text(8),
                    .directory = row.text(9),
                    .fresh_folder = row.text(10),
                    .timeout = row.real(11),
                    .estimate = row.real(12),
                    .needs = row.text(13),
                    .reproduce = row.text(14),
                    .waves_build = row.text(15),
                    .waves_directory = row.text(16),
                    .waves_options = read_texts("waves_options", row.text(17), true).get<std::vector<std::string>>(),
                    .coverage = sources_of(row.text(18))});
  }
  return jobs;
}

std::vector<JobResult> Store::results(std::int64_t night) {
  Statement row(database_, "SELECT * FROM results WHERE night = ? ORDER BY started, job");
  row.bind(night);
  std::vector<JobResult> results;
  while (row.step()) {
    results.push_back({.job = row.text(1),
                       .outcome = outcome_of(row.text(2)),
                       .code = static_cast<int>(row.number(3)),
                       .signal = static_cast<int>(row.number(4)),
                       .started = row.real(5),
                       .seconds = row.real(6),
                       .worker = static_cast<std::size_t>(row.number(7)),
                       .log = row.text(8),
                       .signature = row.text(9)});
  }
  return results;
}

std::vector<Rerun> Store::reruns(std::int64_t night) {
  Statement row(database_, "SELECT * FROM reruns WHERE night = ? ORDER BY job");
  row.bind(night);
  std::vector<Rerun> reruns;
  while (row.step()) {
    reruns.push_back({.job = row.text(1),
                      .failed_again = row.number(2) != 0,
                      .seconds = row.real(3),
                      .log = row.text(4),
                      .waves = row.text(5),
                      .command = row.text(6)});
  }
  return reruns;
}

std::vector<CoverageFigure> Store::coverage(std::int64_t night) {
  Statement row(database_,
                "SELECT name, part, points, reached FROM coverage JOIN jobs USING(night, job) WHERE night = ? "
                "ORDER BY jobs.position, coverage.position");
  row.bind(night);
  std::vector<CoverageFigure> figures;
  while (row.step()) figures.push_back(read_figure(row, 0));
  return figures;
}

std::vector<CoverageOfNight> Store::coverage_history() {
  Statement row(database_,
                "SELECT night, name, part, points, reached FROM coverage WHERE part = '' ORDER BY night, position");
  std::vector<CoverageOfNight> history;
  while (row.step()) history.push_back({.night = row.number(0), .figure = read_figure(row, 1)});
  return history;
}

void Store::record(std::int64_t night, const JobResult& result, const std::vector<CoverageFigure>& coverage) {
  Transaction transaction(database_);
  Statement insert(database_, "INSERT INTO results VALUES(?,?,?,?,?,?,?,?,?,?)");
  insert.bind(night)
      .bind(result.job)
      .bind(std::string(name_of(result.outcome)))
      .bind(std::int64_t{result.code})
      .bind(std::int64_t{result.signal})
      .bind(result.started)
      .bind(result.seconds)
      .bind(static_cast<std::int64_t>(result.worker))
      .bind(result.log)
      .bind(result.signature)
      .finish();
  Statement add(database_, "INSERT INTO coverage VALUES(?,?,?,?,?,?,?)");
  std::int64_t position = 0;
  for (const CoverageFigure& figure : coverage) {
    add.bind(night).bind(result.job).bind(position++).bind(figure.name).bind(figure.part);
    add.bind(static_cast<std::int64_t>(figure.points)).bind(static_cast<std::int64_t>(figure.reached)).finish();
  }
  transaction.commit();
}

void Store::record(std::int64_t night, const Rerun& rerun) {
  Statement insert(database_, "INSERT INTO reruns VALUES(?,?,?,?,?,?,?)");
  insert.bind(night)
      .bind(rerun.job)
      .bind(static_cast<std::int64_t>(rerun.failed_again))
      .bind(rerun.seconds)
      .bind(rerun.log)
      .bind(rerun.waves)
      .bind(rerun.command)
      .finish();
}

void Store::end(std::int64_t night, double time) {
  Statement update(database_, "UPDATE nights SET ended = ? WHERE night = ?");
  update.bind(time).bind(night).finish();
}

std::map<std::string, double> Store::measured_seconds() {
  std::map<std::string, double> seconds;
  const auto read = [&](const char* sql) {
    for (Statement row(database_, sql); row.step();) seconds[row.text(0)] = row.real(1);
  };
  read(
      "SELECT job, avg(seconds) FROM results JOIN jobs USING(night, job) "
      "WHERE kind <> 'run' AND outcome = 'passed' GROUP BY job");
  read(
      "SELECT test, avg(seconds) FROM results JOIN jobs USING(night, job) "
      "WHERE kind = 'run' AND outcome = 'passed' GROUP BY test");
  read(
      "SELECT test || '/' || configuration, avg(seconds) FROM results JOIN jobs USING(night, job) "
      "WHERE kind = 'run' AND outcome = 'passed' GROUP BY test, configuration");
  return seconds;
}

std::vector<FlakyJob> Store::flaky_jobs() {
  // The same command on the same source; what was not run says nothing. A rerun that passes counts, too.
  Statement row(database_, R"(
    SELECT job, sum(good), sum(1 - good) FROM (
      SELECT job, command, commit_hash, difference, outcome = 'passed' AS good
        FROM results JOIN jobs USING(night, job) JOIN nights USING(night)
          WHERE outcome IN ('passed', 'failed', 'timeout')
      UNION ALL
      SELECT job, jobs.command, commit_hash, difference, 1 - failed_again
        FROM reruns JOIN jobs USING(night, job) JOIN nights USING(night))
    GROUP BY job, command, commit_hash, difference HAVING sum(good) > 0 AND sum(1 - good) > 0 ORDER BY job)");
  std::vector<FlakyJob> flaky;
  while (row.step()) {
    flaky.push_back({.job = row.text(0),
                     .passed = static_cast<std::size_t>(row.number(1)),
                     .failed = static_cast<std::size_t>(row.number(2))});
  }
  return flaky;
}

std::vector<NightSummary> Store::history() {
  Statement row(database_, R"(
    SELECT nights.*,
      (SELECT count(*) FROM jobs WHERE jobs.night = nights.night AND kind = 'run'),
      (SELECT count(*) FROM results JOIN jobs USING(night, job) WHERE night = nights.night AND kind = 'run'),
      (SELECT count(*) FROM results JOIN jobs USING(night, job)
        WHERE night = nights.night AND kind = 'run' AND outcome = 'passed')
    FROM nights ORDER BY night)");
  std::vector<NightSummary> nights;
  while (row.step()) {
    nights.push_back({.night = read_night(row),
                      .jobs = static_cast<std::size_t>(row.number(12)),
                      .runs = static_cast<std::size_t>(row.number(13)),
                      .passed = static_cast<std::size_t>(row.number(14))});
  }
  return nights;
}

}  // namespace mixvec::inline flows
