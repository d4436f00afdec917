// Implements the start with fork and exec: limits and descriptors are set in between.
#include "flows/tests/faults/program_runner.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "golden/cli/cli.hpp"
#include "golden/files/input_file.hpp"

namespace mixvec::inline flows {

namespace fs = std::filesystem;

namespace {

void place(int descriptor, const std::string& target) {
  if (target.empty()) {
    ::close(descriptor);
    return;
  }
  int file = -1;
  if (target == "|") {
    int ends[2];
    if (::pipe(ends) != 0) ::_exit(126);
    ::close(ends[0]);
    file = ends[1];
  } else {
    file = ::open(target.c_str(), descriptor == 0 ? O_RDONLY : O_WRONLY | O_CREAT | O_TRUNC, 0666);
  }
  if (file < 0 || ::dup2(file, descriptor) < 0) ::_exit(126);
  ::close(file);
}

}  // namespace

Ended run_program(const fs::path& folder, const std::string& program, const std::vector<std::string>& arguments,
                  const Conditions& conditions) {
  const fs::path path = fs::path(MIXVEC_BINARY_DIR) / program;
  const fs::path log = fs::absolute(folder) += ".log";
  std::vector<std::string> words{path.string()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::chdir(folder.c_str()) != 0) ::_exit(126);
    place(0, "/dev/null");
    place(1, "/dev/null");
    place(2, log.string());
    for (const auto& [descriptor, target] : conditions.into) place(descriptor, target);
    for (const auto& [name, value] : conditions.environment) ::setenv(name.c_str(), value.c_str(), 1);
    for (const auto& [which, size] : conditions.limits) {
      const rlimit limit{size, size};
      ::setrlimit(which, &limit);
    }
    ::execv(path.c_str(), argv.data());
    ::_exit(126);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  Ended ended;
  if (WIFEXITED(status)) ended.code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) ended.signal = WTERMSIG(status);
  ended.err = read_file(log);
  return ended;
}

}  // namespace mixvec::inline flows
