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
  input  logic [16:0]       a_i,
  input  logic [16:0]       b_i,
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

  logic [16:0] a, b;
  logic        mask;
  if (CutOperands != 0) begin : g_operands
    logic [16:0] a_q, b_q;
    logic        mask_q;
    always_ff @(posedge clk_i) begin
      if (en_i[0]) begin
        a_q    <= a_i;
        b_q    <= b_i;
        mask_q <= mask_i;
      end
    end
    assign a    = a_q;
    assign b    = b_q;
    assign mask = mask_q;
  end else begin : g_no_operands
    assign a    = a_i;
    assign b    = b_i;
    assign mask = mask_i;
  end

  // ---- special cases and the exponent ----
  logic       a_zero, b_zero, a_special, b_special;
  logic       zero, special, nan, sign;
  logic [7:0] exponent;
  assign a_zero    = a[15:10] == 6'd0;
  assign b_zero    = b[15:10] == 6'd0;
  // Finite exponents end at 40, so the two top bits are both set in infinities and NaN only.
  assign a_special = &a[15:14];
  assign b_special = &b[15:14];
  assign nan       = mask && ((a_special && (a[9] || b_zero)) || (b_special && (b[9] || a_zero)));
  assign special   = mask && (a_special || b_special);
  assign zero      = !mask || a_zero || b_zero;
  assign sign      = mask && !nan && (a[16] ^ b[16]);
  // Either exponent is biased by 25: -50 + 127 = 77.
  assign exponent  = {2'd0, a[15:10]} + {2'd0, b[15:10]} + 8'd77;

  // ---- two half products: 11 x 6 and 11 x 5 bits ----
  logic [10:0] a_significand;
  logic [16:0] low;
  logic [15:0] high;
  assign a_significand = {1'b1, a[9:0]};
  assign low           = {6'd0, a_significand} * {11'd0, b[5:0]};
  assign high          = {5'd0, a_significand} * {11'd0, 1'b1, b[9:6]};

  logic [16:0] low_1;
  logic [15:0] high_1;
  logic [7:0]  exponent_1;
  logic        kill_1, special_1, nan_1, sign_1;

  if (CutHalves != 0) begin : g_halves
    logic [16:0] low_q;
    logic [15:0] high_q;
    logic [7:0]  exponent_q;
    logic        kill_q, special_q, nan_q, sign_q;
    always_ff @(posedge clk_i) begin
      if (en_i[CutOperands]) begin
        low_q      <= low;
        high_q     <= high;
        exponent_q <= exponent;
        kill_q     <= zero || special;
        special_q  <= special;
        nan_q      <= nan;
        sign_q     <= sign;
      end
    end
    assign low_1      = low_q;
    assign high_1     = high_q;
    assign exponent_1 = exponent_q;
    assign kill_1     = kill_q;
    assign special_1  = special_q;
    assign nan_1      = nan_q;
    assign sign_1     = sign_q;
  end else begin : g_no_halves
    assign low_1      = low;
    assign high_1     = high;
    assign exponent_1 = exponent;
    assign kill_1     = zero || special;
    assign special_1  = special;
    assign nan_1      = nan;
    assign sign_1     = sign;
  end

  // ---- their sum ----
  logic [21:0] sum;
  assign sum = {5'd0, low_1} + {high_1, 6'd0};

  // ---- normalise by one place and pack ----
  logic [30:0] magnitude;
  logic [31:0] product_q;
  always_comb begin
    if (kill_1) magnitude = {{8{special_1}}, nan_1, 22'd0};
    else if (sum[21]) magnitude = {exponent_1 + 8'd1, sum[20:0], 2'd0};
    else magnitude = {exponent_1, sum[19:0], 3'd0};
  end

  always_ff @(posedge clk_i) begin
    if (en_i[Stages-1]) product_q <= {sign_1, magnitude};
  end
  assign product_o = product_q;
endmodule
