// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Operand preparation of the binary16 multiplier.
//
// Widens a binary16 value to 17 bits in which every finite non-zero value is normalised, so that
// the multiplier needs no shifter behind it: {sign, exponent[5:0], fraction[9:0]}, exponent 0 =
// zero, 1..40 = 2^-24..2^15, 48 = infinity (fraction 0) or NaN (fraction bit 9).

module mv_fp16_widen (
  input  logic [15:0] half_i,
  output logic [16:0] wide_o
);
  logic [5:0] exponent;
  logic [9:0] fraction;

  always_comb begin
    // 10 exponents below the smallest normal one make room for the normalised subnormals.
    exponent = {1'b0, half_i[14:10]} + 6'd10;
    fraction = half_i[9:0];
    if (half_i[14:10] == 5'd31) begin
      exponent = 6'd48;
      fraction = {|half_i[9:0], 9'd0};
    end else if (half_i[14:10] == 5'd0) begin
      // Subnormal f * 2^-24: shift the leading one to bit 9 in steps 8, 4, 2, 1, and then out of
      // the fraction.
      exponent = 6'd10;
      if (fraction[9:2] == 8'd0) begin
        fraction = fraction << 8;
        exponent = exponent - 6'd8;
      end
      if (fraction[9:6] == 4'd0) begin
        fraction = fraction << 4;
        exponent = exponent - 6'd4;
      end
      if (fraction[9:8] == 2'd0) begin
        fraction = fraction << 2;
        exponent = exponent - 6'd2;
      end
      if (!fraction[9]) begin
        fraction = fraction << 1;
        exponent = exponent - 6'd1;
      end
      if (!fraction[9]) exponent = 6'd0;
      fraction = fraction << 1;
    end
  end

  assign wide_o = {half_i[15], exponent, fraction};

`ifdef VERILATOR
  always_comb begin
    Infinity: cover (half_i[14:0] == 15'h7C00);
    Nan: cover (half_i[14:10] == 5'd31 && half_i[9:0] != '0);
    LeastSubnormal: cover (half_i[14:0] == 15'd1);
    LargestSubnormal: cover (half_i[14:0] == 15'h03FF);
    MinusZero: cover (half_i == 16'h8000);
  end
`endif
endmodule
