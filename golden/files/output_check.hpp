// Looks at all outputs of a run before the work: none is another's file, an input, or cannot be written.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace mixvec::inline golden {

/// What an option's path is for.
enum class PathRole { kOutputFile, kOutputFolder, kInput };

/// A path as a user gave it.
struct RolePath {
  std::string option;  ///< without "--"
  std::filesystem::path path;
  PathRole role = PathRole::kInput;
};

/// Throws InputError, naming the options, if two outputs are one file (also by links), lie in one another, are an input
/// or lie in or above one, are or hold the running program, if standard output goes to one of them, or if one cannot be
/// written. Leaves everything as it is: a probe is made beside each output and removed. Character devices (/dev/null)
/// may be named twice.
void check_outputs(const std::vector<RolePath>& paths);

}  // namespace mixvec::inline golden
