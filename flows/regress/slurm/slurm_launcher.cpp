// Submits jobs to Slurm, and hears of their ends by files.
#include "flows/regress/slurm/slurm_launcher.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <fstream>
#include <set>

#include "flows/regress/run/signature.hpp"
#include "flows/regress/slurm/slurm_time.hpp"
#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/files/input_file.hpp"

namespace mixvec::inline flows {
namespace {

namespace fs = std::filesystem;

constexpr double kRefusedSeconds = 900;       ///< so long a cluster may take no jobs
constexpr double kEndSeconds = 120;           ///< for cancelled tasks to leave the queue
constexpr const char* kGivenUp = "given up";  ///< holds the claim of what must not begin any more
constexpr std::size_t kTailOfSaid = 10;       ///< lines
constexpr std::size_t kMostNotes = 3;
constexpr double kIdleSeconds = 60;  ///< until a user is told why nothing happens

}  // namespace

SlurmLauncher::SlurmLauncher(SlurmSettings settings)
    : settings_(std::move(settings)),
      folder_(settings_.out, settings_.night),
      client_(folder_.path() / "client.log"),
      prefix_(fmt::format("mixvec-{}-{}-", folder_.token(), settings_.night)),
      next_ask_(Clock::now()),
      idle_since_(Clock::now()) {
  client_.check();
  most_tasks_ = client_.most_tasks();
  check_node();
  look_for_earlier_tasks();
}

SlurmLauncher::~SlurmLauncher() {
  try {
    cancel_all();
  } catch (const std::exception& error) {
    fmt::print(stderr, "note: jobs may be left in Slurm's queue: {}\n", error.what());
  }
}

void SlurmLauncher::note(const std::string& text) const {
  if (settings_.note) settings_.note(text);
}

std::string SlurmLauncher::key_of(const fs::path& log) const { return log.lexically_relative(settings_.out).string(); }

void SlurmLauncher::look_for_earlier_tasks() {
  for (const SlurmBatch& batch : folder_.batches()) {
    next_batch_ = std::max(next_batch_, batch.number + 1);
    batches_[batch.number] = {.job = batch.job, .cancelled = batch.cancelled};
    // A later batch holds the later attempt.
    for (std::size_t i = 0; i < batch.tasks.size(); ++i) {
      known_[key_of(batch.tasks[i].log)] = {.batch = batch.number, .index = i, .attempt = batch.tasks[i].attempt};
    }
  }
}

std::size_t SlurmLauncher::free() const {
  // Not one for each that ends: that would make arrays of one.
  const std::size_t taken = running_.size() + waiting_.size();
  return filling_ && taken < settings_.most ? settings_.most - taken : 0;
}

void SlurmLauncher::start(std::size_t ticket, const ProcessRequest& request) {
  Task task{.ticket = ticket, .request = request};
  const auto known = known_.find(key_of(request.log));
  if (known == known_.end()) {
    if (request.prepare) request.prepare();
    waiting_.push_back(std::move(task));
  } else {
    task.batch = known->second.batch;
    task.index = known->second.index;
    task.attempt = known->second.attempt;
    const std::string name = SlurmFolder::task_name(task.batch, task.index);
    folder_.unsettle(name);
    running_.emplace(name, std::move(task));
    known_.erase(known);
    next_ask_ = Clock::now();
  }
  if (running_.size() + waiting_.size() >= settings_.most) filling_ = false;
}

void SlurmLauncher::submit_queued() {
  std::map<std::uint64_t, std::vector<Task>> groups;
  for (; !waiting_.empty(); waiting_.pop_front()) {
    // All tasks of an array have one time limit; those of about the same length share one.
    std::vector<Task>& group = groups[std::bit_ceil(limit_minutes(waiting_.front().request.timeout))];
    group.push_back(std::move(waiting_.front()));
    if (group.size() == most_tasks_) {
      submit(std::move(group));
      group.clear();
    }
  }
  for (auto& [minutes, group] : groups) {
    if (!group.empty()) submit(std::move(group));
  }
}

void SlurmLauncher::submit(std::vector<Task> tasks) {
  SlurmBatch batch;
  batch.number = next_batch_++;
  double timeout = 0;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    Task& task = tasks[i];
    task.batch = batch.number;
    task.index = i;
    task.was_gone = false;
    timeout = std::max(timeout, task.request.timeout);
    batch.tasks.push_back({.command = task.request.command,
                           .directory = task.request.directory,
                           .log = task.request.log,
                           .timeout = task.request.timeout,
                           .from_copy = settings_.copy_builds && task.request.may_be_copied,
                           .attempt = task.attempt});
  }
  // Whoever resumes the night looks for all that is written here: from now on a kill loses nothing.
  folder_.write_batch(batch);
  for (Task& task : tasks) running_.emplace(SlurmFolder::task_name(task.batch, task.index), std::move(task));
  Submitted& submitted = batches_[batch.number];
  const std::string command = fmt::format("exec {} --slurm-task {}", shell_quote(settings_.program.string()),
                                          shell_quote(folder_.batch_file(batch.number).string()));
  const SlurmAnswer answer = client_.call(
      sbatch(folder_.job_name(batch.number), batch.tasks.size(), timeout, folder_.said_file(batch.number), command),
      kCallSeconds);
  submitted.job = SlurmClient::job_number(answer);
  if (!submitted.job.empty()) {
    folder_.note_submitted(batch.number, submitted.job);
    refused_since_ = {};
    return;
  }
  // It may have it nevertheless. ask_queue() finds out, and submits anew what it has not.
  if (refused_since_ == Clock::time_point{}) {
    refused_since_ = Clock::now();
    if (SlurmClient::may_pass(answer)) note("Slurm takes no jobs now, tried again: " + answer.reason());
  }
  if (!SlurmClient::may_pass(answer) || seconds_until(refused_since_) < -kRefusedSeconds) {
    fail_input(
        "--slurm: found that sbatch refuses jobs, expected it to take them: {}; go on with --resume when that "
        "is mended",
        answer.reason());
  }
}

