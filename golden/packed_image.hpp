// The packed form of one pruned matrix (docs/packed_format.md) and the encoder that makes it.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "golden/format_config.hpp"
#include "golden/pruned_matrix.hpp"

namespace mixvec {

inline constexpr std::uint32_t kImageMagic = 0x3158564DU;  ///< "MVX1"
inline constexpr int kMaxEntries = 8;
inline constexpr int kHeaderWords = 20;       ///< words before the beat counts of the sets
inline constexpr int kChainHeaderBits = 10;   ///< of a column chain; a row chain's header is one bit
inline constexpr int kBiasBits = 16;          ///< of an output record; its index takes index_bits()
inline constexpr int kRefillBits = 32;        ///< the bit buffer holds at least this much before an item is read
inline constexpr int kEscapeOnes = 15;        ///< a Rice quotient from here on is escaped: the gap follows in 16 bits
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

/// Per set, its chains in order of execution. Together they cover every output exactly once.
struct Schedule {
  std::vector<std::vector<Chain>> sets;
};

/// All chains of a matrix, in order of strips (column; strips longer than substeps·Lv are dealt out) or outputs (row).
std::vector<Chain> list_chains(const PrunedMatrix& matrix, const FormatConfig& format);

/// A schedule that deals the chains out to the sets in turn.
Schedule deal_in_turn(const PrunedMatrix& matrix, const FormatConfig& format);

/// One entry of the image header: a section of a row matrix, or a vector length of a column matrix.
struct ImageEntry {
  int length = 1;              ///< l
  int rice_k = 0;              ///< Rice parameter of the section's codes
  std::uint32_t base = 0;      ///< first activation row (row matrices)
  std::uint32_t sentinel = 0;  ///< N, positions per class
  std::uint32_t valid = 0;     ///< inputs of the section (row matrices), 0 for column

  bool operator==(const ImageEntry&) const = default;
};

/// Where the bits of an image went. The sum is the image's size.
struct ImageBits {
  std::uint64_t weights = 0;  ///< kept weights
  std::uint64_t codes = 0;    ///< codes, sentinels included
  std::uint64_t outputs = 0;  ///< chain headers and output indices
  std::uint64_t bias = 0;     ///< the biases in the output records
  std::uint64_t header = 0;   ///< the image header, without its padding
  std::uint64_t padding = 0;  ///< masked lanes of short row strips, unread bits, ends of beats

  [[nodiscard]] std::uint64_t total() const { return weights + codes + outputs + bias + header + padding; }
  bool operator==(const ImageBits&) const = default;
};

/// A matrix as the accelerator reads it.
struct PackedMatrix {
  std::string name;
  std::size_t out = 0;
  std::size_t in = 0;
  Direction direction = Direction::kColumn;
  std::size_t kept = 0;                  ///< kept weights
  std::vector<std::int32_t> in_order;    ///< input of each activation position, or kNoInput; whole rows of Lv
  std::vector<std::uint8_t> image;       ///< whole beats
  std::vector<ImageEntry> entries;       ///< as in the image header
  std::vector<std::uint32_t> set_beats;  ///< beats of each set
  ImageBits bits;
};

/// The columns' positions where nobody asks for others: input i at position i, padded to a row of Lv.
std::vector<std::int32_t> identity_order(std::size_t in, const FormatConfig& format);

/// A row matrix's sections in the order of its entries, and the positions that follow from them.
struct RowLayout {
  struct Section {
    ImageEntry entry;                   ///< without rice_k
    std::vector<std::uint32_t> strips;  ///< indices into pattern.strips, by position
  };
  std::vector<Section> sections;
  std::vector<std::int32_t> in_order;
};

/// Sorts the strips of a row matrix into sections: longest vectors first, the short strip of a length last; a second
/// short strip of the same length opens a section of its own. Throws InputError beyond eight sections.
RowLayout lay_out_rows(const PrunedMatrix& matrix, const FormatConfig& format);

/// Packs a matrix: lossless, and a pure function of its arguments. `in_order` (column matrices only) puts the inputs at
/// other positions than identity_order(); it must name every input once. Throws InputError with the reason if the
/// configuration cannot hold the matrix, and for non-finite weights or a schedule that does not fit.
PackedMatrix pack(const PrunedMatrix& matrix, const Schedule& schedule, const FormatConfig& format,
                  const std::vector<std::int32_t>& in_order = {});

}  // namespace mixvec
