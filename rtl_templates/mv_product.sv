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
  parameter int LeftW  = 24,   // bits of the first significand
  parameter int RightW = 24,   // bits of the second one; both together at least 26
  // Registers from the operands to the product, the last one at the output.
  parameter int Stages = 2
) (
  input  logic                    clk_i,
  input  logic [Stages-1:0]       en_i,   // one enable per register, in order
  input  logic                    left_sign_i,
  input  logic [7:0]              left_exponent_i,
  input  logic [LeftW-1:0]        left_significand_i,
  input  logic                    right_sign_i,
  input  logic [7:0]              right_exponent_i,
  input  logic [RightW-1:0]       right_significand_i,
  // 1: set the last bit if anything is lost ("to odd"): whoever rounds to fewer bits later then
  // rounds the exact product. 0: to nearest even.
  input  logic                    to_odd_i,
  output logic [31:0]             product_o,
  output logic [LeftW+RightW-1:0] integer_o   // left_significand_i * right_significand_i, exact
);
  localparam int ProductW   = LeftW + RightW;
  localparam int HalfW      = RightW / 2;   // the lower half of the second significand
  // One register: all at once. Two: before rounding. Three: also behind two half products.
  localparam int CutProduct = (Stages >= 2) ? 1 : 0;
  localparam int CutHalves  = (Stages >= 3) ? 1 : 0;

  if (Stages < 1 || Stages > 3 || ProductW < 26 || RightW < 2) begin : g_illegal
`ifdef VERILATOR
    $fatal(0, "mv_product: Stages must lie in 1..3, LeftW + RightW must be at least 26");
`else
    mv_product__stages_must_lie_in_1_to_3_leftw_rightw_must_be_at_least_26 u_illegal ();
