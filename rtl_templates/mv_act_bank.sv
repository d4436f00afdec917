// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Activation bank: rows of Lv inputs x Lt tokens, one read and one write per cycle; the sub-banks
// i = j (mod H) share row address j.

module mv_act_bank #(
  parameter int Lv       = 8,
  parameter int Lt       = 8,
  parameter int FullRate = 4,   // sub-banks of a row address
  parameter int Rows     = 384,
  // derived
  parameter int RowW  = (Rows > 1) ? $clog2(Rows) : 1,
  parameter int LaneW = (Lv > 1) ? $clog2(Lv) : 1,
  parameter int H     = Lv / FullRate
) (
  input  logic                clk_i  /*verilator public_flat_rd*/,
  // write: one input
  input  logic                write_i  /*verilator public_flat_rd*/,
  input  logic [RowW-1:0]     write_row_i  /*verilator public_flat_rd*/,
  input  logic [LaneW-1:0]    write_bank_i  /*verilator public_flat_rd*/,
  input  logic [Lt*16-1:0]    write_data_i  /*verilator public_flat_rd*/,
  // read: data one cycle later
  input  logic                read_i  /*verilator public_flat_rd*/,
  input  logic [H*RowW-1:0]   read_row_i  /*verilator public_flat_rd*/,
  output logic [Lv*Lt*16-1:0] read_data_o
);
  // Inputs of its own let all instances share one simulated function: half the build time.
  /*verilator no_inline_module*/
  for (genvar i = 0; i < Lv; i++) begin : g_sub_bank
    logic [Lt*16-1:0] mem_q [Rows];
    logic [Lt*16-1:0] data_q;
    always_ff @(posedge clk_i) begin
      if (write_i && write_bank_i == LaneW'(i)) mem_q[write_row_i] <= write_data_i;
      if (read_i) data_q <= mem_q[read_row_i[(i % H) * RowW +: RowW]];
    end
    assign read_data_o[i*Lt*16 +: Lt*16] = data_q;
  end
endmodule
