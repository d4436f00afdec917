// Pictures of masks: grey PNG files, kept weights dark.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace mixvec {

/// An 8-bit grey image, row by row.
struct GreyImage {
  std::size_t width = 0;
  std::size_t height = 0;
  std::vector<std::uint8_t> pixel;
};

/// Draws a mask of out × in bytes: outputs downwards, inputs to the right; transposed: inputs downwards. Masks longer
/// than `longest` on a side are averaged over areas, small ones magnified by a whole factor.
GreyImage draw_mask(std::span<const std::uint8_t> mask, std::size_t out, std::size_t in, bool transposed,
                    std::size_t longest = 1600);

/// Writes a PNG by way of a temporary file. Throws InputError with the reason.
void write_png(const std::filesystem::path& path, const GreyImage& image);

}  // namespace mixvec
