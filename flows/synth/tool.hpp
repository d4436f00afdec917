// External programs of the synthesis flow (yosys, sta): are they there, and running them into a log.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace mixvec::inline flows {

/// Synthesis or timing failed, although the input was good: exit code 1.
class FlowError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Is `program` an executable on PATH?
bool is_installed(const std::string& program);

/// Throws InputError if the path holds a character that Yosys, ABC or OpenSTA would not read as part of it. `option`
/// gave the path.
void require_tool_path(const char* option, const std::filesystem::path& path);

/// The last lines of a log, for a message.
std::string end_of_log(const std::filesystem::path& log);

/// Runs `command` with output and errors going to `log`, and waits for it. Throws FlowError with the log's last lines
/// if it fails.
void run_tool(const std::vector<std::string>& command, const std::filesystem::path& log);

}  // namespace mixvec::inline flows
