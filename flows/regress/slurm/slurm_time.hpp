// Times that all code around Slurm shares.
#pragma once

#include <time.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>

namespace mixvec::inline flows {

inline constexpr double kCallSeconds = 60;     ///< sbatch tries again for itself while a controller is busy
inline constexpr double kPollSeconds = 0.25;   ///< between two looks at the results
inline constexpr double kMarginSeconds = 120;  ///< of Slurm's time limit over ours: it is there for what has gone wrong

/// Negative for a time that has passed.
inline double seconds_until(std::chrono::steady_clock::time_point time) {
  return std::chrono::duration<double>(time - std::chrono::steady_clock::now()).count();
}

inline std::chrono::steady_clock::time_point time_in(double seconds) {
  using Clock = std::chrono::steady_clock;
  return Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
}

/// Shorter if a signal comes.
inline void sleep_until_signal(double seconds) {
  const timespec time{.tv_sec = static_cast<time_t>(seconds),
                      .tv_nsec = static_cast<long>(1e9 * (seconds - std::floor(seconds)))};
  ::nanosleep(&time, nullptr);
}

/// Slurm's limit for a job of this one.
inline std::uint64_t limit_minutes(double timeout) {
  return static_cast<std::uint64_t>(std::ceil((std::min(timeout, 1e8) + kMarginSeconds) / 60));
}

}  // namespace mixvec::inline flows
