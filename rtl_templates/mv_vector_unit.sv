// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Vector unit: softmax, LayerNorm, GELU, ReLU and residual (docs/numerics.md, Vector unit), one
// token per lane. Takes a beat, one value or two for every lane, in any cycle; its results follow
// Latency cycles later, whatever the operation, with the tag. Results are binary16, every NaN
// 0x7E00. Lanes without a token give +0.
//
//   op_i  result                            reads of the group's row
//   0     a
//   1     ReLU(a)
//   2, 3  GELU(a), erf form, tanh form
//   4     a + b
//   5     exp((a - max) * k)                max
//   6     a * r, where masked -0            r
//   7     (n * X(a) - S1) * r * gamma       S1, r
//           + beta
//   8     r = 1 / S1                        S1
//   9     a; begins U = n * S2 - S1^2       S1, S2
//           + epsilon
//   10    r = 1 / sqrt(U)
//
// Each lane keeps for each group the row's maximum, S1 and S2 (the sums of X(y) and X(y)^2 over
// results y, X(y) = y * 2^24) and r. max_i and sum_i update maximum or sums with this beat's
// results, except masked ones; with start_i they forget the row before. Softmax: pass the scores
// with max_i; 5 with sum_i; 8; 6. LayerNorm: any operation with sum_i; 9; 10; 7.
//
// Nothing is interlocked. Cycles from one beat to another of the same group, at least:
//   max_i or sum_i to an operation that reads maximum or sums   Latency + 2
//   8 to 6, 10 to 7                                             6 + MulStages
//   9 to its 10                                                 53
// and from a 10 to the next 9, of any group, 3. From a 9 to its 10 no other 9, and no sum_i of the
// group, at the 9 neither. A row may be begun anew in the cycle after its last reader. All inputs
// count with their beat only.

module mv_vector_unit #(
  parameter int Lanes     = 64,
  parameter int Groups    = 4,   // rows of Lanes tokens that a lane keeps apart
  parameter int TagW      = 16,
  parameter int PosW      = 16,   // positions of tokens and keys
  parameter int MulStages = 2,    // registers of a product, 1..3
  parameter int AddStages = 4,    // registers of a sum, its operands' included, 2..6
  // derived
  localparam int GroupW  = (Groups > 1) ? $clog2(Groups) : 1,
  localparam int TokenW  = (Groups * Lanes > 0) ? $clog2(Groups * Lanes + 1) : 1,
  localparam int Latency = 12 + 2 * MulStages + AddStages
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  // beat
  input  logic                valid_i,
  input  logic [3:0]          op_i,
  input  logic [GroupW-1:0]   group_i,
  input  logic [TagW-1:0]     tag_i,
  input  logic [Lanes*16-1:0] a_i,
  input  logic [Lanes*16-1:0] b_i,
  input  logic                start_i,
  input  logic                max_i,
  input  logic                sum_i,
  // Lane t of group g is token g * Lanes + t of tokens_i, at position first_i + g * Lanes + t. With
  // mask_i it is masked if the key is not below keys_i, or, if causal_i, behind that position.
  input  logic [TokenW-1:0]   tokens_i,
  input  logic                mask_i,
  input  logic                causal_i,
  input  logic [PosW-1:0]     key_i,
  input  logic [PosW-1:0]     keys_i,
  input  logic [PosW-1:0]     first_i,
  // constants of operations
  input  logic [23:0]         k_i,         // 5: 22 fractional bits
  input  logic [14:0]         n_i,         // 7, 9: channels, 1..2^14
  input  logic [76:0]         epsilon_i,   // 9: epsilon * n^2 * 2^48, at least 1
  input  logic [15:0]         gamma_i,     // 7: finite
  input  logic [15:0]         beta_i,      // 7: finite
  // results
  output logic                valid_o,
  output logic [TagW-1:0]     tag_o,
  output logic [Lanes*16-1:0] result_o
);
  // Registers as mv_vector_lane numbers them
  localparam int         Product  = 7 + MulStages;
  localparam int         Function = Product + 5;
  localparam int         Addends  = Function + MulStages;
  localparam int         Depth    = Latency + 2;
  localparam logic [3:0] Variance = mv_pkg::OpVariance;

  if (Lanes < 1 || Groups < 1 || TagW < 1 || PosW < 1) begin : g_illegal
