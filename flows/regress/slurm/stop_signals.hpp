// Lets a loop end in good order when a signal asks for it.
#pragma once

#include <csignal>

namespace mixvec::inline flows {

/// While it lives SIGINT and SIGTERM are noted only. There is one at a time.
class StopSignals {
 public:
  StopSignals();
  /// What was noted and not heard takes its effect.
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// Which has come; 0: none.
  [[nodiscard]] static int came();
  /// Ends the program as the signal that came would have done.
  void obey();

 private:
  void restore();
  struct sigaction interrupt_ {};
  struct sigaction terminate_ {};
  bool restored_ = false;
};

}  // namespace mixvec::inline flows
