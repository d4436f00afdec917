// Runs jobs on a cluster: Slurm's job arrays, whose tasks leave their results in files.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "flows/regress/run/launcher.hpp"
#include "flows/regress/slurm/slurm_client.hpp"
#include "flows/regress/slurm/slurm_folder.hpp"
#include "flows/regress/slurm/stop_signals.hpp"

namespace mixvec::inline flows {

struct SlurmSettings {
  std::filesystem::path out;
  std::int64_t night = 0;
  std::filesystem::path program;  ///< run_regress, which tasks call
  std::string options;            ///< of sbatch, as a shell takes them
  std::size_t cores = 1;          ///< of each job
  std::size_t most = 1000;        ///< jobs that are queued or run at once
  std::size_t attempts = 3;       ///< until a job that vanishes is given up
  double ask_seconds = 5;         ///< between two questions to the queue
  bool copy_builds = false;
  std::function<void(const std::string&)> note = {};  ///< takes what a user should know meanwhile
};

/// Jobs that are ready together go into one array, if their time limits are alike. Slurm starts each task once; a task
/// that leaves the queue without a result (its node has failed, it was cancelled or preempted) is submitted again. What
/// an earlier run of this program has submitted and not lived to hear of is taken over. SIGINT and SIGTERM cancel what
/// is left before they end the program, as does the destructor. Each call of Slurm's programs has a time limit.
class SlurmLauncher : public Launcher {
 public:
  /// Throws InputError if there is no Slurm, no cluster, or if a node does not see the folder. Waits for that node.
  explicit SlurmLauncher(SlurmSettings settings);
  ~SlurmLauncher() override;
  SlurmLauncher(const SlurmLauncher&) = delete;
  SlurmLauncher& operator=(const SlurmLauncher&) = delete;

  [[nodiscard]] std::size_t free() const override;
  [[nodiscard]] std::size_t workers() const override { return settings_.most; }
  void start(std::size_t ticket, const ProcessRequest& request) override;
  std::vector<Finished> wait(double seconds) override;

 private:
  using Clock = std::chrono::steady_clock;

  struct Task {
    std::size_t ticket = 0;
    ProcessRequest request;
    std::size_t attempt = 0;
    std::int64_t batch = 0;
    std::size_t index = 0;
    bool was_gone = false;  ///< when the queue was asked the last time
  };
  /// A batch that has tasks without an end.
  struct Submitted {
    std::string job;         ///< empty: it is not known whether Slurm has it
    bool cancelled = false;  ///< by us
  };
  /// What an earlier run has submitted.
  struct Known {
    std::int64_t batch = 0;
    std::size_t index = 0;
    std::size_t attempt = 0;
  };

  void look_for_earlier_tasks();
  void check_node();
  [[noreturn]] void fail_check(const std::string& job, const std::string& name) const;
  [[nodiscard]] std::string key_of(const std::filesystem::path& log) const;
  [[nodiscard]] std::string sbatch(const std::string& name, std::size_t tasks, double seconds,
                                   const std::filesystem::path& said, const std::string& command) const;

  void submit_queued();
  void submit(std::vector<Task> tasks);
  void collect(std::vector<Finished>& finished);
  void ask_queue(std::vector<Finished>& finished);
  /// Is the task gone for good? Its claim is ours then, or the one who had it has no result.
  [[nodiscard]] bool is_lost(const std::string& name, Task& task, const SlurmQueue& queue) const;
  void lose(Task task, const std::string& state, std::vector<Finished>& finished);
  /// Says once why nothing begins.
  void note_waiting(const SlurmQueue& queue);
  Finished finish(const Task& task, ProcessEnd end);
  void cancel_all();
  void note(const std::string& text) const;

  StopSignals signals_;  // the first: what it does at the end comes after all else
  SlurmSettings settings_;
  SlurmFolder folder_;
  SlurmClient client_;
  std::string prefix_;  ///< of our jobs' names
  std::size_t most_tasks_ = 1;
  std::int64_t next_batch_ = 1;
  std::map<std::string, Known> known_;  ///< by the log
  std::map<std::int64_t, Submitted> batches_;
  std::map<std::string, Task> running_;  ///< by task_name(): queued in Slurm, or running
  std::deque<Task> waiting_;             ///< not submitted yet
  std::vector<std::string> told_;        ///< wait() has returned them: the database has them at its next call
  std::vector<std::string> again_;       ///< what a user should know of tasks that are submitted again
  std::vector<double> lanes_;            ///< when the last job of each lane of the timeline ended
  bool filling_ = true;
  bool silent_ = false;  ///< Slurm has not answered the last time
  Clock::time_point next_ask_;
  Clock::time_point refused_since_{};
  Clock::time_point idle_since_;  ///< no task has begun or ended since
  bool told_waiting_ = false;
};

/// Ends what a night that was killed, and will not be resumed, has left in the queue: two nights do not build in the
/// same folders. Throws InputError if Slurm does not let go of it.
void end_slurm_night(const std::filesystem::path& out, std::int64_t night);

}  // namespace mixvec::inline flows
