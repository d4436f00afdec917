// The loop of a night.
#include "flows/regress/run/night.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <set>
#include <thread>
#include <unordered_map>

#include "flows/regress/run/schedule.hpp"
#include "flows/regress/run/signature.hpp"
#include "golden/base/error.hpp"
#include "golden/base/system_reason.hpp"
#include "golden/base/text.hpp"
#include "golden/files/place.hpp"

namespace mixvec::inline flows {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSignatureBytes = 1U << 16U;  ///< of a log's end
constexpr std::size_t kMostReruns = 20;             ///< buckets: where all is broken, the first ones say enough
constexpr double kPatience = 3600;                  ///< seconds until the loop looks around without a reason

/// A job's name as a file's; its number keeps names apart that differ only in what is replaced.
std::string file_name(std::size_t position, const std::string& job) {
  std::string name = fmt::format("{:05}_{}", position, job);
  for (char& c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '.' && c != '-') c = '_';
  }
  return name.substr(0, 150);
}

/// An empty folder below `out`: nothing else is ever removed.
void make_afresh(const fs::path& folder, const fs::path& out) {
  if (folder.empty()) return;
  const fs::path place = fs::weakly_canonical(folder);
  const fs::path root = fs::weakly_canonical(out);
  if (place == root || !is_within(place, root)) {
    fail_input("{}: found outside of --out, expected a folder below {}", folder.string(), out.string());
  }
  fs::remove_all(place);
  fs::create_directories(place);
}

std::string describe(const ProcessEnd& end, double timeout) {
  if (end.timed_out) return fmt::format("no end within {:g} s", timeout);
  if (end.signal != 0) return fmt::format("ended by signal {} ({})", end.signal, ::strsignal(end.signal));
  return fmt::format("exit code {}", end.code);
}

class NightRun {
 public:
  NightRun(Store& store, const Night& night, Launcher& launcher, fs::path out, const NightListener& listener)
      : store_(store),
        night_(night),
        launcher_(launcher),
        out_(std::move(out)),
        listener_(listener),
        jobs_(store.jobs(night.number)) {
    use_measured(jobs_, store.measured_seconds());
    for (std::size_t i = 0; i < jobs_.size(); ++i) place_[jobs_[i].name] = i;
    for (JobResult& result : store_.results(night.number)) done_.emplace(place_.at(result.job), std::move(result));
    logs_ = fs::path("logs") / fmt::format("{}", night.number);
    fs::create_directories(out_ / logs_);
  }

  void run_jobs() {
    for (const std::size_t i : order_of(jobs_, launcher_.workers())) {
      if (!done_.contains(i)) waiting_.push_back(i);
    }
    while (!waiting_.empty() || running_ > 0) {
      start_ready();
      if (running_ == 0) continue;
      for (const Finished& finished : launcher_.wait(kPatience)) {
        --running_;
        finish(finished);
      }
    }
  }

  void rerun_failures() {
    std::set<std::string> rerun;
    for (const Rerun& item : store_.reruns(night_.number)) rerun.insert(item.job);
    std::set<std::string> buckets;
    std::set<std::string> built;
    for (const JobResult& result : store_.results(night_.number)) {
      const std::size_t i = place_.at(result.job);
      const bool ran = result.outcome == Outcome::kFailed || result.outcome == Outcome::kTimeout;
      if (!ran || jobs_[i].kind != Job::Kind::kRun || !buckets.insert(result.signature).second) continue;
      if (buckets.size() > kMostReruns) break;
      if (rerun.contains(result.job)) continue;
      say(1.0, "again, by itself: " + result.job);
      store_.record(night_.number, run_again(i, result, built));
    }
  }

 private:
  void say(double fraction, const std::string& detail) const {
    if (listener_.progress) listener_.progress(fraction, detail);
  }

