// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Exact product of two binary16 values in binary32.
//
// Multiplies two operands in the format of mv_fp16_widen. The product of two 11-bit significands
// has 22 bits and its exponent lies between -48 and 31, so binary32 holds it exactly: nothing is
// rounded and nothing is subnormal.

module mv_fp16_mul #(
  // Registers from the operands to the product, the last one at the output.
  parameter int Stages = 2
) (
  input  logic              clk_i,
  // One enable per register, in order.
  input  logic [Stages-1:0] en_i,
  input  logic [16:0]       left_i,
  input  logic [16:0]       right_i,
  // 0: the lane has no work; its product is +0 whatever the operands hold (infinities and NaN too).
  input  logic              mask_i,
  output logic [31:0]       product_o
);
  // Two stages: half products, sum. Three: the operands (whoever widens them needs a stage), half
  // products, sum.
  localparam int CutOperands = (Stages >= 3) ? 1 : 0;
  localparam int CutHalves   = (Stages >= 2) ? 1 : 0;

  if (Stages < 1 || Stages > 3) begin : g_illegal
`ifdef VERILATOR
    $fatal(0, "mv_fp16_mul: Stages must lie in 1..3");
`else
    mv_fp16_mul__stages_must_lie_in_1_to_3 u_illegal ();
`endif
  end

  logic [16:0] left_s1, right_s1;
  logic        mask_s1;
  if (CutOperands != 0) begin : g_operands
    logic [16:0] left_q, right_q;
    logic        mask_q;
    always_ff @(posedge clk_i) begin
      if (en_i[0]) begin
        left_q  <= left_i;
        right_q <= right_i;
        mask_q  <= mask_i;
      end
    end
    assign left_s1  = left_q;
    assign right_s1 = right_q;
    assign mask_s1  = mask_q;
  end else begin : g_no_operands
    assign left_s1  = left_i;
    assign right_s1 = right_i;
    assign mask_s1  = mask_i;
  end

  // ---- special cases and the exponent ----
  logic       left_zero, right_zero, left_special, right_special;
  logic       product_zero, product_special, product_nan, product_sign;
  logic [7:0] product_exponent;
  assign left_zero        = left_s1[15:10] == 6'd0;
  assign right_zero       = right_s1[15:10] == 6'd0;
  // Finite exponents end at 40, so the two top bits are both set in infinities and NaN only.
  assign left_special     = &left_s1[15:14];
  assign right_special    = &right_s1[15:14];
  assign product_nan      = mask_s1 && ((left_special && (left_s1[9] || right_zero)) ||
                            (right_special && (right_s1[9] || left_zero)));
  assign product_special  = mask_s1 && (left_special || right_special);
  assign product_zero     = !mask_s1 || left_zero || right_zero;
  assign product_sign     = mask_s1 && !product_nan && (left_s1[16] ^ right_s1[16]);
  // Either exponent is biased by 25: -50 + 127 = 77.
  assign product_exponent = {2'd0, left_s1[15:10]} + {2'd0, right_s1[15:10]} + 8'd77;

  // ---- two half products: 11 x 6 and 11 x 5 bits ----
  logic [10:0] left_significand;
  logic [16:0] low_product;
  logic [15:0] high_product;
  assign left_significand = {1'b1, left_s1[9:0]};
  assign low_product      = {6'd0, left_significand} * {11'd0, right_s1[5:0]};
  assign high_product     = {5'd0, left_significand} * {11'd0, 1'b1, right_s1[9:6]};

  logic [16:0] low_product_s2;
  logic [15:0] high_product_s2;
  logic [7:0]  product_exponent_s2;
  logic        zero_or_special_s2, product_special_s2, product_nan_s2, product_sign_s2;

  if (CutHalves != 0) begin : g_halves
    logic [16:0] low_product_q;
    logic [15:0] high_product_q;
    logic [7:0]  product_exponent_q;
    logic        zero_or_special_q, product_special_q, product_nan_q, product_sign_q;
    always_ff @(posedge clk_i) begin
      if (en_i[CutOperands]) begin
        low_product_q      <= low_product;
        high_product_q     <= high_product;
        product_exponent_q <= product_exponent;
        zero_or_special_q  <= product_zero || product_special;
        product_special_q  <= product_special;
        product_nan_q      <= product_nan;
        product_sign_q     <= product_sign;
      end
    end
    assign low_product_s2      = low_product_q;
    assign high_product_s2     = high_product_q;
    assign product_exponent_s2 = product_exponent_q;
    assign zero_or_special_s2  = zero_or_special_q;
    assign product_special_s2  = product_special_q;
    assign product_nan_s2      = product_nan_q;
    assign product_sign_s2     = product_sign_q;
  end else begin : g_no_halves
    assign low_product_s2      = low_product;
    assign high_product_s2     = high_product;
    assign product_exponent_s2 = product_exponent;
    assign zero_or_special_s2  = product_zero || product_special;
    assign product_special_s2  = product_special;
    assign product_nan_s2      = product_nan;
    assign product_sign_s2     = product_sign;
  end

  // ---- their sum ----
  logic [21:0] significand_product;
  assign significand_product = {5'd0, low_product_s2} + {high_product_s2, 6'd0};

  // ---- normalise by one place and pack ----
  logic [30:0] magnitude;
  logic [31:0] product_q;
  always_comb begin
    if (zero_or_special_s2) magnitude = {{8{product_special_s2}}, product_nan_s2, 22'd0};
    else if (significand_product[21])
      magnitude = {product_exponent_s2 + 8'd1, significand_product[20:0], 2'd0};
    else magnitude = {product_exponent_s2, significand_product[19:0], 3'd0};
  end

  always_ff @(posedge clk_i) begin
    if (en_i[Stages-1]) product_q <= {product_sign_s2, magnitude};
  end
  assign product_o = product_q;

`ifdef VERILATOR
  always_ff @(posedge clk_i) begin
    ZeroTimesInfinity: cover (product_nan && (left_zero || right_zero));
    InfinityTimesFinite: cover (product_special && !product_nan);
    MaskedSpecial: cover (!mask_s1 && (left_special || right_special));
    MinusZero: cover (product_zero && product_sign && !product_special);
    SubnormalOperand: cover (!left_zero && left_s1[15:10] <= 6'd10);
    ProductCarries: cover (!zero_or_special_s2 && significand_product[21]);
    ProductDoesNotCarry: cover (!zero_or_special_s2 && !significand_product[21]);
  end
`endif
endmodule
