// The pool of threads: every job once, the first failure, and threads that the system refuses.
#include "golden/base/parallel.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MIXVEC_SANITIZED true
#elif defined(__has_feature)
#define MIXVEC_SANITIZED __has_feature(address_sanitizer)
#else
#define MIXVEC_SANITIZED false
#endif

namespace mixvec::inline golden {
namespace {

constexpr bool kSanitized = MIXVEC_SANITIZED;

TEST(Parallel, EveryJobIsCalledOnce) {
  for (const int threads : {0, 1, 2, 7}) {
    for (const std::size_t count : {0, 1, 2, 100}) {
      std::vector<std::atomic<int>> calls(count);
      parallel_for(count, threads, [&](std::size_t i) { ++calls[i]; });
      for (const auto& c : calls) EXPECT_EQ(c, 1);
    }
  }
}

TEST(Parallel, EachThreadHasAJobOfItsOwn) {
  std::atomic<int> made{0};
  std::atomic<int> wrong{0};
  std::atomic<int> calls{0};
  parallel_for_with(1000, 3, [&]() -> ParallelJob {
    ++made;
    return [&, owner = std::this_thread::get_id()](std::size_t) {
      ++calls;
      wrong += owner != std::this_thread::get_id();
    };
  });
  EXPECT_EQ(calls, 1000);
  EXPECT_EQ(wrong, 0);
  EXPECT_GE(made, 1);
  EXPECT_LE(made, 3);
}

TEST(Parallel, TheFirstFailureIsPassedOn) {
  for (const int threads : {1, 2, 5}) {
    for (int round = 0; round < 50; ++round) {
      try {
        parallel_for(100, threads, [](std::size_t i) {
          if (i >= 40) throw std::runtime_error(std::to_string(i));
        });
        FAIL() << "nothing thrown";
      } catch (const std::runtime_error& error) {
        EXPECT_STREQ(error.what(), "40");
      }
    }
  }
}

// A thread needs 8 MB of address space for its stack: a limit that is close leaves none for it.
TEST(Parallel, GoesOnWithoutThreadsThatCannotStart) {
  if (kSanitized) GTEST_SKIP() << "sanitizers need room of their own";
  const auto without_room = [] {
    std::ifstream statm("/proc/self/statm");
    rlim_t pages = 0;
    statm >> pages;
    const rlim_t most = pages * 4096 + (rlim_t{1} << 20U);
    const rlimit limit{most, most};
    if (setrlimit(RLIMIT_AS, &limit) != 0) std::_Exit(3);
    // Stacks of threads that ended may be used again: take those that are left.
    bool refused = false;
    for (int i = 0; i < 1000 && !refused; ++i) {
      try {
        std::thread([] { pause(); }).detach();
      } catch (const std::system_error&) {
        refused = true;
      }
    }
    std::size_t sum = 0;
    std::mutex lock;
    parallel_for(1000, 4, [&](std::size_t i) {
      const std::lock_guard guard(lock);
      sum += i;
    });
    std::_Exit(refused && sum == 1000 * 999 / 2 ? 0 : 1);
  };
  EXPECT_EXIT(without_room(), ::testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace mixvec::inline golden
