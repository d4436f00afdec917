// Runs what is left of a night: builds, runs, and the first failure of each bucket again by itself.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "flows/regress/run/launcher.hpp"
#include "flows/regress/run/store.hpp"

namespace mixvec::inline flows {

/// Who wants to hear how it goes.
struct NightListener {
  std::function<void(const Job&, const JobResult&)> result;
  std::function<void(double fraction, std::string_view detail)> progress;
};

/// Runs all jobs of the night that have no result yet, the most urgent first; then the first failure of each bucket
/// again, one after the other, with waves where its kind has them; then the night has ended. Every result is in the
/// store as soon as it is known, so whatever ends this program, another call goes on from there.
void run_night(Store& store, const Night& night, Launcher& launcher, const std::filesystem::path& out,
               const NightListener& listener);

/// Seconds since 1970.
double time_now();

/// Only one program works in a folder: the lock is held until the process, and what it started, has ended. Throws
/// InputError if another one has it.
class FolderLock {
 public:
  explicit FolderLock(const std::filesystem::path& out);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int descriptor_;
};

}  // namespace mixvec::inline flows
