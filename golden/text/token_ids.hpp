// A text as a model sees it.
#pragma once

#include <cstddef>
#include <vector>

namespace mixvec::inline golden {

/// Tokens of a text as ids.
using TokenIds = std::vector<std::size_t>;

}  // namespace mixvec::inline golden
