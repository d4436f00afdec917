// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Front end of a set of PEs: stream queue, decompressor, zero-skip controller with its non-zero
// map, step queue, controller.

module mv_set #(
  parameter int PortBits  = 512,
  parameter int Lv        = 8,
  parameter int FullRate  = 4,
  parameter int SubSteps  = 2,
  parameter int Groups    = 4,
  parameter int MulStages = 2,
  parameter int AddStages = 4,
  parameter int FifoBeats = 4,    // beats that may wait
  parameter int Rows      = 384,  // activation rows
  // derived
  parameter int RowW   = (Rows > 1) ? $clog2(Rows) : 1,
  parameter int LvL    = $clog2(Lv),
  parameter int LaneW  = (LvL > 0) ? LvL : 1,
  parameter int RedW   = (LvL > 0) ? $clog2(LvL + 1) : 1,
  parameter int GroupW = (Groups > 1) ? $clog2(Groups) : 1,
  parameter int SlotW  = $clog2(2 * SubSteps * Groups),
  parameter int H      = Lv / FullRate
) (
  input  logic                clk_i  /*verilator public_flat_rd*/,
  input  logic                rst_ni  /*verilator public_flat_rd*/,
  input  logic                start_i  /*verilator public_flat_rd*/,
  input  logic [2:0]          groups_log2_i  /*verilator public_flat_rd*/,
  input  logic [GroupW-1:0]   group_i  /*verilator public_flat_rd*/,
  // header
  input  logic                header_valid_i  /*verilator public_flat_rd*/,
  input  logic                column_i  /*verilator public_flat_rd*/,
  input  logic [3:0]          entries_i  /*verilator public_flat_rd*/,
  input  logic [4:0]          index_bits_i  /*verilator public_flat_rd*/,
  input  logic [8*64-1:0]     entry_i  /*verilator public_flat_rd*/,
  // beats
  input  logic                beat_valid_i  /*verilator public_flat_rd*/,
  output logic                beat_ready_o,
  input  logic [PortBits-1:0] beat_data_i  /*verilator public_flat_rd*/,
  // non-zero map, written while activations are loaded
  input  logic                map_write_i  /*verilator public_flat_rd*/,
  input  logic [RowW-1:0]     map_row_i  /*verilator public_flat_rd*/,
  input  logic [LaneW-1:0]    map_bank_i  /*verilator public_flat_rd*/,
  input  logic [GroupW-1:0]   map_group_i  /*verilator public_flat_rd*/,
  input  logic                map_nonzero_i  /*verilator public_flat_rd*/,
  // activation read
  output logic                read_o,
  output logic [H*RowW-1:0]   read_row_o,
  // PEs
  output logic                op_valid_o,
  output logic                op_col_o,
  output logic [Lv*16-1:0]    op_weight_o,
  output logic [Lv-1:0]       op_mask_o,
  output logic [Lv*LaneW-1:0] op_sel_o,
  output logic [RedW-1:0]     red_o,
  output logic                acc_valid_o,
  output logic                acc_first_o,
  output logic [SlotW-1:0]    acc_slot_o,
  output logic [Lv*32-1:0]    acc_bias_o,
  // drain
  output logic                drain_valid_o,
  input  logic                drain_ready_i  /*verilator public_flat_rd*/,
  output logic [SlotW-1:0]    drain_slot_o,
  output logic [LaneW-1:0]    drain_lane_o,
  output logic [GroupW-1:0]   drain_group_o,
  output logic [15:0]         drain_index_o,
  // status
  output logic                idle_o,
  output logic                issue_o,
  output logic                skip_o
);
  // Inputs of its own let all instances share one simulated function: half the build time.
  /*verilator no_inline_module*/
  localparam int Chains = 4;
  localparam int ChainW = $clog2(Chains);
  localparam int CntW   = LvL + 1;
  localparam int SubW   = (SubSteps > 1) ? $clog2(SubSteps) : 1;
  localparam int OutW   = (SubSteps * Lv > 1) ? $clog2(SubSteps * Lv) : 1;
  localparam int StepW  = 1 + ChainW + RedW + (OutW + 1) + SubW + Lv + Lv * 16 + Lv * LaneW +
                          H * RowW;

  // ---- stream ----
  logic                beat_valid, beat_ready;
  logic [PortBits-1:0] beat_data;
  mv_fifo #(
    .Width(PortBits),
    .Depth(FifoBeats)
  ) u_beats (
    .clk_i       (clk_i),
    .rst_ni      (rst_ni),
    .push_valid_i(beat_valid_i),
    .push_ready_o(beat_ready_o),
    .push_data_i (beat_data_i),
    .pop_valid_o (beat_valid),
    .pop_ready_i (beat_ready),
    .pop_data_o  (beat_data)
  );

  logic             op_valid, op_ready, op_open, op_out, op_unit, op_round, op_close, stream_idle;
  logic [RedW-1:0]  op_red;
  logic [OutW:0]    op_count;
  logic [OutW-1:0]  op_out_index;
  logic [31:0]      op_record;
  logic [RowW-1:0]  op_row;
  logic [LaneW-1:0] op_bank, op_lane;
  logic [H-1:0]     op_groups;
  logic [CntW-1:0]  op_lanes, op_limit;
  logic [SubW-1:0]  op_sub;
  logic [Lv*16-1:0] op_weight;
  mv_decompressor #(
    .PortBits(PortBits),
    .Lv      (Lv),
    .FullRate(FullRate),
    .SubSteps(SubSteps),
    .RowW    (RowW)
  ) u_decompressor (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .start_i       (start_i),
    .column_i      (column_i),
    .entries_i     (entries_i),
    .index_bits_i  (index_bits_i),
    .entry_i       (entry_i),
    .beat_valid_i  (beat_valid),
    .beat_ready_o  (beat_ready),
    .beat_data_i   (beat_data),
    .op_valid_o    (op_valid),
    .op_ready_i    (op_ready),
    .op_open_o     (op_open),
    .op_out_o      (op_out),
    .op_unit_o     (op_unit),
    .op_round_o    (op_round),
    .op_close_o    (op_close),
    .op_red_o      (op_red),
    .op_count_o    (op_count),
    .op_out_index_o(op_out_index),
    .op_record_o   (op_record),
    .op_row_o      (op_row),
    .op_bank_o     (op_bank),
    .op_lane_o     (op_lane),
    .op_groups_o   (op_groups),
    .op_lanes_o    (op_lanes),
    .op_limit_o    (op_limit),
    .op_sub_o      (op_sub),
    .op_weight_o   (op_weight),
    .idle_o        (stream_idle)
  );

  // ---- zero skip ----
  logic [Lv*Groups-1:0] map_q [Rows];
  logic [Lv*Groups-1:0] map_data_q;
  logic                 map_read;
  logic [RowW-1:0]      map_row;
  logic [Groups-1:0]    group_mask;
  assign group_mask = Groups'((32'd1 << (32'd1 << groups_log2_i)) - 32'd1);
  always_ff @(posedge clk_i) begin
    if (map_write_i) begin
      map_q[map_row_i][32'(map_bank_i) * Groups + 32'(map_group_i)] <= map_nonzero_i;
    end
    if (map_read) map_data_q <= map_q[map_row];
  end

  logic                record_valid, chain_free, zero_idle;
  logic [ChainW-1:0]   record_chain;
  logic [OutW-1:0]     record_index;
  logic [31:0]         record;
  logic                step_valid, step_ready;
  logic [StepW-1:0]    step;
  logic                z_last;
  logic [ChainW-1:0]   z_chain;
  logic [RedW-1:0]     z_red;
  logic [OutW:0]       z_count;
  logic [SubW-1:0]     z_sub;
  logic [Lv-1:0]       z_mask;
  logic [Lv*16-1:0]    z_weight;
  logic [Lv*LaneW-1:0] z_sel;
  logic [H*RowW-1:0]   z_row;
  assign step = {z_last, z_chain, z_red, z_count, z_sub, z_mask, z_weight, z_sel, z_row};
  mv_zero_skip #(
    .Lv      (Lv),
    .FullRate(FullRate),
    .SubSteps(SubSteps),
    .Groups  (Groups),
    .RowW    (RowW),
    .Chains  (Chains)
  ) u_zero_skip (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .column_i      (column_i),
    .group_mask_i  (group_mask),
    .op_valid_i    (op_valid),
    .op_ready_o    (op_ready),
    .op_open_i     (op_open),
    .op_out_i      (op_out),
    .op_unit_i     (op_unit),
    .op_round_i    (op_round),
    .op_close_i    (op_close),
    .op_red_i      (op_red),
    .op_count_i    (op_count),
    .op_out_index_i(op_out_index),
    .op_record_i   (op_record),
    .op_row_i      (op_row),
    .op_bank_i     (op_bank),
    .op_lane_i     (op_lane),
    .op_groups_i   (op_groups),
    .op_lanes_i    (op_lanes),
    .op_limit_i    (op_limit),
    .op_sub_i      (op_sub),
    .op_weight_i   (op_weight),
    .map_read_o    (map_read),
    .map_row_o     (map_row),
    .map_data_i    (map_data_q),
    .record_valid_o(record_valid),
    .record_chain_o(record_chain),
    .record_index_o(record_index),
    .record_o      (record),
    .chain_free_i  (chain_free),
    .step_valid_o  (step_valid),
    .step_ready_i  (step_ready),
    .step_last_o   (z_last),
    .step_chain_o  (z_chain),
    .step_red_o    (z_red),
    .step_count_o  (z_count),
    .step_sub_o    (z_sub),
    .step_mask_o   (z_mask),
    .step_weight_o (z_weight),
    .step_sel_o    (z_sel),
    .step_row_o    (z_row),
    .idle_o        (zero_idle),
    .skip_o        (skip_o)
  );

  // ---- step queue ----
  logic                s_valid, s_ready, s_last;
  logic [StepW-1:0]    s_step;
  logic [ChainW-1:0]   s_chain;
  logic [RedW-1:0]     s_red;
  logic [OutW:0]       s_count;
  logic [SubW-1:0]     s_sub;
  logic [Lv-1:0]       s_mask;
  logic [Lv*16-1:0]    s_weight;
  logic [Lv*LaneW-1:0] s_sel;
  logic [H*RowW-1:0]   s_row;
  mv_fifo #(
    .Width(StepW),
    .Depth(4)
  ) u_steps (
    .clk_i       (clk_i),
    .rst_ni      (rst_ni),
    .push_valid_i(step_valid),
    .push_ready_o(step_ready),
    .push_data_i (step),
    .pop_valid_o (s_valid),
    .pop_ready_i (s_ready),
    .pop_data_o  (s_step)
  );
  assign {s_last, s_chain, s_red, s_count, s_sub, s_mask, s_weight, s_sel, s_row} = s_step;

  // ---- controller ----
  logic ctrl_idle;
  mv_set_ctrl #(
    .Lv       (Lv),
    .FullRate (FullRate),
    .SubSteps (SubSteps),
    .Groups   (Groups),
    .MulStages(MulStages),
    .AddStages(AddStages),
    .RowW     (RowW),
    .Chains   (Chains)
  ) u_ctrl (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .column_i      (column_i),
    .groups_log2_i (groups_log2_i),
    .group_i       (group_i),
    .step_valid_i  (s_valid),
    .step_ready_o  (s_ready),
    .step_last_i   (s_last),
    .step_chain_i  (s_chain),
    .step_red_i    (s_red),
    .step_count_i  (s_count),
    .step_sub_i    (s_sub),
    .step_mask_i   (s_mask),
    .step_weight_i (s_weight),
    .step_sel_i    (s_sel),
    .step_row_i    (s_row),
    .record_valid_i(record_valid),
    .record_chain_i(record_chain),
    .record_index_i(record_index),
    .record_i      (record),
    .chain_free_o  (chain_free),
    .read_o        (read_o),
    .read_row_o    (read_row_o),
    .op_valid_o    (op_valid_o),
    .op_col_o      (op_col_o),
    .op_weight_o   (op_weight_o),
    .op_mask_o     (op_mask_o),
    .op_sel_o      (op_sel_o),
    .red_o         (red_o),
    .acc_valid_o   (acc_valid_o),
    .acc_first_o   (acc_first_o),
    .acc_slot_o    (acc_slot_o),
    .acc_bias_o    (acc_bias_o),
    .drain_valid_o (drain_valid_o),
    .drain_ready_i (drain_ready_i),
    .drain_slot_o  (drain_slot_o),
    .drain_lane_o  (drain_lane_o),
    .drain_group_o (drain_group_o),
    .drain_index_o (drain_index_o),
    .idle_o        (ctrl_idle),
    .issue_o       (issue_o)
  );

  assign idle_o = header_valid_i && stream_idle && zero_idle && !s_valid && ctrl_idle;
endmodule
