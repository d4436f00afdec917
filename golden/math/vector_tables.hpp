// Tables of the vector unit: piecewise quadratics in fixed point, exactly as docs/numerics.md (Tables) defines them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace mixvec::inline golden {

/// One segment: the coefficients of a quadratic in the offset o / 2^16.
struct TableSegment {
  std::uint32_t c0 = 0;  ///< 30 bits
  std::int32_t c1 = 0;   ///< 25 bits with sign, twice the unit of c0
  std::int32_t c2 = 0;   ///< 16 bits without sign (every function is convex), four times the unit of c1
};

// First segment of each function.
inline constexpr std::uint32_t kExp2Table = 0;         ///< 2^f of f in [0, 1): 32 segments, values times 2^29
inline constexpr std::uint32_t kReciprocalTable = 32;  ///< 1/M of M in [1, 2): 32 segments, values times 2^29
inline constexpr std::uint32_t kRsqrtEvenTable = 64;   ///< 1/√M of M in [1, 2): 32 segments, values times 2^29
inline constexpr std::uint32_t kRsqrtOddTable = 96;    ///< 1/√(2M) of M in [1, 2): 32 segments, values times 2^29
inline constexpr std::uint32_t kGeluErfTable = 128;    ///< Φ(−u) of u in [0, 8): 128 segments, values times 2^30
inline constexpr std::uint32_t kGeluTanhTable = 256;   ///< the same in the tanh form
inline constexpr std::size_t kTableSegments = 384;

extern const std::array<TableSegment, kTableSegments> kVectorTables;

/// The value at offset / 2^16 of a segment, 0 ≤ offset < 2^16: 30 bits. Shifts of negative numbers round down.
inline std::uint32_t interpolate(const TableSegment& segment, std::uint32_t offset) {
  const auto o = static_cast<std::int64_t>(offset);
  const std::int64_t slope = segment.c1 + ((segment.c2 * o) >> 14);
  return static_cast<std::uint32_t>(segment.c0 + ((slope * o) >> 15));
}

/// The text of golden/math/vector_tables.cpp for these segments.
std::string vector_tables_source(std::span<const TableSegment, kTableSegments> segments);
/// The text of rtl_templates/mv_vector_rom.sv for these segments.
std::string vector_rom_source(std::span<const TableSegment, kTableSegments> segments);

}  // namespace mixvec::inline golden
