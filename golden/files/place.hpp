// Where the path of an output leads: links followed, devices and names of open files told apart.
#pragma once

#include <filesystem>

namespace mixvec::inline golden {

/// Where a path leads.
struct Place {
  enum class Kind {
    kNothing,     ///< nothing is there yet, or `error` says what is wrong
    kFile,        ///< a regular file
    kFolder,      ///< a folder
    kStream,      ///< a pipe, a terminal, another character device: written directly
    kDescriptor,  ///< a name of an open file of this process, such as /dev/stdout
    kUnwritable   ///< a block device or a socket
  };
  Kind kind = Kind::kNothing;
  std::filesystem::path path;  ///< absolute and without links
  int descriptor = -1;         ///< kDescriptor: which
  int error = 0;               ///< errno if the path cannot be followed
};

/// Follows the links of a path as a writer must: a link's target, and the path itself, may be missing.
Place follow(const std::filesystem::path& path);

/// Is the path "-" or a name of this process's standard output, such as /dev/stdout or /dev/fd/1?
bool is_standard_output(const std::filesystem::path& path);

/// The place that an output folder takes, without links; it and its parents may be missing. Throws InputError, which
/// begins with the path, if it cannot be replaced as a whole: a file, the working directory or one above, a mount
/// point.
std::filesystem::path folder_place(const std::filesystem::path& path);

/// Is `inner` the path `outer`, or below it? Both absolute and without links.
bool is_within(const std::filesystem::path& inner, const std::filesystem::path& outer);

}  // namespace mixvec::inline golden
