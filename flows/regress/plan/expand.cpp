// Makes the jobs of a night out of the plan.
#include "flows/regress/plan/expand.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <stdexcept>

#include "flows/regress/plan/command.hpp"
#include "golden/base/error.hpp"
#include "golden/base/hash.hpp"
#include "golden/base/random.hpp"
#include "golden/base/text.hpp"

namespace mixvec::inline flows {
namespace {

/// Draws the seeds of a test: 31 bits, as some benches keep no more, and each once.
class SeedDrawer {
 public:
  explicit SeedDrawer(std::uint64_t base) : random_(base) {}

  std::uint64_t draw() {
    for (;;) {
      const std::uint64_t seed = random_.next() >> 33U;
      if (seed != 0 && taken_.insert(seed).second) return seed;
    }
  }
  void take(std::uint64_t seed) { taken_.insert(seed); }

 private:
  Random random_;
  std::set<std::uint64_t> taken_;
};

/// Where one run of a test happens.
struct Slot {
  std::string configuration;
  const PlanPattern* pattern = nullptr;
};

class Expansion {
 public:
  Expansion(const Plan& plan, const ExpansionRequest& request, const Places& places, const AskConfigurations& ask)
      : plan_(plan), request_(request), base_(place_values(places)), ask_(ask), absent_(absent_programs(plan, places)) {
    try {
      only_.assign(request.only, std::regex::ECMAScript | std::regex::optimize);
    } catch (const std::regex_error& error) {
      fail_input("--only: found {}, expected a regular expression: {}", quote(request.only), error.what());
    }
  }

  void add_entry(const ListEntry& entry) {
    for (const PlanTest& test : plan_.tests) {
      if (!matches_any(entry.tests, test.name)) continue;
      const std::vector<Slot> slots = slots_of(entry, test);
      if (slots.empty()) continue;
      std::size_t count = slots.size();
      if (test.randomised && !request_.fixed_seed) count = std::max(count, entry.seeds * request_.reseed);
      for (std::size_t i = 0; i < count; ++i) {
        std::optional<std::uint64_t> seed;
        if (test.randomised) seed = request_.fixed_seed ? *request_.fixed_seed : drawer(test).draw();
        add_run(test, slots[i % slots.size()], seed, entry.cases);
      }
    }
  }

  void add_failing(const FailingSeed& failing) {
    const PlanTest& test = *plan_.find_test(failing.test);
    if (absent_.contains(test.program)) return;
    const std::vector<std::string> known = configurations_of(test);
    if (std::find(known.begin(), known.end(), failing.configuration) == known.end()) {
      fail_input(
          "{}: found the configuration {} of {}, expected one that it has; remove the line if there is none any more",
          plan_.failing_seeds.string(), quote(failing.configuration), failing.test);
    }
    drawer(test).take(failing.seed);
    add_run(test, {failing.configuration, plan_.find_pattern(failing.pattern)}, failing.seed, failing.cases);
  }

  std::vector<Job> finish() { return without_idle_builds(jobs_); }

 private:
  SeedDrawer& drawer(const PlanTest& test) {
    return drawers_.try_emplace(test.name, fnv1a(test.name) ^ request_.base_seed).first->second;
  }

  const std::vector<std::string>& configurations_of(const PlanTest& test) {
    const auto [place, is_new] = configurations_.try_emplace(test.kind + "/" + test.program);
    if (is_new) {
      const TestKind& kind = plan_.kind_of(test);
      if (absent_.contains(test.program)) {
        place->second = {};
      } else if (kind.of_plan) {
        for (const PlanConfiguration& item : plan_.configurations) place->second.push_back(item.name);
      } else if (!kind.ask.empty()) {
        place->second = ask_(kind, test);
      } else {
        place->second = {"-"};
      }
    }
    return place->second;
  }

