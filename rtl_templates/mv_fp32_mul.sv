// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Product of two binary32 values, rounded to nearest even.
//
// No operand and no result is subnormal, and no product of finite values overflows
// (docs/numerics.md). Zeros keep their signs; infinities pass; NaN results are 0x7FC00000.

module mv_fp32_mul #(
  // Registers from the operands to the product, the last one at the output.
  parameter int Stages = 2
) (
  input  logic              clk_i,
  input  logic [Stages-1:0] en_i,   // one enable per register, in order
  input  logic [31:0]       x_i,
  input  logic [31:0]       y_i,
  output logic [31:0]       product_o
);
  logic [47:0] unused_integer;
  logic        unused;
  assign unused = ^unused_integer;

  mv_product #(
    .AW    (24),
    .BW    (24),
    .Stages(Stages)
  ) u_product (
    .clk_i          (clk_i),
    .en_i           (en_i),
    .x_sign_i       (x_i[31]),
    .x_exponent_i   (x_i[30:23]),
    .x_significand_i({|x_i[30:23], x_i[22:0]}),
    .y_sign_i       (y_i[31]),
    .y_exponent_i   (y_i[30:23]),
    .y_significand_i({|y_i[30:23], y_i[22:0]}),
    .odd_i          (1'b0),
    .product_o      (product_o),
    .integer_o      (unused_integer)
  );
endmodule
