// Pictures of pruned matrices: which weights are kept, in which vectors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "golden/matrix/pruned_matrix.hpp"

namespace mixvec::inline pruning {

/// An image of three bytes (red, green, blue) a pixel, row by row.
struct MaskImage {
  std::size_t width = 0;
  std::size_t height = 0;
  std::vector<std::uint8_t> pixel;
};

/// The colour of vectors, 0xRRGGBB: blue for rows, orange for columns, the darker the longer.
std::uint32_t colour_of(Direction direction, int length);

/// Draws a pruned matrix: outputs downwards, inputs to the right; transposed: inputs downwards. Kept weights have the
/// colour of their vector, pruned ones are white. Matrices longer than `longest` on a side are averaged over areas,
/// small ones magnified by a whole factor.
MaskImage draw_mask(const PrunedMatrix& matrix, bool transposed, std::size_t longest = 1600);

/// The image as a PNG file's bytes. Throws InputError where libpng cannot write it; `name` begins the message.
std::string encode_png(const std::string& name, const MaskImage& image);

/// An SVG file with the image, a title, axes and what the colours mean.
std::string mask_svg(const PrunedMatrix& matrix, bool transposed);

/// Writes NAME.svg of each matrix into the folder, which is made if need be; of W_F1 NAME.transposed.svg, too: papers
/// draw it the other way round.
void write_mask_pictures(const std::filesystem::path& folder, const std::vector<PrunedMatrix>& matrices, int threads);

}  // namespace mixvec::inline pruning
