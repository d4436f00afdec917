// Runs jobs as processes of this machine.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <vector>

#include "flows/regress/run/launcher.hpp"

namespace mixvec::inline flows {

/// Each job has a process group of its own, led by a supervisor that is killed with this program, however that ends,
/// and kills the group then; so does the end of the job, and of its time. Jobs must be started by the thread that lives
/// as long as this program: the system watches threads, not processes.
class LocalWorkers : public Launcher {
 public:
  explicit LocalWorkers(std::size_t count) : slots_(count) {}
  /// Kills what still runs.
  ~LocalWorkers() override;
  LocalWorkers(const LocalWorkers&) = delete;
  LocalWorkers& operator=(const LocalWorkers&) = delete;

  [[nodiscard]] std::size_t free() const override;
  [[nodiscard]] std::size_t workers() const override { return slots_.size(); }
  void start(std::size_t ticket, const ProcessRequest& request) override;
  std::vector<Finished> wait(double seconds) override;

 private:
  using Clock = std::chrono::steady_clock;

  struct Slot {
    pid_t supervisor = 0;  ///< 0: free
    int report = -1;       ///< the supervisor writes how the job ended
    std::size_t ticket = 0;
    double started_at = 0;  ///< seconds since 1970
    Clock::time_point started;
    Clock::time_point deadline;
  };

  static ProcessEnd end_of(Slot& slot, bool timed_out);

  std::vector<Slot> slots_;
};

}  // namespace mixvec::inline flows