  /// Starts what may start while workers are free; what can never start has its result at once.
  void start_ready() {
    for (std::size_t at = 0; at < waiting_.size();) {
      const std::size_t i = waiting_[at];
      const Job& job = jobs_[i];
      const auto needed = job.needs.empty() ? done_.end() : done_.find(place_.at(job.needs));
      if (!job.needs.empty() && needed == done_.end()) {
        ++at;
        continue;
      }
      if (!job.needs.empty() && needed->second.outcome != Outcome::kPassed) {
        waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(at));
        refuse(i, needed->second);
        at = 0;  // what was passed over may wait for this one
        continue;
      }
      if (launcher_.free() == 0) return;
      waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(at));
      launcher_.start(i, {.command = job.command,
                          .directory = job.directory,
                          .log = out_ / log_of(i),
                          .timeout = job.timeout,
                          .prepare = [this, &job] { make_afresh(job.fresh_folder, out_); },
                          .may_be_copied = job.kind == Job::Kind::kRun && is_within(job.directory, out_)});
      ++running_;
    }
  }

  [[nodiscard]] fs::path log_of(std::size_t i) const { return logs_ / (file_name(i, jobs_[i].name) + ".log"); }

  void refuse(std::size_t i, const JobResult& needed) {
    JobResult result;
    result.job = jobs_[i].name;
    result.outcome = Outcome::kNotRun;
    result.started = time_now();
    result.log = needed.log;
    result.signature = needed.signature;
    keep(i, std::move(result));
  }

  void finish(const Finished& finished) {
    const std::size_t i = finished.ticket;
    JobResult result;
    result.job = jobs_[i].name;
    result.code = finished.end.code;
    result.signal = finished.end.signal;
    result.started = finished.end.started;
    result.seconds = finished.end.seconds;
    result.worker = finished.worker;
    result.log = log_of(i).string();
    if (!finished.end.lost.empty()) {
      result.outcome = Outcome::kNodeFailure;
      result.signature = "node failure: " + finished.end.lost;
    } else if (finished.end.code != 0) {
      result.outcome = finished.end.timed_out ? Outcome::kTimeout : Outcome::kFailed;
      const std::string said = signature_of(end_of_file(out_ / log_of(i), kSignatureBytes));
      if (finished.end.timed_out || finished.end.signal != 0 || said.empty()) {
        result.signature = describe(finished.end, jobs_[i].timeout) + (said.empty() ? "" : "\n" + said);
      } else {
        result.signature = said;
      }
    }
    if (finished.end.code != 0 && jobs_[i].kind != Job::Kind::kRun) {
      result.signature = "build failed\n" + result.signature;
    }
    // Of what has failed as too little was covered, how much it was is of interest, too.
    CoverageHarvest harvest;
    if (!jobs_[i].coverage.empty() && finished.end.lost.empty()) {
      harvest = read_coverage(jobs_[i].coverage, finished.end.started);
    }
    if (result.outcome == Outcome::kPassed && !harvest.missing.empty()) {
      result.outcome = Outcome::kFailed;
      result.signature = "coverage is missing: " + harvest.missing;
    }
    keep(i, std::move(result), harvest.figures);
  }

  void keep(std::size_t i, JobResult result, const std::vector<CoverageFigure>& coverage = {}) {
    store_.record(night_.number, result, coverage);
    if (listener_.result) listener_.result(jobs_[i], result);
    done_.emplace(i, std::move(result));
    say(static_cast<double>(done_.size()) / static_cast<double>(jobs_.size()),
        fmt::format("{} of {}", done_.size(), jobs_.size()));
  }

  /// Alone on the machine, so that nothing else is to blame.
  ProcessEnd run_alone(const ProcessRequest& request) {
    launcher_.start(0, request);
    for (;;) {
      const std::vector<Finished> finished = launcher_.wait(kPatience);
      if (!finished.empty()) return finished.front().end;
    }
  }

  Rerun run_again(std::size_t i, const JobResult& result, std::set<std::string>& built) {
    const Job& job = jobs_[i];
    Rerun again;
    again.job = job.name;
    again.log = (logs_ / (file_name(i, job.name) + ".again.log")).string();
    fs::path directory = job.directory;
    again.command = job.command;
    if (!job.waves_build.empty() && build_with_waves(job, built)) {
      const fs::path waves = fs::path("waves") / fmt::format("{}", night_.number) / (file_name(i, job.name) + ".fst");
      fs::create_directories((out_ / waves).parent_path());
      directory = job.waves_directory;
      std::string options;
      for (const std::string& word : job.waves_options) {
        options += " " + shell_quote(word == "{waves}" ? (out_ / waves).string() : word);
      }
      again.command += options;
      // The case alone, where the bench has named it: a trace of all cases before it would be as large as it is
      // useless. Where that passes, what came before matters.
      const std::string single = reproduction_in(end_of_file(out_ / result.log, kSignatureBytes));
      if (!single.empty()) again.command = fmt::format("{}{} && {}", single, options, again.command);
      again.waves = waves.string();
    }
    const ProcessEnd end = run_alone({.command = again.command,
                                      .directory = directory,
                                      .log = out_ / again.log,
                                      .timeout = 2 * job.timeout,
                                      .prepare = [&] {
                                        if (!again.waves.empty()) fs::remove(out_ / again.waves);
                                      }});
    if (!again.waves.empty() && !fs::exists(out_ / again.waves)) again.waves.clear();
    again.failed_again = end.code != 0 || !read_coverage(job.coverage, end.started).missing.empty();
    again.seconds = end.seconds;
    return again;
  }

  bool build_with_waves(const Job& job, std::set<std::string>& built) {
    if (built.contains(job.waves_directory)) return true;
    constexpr double kTimeout = 3600;
    const fs::path log = out_ / logs_ / (file_name(jobs_.size(), fs::path(job.waves_directory).filename()) + ".log");
    const ProcessEnd end =
        run_alone({.command = job.waves_build, .directory = out_, .log = log, .timeout = kTimeout, .prepare = [&] {
                     make_afresh(job.waves_directory, out_);
                   }});
    if (end.code != 0) return false;
    built.insert(job.waves_directory);
    return true;
  }

  Store& store_;
  const Night& night_;
  Launcher& launcher_;
  fs::path out_;
  const NightListener& listener_;
  std::vector<Job> jobs_;
  std::unordered_map<std::string, std::size_t> place_;
  std::unordered_map<std::size_t, JobResult> done_;
  std::vector<std::size_t> waiting_;  ///< the most urgent first
  std::size_t running_ = 0;
  fs::path logs_;
};

}  // namespace

double time_now() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

void run_night(Store& store, const Night& night, Launcher& launcher, const fs::path& out,
               const NightListener& listener) {
  NightRun run(store, night, launcher, out, listener);
  run.run_jobs();
  run.rerun_failures();
  store.end(night.number, time_now());
}

FolderLock::FolderLock(const fs::path& out)
    : descriptor_(::open((out / "lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
  if (descriptor_ < 0) fail_input("{}: {}", (out / "lock").string(), system_reason(errno));
  // Supervisors hold the lock of a program that was killed for the moment that they live on.
  constexpr int kTries = 100;
  for (int i = 0; ::flock(descriptor_, LOCK_EX | LOCK_NB) != 0; ++i) {
    if (i == kTries || errno != EWOULDBLOCK) {
      ::close(descriptor_);
      fail_input("--out {}: found another program at work in it, expected none; wait for its end", out.string());
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

FolderLock::~FolderLock() { ::close(descriptor_); }

}  // namespace mixvec::inline flows
