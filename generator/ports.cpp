// Reads the port declarations of a module line by line.
#include "generator/ports.hpp"

#include <regex>
#include <sstream>
#include <stdexcept>

namespace mixvec::inline generator {

std::vector<Port> ports_of(std::string_view text) {
  static const std::regex kPort(R"(^  (input |output) logic (?:\[([0-9]+):0\] )?([a-z][a-z0-9_]*),?(?:\s*//.*)?$)");
  std::vector<Port> ports;
  std::istringstream lines{std::string(text)};
  std::smatch found;
  for (std::string line; std::getline(lines, line);) {
    if (!std::regex_match(line, found, kPort)) continue;
    ports.push_back({found[3], found[2].matched ? found[2].str() : "0", found[1] == "input "});
  }
  if (ports.empty()) throw std::runtime_error("the accelerator's top declares no port");
  return ports;
}

}  // namespace mixvec::inline generator
