// What the tests of the vector unit share: random values, units in the last place, rounding from the definition.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/base/random.hpp"
#include "golden/math/half.hpp"

namespace mixvec::inline golden {

__extension__ using WideInteger = __int128;

/// Normally distributed values; a fraction `specials` are NaN, infinities, −0 or subnormal.
inline std::vector<Half> random_halves(Random& random, std::size_t count, double deviation, double mean = 0,
                                       double specials = 0) {
  const std::uint16_t special[] = {0x7E00, 0xFC00, 0x7C00, 0x8000, 0x0000, 0x0001, 0x83FF, 0xFD01};
  std::vector<Half> values(count);
  for (Half& value : values) {
    value = to_half(std::clamp(mean + deviation * random.gaussian(), -65504.0, 65504.0));
    if (random.uniform() < specials) value = Half{special[random.below(8)]};
  }
  return values;
}

/// The unit in the last place of binary16 at a value; beyond the largest finite one that of the last binade.
inline double half_ulp(double value) {
  const int exponent = value == 0 ? -14 : std::clamp(std::ilogb(value), -14, 15);
  return std::ldexp(1.0, exponent - 10);
}

/// How far a result is from the true value, in units in the last place; infinity counts as 2^16.
inline double ulps_off(Half found, double expected) {
  const double limited = std::clamp(expected, -65536.0, 65536.0);
  const double value = is_nan(found) ? std::nan("") : std::clamp<double>(to_float(found), -65536.0, 65536.0);
  return std::abs(value - limited) / half_ulp(limited);
}

/// n to `bits` significant bits, to nearest even, by looking at the rest of the division.
inline WideInteger round_integer(WideInteger n, int bits) {
  const WideInteger magnitude = n < 0 ? -n : n;
  WideInteger unit = 1;
  while (magnitude / unit >= (WideInteger{1} << bits)) unit *= 2;
  WideInteger quotient = magnitude / unit;
  const WideInteger rest = magnitude % unit;
  if (2 * rest > unit || (2 * rest == unit && quotient % 2 != 0)) ++quotient;
  return n < 0 ? -quotient * unit : quotient * unit;
}

/// n · 2^-fraction_bits as binary16, rounded once; zeros have no sign here. fraction_bits is at least 24.
inline Half half_of_integer(WideInteger n, int fraction_bits) {
  const WideInteger magnitude = n < 0 ? -n : n;
  const WideInteger grid = WideInteger{1} << (fraction_bits - 24);
  WideInteger rounded = round_integer(magnitude, 11);
  if (magnitude < 1024 * grid) {
    // Subnormal: whole multiples of 2^-24.
    rounded = magnitude / grid * grid;
    const WideInteger rest = 2 * (magnitude - rounded);
    if (rest > grid || (rest == grid && rounded / grid % 2 != 0)) rounded += grid;
  }
  const double value = std::ldexp(static_cast<double>(rounded), -fraction_bits);
  const std::uint16_t sign = n < 0 ? std::uint16_t{0x8000} : std::uint16_t{0};
  if (value > 65504) return Half{static_cast<std::uint16_t>(0x7C00 | sign)};
  // Any conversion will do for a value that is representable.
  return Half{static_cast<std::uint16_t>(to_half(value).bits | sign)};
}

}  // namespace mixvec::inline golden
