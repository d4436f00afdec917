// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// The functions of the vector unit that come from tables: 2^y, 1/x, 1/sqrt(x), and Phi of GELU in
// both forms. Five registers: argument, three of mv_interpolate, result. Other values pass.

module mv_vector_function (
  input  logic        clk_i,
  input  logic [4:0]  en_i,   // one enable per register, in order
  // Operation as in mv_vector_unit: 5 2^y, 2 and 3 Phi (erf, tanh form), 8 1/x, 10 1/sqrt(x), all
  // others pass x; the second one is the same, four cycles later.
  input  logic [3:0]  op_i,
  input  logic [3:0]  op_s4_i,
  // Binary32. 2^y: infinity, NaN or zero if that shall be the result, else any other value.
  // Phi: the sign of its argument. 1/x, 1/sqrt(x): the argument, positive and normal, or NaN.
  input  logic [31:0] float_i,
  input  logic [34:0] exp2_argument_i,   // 21 fractional bits and sign (the 22nd does not count)
  input  logic [18:0] phi_argument_i,    // magnitude of Phi's argument, 16 fractional bits
  // The result as the following product wants it, its significand with the leading one.
  output logic        sign_o,
  output logic [7:0]  exponent_o,
  output logic [32:0] significand_o,
  output logic [30:0] root_o   // 1/x or 1/sqrt(x) without sign, at the last register's input
);
  localparam logic [3:0] PhiErf = 4'd2, PhiTanh = 4'd3, Exp2 = 4'd5, Reciprocal = 4'd8,
                         Root = 4'd10;

  // ---- segment and offset ----
  // 2^y also gives the exponent of its result, which then stands in the fraction of x.
  logic [8:0]  segment, segment_s1_q;
  logic [15:0] offset, offset_s1_q;
  logic [7:0]  exp2_exponent;
  logic [31:0] passed, passed_s1_q, passed_s2_q, passed_s3_q, passed_s4_q;
  // Below 2^-26 binary16 is zero, from 2^16 on infinite: so much is kept of the exponent.
  assign exp2_exponent = ($signed(exp2_argument_i[34:21]) < -14'sd64) ? 8'd63 :
                         ($signed(exp2_argument_i[34:21]) > 14'sd63) ? 8'd190 :
                         exp2_argument_i[28:21] + 8'd127;
  always_comb begin
    passed  = float_i;
    segment = {4'd1, float_i[22:18]};   // reciprocal: 32..63
    offset  = float_i[17:2];
    unique case (op_i)
      Exp2: begin
        passed  = {float_i[31:8], exp2_exponent};
        segment = {4'd0, exp2_argument_i[20:16]};   // 0..31
        offset  = exp2_argument_i[15:0];
      end
      PhiErf, PhiTanh: begin
        // 128..255 or 256..383
        segment = {op_i == PhiTanh, op_i == PhiErf, phi_argument_i[18:12]};
        offset  = {phi_argument_i[11:0], 4'd0};
      end
      // An even biased exponent is odd without the bias: 64..95 or 96..127.
      Root: segment = {3'd1, !float_i[23], float_i[22:18]};
      default: ;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (en_i[0]) begin
      segment_s1_q <= segment;
      offset_s1_q  <= offset;
      passed_s1_q  <= passed;
    end
    if (en_i[1]) passed_s2_q <= passed_s1_q;
    if (en_i[2]) passed_s3_q <= passed_s2_q;
    if (en_i[3]) passed_s4_q <= passed_s3_q;
  end

  logic [29:0] value;
  mv_interpolate u_interpolate (
    .clk_i    (clk_i),
    .en_i     (en_i[3:1]),
    .segment_i(segment_s1_q),
    .offset_i (offset_s1_q),
    .value_o  (value)
  );

  // ---- Phi(x) ----
  // The tail for negative x, else one minus the tail: 30 fractional bits. Normalised in steps of
  // 16, 8, 4, 2, 1.
  logic [30:0] phi, phi_normal_16, phi_normal_8, phi_normal_4, phi_normal_2, phi_normal_1;
  logic        shift_16, shift_8, shift_4, shift_2, shift_1;
  assign phi           = passed_s4_q[31] ? {1'b0, value} : 31'h4000_0000 - {1'b0, value};
  assign shift_16      = phi[30:15] == 16'd0;
  assign phi_normal_16 = shift_16 ? {phi[14:0], 16'd0} : phi;
  assign shift_8       = phi_normal_16[30:23] == 8'd0;
  assign phi_normal_8  = shift_8 ? {phi_normal_16[22:0], 8'd0} : phi_normal_16;
  assign shift_4       = phi_normal_8[30:27] == 4'd0;
  assign phi_normal_4  = shift_4 ? {phi_normal_8[26:0], 4'd0} : phi_normal_8;
  assign shift_2       = phi_normal_4[30:29] == 2'd0;
  assign phi_normal_2  = shift_2 ? {phi_normal_4[28:0], 2'd0} : phi_normal_4;
  assign shift_1       = !phi_normal_2[30];
  assign phi_normal_1  = shift_1 ? {phi_normal_2[29:0], 1'd0} : phi_normal_2;

  // ---- reciprocals ----
  // The value in (1/2, 1] has 29 fractional bits; 24 remain, rounded up at the half. With exponent
  // E for [1, 2), {E - 2, 0} + 2^23 is the binary32 value of 1/2.
  logic [7:0]  half_exponent, root_exponent;
  logic [24:0] value_rounded;
  logic [30:0] root_bits;
  // 1/sqrt(x): 127 less half the exponent without its bias, rounded down.
  assign half_exponent = {1'b0, passed_s4_q[30:24]} + {7'd0, passed_s4_q[23]};
  assign root_exponent = (op_s4_i == Root) ? 8'd189 - half_exponent : 8'd252 - passed_s4_q[30:23];
  assign value_rounded = 25'((value + 30'd16) >> 5);
  assign root_bits     = (&passed_s4_q[30:23]) ? 31'h7FC0_0000 :
                         {root_exponent, 23'd0} + {6'd0, value_rounded};
  assign root_o        = root_bits;

  // ---- result ----
  logic        sign, sign_q;
  logic [7:0]  exponent, exponent_q;
  logic [32:0] significand, significand_q;
  always_comb begin
    sign        = passed_s4_q[31];
    exponent    = passed_s4_q[30:23];
    significand = {|passed_s4_q[30:23], passed_s4_q[22:0], 9'd0};
    unique case (op_s4_i)
      Exp2: begin
        sign = 1'b0;
        if (&passed_s4_q[30:23]) begin
          significand = {1'b1, passed_s4_q[22], 31'd0};   // infinity or NaN
        end else if (|passed_s4_q[30:23]) begin
          exponent    = passed_s4_q[7:0];
          significand = {value, 3'd0};   // in [1, 2) with 29 fractional bits
        end
      end
      PhiErf, PhiTanh: begin
        sign        = 1'b0;
        exponent    = !phi_normal_1[30] ? 8'd0 :
                      8'd127 - {3'd0, shift_16, shift_8, shift_4, shift_2, shift_1};
        significand = {phi_normal_1, 2'd0};
      end
      Reciprocal, Root: begin
        sign        = 1'b0;
        exponent    = root_bits[30:23];
        significand = {1'b1, root_bits[22:0], 9'd0};
      end
      default: ;
    endcase
  end
  always_ff @(posedge clk_i) begin
    if (en_i[4]) begin
      sign_q        <= sign;
      exponent_q    <= exponent;
      significand_q <= significand;
    end
  end
  assign sign_o        = sign_q;
  assign exponent_o    = exponent_q;
  assign significand_o = significand_q;

`ifdef VERILATOR
  always_ff @(posedge clk_i) begin
    PowerUnderflows: cover (en_i[0] && op_i == Exp2 &&
                            $signed(exp2_argument_i[34:21]) < -14'sd64);
    PowerOfNan: cover (en_i[4] && op_s4_i == Exp2 && (&passed_s4_q[30:23]) && passed_s4_q[22]);
    RootOfOddExponent: cover (en_i[0] && op_i == Root && !float_i[23]);
    RootOfEvenExponent: cover (en_i[0] && op_i == Root && float_i[23]);
    TailOfErf: cover (en_i[4] && op_s4_i == PhiErf && passed_s4_q[31]);
    TailOfTanh: cover (en_i[4] && op_s4_i == PhiTanh && passed_s4_q[31]);
  end
`endif
endmodule
