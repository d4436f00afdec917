// Runs independent jobs on a few threads; the result never depends on how many.
#pragma once

#include <cstddef>
#include <functional>

namespace mixvec::inline golden {

using ParallelJob = std::function<void(std::size_t)>;

/// Calls job(0) … job(count − 1), each once, on up to `threads` threads (0: as many as the machine has). Where the
/// system refuses a thread, those that it gave do the work; the caller's own is always one of them. Of the jobs that
/// throw, the exception of the first one is passed on, after all threads have stopped; jobs behind it may not have been
/// called.
void parallel_for(std::size_t count, int threads, const ParallelJob& job);

/// The same where a job needs room of its own to work in: make_job() is called once in each thread that takes part, and
/// what it returns is called with the indices that fall to this thread.
void parallel_for_with(std::size_t count, int threads, const std::function<ParallelJob()>& make_job);

}  // namespace mixvec::inline golden
