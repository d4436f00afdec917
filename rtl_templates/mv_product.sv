// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Product of two unpacked floating-point values, rounded to 24 bits, and the same of their
// significands as integers.
//
// An operand is its sign, an exponent as in binary32 (0: zero; 255: infinity, or NaN if a fraction
// bit is set) and a significand that begins with its leading one. No operand and no result is
// subnormal, and no product of finite values overflows (docs/numerics.md). NaN results are
// 0x7FC00000.

module mv_product #(
  parameter int AW     = 24,   // bits of the first significand
  parameter int BW     = 24,   // bits of the second one; both together at least 26
  // Registers from the operands to the product, the last one at the output.
  parameter int Stages = 2
) (
  input  logic              clk_i,
  input  logic [Stages-1:0] en_i,   // one enable per register, in order
  input  logic              x_sign_i,
  input  logic [7:0]        x_exponent_i,
  input  logic [AW-1:0]     x_significand_i,
  input  logic              y_sign_i,
  input  logic [7:0]        y_exponent_i,
  input  logic [BW-1:0]     y_significand_i,
  // 1: set the last bit if anything is lost ("to odd"): whoever rounds to fewer bits later then
  // rounds the exact product. 0: to nearest even.
  input  logic              odd_i,
  output logic [31:0]       product_o,
  output logic [AW+BW-1:0]  integer_o   // x_significand_i * y_significand_i, exact
);
  localparam int PW         = AW + BW;
  localparam int HW         = BW / 2;   // the lower half of the second significand
  // One register: all at once. Two: before rounding. Three: also behind two half products.
  localparam int CutProduct = (Stages >= 2) ? 1 : 0;
  localparam int CutHalves  = (Stages >= 3) ? 1 : 0;

  if (Stages < 1 || Stages > 3 || PW < 26 || BW < 2) begin : g_illegal
`ifdef VERILATOR
    $fatal(0, "mv_product: Stages must lie in 1..3, AW + BW must be at least 26");
`else
    mv_product__stages_must_lie_in_1_to_3_aw_bw_must_be_at_least_26 u_illegal ();
`endif
  end

  // ---- special cases, sign and exponent ----
  logic       x_zero, y_zero, x_special, y_special, nan;
  logic [7:0] exponent;
  logic [4:0] about;   // {odd, sign, zero or special, special, NaN}
  assign x_zero    = x_exponent_i == 8'd0;
  assign y_zero    = y_exponent_i == 8'd0;
  assign x_special = &x_exponent_i;
  assign y_special = &y_exponent_i;
  assign nan       = (x_special && ((|x_significand_i[AW-2:0]) || y_zero)) ||
                     (y_special && ((|y_significand_i[BW-2:0]) || x_zero));
  // Either is biased by 127; without overflow eight bits are enough, and -127 is 129 in them.
  assign exponent  = x_exponent_i + y_exponent_i + 8'd129;
  assign about     = {odd_i, (x_sign_i ^ y_sign_i) && !nan, x_zero || y_zero || x_special ||
                      y_special, x_special || y_special, nan};

  // ---- two half products and their sum ----
  logic [AW+HW-1:0] low, low_1;
  logic [PW-HW-1:0] high, high_1;
  logic [7:0]       exponent_1;
  logic [4:0]       about_1;
  assign low  = {{HW{1'b0}}, x_significand_i} * {{AW{1'b0}}, y_significand_i[HW-1:0]};
  assign high = {{(BW-HW){1'b0}}, x_significand_i} * {{AW{1'b0}}, y_significand_i[BW-1:HW]};

  if (CutHalves != 0) begin : g_halves
    logic [AW+HW-1:0] low_q;
    logic [PW-HW-1:0] high_q;
    logic [7:0]       exponent_q;
    logic [4:0]       about_q;
    always_ff @(posedge clk_i) begin
      if (en_i[0]) begin
        low_q      <= low;
        high_q     <= high;
        exponent_q <= exponent;
        about_q    <= about;
      end
    end
    assign low_1      = low_q;
    assign high_1     = high_q;
    assign exponent_1 = exponent_q;
    assign about_1    = about_q;
  end else begin : g_no_halves
    assign low_1      = low;
    assign high_1     = high;
    assign exponent_1 = exponent;
    assign about_1    = about;
  end

  logic [PW-1:0] product, product_2;
  logic [7:0]    exponent_2;
  logic [4:0]    about_2;
  assign product = {{(BW-HW){1'b0}}, low_1} + {high_1, {HW{1'b0}}};

  if (CutProduct != 0) begin : g_product
    logic [PW-1:0] product_q;
    logic [7:0]    exponent_q;
    logic [4:0]    about_q;
    always_ff @(posedge clk_i) begin
      if (en_i[CutHalves]) begin
        product_q  <= product;
        exponent_q <= exponent_1;
        about_q    <= about_1;
      end
    end
    assign product_2  = product_q;
    assign exponent_2 = exponent_q;
    assign about_2    = about_q;
  end else begin : g_no_product
    assign product_2  = product;
    assign exponent_2 = exponent_1;
    assign about_2    = about_1;
  end

  // ---- normalise by one place, round, pack ----
  // A carry out of the fraction lands in the exponent.
  logic [PW-1:0] normal;
  logic [7:0]    exponent_3;
  logic          half, below, last, round_up;
  logic [30:0]   rounded, magnitude;
  logic [31:0]   product_q;
  logic [PW-1:0] integer_q;
  assign normal     = product_2[PW-1] ? product_2 : {product_2[PW-2:0], 1'b0};
  assign exponent_3 = exponent_2 + {7'd0, product_2[PW-1]};
  assign half       = normal[PW-25];
  assign below      = |normal[PW-26:0];
  assign last       = normal[PW-24] || (about_2[4] && (half || below));
  assign round_up   = !about_2[4] && half && (below || last);
  assign rounded    = {exponent_3, normal[PW-2:PW-23], last} + {30'd0, round_up};
  assign magnitude  = about_2[2] ? {{8{about_2[1]}}, about_2[0], 22'd0} : rounded;

  always_ff @(posedge clk_i) begin
    if (en_i[Stages-1]) begin
      product_q <= {about_2[3], magnitude};
      integer_q <= product_2;
    end
  end
  assign product_o = product_q;
  assign integer_o = integer_q;
endmodule
