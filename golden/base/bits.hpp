// How many bits numbers take.
#pragma once

#include <algorithm>
#include <bit>

namespace mixvec::inline golden {

/// The whole part of log2 n; 0 for n below 1.
constexpr int log2_of(int n) { return n < 1 ? 0 : static_cast<int>(std::bit_width(static_cast<unsigned>(n))) - 1; }

/// Bits of a field or a port that numbers `n` things (1 or more) from 0 on; at least one.
constexpr int bits_for(int n) { return std::max(1, static_cast<int>(std::bit_width(static_cast<unsigned>(n) - 1U))); }

}  // namespace mixvec::inline golden
