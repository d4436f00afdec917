// run_regress: runs a list of the test plan with new seeds and reports what came out; goes on where it was killed.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <set>
#include <thread>

#include "flows/regress/plan/expand.hpp"
#include "flows/regress/report/report.hpp"
#include "flows/regress/run/local_workers.hpp"
#include "flows/regress/run/night.hpp"
#include "flows/regress/run/provenance.hpp"
#include "flows/regress/run/schedule.hpp"
#include "flows/regress/slurm/slurm_launcher.hpp"
#include "flows/regress/slurm/slurm_task.hpp"
#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/cli/cli.hpp"

namespace mixvec::inline flows {
namespace {

namespace fs = std::filesystem;
namespace po = boost::program_options;

constexpr const char* kExamples =
    "  run_regress --list smoke --out build/smoke\n"
    "  run_regress --list nightly --out build/nightly            (the next night: into the same folder)\n"
    "  run_regress --list nightly --out build/nightly --resume   (goes on where it was killed)\n"
    "  run_regress --list nightly --out build/nightly --dry-run  (what would run, and for how long)\n"
    "  run_regress --list nightly --out /shared/nightly --slurm --slurm-options=--partition=batch\n"
    "  run_regress --list nightly --out build/again --only '^tb_engine/pe4' --fixed-seed 7\n"
    "\n"
    "The folder of --out receives results.db (all nights), results.json, junit.xml, report.html, logs\n"
    "and waves.\n"
    "Exit code: 0 all passed, 1 something failed, 2 bad usage or bad input.";

struct Options {
  std::string list;
  fs::path out;
  fs::path plan;
  std::string only;
  std::optional<std::uint64_t> fixed_seed;
  std::optional<std::uint64_t> seed;
  std::optional<std::uint64_t> reseed;
  std::optional<std::uint64_t> jobs;
  std::size_t workers = 1;
  bool resume = false;
  bool rerun_failures = false;
  bool dry_run = false;
  std::string json;
  bool slurm = false;
  bool slurm_copy = false;
  std::string slurm_options;
  std::optional<std::uint64_t> slurm_cores;
  std::optional<std::uint64_t> slurm_attempts;
  std::optional<std::uint64_t> slurm_ask;
  std::string slurm_task;
};

Options read_options(const po::variables_map& values, Options options) {
  options.slurm_task = values["slurm-task"].as<std::string>();
  if (!options.slurm_task.empty()) return options;
  for (const char* name : {"list", "out"}) {
    if (values.count(name) == 0) fail_input("--{}: found nothing, expected a value (see --help)", name);
  }
  options.list = values["list"].as<std::string>();
  options.out = fs::absolute(values["out"].as<std::string>());
  options.plan = fs::absolute(values["plan"].as<std::string>());
  options.only = values["only"].as<std::string>();
  options.json = values["json"].as<std::string>();
  options.resume = values.count("resume") != 0;
  options.rerun_failures = values.count("rerun-failures") != 0;
  options.dry_run = values.count("dry-run") != 0;
  options.slurm = values.count("slurm") != 0;
  options.slurm_copy = values.count("slurm-copy") != 0;
  options.slurm_options = values["slurm-options"].as<std::string>();
  for (const char* name : {"slurm-copy", "slurm-options", "slurm-cores", "slurm-attempts", "slurm-ask"}) {
    if (!options.slurm && values.count(name) != 0 && !values[name].defaulted()) {
      fail_input("--{}: found without --slurm, expected with it", name);
    }
  }
  constexpr std::uint64_t kJobsUnderSlurm = 1000;
  options.workers = static_cast<std::size_t>(
      options.jobs.value_or(options.slurm ? kJobsUnderSlurm : std::max(1U, std::thread::hardware_concurrency())));
  if (options.fixed_seed && options.reseed) {
    fail_input("--reseed: found with --fixed-seed, expected one of them: there is one seed then");
  }
  const bool chooses = options.reseed || options.fixed_seed || options.seed || !options.only.empty();
  if (options.rerun_failures && (chooses || options.resume)) {
    fail_input(
        "--rerun-failures: found with another option that chooses jobs or seeds, expected --list and --out only");
  }
  if (options.resume && options.dry_run) fail_input("--dry-run: found with --resume, expected one of them");
  return options;
}

Places places_of(const Options& options) {
  return {.source = MIXVEC_SOURCE_DIR, .build = MIXVEC_BINARY_DIR, .out = options.out};
}

/// Only the jobs of the last night that did not pass, and the builds that they need.
std::vector<Job> failures_of_last_night(Store& store) {
  const std::optional<Night> last = store.last_night();
  if (!last) fail_input("--rerun-failures: found no night, expected one before this");
  std::set<std::string> passed;
  for (const JobResult& result : store.results(last->number)) {
    if (result.outcome == Outcome::kPassed) passed.insert(result.job);
  }
  std::vector<Job> jobs = store.jobs(last->number);
  std::erase_if(jobs, [&](const Job& job) { return job.kind == Job::Kind::kRun && passed.contains(job.name); });
  jobs = without_idle_builds(jobs);
  if (jobs.empty()) fail_input("--rerun-failures: found a night in which all passed, expected one with failures");
  return jobs;
}

struct NewNight {
  Night night;
  std::vector<Job> jobs;
};

NewNight plan_night(const Options& options, const Plan& plan, Store* store) {
  NewNight made;
  Night& night = made.night;
  night.list = options.list;
  night.reseed = options.reseed.value_or(1);
  night.fixed_seed = options.fixed_seed;
  night.only = options.only;
  night.rerun_failures = options.rerun_failures;
  // 63 bits: SQLite has no more.
  night.base_seed =
      options.seed ? *options.seed : ((std::uint64_t{std::random_device()()} << 32U) + std::random_device()()) >> 1U;
  night.started = time_now();
  const Places places = places_of(options);
  if (options.rerun_failures) {
    if (store == nullptr) fail_input("--rerun-failures: found no night in {}, expected one", options.out.string());
    [[maybe_unused]] const PlanList& known = plan.list(options.list);
    made.jobs = failures_of_last_night(*store);
    return made;
  }
  const ExpansionRequest request{.list = night.list,
                                 .base_seed = night.base_seed,
                                 .reseed = static_cast<std::size_t>(night.reseed),
                                 .fixed_seed = night.fixed_seed,
                                 .only = night.only};
  for (const auto& [program, needs] : absent_programs(plan, places)) {
    fmt::print(stderr, "note: {} is left out: it is not built; it needs {}\n", program, needs);
  }
  made.jobs = expand(
      plan, request, places,
      [&](const TestKind& kind, const PlanTest& test) { return ask_configurations(places, kind, test); },
      read_failing_seeds(plan));
  return made;
}

/// What --resume goes on with; it must be what the other options ask for.
Night night_to_resume(const Options& options, Store& store, const Provenance& provenance) {
  const std::optional<Night> last = store.last_night();
  if (!last) fail_input("--resume: found no night in {}, expected one that was interrupted", options.out.string());
  const auto same = [&](const char* option, const std::string& found, const std::string& expected) {
    if (found != expected) {
      fail_input("--{}: found {}, expected {} as in night {}, which --resume goes on with", option, quote(found),
                 quote(expected), last->number);
    }
  };
  same("list", options.list, last->list);
  if (!options.only.empty()) same("only", options.only, last->only);
  if (options.reseed) same("reseed", fmt::format("{}", *options.reseed), fmt::format("{}", last->reseed));
  if (options.seed) same("seed", fmt::format("{}", *options.seed), fmt::format("{}", last->base_seed));
  if (options.fixed_seed) {
    same("fixed-seed", fmt::format("{}", *options.fixed_seed),
         last->fixed_seed ? fmt::format("{}", *last->fixed_seed) : "none");
  }
  if (last->commit != provenance.commit || last->difference != provenance.difference) {
    fail_input(
        "--resume: found the source changed since night {} began (commit {}), expected it as it was: results of two "
        "sources do not mix",
        last->number, last->commit);
  }
  return *last;
}

void print_plan(const std::vector<Job>& jobs, std::size_t workers) {
  std::map<std::string, std::pair<std::size_t, double>> tests;
  std::map<std::string, std::set<std::uint64_t>> seeds;
  std::size_t builds = 0;
  std::size_t runs = 0;
  double seconds = 0;
  for (const Job& job : jobs) {
    seconds += job.estimate;
    (job.kind == Job::Kind::kRun ? runs : builds) += 1;
    if (job.kind != Job::Kind::kRun) continue;
    ++tests[job.test].first;
    tests[job.test].second += job.estimate;
    if (job.seed) seeds[job.test].insert(*job.seed);
  }
  fmt::print("{:<28} {:>7} {:>7} {:>12}\n", "test", "runs", "seeds", "time");
  for (const auto& [test, row] : tests) {
    const std::size_t distinct = seeds[test].size();
    fmt::print("{:<28} {:>7} {:>7} {:>12}\n", test, row.first, distinct == 0 ? "" : fmt::format("{}", distinct),
               duration_text(row.second));
  }
  fmt::print("{} runs and {} builds: {} of work, about {} on {} workers\n", runs, builds, duration_text(seconds),
             duration_text(expected_seconds(jobs, workers)), workers);
}

int dry_run(const Options& options, const Plan& plan) {
  // Nothing is written: what was measured is read if it is there.
  const fs::path file = options.out / "results.db";
  std::optional<Store> store;
  if (fs::exists(file)) store.emplace(file);
  NewNight planned = plan_night(options, plan, store ? &*store : nullptr);
  if (store) use_measured(planned.jobs, store->measured_seconds());
  print_plan(planned.jobs, options.workers);
  nlohmann::ordered_json jobs = nlohmann::ordered_json::array();
  for (const Job& job : planned.jobs) {
    jobs.push_back(
        {{"job", job.name}, {"kind", name_of(job.kind)}, {"command", job.command}, {"estimate", job.estimate}});
  }
  write_json(options.json, nlohmann::ordered_json{{"program", "run_regress"},
                                                  {"list", options.list},
                                                  {"seconds", expected_seconds(planned.jobs, options.workers)},
                                                  {"jobs", jobs}});
  return kExitGood;
}

/// Lines for the list of failing seeds: those that failed and are not in it.
std::string new_failing_seeds(const Report& report, const Plan& plan) {
  std::set<std::string> known;
  for (const FailingSeed& seed : read_failing_seeds(plan)) {
    known.insert(fmt::format("{} {} {} {}", seed.test, seed.configuration, seed.pattern, seed.seed));
  }
  std::string lines;
  for (const ReportedJob& item : report.jobs) {
    const Job& job = item.job;
    const bool failed = item.result.outcome == Outcome::kFailed || item.result.outcome == Outcome::kTimeout;
    if (!failed || !job.seed ||
        known.contains(fmt::format("{} {} {} {}", job.test, job.configuration, job.pattern, *job.seed))) {
      continue;
    }
    std::size_t cases = 0;
    for (const ListEntry& entry : plan.list(report.night.list).entries) {
      if (matches_any(entry.tests, job.test) && takes_configuration(entry, plan, job.configuration))
        cases = entry.cases;
    }
    lines += failing_seed_line({.test = job.test,
                                .configuration = job.configuration,
                                .pattern = job.pattern,
                                .seed = *job.seed,
                                .cases = cases}) +
             "\n";
  }
  return lines;
}

int report_night(const Options& options, const Plan& plan, Store& store, const Night& night) {
  const Report report = make_report(store, night, plan, options.out);
  const std::string seeds = new_failing_seeds(report, plan);
  const std::string json = report_json(report);
  StagedFile results(options.out / "results.json", json);
  StagedFile junit(options.out / "junit.xml", report_junit(report, options.out));
  StagedFile page(options.out / "report.html", report_html(report));
  StagedFile failing(options.out / "new_failing_seeds.txt", seeds);
  StagedFile copy(options.json, json);
  // The first line says whether the night was good.
  fmt::print("{}", report_text(report, options.out));
  if (!seeds.empty() && !plan.failing_seeds.empty()) {
    fmt::print("\nfor {}: the lines of {}\n", plan.failing_seeds.string(),
               (options.out / "new_failing_seeds.txt").string());
  }
  for (StagedFile* file : {&results, &junit, &page, &failing, &copy}) file->commit();
  return report.good() ? kExitGood : kExitCheckFailed;
}

std::unique_ptr<Launcher> make_launcher(const Options& options, const Night& night,
                                        std::function<void(const std::string&)> note) {
  if (!options.slurm) return std::make_unique<LocalWorkers>(options.workers);
  return std::make_unique<SlurmLauncher>(
      SlurmSettings{.out = options.out,
                    .night = night.number,
                    .program = fs::read_symlink("/proc/self/exe"),
                    .options = options.slurm_options,
                    .cores = static_cast<std::size_t>(options.slurm_cores.value_or(1)),
                    .most = options.workers,
                    .attempts = static_cast<std::size_t>(options.slurm_attempts.value_or(3)),
                    .ask_seconds = static_cast<double>(options.slurm_ask.value_or(5)),
                    .copy_builds = options.slurm_copy,
                    .note = std::move(note)});
}

/// Jobs of an earlier night may still be with Slurm: they go on without a program that waits for them.
void check_slurm_leftovers(const Options& options, Store& store) {
  const std::optional<Night> last = store.last_night();
  if (!last || last->ended != 0 || !SlurmFolder::is_used(options.out, last->number)) return;
  if (!options.resume) {
    end_slurm_night(options.out, last->number);
  } else if (!options.slurm) {
    fail_input("--resume: found that night {} runs under Slurm, expected --slurm: its jobs may go on there",
               last->number);
  }
}

int run(const Options& options) {
  if (!options.slurm_task.empty()) {
    run_slurm_task(options.slurm_task);
    return kExitGood;
  }
  const Plan plan = read_plan(options.plan);
  if (options.dry_run) return dry_run(options, plan);
  fs::create_directories(options.out);
  const FolderLock lock(options.out);
  Store store(options.out / "results.db");
  const Provenance provenance = find_provenance(MIXVEC_SOURCE_DIR);
  check_slurm_leftovers(options, store);
  Night night;
  if (options.resume) {
    night = night_to_resume(options, store, provenance);
  } else {
    NewNight made = plan_night(options, plan, &store);
    night = std::move(made.night);
    night.commit = provenance.commit;
    night.difference = provenance.difference;
    night.tools = provenance.tools;
    night.number = store.begin(night, made.jobs);
  }
  if (night.ended == 0) {
    std::optional<Progress> progress;
    const NightListener listener{.result =
                                     [&](const Job& job, const JobResult& result) {
                                       // What waits for a build that failed says nothing new.
                                       if (result.outcome == Outcome::kPassed || result.outcome == Outcome::kNotRun)
                                         return;
                                       progress.reset();
                                       fmt::print(stderr, "{}: {}: {}\n", name_of(result.outcome), job.name,
                                                  clip(result.signature.substr(0, result.signature.find('\n')), 160));
                                     },
                                 .progress =
                                     [&](double fraction, std::string_view detail) {
                                       if (!progress) progress.emplace(night.list);
                                       progress->update(fraction, detail);
                                     }};
    const std::unique_ptr<Launcher> launcher = make_launcher(options, night, [&](const std::string& text) {
      progress.reset();
      fmt::print(stderr, "note: {}\n", text);
    });
    run_night(store, night, *launcher, options.out, listener);
    night = *store.last_night();
  }
  return report_night(options, plan, store, night);
}

}  // namespace
}  // namespace mixvec::inline flows

