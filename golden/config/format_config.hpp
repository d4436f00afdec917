// What the bits of a packed image depend on: the part of an accelerator configuration that the packed format knows.
#pragma once

#include <cstdint>

#include "golden/matrix/pruned_matrix.hpp"

namespace mixvec::inline golden {

/// The format's parameters (docs/packed_format.md); the defaults are those of the default accelerator.
struct FormatConfig {
  int sets = 8;                 ///< Ps
  int assoc = 1;                ///< A, sets of a cluster: any of them may take the cluster's next task; divides Ps
  int drains = 4;               ///< R, result ports, of Ps / R sets each; divides Ps. Only the scheduler looks at it.
  int vector_lanes = 8;         ///< Lv, a power of two
  int full_rate = 4;            ///< F <= Lv, a power of two; a step has at most H = Lv / F classes
  int substeps = 2;             ///< M, accumulator rows: a column chain has at most M * Lv outputs (at most 64)
  int port_bits = 512;          ///< W, bits of a beat: a power of two, at least 64 and 16 * Lv
  bool rows_allowed = true;     ///< whether row matrices may be packed
  bool columns_allowed = true;  ///< whether column matrices may be packed
  int min_length = 1;           ///< shortest legal vector length, a power of two
  int max_length = 64;          ///< longest legal vector length, a power of two
  int depth = 4096;             ///< most activation positions of a matrix
  std::uint64_t hash = 0;       ///< the configuration's hash, carried by every image

  [[nodiscard]] int port_words() const { return port_bits / 64; }  ///< 64-bit words of a beat

  bool operator==(const FormatConfig&) const = default;
};

/// Calls visit(name, member) for each member but the hash, in the order in which a packed model's file has them.
/// format_config.cpp does not compile if one is forgotten.
template <typename Format, typename Visit>
constexpr void visit_format(Format& format, Visit visit) {
  visit("sets", format.sets);
  visit("assoc", format.assoc);
  visit("drains", format.drains);
  visit("vector_lanes", format.vector_lanes);
  visit("full_rate", format.full_rate);
  visit("substeps", format.substeps);
  visit("port_bits", format.port_bits);
  visit("rows_allowed", format.rows_allowed);
  visit("columns_allowed", format.columns_allowed);
  visit("min_length", format.min_length);
  visit("max_length", format.max_length);
  visit("depth", format.depth);
}

/// Throws InputError naming the first parameter that the packed format cannot work with.
void check_format(const FormatConfig& format);

/// How the units of one vector length lie on the lanes and in the activation rows (docs/packed_format.md).
struct UnitGeometry {
  int length = 1;   ///< l
  int classes = 1;  ///< h, units of one step at most
  int lanes = 1;    ///< w = Lv / h, lanes of a class
  int inputs = 1;   ///< lambda, inputs of a unit: row: of the strip's part in one class; column: 1
  int pieces = 1;   ///< row: max(1, lambda / w); column: 1 (a chain of more than Lv outputs has more)
  int span = 1;     ///< row: classes that a strip reaches: 1 where l <= w, all h where l >= Lv
};

/// Classes that column vectors of this length are read in: min(Lv / l, H), at least 1.
int classes_of(int length, const FormatConfig& format);

/// `classes`: h, of the matrix (row) or classes_of(length) (column).
UnitGeometry unit_geometry(Direction direction, int length, int classes, const FormatConfig& format);

/// Threads of a run of chains with `outputs` outputs (docs/packed_format.md).
inline int threads_of(std::uint32_t outputs, const FormatConfig& format) {
  return outputs > static_cast<std::uint32_t>(format.vector_lanes) ? 1 : format.substeps;
}

/// The longest strip that one column chain holds.
inline int max_column_strip(const FormatConfig& format) { return format.substeps * format.vector_lanes; }

}  // namespace mixvec::inline golden
