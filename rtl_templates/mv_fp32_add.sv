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
  input  logic [31:0]    x_i,
  input  logic [31:0]    y_i,
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
  logic        swap, major_special, nan;
  logic [31:0] major, minor;
  logic [7:0]  distance;
  logic [23:0] major_significand, minor_significand;
  logic        subtract, sign;
  assign swap              = x_i[30:0] < y_i[30:0];
  assign major             = swap ? y_i : x_i;
  assign minor             = swap ? x_i : y_i;
  assign subtract          = major[31] ^ minor[31];
  assign distance          = major[30:23] - minor[30:23];
  // A NaN is larger than any infinity, so looking at the larger operand finds every NaN operand.
  assign major_special     = &major[30:23];
  assign nan               = major_special && (major[22] || (&minor[30:23] && subtract));
  assign sign              = major[31] && !nan;
  // Infinities and NaN pass as a significand that needs neither normalising nor rounding, plus
  // nothing.
  assign major_significand = {|major[30:23], major_special ? {nan, 22'd0} : major[22:0]};
  assign minor_significand = major_special ? 24'd0 : {|minor[30:23], minor[22:0]};

  logic [7:0]  distance_1, exponent_1;
  logic [23:0] major_1, minor_1;
  logic        subtract_1, sign_1;

  if (CutSwap != 0) begin : g_swap
    logic [7:0]  distance_q, exponent_q;
    logic [23:0] major_q, minor_q;
    logic        subtract_q, sign_q;
    always_ff @(posedge clk_i) begin
      if (en_i[0]) begin
        distance_q <= distance;
        exponent_q <= major[30:23];
        major_q    <= major_significand;
        minor_q    <= minor_significand;
        subtract_q <= subtract && !major_special;
        sign_q     <= sign;
      end
    end
    assign distance_1 = distance_q;
    assign exponent_1 = exponent_q;
    assign major_1    = major_q;
    assign minor_1    = minor_q;
    assign subtract_1 = subtract_q;
    assign sign_1     = sign_q;
  end else begin : g_no_swap
    assign distance_1 = distance;
    assign exponent_1 = major[30:23];
    assign major_1    = major_significand;
    assign minor_1    = minor_significand;
    assign subtract_1 = subtract && !major_special;
    assign sign_1     = sign;
  end

  // ---- align: 24 bits, guard, round, and one sticky bit for all that lies below ----
  logic [50:0] shifted;
  logic [26:0] aligned, aligned_2;
  logic [7:0]  exponent_2;
  logic [23:0] major_2;
  logic        subtract_2, sign_2;
  assign shifted = {minor_1, 27'd0} >> distance_1;
  assign aligned = {shifted[50:25], |shifted[24:0]};

  if (CutAlign != 0) begin : g_align
    logic [26:0] aligned_q;
    logic [7:0]  exponent_q;
    logic [23:0] major_q;
    logic        subtract_q, sign_q;
    always_ff @(posedge clk_i) begin
      if (en_i[CutSwap]) begin
        aligned_q  <= aligned;
        exponent_q <= exponent_1;
        major_q    <= major_1;
        subtract_q <= subtract_1;
        sign_q     <= sign_1;
      end
    end
    assign aligned_2  = aligned_q;
    assign exponent_2 = exponent_q;
    assign major_2    = major_q;
    assign subtract_2 = subtract_q;
    assign sign_2     = sign_q;
  end else begin : g_no_align
    assign aligned_2  = aligned;
    assign exponent_2 = exponent_1;
    assign major_2    = major_1;
    assign subtract_2 = subtract_1;
    assign sign_2     = sign_1;
  end

  // ---- add: one carry above the 27 bits; never negative, as the larger operand stands first ----
  logic [27:0] total, total_3;
  logic [7:0]  exponent_3;
  logic        subtract_3, sign_3;
  assign total = {1'b0, major_2, 3'd0} +
                 ({1'b0, aligned_2} ^ {28{subtract_2}}) + {27'd0, subtract_2};

  if (CutAdd != 0) begin : g_add
    logic [27:0] total_q;
    logic [7:0]  exponent_q;
    logic        subtract_q, sign_q;
    always_ff @(posedge clk_i) begin
      if (en_i[CutSwap+CutAlign]) begin
        total_q    <= total;
        exponent_q <= exponent_2;
        subtract_q <= subtract_2;
        sign_q     <= sign_2;
      end
    end
    assign total_3    = total_q;
    assign exponent_3 = exponent_q;
    assign subtract_3 = subtract_q;
    assign sign_3     = sign_q;
  end else begin : g_no_add
    assign total_3    = total;
    assign exponent_3 = exponent_2;
    assign subtract_3 = subtract_2;
    assign sign_3     = sign_2;
  end

  // ---- normalise: shift the leading one to bit 27 in steps 16, 8, 4, 2, 1 ----
  logic [27:0] norm_16, norm_8, norm_4, norm_2, norm_1;
  logic        zero_16, zero_8, zero_4, zero_2, zero_1;
  assign zero_16 = total_3[27:12] == 16'd0;
  assign norm_16 = zero_16 ? {total_3[11:0], 16'd0} : total_3;
  assign zero_8  = norm_16[27:20] == 8'd0;
  assign norm_8  = zero_8 ? {norm_16[19:0], 8'd0} : norm_16;
  assign zero_4  = norm_8[27:24] == 4'd0;
  assign norm_4  = zero_4 ? {norm_8[23:0], 4'd0} : norm_8;
  assign zero_2  = norm_4[27:26] == 2'd0;
  assign norm_2  = zero_2 ? {norm_4[25:0], 2'd0} : norm_4;
  assign zero_1  = !norm_2[27];
  assign norm_1  = zero_1 ? {norm_2[26:0], 1'd0} : norm_2;

  logic [26:0] rest_4;
  logic [7:0]  exponent_4;
  logic        sign_4;
  // A sum of zero keeps its sign only where both operands have it, that is, where nothing was
  // subtracted.
  assign rest_4     = norm_1[26:0];
  assign exponent_4 = !norm_1[27] ? 8'd0 :
                      exponent_3 + 8'd1 - {3'd0, zero_16, zero_8, zero_4, zero_2, zero_1};
  assign sign_4     = sign_3 && (norm_1[27] || !subtract_3);

  logic [26:0] rest_5;
  logic [7:0]  exponent_5;
  logic        sign_5;

  if (CutNorm != 0) begin : g_norm
    logic [26:0] rest_q;
    logic [7:0]  exponent_q;
    logic        sign_q;
    always_ff @(posedge clk_i) begin
      if (en_i[CutSwap+CutAlign+CutAdd]) begin
        rest_q     <= rest_4;
        exponent_q <= exponent_4;
        sign_q     <= sign_4;
      end
    end
    assign rest_5     = rest_q;
    assign exponent_5 = exponent_q;
    assign sign_5     = sign_q;
  end else begin : g_no_norm
    assign rest_5     = rest_4;
    assign exponent_5 = exponent_4;
    assign sign_5     = sign_4;
  end

  // ---- round to nearest even ----
  // A carry out of the fraction lands in the exponent, where it belongs.
  logic        round_up;
  logic [30:0] magnitude;
  assign round_up  = rest_5[3] && (rest_5[4] || (rest_5[2:0] != 3'd0));
  assign magnitude = {exponent_5, rest_5[26:4]} + {30'd0, round_up};
  assign sum_o     = {sign_5, magnitude};
endmodule
