// What the bits of a packed image depend on: the part of an accelerator configuration that the packed format knows.
#pragma once

#include <cstdint>

#include "golden/pruned_matrix.hpp"

namespace mixvec {

/// The format's parameters (docs/packed_format.md). The defaults are those of the default accelerator.
struct FormatConfig {
  int sets = 8;                 ///< Ps, streams of an image
  int vector_lanes = 8;         ///< Lv, a power of two
  int full_rate = 4;            ///< F <= Lv, a power of two; a step has at most H = Lv / F classes
  int substeps = 2;             ///< a column strip has at most substeps * Lv outputs (at most 64)
  int port_bits = 512;          ///< W, bits of a beat: a power of two, at least 16 * Lv
  bool rows_allowed = true;     ///< whether row matrices may be packed
  bool columns_allowed = true;  ///< whether column matrices may be packed
  int min_length = 1;           ///< shortest legal vector length, a power of two
  int max_length = 16;          ///< longest legal vector length, a power of two
  int depth = 3072;             ///< most activation positions of a matrix
  std::uint64_t hash = 0;       ///< the configuration's hash, carried by every image

  bool operator==(const FormatConfig&) const = default;
};

/// Throws InputError naming the first parameter that the packed format cannot work with.
void check_format(const FormatConfig& format);

/// How the units of one vector length lie on the lanes and in the activation rows.
struct UnitGeometry {
  int length = 1;             ///< l
  int classes = 1;            ///< h, units of one step at most
  int lanes = 1;              ///< w = Lv / h, lanes of a class
  int positions_per_row = 1;  ///< class positions in one activation row; 1 where a unit takes whole rows (row, l > Lv)
  int rows_per_unit = 1;      ///< activation rows of a unit: l / Lv for row vectors with l > Lv, otherwise 1
};

UnitGeometry unit_geometry(Direction direction, int length, const FormatConfig& format);

/// The longest strip that one column chain holds.
inline int max_column_strip(const FormatConfig& format) { return format.substeps * format.vector_lanes; }

}  // namespace mixvec
