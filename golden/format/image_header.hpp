// The header and the directory of an image, read and checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "golden/config/format_config.hpp"
#include "golden/format/packed_image.hpp"

namespace mixvec::inline golden {

/// Where a task stands in its image.
struct TaskPlace {
  std::uint32_t first_beat = 0;  ///< of its code, from the image's first beat
  std::uint32_t code_beats = 0;
  std::uint32_t weight_beats = 0;  ///< up to the next task, or to the image's end
};

/// What an image's header and directory say.
struct ImageHeader {
  Direction direction = Direction::kColumn;
  int index_bits = 16;  ///< of an output index
  int code_bits = 4;    ///< b
  int row_classes = 1;  ///< h of a row matrix
  std::vector<ImageEntry> entries;
  std::vector<UnitGeometry> geometry;            ///< by entry
  std::vector<std::vector<TaskPlace>> clusters;  ///< by cluster, its tasks in order
  std::size_t header_beats = 0;
  std::size_t directory_beats = 0;
};

/// Reads and checks header and directory. Throws InputError for a damaged one, another configuration's hash (both are
/// printed), tasks that do not follow one another, and a size that does not follow from the directory.
ImageHeader read_image_header(std::span<const std::uint8_t> image, const FormatConfig& format);

/// Throws InputError unless `positions`, the size of an in_order, is what the header's entries need.
void check_positions(const ImageHeader& header, std::size_t positions, const FormatConfig& format);

}  // namespace mixvec::inline golden
