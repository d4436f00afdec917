// Runs a list of independent jobs, some at once.
#pragma once

#include <cstddef>
#include <functional>

#include "flows/regress/run/launcher.hpp"

namespace mixvec::inline flows {

/// What a job loop asks and tells, by the job's place in the list.
struct JobLoop {
  std::function<ProcessRequest(std::size_t)> request;
  std::function<void(std::size_t, const ProcessEnd&)> ended;
  std::function<bool(std::size_t)> wanted = {};                     ///< asked when its turn comes; none: all are
  std::function<void(double fraction, std::size_t next)> progress;  ///< when a job is about to start
  std::function<void()> waiting = {};                               ///< once a second or so while jobs run
};

/// Runs `count` jobs on this machine, `jobs` at once, in their order. What `ended` throws ends the others.
void run_jobs(std::size_t count, int jobs, const JobLoop& loop);

}  // namespace mixvec::inline flows
