// The decoder: an image back to weights, mask and bias, and the proof that nothing was lost.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "golden/format/packed_image.hpp"

namespace mixvec::inline golden {

/// What an image holds.
struct UnpackedMatrix {
  Direction direction = Direction::kColumn;
  std::vector<Half> weight;        ///< out × in, row-major
  std::vector<std::uint8_t> mask;  ///< out × in, 1 = kept
  std::vector<Half> bias;          ///< out values; +0 where there is none
};

/// Decodes `image`. Throws InputError on any damage: besides what TaskReader finds, an output given twice or never or
/// outside 0…out-1, a weight given twice or at a position without an input (padding must be +0), a unit where no strip
/// stands, and an in_order that names an input twice or has another size.
UnpackedMatrix unpack(std::span<const std::uint8_t> image, const FormatConfig& format, std::size_t out, std::size_t in,
                      std::span<const std::int32_t> in_order);

inline UnpackedMatrix unpack(const PackedMatrix& packed, const FormatConfig& format) {
  return unpack(packed.image, format, packed.out, packed.in, packed.in_order);
}

/// Throws InputError naming the first difference unless `unpacked` equals the matrix bit for bit (a -0 bias counts as
/// +0).
void require_equal(const UnpackedMatrix& unpacked, const PrunedMatrix& matrix);

}  // namespace mixvec::inline golden
