// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Top of the bench tb_fp: the arithmetic units side by side.
//
// The multiplier with its widening and the adder with their registers always enabled, and both
// conversions.

module tb_fp_top #(
  parameter int MulStages = 2,
  parameter int Cuts      = 2
) (
  input  logic        clk_i,
  input  logic [15:0] a_i,
  input  logic [15:0] b_i,
  input  logic        mask_i,
  output logic [31:0] product_o,
  input  logic [31:0] x_i,
  input  logic [31:0] y_i,
  output logic [31:0] sum_o,
  input  logic [15:0] half_i,
  output logic [31:0] widened_o,
  input  logic [31:0] float_i,
  output logic [15:0] rounded_o
);
  logic [16:0] a, b;
  mv_fp16_widen u_widen_a (
    .half_i(a_i),
    .wide_o(a)
  );
  mv_fp16_widen u_widen_b (
    .half_i(b_i),
    .wide_o(b)
  );
  mv_fp16_mul #(
    .Stages(MulStages)
  ) u_mul (
    .clk_i    (clk_i),
    .en_i     ({MulStages{1'b1}}),
    .left_i   (a),
    .right_i  (b),
    .mask_i   (mask_i),
    .product_o(product_o)
  );
  mv_fp32_add #(
    .Cuts(Cuts)
  ) u_add (
    .clk_i  (clk_i),
    .en_i   ({(Cuts > 0 ? Cuts : 1) {1'b1}}),
    .left_i (x_i),
    .right_i(y_i),
    .sum_o  (sum_o)
  );
  mv_fp16_to_fp32 u_to_fp32 (
    .half_i (half_i),
    .float_o(widened_o)
  );
  mv_fp32_to_fp16 u_to_fp16 (
    .float_i(float_i),
    .half_o (rounded_o)
  );
endmodule