`endif
  end

  // ---- special cases, sign and exponent ----
  typedef struct packed {
    logic to_odd;
    logic sign;
    logic zero_or_special;
    logic special;
    logic nan;
  } attributes_t;   // of the product, beside its significand
  logic        left_zero, right_zero, left_special, right_special, product_nan;
  logic [7:0]  product_exponent;
  attributes_t attributes;
  assign left_zero        = left_exponent_i == 8'd0;
  assign right_zero       = right_exponent_i == 8'd0;
  assign left_special     = &left_exponent_i;
  assign right_special    = &right_exponent_i;
  assign product_nan      = (left_special && ((|left_significand_i[LeftW-2:0]) || right_zero)) ||
                            (right_special && ((|right_significand_i[RightW-2:0]) || left_zero));
  // Either is biased by 127; without overflow eight bits are enough, and -127 is 129 in them.
  assign product_exponent = left_exponent_i + right_exponent_i + 8'd129;

  assign attributes.to_odd          = to_odd_i;
  assign attributes.sign            = (left_sign_i ^ right_sign_i) && !product_nan;
  assign attributes.zero_or_special = left_zero || right_zero || left_special || right_special;
  assign attributes.special         = left_special || right_special;
  assign attributes.nan             = product_nan;

  // ---- two half products and their sum ----
  logic [LeftW+HalfW-1:0]    low_product, low_product_s1;
  logic [ProductW-HalfW-1:0] high_product, high_product_s1;
  logic [7:0]                product_exponent_s1;
  attributes_t               attributes_s1;
  assign low_product  = {{HalfW{1'b0}}, left_significand_i} *
                        {{LeftW{1'b0}}, right_significand_i[HalfW-1:0]};
  assign high_product = {{(RightW-HalfW){1'b0}}, left_significand_i} *
                        {{LeftW{1'b0}}, right_significand_i[RightW-1:HalfW]};

  if (CutHalves != 0) begin : g_halves
    logic [LeftW+HalfW-1:0]    low_product_q;
    logic [ProductW-HalfW-1:0] high_product_q;
    logic [7:0]                product_exponent_q;
    attributes_t               attributes_q;
    always_ff @(posedge clk_i) begin
      if (en_i[0]) begin
        low_product_q      <= low_product;
        high_product_q     <= high_product;
        product_exponent_q <= product_exponent;
        attributes_q       <= attributes;
      end
    end
    assign low_product_s1      = low_product_q;
    assign high_product_s1     = high_product_q;
    assign product_exponent_s1 = product_exponent_q;
    assign attributes_s1       = attributes_q;
  end else begin : g_no_halves
    assign low_product_s1      = low_product;
    assign high_product_s1     = high_product;
    assign product_exponent_s1 = product_exponent;
    assign attributes_s1       = attributes;
  end

  logic [ProductW-1:0] significand_product, significand_product_s2;
  logic [7:0]          product_exponent_s2;
  attributes_t         attributes_s2;
  assign significand_product = {{(RightW-HalfW){1'b0}}, low_product_s1} +
                               {high_product_s1, {HalfW{1'b0}}};

  if (CutProduct != 0) begin : g_product
    logic [ProductW-1:0] significand_product_q;
    logic [7:0]          product_exponent_q;
    attributes_t         attributes_q;
    always_ff @(posedge clk_i) begin
      if (en_i[CutHalves]) begin
        significand_product_q <= significand_product;
        product_exponent_q    <= product_exponent_s1;
        attributes_q          <= attributes_s1;
      end
    end
    assign significand_product_s2 = significand_product_q;
    assign product_exponent_s2    = product_exponent_q;
    assign attributes_s2          = attributes_q;
  end else begin : g_no_product
    assign significand_product_s2 = significand_product;
    assign product_exponent_s2    = product_exponent_s1;
    assign attributes_s2          = attributes_s1;
  end

  // ---- normalise by one place, round, pack ----
  // A carry out of the fraction lands in the exponent.
  logic [ProductW-1:0] normalised;
  logic [7:0]          normal_exponent;
  logic                half_bit, sticky_bit, last_bit, round_up;
  logic [30:0]         rounded, magnitude;
  logic [31:0]         product_q;
  logic [ProductW-1:0] integer_q;
  assign normalised      = significand_product_s2[ProductW-1] ? significand_product_s2 :
                           {significand_product_s2[ProductW-2:0], 1'b0};
  assign normal_exponent = product_exponent_s2 + {7'd0, significand_product_s2[ProductW-1]};
  assign half_bit        = normalised[ProductW-25];
  assign sticky_bit      = |normalised[ProductW-26:0];
  assign last_bit        = normalised[ProductW-24] ||
                           (attributes_s2.to_odd && (half_bit || sticky_bit));
  assign round_up        = !attributes_s2.to_odd && half_bit && (sticky_bit || last_bit);
  assign rounded         = {normal_exponent, normalised[ProductW-2:ProductW-23], last_bit} +
                           {30'd0, round_up};
  assign magnitude       = attributes_s2.zero_or_special ?
                           {{8{attributes_s2.special}}, attributes_s2.nan, 22'd0} : rounded;

  always_ff @(posedge clk_i) begin
    if (en_i[Stages-1]) begin
      product_q <= {attributes_s2.sign, magnitude};
      integer_q <= significand_product_s2;
    end
  end
  assign product_o = product_q;
  assign integer_o = integer_q;

`ifdef VERILATOR
  always_ff @(posedge clk_i) begin
    TieUp: cover (!attributes_s2.to_odd && half_bit && !sticky_bit && last_bit);
    TieDown: cover (!attributes_s2.to_odd && half_bit && !sticky_bit && !last_bit);
    CarryToExponent: cover (round_up && (&normalised[ProductW-1:ProductW-24]));
    MadeOdd: cover (attributes_s2.to_odd && last_bit && !normalised[ProductW-24]);
    SpecialOperand: cover (attributes_s2.special && !attributes_s2.nan);
    NanProduct: cover (attributes_s2.nan);
  end
`endif
endmodule
