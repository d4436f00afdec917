// Any bytes are a source whose mutants lie in it and keep its lines, or an InputError; nothing else comes of looking
// for its instances, packages and parameters.
#include <algorithm>

#include "flows/fuzz/reports/report_targets.hpp"
#include "flows/mutation/source/mutated_text.hpp"
#include "flows/synth/sources.hpp"

namespace mixvec::inline flows::fuzz {
namespace {

void check_mutants(std::string_view text, const std::vector<Mutant>& mutants) {
  std::vector<NumberedMutant> numbered;
  for (const Mutant& mutant : mutants) {
    require(mutant.begin < mutant.end && mutant.end <= text.size(), "a mutant outside of the text");
    require(mutate(text, mutant) != text, "a mutant that changes nothing");
    require(!describe(mutant, text).empty(), "a mutant without a description");
    numbered.push_back({static_cast<int>(numbered.size()) + 1, mutant});
  }
  const std::string all = mutate_by_number(text, numbered);
  require(std::count(all.begin(), all.end(), '\n') == std::count(text.begin(), text.end(), '\n'),
          "lines do not stay where they are");
}

void fuzz_rtl(std::string_view bytes) {
  for (const std::string& name : instantiated_modules(bytes)) require(name.starts_with("mv_"), "another module");
  for (const std::string& name : named_packages(bytes)) require(name.ends_with("pkg"), "another package");
  try {
    static_cast<void>(find_sources("m", put("m.sv", bytes), scratch()));
    static_cast<void>(fix_parameters(std::string(bytes), "m", {{"Width", "3"}}));
  } catch (const InputError&) {  // NOLINT(bugprone-empty-catch): most name what is not there
  }
  check_mutants(bytes, find_mutants("m.sv", bytes));
}

std::vector<std::string> rtl_seeds() {
  return {
      "module m #(\n  parameter int Width = 8,\n  localparam int W = $clog2(Width)\n) (\n  input logic clk_i,\n"
      "  output logic [W-1:0] q_o\n);\n  import mv_pkg::*;\n  assign a = b[i] && (c ? 2'd1 : {2{d}}) < 4'(e);\n"
      "  always_ff @(posedge clk_i or negedge rst_ni) begin\n    if (!rst_ni) q <= '0;\n    else case (s)\n"
      "      2'd0: q <= f;\n      default: if (!g) q[3:0] <= ~h ^ mv_pkg::f(k);\n    endcase\n  end\n"
      "  mv_fifo #(.Depth(2)) u_fifo (.clk_i(clk_i), .data_i(a[i +: 4]));\nendmodule\n",
      "module m;\n  typedef enum logic [1:0] {kA, kB} state_e;\n  state_e s_d, s_q;\n  logic [7:0] t [4];\n"
      "  always_comb begin\n    s_d = s_q;\n    for (int k = 0; k < 4; k++) t[k] = 8'hfe + x[k] - y;\n"
      "    unique case (s_q)\n      kA: if (go_i) s_d = kB;\n      default: s_d = kA;\n    endcase\n  end\n"
      "  for (genvar g = 0; g < 2; g++) begin : g_two\n    assign z[g] = &w[g] | (v == 3'b101);\n  end\n"
      "`ifdef VERILATOR\n  a: assert property (x);\n`endif\nendmodule\n"};
}

}  // namespace

Target rtl_target() {
  return {.name = "rtl",
          .read = fuzz_rtl,
          .seeds = rtl_seeds,
          .words = {"module",
                    "endmodule",
                    "assign",
                    "always_ff @(posedge clk_i)",
                    "always_comb",
                    "begin",
                    "end",
                    "if (",
                    "else",
                    "case (",
                    "endcase",
                    "default:",
                    "unique",
                    "for (",
                    "genvar",
                    "function automatic",
                    "endfunction",
                    "localparam",
                    "parameter int Width =",
                    "typedef",
                    "struct packed {",
                    "enum logic",
                    "logic",
                    "`ifdef",
                    "`endif",
                    "'{",
                    "'(",
                    "+:",
                    "<=",
                    ">>>",
                    "&&",
                    "||",
                    "8'hff",
                    "'0",
                    "(*",
                    "*)",
                    "//",
                    "/*",
                    "mv_a #(",
                    "mv_a u_a",
                    "mv_pkg::",
                    "$clog2(",
                    "inside",
                    "\\esc "},
          .most_bytes = 2048};
}

}  // namespace mixvec::inline flows::fuzz
