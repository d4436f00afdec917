// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Controller of a set: issues steps to its PEs, one token group per cycle, keeps additions to one
// accumulator apart, times the accumulation, and hands finished chains to the drain. Nothing behind
// it ever stalls.

module mv_set_ctrl #(
  parameter int Lv        = 8,
  parameter int FullRate  = 4,
  parameter int SubSteps  = 2,
  parameter int Groups    = 4,
  parameter int MulStages = 2,
  parameter int AddStages = 4,
  parameter int RowW      = 16,
  parameter int Chains    = 4,
  // derived
  parameter int LvL    = $clog2(Lv),
  parameter int LaneW  = (LvL > 0) ? LvL : 1,
  parameter int SubW   = (SubSteps > 1) ? $clog2(SubSteps) : 1,
  parameter int OutW   = (SubSteps * Lv > 1) ? $clog2(SubSteps * Lv) : 1,
  parameter int RedW   = (LvL > 0) ? $clog2(LvL + 1) : 1,
  parameter int GroupL = $clog2(Groups),
  parameter int GroupW = (GroupL > 0) ? GroupL : 1,
  parameter int ChainW = $clog2(Chains),
  parameter int Slots  = 2 * SubSteps * Groups,
  parameter int SlotW  = $clog2(Slots),
  parameter int H      = Lv / FullRate
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  input  logic                column_i,
  input  logic [2:0]          groups_log2_i,   // token groups in use
  // token group that the set's bank holds in this cycle
  input  logic [GroupW-1:0]   group_i,
  // steps
  input  logic                step_valid_i,
  output logic                step_ready_o,
  input  logic                step_last_i,
  input  logic [ChainW-1:0]   step_chain_i,
  input  logic [RedW-1:0]     step_red_i,
  input  logic [OutW:0]       step_count_i,
  input  logic [SubW-1:0]     step_sub_i,
  input  logic [Lv-1:0]       step_mask_i,
  input  logic [Lv*16-1:0]    step_weight_i,
  input  logic [Lv*LaneW-1:0] step_sel_i,
  input  logic [H*RowW-1:0]   step_row_i,
  // output records
  input  logic                record_valid_i,
  input  logic [ChainW-1:0]   record_chain_i,
  input  logic [OutW-1:0]     record_index_i,
  input  logic [31:0]         record_i,
  output logic                chain_free_o,
  // activation read: data one cycle later
  output logic                read_o,
  output logic [H*RowW-1:0]   read_row_o,
  // PE operands, with the activations
  output logic                op_valid_o,
  output logic                op_col_o,
  output logic [Lv*16-1:0]    op_weight_o,
  output logic [Lv-1:0]       op_mask_o,
  output logic [Lv*LaneW-1:0] op_sel_o,
  output logic [RedW-1:0]     red_o,
  // PE accumulation
  output logic                acc_valid_o,
  output logic                acc_first_o,
  output logic [SlotW-1:0]    acc_slot_o,
  output logic [Lv*32-1:0]    acc_bias_o,
  // drain: one accumulator lane of one token group per grant
  output logic                drain_valid_o,
  input  logic                drain_ready_i,
  output logic [SlotW-1:0]    drain_slot_o,
  output logic [LaneW-1:0]    drain_lane_o,
  output logic [GroupW-1:0]   drain_group_o,
  output logic [15:0]         drain_index_o,
  output logic                idle_o,
  output logic                issue_o          // a step is being issued (a group of it)
);
  // Cycles from an issue until its sum may be read, by reduction depth: operand fetch, select,
  // multiply, tree, accumulate.
  localparam int AccTap  = MulStages;                              // + red * AddStages
  localparam int TapMax  = MulStages + LvL * AddStages;
  localparam int TapW    = $clog2(TapMax + 1);
  localparam int PipeMax = 2 + TapMax + AddStages;
  localparam int PipeW   = $clog2(PipeMax + 1);
  localparam int HazardW = $clog2(Groups * ((AddStages + Groups - 1) / Groups) + AddStages + 2);
  localparam int OutMax  = SubSteps * Lv;

  function automatic logic [SlotW-1:0] slot_of(input logic buffer, input logic [SubW-1:0] sub,
                                               input logic [GroupW-1:0] group);
    slot_of = SlotW'((32'(buffer) * SubSteps + 32'(sub)) * Groups + 32'(group));
  endfunction

  // ---- issue ----
  logic                busy_q, last_q, first_q, buf_q, new_chain_q;
  logic [3:0]          left_q;            // groups still to issue after this cycle
  logic [ChainW-1:0]   chain_q;
  logic [OutW:0]       count_q;
  logic [SubW-1:0]     sub_q;
  logic [Lv-1:0]       mask_q;
  logic [Lv*16-1:0]    weight_q;
  logic [Lv*LaneW-1:0] sel_q;
  logic [H*RowW-1:0]   row_q;
  logic [RedW-1:0]     red_q;
  logic [SubSteps-1:0] started_q;         // accumulator rows that this chain has started
  logic [HazardW-1:0]  hazard_q [SubSteps];
  logic [PipeW-1:0]    pipe_q;            // cycles until the pipeline is empty
  logic [1:0]          bufs_q;            // accumulator buffers in use
  logic                load, last_cycle, first, chain_ok, hazard_ok, finish;
  logic                drained;
  logic [HazardW-1:0]  distance;

  // The smallest multiple of the groups in use that is no shorter than an addition.
  always_comb begin
    distance = HazardW'(AddStages);
    for (int g = 0; g <= GroupL; g++) begin
      if (groups_log2_i == 3'(g)) begin
        distance = HazardW'((AddStages + (1 << g) - 1) / (1 << g) * (1 << g));
      end
    end
  end

  assign first      = new_chain_q || !started_q[step_sub_i];
  assign chain_ok   = !new_chain_q ||
                      ((bufs_q != 2'd2) && ((step_red_i == red_q) || (pipe_q == '0 && !busy_q)));
  assign hazard_ok  = first || (hazard_q[step_sub_i] == '0);
  assign last_cycle = left_q == '0;
  assign load       = step_valid_i && (!busy_q || last_cycle) && chain_ok && hazard_ok;
  assign finish     = busy_q && last_cycle && last_q;   // the chain's last issue
  assign step_ready_o = (!busy_q || last_cycle) && chain_ok && hazard_ok;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      busy_q      <= 1'b0;
      new_chain_q <= 1'b1;
      left_q      <= '0;
      pipe_q      <= '0;
      bufs_q      <= '0;
      buf_q       <= 1'b0;
      red_q       <= '0;
      started_q   <= '0;
      last_q      <= 1'b0;
      for (int m = 0; m < SubSteps; m++) hazard_q[m] <= '0;
    end else begin
      busy_q <= load || (busy_q && !last_cycle);
      if (busy_q && !last_cycle) left_q <= left_q - 4'd1;
      if (busy_q) pipe_q <= PipeW'(PipeMax);
      else if (pipe_q != '0) pipe_q <= pipe_q - PipeW'(1);
      for (int m = 0; m < SubSteps; m++) begin
        if (hazard_q[m] != '0) hazard_q[m] <= hazard_q[m] - HazardW'(1);
      end
      if (load) begin
        left_q      <= 4'((8'd1 << groups_log2_i) - 8'd1);
        last_q      <= step_last_i;
        new_chain_q <= step_last_i;
        started_q   <= (new_chain_q ? '0 : started_q) | (SubSteps'(1) << step_sub_i);
        hazard_q[step_sub_i] <= distance - HazardW'(1);
        if (new_chain_q) begin
          red_q <= step_red_i;
          buf_q <= !buf_q;
        end
      end
      bufs_q <= bufs_q + ((load && new_chain_q) ? 2'd1 : 2'd0) - (drained ? 2'd1 : 2'd0);
    end
  end
  always_ff @(posedge clk_i) begin
    if (load) begin
      first_q  <= first;
      chain_q  <= step_chain_i;
      count_q  <= step_count_i;
      sub_q    <= step_sub_i;
      mask_q   <= step_mask_i;
      weight_q <= step_weight_i;
      sel_q    <= step_sel_i;
      row_q    <= step_row_i;
    end
  end

  assign read_o     = busy_q;
  assign read_row_o = row_q;
  assign red_o      = red_q;
  assign issue_o    = busy_q;

  // Operands leave with the activations, one cycle after the read.
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) op_valid_o <= 1'b0;
    else op_valid_o <= busy_q;
  end
  always_ff @(posedge clk_i) begin
    if (busy_q) begin
      op_weight_o <= weight_q;
      op_mask_o   <= mask_q;
      op_sel_o    <= sel_q;
    end
  end
  assign op_col_o = column_i;

  // ---- accumulation control, delayed by the way through multiplier and tree ----
  logic [TapMax:0]  acc_v_q;
  logic             acc_first_d [TapMax+1];
  logic [SlotW-1:0] acc_slot_d [TapMax+1];
  logic [SubW-1:0]  acc_sub_d [TapMax+1];
  logic [ChainW-1:0] acc_chain_d [TapMax+1];
  logic [TapW-1:0]  tap;

  assign tap = TapW'(AccTap + 32'(red_q) * AddStages);
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      acc_v_q     <= '0;
      acc_valid_o <= 1'b0;
    end else begin
      acc_v_q     <= (TapMax + 1)'({acc_v_q, busy_q});
      acc_valid_o <= acc_v_q[tap];
    end
  end
  always_ff @(posedge clk_i) begin
    acc_first_d[0] <= first_q;
    acc_slot_d[0]  <= slot_of(buf_q, sub_q, group_i);
    acc_sub_d[0]   <= sub_q;
    acc_chain_d[0] <= chain_q;
    for (int d = 1; d <= TapMax; d++) begin
      acc_first_d[d] <= acc_first_d[d-1];
      acc_slot_d[d]  <= acc_slot_d[d-1];
      acc_sub_d[d]   <= acc_sub_d[d-1];
      acc_chain_d[d] <= acc_chain_d[d-1];
    end
    acc_first_o <= acc_first_d[tap];
    acc_slot_o  <= acc_slot_d[tap];
  end

  // ---- output records: index for the drain, bias for the first addition ----
  logic [31:0]      record_q [Chains*OutMax];
  logic [Lv*32-1:0] bias;
  always_ff @(posedge clk_i) begin
    if (record_valid_i) record_q[32'(record_chain_i) * OutMax + 32'(record_index_i)] <= record_i;
  end
  for (genvar i = 0; i < Lv; i++) begin : g_bias
    logic [15:0] half;
    assign half =
        record_q[32'(acc_chain_d[tap]) * OutMax + 32'(acc_sub_d[tap]) * Lv + i][31:16];
    mv_fp16_to_fp32 u_widen (
      .half_i (half),
      .float_o(bias[i*32 +: 32])
    );
  end
  always_ff @(posedge clk_i) begin
    if (acc_v_q[tap] && acc_first_d[tap]) acc_bias_o <= bias;
  end

  // ---- drain ----
  logic [PipeW-1:0]  wait_q [2];          // by buffer: cycles until the sums are there
  logic [ChainW-1:0] wait_chain_q [2];
  logic [OutW:0]     wait_count_q [2];
  logic [1:0]        waiting_q;
  logic              dbuf_q;              // buffer being drained
  logic [OutW-1:0]   dout_q;
  logic [GroupW-1:0] dgroup_q;
  logic              group_last, out_last;

  assign drain_valid_o = waiting_q[dbuf_q] && (wait_q[dbuf_q] == '0);
  assign drain_slot_o  = slot_of(dbuf_q, SubW'(dout_q >> LvL), dgroup_q);
  assign drain_lane_o  = LaneW'(32'(dout_q) % Lv);
  assign drain_group_o = dgroup_q;
  assign drain_index_o =
      record_q[32'(wait_chain_q[dbuf_q]) * OutMax + 32'(dout_q)][15:0];
  assign group_last = 8'(dgroup_q) + 8'd1 == (8'd1 << groups_log2_i);
  assign out_last   = (OutW + 1)'(dout_q) + (OutW + 1)'(1) == wait_count_q[dbuf_q];
  assign drained    = drain_valid_o && drain_ready_i && group_last && out_last;
  assign chain_free_o = drained;
  assign idle_o     = !busy_q && (bufs_q == 2'd0);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      waiting_q <= '0;
      // The first chain goes to buffer 1 (the buffer is flipped when a chain begins).
      dbuf_q    <= 1'b1;
      dout_q    <= '0;
      dgroup_q  <= '0;
    end else begin
      if (finish) waiting_q[buf_q] <= 1'b1;
      if (drain_valid_o && drain_ready_i) begin
        dgroup_q <= group_last ? '0 : dgroup_q + GroupW'(1);
        if (group_last) dout_q <= out_last ? '0 : dout_q + OutW'(1);
      end
      if (drained) begin
        waiting_q[dbuf_q] <= 1'b0;
        dbuf_q            <= !dbuf_q;
      end
    end
  end
  always_ff @(posedge clk_i) begin
    for (int b = 0; b < 2; b++) begin
      if (wait_q[b] != '0) wait_q[b] <= wait_q[b] - PipeW'(1);
    end
    if (finish) begin
      wait_q[buf_q]       <= PipeW'(2 + AccTap + 32'(red_q) * AddStages + AddStages);
      wait_chain_q[buf_q] <= chain_q;
      wait_count_q[buf_q] <= count_q;
    end
  end
endmodule
