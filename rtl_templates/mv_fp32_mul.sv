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
  input  logic [31:0]       left_i,
  input  logic [31:0]       right_i,
  output logic [31:0]       product_o
);
  logic [47:0] unused_integer;
  logic        unused;
  assign unused = ^unused_integer;

  mv_product #(
    .LeftW (24),
    .RightW(24),
    .Stages(Stages)
  ) u_product (
    .clk_i              (clk_i),
    .en_i               (en_i),
    .left_sign_i        (left_i[31]),
    .left_exponent_i    (left_i[30:23]),
    .left_significand_i ({|left_i[30:23], left_i[22:0]}),
    .right_sign_i       (right_i[31]),
    .right_exponent_i   (right_i[30:23]),
    .right_significand_i({|right_i[30:23], right_i[22:0]}),
    .to_odd_i           (1'b0),
    .product_o          (product_o),
    .integer_o          (unused_integer)
  );
endmodule
