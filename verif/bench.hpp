// What the unit benches share: access to flat ports of any width, half-precision stimulus, and a count of comparisons.
#pragma once

#include <fmt/format.h>
#include <verilated.h>
#if VM_COVERAGE
#include <verilated_cov.h>
#endif

#include <bit>
#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <type_traits>

#include "golden/base/error.hpp"
#include "golden/math/half.hpp"

namespace mixvec::inline verif {

using RandomBits = std::mt19937_64;

inline float from_bits(std::uint32_t bits) { return std::bit_cast<float>(bits); }

/// Writes `width` (<= 32) bits of `value` at bit `lsb` of a port, whatever type Verilator gave it.
template <typename Port>
void put_bits(Port& port, int lsb, int width, std::uint32_t value) {
  const std::uint64_t mask = (std::uint64_t{1} << width) - 1U;
  if constexpr (std::is_integral_v<Port>) {
    const std::uint64_t cleared = static_cast<std::uint64_t>(port) & ~(mask << lsb);
    port = static_cast<Port>(cleared | ((value & mask) << lsb));
  } else {
    const int word = lsb / 32;
    const int shift = lsb % 32;
    const std::uint64_t bits = (value & mask) << shift;
    const std::uint64_t keep = ~(mask << shift);
    port[word] = static_cast<EData>((port[word] & keep) | bits);
    if (shift + width > 32) port[word + 1] = static_cast<EData>((port[word + 1] & (keep >> 32U)) | (bits >> 32U));
  }
}

/// Reads `width` (<= 32) bits at bit `lsb` of a port.
template <typename Port>
std::uint32_t get_bits(const Port& port, int lsb, int width) {
  const std::uint64_t mask = (std::uint64_t{1} << width) - 1U;
  if constexpr (std::is_integral_v<Port>) {
    return static_cast<std::uint32_t>((static_cast<std::uint64_t>(port) >> lsb) & mask);
  } else {
    std::uint64_t bits = port[lsb / 32];
    if (lsb % 32 + width > 32) bits |= static_cast<std::uint64_t>(port[lsb / 32 + 1]) << 32U;
    return static_cast<std::uint32_t>((bits >> (lsb % 32)) & mask);
  }
}

/// Any NaN becomes the canonical one, as the hardware writes it.
inline float canonical(float value) { return std::isnan(value) ? std::bit_cast<float>(0x7FC00000U) : value; }

/// Which binary16 values a stimulus draws.
enum class Values { kSmall, kUniform, kSubnormal, kSpecial };

/// The binary16 value that random `bits` draw: kSmall around 1, kUniform any finite bits, kSubnormal below 2^-14,
/// kSpecial also infinities and NaN. Zeros of both signs come up in all.
inline Half half_from(std::uint32_t bits, Values values) {
  const std::uint32_t sign = bits & 0x8000U;
  const std::uint32_t dice = (bits >> 16U) & 31U;
  if (dice == 0) return Half{static_cast<std::uint16_t>(sign)};
  switch (values) {
    case Values::kSmall:
      return Half{static_cast<std::uint16_t>(sign | ((0x3000U + (bits & 0x0FFFU))))};
    case Values::kSubnormal:
      return Half{static_cast<std::uint16_t>(bits & 0x83FFU)};
    case Values::kSpecial:
      if (dice == 1) return Half{static_cast<std::uint16_t>(sign | 0x7C00U)};
      if (dice == 2) return Half{static_cast<std::uint16_t>(sign | 0x7C01U | (bits & 0x3FFU))};
      break;
    case Values::kUniform:
      break;
  }
  const std::uint32_t magnitude = bits & 0x7FFFU;
  return Half{static_cast<std::uint16_t>(sign | (magnitude >= 0x7C00U ? magnitude - 0x0400U : magnitude))};
}

/// A random binary16 value.
inline Half random_half(RandomBits& random, Values values) {
  return half_from(static_cast<std::uint32_t>(random()), values);
}

/// Writes what the device that was made last has covered to `file`, if there is one. Throws InputError if it counts
/// none.
inline void write_coverage([[maybe_unused]] const std::string& file) {
  if (file.empty()) return;
#if VM_COVERAGE
  Verilated::threadContextp()->coveragep()->write(file.c_str());
#else
  fail_input("--coverage: found a bench that counts none, expected one that was built with COVERAGE=1");
#endif
}

/// Counts comparisons and prints the first mismatches.
class Checker {
 public:
  /// Counts one comparison of bits; `where` is called only to describe a mismatch.
  template <typename Where>
  void compare(std::uint32_t found, std::uint32_t expected, Where&& where) {
    ++compared_;
    if (found == expected) return;
    if (++mismatches_ <= 5) {
      fmt::print("mismatch: {}: found {:#010x}, expected {:#010x}\n", where(), found, expected);
    }
  }

  std::uint64_t compared() const { return compared_; }
  std::uint64_t mismatches() const { return mismatches_; }

 private:
  std::uint64_t compared_ = 0;
  std::uint64_t mismatches_ = 0;
};

}  // namespace mixvec::inline verif
