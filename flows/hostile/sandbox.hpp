// Runs a program on one hostile case in a folder of its own and says what it did wrong.
#pragma once

#include <sys/resource.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace mixvec::inline flows::hostile {

/// What a program may use up; 0: as much as it wants.
struct Limits {
  rlim_t address_space = rlim_t{2} << 30U;
  rlim_t file_size = rlim_t{1} << 28U;
  rlim_t processor_seconds = 20;  ///< a case takes some milliseconds
  rlim_t descriptors = 0;
  int seconds = 120;  ///< of wall time: for what waits without computing
};

/// Where a program's standard streams go.
struct Streams {
  std::string out;            ///< empty: captured; "closed"; else the file that is opened
  std::string error;          ///< likewise
  bool input_closed = false;  ///< else /dev/null
};

/// One run of one program on something that it should refuse or survive.
struct Case {
  std::string program;
  std::string kind;                    ///< what was done: "truncated", "JSON field", "option", …
  std::string name;                    ///< which of the kind
  std::vector<std::string> arguments;  ///< paths are relative to the case's folder
  std::function<void(const std::filesystem::path& folder)> prepare;  ///< makes the inputs
  bool refused = false;                                              ///< only exit code 2 is right
  bool accepted = false;                                             ///< only exit code 0 is right
  std::vector<std::string> outputs;  ///< files and folders that may appear or change unless the exit code is 2
  bool outputs_at_refusal = false;   ///< they may also appear with exit code 2
  Limits limits;
  Streams streams;
};

/// What a program did.
struct Outcome {
  int code = -1;      ///< exit code, if it ended by itself
  int signal = 0;     ///< that ended it
  bool hung = false;  ///< was killed after the time allowed
  bool left_children = false;
  std::string error;  ///< standard error, the first MiB
};

/// Runs `binary` on the case in `folder`, which exists and is empty. Returns what was wrong, a line each; empty: all
/// well. Removes nothing.
std::vector<std::string> check_case(const Case& item, const std::filesystem::path& binary,
                                    const std::filesystem::path& folder);

}  // namespace mixvec::inline flows::hostile
