// Reads what a command prints.
#include "flows/regress/plan/shell_output.hpp"

#include <array>
#include <cstdio>

namespace mixvec::inline flows {

ShellOutput shell_output(const std::string& line) {
  ShellOutput output;
  std::FILE* pipe = ::popen(line.c_str(), "re");
  if (pipe == nullptr) return output;
  std::array<char, 4096> buffer;
  for (std::size_t count = 0; (count = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    output.text.append(buffer.data(), count);
  }
  output.good = ::pclose(pipe) == 0;
  return output;
}

}  // namespace mixvec::inline flows
