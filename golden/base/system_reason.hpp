// Says in words why a system call failed, and what a user can do about it.
#pragma once

#include <string>

namespace mixvec::inline golden {

/// The reason that errno names, with the remedy where there is one: "No space left on device (free some space, or write
/// elsewhere)".
std::string system_reason(int error);

}  // namespace mixvec::inline golden
