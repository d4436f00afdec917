// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Activation bank: rows of Lv inputs x Lt tokens, one read per cycle and one write per cycle and
// sub-bank; the sub-banks i = j (mod H) share row address j.

module mv_act_bank #(
  parameter int Lv       = 8,
  parameter int Lt       = 8,
  parameter int FullRate = 4,   // sub-banks of a row address
  parameter int Rows     = 384,
  parameter int Writers  = 1,   // of which at most one writes a sub-bank in a cycle
  // derived
  localparam int RowW  = (Rows > 1) ? $clog2(Rows) : 1,
  localparam int LaneW = (Lv > 1) ? $clog2(Lv) : 1,
  localparam int H     = Lv / FullRate
) (
  input  logic                     clk_i,
  // write: one input of each writer
  input  logic [Writers-1:0]       write_i,
  input  logic [Writers*RowW-1:0]  write_row_i,
  input  logic [Writers*LaneW-1:0] write_bank_i,
  input  logic [Writers*Lt*16-1:0] write_data_i,
  // read: data one cycle later
  input  logic                     read_i,
  input  logic [H*RowW-1:0]        read_row_i,
  output logic [Lv*Lt*16-1:0]      read_data_o
);
  for (genvar i = 0; i < Lv; i++) begin : g_sub_bank
    logic [Lt*16-1:0] rows_q [Rows];
    logic [Lt*16-1:0] data_q, write_data;
    logic [RowW-1:0]  write_row;
    logic             write_here;
    always_comb begin
      write_here = 1'b0;
      write_row  = write_row_i[RowW-1:0];
      write_data = write_data_i[Lt*16-1:0];
      for (int writer = 0; writer < Writers; writer++) begin
        if (write_i[writer] && write_bank_i[writer*LaneW +: LaneW] == LaneW'(i)) begin
          write_here = 1'b1;
          write_row  = write_row_i[writer*RowW +: RowW];
          write_data = write_data_i[writer*Lt*16 +: Lt*16];
        end
      end
    end
    always_ff @(posedge clk_i) begin
      if (write_here) rows_q[write_row] <= write_data;
      if (read_i) data_q <= rows_q[read_row_i[(i % H) * RowW +: RowW]];
    end
    assign read_data_o[i*Lt*16 +: Lt*16] = data_q;
  end
endmodule
