// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// One lane of the vector unit: the operations of one token. All of them pass one chain,
//
//   result = to_half(function(x * r) * weighting + summand),
//        x = to_binary32(factor * X(a) - subtracted)
//
// in which one that does not need a part takes 1 for a factor and -0 for a summand: these change no
// bit. The products of 2^y's and Phi's arguments are taken as integers, those behind a function are
// rounded to odd, so that to_half rounds the exact product. Registers are numbered from 1, the
// operands'; what depends on the operation comes along from mv_vector_unit. Its case statements are
// plain: a unique one names its instance, and lanes would not share code in a simulation.

module mv_vector_lane #(
  parameter int Groups    = 4,
  parameter int MulStages = 2,   // of each of the two products
  parameter int AddStages = 4,   // of the sum, its operands' register included
  // derived
  localparam int GroupW   = (Groups > 1) ? $clog2(Groups) : 1,
  localparam int Product  = 7 + MulStages,   // register of the first product
  localparam int Function = Product + 5,     // of the function's result
  localparam int Sum      = Function + MulStages + AddStages - 1,
  localparam int Latency  = Sum + 1,      // of the result
  localparam int Depth    = Latency + 2   // statistics are updated behind this one
) (
  input  logic                    clk_i,
  // The inputs, and register s, hold a beat; its operation and group, s = 1 in the lowest bits.
  input  logic                    take_i,
  input  logic [Depth:1]          valid_i,
  input  logic [Depth*4-1:0]      op_i,
  input  logic [Depth*GroupW-1:0] group_i,
  // inputs of the lane
  input  logic [15:0]             operand_i,
  input  logic [15:0]             summand_i,
  input  logic                    masked_i,
  input  logic                    active_i,
  // what all lanes share, at the register that uses it
  input  logic [14:0]             channels_i,            // 1
  input  logic [23:0]             exp_scale_s6_i,        // 6
  input  logic [23:0]             exp_scale_product_i,   // Product
  input  logic [31:0]             gamma_i,               // Function - 1
  input  logic [31:0]             beta_i,                // before the sum
  input  logic                    start_i,               // Depth
  input  logic                    max_i,                 // Depth
  input  logic                    sum_i,                 // Depth
  // mv_vector_variance
  input  logic                    step_i,
  input  logic [5:0]              bit_number_i,
  input  logic                    channels_bit_i,
  input  logic                    last_i,
  input  logic [76:0]             epsilon_i,
  input  logic [GroupW-1:0]       square_group_i,
  output logic [15:0]             result_o
);
  // Operations, as in mv_vector_unit
  localparam logic [3:0] Relu       = mv_pkg::OpRelu;
  localparam logic [3:0] GeluErf    = mv_pkg::OpGeluErf;
  localparam logic [3:0] GeluTanh   = mv_pkg::OpGeluTanh;
  localparam logic [3:0] Residual   = mv_pkg::OpResidual;
  localparam logic [3:0] Exp        = mv_pkg::OpExp;
  localparam logic [3:0] Scale      = mv_pkg::OpScale;
  localparam logic [3:0] Norm       = mv_pkg::OpNorm;
  localparam logic [3:0] Reciprocal = mv_pkg::OpReciprocal;
  localparam logic [3:0] Variance   = mv_pkg::OpVariance;
  localparam logic [3:0] Root       = mv_pkg::OpRoot;
  // Register of the second product and its summand.
  localparam int         Addends    = Function + MulStages;
  localparam int         Cuts       = AddStages - 2;
  localparam int         EnW        = (Cuts > 0) ? Cuts : 1;

  if (AddStages < 2 || AddStages > 6) begin : g_illegal
`ifdef VERILATOR
    $fatal(0, "mv_vector_lane: AddStages must lie in 2..6");
`else
    mv_vector_lane__addstages_must_lie_in_2_to_6 u_illegal ();
