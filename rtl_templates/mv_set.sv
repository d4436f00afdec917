// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Front end of a set of PEs: code and weight queues, decompressor, matching machine with its
// non-zero map, zero-skip controller, step queue, weight window, controller.

module mv_set #(
  parameter int PortBits  = 512,
  parameter int Lv        = 8,
  parameter int FullRate  = 4,
  parameter int SubSteps  = 2,
  parameter int Groups    = 4,
  parameter int MulStages = 2,
  parameter int AddStages = 4,
  parameter int FifoBeats = 8,    // weight beats that may wait or be on their way
  parameter int CodeBeats = 2,    // code beats, likewise
  parameter int Steps     = 16,   // steps that may wait
  parameter int Rows      = 384,  // activation rows
  // derived
  parameter int RowW   = (Rows > 1) ? $clog2(Rows) : 1,
  parameter int LvL    = $clog2(Lv),
  parameter int LaneW  = (LvL > 0) ? LvL : 1,
  parameter int RedW   = (LvL > 0) ? $clog2(LvL + 1) : 1,
  parameter int GroupW = (Groups > 1) ? $clog2(Groups) : 1,
  parameter int SlotW  = $clog2(3 * SubSteps * Groups),
  parameter int H      = Lv / FullRate
) (
  input  logic                clk_i  /*verilator public_flat_rd*/,
  input  logic                rst_ni  /*verilator public_flat_rd*/,
  input  logic                start_i  /*verilator public_flat_rd*/,
  input  logic [2:0]          groups_log2_i  /*verilator public_flat_rd*/,
  input  logic [GroupW-1:0]   group_i  /*verilator public_flat_rd*/,
  // header
  input  logic                column_i  /*verilator public_flat_rd*/,
  input  logic [3:0]          entries_i  /*verilator public_flat_rd*/,
  input  logic [4:0]          index_bits_i  /*verilator public_flat_rd*/,
  input  logic [3:0]          code_bits_i  /*verilator public_flat_rd*/,
  input  logic [3:0]          row_classes_i  /*verilator public_flat_rd*/,
  input  logic [8*64-1:0]     entry_i  /*verilator public_flat_rd*/,
  // tasks: first beat, number of code beats
  input  logic                task_valid_i  /*verilator public_flat_rd*/,
  output logic                task_ready_o,
  input  logic [63:0]         task_i  /*verilator public_flat_rd*/,
  // beats of codes and weights
  output logic                code_valid_o,
  input  logic                code_ready_i  /*verilator public_flat_rd*/,
  output logic [31:0]         code_beat_o,
  output logic                weight_valid_o,
  input  logic                weight_ready_i  /*verilator public_flat_rd*/,
  output logic [31:0]         weight_beat_o,
  input  logic                code_beat_valid_i  /*verilator public_flat_rd*/,
  input  logic                weight_beat_valid_i  /*verilator public_flat_rd*/,
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
  output logic [H-1:0]        acc_seg_o,
  output logic [H-1:0]        acc_first_o,
  output logic [H*SlotW-1:0]  acc_slot_o,
  output logic [Lv*32-1:0]    acc_bias_o,
  // drain
  output logic                drain_valid_o,
  input  logic                drain_ready_i  /*verilator public_flat_rd*/,
  output logic [SlotW-1:0]    drain_slot_o,
  output logic [LaneW-1:0]    drain_lane_o,
  output logic [H-1:0]        drain_part_o,
  output logic [15:0]         drain_bias_o,
  output logic [GroupW-1:0]   drain_group_o,
  output logic [15:0]         drain_index_o,
  // status
  output logic                idle_o,
  output logic                issue_o,
  output logic                skip_o
);
  // Inputs of its own let all instances share one simulated function: half the build time.
  /*verilator no_inline_module*/
  localparam int CntW   = LvL + 1;
  localparam int Threads = SubSteps;
  localparam int ThreadW = (Threads > 1) ? $clog2(Threads) : 1;
  localparam int Ids    = 4 * SubSteps;
  localparam int IdW    = $clog2(Ids);
  localparam int OutW   = (SubSteps * Lv > 1) ? $clog2(SubSteps * Lv) : 1;
  localparam int ClassW = ($clog2(H) > 0) ? $clog2($clog2(H) + 1) : 1;
  localparam int OffW   = $clog2(PortBits / 16);
  localparam int CodeW  = $clog2(CodeBeats + 1);
  localparam int FifoW  = $clog2(FifoBeats + 1);

  logic [ClassW-1:0] row_classes;
  assign row_classes = ClassW'(row_classes_i);

  // ---- codes of the task: the next beats, as far as there is room ----
  logic [31:0]         code_beat_q, code_left_q, task_weights_q;
  logic [CodeW-1:0]    code_used_q;     // beats waiting or on their way
  logic                code_go, code_valid, code_ready, task_take;
  logic [PortBits-1:0] code_data;
  assign task_take    = task_valid_i && task_ready_o;
  assign code_valid_o = (code_left_q != '0) && (code_used_q != CodeW'(CodeBeats));
  assign code_beat_o  = code_beat_q;
  assign code_go      = code_valid_o && code_ready_i;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      code_left_q <= '0;
      code_used_q <= '0;
    end else begin
      if (task_take) code_left_q <= task_i[63:32];
      else if (code_go) code_left_q <= code_left_q - 32'd1;
      if (code_go && !(code_valid && code_ready)) code_used_q <= code_used_q + CodeW'(1);
      if (!code_go && code_valid && code_ready) code_used_q <= code_used_q - CodeW'(1);
    end
  end
  always_ff @(posedge clk_i) begin
    if (task_take) begin
      code_beat_q    <= task_i[31:0];
      task_weights_q <= task_i[31:0] + task_i[63:32];
    end else if (code_go) begin
      code_beat_q <= code_beat_q + 32'd1;
    end
  end
  logic unused_code_space, unused_weight_space;  // what is asked for has room
  mv_fifo #(
    .Width(PortBits),
    .Depth(CodeBeats)
  ) u_codes (
    .clk_i       (clk_i),
    .rst_ni      (rst_ni),
    .push_valid_i(code_beat_valid_i),
    .push_ready_o(unused_code_space),
    .push_data_i (beat_data_i),
    .pop_valid_o (code_valid),
    .pop_ready_i (code_ready),
    .pop_data_o  (code_data)
  );

  logic                  op_valid, op_ready, op_begin, op_record, op_open, op_close, op_turn;
  logic                  op_wide, op_buffer, stream_idle;
  logic [ClassW-1:0]     op_classes;
  logic [OutW:0]         op_count;
  logic [ThreadW-1:0]    op_thread, op_unit_row;
  logic [IdW-1:0]        op_id;
  logic [OutW-1:0]       op_number;
  logic [31:0]           op_data;
  logic [H-1:0]          op_unit, op_unit_buffer;
  logic [H*RowW-1:0]     op_row;
  logic [H*LaneW-1:0]    op_offset;
  logic [H*CntW-1:0]     op_weights;
  logic [Ids-1:0]        drained;
  mv_decompressor #(
    .PortBits(PortBits),
    .Lv      (Lv),
    .FullRate(FullRate),
    .SubSteps(SubSteps),
    .RowW    (RowW)
  ) u_decompressor (
    .clk_i           (clk_i),
    .rst_ni          (rst_ni),
    .column_i        (column_i),
    .entries_i       (entries_i),
    .index_bits_i    (index_bits_i),
    .code_bits_i     (code_bits_i),
    .row_classes_i   (row_classes),
    .entry_i         (entry_i),
    .task_valid_i    (task_valid_i),
    .task_ready_o    (task_ready_o),
    .beat_valid_i    (code_valid),
    .beat_ready_o    (code_ready),
    .beat_data_i     (code_data),
    .drained_i       (drained),
    .op_valid_o      (op_valid),
    .op_ready_i      (op_ready),
    .op_begin_o      (op_begin),
    .op_record_o     (op_record),
    .op_open_o       (op_open),
    .op_close_o      (op_close),
    .op_turn_o       (op_turn),
    .op_wide_o       (op_wide),
    .op_classes_o    (op_classes),
    .op_count_o      (op_count),
    .op_thread_o     (op_thread),
    .op_buffer_o     (op_buffer),
    .op_id_o         (op_id),
    .op_number_o     (op_number),
    .op_data_o       (op_data),
    .op_unit_o       (op_unit),
    .op_unit_buffer_o(op_unit_buffer),
    .op_unit_row_o   (op_unit_row),
    .op_row_o        (op_row),
    .op_offset_o     (op_offset),
    .op_weights_o    (op_weights),
    .idle_o          (stream_idle)
  );

  // ---- non-zero map: as the activation banks, a row address for the sub-banks i = g (mod H) ----
  logic                 map_read;
  logic [H*RowW-1:0]    map_row;
  logic [Lv*Groups-1:0] map_data;
  logic [Groups-1:0]    group_mask;
  assign group_mask = Groups'((32'd1 << (32'd1 << groups_log2_i)) - 32'd1);
  for (genvar i = 0; i < Lv; i++) begin : g_map
    logic [Groups-1:0] map_q [Rows];
    logic [Groups-1:0] data_q;
    always_ff @(posedge clk_i) begin
      if (map_write_i && map_bank_i == LaneW'(i)) begin
        map_q[map_row_i][map_group_i] <= map_nonzero_i;
      end
      if (map_read) data_q <= map_q[map_row[(i % H) * RowW +: RowW]];
    end
    assign map_data[i*Groups +: Groups] = data_q;
  end

  // ---- matching, zero skipping ----
  logic                  record_valid;
  logic [IdW-1:0]        record_id;
  logic [OutW-1:0]       record_number;
  logic [31:0]           record;
  logic                  m_valid, m_ready, m_begin, m_open, m_close, m_wide, m_buffer;
  logic                  matching_idle;
  logic [IdW-1:0]        m_id;
  logic [ClassW-1:0]     m_classes;
  logic [OutW:0]         m_count;
  logic [ThreadW-1:0]    m_thread;
  logic [CntW-1:0]       m_weights;
  logic [H-1:0]          m_segment, m_buffers;
  logic [Lv-1:0]         m_mask;
  logic [Lv*LaneW-1:0]   m_source, m_sel;
  logic [H*RowW-1:0]     m_address;
  mv_matching #(
    .Lv      (Lv),
    .FullRate(FullRate),
    .SubSteps(SubSteps),
    .Groups  (Groups),
    .RowW    (RowW)
  ) u_matching (
    .clk_i           (clk_i),
    .rst_ni          (rst_ni),
    .column_i        (column_i),
    .group_mask_i    (group_mask),
    .op_valid_i      (op_valid),
    .op_ready_o      (op_ready),
    .op_begin_i      (op_begin),
    .op_record_i     (op_record),
    .op_open_i       (op_open),
    .op_close_i      (op_close),
    .op_turn_i       (op_turn),
    .op_wide_i       (op_wide),
    .op_classes_i    (op_classes),
    .op_count_i      (op_count),
    .op_thread_i     (op_thread),
    .op_buffer_i     (op_buffer),
    .op_id_i         (op_id),
    .op_number_i     (op_number),
    .op_data_i       (op_data),
    .op_unit_i       (op_unit),
    .op_unit_buffer_i(op_unit_buffer),
    .op_unit_row_i   (op_unit_row),
    .op_row_i        (op_row),
    .op_offset_i     (op_offset),
    .op_weights_i    (op_weights),
    .map_read_o      (map_read),
    .map_row_o       (map_row),
    .map_data_i      (map_data),
    .record_valid_o  (record_valid),
    .record_id_o     (record_id),
    .record_number_o (record_number),
    .record_o        (record),
    .out_valid_o     (m_valid),
    .out_ready_i     (m_ready),
    .out_begin_o     (m_begin),
    .out_open_o      (m_open),
    .out_close_o     (m_close),
    .out_wide_o      (m_wide),
    .out_classes_o   (m_classes),
    .out_count_o     (m_count),
    .out_thread_o    (m_thread),
    .out_buffer_o    (m_buffer),
    .out_id_o        (m_id),
    .out_weights_o   (m_weights),
    .out_segment_o   (m_segment),
    .out_buffers_o   (m_buffers),
    .out_mask_o      (m_mask),
    .out_source_o    (m_source),
    .out_sel_o       (m_sel),
    .out_address_o   (m_address),
    .idle_o          (matching_idle)
  );

  logic                  want_valid, want_ready, step_valid, step_ready, spans, pops, drops;
  logic [31:0]           want_beat;
  logic [H-1:0]          first;
  logic [OffW-1:0]       offset;
  logic [SubSteps*H-1:0] started;
  mv_zero_skip #(
    .PortBits(PortBits),
    .Lv      (Lv),
    .FullRate(FullRate),
    .SubSteps(SubSteps)
  ) u_zero_skip (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .start_i       (start_i),
    .task_weights_i(task_weights_q),
    .in_valid_i    (m_valid),
    .in_ready_o    (m_ready),
    .in_begin_i    (m_begin),
    .in_open_i     (m_open),
    .in_close_i    (m_close),
    .in_wide_i     (m_wide),
    .in_thread_i   (m_thread),
    .in_buffer_i   (m_buffer),
    .in_weights_i  (m_weights),
    .in_segment_i  (m_segment),
    .in_buffers_i  (m_buffers),
    .beat_valid_o  (want_valid),
    .beat_ready_i  (want_ready),
    .beat_o        (want_beat),
    .step_valid_o  (step_valid),
    .step_ready_i  (step_ready),
    .step_first_o  (first),
    .step_offset_o (offset),
    .step_spans_o  (spans),
    .step_pops_o   (pops),
    .step_drops_o  (drops),
    .step_started_o(started),
    .skip_o        (skip_o)
  );

  // ---- weights: beats asked for as far as there is room for them ----
  logic                ask_valid, fetched_valid, fetched_ready, weight_go;
  logic [31:0]         ask_beat;
  logic [FifoW-1:0]    fetched_used_q;   // beats waiting or on their way
  logic [PortBits-1:0] fetched_data;
  mv_fifo #(
    .Width(32),
    .Depth(2)
  ) u_asks (
    .clk_i       (clk_i),
    .rst_ni      (rst_ni),
    .push_valid_i(want_valid),
    .push_ready_o(want_ready),
    .push_data_i (want_beat),
    .pop_valid_o (ask_valid),
    .pop_ready_i (weight_go),
    .pop_data_o  (ask_beat)
  );
  assign weight_valid_o = ask_valid && (fetched_used_q != FifoW'(FifoBeats));
  assign weight_beat_o  = ask_beat;
  assign weight_go      = weight_valid_o && weight_ready_i;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      fetched_used_q <= '0;
    end else begin
      if (weight_go && !(fetched_valid && fetched_ready)) begin
        fetched_used_q <= fetched_used_q + FifoW'(1);
      end
      if (!weight_go && fetched_valid && fetched_ready) begin
        fetched_used_q <= fetched_used_q - FifoW'(1);
      end
    end
  end
  mv_fifo #(
    .Width(PortBits),
    .Depth(FifoBeats)
  ) u_weight_beats (
    .clk_i       (clk_i),
    .rst_ni      (rst_ni),
    .push_valid_i(weight_beat_valid_i),
    .push_ready_o(unused_weight_space),
    .push_data_i (beat_data_i),
    .pop_valid_o (fetched_valid),
    .pop_ready_i (fetched_ready),
    .pop_data_o  (fetched_data)
  );

  // ---- step queue ----
  localparam int StepW = 3 + ClassW + (OutW + 1) + ThreadW + 1 + IdW + SubSteps * H + 3 * H + Lv +
                         2 * Lv * LaneW + H * RowW + OffW + 3;
  logic                  s_valid, s_ready, s_open, s_close, s_wide, s_buffer, s_spans;
  logic                  s_pops, s_drops;
  logic [IdW-1:0]        s_id;
  logic [StepW-1:0]      s_step;
  logic [ClassW-1:0]     s_classes;
  logic [OutW:0]         s_count;
  logic [ThreadW-1:0]    s_thread;
  logic [SubSteps*H-1:0] s_started;
  logic [H-1:0]          s_segment, s_first, s_buffers;
  logic [Lv-1:0]         s_mask;
  logic [Lv*LaneW-1:0]   s_source, s_sel;
  logic [H*RowW-1:0]     s_address;
  logic [OffW-1:0]       s_offset;
  mv_fifo #(
    .Width(StepW),
    .Depth(Steps)
  ) u_steps (
    .clk_i       (clk_i),
    .rst_ni      (rst_ni),
    .push_valid_i(step_valid),
    .push_ready_o(step_ready),
    .push_data_i ({m_open, m_close, m_wide, m_classes, m_count, m_thread, m_buffer, m_id, started,
                   m_segment, first, m_buffers, m_mask, m_source, m_sel, m_address, offset, spans,
                   pops, drops}),
    .pop_valid_o (s_valid),
    .pop_ready_i (s_ready),
    .pop_data_o  (s_step)
  );
  assign {s_open, s_close, s_wide, s_classes, s_count, s_thread, s_buffer, s_id, s_started,
          s_segment, s_first, s_buffers, s_mask, s_source, s_sel, s_address, s_offset, s_spans,
          s_pops, s_drops} = s_step;

  // ---- weight window, controller ----
  logic             weight_there, weight_load, ctrl_idle;
  logic [Lv*16-1:0] weight;
  mv_weights #(
    .PortBits(PortBits),
    .Lv      (Lv)
  ) u_weights (
    .clk_i       (clk_i),
    .rst_ni      (rst_ni),
    .start_i     (start_i),
    .beat_valid_i(fetched_valid),
    .beat_ready_o(fetched_ready),
    .beat_data_i (fetched_data),
    .step_valid_i(s_valid && !s_open && !s_close),
    .offset_i    (s_offset),
    .spans_i     (s_spans),
    .pops_i      (s_pops),
    .drops_i     (s_drops),
    .source_i    (s_source),
    .ready_o     (weight_there),
    .load_i      (weight_load),
    .weight_o    (weight)
  );

  mv_set_ctrl #(
    .Lv       (Lv),
    .FullRate (FullRate),
    .SubSteps (SubSteps),
    .Groups   (Groups),
    .MulStages(MulStages),
    .AddStages(AddStages),
    .RowW     (RowW)
  ) u_ctrl (
    .clk_i          (clk_i),
    .rst_ni         (rst_ni),
    .column_i       (column_i),
    .row_classes_i  (row_classes),
    .groups_log2_i  (groups_log2_i),
    .group_i        (group_i),
    .step_valid_i   (s_valid),
    .step_ready_o   (s_ready),
    .step_open_i    (s_open),
    .step_close_i   (s_close),
    .step_wide_i    (s_wide),
    .step_classes_i (s_classes),
    .step_count_i   (s_count),
    .step_thread_i  (s_thread),
    .step_buffer_i  (s_buffer),
    .step_id_i      (s_id),
    .step_started_i (s_started),
    .step_segment_i (s_segment),
    .step_first_i   (s_first),
    .step_buffers_i (s_buffers),
    .step_mask_i    (s_mask),
    .step_sel_i     (s_sel),
    .step_address_i (s_address),
    .weight_ready_i (weight_there),
    .weight_load_o  (weight_load),
    .weight_i       (weight),
    .record_valid_i (record_valid),
    .record_id_i    (record_id),
    .record_number_i(record_number),
    .record_i       (record),
    .drained_o      (drained),
    .read_o         (read_o),
    .read_row_o     (read_row_o),
    .op_valid_o     (op_valid_o),
    .op_col_o       (op_col_o),
    .op_weight_o    (op_weight_o),
    .op_mask_o      (op_mask_o),
    .op_sel_o       (op_sel_o),
    .red_o          (red_o),
    .acc_valid_o    (acc_valid_o),
    .acc_seg_o      (acc_seg_o),
    .acc_first_o    (acc_first_o),
    .acc_slot_o     (acc_slot_o),
    .acc_bias_o     (acc_bias_o),
    .drain_valid_o  (drain_valid_o),
    .drain_ready_i  (drain_ready_i),
    .drain_slot_o   (drain_slot_o),
    .drain_lane_o   (drain_lane_o),
    .drain_part_o   (drain_part_o),
    .drain_bias_o   (drain_bias_o),
    .drain_group_o  (drain_group_o),
    .drain_index_o  (drain_index_o),
    .idle_o         (ctrl_idle),
    .issue_o        (issue_o)
  );

  assign idle_o = stream_idle && matching_idle && !s_valid && ctrl_idle && !ask_valid;
endmodule
