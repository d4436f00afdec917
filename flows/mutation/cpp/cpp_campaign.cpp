// A worker takes a mutant and goes through the trials that reach it.
#include "flows/mutation/cpp/cpp_campaign.hpp"

#include <fmt/format.h>

#include <csignal>

#include "flows/regress/run/local_workers.hpp"
#include "flows/synth/tool.hpp"

namespace mixvec::inline flows {
namespace {

namespace fs = std::filesystem;

enum class CppWay : std::uint8_t { kPassed, kNoticed, kTime, kNotStarted };

/// A shell gives 128 + the signal for a program that one has ended, 126 and 127 for one that it cannot start.
CppWay cpp_way_of(const ProcessEnd& end) {
  const int signal = end.signal != 0 ? end.signal : end.code - 128;
  if (end.timed_out || signal == SIGXCPU || signal == SIGKILL) return CppWay::kTime;
  if (end.code == 0) return CppWay::kPassed;
  if (end.code == 126 || end.code == 127) return CppWay::kNotStarted;
  return CppWay::kNoticed;
}

class CppCampaign {
 public:
  CppCampaign(const std::vector<CppTrial>& trials, const std::vector<NumberedMutant>& mutants, const CppPlaces& places,
              const CppHooks& hooks)
      : trials_(trials), places_(places), hooks_(hooks), workers_(static_cast<std::size_t>(places.jobs)) {
    for (const NumberedMutant& mutant : mutants)
      states_.push_back({{mutant, Verdict::kSurvived, "", "", 0, 0}, 0, false});
    fs::create_directories(places.out / "rooms");
    fs::create_directories(places.out / "logs");
  }

  std::vector<MutantResult> run() {
    std::size_t next = 0;
    while (done_ < states_.size()) {
      while (next < states_.size() && workers_.free() > 0) start(next++);
      if (done_ == states_.size()) break;
      for (const Finished& one : workers_.wait(1)) ended(one);
    }
    std::vector<MutantResult> results;
    for (State& one : states_) results.push_back(std::move(one.result));
    return results;
  }

 private:
  struct State {
    MutantResult result;
    std::size_t trial = 0;
    bool confirms = false;  ///< its run is one without a mutant
  };

  [[nodiscard]] bool reaches(const CppTrial& trial, int number) const {
    return trial.reached[static_cast<std::size_t>(number)];
  }

  /// The mutant's next trial, or its end.
  void start(std::size_t i) {
    State& state = states_[i];
    const int number = state.result.mutant.number;
    while (state.trial < trials_.size() && !reaches(trials_[state.trial], number)) ++state.trial;
    if (state.trial < trials_.size()) return launch(i, number);
    if (state.result.runs == 0) state.result.how = kNotReached;
    finish(i);
  }

  void ended(const Finished& one) {
    State& state = states_[one.ticket];
    MutantResult& result = state.result;
    ++result.runs;
    result.seconds += one.end.seconds;
    fs::remove_all(room_of(one.ticket));
    const CppTrial& trial = trials_[state.trial];
    const CppWay way = cpp_way_of(one.end);
    if (way == CppWay::kNotStarted) fail(trial, one, "cannot be started");
    if (state.confirms) {
      if (way != CppWay::kPassed) fail(trial, one, "fails without a mutant, after a mutant had taken too long");
      kill(one.ticket, trial, "time");
    } else if (way == CppWay::kPassed) {
      ++state.trial;
      start(one.ticket);
    } else if (way == CppWay::kTime) {
      state.confirms = true;
      launch(one.ticket, 0);
    } else {
      kill(one.ticket, trial, one.end.code == 1 || one.end.code == 2 ? "failed" : "aborted");
    }
  }

  [[noreturn]] void fail(const CppTrial& trial, const Finished& one, const char* how) const {
    throw FlowError(fmt::format("{} {}: exit code {}, signal {}; see {}", trial.name, how, one.end.code, one.end.signal,
                                log_of(one.ticket).string()));
  }

  void kill(std::size_t i, const CppTrial& trial, const char* how) {
    MutantResult& result = states_[i].result;
    result.verdict = Verdict::kKilled;
    result.by = trial.name;
    result.how = how;
    finish(i);
  }

  [[nodiscard]] fs::path log_of(std::size_t i) const {
    return places_.out / "logs" / fmt::format("mutant_{}.log", states_[i].result.mutant.number);
  }
  [[nodiscard]] fs::path room_of(std::size_t i) const {
    return places_.out / "rooms" / std::to_string(states_[i].result.mutant.number);
  }

  void launch(std::size_t i, int number) {
    workers_.start(i, cpp_request(trials_[states_[i].trial], number, room_of(i), log_of(i)));
  }

  void finish(std::size_t i) {
    ++done_;
    std::error_code ignored;
    fs::remove(log_of(i), ignored);
    hooks_.progress(static_cast<double>(done_) / static_cast<double>(states_.size()),
                    fmt::format("{} of {} mutants", done_, states_.size()));
    hooks_.result(states_[i].result);
  }

  const std::vector<CppTrial>& trials_;
  const CppPlaces& places_;
  const CppHooks& hooks_;
  LocalWorkers workers_;
  std::vector<State> states_;
  std::size_t done_ = 0;
};

}  // namespace

std::vector<MutantResult> run_cpp_campaign(const std::vector<CppTrial>& trials,
                                           const std::vector<NumberedMutant>& mutants, const CppPlaces& places,
                                           const CppHooks& hooks) {
  return CppCampaign(trials, mutants, places, hooks).run();
}

}  // namespace mixvec::inline flows
