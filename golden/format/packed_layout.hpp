// Where the inputs of a matrix stand and which chains it has: the packer's decisions before any bit is written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "golden/format/packed_image.hpp"

namespace mixvec::inline golden {

/// All chains of a matrix, in order of strips (column; strips longer than substeps·Lv are dealt out) or outputs (row).
std::vector<Chain> list_chains(const PrunedMatrix& matrix, const FormatConfig& format);

/// A schedule that deals the chains out to the sets in turn: a task per set with its chains in list_chains()' order,
/// but long vectors first, so that few runs arise. Throws InputError for a bad format.
Schedule deal_in_turn(const PrunedMatrix& matrix, const FormatConfig& format);

/// The columns' positions where nobody asks for others: input i at position i, padded to a row of Lv.
std::vector<std::int32_t> identity_order(std::size_t in, const FormatConfig& format);

/// A row matrix's sections in the order of its entries, and the positions that follow from them.
struct RowLayout {
  struct Section {
    ImageEntry entry;
    std::vector<std::uint32_t> strips;  ///< indices into pattern.strips, in order of their class positions
  };
  int classes = 1;  ///< h of the matrix
  std::vector<Section> sections;
  std::vector<std::int32_t> in_order;
};

/// Sorts the strips of a row matrix into sections: longest vectors first, the short strip of a length last; a second
/// short strip of the same length opens a section of its own. Throws InputError beyond eight sections.
RowLayout lay_out_rows(const PrunedMatrix& matrix, const FormatConfig& format);

}  // namespace mixvec::inline golden
