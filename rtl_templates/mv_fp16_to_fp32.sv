// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Exact widening of binary16 to binary32.
//
// Every NaN becomes 0x7FC00000; subnormals become normal numbers, -0 stays -0.

module mv_fp16_to_fp32 (
  input  logic [15:0] half_i,
  output logic [31:0] float_o
);
  logic [16:0] widened;
  mv_fp16_widen u_widen (
    .half_i(half_i),
    .wide_o(widened)
  );

  always_comb begin
    if (widened[15:10] == 6'd0) float_o = {widened[16], 31'd0};
    else if (&widened[15:14]) float_o = {widened[16] && !widened[9], 8'hFF, widened[9], 22'd0};
    // Biased by 25 there and by 127 here.
    else float_o = {widened[16], {2'd0, widened[15:10]} + 8'd102, widened[9:0], 13'd0};
  end
endmodule
