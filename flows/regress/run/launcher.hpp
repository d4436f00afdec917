// Where jobs run. The loop of a night knows no more of a place than this.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace mixvec::inline flows {

struct ProcessRequest {
  std::string command;  ///< a line for a shell
  std::filesystem::path directory;
  std::filesystem::path log;  ///< takes standard output and standard error; replaced
  double timeout = 0;         ///< seconds

  std::function<void()> prepare = {};  ///< called before it really starts, and before each time that it starts anew
  bool may_be_copied = false;          ///< it only reads its directory, which a place may copy to where it runs
};

/// How a process ended.
struct ProcessEnd {
  int code = -1;           ///< exit code; −1 if a signal ended it
  int signal = 0;          ///< which
  bool timed_out = false;  ///< killed as its time was up
  double seconds = 0;
  double started = 0;  ///< seconds since 1970
  std::string lost;    ///< why there is no end, although the place has tried again and again; empty: there is one
};

struct Finished {
  std::size_t ticket = 0;
  std::size_t worker = 0;
  ProcessEnd end;
};

class Launcher {
 public:
  virtual ~Launcher() = default;
  /// How many more can be started now.
  [[nodiscard]] virtual std::size_t free() const = 0;
  [[nodiscard]] virtual std::size_t workers() const = 0;
  /// Starts a job under a number of the caller's, or takes it over where an earlier run of this program has started it
  /// and it goes on without that; the log tells jobs apart. Throws InputError if the system refuses.
  virtual void start(std::size_t ticket, const ProcessRequest& request) = 0;
  /// What has ended; waits up to `seconds` for the first.
  virtual std::vector<Finished> wait(double seconds) = 0;
};

}  // namespace mixvec::inline flows
