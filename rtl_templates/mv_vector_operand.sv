// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// First half of a lane: makes the first factor of its products from an operand and a row's sums.
// X(a) is the integer a * 2^24. Either x = to_binary32(factor * X(a) - row), scaled back by 2^24
// where the factor is one, or the fixed-point argument t of 2^y or Phi. Six registers, numbered as
// in mv_vector_lane, from 2 to 7.

module mv_vector_operand (
  input  logic        clk_i,
  input  logic [5:0]  en_i,   // one enable per register, in order
  // beside register 1
  input  logic [15:0] a_i,
  input  logic        drop_i,     // take 0 for X(a)
  input  logic [14:0] factor_i,   // 1..2^14
  input  logic [54:0] row_i,      // subtracted; below 2^54 in magnitude
  input  logic        force_i,    // the result is ±0, infinity or NaN instead:
  input  logic        force_sign_i,
  input  logic [1:0]  force_kind_i,   // 0: 0, 2: infinity, 3: NaN
  // beside register 4
  input  logic        arg_4_i,      // the argument of 2^y will be wanted: keep the sign
  input  logic        window_4_i,   // take window_i * 2^window_shift_i instead
  input  logic [54:0] window_i,
  input  logic        window_sticky_i,   // something is set below the window
  input  logic [5:0]  window_shift_i,
  // beside registers 5 and 6
  input  logic        arg_5_i,         // t is wanted: 28 bits with sign …
  input  logic        magnitude_5_i,   // … or saturated to 19 bits without
  input  logic        arg_6_i,
  input  logic        scaled_6_i,   // the integer counts units of 2^-24
  // sign, exponent as in binary32, and significand with its leading one in the upper 24 bits; for t
  // two's complement in 28 bits and its sign, or that of the operand
  output logic        sign_o,
  output logic [7:0]  exponent_o,
  output logic [27:0] significand_o
);
  // What the result shall be in any case travels beside the integer: {forced, sign, kind}. Without
  // force the sign is that of the operand.
  logic [3:0] force_2_q, force_3_q, force_4_q, force_5_q, force_6_q;

  // ---- significand times factor: 11 and 15 bits, but the factor is at most 2^14 ----
  logic [24:0] product_2_q;
  logic [4:0]  shift_2_q;
  logic [54:0] row_2_q, row_3_q;
  always_ff @(posedge clk_i) begin
    if (en_i[0]) begin
      product_2_q <= drop_i ? 25'd0 : 25'({14'd0, |a_i[14:10], a_i[9:0]} * {10'd0, factor_i});
      // Subnormal numbers and those of exponent 1 have the same unit.
      shift_2_q   <= a_i[14:10] - {4'd0, |a_i[14:10]};
      row_2_q     <= row_i;
      force_2_q   <= {force_i, force_i ? force_sign_i : a_i[15] && !drop_i, force_kind_i};
    end
  end

  // ---- shift: finite operands by up to 29 places, so 54 bits hold the product ----
  logic [53:0] shifted_3_q;
  always_ff @(posedge clk_i) begin
    if (en_i[1]) begin
      shifted_3_q <= {29'd0, product_2_q} << shift_2_q;
      row_3_q     <= row_2_q;
      force_3_q   <= force_2_q;
    end
  end

  // ---- difference in units of the operand's sign ----
  // To a negative one the row is added. Two magnitudes below 2^54 give 55 bits and sign.
  logic [55:0] difference_4_q;
  always_ff @(posedge clk_i) begin
    if (en_i[2]) begin
      difference_4_q <= {2'd0, shifted_3_q} + ({row_3_q[54], row_3_q} ^ {56{!force_3_q[2]}}) +
                      {55'd0, !force_3_q[2]};
      force_4_q      <= force_3_q;
    end
  end

  // ---- magnitude, or for t two's complement; or the window in place of both ----
  logic        negate, sign_5_q, sticky_5_q;
  logic [55:0] value, value_5_q;
  logic [5:0]  extra_5_q;
  assign negate = (arg_4_i) ? force_4_q[2] : difference_4_q[55];
  assign value  = (difference_4_q ^ {56{negate}}) + {55'd0, negate};
  always_ff @(posedge clk_i) begin
    if (en_i[3]) begin
      value_5_q  <= window_4_i ? {1'b0, window_i} : value;
      sticky_5_q <= window_4_i && window_sticky_i;
      extra_5_q  <= window_4_i ? window_shift_i : 6'd0;
      sign_5_q   <= force_4_q[2] ^ difference_4_q[55];
      force_5_q  <= force_4_q;
    end
  end

  // ---- normalise to bit 55 in steps 32, 16, 8, 4, 2, 1 ----
  // 24 bits, the half and whether there is more below are kept. Beside it t, which drops 8 bits and
  // saturates.
  logic [55:0] norm, norm_32, norm_16, norm_8, norm_4, norm_2, norm_1;
  logic        zero_32, zero_16, zero_8, zero_4, zero_2, zero_1;
  logic [27:0] t;
  logic [27:0] kept_6_q;
  logic [7:0]  exponent_6_q;
  logic        sign_6_q, some_6_q;
  assign norm    = {value_5_q[54:0], sticky_5_q};
  assign zero_32 = norm[55:24] == 32'd0;
  assign norm_32 = zero_32 ? {norm[23:0], 32'd0} : norm;
  assign zero_16 = norm_32[55:40] == 16'd0;
  assign norm_16 = zero_16 ? {norm_32[39:0], 16'd0} : norm_32;
  assign zero_8  = norm_16[55:48] == 8'd0;
  assign norm_8  = zero_8 ? {norm_16[47:0], 8'd0} : norm_16;
  assign zero_4  = norm_8[55:52] == 4'd0;
  assign norm_4  = zero_4 ? {norm_8[51:0], 4'd0} : norm_8;
  assign zero_2  = norm_4[55:54] == 2'd0;
  assign norm_2  = zero_2 ? {norm_4[53:0], 2'd0} : norm_4;
  assign zero_1  = !norm_2[55];
  assign norm_1  = zero_1 ? {norm_2[54:0], 1'd0} : norm_2;
  always_comb begin
    t = value_5_q[35:8];
    if (magnitude_5_i) begin
      t = (|value_5_q[55:27]) ? 28'h007_FFFF : {9'd0, value_5_q[26:8]};
    end else if (value_5_q[55:35] != {21{value_5_q[55]}}) begin
      t = {value_5_q[55], {27{!value_5_q[55]}}};
    end
  end
  always_ff @(posedge clk_i) begin
    if (en_i[4]) begin
      kept_6_q     <= arg_5_i ? t : {2'd0, norm_1[55:31], |norm_1[30:0]};
      // The leading one of an integer at bit 54 weighs 2^54: 127 + 54.
      exponent_6_q <= 8'd181 + {2'd0, extra_5_q} -
                    {2'd0, zero_32, zero_16, zero_8, zero_4, zero_2, zero_1};
      some_6_q     <= norm_1[55];
      sign_6_q     <= (arg_5_i && magnitude_5_i) ? force_5_q[2] :
                           arg_5_i ? value_5_q[55] : sign_5_q;
      force_6_q    <= force_5_q;
    end
  end

  // ---- round to nearest even ----
  // The carry out of an all-ones significand leaves zeros and raises the exponent.
  logic        up, sign_q;
  logic [24:0] rounded;
  logic [7:0]  exponent_q;
  logic [27:0] significand_q;
  assign up      = kept_6_q[1] && (kept_6_q[0] || kept_6_q[2]);
  assign rounded = {1'b0, kept_6_q[25:2]} + {24'd0, up};
  always_ff @(posedge clk_i) begin
    if (en_i[5]) begin
      sign_q <= sign_6_q;
      if (force_6_q[3]) begin
        sign_q        <= force_6_q[2];
        exponent_q    <= {8{force_6_q[1]}};
        significand_q <= {force_6_q[1], force_6_q[0], 26'd0};
      end else if (arg_6_i) begin
        // Any exponent of a finite value: the product's integer is wanted.
        exponent_q    <= 8'd127;
        significand_q <= kept_6_q;
      end else if (!some_6_q) begin
        // Zero: of an operand with its sign, of a difference +0, which has none.
        sign_q        <= scaled_6_i && force_6_q[2];
        exponent_q    <= 8'd0;
        significand_q <= 28'd0;
      end else begin
        exponent_q    <= exponent_6_q + {7'd0, rounded[24]} - (scaled_6_i ? 8'd24 : 8'd0);
        significand_q <= {rounded[24] || rounded[23], rounded[22:0], 4'd0};
      end
    end
  end
  assign sign_o        = sign_q;
  assign exponent_o    = exponent_q;
  assign significand_o = significand_q;
endmodule