`endif
  end

  logic unused;
  assign unused = ^{op_i, group_i};

  // ---- operands: GELU needs its operand again behind the table, and has no second one ----
  logic [3:0]     op_s1;
  logic [15:0]    operand_s1_q, summand_s1_q, gelu_operand;
  logic [15:0]    later_operand [Addends];   // index: register it comes from; 0 is none
  logic [Depth:1] masked_q;
  logic [Sum:1]   active_q;
  assign op_s1            = op_i[3:0];
  assign gelu_operand     = later_operand[Function-1];
  assign later_operand[0] = 16'd0;
  assign later_operand[1] = (op_s1 == GeluErf || op_s1 == GeluTanh) ? operand_s1_q : summand_s1_q;
  always_ff @(posedge clk_i) begin
    if (take_i) begin
      operand_s1_q <= operand_i;
      summand_s1_q <= summand_i;
    end
  end
  for (genvar s = 1; s < Addends - 1; s++) begin : g_other
    logic [15:0] later_operand_q;
    always_ff @(posedge clk_i) begin
      if (valid_i[s]) later_operand_q <= later_operand[s];
    end
    assign later_operand[s+1] = later_operand_q;
  end
  always_ff @(posedge clk_i) begin
    if (take_i) begin
      masked_q[1] <= masked_i;
      active_q[1] <= active_i;
    end
    for (int s = 1; s < Depth; s++) begin
      if (valid_i[s]) masked_q[s+1] <= masked_q[s];
    end
    for (int s = 1; s < Sum; s++) begin
      if (valid_i[s]) active_q[s+1] <= active_q[s];
    end
  end

  // ---- statistics of the row ----
  logic [15:0] row_max;
  logic [54:0] row_sum;
  logic        row_nonfinite;
  logic [93:0] row_square;
  logic [30:0] row_factor, new_factor;
  logic [15:0] result_q;
  logic [3:0]  op_table;
  assign op_table = op_i[(Function-2)*4 +: 4];
  mv_vector_statistics #(
    .Groups(Groups)
  ) u_statistics (
    .clk_i          (clk_i),
    .en_i           (valid_i[Depth:Latency]),
    .result_i       (result_q),
    .group_i        (group_i[(Depth-1)*GroupW +: GroupW]),
    .start_i        (start_i),
    .skip_i         (masked_q[Depth]),
    .max_i          (max_i),
    .sum_i          (sum_i),
    .write_i        (valid_i[Function-1] && (op_table == Reciprocal || op_table == Root)),
    .write_group_i  (group_i[(Function-2)*GroupW +: GroupW]),
    .write_factor_i (new_factor),
    .row_group_i    (group_i[GroupW-1:0]),
    .row_max_o      (row_max),
    .row_sum_o      (row_sum),
    .row_nonfinite_o(row_nonfinite),
    .square_group_i (square_group_i),
    .square_o       (row_square),
    .factor_group_i (group_i[5*GroupW +: GroupW]),
    .factor_o       (row_factor)
  );

  logic [54:0] window;
  logic        window_sticky;
  logic [5:0]  window_shift;
  mv_vector_variance u_variance (
    .clk_i         (clk_i),
    .load_i        (valid_i[1] && op_s1 == Variance),
    .row_sum_i     (row_sum),
    .step_i        (step_i),
    .bit_number_i  (bit_number_i),
    .channels_bit_i(channels_bit_i),
    .last_i        (last_i),
    .row_square_i  (row_square),
    .epsilon_i     (epsilon_i),
    .window_o      (window),
    .sticky_o      (window_sticky),
    .shift_o       (window_shift)
  );

  // ---- what is not finite decides the result at once ----
  logic       operand_nan, operand_infinite, max_nan, max_infinite;
  logic       forced, forced_sign;
  logic [1:0] forced_kind;
  localparam logic [1:0] Zero = 2'd0, Infinity = 2'd2, Nan = 2'd3;
  assign operand_nan      = (&operand_s1_q[14:10]) && (|operand_s1_q[9:0]);
  assign operand_infinite = (&operand_s1_q[14:10]) && !(|operand_s1_q[9:0]);
  assign max_nan          = (&row_max[14:10]) && (|row_max[9:0]);
  assign max_infinite     = (&row_max[14:10]) && !(|row_max[9:0]);
  always_comb begin
    forced      = operand_nan || operand_infinite;
    forced_sign = operand_s1_q[15] && !operand_nan;
    forced_kind = operand_nan ? Nan : Infinity;
    case (op_s1)
      Relu: begin
        forced      = operand_nan || operand_infinite || operand_s1_q[15];
        forced_sign = 1'b0;
        if (operand_s1_q[15] && !operand_nan) forced_kind = Zero;
      end
      Exp: begin
        forced      = operand_nan || operand_infinite || max_nan || max_infinite;
        forced_sign = 1'b0;
        if (operand_nan || max_nan ||
            (operand_infinite && max_infinite && operand_s1_q[15] == row_max[15]))
          forced_kind = Nan;
        else forced_kind = (operand_infinite ? operand_s1_q[15] : !row_max[15]) ? Zero : Infinity;
      end
      Norm: begin
        forced_sign = 1'b0;
        forced_kind = Nan;
      end
      GeluErf, GeluTanh: forced = 1'b0;   // decided in the last product
      Reciprocal, Root: begin
        forced      = row_nonfinite;
        forced_sign = 1'b0;
        forced_kind = Nan;
      end
      default: ;
    endcase
  end

  // ---- X of the row's maximum: finite ones are shifted by up to 29 places, 40 bits and sign ----
  logic [39:0] max_magnitude;
  logic [54:0] max_integer;
  assign max_magnitude = {29'd0, |row_max[14:10], row_max[9:0]} <<
                         (row_max[14:10] - {4'd0, |row_max[14:10]});
  assign max_integer   = ({15'd0, max_magnitude} ^ {55{row_max[15]}}) + {54'd0, row_max[15]};

  // ---- first factor ----
  logic [54:0] subtracted;
  logic [3:0]  op_s4, op_s5, op_s6;
  logic        first_sign;
  logic [7:0]  first_exponent;
  logic [27:0] first_significand;
  assign op_s4      = op_i[3*4 +: 4];
  assign op_s5      = op_i[4*4 +: 4];
  assign op_s6      = op_i[5*4 +: 4];
  assign subtracted = (op_s1 == Norm || op_s1 == Reciprocal) ? row_sum :
                      (op_s1 == Exp) ? max_integer : 55'd0;
  mv_vector_operand u_operand (
    .clk_i           (clk_i),
    .en_i            (valid_i[6:1]),
    .operand_i       (operand_s1_q),
    .drop_i          (op_s1 == Reciprocal),
    .factor_i        ((op_s1 == Norm) ? channels_i : 15'd1),
    .subtracted_i    (subtracted),
    .forced_i        (forced),
    .forced_sign_i   (forced_sign),
    .forced_kind_i   (forced_kind),
    .argument_s4_i   (op_s4 == Exp),
    .take_window_s4_i(op_s4 == Root),
    .window_i        (window),
    .window_sticky_i (window_sticky),
    .window_shift_i  (window_shift),
    .argument_s5_i   (op_s5 == Exp || op_s5 == GeluErf || op_s5 == GeluTanh),
    .magnitude_s5_i  (op_s5 != Exp),
    .argument_s6_i   (op_s6 == Exp || op_s6 == GeluErf || op_s6 == GeluTanh),
    .scaled_s6_i     (op_s6 != Norm && op_s6 != Root),
    .sign_o          (first_sign),
    .exponent_o      (first_exponent),
    .significand_o   (first_significand)
  );

  // ---- second factor: r, or k and 1 as integers, or 1 ----
  logic [7:0]  second_exponent_q;
  logic [23:0] second_significand_q;
  always_ff @(posedge clk_i) begin
    if (valid_i[6]) begin
      second_exponent_q    <= 8'd127;
      second_significand_q <= 24'h80_0000;
      case (op_s6)
        Norm, Scale: begin
          second_exponent_q    <= row_factor[30:23];
          second_significand_q <= {1'b1, row_factor[22:0]};
        end
        Exp: second_significand_q <= exp_scale_s6_i;
        GeluErf, GeluTanh: second_significand_q <= 24'd1;
        default: ;
      endcase
    end
  end

  logic [31:0] first_product;
  logic [51:0] integer_product;
  mv_product #(
    .LeftW (28),
    .RightW(24),
    .Stages(MulStages)
  ) u_scale (
    .clk_i              (clk_i),
    .en_i               (valid_i[7 +: MulStages]),
    .left_sign_i        (first_sign),
    .left_exponent_i    (first_exponent),
    .left_significand_i (first_significand),
    .right_sign_i       (1'b0),
    .right_exponent_i   (second_exponent_q),
    .right_significand_i(second_significand_q),
    .to_odd_i           (1'b0),
    .product_o          (first_product),
    .integer_o          (integer_product)
  );

  // ---- function ----
  // y = t * k has 38 fractional bits. t went in as 28 bits of two's complement: a negative one
  // counts 2^28 too much.
  logic [23:0] exp2_argument_high;
  logic        function_sign;
  logic [7:0]  function_exponent;
  logic [32:0] function_significand;
  assign exp2_argument_high = integer_product[51:28] -
                              (first_product[31] ? exp_scale_product_i : 24'd0);
  mv_vector_function u_function (
    .clk_i          (clk_i),
    .en_i           (valid_i[Product +: 5]),
    .op_i           (op_i[(Product-1)*4 +: 4]),
    .op_s4_i        (op_table),
    .float_i        (first_product),
    .exp2_argument_i({exp2_argument_high, integer_product[27:17]}),
    .phi_argument_i (integer_product[18:0]),
    .sign_o         (function_sign),
    .exponent_o     (function_exponent),
    .significand_o  (function_significand),
    .root_o         (new_factor)
  );

  // ---- second product: times gamma, or Phi(a) times a ----
  // -infinity * Phi is -0, as if a were -0.
  logic [31:0] gelu_operand_float, weighting, weighting_q;
  logic [31:0] second_product;
  logic [3:0]  op_function;
  logic [43:0] unused_integer;
  logic        unused_bits;
  assign op_function = op_i[(Function-1)*4 +: 4];
  assign unused_bits = ^{unused_integer, weighting_q[12:0]};
  mv_fp16_to_fp32 u_late (
    .half_i ((gelu_operand == 16'hFC00) ? 16'h8000 : gelu_operand),
    .float_o(gelu_operand_float)
  );
  always_comb begin
    case (op_table)
      GeluErf, GeluTanh: weighting = gelu_operand_float;
      Norm:              weighting = gamma_i;
      default:           weighting = 32'h3F80_0000;
    endcase
  end
  always_ff @(posedge clk_i) begin
    if (valid_i[Function-1]) weighting_q <= weighting;
  end
  mv_product #(
    .LeftW (33),
    .RightW(11),
    .Stages(MulStages)
  ) u_weigh (
    .clk_i              (clk_i),
    .en_i               (valid_i[Function +: MulStages]),
    .left_sign_i        (function_sign),
    .left_exponent_i    (function_exponent),
    .left_significand_i (function_significand),
    .right_sign_i       (weighting_q[31]),
    .right_exponent_i   (weighting_q[30:23]),
    .right_significand_i({|weighting_q[30:23], weighting_q[22:13]}),
    .to_odd_i           (op_function == Exp || op_function == GeluErf || op_function == GeluTanh),
    .product_o          (second_product),
    .integer_o          (unused_integer)
  );

  // ---- sum ----
  logic [31:0]    residual_float, summand, summand_q, sum_next, sum_q;
  logic [3:0]     op_summand;
  logic [EnW-1:0] cut_en;
  assign op_summand = op_i[(Addends-2)*4 +: 4];
  mv_fp16_to_fp32 u_other (
    .half_i (later_operand[Addends-1]),
    .float_o(residual_float)
  );
  always_comb begin
    case (op_summand)
      Residual: summand = residual_float;
      Norm:     summand = beta_i;
      default:  summand = 32'h8000_0000;
    endcase
  end
  if (Cuts > 0) begin : g_cuts
    assign cut_en = valid_i[Addends +: EnW];
  end else begin : g_no_cuts
    assign cut_en = 1'b0;
  end
  mv_fp32_add #(
    .Cuts(Cuts)
  ) u_add (
    .clk_i  (clk_i),
    .en_i   (cut_en),
    .left_i (second_product),
    .right_i(summand_q),
    .sum_o  (sum_next)
  );
  always_ff @(posedge clk_i) begin
    if (valid_i[Addends-1]) summand_q <= summand;
    if (valid_i[Sum-1]) sum_q <= sum_next;
  end

  // ---- result ----
  logic [15:0] rounded;
  mv_fp32_to_fp16 u_round (
    .float_i(sum_q),
    .half_o (rounded)
  );
  always_ff @(posedge clk_i) begin
    if (valid_i[Sum]) begin
      result_q <= rounded;
      if (op_i[(Sum-1)*4 +: 4] == Scale && masked_q[Sum]) result_q <= 16'h8000;
      if (!active_q[Sum]) result_q <= 16'h0000;
    end
  end
  assign result_o = result_q;
endmodule
