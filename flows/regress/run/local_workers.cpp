// Starts, supervises and ends the processes of jobs.
#include "flows/regress/run/local_workers.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <csignal>

#include "golden/base/error.hpp"
#include "golden/base/system_reason.hpp"
#include "golden/files/temporaries.hpp"

namespace mixvec::inline flows {
namespace {

constexpr int kCannotStart = 127;

void kill_own_group(int /*signal*/) { ::kill(0, SIGKILL); }

/// Handlers of this program must not run in its children: they would remove what it is writing.
void reset_signals() {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGXCPU, SIGPIPE, SIGXFSZ}) ::signal(signal, SIG_DFL);
}

void unblock_signals() {
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

/// Becomes the shell of the job.
[[noreturn]] void become_job(const ProcessRequest& request, pid_t supervisor) {
  // Should somebody kill the supervisor alone.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::signal(SIGTERM, SIG_DFL);
  unblock_signals();
  if (::getppid() != supervisor) ::_exit(kCannotStart);
  if (::chdir(request.directory.c_str()) != 0) {
    ::dprintf(STDERR_FILENO, "%s: cannot be entered\n", request.directory.c_str());
    ::_exit(kCannotStart);
  }
  ::execl("/bin/sh", "sh", "-c", request.command.c_str(), static_cast<char*>(nullptr));
  ::_exit(kCannotStart);
}

/// The leader of the job's group: waits for the job, says how it ended, and ends with all that the job left behind.
[[noreturn]] void supervise(const ProcessRequest& request, pid_t parent, int report) {
  ::setpgid(0, 0);
  reset_signals();
  ::signal(SIGTERM, kill_own_group);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(kCannotStart);  // it is gone already
  const int in = ::open("/dev/null", O_RDONLY);
  const int log = ::open(request.log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (in < 0 || log < 0 || ::dup2(in, STDIN_FILENO) < 0 || ::dup2(log, STDOUT_FILENO) < 0 ||
      ::dup2(log, STDERR_FILENO) < 0) {
    ::_exit(kCannotStart);
  }
  if (in > STDERR_FILENO) ::close(in);
  if (log > STDERR_FILENO) ::close(log);
  const pid_t self = ::getpid();
  const pid_t job = ::fork();
  if (job == 0) become_job(request, self);
  unblock_signals();
  int status = kCannotStart << 8;
  while (job > 0 && ::waitpid(job, &status, 0) < 0 && errno == EINTR) continue;
  [[maybe_unused]] const ssize_t written = ::write(report, &status, sizeof status);
  ::kill(0, SIGKILL);
  ::_exit(kCannotStart);
}

void wait_for(pid_t process) {
  while (::waitpid(process, nullptr, 0) < 0 && errno == EINTR) continue;
}

}  // namespace

LocalWorkers::~LocalWorkers() {
  for (Slot& slot : slots_) {
    if (slot.supervisor == 0) continue;
    ::kill(-slot.supervisor, SIGKILL);
    wait_for(slot.supervisor);
    ::close(slot.report);
  }
}

std::size_t LocalWorkers::free() const {
  return static_cast<std::size_t>(
      std::count_if(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.supervisor == 0; }));
}

void LocalWorkers::start(std::size_t ticket, const ProcessRequest& request) {
  const auto slot = std::find_if(slots_.begin(), slots_.end(), [](const Slot& item) { return item.supervisor == 0; });
  if (slot == slots_.end()) throw std::logic_error("no worker is free");
  if (request.prepare) request.prepare();
  int report[2];
  if (::pipe2(report, O_CLOEXEC) != 0) fail_input("a job cannot be started: {}", system_reason(errno));
  const pid_t parent = ::getpid();
  {
    const SignalsHeldBack held;
    slot->supervisor = ::fork();
    if (slot->supervisor == 0) supervise(request, parent, report[1]);
  }
  const int error = errno;
  ::close(report[1]);
  if (slot->supervisor < 0) {
    slot->supervisor = 0;
    ::close(report[0]);
    fail_input("a job cannot be started: {}", system_reason(error));
  }
  // Here too: whoever comes first. Without it a deadline could come before there is a group.
  ::setpgid(slot->supervisor, slot->supervisor);
  slot->report = report[0];
  slot->ticket = ticket;
  slot->started_at = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  slot->started = Clock::now();
  slot->deadline =
      slot->started + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(request.timeout));
}

ProcessEnd LocalWorkers::end_of(Slot& slot, bool timed_out) {
  ProcessEnd end;
  end.timed_out = timed_out;
  end.started = slot.started_at;
  int status = 0;
  const bool said = !timed_out && ::read(slot.report, &status, sizeof status) == static_cast<ssize_t>(sizeof status);
  // What the supervisor has left to do takes a moment; where it was killed, its group goes, too.
  ::kill(-slot.supervisor, SIGKILL);
  wait_for(slot.supervisor);
  ::close(slot.report);
  if (said && WIFEXITED(status)) {
    end.code = WEXITSTATUS(status);
  } else {
    end.signal = said ? WTERMSIG(status) : SIGKILL;
  }
  end.seconds = std::chrono::duration<double>(Clock::now() - slot.started).count();
  slot = Slot{};
  return end;
}

std::vector<Finished> LocalWorkers::wait(double seconds) {
  Clock::time_point until =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  std::vector<pollfd> reports;
  std::vector<std::size_t> which;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].supervisor == 0) continue;
    until = std::min(until, slots_[i].deadline);
    reports.push_back({.fd = slots_[i].report, .events = POLLIN, .revents = 0});
    which.push_back(i);
  }
  const double left = std::chrono::duration<double, std::milli>(until - Clock::now()).count();
  ::poll(reports.data(), reports.size(), static_cast<int>(std::clamp(std::ceil(left), 0.0, 1e6)));
  std::vector<Finished> finished;
  for (std::size_t i = 0; i < which.size(); ++i) {
    Slot& slot = slots_[which[i]];
    const bool ended = reports[i].revents != 0;
    const bool timed_out = !ended && Clock::now() >= slot.deadline;
    if (!ended && !timed_out) continue;
    const std::size_t ticket = slot.ticket;
    finished.push_back({ticket, which[i], end_of(slot, timed_out)});
  }
  return finished;
}

}  // namespace mixvec::inline flows
