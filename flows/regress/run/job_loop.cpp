// Starts whatever has a place, and waits.
#include "flows/regress/run/job_loop.hpp"

#include "flows/regress/run/local_workers.hpp"

namespace mixvec::inline flows {

void run_jobs(std::size_t count, int jobs, const JobLoop& loop) {
  LocalWorkers workers(static_cast<std::size_t>(jobs));
  std::size_t next = 0;
  std::size_t done = 0;
  while (done < count) {
    for (; next < count && workers.free() > 0; ++next) {
      if (loop.wanted && !loop.wanted(next)) {
        ++done;
        continue;
      }
      loop.progress(static_cast<double>(done) / static_cast<double>(count), next);
      workers.start(next, loop.request(next));
    }
    if (done == count) break;
    for (const Finished& one : workers.wait(1)) {
      ++done;
      loop.ended(one.ticket, one.end);
    }
    if (loop.waiting) loop.waiting();
  }
}

}  // namespace mixvec::inline flows
