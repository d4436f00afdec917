// A worker takes a mutant and goes through the trials that can notice it.
#include "flows/mutation/campaign.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "flows/regress/run/local_workers.hpp"
#include "flows/synth/tool.hpp"
#include "golden/files/input_file.hpp"

namespace mixvec::inline flows {
namespace {

namespace fs = std::filesystem;

constexpr double kBaselineTimeout = 600;  // seconds
constexpr double kSlowdown = 10;
constexpr double kLeastTimeout = 10;

/// One run of one bench.
struct Trial {
  const TrialBench* bench = nullptr;
  std::string command;
  double seconds = 0;  ///< without a mutant

  [[nodiscard]] std::string name() const { return fmt::format("{}: {}", bench->name, command); }
};

std::string line_for(const Trial& trial, int number) {
  return fmt::format("{}={} {}", kMutantVariable, number, trial.command);
}

std::vector<Trial> measured_trials(const std::vector<TrialBench>& benches, const fs::path& logs, int jobs,
                                   const MutationProgress& progress) {
  std::vector<Trial> trials;
  for (const TrialBench& bench : benches) {
    for (const std::string& run : bench.runs) trials.push_back({&bench, run, 0});
  }
  LocalWorkers workers(static_cast<std::size_t>(jobs));
  std::size_t next = 0;
  std::size_t done = 0;
  const auto log_of = [&](std::size_t i) { return logs / fmt::format("baseline_{}.log", i); };
  while (done < trials.size()) {
    while (next < trials.size() && workers.free() > 0) {
      progress(static_cast<double>(done) / static_cast<double>(trials.size()),
               "without mutants: " + trials[next].name());
      workers.start(next, {line_for(trials[next], 0), trials[next].bench->folder, log_of(next), kBaselineTimeout});
      ++next;
    }
    for (const Finished& one : workers.wait(1)) {
      ++done;
      trials[one.ticket].seconds = one.end.seconds;
      if (one.end.code == 0) continue;
      throw FlowError(
          fmt::format("{} fails without a mutant, see {}", trials[one.ticket].name(), log_of(one.ticket).string()));
    }
  }
  std::stable_sort(trials.begin(), trials.end(), [](const Trial& a, const Trial& b) { return a.seconds < b.seconds; });
  return trials;
}

class Campaign {
 public:
  Campaign(const std::vector<Trial>& trials, const std::vector<NumberedMutant>& mutants, fs::path logs, int jobs,
           const CampaignHooks& hooks)
      : trials_(trials), logs_(std::move(logs)), hooks_(hooks), workers_(static_cast<std::size_t>(jobs)) {
    for (const NumberedMutant& mutant : mutants) results_.push_back({mutant, Verdict::kSurvived, "", "", 0, 0});
    next_trial_.resize(results_.size(), 0);
  }

  std::vector<MutantResult> run() {
    std::size_t next = 0;
    while (done_ < results_.size()) {
      while (next < results_.size() && workers_.free() > 0) start(next++);
      for (const Finished& one : workers_.wait(1)) ended(one);
    }
    return std::move(results_);
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
    const Trial& trial = trials_[at];
    workers_.start(i, {line_for(trial, result.mutant.number), trial.bench->folder,
                       logs_ / fmt::format("mutant_{}.log", result.mutant.number),
                       std::max(kLeastTimeout, kSlowdown * trial.seconds)});
  }

  void ended(const Finished& one) {
    MutantResult& result = results_[one.ticket];
    ++result.runs;
    result.seconds += one.end.seconds;
    if (one.end.code == 0) {
      ++next_trial_[one.ticket];
      start(one.ticket);
      return;
    }
    result.verdict = Verdict::kKilled;
    result.by = trials_[next_trial_[one.ticket]].name();
    result.how = one.end.timed_out     ? std::string("time")
                 : one.end.signal != 0 ? fmt::format("signal {}", one.end.signal)
                                       : fmt::format("exit code {}", one.end.code);
    finish(one.ticket);
  }

  void finish(std::size_t i) {
    ++done_;
    // Of a mutant that is noticed a hundred times over nobody reads what the bench said.
    std::error_code ignored;
    fs::remove(logs_ / fmt::format("mutant_{}.log", results_[i].mutant.number), ignored);
    hooks_.progress(static_cast<double>(done_) / static_cast<double>(results_.size()),
                    fmt::format("{} of {} mutants", done_, results_.size()));
    hooks_.result(results_[i]);
  }

  const std::vector<Trial>& trials_;
  fs::path logs_;
  const CampaignHooks& hooks_;
  LocalWorkers workers_;
  std::vector<MutantResult> results_;
  std::vector<std::size_t> next_trial_;
  std::size_t done_ = 0;
};

}  // namespace

std::vector<MutantResult> run_campaign(const std::vector<TrialBench>& benches,
                                       const std::vector<NumberedMutant>& mutants, const MutationPlaces& places,
                                       int jobs, const CampaignHooks& hooks) {
  const fs::path logs = places.out / "logs";
  const std::vector<Trial> trials = measured_trials(benches, logs, jobs, hooks.progress);
  return Campaign(trials, mutants, logs, jobs, hooks).run();
}

}  // namespace mixvec::inline flows
