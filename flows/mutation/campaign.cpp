// A worker takes a mutant and goes through the trials that can notice it.
#include "flows/mutation/campaign.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>

#include "flows/regress/run/job_loop.hpp"
#include "flows/regress/run/local_workers.hpp"
#include "flows/synth/tool.hpp"

namespace mixvec::inline flows {
namespace {

namespace fs = std::filesystem;

constexpr double kBaselineTimeout = 600;  // seconds
constexpr double kSlowdown = 10;
constexpr double kLeastTimeout = 10;

std::string line_for(const Trial& trial, int number) {
  return fmt::format("{}={} {}", kMutantVariable, number, trial.command);
}

class Campaign {
 public:
  Campaign(std::vector<MutantResult>& results, std::span<const Trial> trials, fs::path logs, int jobs,
           const CampaignHooks& hooks)
      : results_(results),
        trials_(trials),
        logs_(std::move(logs)),
        hooks_(hooks),
        workers_(static_cast<std::size_t>(jobs)),
        next_trial_(results.size(), 0),
        confirms_(results.size(), false) {
    for (std::size_t i = 0; i < results_.size(); ++i) {
      if (results_[i].verdict == Verdict::kOpen) open_.push_back(i);
    }
  }

  void run() {
    std::size_t next = 0;
    while (done_ < open_.size()) {
      while (next < open_.size() && workers_.free() > 0) start(open_[next++]);
      if (done_ == open_.size()) break;  // those left have no trial
      for (const Finished& one : workers_.wait(1)) ended(one);
    }
  }

 private:
  /// The mutant's next trial, or its end.
  void start(std::size_t i) {
    MutantResult& result = results_[i];
    std::size_t& at = next_trial_[i];
    while (at < trials_.size() && trials_[at].bench->files.count(result.mutant.mutant.file) == 0) ++at;
    if (at == trials_.size()) {
      finish(i);
      return;
    }
    launch(i, trials_[at], result.mutant.number);
  }

  void ended(const Finished& one) {
    MutantResult& result = results_[one.ticket];
    ++result.runs;
    result.seconds += one.end.seconds;
    const Trial& trial = trials_[next_trial_[one.ticket]];
    const Way way = way_of(one.end);
    if (confirms_[one.ticket]) {  // the run without a mutant, behind one that took too long
      if (way != Way::kPassed) fail(trial, one, "without a mutant, after a mutant had taken too long");
      kill(one.ticket, trial, "time");
    } else if (way == Way::kPassed) {
      ++next_trial_[one.ticket];
      start(one.ticket);
    } else if (way == Way::kTime) {
      confirms_[one.ticket] = true;
      launch(one.ticket, trial, 0);
    } else if (way == Way::kElse) {
      fail(trial, one, fmt::format("with mutant {}", result.mutant.number));
    } else {
      kill(one.ticket, trial, way == Way::kFailed ? "failed" : "aborted");
    }
  }

  enum class Way : std::uint8_t { kPassed, kFailed, kAborted, kTime, kElse };

  /// Exit code 1 is a check that failed; a shell gives 128 + the signal for a program that one has ended.
  static Way way_of(const ProcessEnd& end) {
    if (end.timed_out) return Way::kTime;
    if (end.code == 0) return Way::kPassed;
    if (end.code == 1) return Way::kFailed;
    const int signal = end.signal != 0 ? end.signal : end.code - 128;
    for (const int one : {SIGABRT, SIGSEGV, SIGFPE, SIGBUS, SIGILL}) {
      if (signal == one) return Way::kAborted;
    }
    return Way::kElse;
  }

  [[noreturn]] void fail(const Trial& trial, const Finished& one, const std::string& when) const {
    throw FlowError(fmt::format("{} {} ended with exit code {}, signal {}: that says nothing about the mutant; see {}",
                                trial.name(), when, one.end.code, one.end.signal,
                                log_of(results_[one.ticket].mutant.number).string()));
  }

  void kill(std::size_t i, const Trial& trial, const char* how) {
    results_[i].verdict = Verdict::kKilled;
    results_[i].by = trial.name();
    results_[i].how = how;
    finish(i);
  }

  [[nodiscard]] fs::path log_of(int number) const { return logs_ / fmt::format("mutant_{}.log", number); }

  void launch(std::size_t i, const Trial& trial, int number) {
    workers_.start(i, {line_for(trial, number), trial.bench->folder, log_of(results_[i].mutant.number),
                       std::max(kLeastTimeout, kSlowdown * trial.seconds)});
  }

  void finish(std::size_t i) {
    ++done_;
    // Of a mutant that is noticed a hundred times over nobody reads what the bench said.
    std::error_code ignored;
    fs::remove(log_of(results_[i].mutant.number), ignored);
    hooks_.progress(static_cast<double>(done_) / static_cast<double>(open_.size()),
                    fmt::format("{} of {} mutants", done_, open_.size()));
    if (results_[i].verdict == Verdict::kKilled) hooks_.killed(results_[i]);
  }

  std::vector<MutantResult>& results_;
  std::span<const Trial> trials_;
  fs::path logs_;
  const CampaignHooks& hooks_;
  LocalWorkers workers_;
  std::vector<std::size_t> open_;  ///< results
  std::vector<std::size_t> next_trial_;
  std::vector<bool> confirms_;  ///< whether its run is one without a mutant
  std::size_t done_ = 0;
};

}  // namespace

std::string Trial::name() const { return fmt::format("{}: {}", bench->name, command); }

std::vector<Trial> measure_trials(const std::vector<TrialBench>& benches, const MutationPlaces& places, int jobs,
                                  const MutationProgress& progress) {
  std::vector<Trial> trials;
  for (const TrialBench& bench : benches) {
    for (const std::string& run : bench.runs) trials.push_back({&bench, run, 0});
  }
  const auto log_of = [&](std::size_t i) { return places.out / "logs" / fmt::format("baseline_{}.log", i); };
  run_jobs(
      trials.size(), jobs,
      {.request =
           [&](std::size_t i) {
             return ProcessRequest{line_for(trials[i], 0), trials[i].bench->folder, log_of(i), kBaselineTimeout};
           },
       .ended =
           [&](std::size_t i, const ProcessEnd& end) {
             trials[i].seconds = end.seconds;
             if (end.code == 0) return;
             throw FlowError(fmt::format("{} fails without a mutant, see {}", trials[i].name(), log_of(i).string()));
           },
       .progress = [&](double part, std::size_t i) { progress(part, "without mutants: " + trials[i].name()); }});
  std::stable_sort(trials.begin(), trials.end(), [](const Trial& a, const Trial& b) { return a.seconds < b.seconds; });
  return trials;
}

void run_trials(std::vector<MutantResult>& results, std::span<const Trial> trials, const MutationPlaces& places,
                int jobs, const CampaignHooks& hooks) {
  Campaign(results, trials, places.out / "logs", jobs, hooks).run();
}

}  // namespace mixvec::inline flows
