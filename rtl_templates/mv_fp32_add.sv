// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Sum of two binary32 values, rounded to nearest even.
//
// For values that are zero or multiples of 2^-48 below 2^127 in magnitude, infinities and NaN: no
// operand and no result is subnormal, and no finite sum overflows (docs/numerics.md). NaN results
// are 0x7FC00000; x + -x is +0.

module mv_fp32_add #(
  // Registers inside the adder; operands and sum are not registered here.
  parameter int Cuts = 2,
  // derived
  localparam int EnW = (Cuts > 0) ? Cuts : 1   // of the enable port
) (
  input  logic           clk_i,
  // One enable per register, in order.
  input  logic [EnW-1:0] en_i,
  input  logic [31:0]    left_i,
  input  logic [31:0]    right_i,
  output logic [31:0]    sum_o
);
  // Where the registers stand: the later a place is named here, the less it gains.
  localparam int CutAlign = (Cuts >= 1) ? 1 : 0;
  localparam int CutAdd   = (Cuts >= 2) ? 1 : 0;
  localparam int CutNorm  = (Cuts >= 3) ? 1 : 0;
  localparam int CutSwap  = (Cuts >= 4) ? 1 : 0;

  if (Cuts < 0 || Cuts > 4) begin : g_illegal
`ifdef VERILATOR
    $fatal(0, "mv_fp32_add: Cuts must lie in 0..4");
`else
    mv_fp32_add__cuts_must_lie_in_0_to_4 u_illegal ();
