// Says in words why a system call failed, and what stands where a file was expected.
#pragma once

#include <sys/types.h>

#include <string>

namespace mixvec::inline golden {

/// The reason that errno names, with the remedy where there is one: "No space left on device (free some space, or write
/// elsewhere)".
std::string system_reason(int error);

/// What stands at a path in place of a regular file: "a folder", "a pipe", ...
const char* kind_of(mode_t mode);

}  // namespace mixvec::inline golden
