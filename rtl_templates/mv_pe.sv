// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Reconfigurable processing element: Lv x Lt MAC lanes.
//
// Multiplies Lv weights with Lt tokens each, reduces the products over the vector lanes by red_i
// tree levels, and accumulates the Lv >> red_i sums per token in slots. Each vector lane has one
// adder per token, m = 0..Lv-1: tree level k is done by adders [Lv>>k, 2*(Lv>>k)), result i by
// adder (Lv>>k)+i, and accumulation by adders 0..(Lv>>red_i)-1. The lanes m = j (mod H) form
// segment j: each segment accumulates, or not, in a slot of its own. A datapath only: nothing
// stalls, and the caller gives the control of each stage exactly when the data are there.

module mv_pe #(
  // Vector lanes (a power of two) and token lanes.
  parameter int Lv        = 8,
  parameter int Lt        = 8,
  // Shortest vector at full rate: there are Lv / FullRate segments.
  parameter int FullRate  = 4,
  // Row vectors and column vectors supported.
  parameter int EnRow     = 1,
  parameter int EnCol     = 1,
  // Registers of a multiplication (1..3) and of an addition (2..6).
  parameter int MulStages = 2,
  parameter int AddStages = 4,
  // Accumulators per lane.
  parameter int Slots     = 24,
  // derived
  localparam int SelW  = (Lv > 1) ? $clog2(Lv) : 1,   // of a row number
  localparam int SlotW = (Slots > 1) ? $clog2(Slots) : 1,   // of a slot number
  localparam int RedW  = (Lv > 1) ? $clog2($clog2(Lv) + 1) : 1,   // of the reduction mode
  localparam int H     = (FullRate > 0 && FullRate < Lv) ? Lv / FullRate : 1   // segments
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  // operands: row j, token t of the activations stands at ((j*Lt)+t)*16
  input  logic                op_valid_i,
  input  logic                op_col_i,
  input  logic [Lv*16-1:0]    op_weight_i,
  input  logic [Lv-1:0]       op_mask_i,
  input  logic [Lv*SelW-1:0]  op_sel_i,
  input  logic [Lv*Lt*16-1:0] op_act_i,
  // tree levels before accumulation, 0 or at least log2 FullRate; may change only while nothing is
  // under way
  input  logic [RedW-1:0]     red_i,
  // accumulation: 1 + MulStages + red_i*AddStages cycles after the operands; the segments that take
  // part, those that begin a slot at the bias, and their slots
  input  logic                acc_valid_i,
  input  logic [H-1:0]        acc_seg_i,
  input  logic [H-1:0]        acc_first_i,
  input  logic [H*SlotW-1:0]  acc_slot_i,
  input  logic [Lv*32-1:0]    acc_bias_i,
  // drain: H lanes from rd_lane_i on (those beyond the last are not meant); the values follow two
  // cycles later, lane j of token t at ((j*Lt)+t)*32
  input  logic                rd_valid_i,
  input  logic [SlotW-1:0]    rd_slot_i,
  input  logic [SelW-1:0]     rd_lane_i,
  output logic [H*Lt*32-1:0]  res_o
);
  localparam int LvLog2      = $clog2(Lv);
  // Tree levels of any step. Columns need none, rows at least those of a segment.
  localparam int Levels      = (EnRow != 0) ? LvLog2 : 0;
  localparam int LeastLevels = $clog2(FullRate);
  // Cycles from the operands to those of the last tree level, or to the product's register where
  // there is no tree.
  localparam int Depth       = MulStages + ((Levels > 0) ? 1 + (Levels - 1) * AddStages : 0);

  if (Lv != (1 << LvLog2) || FullRate < 1 || (FullRate & (FullRate - 1)) != 0 || FullRate > Lv ||
      Lt < 1 || Slots < 1) begin : g_bad_size
`ifdef VERILATOR
    $fatal(0, "mv_pe: Lv, FullRate: powers of two, FullRate <= Lv; Lt, Slots: at least 1");
`else
    mv_pe__lv_fullrate_powers_of_two_fullrate_at_most_lv_lt_slots_at_least_1 u_illegal ();
`endif
  end
  if (MulStages < 1 || MulStages > 3 || AddStages < 2 || AddStages > 6) begin : g_bad_stages
`ifdef VERILATOR
    $fatal(0, "mv_pe: MulStages must lie in 1..3 and AddStages in 2..6");