`endif
  end
  if (Cuts == 0) begin : g_unused
    logic unused;
    assign unused = ^{clk_i, en_i};
  end

  // ---- order the operands by magnitude ----
  logic        right_larger, larger_special, sum_nan;
  logic [31:0] larger, smaller;
  logic [7:0]  exponent_difference;
  logic [23:0] larger_significand, smaller_significand;
  logic        effective_subtraction, sum_sign;
  assign right_larger          = left_i[30:0] < right_i[30:0];
  assign larger                = right_larger ? right_i : left_i;
  assign smaller               = right_larger ? left_i : right_i;
  assign effective_subtraction = larger[31] ^ smaller[31];
  assign exponent_difference   = larger[30:23] - smaller[30:23];
  // A NaN is larger than any infinity, so looking at the larger operand finds every NaN operand.
  assign larger_special        = &larger[30:23];
  assign sum_nan               = larger_special && (larger[22] ||
                                 (&smaller[30:23] && effective_subtraction));
  assign sum_sign              = larger[31] && !sum_nan;
  // Infinities and NaN pass as a significand that needs neither normalising nor rounding, plus
  // nothing.
  assign larger_significand    = {|larger[30:23], larger_special ? {sum_nan, 22'd0} : larger[22:0]};
  assign smaller_significand   = larger_special ? 24'd0 : {|smaller[30:23], smaller[22:0]};

  logic [7:0]  exponent_difference_s1, exponent_s1;
  logic [23:0] larger_significand_s1, smaller_significand_s1;
  logic        effective_subtraction_s1, sum_sign_s1;

  if (CutSwap != 0) begin : g_swap
    logic [7:0]  exponent_difference_q, exponent_q;
    logic [23:0] larger_significand_q, smaller_significand_q;
    logic        effective_subtraction_q, sum_sign_q;
    always_ff @(posedge clk_i) begin
      if (en_i[0]) begin
        exponent_difference_q   <= exponent_difference;
        exponent_q              <= larger[30:23];
        larger_significand_q    <= larger_significand;
        smaller_significand_q   <= smaller_significand;
        effective_subtraction_q <= effective_subtraction && !larger_special;
        sum_sign_q              <= sum_sign;
      end
    end
    assign exponent_difference_s1   = exponent_difference_q;
    assign exponent_s1              = exponent_q;
    assign larger_significand_s1    = larger_significand_q;
    assign smaller_significand_s1   = smaller_significand_q;
    assign effective_subtraction_s1 = effective_subtraction_q;
    assign sum_sign_s1              = sum_sign_q;
  end else begin : g_no_swap
    assign exponent_difference_s1   = exponent_difference;
    assign exponent_s1              = larger[30:23];
    assign larger_significand_s1    = larger_significand;
    assign smaller_significand_s1   = smaller_significand;
    assign effective_subtraction_s1 = effective_subtraction && !larger_special;
    assign sum_sign_s1              = sum_sign;
  end

  // ---- align: 24 bits, guard, round, and one sticky bit for all that lies below ----
  logic [50:0] smaller_shifted;
  logic [26:0] smaller_aligned, smaller_aligned_s2;
  logic [7:0]  exponent_s2;
  logic [23:0] larger_significand_s2;
  logic        effective_subtraction_s2, sum_sign_s2;
  assign smaller_shifted = {smaller_significand_s1, 27'd0} >> exponent_difference_s1;
  assign smaller_aligned = {smaller_shifted[50:25], |smaller_shifted[24:0]};

  if (CutAlign != 0) begin : g_align
    logic [26:0] smaller_aligned_q;
    logic [7:0]  exponent_q;
    logic [23:0] larger_significand_q;
    logic        effective_subtraction_q, sum_sign_q;
    always_ff @(posedge clk_i) begin
      if (en_i[CutSwap]) begin
        smaller_aligned_q       <= smaller_aligned;
        exponent_q              <= exponent_s1;
        larger_significand_q    <= larger_significand_s1;
        effective_subtraction_q <= effective_subtraction_s1;
        sum_sign_q              <= sum_sign_s1;
      end
    end
    assign smaller_aligned_s2       = smaller_aligned_q;
    assign exponent_s2              = exponent_q;
    assign larger_significand_s2    = larger_significand_q;
    assign effective_subtraction_s2 = effective_subtraction_q;
    assign sum_sign_s2              = sum_sign_q;
  end else begin : g_no_align
    assign smaller_aligned_s2       = smaller_aligned;
    assign exponent_s2              = exponent_s1;
    assign larger_significand_s2    = larger_significand_s1;
    assign effective_subtraction_s2 = effective_subtraction_s1;
    assign sum_sign_s2              = sum_sign_s1;
  end

  // ---- add: one carry above the 27 bits; never negative, as the larger operand stands first ----
  logic [27:0] significand_sum, significand_sum_s3;
  logic [7:0]  exponent_s3;
  logic        effective_subtraction_s3, sum_sign_s3;
  assign significand_sum = {1'b0, larger_significand_s2, 3'd0} +
                           ({1'b0, smaller_aligned_s2} ^ {28{effective_subtraction_s2}}) +
                           {27'd0, effective_subtraction_s2};

  if (CutAdd != 0) begin : g_add
    logic [27:0] significand_sum_q;
    logic [7:0]  exponent_q;
    logic        effective_subtraction_q, sum_sign_q;
    always_ff @(posedge clk_i) begin
      if (en_i[CutSwap+CutAlign]) begin
        significand_sum_q       <= significand_sum;
        exponent_q              <= exponent_s2;
        effective_subtraction_q <= effective_subtraction_s2;
        sum_sign_q              <= sum_sign_s2;
      end
    end
    assign significand_sum_s3       = significand_sum_q;
    assign exponent_s3              = exponent_q;
    assign effective_subtraction_s3 = effective_subtraction_q;
    assign sum_sign_s3              = sum_sign_q;
  end else begin : g_no_add
    assign significand_sum_s3       = significand_sum;
    assign exponent_s3              = exponent_s2;
    assign effective_subtraction_s3 = effective_subtraction_s2;
    assign sum_sign_s3              = sum_sign_s2;
  end

  // ---- normalise: shift the leading one to bit 27 in steps 16, 8, 4, 2, 1 ----
  logic [27:0] normal_16, normal_8, normal_4, normal_2, normal_1;
  logic        shift_16, shift_8, shift_4, shift_2, shift_1;
  assign shift_16  = significand_sum_s3[27:12] == 16'd0;
  assign normal_16 = shift_16 ? {significand_sum_s3[11:0], 16'd0} : significand_sum_s3;
  assign shift_8   = normal_16[27:20] == 8'd0;
  assign normal_8  = shift_8 ? {normal_16[19:0], 8'd0} : normal_16;
  assign shift_4   = normal_8[27:24] == 4'd0;
  assign normal_4  = shift_4 ? {normal_8[23:0], 4'd0} : normal_8;
  assign shift_2   = normal_4[27:26] == 2'd0;
  assign normal_2  = shift_2 ? {normal_4[25:0], 2'd0} : normal_4;
  assign shift_1   = !normal_2[27];
  assign normal_1  = shift_1 ? {normal_2[26:0], 1'd0} : normal_2;

  logic [26:0] fraction;
  logic [7:0]  normal_exponent;
  logic        normal_sign;
  // A sum of zero keeps its sign only where both operands have it, that is, where nothing was
  // subtracted.
  assign fraction        = normal_1[26:0];
  assign normal_exponent = !normal_1[27] ? 8'd0 :
                           exponent_s3 + 8'd1 -
                           {3'd0, shift_16, shift_8, shift_4, shift_2, shift_1};
  assign normal_sign     = sum_sign_s3 && (normal_1[27] || !effective_subtraction_s3);

  logic [26:0] fraction_s4;
  logic [7:0]  normal_exponent_s4;
  logic        normal_sign_s4;

  if (CutNorm != 0) begin : g_norm
    logic [26:0] fraction_q;
    logic [7:0]  normal_exponent_q;
    logic        normal_sign_q;
    always_ff @(posedge clk_i) begin
      if (en_i[CutSwap+CutAlign+CutAdd]) begin
        fraction_q        <= fraction;
        normal_exponent_q <= normal_exponent;
        normal_sign_q     <= normal_sign;
      end
    end
    assign fraction_s4        = fraction_q;
    assign normal_exponent_s4 = normal_exponent_q;
    assign normal_sign_s4     = normal_sign_q;
  end else begin : g_no_norm
    assign fraction_s4        = fraction;
    assign normal_exponent_s4 = normal_exponent;
    assign normal_sign_s4     = normal_sign;
  end

  // ---- round to nearest even ----
  // A carry out of the fraction lands in the exponent, where it belongs.
  logic        round_up;
  logic [30:0] magnitude;
  assign round_up  = fraction_s4[3] && (fraction_s4[4] || (fraction_s4[2:0] != 3'd0));
  assign magnitude = {normal_exponent_s4, fraction_s4[26:4]} + {30'd0, round_up};
  assign sum_o     = {normal_sign_s4, magnitude};

`ifdef VERILATOR
  always_ff @(posedge clk_i) begin
    TieUp: cover (fraction_s4[4:0] == 5'b11000);
    TieDown: cover (fraction_s4[4:0] == 5'b01000);
    CarryToExponent: cover (round_up && (&fraction_s4[26:4]));
    SumOfZero: cover (!normal_1[27] && effective_subtraction_s3);
    MostCancels: cover (normal_1[27] && shift_16 && shift_4);
    SumGrows: cover (significand_sum_s3[27]);
    StickyOnly: cover (smaller_aligned[0] && smaller_aligned[26:1] == '0);
    InfinityLessInfinity: cover (larger_special && !larger[22] && sum_nan);
    NanOperand: cover (larger_special && larger[22]);
    MinusZeros: cover (left_i == 32'h8000_0000 && right_i == 32'h8000_0000);
  end
`endif
endmodule
