// The version string: the only file that knows the commit, so that a new commit recompiles nothing else.
#include "golden/base/version.hpp"

#ifndef MIXVEC_VERSION
#define MIXVEC_VERSION "unknown"  // built by other means than ours, say by FuseSoC
#endif

namespace mixvec::inline golden {

std::string_view version() { return MIXVEC_VERSION; }

}  // namespace mixvec::inline golden
