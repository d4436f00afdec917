// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Stubs of the arithmetic in proofs about order: few bits, the real latencies and enables. The
// product and the sum tell their operands apart, and the sum depends on the order of additions.

module mv_fp16_widen (
  input  logic [15:0] half_i,
  output logic [16:0] wide_o
);
  assign wide_o = {1'b0, half_i};
endmodule

module mv_fp16_to_fp32 (
  input  logic [15:0] half_i,
  output logic [31:0] float_o
);
  assign float_o = {28'd0, half_i[3:0]};
endmodule

module mv_fp32_to_fp16 (
  input  logic [31:0] float_i,
  output logic [15:0] half_o
);
  assign half_o = {12'd0, float_i[3:0]};
endmodule

module mv_fp16_mul #(
  parameter int Stages = 2
) (
  input  logic              clk_i,
  input  logic [Stages-1:0] en_i,
  input  logic [16:0]       left_i,
  input  logic [16:0]       right_i,
  input  logic              mask_i,
  output logic [31:0]       product_o
);
  logic [4*(Stages+1)-1:0] way;
  logic [4*Stages-1:0]     way_q;
  assign way       = {way_q, mask_i ? {left_i[1:0], right_i[1:0]} : 4'd0};
  assign product_o = {28'd0, way_q[4*Stages-1 -: 4]};
  always_ff @(posedge clk_i) begin
    for (int s = 0; s < Stages; s++) if (en_i[s]) way_q[s*4 +: 4] <= way[s*4 +: 4];
  end
endmodule

module mv_fp32_add #(
  parameter int Cuts = 2,
  localparam int EnW = (Cuts > 0) ? Cuts : 1
) (
  input  logic           clk_i,
  input  logic [EnW-1:0] en_i,
  input  logic [31:0]    left_i,
  input  logic [31:0]    right_i,
  output logic [31:0]    sum_o
);
  logic [3:0] sum;
  assign sum = {left_i[2:0], left_i[3]} + (right_i[3:0] << 2) + right_i[3:0] + 4'd1;
  if (Cuts > 0) begin : g_cuts
    logic [4*(Cuts+1)-1:0] way;
    logic [4*Cuts-1:0]     way_q;
    assign way   = {way_q, sum};
    assign sum_o = {28'd0, way_q[4*Cuts-1 -: 4]};
    always_ff @(posedge clk_i) begin
      for (int s = 0; s < Cuts; s++) if (en_i[s]) way_q[s*4 +: 4] <= way[s*4 +: 4];
    end
  end else begin : g_no_cuts
    assign sum_o = {28'd0, sum};
  end
endmodule
