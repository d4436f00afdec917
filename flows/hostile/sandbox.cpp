// Runs programs with limits and compares their folder before and after.
#include "flows/hostile/sandbox.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <map>
#include <thread>

#include "flows/hostile/messages.hpp"
#include "golden/base/hash.hpp"
#include "golden/base/text.hpp"
#include "golden/files/input_file.hpp"

namespace mixvec::inline flows::hostile {

namespace fs = std::filesystem;

namespace {

/// By path: what stands there. Of a regular file size and hash of its beginning, of a link where it points.
using Tree = std::map<std::string, std::string>;

std::string describe(const fs::path& path, fs::file_type type) {
  switch (type) {
    case fs::file_type::directory:
      return "folder";
    case fs::file_type::symlink:
      return "link to " + fs::read_symlink(path).string();
    case fs::file_type::regular: {
      const std::uintmax_t size = fs::file_size(path);
      constexpr std::uintmax_t kMostHashed = 1U << 26U;  // holes of a terabyte are only sized
      return fmt::format("{} bytes {:x}", size, size <= kMostHashed ? fnv1a(read_file(path)) : 0);
    }
    default:
      return fmt::format("special {}", static_cast<int>(type));
  }
}

Tree look_at(const fs::path& folder) {
  Tree tree;
  for (auto it = fs::recursive_directory_iterator(folder); it != fs::recursive_directory_iterator(); ++it) {
    tree[it->path().lexically_relative(folder).string()] = describe(it->path(), it->symlink_status().type());
  }
  return tree;
}

bool is_output(const std::string& path, const std::vector<std::string>& outputs) {
  return std::any_of(outputs.begin(), outputs.end(),
                     [&](const std::string& output) { return path == output || path.starts_with(output + "/"); });
}

void compare(const Tree& before, const Tree& after, const std::vector<std::string>& outputs,
             std::vector<std::string>& wrong) {
  for (const auto& [path, what] : before) {
    const auto now = after.find(path);
    if (now != after.end() && now->second == what) continue;
    if (is_output(path, outputs)) continue;
    wrong.push_back(now == after.end() ? fmt::format("lost {}", path)
                                       : fmt::format("changed {} from {} to {}", path, what, now->second));
  }
  for (const auto& [path, what] : after) {
    if (!before.contains(path) && !is_output(path, outputs)) wrong.push_back(fmt::format("left {} ({})", path, what));
  }
}

void set_limit(__rlimit_resource resource, rlim_t value) {
  if (value == 0) return;
  // The process is told at the first and killed at the second.
  const rlimit limit{value, resource == RLIMIT_CPU ? value + 5 : value};
  ::setrlimit(resource, &limit);
}

void redirect(int descriptor, const std::string& where, const std::string& capture) {
  ::close(descriptor);
  if (where == "closed") return;
  const std::string& path = where.empty() ? capture : where;
  const int opened = ::open(path.c_str(), where.empty() ? O_WRONLY | O_CREAT | O_TRUNC : O_WRONLY, 0600);
  if (opened >= 0 && opened != descriptor) {
    ::dup2(opened, descriptor);
    ::close(opened);
  }
}

std::string first_bytes(const fs::path& path, std::size_t most) {
  std::string text(most, '\0');
  std::ifstream file(path, std::ios::binary);
  file.read(text.data(), static_cast<std::streamsize>(most));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

Outcome run(const Case& item, const fs::path& binary, const fs::path& folder) {
  std::vector<std::string> words{binary.string()};
  words.insert(words.end(), item.arguments.begin(), item.arguments.end());
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const std::string out = folder.string() + ".out";
  const std::string error = folder.string() + ".err";
  const std::string place = folder.string();

  const pid_t child = ::fork();
  if (child == 0) {
    ::setpgid(0, 0);
    if (::chdir(place.c_str()) != 0) ::_exit(126);
    redirect(STDIN_FILENO, item.streams.input_closed ? "closed" : "/dev/null", "");
    if (!item.streams.input_closed) {
      // redirect() opens for writing; standard input is read.
      const int null = ::open("/dev/null", O_RDONLY);
      if (null > 0) ::dup2(null, STDIN_FILENO);
      if (null > 2) ::close(null);
    }
    redirect(STDOUT_FILENO, item.streams.out, out);
    redirect(STDERR_FILENO, item.streams.error, error);
    // Whoever started the test may have left descriptors open, which would count.
    constexpr int kMostInherited = 256;
    for (int descriptor = 3; descriptor < kMostInherited; ++descriptor) ::close(descriptor);
    // OpenBLAS takes memory for each thread that it has of its own: on large machines more than the limit.
    ::setenv("OPENBLAS_NUM_THREADS", "1", 0);
    set_limit(RLIMIT_AS, item.limits.address_space);
    set_limit(RLIMIT_FSIZE, item.limits.file_size);
    set_limit(RLIMIT_CPU, item.limits.processor_seconds);
    set_limit(RLIMIT_NOFILE, item.limits.descriptors);
    set_limit(RLIMIT_CORE, 1);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  Outcome outcome;
  ::setpgid(child, child);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(item.limits.seconds);
  int status = 0;
  while (::waitpid(child, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > end) {
      outcome.hung = true;
      ::kill(-child, SIGKILL);
      ::waitpid(child, &status, 0);
      break;
    }
    std::this_thread::sleep_for(std::chrono::microseconds(500));
  }
  if (::kill(-child, SIGKILL) == 0) outcome.left_children = true;
  if (WIFEXITED(status)) outcome.code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) outcome.signal = WTERMSIG(status);
  if (outcome.signal == SIGXCPU) outcome.hung = true;
  if (item.streams.error.empty()) outcome.error = first_bytes(error, 1U << 20U);
  return outcome;
}

// Shared libraries as large as libtorch do not fit into a small address space: then the program never begins.
bool was_not_loaded(const Outcome& outcome) {
  return outcome.code == 127 && outcome.error.find("error while loading shared libraries") != std::string::npos;
}

}  // namespace

std::vector<std::string> check_case(const Case& item, const fs::path& binary, const fs::path& folder) {
  if (item.prepare) item.prepare(folder);
  const Tree before = look_at(folder);
  const Outcome outcome = run(item, binary, folder);
  std::vector<std::string> wrong;
  if (outcome.hung) {
    wrong.push_back(fmt::format("hung: used up {} s of processor time or {} s", item.limits.processor_seconds,
                                item.limits.seconds));
  } else if (outcome.signal != 0) {
    wrong.push_back(fmt::format("ended by signal {} ({})", outcome.signal, ::strsignal(outcome.signal)));
  } else if ((outcome.code < 0 || outcome.code > 2) && !was_not_loaded(outcome)) {
    wrong.push_back(fmt::format("exit code {}, expected 0, 1 or 2", outcome.code));
  } else if (item.refused && outcome.code != 2) {
    wrong.push_back(fmt::format("exit code {}, expected 2", outcome.code));
  } else if (item.accepted && outcome.code != 0) {
    wrong.push_back(fmt::format("exit code {}, expected 0: {}", outcome.code, quote(outcome.error)));
  }
  if (outcome.left_children) wrong.emplace_back("left a process behind");
  if (item.streams.error.empty()) check_message(item.program, outcome.code, outcome.error, wrong);
  const bool none = outcome.code == 2 && !item.outputs_at_refusal;
  compare(before, look_at(folder), none ? std::vector<std::string>{} : item.outputs, wrong);
  return wrong;
}

}  // namespace mixvec::inline flows::hostile
