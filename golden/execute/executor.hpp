// The golden executor: what the accelerator computes from an image, bit for bit, and a second, slow road to the same
// bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "golden/format/packed_image.hpp"

namespace mixvec::inline golden {

/// Outputs of a matrix for some tokens, both out × tokens, row-major.
struct Execution {
  std::vector<Half> y;             ///< results, rounded once to binary16; NaN is canonical
  std::vector<float> accumulator;  ///< when their chains end, the classes added, not rounded; NaN is 0x7FC00000
};

/// Runs an image in the order of its steps on x, in × tokens, row-major (any binary16 values). Every token's bits are
/// independent of the others and of `threads`. Throws InputError for a damaged image or an x of another size.
Execution execute(std::span<const std::uint8_t> image, const FormatConfig& format, std::size_t out, std::size_t in,
                  std::span<const std::int32_t> in_order, std::span<const Half> x, std::size_t tokens, int threads = 2);

inline Execution execute(const PackedMatrix& packed, const FormatConfig& format, std::span<const Half> x,
                         std::size_t tokens, int threads = 2) {
  return execute(packed.image, format, packed.out, packed.in, packed.in_order, x, tokens, threads);
}

}  // namespace mixvec::inline golden