  std::vector<Slot> slots_of(const ListEntry& entry, const PlanTest& test) {
    std::vector<Slot> slots;
    for (const std::string& configuration : configurations_of(test)) {
      if (!takes_configuration(entry, plan_, configuration)) continue;
      if (!test.patterned) {
        slots.push_back({configuration});
        continue;
      }
      for (const PlanPattern& pattern : plan_.patterns) {
        if (matches_any(entry.patterns, pattern.name) && matches_any(pattern.configurations, configuration)) {
          slots.push_back({configuration, &pattern});
        }
      }
    }
    return slots;
  }

  PlaceholderValues values_of(const PlanTest& test, const std::string& configuration) const {
    PlaceholderValues values = base_;
    values.texts["test"] = test.name;
    values.texts["program"] = test.program;
    values.texts["configuration"] = configuration;
    values.lists["options"] = {};
    for (const PlanConfiguration& item : plan_.configurations) {
      if (item.name == configuration) values.lists["options"] = item.options;
    }
    return values;
  }

  void add(Job job) {
    constexpr std::size_t kMostJobs = 200'000;
    if (jobs_.size() == kMostJobs) {
      fail_input("--list {}: found more than {} jobs, expected fewer: configurations, patterns, seeds or --reseed",
                 request_.list, kMostJobs);
    }
    if (taken_.insert(job.name).second) jobs_.push_back(std::move(job));
  }

  /// The name of the job that fills the folder, empty if there is nothing to build.
  std::string add_build(const TestKind& kind, const Slot& slot, const PlaceholderValues& values) {
    if (kind.build.empty()) return "";
    std::string prepared;
    if (!kind.prepare.empty()) {
      prepared = "prepare/" + kind.name;
      Job job;
      job.kind = Job::Kind::kPrepare;
      job.name = prepared;
      job.command = job.reproduce = shell_lines(kind.prepare, values);
      job.directory = base_.texts.at("source");
      job.fresh_folder = fill_text(kind.prepare_folder, values);
      job.timeout = kind.build_timeout;
      job.estimate = kind.build_seconds;
      add(std::move(job));
    }
    Job job;
    job.kind = Job::Kind::kBuild;
    const std::filesystem::path folder = fill_text(kind.folder, values);
    job.name = fmt::format("build/{}/{}", kind.name, folder.filename().string());
    job.configuration = slot.configuration;
    job.command = job.reproduce = shell_lines(kind.build, values);
    job.directory = base_.texts.at("source");
    job.fresh_folder = folder.string();
    job.timeout = kind.build_timeout;
    job.estimate = kind.build_seconds;
    job.needs = prepared;
    std::string name = job.name;
    add(std::move(job));
    return name;
  }

  void add_run(const PlanTest& test, const Slot& slot, const std::optional<std::uint64_t>& seed, std::size_t cases) {
    const TestKind& kind = plan_.kind_of(test);
    PlaceholderValues values = values_of(test, slot.configuration);
    if (!kind.folder.empty()) values.texts["folder"] = fill_text(kind.folder, values);
    values.texts["cases"] = fmt::format("{}", cases);
    if (seed) values.texts["seed"] = fmt::format("{}", *seed);
    values.lists["pattern"] = slot.pattern == nullptr ? std::vector<std::string>() : slot.pattern->options;
    Job job;
    job.name = test.name + "/" + slot.configuration;
    if (slot.pattern != nullptr) job.name += "/" + slot.pattern->name;
    if (seed) job.name += fmt::format("/{}", *seed);
    if (!std::regex_search(job.name, only_)) return;
    job.test = test.name;
    job.configuration = slot.configuration;
    job.pattern = slot.pattern == nullptr ? "" : slot.pattern->name;
    job.seed = seed;
    job.command = shell_line(fill_command(test.command, values));
    job.directory = fill_text(kind.directory, values);
    job.timeout = test.timeout;
    job.estimate = test.seconds;
    job.needs = add_build(kind, slot, values);
    const std::string source = shell_quote(base_.texts.at("source"));
    job.reproduce = fmt::format("cd {}", source);
    if (!kind.prepare.empty()) job.reproduce += " && " + shell_lines(kind.prepare, values);
    if (!kind.build.empty()) job.reproduce += " && " + shell_lines(kind.build, values);
    if (job.directory != base_.texts.at("source")) job.reproduce += " && cd " + shell_quote(job.directory);
    job.reproduce += " && " + job.command;
    if (kind.waves && !matches_any(kind.waves->except, test.name)) {
      job.waves_directory = fill_text(kind.waves->folder, values);
      values.texts["folder"] = job.waves_directory;
      job.waves_build = shell_lines(kind.waves->build, values);
      for (const std::string& word : kind.waves->options) job.waves_options.push_back(fill_text(word, values));
    }
    for (const CoverageSource& item : test.coverage) {
      job.coverage.push_back(item);
      job.coverage.back().file = fill_text(item.file, values);
    }
    add(std::move(job));
  }