`else
    mv_pe__mulstages_must_lie_in_1_to_3_and_addstages_in_2_to_6 u_illegal ();
`endif
  end

  // Registered, so that what depends on the mode only is not evaluated with the inputs. It settles
  // in time, as no step reaches an adder in its first cycle.
  logic [RedW-1:0] reduction_q;
  always_ff @(posedge clk_i) reduction_q <= red_i;

  // ---- valid bits of the operands on their way: bit s is set s cycles after op_valid_i ----
  logic [Depth:0] op_valid;
  logic [Depth:1] op_valid_q;
  assign op_valid = {op_valid_q, op_valid_i};
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) op_valid_q <= '0;
    else op_valid_q <= op_valid[Depth-1:0];
  end

  // ---- adders by their tree level k, 0 for the adder that is in no tree ----
  // Are they accumulating, and the enables of their registers.
  logic [Levels:0]                 accumulate;
  logic [(Levels+1)*AddStages-1:0] adder_enables;
  for (genvar k = 0; k <= Levels; k++) begin : g_level
    logic                 first_enable;
    logic [AddStages-1:1] later_enables_q;
    if (k == 0) begin : g_root
      assign accumulate[k] = 1'b1;
      assign first_enable  = acc_valid_i;
    end else begin : g_tree
      assign accumulate[k] = reduction_q < RedW'(k);
      assign first_enable  = accumulate[k] ? acc_valid_i : op_valid[1+MulStages+(k-1)*AddStages];
    end
    assign adder_enables[k*AddStages +: AddStages] = {later_enables_q, first_enable};
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) later_enables_q <= '0;
      else later_enables_q <= adder_enables[k*AddStages +: AddStages-1];
    end
  end

  // ---- slots on their way through the accumulating adders ----
  localparam int SlotsW = H * (SlotW + 1);
  logic [AddStages*SlotsW-1:0]      slots_under_way;
  logic [AddStages*SlotsW-1:SlotsW] slots_under_way_q;
  logic [H-1:0]                     write_segments;
  logic [H*SlotW-1:0]               write_slot;
  assign slots_under_way              = {slots_under_way_q, acc_seg_i, acc_slot_i};
  assign {write_segments, write_slot} = slots_under_way[(AddStages-1)*SlotsW +: SlotsW];
  always_ff @(posedge clk_i) slots_under_way_q <= slots_under_way[(AddStages-1)*SlotsW-1:0];

  // ---- operands: the weights are shared by the tokens, and widened before their way to them ----
  logic [Lv*17-1:0] weight, weight_q;
  logic [Lv-1:0]    mask_q;
  always_ff @(posedge clk_i) begin
    if (op_valid_i) begin
      weight_q <= weight;
      mask_q   <= op_mask_i;
    end
  end

  // Token t of adder m stands at (m*Lt)+t.
  logic [Lv*Lt*32-1:0] product, sum, drain_data;
  // The sums of adders that feed no tree go to their slots only.
  logic                unused;
  assign unused = ^sum;

  for (genvar m = 0; m < Lv; m++) begin : g_lane
    // Adder m works in tree level Level, as far as there are so many levels.
    localparam int Level   = (m == 0) ? 0 : LvLog2 - $clog2(m + 1) + 1;
    localparam int EnLevel = (Level > Levels) ? 0 : Level;
    logic [SelW-1:0]  bank_row;
    logic [Lt*16-1:0] activation_q;

    mv_fp16_widen u_widen (
      .half_i(op_weight_i[m*16 +: 16]),
      .wide_o(weight[m*17 +: 17])
    );
    assign bank_row = (op_col_i && EnCol != 0) ? op_sel_i[m*SelW +: SelW] : SelW'(m);

    // Constant slices: an index into the whole vector would cost the simulation a shift per token.
    always_ff @(posedge clk_i) begin
      if (op_valid_i) begin
        for (int j = 0; j < Lv; j++) begin
          if (bank_row == SelW'(j)) activation_q <= op_act_i[j*Lt*16 +: Lt*16];
        end
      end
    end

    for (genvar t = 0; t < Lt; t++) begin : g_token
      logic [31:0] left, right;

      // The value to accumulate: the own product (red_i = 0) or what level red_i of the tree gives,
      // as far as a legal mode does so.
      logic [31:0] accumulated;
      always_comb begin
        accumulated = product[(m*Lt+t)*32 +: 32];
        for (int r = 1; r <= LvLog2; r++) begin
          if (r <= Levels && r >= LeastLevels && m < (Lv >> r) && reduction_q == RedW'(r)) begin
            accumulated = sum[((((Lv>>r)+m)%Lv)*Lt+t)*32 +: 32];
          end
        end
      end

      if (Level == 0 || Level > Levels) begin : g_root
        assign left  = accumulated;
        assign right = 32'd0;
      end else if (Level == 1) begin : g_leaf
        assign left  = accumulate[Level] ? accumulated : product[((m-Lv/2)*Lt+t)*32 +: 32];
        assign right = product[(m*Lt+t)*32 +: 32];
      end else begin : g_inner
        assign left  = accumulate[Level] ? accumulated : sum[((m+(Lv>>Level))*Lt+t)*32 +: 32];
        assign right = sum[((m+2*(Lv>>Level))*Lt+t)*32 +: 32];
      end

      // An activation of -0 contributes +0 whatever its weight: masked positions of attention.
      mv_pe_lane #(
        .MulStages(MulStages),
        .AddStages(AddStages),
        .Slots    (Slots)
      ) u_lane (
        .clk_i       (clk_i),
        .mul_en_i    (op_valid[MulStages:1]),
        .activation_i(activation_q[t*16 +: 16]),
        .weight_i    (weight_q[m*17 +: 17]),
        .mask_i      (mask_q[m] && activation_q[t*16 +: 16] != 16'h8000),
        .product_o   (product[(m*Lt+t)*32 +: 32]),
        .add_en_i    (adder_enables[EnLevel*AddStages +: AddStages]),
        .accumulate_i(accumulate[EnLevel]),
        .left_i      (left),
        .right_i     (right),
        .bias_i      (acc_bias_i[m*32 +: 32]),
        .first_i     (acc_first_i[m%H]),
        .slot_i      (acc_slot_i[(m%H)*SlotW +: SlotW]),
        .write_i     (write_segments[m%H]),
        .write_slot_i(write_slot[(m%H)*SlotW +: SlotW]),
        .sum_o       (sum[(m*Lt+t)*32 +: 32]),
        .drain_i     (rd_valid_i && (SelW + 1)'(m) - (SelW + 1)'(rd_lane_i) < (SelW + 1)'(H)),
        .drain_slot_i(rd_slot_i),
        .drain_data_o(drain_data[(m*Lt+t)*32 +: 32])
      );
    end
  end

  // ---- drain: the lanes read in the first cycle; the second selects them ----
  logic            drain_q;
  logic [SelW-1:0] drain_lane_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) drain_q <= 1'b0;
    else drain_q <= rd_valid_i;
  end
  always_ff @(posedge clk_i) begin
    if (rd_valid_i) drain_lane_q <= rd_lane_i;
  end

  for (genvar j = 0; j < H; j++) begin : g_drain
    logic [Lt*32-1:0] lanes_picked, lanes_picked_q;
    always_comb begin
      lanes_picked = drain_data[j*Lt*32 +: Lt*32];
      for (int m = 1; m < Lv; m++) begin
        if (m + j < Lv && drain_lane_q == SelW'(m))
          lanes_picked = drain_data[((m+j)%Lv)*Lt*32 +: Lt*32];
      end
    end
    always_ff @(posedge clk_i) begin
      if (drain_q) lanes_picked_q <= lanes_picked;
    end
    assign res_o[j*Lt*32 +: Lt*32] = lanes_picked_q;
  end

`ifdef VERILATOR
  // An addition to an accumulator whose last one is still in the adder. Only Lv >> red_i lanes
  // accumulate: segments behind them do nothing, whatever they are told.
  logic [AddStages-1:1] added_before_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) added_before_q <= '0;
    else added_before_q <= (AddStages - 1)'({added_before_q, acc_valid_i});
  end
  logic accumulator_busy;
  always_comb begin
    accumulator_busy = 1'b0;
    for (int s = 1; s < AddStages; s++) begin
      for (int g = 0; g < H; g++) begin
        if (acc_valid_i && g < (Lv >> red_i) && acc_seg_i[g] && added_before_q[s] &&
            slots_under_way[s*SlotsW+H*SlotW+g] &&
            slots_under_way[s*SlotsW+g*SlotW +: SlotW] == acc_slot_i[g*SlotW +: SlotW]) begin
          accumulator_busy = 1'b1;
        end
      end
    end
  end
  // Bit s: operands came s cycles ago. They are under way until their accumulation has ended.
  localparam int MostWay = 1 + MulStages + Levels * AddStages + AddStages;
  logic [MostWay:1] operands_q;
  logic             under_way;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) operands_q <= '0;
    else operands_q <= {operands_q[MostWay-1:1], op_valid_i};
  end
  always_comb begin
    under_way = 1'b0;
    for (int s = 1; s <= MostWay; s++) begin
      if (operands_q[s] && s <= 1 + MulStages + 32'(reduction_q) * AddStages + AddStages) begin
        under_way = 1'b1;
      end
    end
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (rst_ni) begin
      RowsAccumulate: cover (acc_valid_i && red_i != '0);
      ColumnsAccumulate: cover (acc_valid_i && red_i == '0);
      SlotBegins: cover (acc_valid_i && (acc_seg_i & acc_first_i) != '0);
      DrainWhileAdding: cover (rd_valid_i && acc_valid_i);
      AccumulationsDue: assert (!acc_valid_i ||
          operands_q[1 + MulStages + 32'(red_i) * AddStages])
        else $error("mv_pe.AccumulationsDue: an accumulation without operands that are due for it");
      AdditionsApart: assert (!accumulator_busy)
        else $error("mv_pe.AdditionsApart: an accumulator whose last addition is under way");
      ReductionLegal: assert (!op_valid_i || 32'(red_i) == 0 || 32'(red_i) + 1 > LeastLevels)
        else $error("mv_pe.ReductionLegal: red_i is neither 0 nor at least log2 FullRate");
      DirectionLegal: assert (!op_valid_i || ((EnRow != 0 || red_i == '0) &&
                                              (EnCol != 0 || !op_col_i)))
        else $error("mv_pe.DirectionLegal: a direction of vectors that this PE has not");
      ReductionStays: assert (red_i == reduction_q || !under_way)
        else $error("mv_pe.ReductionStays: red_i changes while operands are under way");
    end
  end
`endif
endmodule
