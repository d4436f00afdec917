// Starts external programs without a shell, so that no path needs quoting.
#include "flows/synth/tool.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <string_view>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/cli/cli.hpp"
#include "golden/files/input_file.hpp"
#include "golden/files/temporaries.hpp"

namespace mixvec::inline flows {

bool is_installed(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (::access((std::filesystem::path(folder) / program).c_str(), X_OK) == 0) return true;
  }
  return false;
}

void require_tool_path(const char* option, const std::filesystem::path& path) {
  const std::string text = std::filesystem::absolute(path).string();
  const bool plain = std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c >= 0x80 ||
           std::string_view("/._+-,@=").find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (!plain) {
    fail_input(
        "--{}: found {}, expected letters, digits and / . _ + - , @ = only, as the scripts of Yosys, ABC and OpenSTA "
        "cannot quote others; use another path",
        option, quote(text));
  }
}

namespace {

/// Becomes the tool, in a forked process: system calls only. Returns errno if that fails.
int become(char* const* arguments, const char* log, pid_t parent) {
  // Of its own for the signals that end this program; SIGKILL leaves it no time to pass that on.
  if (::setpgid(0, 0) != 0 || ::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return errno;
  if (::getppid() != parent) ::_exit(EXIT_FAILURE);  // it is gone already
  const int in = ::open("/dev/null", O_RDONLY);
  const int out = ::open(log, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (in < 0 || out < 0 || ::dup2(in, STDIN_FILENO) < 0 || ::dup2(out, STDOUT_FILENO) < 0 ||
      ::dup2(out, STDERR_FILENO) < 0) {
    return errno;
  }
  if (in > STDERR_FILENO) ::close(in);
  if (out > STDERR_FILENO) ::close(out);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execvp(arguments[0], arguments);
  return errno;
}

/// Starts the tool as `child`, in a process group of its own with all that it will start (ABC), so that a signal that
/// ends this program ends it, too. Returns 0, or errno.
int start(const std::vector<char*>& arguments, const char* log, pid_t& child) {
  int report[2];  // closed by the start of the tool, or the errno why there is none
  if (::pipe2(report, O_CLOEXEC) != 0) return errno;
  const SignalsHeldBack held;
  const pid_t parent = ::getpid();
  child = ::fork();
  if (child == 0) {
    const int reason = become(arguments.data(), log, parent);
    const ssize_t written = ::write(report[1], &reason, sizeof reason);
    ::_exit(written > 0 ? EXIT_FAILURE : 127);
  }
  int error = child < 0 ? errno : 0;
  ::close(report[1]);
  if (child > 0) {
    ssize_t count = 0;
    do {
      count = ::read(report[0], &error, sizeof error);
    } while (count < 0 && errno == EINTR);
    if (count > 0) {
      ::waitpid(child, nullptr, 0);
    } else {
      kill_with_us(child);
    }
  }
  ::close(report[0]);
  return error;
}

}  // namespace

std::string end_of_log(const std::filesystem::path& log) {
  std::string text = read_file(log);
  constexpr std::size_t kShown = 2000;
  if (text.size() > kShown) text.erase(0, text.find('\n', text.size() - kShown) + 1);
  return text;
}

void run_tool(const std::vector<std::string>& command, const std::filesystem::path& log) {
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t child = 0;
  const int error = start(arguments, log.c_str(), child);
  if (error != 0) throw FlowError(fmt::format("{} cannot be started: {}", command[0], std::strerror(error)));
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) throw FlowError(fmt::format("{}: {}", command[0], std::strerror(errno)));
  }
  kill_with_us(0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  throw FlowError(fmt::format("{} failed; the end of what it said:\n{}", command[0], end_of_log(log)));
}

}  // namespace mixvec::inline flows
