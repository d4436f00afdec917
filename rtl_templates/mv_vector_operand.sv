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
  input  logic [15:0] operand_i,
  input  logic        drop_i,         // take 0 for X(a)
  input  logic [14:0] factor_i,       // 1..2^14
  input  logic [54:0] subtracted_i,   // of the row; below 2^54 in magnitude
  input  logic        forced_i,       // the result is ±0, infinity or NaN instead:
  input  logic        forced_sign_i,
  input  logic [1:0]  forced_kind_i,   // 0: 0, 2: infinity, 3: NaN
  // beside register 4
  input  logic        argument_s4_i,      // the argument of 2^y will be wanted: keep the sign
  input  logic        take_window_s4_i,   // take window_i * 2^window_shift_i instead
  input  logic [54:0] window_i,
  input  logic        window_sticky_i,   // something is set below the window
  input  logic [5:0]  window_shift_i,
  // beside registers 5 and 6
  input  logic        argument_s5_i,    // t is wanted: 28 bits with sign …
  input  logic        magnitude_s5_i,   // … or saturated to 19 bits without
  input  logic        argument_s6_i,
  input  logic        scaled_s6_i,   // the integer counts units of 2^-24
  // sign, exponent as in binary32, and significand with its leading one in the upper 24 bits; for t
  // two's complement in 28 bits and its sign, or that of the operand
  output logic        sign_o,
  output logic [7:0]  exponent_o,
  output logic [27:0] significand_o
);
  // What the result shall be in any case travels beside the integer. If it is not forced, the sign
  // is that of the operand.
  typedef struct packed {
    logic       forced;
    logic       sign;
    logic [1:0] kind;   // as forced_kind_i
  } forced_t;
  forced_t forced_s2_q, forced_s3_q, forced_s4_q, forced_s5_q, forced_s6_q;

  // ---- significand times factor: 11 and 15 bits, but the factor is at most 2^14 ----
  logic [24:0] product_s2_q;
  logic [4:0]  shift_s2_q;
  logic [54:0] subtracted_s2_q, subtracted_s3_q;
  always_ff @(posedge clk_i) begin
    if (en_i[0]) begin
      product_s2_q    <= drop_i ? 25'd0 :
                         25'({14'd0, |operand_i[14:10], operand_i[9:0]} * {10'd0, factor_i});
      // Subnormal numbers and those of exponent 1 have the same unit.
      shift_s2_q      <= operand_i[14:10] - {4'd0, |operand_i[14:10]};
      subtracted_s2_q <= subtracted_i;
      forced_s2_q     <= {forced_i, forced_i ? forced_sign_i : operand_i[15] && !drop_i,
                          forced_kind_i};
    end
  end

  // ---- shift: finite operands by up to 29 places, so 54 bits hold the product ----
  logic [53:0] shifted_s3_q;
  always_ff @(posedge clk_i) begin
    if (en_i[1]) begin
      shifted_s3_q    <= {29'd0, product_s2_q} << shift_s2_q;
      subtracted_s3_q <= subtracted_s2_q;
      forced_s3_q     <= forced_s2_q;
    end
  end

  // ---- difference in units of the operand's sign ----
  // To a negative one the row is added. Two magnitudes below 2^54 give 55 bits and sign.
  logic [55:0] difference_s4_q;
  always_ff @(posedge clk_i) begin
    if (en_i[2]) begin
      difference_s4_q <= {2'd0, shifted_s3_q} +
                         ({subtracted_s3_q[54], subtracted_s3_q} ^ {56{!forced_s3_q.sign}}) +
                         {55'd0, !forced_s3_q.sign};
      forced_s4_q     <= forced_s3_q;
    end
  end

  // ---- magnitude, or for t two's complement; or the window in place of both ----
  logic        negate, sign_s5_q, sticky_s5_q;
  logic [55:0] value, value_s5_q;
  logic [5:0]  window_shift_s5_q;
  assign negate = (argument_s4_i) ? forced_s4_q.sign : difference_s4_q[55];
  assign value  = (difference_s4_q ^ {56{negate}}) + {55'd0, negate};
  always_ff @(posedge clk_i) begin
    if (en_i[3]) begin
      value_s5_q        <= take_window_s4_i ? {1'b0, window_i} : value;
      sticky_s5_q       <= take_window_s4_i && window_sticky_i;
      window_shift_s5_q <= take_window_s4_i ? window_shift_i : 6'd0;
      sign_s5_q         <= forced_s4_q.sign ^ difference_s4_q[55];
      forced_s5_q       <= forced_s4_q;
    end
  end

  // ---- normalise to bit 55 in steps 32, 16, 8, 4, 2, 1 ----
  // 24 bits, the half and whether there is more below are kept. Beside it t, which drops 8 bits and
  // saturates.
  logic [55:0] unnormalised, normal_32, normal_16, normal_8, normal_4, normal_2, normal_1;
  logic        shift_32, shift_16, shift_8, shift_4, shift_2, shift_1;
  logic [27:0] argument;
  logic [27:0] kept_s6_q;
  logic [7:0]  exponent_s6_q;
  logic        sign_s6_q, nonzero_s6_q;
  assign unnormalised = {value_s5_q[54:0], sticky_s5_q};
  assign shift_32     = unnormalised[55:24] == 32'd0;
  assign normal_32    = shift_32 ? {unnormalised[23:0], 32'd0} : unnormalised;
  assign shift_16     = normal_32[55:40] == 16'd0;
  assign normal_16    = shift_16 ? {normal_32[39:0], 16'd0} : normal_32;
  assign shift_8      = normal_16[55:48] == 8'd0;
  assign normal_8     = shift_8 ? {normal_16[47:0], 8'd0} : normal_16;
  assign shift_4      = normal_8[55:52] == 4'd0;
  assign normal_4     = shift_4 ? {normal_8[51:0], 4'd0} : normal_8;
  assign shift_2      = normal_4[55:54] == 2'd0;
  assign normal_2     = shift_2 ? {normal_4[53:0], 2'd0} : normal_4;
  assign shift_1      = !normal_2[55];
  assign normal_1     = shift_1 ? {normal_2[54:0], 1'd0} : normal_2;
  always_comb begin
    argument = value_s5_q[35:8];
    if (magnitude_s5_i) begin
      argument = (|value_s5_q[55:27]) ? 28'h007_FFFF : {9'd0, value_s5_q[26:8]};
    end else if (value_s5_q[55:35] != {21{value_s5_q[55]}}) begin
      argument = {value_s5_q[55], {27{!value_s5_q[55]}}};
    end
  end
  always_ff @(posedge clk_i) begin
    if (en_i[4]) begin
      kept_s6_q     <= argument_s5_i ? argument : {2'd0, normal_1[55:31], |normal_1[30:0]};
      // The leading one of an integer at bit 54 weighs 2^54: 127 + 54.
      exponent_s6_q <= 8'd181 + {2'd0, window_shift_s5_q} -
                       {2'd0, shift_32, shift_16, shift_8, shift_4, shift_2, shift_1};
      nonzero_s6_q  <= normal_1[55];
      sign_s6_q     <= (argument_s5_i && magnitude_s5_i) ? forced_s5_q.sign :
                           argument_s5_i ? value_s5_q[55] : sign_s5_q;
      forced_s6_q   <= forced_s5_q;
    end
  end

  // ---- round to nearest even ----
  // The carry out of an all-ones significand leaves zeros and raises the exponent.
  logic        round_up, sign_q;
  logic [24:0] rounded;
  logic [7:0]  exponent_q;
  logic [27:0] significand_q;
  assign round_up = kept_s6_q[1] && (kept_s6_q[0] || kept_s6_q[2]);
  assign rounded  = {1'b0, kept_s6_q[25:2]} + {24'd0, round_up};
  always_ff @(posedge clk_i) begin
    if (en_i[5]) begin
      sign_q <= sign_s6_q;
      if (forced_s6_q.forced) begin
        sign_q        <= forced_s6_q.sign;
        exponent_q    <= {8{forced_s6_q.kind[1]}};
        significand_q <= {forced_s6_q.kind[1], forced_s6_q.kind[0], 26'd0};
      end else if (argument_s6_i) begin
        // Any exponent of a finite value: the product's integer is wanted.
        exponent_q    <= 8'd127;
        significand_q <= kept_s6_q;
      end else if (!nonzero_s6_q) begin
        // Zero: of an operand with its sign, of a difference +0, which has none.
        sign_q        <= scaled_s6_i && forced_s6_q.sign;
        exponent_q    <= 8'd0;
        significand_q <= 28'd0;
      end else begin
        exponent_q    <= exponent_s6_q + {7'd0, rounded[24]} - (scaled_s6_i ? 8'd24 : 8'd0);
        significand_q <= {rounded[24] || rounded[23], rounded[22:0], 4'd0};
      end
    end
  end
  assign sign_o        = sign_q;
  assign exponent_o    = exponent_q;
  assign significand_o = significand_q;

`ifdef VERILATOR
  always_ff @(posedge clk_i) begin
    TieUp: cover (en_i[5] && !argument_s6_i && kept_s6_q[2:0] == 3'b110);
    TieDown: cover (en_i[5] && !argument_s6_i && kept_s6_q[2:0] == 3'b010);
    CarryToExponent: cover (en_i[5] && !argument_s6_i && rounded[24]);
    MagnitudeSaturates: cover (en_i[4] && argument_s5_i && magnitude_s5_i &&
                               (|value_s5_q[55:27]));
    NegativeSaturates: cover (en_i[4] && argument_s5_i && !magnitude_s5_i && value_s5_q[55] &&
                              !(&value_s5_q[54:35]));
    DifferenceOfZero: cover (en_i[5] && !argument_s6_i && !nonzero_s6_q && !scaled_s6_i);
  end
`endif
endmodule
