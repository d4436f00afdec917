// What tests of all folders need: the message of a refusal, a program's exit code.
#pragma once

#include <sys/wait.h>

#include <cstdlib>
#include <functional>
#include <string>

#include "golden/base/error.hpp"

namespace mixvec::inline golden {

/// The message of the InputError that `action` throws, "" if it throws none.
inline std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const InputError& error) {
    return error.what();
  }
  return {};
}

/// Exit code of a shell command, -1 if a signal ended it.
inline int exit_code_of(const std::string& command) {
  const int status = std::system(command.c_str());  // NOLINT: tests run programs of the build
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace mixvec::inline golden
