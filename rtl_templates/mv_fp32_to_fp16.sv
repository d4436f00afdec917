// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Rounding of binary32 to binary16.
//
// Rounds to nearest even, with subnormal results; overflow gives infinity, any NaN gives 0x7E00, -0
// stays -0. Binary32 subnormals become zero of their sign, which is what rounding them gives.

module mv_fp32_to_fp16 (
  input  logic [31:0] float_i,
  output logic [15:0] half_o
);
  // The significand with one bit below the ulp of binary16, and a sticky bit for the rest.
  logic [7:0]  exponent;
  logic [4:0]  subnormal_shift;
  logic        subnormal;
  logic [24:0] significand;
  logic [24:0] shifted;
  logic [37:0] shifted_wide;
  logic        sticky, round_up;
  logic [14:0] truncated, rounded;
  assign exponent        = float_i[30:23];
  // 2^-14, the smallest normal binary16, has the biased exponent 113.
  assign subnormal       = exponent < 8'd113;
  // Below 2^-25 (exponent 102) everything rounds to zero; 13 more places shift the significand out.
  assign subnormal_shift = !subnormal ? 5'd0 : (exponent < 8'd101) ? 5'd13 : 5'(8'd113 - exponent);
  assign significand     = {1'b0, exponent != 8'd0, float_i[22:0]};
  assign shifted_wide    = {significand, 13'd0} >> subnormal_shift;
  assign shifted         = shifted_wide[37:13];
  assign sticky          = (|shifted[11:0]) || (|shifted_wide[12:0]);
  // Exponent and 10 fraction bits; the leading one of a normal number adds one to the exponent,
  // hence 112.
  assign truncated       = subnormal ? {3'd0, shifted[24:13]} :
                           {5'(exponent - 8'd112), shifted[22:13]};
  assign round_up        = shifted[12] && (sticky || shifted[13]);
  assign rounded         = truncated + {14'd0, round_up};

  always_comb begin
    if (&exponent) half_o = (|float_i[22:0]) ? 16'h7E00 : {float_i[31], 15'h7C00};
    // 2^16 and above: exponents 143 and more; a carry to 2^16 makes infinity by itself.
    else if (exponent >= 8'd143) half_o = {float_i[31], 15'h7C00};
    else half_o = {float_i[31], rounded};
  end

`ifdef VERILATOR
  always_comb begin
    RoundsSubnormal: cover (subnormal && half_o[14:0] != '0 && half_o[14:10] == '0);
    RoundsToZero: cover (float_i[30:0] != '0 && half_o[14:0] == '0);
    SubnormalBecomesNormal: cover (subnormal && half_o[14:10] == 5'd1);
    TieUp: cover (shifted[13:12] == 2'b11 && !sticky && exponent < 8'd143);
    TieDown: cover (shifted[13:12] == 2'b01 && !sticky && exponent < 8'd143);
    CarryToInfinity: cover (exponent == 8'd142 && half_o[14:0] == 15'h7C00);
    Overflows: cover (exponent >= 8'd143 && !(&exponent));
    Nan: cover ((&exponent) && (|float_i[22:0]));
  end
`endif
endmodule
