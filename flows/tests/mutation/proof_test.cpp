// What a proof about a mutant is made of: the contracts as assumptions, and two modules that start alike.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "flows/mutation/proof/contract_text.hpp"
#include "flows/mutation/proof/miter.hpp"
#include "golden/base/error.hpp"
#include "golden/cli/cli.hpp"
#include "golden/files/input_file.hpp"
#include "golden/files/output.hpp"
#include "golden/tests/helpers.hpp"
#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline flows {
namespace {

TEST(ContractText, AssertionsStayWithoutNameAndMessage) {
  EXPECT_EQ(with_contracts("a\n`ifdef VERILATOR\n  Idle: assert (!x_i) else $error(\"a; b\");\n`endif\nb"),
            "a\n\n  assert (!x_i) ;\n\nb");
  EXPECT_EQ(with_contracts("`ifdef VERILATOR\nFull: cover (x_i && y_i);\nassert (z)\n  else $error(\"no\");\n`endif"),
            "\n;\nassert (z)\n  ;\n");
}

TEST(ContractText, GuardsOfParametersAreThoseOfYosys) {
  EXPECT_EQ(with_contracts("`ifdef VERILATOR\n$fatal(0, \"x\");\n`else\nillegal u ();\n`endif\n"),
            "\nillegal u ();\n\n");
  EXPECT_EQ(with_contracts("`ifdef VERILATOR\n$fatal(0, \"x\");\n`endif\n"), "\n");
  EXPECT_EQ(with_contracts("`ifdef OTHER\nx\n`endif\n"), "`ifdef OTHER\nx\n`endif\n");
}

/// What abc says of two modules "gold" and "gate" in SystemVerilog.
std::string verdict_on(const std::string& gold, const std::string& gate) {
  const TemporaryTestFolder folder;
  write_file(folder.path / "gold.sv", gold);
  write_file(folder.path / "gate.sv", gate);
  const auto run = [&](const std::string& command) {
    return exit_code_of(fmt::format("cd '{}' && {} > log.txt 2>&1", folder.path.string(), command));
  };
  EXPECT_EQ(
      run("yosys -q -p 'read_verilog -sv -formal -assume-asserts gold.sv; read_verilog -sv gate.sv; proc; flatten; "
          "async2sync; opt_clean; miter -equiv -flatten gold gate miter; hierarchy -top miter; opt_clean; "
          "write_rtlil miter.il'"),
      0)
      << read_file(folder.path / "log.txt");
  write_file(folder.path / "start.il", with_shared_start(read_file(folder.path / "miter.il")));
  EXPECT_EQ(run("yosys -q -p 'read_rtlil start.il; hierarchy -top miter; setundef -undriven -zero; techmap; opt -fast; "
                "dffunmap; opt_clean; aigmap; write_aiger -zinit c.aig'"),
            0)
      << read_file(folder.path / "log.txt");
  EXPECT_EQ(run("yosys-abc -c 'read_aiger c.aig; fold; scorr; pdr -T 60'"), 0);
  const std::string log = read_file(folder.path / "log.txt");
  if (log.find("Property proved") != std::string::npos) return "same";
  return log.find("was asserted in frame") != std::string::npos ? "differs" : log;
}

/// A counter that starts at `reset` (text of the reset branch) and whose `clear_i` may not come while it is `limit`.
std::string counter(const std::string& name, const std::string& reset, const std::string& clear,
                    const std::string& contract = "") {
  return fmt::format(
      "module {}(input logic clk_i, input logic rst_ni, input logic clear_i, output logic [2:0] y_o);\n"
      "  logic [2:0] count_q;\n  assign y_o = count_q;\n"
      "  always_ff @(posedge clk_i or negedge rst_ni) begin\n    if (!rst_ni) begin {} end\n"
      "    else if ({}) count_q <= 3'd1;\n    else count_q <= count_q + 3'd1;\n  end\n{}endmodule\n",
      name, reset, clear, contract);
}

class MiterProof : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* tool : {"yosys", "yosys-abc"}) {
      if (exit_code_of(fmt::format("command -v {} > /dev/null", tool)) != 0) GTEST_SKIP() << tool << " is missing";
    }
  }
};

TEST_F(MiterProof, TheSameIsTheSameFromAnyStart) {
  const std::string reset = "count_q <= 3'd0;";
  EXPECT_EQ(verdict_on(counter("gold", reset, "clear_i"), counter("gate", reset, "clear_i")), "same");
  // Registers without a reset start alike, whatever they hold.
  EXPECT_EQ(verdict_on(counter("gold", "", "clear_i"), counter("gate", "", "clear_i")), "same");
}

TEST_F(MiterProof, ADifferenceBehindTheResetIsFound) {
  EXPECT_EQ(verdict_on(counter("gold", "count_q <= 3'd0;", "clear_i"), counter("gate", "", "clear_i")), "differs");
  EXPECT_EQ(verdict_on(counter("gold", "count_q <= 3'd0;", "clear_i"), counter("gate", "count_q <= 3'd1;", "clear_i")),
            "differs");
  const std::string reset = "count_q <= 3'd0;";
  EXPECT_EQ(verdict_on(counter("gold", reset, "clear_i"), counter("gate", reset, "clear_i && count_q != 3'd7")),
            "differs");
}

TEST_F(MiterProof, WhatContractsForbidIsNoDifference) {
  const std::string reset = "count_q <= 3'd0;";
  const std::string contract =
      "  always_ff @(posedge clk_i or negedge rst_ni) if (rst_ni) assert (!clear_i || count_q != 3'd7);\n";
  EXPECT_EQ(
      verdict_on(counter("gold", reset, "clear_i", contract), counter("gate", reset, "clear_i && count_q != 3'd7")),
      "same");
}

TEST(Miter, IsRefusedWithoutItsModule) { EXPECT_THROW(with_shared_start("module \\other\nend\n"), InputError); }

}  // namespace
}  // namespace mixvec::inline flows
