// The one pool of threads.
#include "golden/base/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace mixvec::inline golden {
namespace {

/// Hands out indices in ascending order until all are given or a job has failed.
class Work {
 public:
  Work(std::size_t count, const std::function<ParallelJob()>& make_job) : count_(count), make_job_(make_job) {}

  /// One thread's share.
  void run() {
    std::size_t i = next_++;
    if (i >= count_) return;
    try {
      const ParallelJob job = make_job_();
      for (; i < count_; i = next_++) job(i);
    } catch (...) {
      fail(i);
    }
  }

  void rethrow() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  // All jobs before a failed one have been started, so the first that fails is the same one however many threads there
  // are.
  void fail(std::size_t i) {
    next_ = count_;
    const std::lock_guard guard(lock_);
    if (failure_ && failed_ < i) return;
    failed_ = i;
    failure_ = std::current_exception();
  }

  const std::size_t count_;
  const std::function<ParallelJob()>& make_job_;
  std::atomic<std::size_t> next_{0};
  std::mutex lock_;
  std::size_t failed_ = 0;
  std::exception_ptr failure_;
};

}  // namespace

void parallel_for_with(std::size_t count, int threads, const std::function<ParallelJob()>& make_job) {
  std::size_t workers = threads > 0 ? static_cast<std::size_t>(threads) : std::thread::hardware_concurrency();
  workers = std::clamp<std::size_t>(workers, 1, std::max<std::size_t>(count, 1));
  Work work(count, make_job);
  {
    std::vector<std::jthread> helpers;
    helpers.reserve(workers - 1);
    try {
      while (helpers.size() + 1 < workers) helpers.emplace_back([&work] { work.run(); });
    } catch (const std::system_error&) {
      // No room for a further stack, or a limit of the user's: the threads that there are share the work.
    }
    work.run();
  }
  work.rethrow();
}

void parallel_for(std::size_t count, int threads, const ParallelJob& job) {
  parallel_for_with(count, threads, [&job]() -> ParallelJob { return [&job](std::size_t i) { job(i); }; });
}

}  // namespace mixvec::inline golden
