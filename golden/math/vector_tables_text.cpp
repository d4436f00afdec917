// Writes the tables of the vector unit as C++ and as SystemVerilog.
#include <fmt/format.h>

#include "golden/math/vector_tables.hpp"

namespace mixvec::inline golden {
namespace {

bool is_zero(const TableSegment& segment) { return segment.c0 == 0 && segment.c1 == 0 && segment.c2 == 0; }

/// The low `bits` bits of a number in two's complement.
std::uint32_t low_bits(std::int32_t value, int bits) { return static_cast<std::uint32_t>(value) & ((1U << bits) - 1U); }

}  // namespace

std::string vector_tables_source(std::span<const TableSegment, kTableSegments> segments) {
  std::string text =
      "// The coefficients of the vector unit's tables. Written by make_vector_tables; do not edit.\n"
      "#include \"golden/math/vector_tables.hpp\"\n\n"
      "namespace mixvec::inline golden {\n\n"
      "// clang-format off: one segment a line.\n"
      "const std::array<TableSegment, kTableSegments> kVectorTables = {{\n";
  for (const TableSegment& s : segments) text += fmt::format("    {{{}U, {}, {}}},\n", s.c0, s.c1, s.c2);
  return text +
         "}};\n"
         "// clang-format on\n\n"
         "}  // namespace mixvec::inline golden\n";
}

std::string vector_rom_source(std::span<const TableSegment, kTableSegments> segments) {
  std::string text =
      "// Mixvec\n"
      "// SPDX-License-Identifier: Apache-2.0\n"
      "//\n"
      "// Coefficients of the vector unit's tables, combinational: segments 0..31 exp2, 32..63 reciprocal,\n"
      "// 64..127 reciprocal root (even exponents, then odd ones), 128..255 GELU's tail in the erf form,\n"
      "// 256..383 in the tanh form; zero elsewhere. Written by make_vector_tables; do not edit.\n\n"
      "module mv_vector_rom (\n"
      "  input  logic        [8:0]  segment_i,\n"
      "  output logic        [29:0] c0_o,\n"
      "  output logic signed [24:0] c1_o,\n"
      "  output logic        [15:0] c2_o\n"
      ");\n"
      "  logic [70:0] coefficients;\n"
      "  always_comb begin\n"
      "    case (segment_i)\n";
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const TableSegment& s = segments[i];
    // Most of GELU's last segments are zero: they cost no gates as the default.
    if (is_zero(s)) continue;
    text += fmt::format("      9'd{}: coefficients = {{30'h{:08x}, 25'h{:07x}, 16'h{:04x}}};\n", i, s.c0,
                        low_bits(s.c1, 25), low_bits(s.c2, 16));
  }
  return text +
         "      default: coefficients = 71'd0;\n"
         "    endcase\n"
         "  end\n\n"
         "  assign {c0_o, c1_o, c2_o} = coefficients;\n"
         "endmodule\n";
}

}  // namespace mixvec::inline golden