Finished SlurmLauncher::finish(const Task& task, ProcessEnd end) {
  // Rows of the timeline, on which no two jobs overlap; nodes have too many cores to draw them all.
  auto lane = std::find_if(lanes_.begin(), lanes_.end(), [&](double ended) { return ended <= end.started; });
  if (lane == lanes_.end()) lane = lanes_.insert(lanes_.end(), 0.0);
  *lane = end.started + end.seconds;
  return {.ticket = task.ticket, .worker = static_cast<std::size_t>(lane - lanes_.begin()), .end = std::move(end)};
}

void SlurmLauncher::collect(std::vector<Finished>& finished) {
  for (const std::string& name : folder_.new_results()) {
    const auto found = running_.find(name);
    if (found == running_.end()) continue;
    std::optional<SlurmResult> result = folder_.result(name);
    if (!result) continue;
    finished.push_back(finish(found->second, std::move(result->end)));
    running_.erase(found);
    told_.push_back(name);
  }
}

bool SlurmLauncher::is_lost(const std::string& name, Task& task, const SlurmQueue& queue) const {
  const auto found = queue.find(SlurmClient::queue_key(folder_.job_name(task.batch), task.index));
  const bool is_gone = found == queue.end() || found->second.is_over();
  if (!is_gone) {
    task.was_gone = false;
    return false;
  }
  if (folder_.result(name)) return false;
  // It has not begun, and cannot any more, should Slurm come to it nevertheless.
  if (folder_.claim(name, kGivenUp)) return true;
  // What has begun may have written its result since, and a file system may be slow to show it.
  if (!task.was_gone && folder_.claimed_by(name) != kGivenUp) {
    task.was_gone = true;
    return false;
  }
  return true;
}

void SlurmLauncher::lose(Task task, const std::string& state, std::vector<Finished>& finished) {
  const Submitted& batch = batches_.at(task.batch);
  const std::string name = SlurmFolder::task_name(task.batch, task.index);
  const std::string node = folder_.claimed_by(name).value_or(kGivenUp);
  // What was never in the queue, or was taken out of it by us, was no attempt.
  if (!batch.job.empty() && !batch.cancelled) ++task.attempt;
  if (task.attempt < settings_.attempts) {
    if (task.attempt > 0 && !batch.cancelled) {
      again_.push_back(fmt::format("{} has left Slurm's queue without a result ({}{}); submitted again",
                                   task.request.log.stem().string(), state, node == kGivenUp ? "" : " on " + node));
    }
    if (task.request.prepare) task.request.prepare();
    waiting_.push_back(std::move(task));
    return;
  }
  ProcessEnd end;
  end.started = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  end.lost = fmt::format("{} times gone from Slurm's queue without a result, last as {}", task.attempt, state);
  // Like failures share a bucket: what tells them apart is in the log.
  std::ofstream(task.request.log, std::ios::app)
      << "node failure: " << end.lost << (node == kGivenUp ? ", before it began" : " on node " + node) << '\n'
      << last_lines(folder_.said_file(task.batch), kTailOfSaid);
  finished.push_back(finish(task, std::move(end)));
}