int main(int argc, char** argv) {
  namespace po = boost::program_options;
  mixvec::CommandLine line("run_regress", "Runs a list of the test plan with new seeds, and reports.",
                           mixvec::kExamples);
  mixvec::Options options;
  auto add = line.options().add_options();
  add("list", po::value<std::string>()->value_name("NAME"), "smoke, ci or nightly (the lists of the plan)");
  add("out", po::value<std::string>()->value_name("DIR"), "folder for results of all nights, logs, waves and builds");
  add("resume", "go on with the last night of this folder, which was interrupted");
  add("reseed", mixvec::bind_to(options.reseed, mixvec::whole_number(1, 1000))->value_name("N"),
      "so many times as many seeds");
  add("fixed-seed", mixvec::bind_to(options.fixed_seed, mixvec::seed_number())->value_name("N"),
      "this seed for all randomised tests, once for each configuration and pattern");
  add("seed", mixvec::bind_to(options.seed, mixvec::seed_number())->value_name("N"),
      "draw the seeds from N (default: random; the report says it)");
  add("only", po::value<std::string>()->default_value("")->value_name("REGEX"),
      "only jobs whose name TEST/CONFIGURATION[/PATTERN][/SEED] it matches somewhere");
  add("rerun-failures", "only what failed in the last night of this folder, with its seeds");
  add("dry-run", "print what would run, and about how long; run nothing");
  add("jobs", mixvec::bind_to(options.jobs, mixvec::whole_number(1, 1024))->value_name("N"),
      "jobs at once (default: as many as the machine has processors; with --slurm 1000, waiting or running)");
  add("slurm", "run jobs on the nodes of a Slurm cluster, which share DIR and the build folder with this machine");
  add("slurm-options", po::value<std::string>()->default_value("")->value_name("TEXT"),
      "options of sbatch: --slurm-options='--partition=batch --mem=4G'");
  add("slurm-cores", mixvec::bind_to(options.slurm_cores, mixvec::whole_number(1, 1024))->value_name("N"),
      "cores of each job (default 1)");
  add("slurm-attempts", mixvec::bind_to(options.slurm_attempts, mixvec::whole_number(1, 100))->value_name("N"),
      "how often a job is tried whose node fails (default 3)");
  add("slurm-ask", mixvec::bind_to(options.slurm_ask, mixvec::whole_number(1, 3600))->value_name("SECONDS"),
      "time between two calls of squeue (default 5)");
  add("slurm-copy", "a run takes a copy of its build folder along, to TMPDIR of its node");
  add("slurm-task", po::value<std::string>()->default_value("")->value_name("FILE"),
      "what an array's task calls on a node");
  add("plan", po::value<std::string>()->default_value(MIXVEC_SOURCE_DIR "/verif/testplan.json")->value_name("FILE"),
      "the test plan");
  line.output_folder("out").input("plan");
  return line.run(argc, argv,
                  [&](const po::variables_map& values) { return mixvec::run(mixvec::read_options(values, options)); });
}
