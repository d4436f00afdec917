// The packed form of one pruned matrix (docs/packed_format.md) and the encoder that makes it.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "golden/config/format_config.hpp"
#include "golden/format/image_fields.hpp"
#include "golden/matrix/pruned_matrix.hpp"

namespace mixvec::inline golden {

inline constexpr std::uint32_t kImageMagic = 0x3258564DU;  ///< "MVX2"
inline constexpr int kMaxEntries = 8;
/// Words of the header, beside one per cluster.
inline constexpr int kHeaderWords = kFixedHeaderWords + 1;
inline constexpr int kBiasBits = 16;     ///< of an output record; its index takes index_bits()
inline constexpr int kMostCodeBits = 8;  ///< of a code; all classes of a turn together have at most 64
inline constexpr std::uint32_t kMostRunChains = 1U << 16U;
inline constexpr std::int32_t kNoInput = -1;  ///< in_order: a position without an input

/// Bits of an output index: as few as name all outputs.
inline int index_bits(std::size_t out) { return std::max(1, static_cast<int>(std::bit_width(out - 1))); }

/// One accumulation chain: a column strip (or a part of it), or one output of a row matrix.
struct Chain {
  std::uint32_t strip = 0;  ///< column: index into pattern.strips; row: the output
  std::uint32_t first = 0;  ///< column: first output of the strip that belongs to the chain
  std::uint32_t count = 1;  ///< column: number of outputs, 1…substeps·Lv; row: 1

  bool operator==(const Chain&) const = default;
};

/// Chains that one set computes one after the other; any set of the task's cluster may take it.
struct Task {
  std::vector<Chain> chains;  ///< consecutive ones of the same vector length and count form a run

  bool operator==(const Task&) const = default;
};

/// Per cluster, its tasks in the order in which they are taken. Together they cover every output exactly once.
struct Schedule {
  std::vector<std::vector<Task>> clusters;
};

/// One entry of the image header: a section of a row matrix, or a vector length of a column matrix.
struct ImageEntry {
  int length = 1;              ///< l
  std::uint32_t base = 0;      ///< first activation row (row matrices)
  std::uint32_t sentinel = 0;  ///< N, positions per class

  bool operator==(const ImageEntry&) const = default;
};

/// Where the bits of an image went. The sum is the image's size.
struct ImageBits {
  std::uint64_t weights = 0;  ///< kept weights
  std::uint64_t codes = 0;    ///< codes, all ones and ends of sections included
  std::uint64_t outputs = 0;  ///< run headers, ends of tasks and output indices
  std::uint64_t bias = 0;     ///< the biases in the output records
  std::uint64_t header = 0;   ///< the image header and the task directory, without their padding
  std::uint64_t padding = 0;  ///< lanes of short row strips without an input, ends of beats

  [[nodiscard]] std::uint64_t total() const { return weights + codes + outputs + bias + header + padding; }
  bool operator==(const ImageBits&) const = default;
};

/// A matrix as the accelerator reads it.
struct PackedMatrix {
  std::string name;
  std::size_t out = 0;
  std::size_t in = 0;
  Direction direction = Direction::kColumn;
  std::size_t kept = 0;                ///< kept weights
  std::vector<std::int32_t> in_order;  ///< input of each activation position, or kNoInput; whole rows of Lv
  std::vector<std::uint8_t> image;     ///< whole beats
  std::vector<ImageEntry> entries;     ///< as in the image header
  int code_bits = 4;                   ///< b
  std::size_t tasks = 0;
  ImageBits bits;
};

/// Packs a matrix: lossless, and a pure function of its arguments. `in_order` (column matrices only) puts the inputs at
/// other positions than identity_order(); it must name every input once. Throws InputError with the reason if the
/// configuration cannot hold the matrix, and for non-finite weights or a schedule that does not fit.
PackedMatrix pack(const PrunedMatrix& matrix, const Schedule& schedule, const FormatConfig& format,
                  const std::vector<std::int32_t>& in_order = {});

}  // namespace mixvec::inline golden