void SlurmLauncher::ask_queue(std::vector<Finished>& finished) {
  if (running_.empty() || seconds_until(next_ask_) > 0) return;
  next_ask_ = time_in(settings_.ask_seconds);
  folder_.refresh();
  const std::optional<SlurmQueue> queue = client_.queue(prefix_);
  if (!queue) {
    if (!silent_) note("Slurm does not answer; what is under way there goes on");
    silent_ = true;
    return;
  }
  silent_ = false;
  note_waiting(*queue);
  for (auto next = running_.begin(); next != running_.end();) {
    const auto item = next++;
    if (!is_lost(item->first, item->second, *queue)) continue;
    const auto found = queue->find(SlurmClient::queue_key(folder_.job_name(item->second.batch), item->second.index));
    Task task = std::move(item->second);
    running_.erase(item);
    lose(std::move(task), found == queue->end() ? "unknown" : found->second.state, finished);
  }
  // A node may take hundreds along.
  for (std::size_t i = 0; i < std::min(again_.size(), kMostNotes); ++i) note(again_[i]);
  if (again_.size() > kMostNotes) note(fmt::format("{} more have, and are, too", again_.size() - kMostNotes));
  again_.clear();
}

void SlurmLauncher::note_waiting(const SlurmQueue& queue) {
  std::map<std::string, std::size_t> reasons;
  for (const auto& [name, task] : running_) {
    const auto found = queue.find(SlurmClient::queue_key(folder_.job_name(task.batch), task.index));
    if (found == queue.end()) continue;
    if (found->second.state != "PENDING") idle_since_ = Clock::now();
    ++reasons[found->second.reason];
  }
  if (told_waiting_ || reasons.empty() || seconds_until(idle_since_) > -kIdleSeconds) return;
  told_waiting_ = true;
  std::string text;
  for (const auto& [reason, count] : reasons) {
    text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", count, escape_controls(reason));
  }
  note("nothing has begun for a minute; in Slurm's queue wait: " + text);
}

std::vector<Finished> SlurmLauncher::wait(double seconds) {
  for (const std::string& name : told_) folder_.settle(name);
  told_.clear();
  const Clock::time_point until = time_in(seconds);
  std::vector<Finished> finished;
  for (;;) {
    submit_queued();
    collect(finished);
    ask_queue(finished);
    if (StopSignals::came() != 0) {
      cancel_all();
      signals_.obey();
    }
    if (running_.size() <= settings_.most - (settings_.most + 9) / 10) filling_ = true;
    if (!finished.empty()) idle_since_ = Clock::now();
    if (!finished.empty() || seconds_until(until) <= 0 || running_.empty()) return finished;
    sleep_until_signal(kPollSeconds);
  }
}

void SlurmLauncher::cancel_all() {
  std::set<std::int64_t> left;
  for (const auto& [name, task] : running_) left.insert(task.batch);
  running_.clear();
  waiting_.clear();
  std::string jobs;
  for (const std::int64_t number : left) {
    Submitted& batch = batches_.at(number);
    folder_.note_cancelled(number);
    batch.cancelled = true;
    if (batch.job.empty()) {
      // By its name, should Slurm have it.
      [[maybe_unused]] const SlurmAnswer answer =
          client_.call("exec scancel --me --name=" + folder_.job_name(number), kCallSeconds);
    } else {
      jobs += " " + batch.job;
    }
  }
  if (jobs.empty()) return;
  const SlurmAnswer answer = client_.call("exec scancel" + jobs, kCallSeconds);
  if (!answer.good) note("jobs may be left in Slurm's queue: scancel" + jobs + ": " + answer.reason());
}

void end_slurm_night(const fs::path& out, std::int64_t night) {
  const SlurmFolder folder(out, night);
  const SlurmClient client(folder.path() / "client.log");
  client.check();
  for (const SlurmBatch& batch : folder.batches()) {
    // What has not begun does not begin any more.
    for (std::size_t i = 0; i < batch.tasks.size(); ++i) {
      [[maybe_unused]] const bool is_ours = folder.claim(SlurmFolder::task_name(batch.number, i), kGivenUp);
    }
  }
  const std::string prefix = fmt::format("mixvec-{}-{}-", folder.token(), night);
  const auto until = time_in(kEndSeconds);
  for (;;) {
    const std::optional<SlurmQueue> queue = client.queue(prefix);
    std::set<std::string> names;
    for (const auto& [key, state] : queue.value_or(SlurmQueue{})) {
      if (!state.is_over()) names.insert(key.substr(0, key.find(' ')));
    }
    if (queue && names.empty()) return;
    if (seconds_until(until) < 0) {
      fail_input(
          "--out {}: found jobs of night {} in Slurm's queue, or no answer from it, expected none: two nights do "
          "not build in the same folders; end them with scancel, or give another folder",
          out.string(), night);
    }
    for (const std::string& name : names) {
      [[maybe_unused]] const SlurmAnswer answer = client.call("exec scancel --me --name=" + name, kCallSeconds);
    }
    sleep_until_signal(1);
  }
}

}  // namespace mixvec::inline flows
