// Notes the signals that ask for an end.
#include "flows/regress/slurm/stop_signals.hpp"

namespace mixvec::inline flows {
namespace {

volatile std::sig_atomic_t signal_that_came = 0;

void note_signal(int signal) { signal_that_came = signal; }

}  // namespace

StopSignals::StopSignals() {
  signal_that_came = 0;
  struct sigaction action {};
  action.sa_handler = note_signal;
  ::sigemptyset(&action.sa_mask);
  // One that is ignored (nohup, a shell's background) stays so.
  const auto take = [&action](int signal, struct sigaction& before) {
    ::sigaction(signal, nullptr, &before);
    if (before.sa_handler != SIG_IGN) ::sigaction(signal, &action, nullptr);
  };
  take(SIGINT, interrupt_);
  take(SIGTERM, terminate_);
}

StopSignals::~StopSignals() {
  restore();
  if (signal_that_came != 0) ::raise(signal_that_came);
}

int StopSignals::came() { return signal_that_came; }

void StopSignals::restore() {
  if (restored_) return;
  restored_ = true;
  ::sigaction(SIGINT, &interrupt_, nullptr);
  ::sigaction(SIGTERM, &terminate_, nullptr);
}

void StopSignals::obey() {
  restore();
  ::raise(signal_that_came);
}

}  // namespace mixvec::inline flows