`ifdef VERILATOR
    $fatal(0, "mv_vector_unit: Lanes, Groups, TagW and PosW must be at least 1");
`else
    mv_vector_unit__lanes_groups_tagw_and_posw_must_be_at_least_1 u_illegal ();
`endif
  end

  // ---- what accompanies a beat; index s: beside register s, 0: at the inputs ----
  // What comes from the inputs stays apart from what registers hold: a simulation evaluates it
  // apart, too.
  logic [Depth:1]          valid_q;
  logic [Depth*4-1:0]      ops_q;   // from register 1 on
  logic [Depth*GroupW-1:0] groups_q;
  logic [3:0]              op_of [Depth+1];
  logic [GroupW-1:0]       group_of [Depth+1];
  logic [2:0]              update [Depth+1];   // {start, max, sum}
  logic [TagW-1:0]         tag [Latency+1];
  logic [23:0]             exp_scale [Product+1];
  logic [15:0]             gamma [Function];
  logic [15:0]             beta [Addends];
  logic [14:0]             channels_q;
  assign op_of[0]     = op_i;
  assign group_of[0]  = group_i;
  assign update[0]    = {start_i, max_i, sum_i};
  assign tag[0]       = tag_i;
  assign exp_scale[0] = k_i;
  assign gamma[0]     = gamma_i;
  assign beta[0]      = beta_i;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) valid_q <= '0;
    else valid_q <= {valid_q[Depth-1:1], valid_i};
  end
  always_ff @(posedge clk_i) begin
    if (valid_i) channels_q <= n_i;
  end
  for (genvar s = 0; s < Depth; s++) begin : g_register
    logic beat_there;
    if (s == 0) begin : g_first
      assign beat_there = valid_i;
    end else begin : g_later
      assign beat_there = valid_q[s];
    end
    logic [3:0]        op_q;
    logic [GroupW-1:0] group_q;
    logic [2:0]        update_q;
    always_ff @(posedge clk_i) begin
      if (beat_there) begin
        op_q     <= op_of[s];
        group_q  <= group_of[s];
        update_q <= update[s];
      end
    end
    assign op_of[s+1]                   = op_q;
    assign ops_q[s*4 +: 4]              = op_q;
    assign group_of[s+1]                = group_q;
    assign groups_q[s*GroupW +: GroupW] = group_q;
    assign update[s+1]                  = update_q;
    if (s < Latency) begin : g_tag
      logic [TagW-1:0] tag_q;
      always_ff @(posedge clk_i) begin
        if (beat_there) tag_q <= tag[s];
      end
      assign tag[s+1] = tag_q;
    end
    if (s < Product) begin : g_k
      logic [23:0] exp_scale_q;
      always_ff @(posedge clk_i) begin
        if (beat_there) exp_scale_q <= exp_scale[s];
      end
      assign exp_scale[s+1] = exp_scale_q;
    end
    if (s < Function - 1) begin : g_gamma
      logic [15:0] gamma_q;
      always_ff @(posedge clk_i) begin
        if (beat_there) gamma_q <= gamma[s];
      end
      assign gamma[s+1] = gamma_q;
    end
    if (s < Addends - 1) begin : g_beta
      logic [15:0] beta_q;
      always_ff @(posedge clk_i) begin
        if (beat_there) beta_q <= beta[s];
      end
      assign beta[s+1] = beta_q;
    end
  end

  logic [31:0] gamma_float, beta_float;
  mv_fp16_to_fp32 u_gamma (
    .half_i (gamma[Function-1]),
    .float_o(gamma_float)
  );
  mv_fp16_to_fp32 u_beta (
    .half_i (beta[Addends-1]),
    .float_o(beta_float)
  );

  // ---- steps of mv_vector_variance ----
  // The lanes load while the beat is in register 1; then bits 53 … 0 of S1, of which n has the
  // lower 15, and epsilon.
  logic              variance_begins;
  logic [5:0]        steps_left_q, sum_bit;
  logic [14:0]       variance_channels_q;
  logic [76:0]       epsilon_q;
  logic [GroupW-1:0] variance_group_q;
  logic              channels_bit;
  assign variance_begins = valid_i && op_i == Variance;
  assign sum_bit         = steps_left_q - 6'd2;
  assign channels_bit    = sum_bit < 6'd15 && variance_channels_q[sum_bit[3:0]];
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) steps_left_q <= 6'd0;
    else if (valid_q[1] && op_of[1] == Variance) steps_left_q <= 6'(mv_pkg::VarianceToRoot + 2);
    else if (steps_left_q != 6'd0) steps_left_q <= steps_left_q - 6'd1;
  end
  always_ff @(posedge clk_i) begin
    if (variance_begins) begin
      variance_channels_q <= n_i;
      epsilon_q           <= epsilon_i;
      variance_group_q    <= group_i;
    end
  end

  // ---- masks: everything that does not depend on the lane first ----
  // Lane t is masked if the key's distance to the position of lane 0 is larger than t, and has a
  // token if more than t are left.
  // Widths that hold the differences and their signs.
  localparam int LeftW     = TokenW + 1;
  localparam int DistanceW = ((PosW > TokenW) ? PosW : TokenW) + 2;
  localparam int LaneW     = (Lanes > 0) ? $clog2(Lanes + 1) : 1;
  logic [LeftW-1:0]     first_token, tokens_left;   // token of lane 0; tokens from it on
  logic [DistanceW-1:0] distance;
  logic [LaneW-1:0]     behind, tokens;   // the same between 0 and Lanes
  logic                 beyond;
  assign first_token = LeftW'(32'(group_i) * Lanes);
  assign tokens_left = {1'b0, tokens_i} - first_token;
  assign distance    = DistanceW'(key_i) - DistanceW'(first_i) - DistanceW'(first_token);
  assign behind      = distance[DistanceW-1] ? '0 :
                       (32'(distance) > Lanes) ? LaneW'(Lanes) : LaneW'(distance);
  assign tokens      = tokens_left[LeftW-1] ? '0 :
                       (32'(tokens_left) > Lanes) ? LaneW'(Lanes) : LaneW'(tokens_left);
  assign beyond      = key_i >= keys_i;

  for (genvar t = 0; t < Lanes; t++) begin : g_lane
    mv_vector_lane #(
      .Groups   (Groups),
      .MulStages(MulStages),
      .AddStages(AddStages)
    ) u_lane (
      .clk_i              (clk_i),
      .take_i             (valid_i),
      .valid_i            (valid_q),
      .op_i               (ops_q),
      .group_i            (groups_q),
      .operand_i          (a_i[t*16 +: 16]),
      .summand_i          (b_i[t*16 +: 16]),
      .masked_i           (mask_i && (beyond || (causal_i && behind > LaneW'(t)))),
      .active_i           (tokens > LaneW'(t)),
      .channels_i         (channels_q),
      .exp_scale_s6_i     (exp_scale[6]),
      .exp_scale_product_i(exp_scale[Product]),
      .gamma_i            (gamma_float),
      .beta_i             (beta_float),
      .start_i            (update[Depth][2]),
      .max_i              (update[Depth][1]),
      .sum_i              (update[Depth][0]),
      .step_i             (steps_left_q != 6'd0),
      .bit_number_i       (sum_bit),
      .channels_bit_i     (channels_bit),
      .last_i             (steps_left_q == 6'd1),
      .epsilon_i          (epsilon_q),
      .square_group_i     (variance_group_q),
      .result_o           (result_o[t*16 +: 16])
    );
  end
  assign valid_o = valid_q[Latency];
  assign tag_o   = tag[Latency];

`ifdef VERILATOR
  // When what a distance counts from came last; before the first, all are far away.
  int   cycle_q, root_at_q, variance_at_q;
  int   max_at_q [Groups];
  int   sum_at_q [Groups];
  int   factor_at_q [Groups];
  int   summed_q [Groups];   // values of a row's sums
  logic open_q;              // a variance waits for its root
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      cycle_q       <= 100;
      root_at_q     <= 0;
      variance_at_q <= 0;
      open_q        <= 1'b0;
      for (int g = 0; g < Groups; g++) begin
        max_at_q[g]    <= 0;
        sum_at_q[g]    <= 0;
        factor_at_q[g] <= 0;
        summed_q[g]    <= 0;
      end
    end else begin
      cycle_q <= cycle_q + 1;
      if (valid_i && max_i) max_at_q[group_i] <= cycle_q;
      if (valid_i && sum_i) begin
        sum_at_q[group_i] <= cycle_q;
        summed_q[group_i] <= (start_i ? 0 : summed_q[group_i]) + 1;
      end
      if (valid_i && (op_i == mv_pkg::OpReciprocal || op_i == mv_pkg::OpRoot)) begin
        factor_at_q[group_i] <= cycle_q;
      end
      if (variance_begins) begin
        variance_at_q <= cycle_q;
        open_q        <= 1'b1;
      end
      if (valid_i && op_i == mv_pkg::OpRoot) begin
        root_at_q <= cycle_q;
        open_q    <= 1'b0;
      end
    end
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (rst_ni) begin
      KeyBeyond: cover (valid_i && mask_i && beyond);
      KeyIsLater: cover (valid_i && mask_i && causal_i && !beyond && behind != '0);
      KeyIsEarlier: cover (valid_i && mask_i && causal_i && distance[DistanceW-1]);
      SomeTokens: cover (valid_i && tokens != '0 && 32'(tokens) < Lanes);
      RowBegins: cover (valid_i && start_i && sum_i);
      GroupAfterGroup: cover (valid_i && valid_q[1] && group_i != group_of[1]);
      BeatDuringVariance: cover (valid_i && steps_left_q != 6'd0);
      if (valid_i) begin
        OperationKnown: assert (op_i <= mv_pkg::OpRoot)
          else $error("mv_vector_unit.OperationKnown: no operation");
        MaximumSettled: assert (op_i != mv_pkg::OpExp ||
            cycle_q - max_at_q[group_i] >= Latency + 2)
          else $error("mv_vector_unit.MaximumSettled: the maximum is read before its last update");
        SumsSettled: assert (
            !(op_i == mv_pkg::OpNorm || op_i == mv_pkg::OpReciprocal || op_i == Variance) ||
            cycle_q - sum_at_q[group_i] >= Latency + 2)
          else $error("mv_vector_unit.SumsSettled: sums are read before their last update");
        FactorSettled: assert (!(op_i == mv_pkg::OpScale || op_i == mv_pkg::OpNorm) ||
            cycle_q - factor_at_q[group_i] >= 6 + MulStages)
          else $error("mv_vector_unit.FactorSettled: r is read before it is there");
        RootSettled: assert (op_i != mv_pkg::OpRoot || (open_q && group_i == variance_group_q &&
            cycle_q - variance_at_q >= mv_pkg::VarianceToRoot))
          else $error("mv_vector_unit.RootSettled: a root without its variance");
        VariancesApart: assert (op_i != Variance || (!open_q &&
            cycle_q - root_at_q >= mv_pkg::RootToVariance))
          else $error("mv_vector_unit.VariancesApart: a variance before the last one has its root");
        SquaresStill: assert (!sum_i ||
            !(op_i == Variance || (open_q && group_i == variance_group_q)))
          else $error("mv_vector_unit.SquaresStill: sums change while their variance is made");
        ChannelsLegal: assert (!(op_i == mv_pkg::OpNorm || op_i == Variance) ||
            (n_i != '0 && 32'(n_i) <= 1 << 14))
          else $error("mv_vector_unit.ChannelsLegal: n is not 1..2^14");
        // Of exponentials, which are at most 1, more have room than can be counted.
        SumsHold: assert (!sum_i || start_i || op_i == mv_pkg::OpExp || summed_q[group_i] < 1 << 14)
          else $error("mv_vector_unit.SumsHold: a row of more than 2^14 values");
        EpsilonLegal: assert (op_i != Variance || epsilon_i != '0)
          else $error("mv_vector_unit.EpsilonLegal: epsilon is 0");
        NormFinite: assert (op_i != mv_pkg::OpNorm || !(&gamma_i[14:10] || &beta_i[14:10]))
          else $error("mv_vector_unit.NormFinite: gamma or beta is not finite");
      end
    end
  end
`endif
endmodule