  const Plan& plan_;
  const ExpansionRequest& request_;
  PlaceholderValues base_;
  const AskConfigurations& ask_;
  std::map<std::string, std::string> absent_;
  std::regex only_;
  std::map<std::string, SeedDrawer> drawers_;
  std::map<std::string, std::vector<std::string>> configurations_;
  std::set<std::string> taken_;
  std::vector<Job> jobs_;
};

/// What was drawn is what was meant to be drawn: no seed of a test twice, whatever its configuration and pattern.
void require_distinct(const std::vector<Job>& jobs, const std::vector<FailingSeed>& failing_seeds) {
  std::set<std::string> listed;
  for (const FailingSeed& item : failing_seeds) listed.insert(fmt::format("{}/{}", item.test, item.seed));
  std::set<std::string> seen;
  for (const Job& job : jobs) {
    if (!job.seed) continue;
    const std::string seed = fmt::format("{}/{}", job.test, *job.seed);
    if (!seen.insert(seed).second && !listed.contains(seed)) {
      throw std::logic_error(fmt::format("seed {} of {} was drawn twice", *job.seed, job.test));
    }
  }
}

}  // namespace

const char* name_of(Job::Kind kind) {
  if (kind == Job::Kind::kPrepare) return "prepare";
  return kind == Job::Kind::kBuild ? "build" : "run";
}

PlaceholderValues place_values(const Places& places) {
  PlaceholderValues values;
  values.texts["source"] = places.source.string();
  values.texts["build"] = places.build.string();
  values.texts["bin"] = (places.build / "bin").string();
  values.texts["out"] = places.out.string();
  return values;
}

std::map<std::string, std::string> absent_programs(const Plan& plan, const Places& places) {
  std::map<std::string, std::string> absent;
  if (!plan.announced) return absent;
  for (const auto& [program, count] : plan.announced->gtest) {
    if (!count.needs.empty() && !std::filesystem::exists(places.build / "bin" / program)) {
      absent.emplace(program, count.needs);
    }
  }
  return absent;
}

std::vector<Job> without_idle_builds(const std::vector<Job>& jobs) {
  std::set<std::string> needed;
  std::vector<Job> kept;
  // Backwards: what needs stands behind what is needed.
  for (auto job = jobs.rbegin(); job != jobs.rend(); ++job) {
    if (job->kind != Job::Kind::kRun && !needed.contains(job->name)) continue;
    if (!job->needs.empty()) needed.insert(job->needs);
    kept.push_back(*job);
  }
  return {kept.rbegin(), kept.rend()};
}

std::vector<Job> expand(const Plan& plan, const ExpansionRequest& request, const Places& places,
                        const AskConfigurations& ask, const std::vector<FailingSeed>& failing_seeds) {
  const PlanList& list = plan.list(request.list);
  Expansion expansion(plan, request, places, ask);
  // First, so that none of them is drawn.
  if (list.failing_seeds) {
    for (const FailingSeed& failing : failing_seeds) expansion.add_failing(failing);
  }
  for (const ListEntry& entry : list.entries) expansion.add_entry(entry);
  std::vector<Job> jobs = expansion.finish();
  if (jobs.empty()) {
    fail_input("{}: found nothing to run, expected a job of the list {}", request.only.empty() ? "--list" : "--only",
               list.name);
  }
  if (!request.fixed_seed) require_distinct(jobs, failing_seeds);
  return jobs;
}

}  // namespace mixvec::inline flows
