// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Zero-skip controller: drops the units whose activations are zero for all tokens held and gathers
// what is left of a round into one step; a step without units is never issued. Every chain still
// ends in at least one step.

module mv_zero_skip #(
  parameter int Lv       = 8,
  parameter int FullRate = 4,
  parameter int SubSteps = 2,
  parameter int Groups   = 4,   // token groups that an activation row can hold
  parameter int RowW     = 16,
  // chains whose outputs are remembered (being decoded, computed, drained)
  parameter int Chains   = 4,
  // derived
  parameter int LvL    = $clog2(Lv),
  parameter int LaneW  = (LvL > 0) ? LvL : 1,
  parameter int CntW   = LvL + 1,
  parameter int SubW   = (SubSteps > 1) ? $clog2(SubSteps) : 1,
  parameter int OutW   = (SubSteps * Lv > 1) ? $clog2(SubSteps * Lv) : 1,
  parameter int RedW   = (LvL > 0) ? $clog2(LvL + 1) : 1,
  parameter int ChainW = $clog2(Chains),
  parameter int H      = Lv / FullRate
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,
  input  logic                 column_i,
  input  logic [Groups-1:0]    group_mask_i,    // token groups in use
  // operations from the decompressor
  input  logic                 op_valid_i,
  output logic                 op_ready_o,
  input  logic                 op_open_i,
  input  logic                 op_out_i,
  input  logic                 op_unit_i,
  input  logic                 op_round_i,
  input  logic                 op_close_i,
  input  logic [RedW-1:0]      op_red_i,
  input  logic [OutW:0]        op_count_i,
  input  logic [OutW-1:0]      op_out_index_i,
  input  logic [31:0]          op_record_i,
  input  logic [RowW-1:0]      op_row_i,
  input  logic [LaneW-1:0]     op_bank_i,
  input  logic [LaneW-1:0]     op_lane_i,
  input  logic [Lv/FullRate-1:0] op_groups_i,
  input  logic [CntW-1:0]      op_lanes_i,
  input  logic [CntW-1:0]      op_limit_i,
  input  logic [SubW-1:0]      op_sub_i,
  input  logic [Lv*16-1:0]     op_weight_i,
  // non-zero map: one bit per input and token group, read one cycle after the address
  output logic                 map_read_o,
  output logic [RowW-1:0]      map_row_o,
  input  logic [Lv*Groups-1:0] map_data_i,
  // chains
  output logic                 record_valid_o,  // output record of chain record_chain_o
  output logic [ChainW-1:0]    record_chain_o,
  output logic [OutW-1:0]      record_index_o,
  output logic [31:0]          record_o,
  input  logic                 chain_free_i,    // the oldest chain has been drained
  // steps
  output logic                 step_valid_o,
  input  logic                 step_ready_i,
  output logic                 step_last_o,     // last of its chain
  output logic [ChainW-1:0]    step_chain_o,
  output logic [RedW-1:0]      step_red_o,
  output logic [OutW:0]        step_count_o,    // outputs of the chain
  output logic [SubW-1:0]      step_sub_o,
  output logic [Lv-1:0]        step_mask_o,     // lanes with work
  output logic [Lv*16-1:0]     step_weight_o,
  output logic [Lv*LaneW-1:0]  step_sel_o,      // column: sub-bank of each lane's input
  output logic [H*RowW-1:0]    step_row_o,      // activation row of each class
  output logic                 idle_o,
  // counters
  output logic                 skip_o           // a unit was dropped
);
  // ---- stage 1: the operation, while the map is read ----
  logic                v_q, open_q, out_q, unit_q, round_q, close_q;
  logic [RedW-1:0]     red_q;
  logic [OutW:0]       count_q;
  logic [OutW-1:0]     out_index_q;
  logic [31:0]         rec_q;
  logic [RowW-1:0]     row_q;
  logic [LaneW-1:0]    bank_q, lane_q;
  logic [CntW-1:0]     lanes_q, limit_q;
  logic [H-1:0]        groups_q;
  logic [SubW-1:0]     sub_q;
  logic [Lv*16-1:0]    weight_q;
  logic                stall, advance;

  assign op_ready_o = !v_q || !stall;
  assign advance    = v_q && !stall;
  assign map_read_o = op_valid_i && op_ready_o && op_unit_i;
  assign map_row_o  = op_row_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) v_q <= 1'b0;
    else if (op_ready_o) v_q <= op_valid_i;
  end
  always_ff @(posedge clk_i) begin
    if (op_valid_i && op_ready_o) begin
      open_q      <= op_open_i;
      out_q       <= op_out_i;
      unit_q      <= op_unit_i;
      round_q     <= op_round_i;
      close_q     <= op_close_i;
      red_q       <= op_red_i;
      count_q     <= op_count_i;
      out_index_q <= op_out_index_i;
      rec_q       <= op_record_i;
      row_q       <= op_row_i;
      bank_q      <= op_bank_i;
      lane_q      <= op_lane_i;
      groups_q    <= op_groups_i;
      lanes_q     <= op_lanes_i;
      limit_q     <= op_limit_i;
      sub_q       <= op_sub_i;
      weight_q    <= op_weight_i;
    end
  end

  // ---- is there anything to multiply with? ----
  logic [Lv-1:0] input_nonzero, unit_mask, unit_inputs;
  logic          alive;
  always_comb begin
    for (int i = 0; i < Lv; i++) begin
      input_nonzero[i] = (map_data_i[i * Groups +: Groups] & group_mask_i) != '0;
      unit_mask[i]     = (i >= 32'(lane_q)) && (i < 32'(lane_q) + 32'(lanes_q)) &&
                         (i < 32'(limit_q));
      unit_inputs[i]   = column_i ? (i == 32'(bank_q)) : unit_mask[i];
    end
  end
  assign alive  = unit_q && ((input_nonzero & unit_inputs) != '0);
  assign skip_o = advance && unit_q && !alive;

  // ---- stage 2: the step being gathered, and the one held back until a later one is known ----
  logic [Lv-1:0]       asm_mask_q, held_mask_q, asm_mask;
  logic [Lv*16-1:0]    asm_weight_q, held_weight_q, asm_weight, placed;
  logic [Lv*LaneW-1:0] asm_sel_q, held_sel_q, asm_sel;
  logic [H*RowW-1:0]   asm_row_q, held_row_q, asm_row;
  logic [SubW-1:0]     held_sub_q;
  logic                asm_any_q, asm_any, held_valid_q, complete, has_last;
  logic [RedW-1:0]     chain_red_q;
  logic [OutW:0]       chain_count_q;
  logic [ChainW-1:0]   chain_q;
  logic [ChainW:0]     chains_q;    // chains opened and not yet drained
  logic [SubW-1:0]     null_sub_q;  // a chain without steps: the accumulator row being started
  logic                null_last, push;

  assign placed = weight_q << {lane_q, 4'b0};
  always_comb begin
    asm_any    = asm_any_q || alive;
    asm_mask   = asm_mask_q;
    asm_weight = asm_weight_q;
    asm_sel    = asm_sel_q;
    asm_row    = asm_row_q;
    if (alive) begin
      asm_mask = asm_mask_q | unit_mask;
      for (int i = 0; i < Lv; i++) begin
        if (unit_mask[i]) begin
          asm_weight[i * 16 +: 16]    = placed[i * 16 +: 16];
          asm_sel[i * LaneW +: LaneW] = bank_q;
        end
      end
      for (int g = 0; g < H; g++) begin
        if (groups_q[g]) asm_row[g * RowW +: RowW] = row_q;
      end
    end
  end
  assign complete  = round_q && asm_any;
  // The chain's last step: the one just completed, or the one held, or (if there was none) made up
  // below.
  assign has_last  = complete || held_valid_q;
  assign null_last = (OutW + 1)'(chain_count_q) <=
                     (OutW + 1)'(({{OutW{1'b0}}, null_sub_q} + (OutW + SubW)'(1)) << LvL);

  // A chain may open when its outputs have a place; a step is pushed when a later one completes or
  // the chain ends. A held step and a step that completes together with the end of its chain need
  // two cycles.
  logic two;
  assign two = close_q && complete && held_valid_q;
  always_comb begin
    push  = 1'b0;
    stall = 1'b0;
    if (v_q && open_q) stall = chains_q == (ChainW + 1)'(Chains);
    else if (v_q && close_q) begin
      push  = 1'b1;
      stall = !step_ready_i || two || (!has_last && !null_last);
    end else if (v_q && complete && held_valid_q) begin
      push  = 1'b1;
      stall = !step_ready_i;
    end
  end

  assign step_valid_o = push;
  assign step_last_o  = close_q && !two && (has_last || null_last);
  assign step_chain_o = chain_q;
  assign step_red_o   = chain_red_q;
  assign step_count_o = chain_count_q;
  always_comb begin
    step_sub_o    = held_sub_q;
    step_mask_o   = held_mask_q;
    step_weight_o = held_weight_q;
    step_sel_o    = held_sel_q;
    step_row_o    = held_row_q;
    if (!held_valid_q) begin
      step_sub_o    = complete ? sub_q : null_sub_q;
      step_mask_o   = complete ? asm_mask : '0;
      step_weight_o = asm_weight;
      step_sel_o    = asm_sel;
      step_row_o    = asm_row;
    end
  end

  assign record_valid_o = advance && out_q;
  assign record_chain_o = chain_q;
  assign record_index_o = out_index_q;
  assign record_o       = rec_q;
  assign idle_o         = !v_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      asm_any_q    <= 1'b0;
      held_valid_q <= 1'b0;
      chain_q      <= '0;
      chains_q     <= '0;
      null_sub_q   <= '0;
      asm_mask_q   <= '0;
    end else begin
      if (advance && open_q) begin
        chain_q    <= chain_q + ChainW'(1);
        null_sub_q <= '0;
      end
      if (advance && open_q && !chain_free_i) chains_q <= chains_q + (ChainW + 1)'(1);
      if (chain_free_i && !(advance && open_q)) chains_q <= chains_q - (ChainW + 1)'(1);
      if (v_q && close_q && step_ready_i && !has_last) null_sub_q <= null_sub_q + SubW'(1);
      if (advance) begin
        asm_any_q  <= round_q ? 1'b0 : asm_any;
        asm_mask_q <= round_q ? '0 : asm_mask;
        if (close_q) held_valid_q <= 1'b0;
        else if (complete) held_valid_q <= 1'b1;
      end
      // The held step has left; the completed one, its successor, is the last.
      if (v_q && two && step_ready_i) held_valid_q <= 1'b0;
    end
  end

  always_ff @(posedge clk_i) begin
    if (advance && open_q) begin
      chain_red_q   <= red_q;
      chain_count_q <= count_q;
    end
    if (advance && alive) begin
      asm_weight_q <= asm_weight;
      asm_sel_q    <= asm_sel;
      asm_row_q    <= asm_row;
    end
    if (advance && complete) begin
      held_mask_q   <= asm_mask;
      held_weight_q <= asm_weight;
      held_sel_q    <= asm_sel;
      held_row_q    <= asm_row;
      held_sub_q    <= sub_q;
    end
  end
endmodule
