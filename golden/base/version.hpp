// The version string.
#pragma once

#include <string_view>

namespace mixvec::inline golden {

/// The project's version and commit, e.g. "0.1.0 (3f2a91c)".
std::string_view version();

}  // namespace mixvec::inline golden
