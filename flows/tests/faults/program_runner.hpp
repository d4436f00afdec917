// Starts one of the project's programs under hard conditions: faults, limits, closed descriptors.
#pragma once

#include <sys/resource.h>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace mixvec::inline flows {

/// What a program is started with besides its arguments.
struct Conditions {
  std::vector<std::pair<std::string, std::string>> environment;
  std::vector<std::pair<decltype(RLIMIT_AS), rlim_t>> limits;  ///< RLIMIT_…
  std::vector<std::pair<int, std::string>> into;  ///< descriptor, file that it is; "": closed; "|": a pipe nobody reads
};

struct Ended {
  int code = -1;    ///< −1 if a signal ended it
  int signal = 0;   ///< which ended it
  std::string err;  ///< what it wrote to standard error
};

/// Runs `program` of the build's programs in `folder`; standard output is lost unless the conditions say otherwise.
Ended run_program(const std::filesystem::path& folder, const std::string& program,
                  const std::vector<std::string>& arguments, const Conditions& conditions = {});

}  // namespace mixvec::inline flows
