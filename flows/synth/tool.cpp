// Starts external programs without a shell, so that no path needs quoting.
#include "flows/synth/tool.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <string_view>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/cli/cli.hpp"
#include "golden/files/input_file.hpp"
#include "golden/files/temporaries.hpp"

extern char** environ;

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

void run_tool(const std::vector<std::string>& command, const std::filesystem::path& log) {
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  ::posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
  // A group of its own, with all that it starts (ABC), so that a signal that ends this program ends it, too.
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  pid_t child = 0;
  int error = 0;
  {
    const SignalsHeldBack held;
    sigset_t none;
    ::sigemptyset(&none);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    error = ::posix_spawnp(&child, arguments[0], &actions, &attributes, arguments.data(), environ);
    if (error == 0) kill_with_us(child);
  }
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw FlowError(fmt::format("{} cannot be started: {}", command[0], std::strerror(error)));
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) throw FlowError(fmt::format("{}: {}", command[0], std::strerror(errno)));
  }
  kill_with_us(0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  std::string text = read_file(log);
  constexpr std::size_t kShown = 2000;
  if (text.size() > kShown) text.erase(0, text.find('\n', text.size() - kShown) + 1);
  throw FlowError(fmt::format("{} failed; the end of what it said:\n{}", command[0], text));
}

}  // namespace mixvec::inline flows
