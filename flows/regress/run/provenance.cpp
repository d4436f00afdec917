// Asks git and the tools.
#include "flows/regress/run/provenance.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "flows/regress/plan/shell_output.hpp"
#include "golden/base/hash.hpp"
#include "golden/base/text.hpp"
#include "golden/base/version.hpp"

namespace mixvec::inline flows {
namespace {

/// What a command prints; empty if it fails.
std::string output_of(const std::string& line) {
  const ShellOutput output = shell_output("exec 2> /dev/null; " + line);
  return output.good ? output.text : "";
}

std::string first_line(const std::string& text) { return escape_controls(text.substr(0, text.find('\n'))); }

}  // namespace

Provenance find_provenance(const std::filesystem::path& source) {
  const std::string git = "git -C " + shell_quote(source.string());
  Provenance found;
  found.commit = first_line(output_of(git + " rev-parse HEAD"));
  if (found.commit.empty()) found.commit = "unknown";
  // New files by their contents as well: a source that nobody has added yet is compiled all the same.
  const std::string changes = output_of(git + " diff HEAD") +
                              output_of("cd " + shell_quote(source.string()) +
                                        " && git ls-files --others --exclude-standard -z . | xargs -0 -r sha1sum");
  if (!changes.empty()) found.difference = fmt::format("{:016x}", fnv1a(changes));
  nlohmann::ordered_json tools = {{"mixvec", version()}};
  const std::pair<const char*, const char*> kTools[] = {{"verilator", "verilator --version"},
                                                        {"iverilog", "iverilog -V"},
                                                        {"yosys", "yosys -V"},
                                                        {"c++", "c++ --version"},
                                                        {"make", "make --version"},
                                                        {"cmake", "cmake --version"},
                                                        {"system", "uname -srm"}};
  for (const auto& [name, command] : kTools) {
    const std::string line = first_line(output_of(command));
    tools[name] = line.empty() ? "absent" : line;
  }
  found.tools = tools.dump();
  return found;
}

}  // namespace mixvec::inline flows
