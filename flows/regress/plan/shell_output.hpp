// Asks a program something: what a line for a shell prints.
#pragma once

#include <string>

namespace mixvec::inline flows {

struct ShellOutput {
  bool good = false;  ///< it was started and ended with exit code 0
  std::string text;
};

/// Runs the line and returns what it prints to standard output.
ShellOutput shell_output(const std::string& line);

}  // namespace mixvec::inline flows
