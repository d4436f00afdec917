// The one random generator of the project: the same numbers on every machine for the same seed.
#pragma once

#include <cstdint>

namespace mixvec::inline golden {

/// splitmix64: a 64-bit counter, scrambled. Small, fast, and integers only, so the same everywhere.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31U);
  }
  /// Uniform in 0…bound-1 (the bias of the multiplication is below 2^-32 for bounds below 2^32).
  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>((next() >> 32U) * bound >> 32U); }
  /// Uniform in [0, 1), a multiple of 2^-53.
  double uniform() { return static_cast<double>(next() >> 11U) * 0x1p-53; }
  /// Mean 0, variance 1, as the sum of twelve uniform values: exact sums, so no mathematical library has a say.
  double gaussian() {
    std::int64_t sum = 0;
    for (int i = 0; i < 12; ++i) sum += static_cast<std::int64_t>(next() >> 24U);
    return static_cast<double>(sum - (std::int64_t{6} << 40U)) * 0x1p-40;
  }

 private:
  std::uint64_t state_;
};

}  // namespace mixvec::inline golden
