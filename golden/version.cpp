// The version string: the only file that knows the commit, so that a new commit recompiles nothing else.
#include "golden/cli.hpp"

namespace mixvec {

std::string_view version() { return MIXVEC_VERSION; }

}  // namespace mixvec
