// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// One lane of the vector unit: the operations of one token. All of them pass one chain,
//
//   result = to_half(function(x * r) * c + d),  x = to_binary32(factor * X(a) - row)
//
// in which one that does not need a part takes 1 for a factor and -0 for a summand: these change no
// bit. The products of 2^y's and Phi's arguments are taken as integers, those behind a function are
// rounded to odd, so that to_half rounds the exact product. Registers are numbered from 1, the
// operands'; what depends on the operation comes along from mv_vector_unit.

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
  input  logic [15:0]             a_i,
  input  logic [15:0]             b_i,
  input  logic                    masked_i,
  input  logic                    active_i,
  // what all lanes share, at the register that uses it
  input  logic [14:0]             n_i,           // 1
  input  logic [23:0]             k_i,           // 6
  input  logic [23:0]             k_product_i,   // Product
  input  logic [31:0]             gamma_i,       // Function - 1
  input  logic [31:0]             beta_i,        // before the sum
  input  logic                    start_i,       // Depth
  input  logic                    max_i,         // Depth
  input  logic                    sum_i,         // Depth
  // mv_vector_variance
  input  logic                    step_i,
  input  logic [5:0]              bit_i,
  input  logic                    n_bit_i,
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
  localparam logic [3:0] Rsqrt      = mv_pkg::OpRoot;
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
  logic [3:0]     op_1;
  logic [15:0]    a_q, b_q, late;
  logic [15:0]    other [Addends];   // index: register it comes from; 0 is none
  logic [Depth:1] masked_q;
  logic [Sum:1]   active_q;
  assign op_1     = op_i[3:0];
  assign late     = other[Function-1];
  assign other[0] = 16'd0;
  assign other[1] = (op_1 == GeluErf || op_1 == GeluTanh) ? a_q : b_q;
  always_ff @(posedge clk_i) begin
    if (take_i) begin
      a_q <= a_i;
      b_q <= b_i;
    end
  end
  for (genvar s = 1; s < Addends - 1; s++) begin : g_other
    logic [15:0] other_q;
    always_ff @(posedge clk_i) begin
      if (valid_i[s]) other_q <= other[s];
    end
    assign other[s+1] = other_q;
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
  logic [93:0] square;
  logic [30:0] factor, root;
  logic [15:0] result_q;
  logic [3:0]  op_root;
  assign op_root = op_i[(Function-2)*4 +: 4];
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
    .write_i        (valid_i[Function-1] && (op_root == Reciprocal || op_root == Rsqrt)),
    .write_group_i  (group_i[(Function-2)*GroupW +: GroupW]),
    .write_factor_i (root),
    .row_group_i    (group_i[GroupW-1:0]),
    .row_max_o      (row_max),
    .row_sum_o      (row_sum),
    .row_nonfinite_o(row_nonfinite),
    .square_group_i (square_group_i),
    .square_o       (square),
    .factor_group_i (group_i[5*GroupW +: GroupW]),
    .factor_o       (factor)
  );

  logic [54:0] window;
  logic        window_sticky;
  logic [5:0]  window_shift;
  mv_vector_variance u_variance (
    .clk_i    (clk_i),
    .load_i   (valid_i[1] && op_1 == Variance),
    .s1_i     (row_sum),
    .step_i   (step_i),
    .bit_i    (bit_i),
    .n_bit_i  (n_bit_i),
    .last_i   (last_i),
    .s2_i     (square),
    .epsilon_i(epsilon_i),
    .window_o (window),
    .sticky_o (window_sticky),
    .shift_o  (window_shift)
  );

  // ---- what is not finite decides the result at once ----
  logic       a_nan, a_inf, m_nan, m_inf;
  logic       forced, force_sign;
  logic [1:0] force_kind;
  localparam logic [1:0] Zero = 2'd0, Inf = 2'd2, Nan = 2'd3;
  assign a_nan = (&a_q[14:10]) && (|a_q[9:0]);
  assign a_inf = (&a_q[14:10]) && !(|a_q[9:0]);
  assign m_nan = (&row_max[14:10]) && (|row_max[9:0]);
  assign m_inf = (&row_max[14:10]) && !(|row_max[9:0]);
  always_comb begin
    forced     = a_nan || a_inf;
    force_sign = a_q[15] && !a_nan;
    force_kind = a_nan ? Nan : Inf;
    unique case (op_1)
      Relu: begin
        forced     = a_nan || a_inf || a_q[15];
        force_sign = 1'b0;
        if (a_q[15] && !a_nan) force_kind = Zero;
      end
      Exp: begin
        forced     = a_nan || a_inf || m_nan || m_inf;
        force_sign = 1'b0;
        if (a_nan || m_nan || (a_inf && m_inf && a_q[15] == row_max[15])) force_kind = Nan;
        else force_kind = (a_inf ? a_q[15] : !row_max[15]) ? Zero : Inf;
      end
      Norm: begin
        force_sign = 1'b0;
        force_kind = Nan;
      end
      GeluErf, GeluTanh: forced = 1'b0;   // decided in the last product
      Reciprocal, Rsqrt: begin
        forced     = row_nonfinite;
        force_sign = 1'b0;
        force_kind = Nan;
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
  logic [54:0] row;
  logic [3:0]  op_4, op_5, op_6;
  logic        x_sign;
  logic [7:0]  x_exponent;
  logic [27:0] x_significand;
  assign op_4 = op_i[3*4 +: 4];
  assign op_5 = op_i[4*4 +: 4];
  assign op_6 = op_i[5*4 +: 4];
  assign row  = (op_1 == Norm || op_1 == Reciprocal) ? row_sum :
                (op_1 == Exp) ? max_integer : 55'd0;
  mv_vector_operand u_operand (
    .clk_i          (clk_i),
    .en_i           (valid_i[6:1]),
    .a_i            (a_q),
    .drop_i         (op_1 == Reciprocal),
    .factor_i       ((op_1 == Norm) ? n_i : 15'd1),
    .row_i          (row),
    .force_i        (forced),
    .force_sign_i   (force_sign),
    .force_kind_i   (force_kind),
    .arg_4_i        (op_4 == Exp),
    .window_4_i     (op_4 == Rsqrt),
    .window_i       (window),
    .window_sticky_i(window_sticky),
    .window_shift_i (window_shift),
    .arg_5_i        (op_5 == Exp || op_5 == GeluErf || op_5 == GeluTanh),
    .magnitude_5_i  (op_5 != Exp),
    .arg_6_i        (op_6 == Exp || op_6 == GeluErf || op_6 == GeluTanh),
    .scaled_6_i     (op_6 != Norm && op_6 != Rsqrt),
    .sign_o         (x_sign),
    .exponent_o     (x_exponent),
    .significand_o  (x_significand)
  );

  // ---- second factor: r, or k and 1 as integers, or 1 ----
  logic [7:0]  r_exponent_q;
  logic [23:0] r_significand_q;
  always_ff @(posedge clk_i) begin
    if (valid_i[6]) begin
      r_exponent_q    <= 8'd127;
      r_significand_q <= 24'h80_0000;
      unique case (op_6)
        Norm, Scale: begin
          r_exponent_q    <= factor[30:23];
          r_significand_q <= {1'b1, factor[22:0]};
        end
        Exp: r_significand_q <= k_i;
        GeluErf, GeluTanh: r_significand_q <= 24'd1;
        default: ;
      endcase
    end
  end

  logic [31:0] first_product;
  logic [51:0] integer_product;
  mv_product #(
    .AW    (28),
    .BW    (24),
    .Stages(MulStages)
  ) u_scale (
    .clk_i          (clk_i),
    .en_i           (valid_i[7 +: MulStages]),
    .x_sign_i       (x_sign),
    .x_exponent_i   (x_exponent),
    .x_significand_i(x_significand),
    .y_sign_i       (1'b0),
    .y_exponent_i   (r_exponent_q),
    .y_significand_i(r_significand_q),
    .odd_i          (1'b0),
    .product_o      (first_product),
    .integer_o      (integer_product)
  );

  // ---- function ----
  // y = t * k has 38 fractional bits. t went in as 28 bits of two's complement: a negative one
  // counts 2^28 too much.
  logic [23:0] y_high;
  logic        function_sign;
  logic [7:0]  function_exponent;
  logic [32:0] function_significand;
  assign y_high = integer_product[51:28] - (first_product[31] ? k_product_i : 24'd0);
  mv_vector_function u_function (
    .clk_i        (clk_i),
    .en_i         (valid_i[Product +: 5]),
    .op_i         (op_i[(Product-1)*4 +: 4]),
    .op_4_i       (op_root),
    .x_i          (first_product),
    .y_i          ({y_high, integer_product[27:17]}),
    .u_i          (integer_product[18:0]),
    .sign_o       (function_sign),
    .exponent_o   (function_exponent),
    .significand_o(function_significand),
    .root_o       (root)
  );

  // ---- second product: times gamma, or Phi(a) times a ----
  // -infinity * Phi is -0, as if a were -0.
  logic [31:0] late_float, c, c_q;
  logic [31:0] scaled;
  logic [3:0]  op_function;
  logic [43:0] unused_integer;
  logic        unused_bits;
  assign op_function = op_i[(Function-1)*4 +: 4];
  assign unused_bits = ^{unused_integer, c_q[12:0]};
  mv_fp16_to_fp32 u_late (
    .half_i ((late == 16'hFC00) ? 16'h8000 : late),
    .float_o(late_float)
  );
  always_comb begin
    unique case (op_root)
      GeluErf, GeluTanh: c = late_float;
      Norm:              c = gamma_i;
      default:           c = 32'h3F80_0000;
    endcase
  end
  always_ff @(posedge clk_i) begin
    if (valid_i[Function-1]) c_q <= c;
  end
  mv_product #(
    .AW    (33),
    .BW    (11),
    .Stages(MulStages)
  ) u_weigh (
    .clk_i          (clk_i),
    .en_i           (valid_i[Function +: MulStages]),
    .x_sign_i       (function_sign),
    .x_exponent_i   (function_exponent),
    .x_significand_i(function_significand),
    .y_sign_i       (c_q[31]),
    .y_exponent_i   (c_q[30:23]),
    .y_significand_i({|c_q[30:23], c_q[22:13]}),
    .odd_i          (op_function == Exp || op_function == GeluErf || op_function == GeluTanh),
    .product_o      (scaled),
    .integer_o      (unused_integer)
  );

  // ---- sum ----
  logic [31:0]    other_float, d, d_q, sum_d, sum_q;
  logic [3:0]     op_addend;
  logic [EnW-1:0] cut_en;
  assign op_addend = op_i[(Addends-2)*4 +: 4];
  mv_fp16_to_fp32 u_other (
    .half_i (other[Addends-1]),
    .float_o(other_float)
  );
  always_comb begin
    unique case (op_addend)
      Residual: d = other_float;
      Norm:     d = beta_i;
      default:  d = 32'h8000_0000;
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
    .clk_i(clk_i),
    .en_i (cut_en),
    .x_i  (scaled),
    .y_i  (d_q),
    .sum_o(sum_d)
  );
  always_ff @(posedge clk_i) begin
    if (valid_i[Addends-1]) d_q <= d;
    if (valid_i[Sum-1]) sum_q <= sum_d;
  end

  // ---- result ----
  logic [15:0] half;
  mv_fp32_to_fp16 u_round (
    .float_i(sum_q),
    .half_o (half)
  );
  always_ff @(posedge clk_i) begin
    if (valid_i[Sum]) begin
      result_q <= half;
      if (op_i[(Sum-1)*4 +: 4] == Scale && masked_q[Sum]) result_q <= 16'h8000;
      if (!active_q[Sum]) result_q <= 16'h0000;
    end
  end
  assign result_o = result_q;
endmodule
