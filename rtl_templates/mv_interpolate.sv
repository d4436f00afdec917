// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Piecewise quadratics of the vector unit: c0 + (c1 + c2 * o) * o in fixed point, with the
// coefficients of a segment of mv_vector_rom and the offset o in it. Each product is cut (towards
// minus infinity) as docs/numerics.md (Tables) says. Three registers, the last one at the output.

module mv_interpolate (
  input  logic        clk_i,
  input  logic [2:0]  en_i,   // one enable per register, in order
  input  logic [8:0]  segment_i,
  input  logic [15:0] offset_i,
  output logic [29:0] value_o
);
  // ---- coefficients ----
  logic        [29:0] c0, c0_s1_q, c0_s2_q;
  logic signed [24:0] c1, c1_s1_q;
  logic        [15:0] c2, c2_s1_q;
  logic        [15:0] offset_s1_q, offset_s2_q;
  mv_vector_rom u_rom (
    .segment_i(segment_i),
    .c0_o     (c0),
    .c1_o     (c1),
    .c2_o     (c2)
  );
  always_ff @(posedge clk_i) begin
    if (en_i[0]) begin
      c0_s1_q     <= c0;
      c1_s1_q     <= c1;
      c2_s1_q     <= c2;
      offset_s1_q <= offset_i;
    end
  end

  // ---- slope ----
  // 16 + 16 bits, of which 14 fall; c1 and the slope at the segment's end have 25 with sign.
  logic        [31:0] slope_rise;
  logic signed [24:0] slope_s2_q;
  assign slope_rise = {16'd0, c2_s1_q} * {16'd0, offset_s1_q};
  always_ff @(posedge clk_i) begin
    if (en_i[1]) begin
      c0_s2_q     <= c0_s1_q;
      slope_s2_q  <= c1_s1_q + 25'(slope_rise >> 14);
      offset_s2_q <= offset_s1_q;
    end
  end

  // ---- value: 25 + 16 bits, of which 15 fall; it stays within 30 bits, where sums may wrap ----
  logic signed [41:0] value_rise;
  logic        [29:0] value_q;
  assign value_rise = 42'(slope_s2_q) * $signed({26'd0, offset_s2_q});
  always_ff @(posedge clk_i) begin
    if (en_i[2]) value_q <= c0_s2_q + 30'(value_rise >>> 15);
  end
  assign value_o = value_q;
endmodule
