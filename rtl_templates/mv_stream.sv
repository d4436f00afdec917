// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Image front end of a set: code and weight queues, decompressor, matching machine with its
// non-zero map, zero-skip controller, step queue, weight window.

module mv_stream #(
  parameter int PortBits  = 512,
  parameter int Lv        = 8,
  parameter int FullRate  = 4,
  parameter int SubSteps  = 2,
  parameter int Groups    = 4,
  parameter int FifoBeats = 8,    // weight beats that may wait or be on their way
  parameter int CodeBeats = 2,    // code beats, likewise
  parameter int Steps     = 16,   // steps that may wait
  parameter int Rows      = 512,  // activation rows
  parameter int Writers   = 1,    // of activations, each of other token groups
  // derived
  localparam int RowW     = (Rows > 1) ? $clog2(Rows) : 1,
  localparam int LvL      = $clog2(Lv),
  localparam int LaneW    = (LvL > 0) ? LvL : 1,
  localparam int GroupW   = (Groups > 1) ? $clog2(Groups) : 1,
  localparam int Segments = Lv / FullRate,
  localparam int Threads  = SubSteps,
  localparam int ThreadW  = (Threads > 1) ? $clog2(Threads) : 1,
  localparam int Places   = 4 * SubSteps,
  localparam int PlaceW   = $clog2(Places),
  localparam int OutW     = (SubSteps * Lv > 1) ? $clog2(SubSteps * Lv) : 1,
  localparam int ClassW   = ($clog2(Segments) > 0) ? $clog2($clog2(Segments) + 1) : 1,
  localparam int StepW    = mv_pkg::step_width(Lv, FullRate, SubSteps, RowW, GroupW)
) (
  input  logic                      clk_i,
  input  logic                      rst_ni,
  input  logic                      start_i,
  input  logic [2:0]                groups_log2_i,
  input  logic [RowW-1:0]           row_base_i,   // activation row of the image's position 0
  // header
  input  logic                      column_i,
  input  logic [3:0]                entries_i,
  input  logic [4:0]                index_bits_i,
  input  logic [3:0]                code_bits_i,
  input  logic [ClassW-1:0]         row_classes_i,
  input  logic [8*mv_isa_pkg::EntryW-1:0]           entry_i,
  // tasks: first beat, number of code beats
  input  logic                      task_valid_i,
  output logic                      task_ready_o,
  input  logic [mv_isa_pkg::TaskW-1:0] task_i,
  // beats of codes and weights
  output logic                      code_valid_o,
  input  logic                      code_ready_i,
  output logic [31:0]               code_beat_o,
  output logic                      weight_valid_o,
  input  logic                      weight_ready_i,
  output logic [31:0]               weight_beat_o,
  input  logic                      code_beat_valid_i,
  input  logic                      weight_beat_valid_i,
  input  logic [PortBits-1:0]       beat_data_i,
  // non-zero map, written while activations are loaded
  input  logic [Writers-1:0]        map_write_i,
  input  logic [Writers*RowW-1:0]   map_row_i,
  input  logic [Writers*LaneW-1:0]  map_bank_i,
  input  logic [Writers*GroupW-1:0] map_group_i,
  input  logic [Writers-1:0]        map_nonzero_i,
  // to the controller: step_t
  output logic                      step_valid_o,
  input  logic                      step_ready_i,
  output logic [StepW-1:0]          step_o,
  output logic                      weight_ready_o,
  input  logic                      weight_load_i,
  output logic [Lv*16-1:0]          weight_o,
  output logic                      record_valid_o,
  output logic [PlaceW-1:0]         record_id_o,
  output logic [OutW-1:0]           record_number_o,
  output logic [31:0]               record_o,
  input  logic [Places-1:0]         drained_i,
  // status
  output logic                      idle_o,
  output logic                      skip_o
);
  // A step, or the beginning or the end of a chain, as the controller takes it: the same in
  // mv_stream, mv_attend and mv_set_ctrl; a test compares.
  typedef struct packed {
    logic                         open;      // begins a chain
    logic                         close;     // ends it
    logic                         wide;      // of a wide chain; thread: which Lv of its outputs
    logic [ClassW-1:0]            classes;   // log2
    logic [OutW:0]                count;     // close: outputs of the chain
    logic [ThreadW-1:0]           thread;
    logic                         buffer;    // open, close
    logic [PlaceW-1:0]            place;     // open: of the chain's records
    logic [SubSteps*Segments-1:0] started;   // close
    logic [Segments-1:0]          segment;
    logic [Segments-1:0]          first;
    logic [Segments-1:0]          buffers;
    logic [Lv-1:0]                mask;
    logic [Lv*LaneW-1:0]          sel;
    logic [Segments*RowW-1:0]     address;
    // Attention: token groups by number instead of rotation.
    logic [GroupW-1:0]            group;     // the first one; open: of the chain
    logic [GroupW-1:0]            last;      // the last one
    logic [RowW-1:0]              stride;    // rows from one to the next
    logic                         shrinks;   // the chain's next step has a group less
  } step_t;

  localparam int CntW   = LvL + 1;
  localparam int OffW   = $clog2(PortBits / 16);
  localparam int CodeW  = $clog2(CodeBeats + 1);
  localparam int FifoW  = $clog2(FifoBeats + 1);

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
      if (task_take) code_left_q <= 32'(task_i >> mv_isa_pkg::TaskCodeBeatsAt);
      else if (code_go) code_left_q <= code_left_q - 32'd1;
      if (code_go && !(code_valid && code_ready)) code_used_q <= code_used_q + CodeW'(1);
      if (!code_go && code_valid && code_ready) code_used_q <= code_used_q - CodeW'(1);
    end
  end
  always_ff @(posedge clk_i) begin
    if (task_take) begin
      code_beat_q    <= 32'(task_i >> mv_isa_pkg::TaskFirstBeatAt);
      task_weights_q <= 32'(task_i >> mv_isa_pkg::TaskFirstBeatAt) +
                        32'(task_i >> mv_isa_pkg::TaskCodeBeatsAt);
    end else if (code_go) begin
      code_beat_q <= code_beat_q + 32'd1;
    end
  end
  logic code_space, weight_space;  // what is asked for has room
  mv_fifo #(
    .Width(PortBits),
    .Depth(CodeBeats)
  ) u_codes (
    .clk_i       (clk_i),
    .rst_ni      (rst_ni),
    .push_valid_i(code_beat_valid_i),
    .push_ready_o(code_space),
    .push_data_i (beat_data_i),
    .pop_valid_o (code_valid),
    .pop_ready_i (code_ready),
    .pop_data_o  (code_data)
  );

  logic                      op_valid, op_ready, op_begin, op_record, op_open, op_close, op_turn;
  logic                      op_wide, op_buffer, stream_idle;
  logic [ClassW-1:0]         op_classes;
  logic [OutW:0]             op_count;
  logic [ThreadW-1:0]        op_thread, op_unit_row;
  logic [PlaceW-1:0]         op_id;
  logic [OutW-1:0]           op_number;
  logic [31:0]               op_data;
  logic [Segments-1:0]       op_unit, op_unit_buffer;
  logic [Segments*RowW-1:0]  op_row;
  logic [Segments*LaneW-1:0] op_offset;
  logic [Segments*CntW-1:0]  op_weights;
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
    .row_classes_i   (row_classes_i),
    .entry_i         (entry_i),
    .task_valid_i    (task_valid_i),
    .task_ready_o    (task_ready_o),
    .beat_valid_i    (code_valid),
    .beat_ready_o    (code_ready),
    .beat_data_i     (code_data),
    .drained_i       (drained_i),
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

  logic [Segments*RowW-1:0] row;
  always_comb begin
    for (int j = 0; j < Segments; j++) begin
      row[j*RowW +: RowW] = op_row[j*RowW +: RowW] + row_base_i;
    end
  end

  // ---- non-zero map: as the activation banks, a row address for the sub-banks i = g (mod H) ----
  logic                     map_read;
  logic [Segments*RowW-1:0] map_row;
  logic [Lv*Groups-1:0]     map_data;
  logic [Groups-1:0]        group_mask;
  assign group_mask = Groups'((32'd1 << (32'd1 << groups_log2_i)) - 32'd1);
  for (genvar i = 0; i < Lv; i++) begin : g_map
    logic [Groups-1:0] map_q [Rows];
    logic [Groups-1:0] data_q;
    always_ff @(posedge clk_i) begin
      for (int w = 0; w < Writers; w++) begin
        if (map_write_i[w] && map_bank_i[w*LaneW +: LaneW] == LaneW'(i)) begin
          map_q[map_row_i[w*RowW +: RowW]][map_group_i[w*GroupW +: GroupW]] <= map_nonzero_i[w];
        end
      end
      if (map_read) data_q <= map_q[map_row[(i % Segments) * RowW +: RowW]];
    end
    assign map_data[i*Groups +: Groups] = data_q;
  end

  // ---- matching, zero skipping ----
  logic                     matched_valid, matched_ready, matched_begin, matched_open;
  logic                     matched_close, matched_wide, matched_buffer;
  logic                     matching_idle;
  logic [PlaceW-1:0]        matched_id;
  logic [ClassW-1:0]        matched_classes;
  logic [OutW:0]            matched_count;
  logic [ThreadW-1:0]       matched_thread;
  logic [CntW-1:0]          matched_weights;
  logic [Segments-1:0]      matched_segment, matched_buffers;
  logic [Lv-1:0]            matched_mask;
  logic [Lv*LaneW-1:0]      matched_source, matched_sel;
  logic [Segments*RowW-1:0] matched_address;
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
    .op_row_i        (row),
    .op_offset_i     (op_offset),
    .op_weights_i    (op_weights),
    .map_read_o      (map_read),
    .map_row_o       (map_row),
    .map_data_i      (map_data),
    .record_valid_o  (record_valid_o),
    .record_id_o     (record_id_o),
    .record_number_o (record_number_o),
    .record_o        (record_o),
    .out_valid_o     (matched_valid),
    .out_ready_i     (matched_ready),
    .out_begin_o     (matched_begin),
    .out_open_o      (matched_open),
    .out_close_o     (matched_close),
    .out_wide_o      (matched_wide),
    .out_classes_o   (matched_classes),
    .out_count_o     (matched_count),
    .out_thread_o    (matched_thread),
    .out_buffer_o    (matched_buffer),
    .out_id_o        (matched_id),
    .out_weights_o   (matched_weights),
    .out_segment_o   (matched_segment),
    .out_buffers_o   (matched_buffers),
    .out_mask_o      (matched_mask),
    .out_source_o    (matched_source),
    .out_sel_o       (matched_sel),
    .out_address_o   (matched_address),
    .idle_o          (matching_idle)
  );

  logic                         want_valid, want_ready, step_valid, step_ready, spans, pops, drops;
  logic [31:0]                  want_beat;
  logic [Segments-1:0]          first;
  logic [OffW-1:0]              offset;
  logic [SubSteps*Segments-1:0] started;
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
    .in_valid_i    (matched_valid),
    .in_ready_o    (matched_ready),
    .in_begin_i    (matched_begin),
    .in_open_i     (matched_open),
    .in_close_i    (matched_close),
    .in_wide_i     (matched_wide),
    .in_thread_i   (matched_thread),
    .in_buffer_i   (matched_buffer),
    .in_weights_i  (matched_weights),
    .in_segment_i  (matched_segment),
    .in_buffers_i  (matched_buffers),
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
    .push_ready_o(weight_space),
    .push_data_i (beat_data_i),
    .pop_valid_o (fetched_valid),
    .pop_ready_i (fetched_ready),
    .pop_data_o  (fetched_data)
  );

  // ---- step queue ----
  step_t               matched_step, step;   // that goes in, that comes out
  logic                step_spans, step_pops, step_drops;
  logic [Lv*LaneW-1:0] step_source;
  logic [OffW-1:0]     step_offset;
  assign matched_step.open    = matched_open;
  assign matched_step.close   = matched_close;
  assign matched_step.wide    = matched_wide;
  assign matched_step.classes = matched_classes;
  assign matched_step.count   = matched_count;
  assign matched_step.thread  = matched_thread;
  assign matched_step.buffer  = matched_buffer;
  assign matched_step.place   = matched_id;
  assign matched_step.started = started;
  assign matched_step.segment = matched_segment;
  assign matched_step.first   = first;
  assign matched_step.buffers = matched_buffers;
  assign matched_step.mask    = matched_mask;
  assign matched_step.sel     = matched_sel;
  assign matched_step.address = matched_address;
  assign matched_step.group   = '0;
  assign matched_step.last    = '0;
  assign matched_step.stride  = '0;
  assign matched_step.shrinks = 1'b0;
  mv_fifo #(
    .Width(StepW + Lv * LaneW + OffW + 3),
    .Depth(Steps)
  ) u_steps (
    .clk_i       (clk_i),
    .rst_ni      (rst_ni),
    .push_valid_i(step_valid),
    .push_ready_o(step_ready),
    .push_data_i ({matched_step, matched_source, offset, spans, pops, drops}),
    .pop_valid_o (step_valid_o),
    .pop_ready_i (step_ready_i),
    .pop_data_o  ({step_o, step_source, step_offset, step_spans, step_pops, step_drops})
  );
  assign step = step_o;
  logic unused_step;   // most of it is for the controller
  assign unused_step = ^step;

  // ---- weight window ----
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
    .step_valid_i(step_valid_o && !step.open && !step.close),
    .offset_i    (step_offset),
    .spans_i     (step_spans),
    .pops_i      (step_pops),
    .drops_i     (step_drops),
    .source_i    (step_source),
    .ready_o     (weight_ready_o),
    .load_i      (weight_load_i),
    .weight_o    (weight_o)
  );

  assign idle_o = stream_idle && matching_idle && !step_valid_o && !ask_valid;

`ifdef VERILATOR
  // Inputs by the image before whose end they were written last, in the token groups in use.
  logic [31:0]   image_q;
  logic [31:0]   written_q [Lv*Rows];
  logic          changed;
  always_comb begin
    changed = 1'b0;
    for (int i = 0; i < Lv; i++) begin
      logic [LaneW-1:0] bank;   // that the lane reads
      bank = column_i ? step.sel[i*LaneW +: LaneW] : LaneW'(i);
      if (step.mask[i] &&
          written_q[32'(bank) * Rows + 32'(step.address[(32'(bank) % Segments) * RowW +: RowW])] ==
          image_q) begin
        changed = 1'b1;
      end
    end
  end
  logic rows_beyond;
  always_comb begin
    rows_beyond = 1'b0;
    for (int j = 0; j < Segments; j++) begin
      if (op_valid && op_ready && op_unit[j] &&
          32'(op_row[j*RowW +: RowW]) + 32'(row_base_i) >= Rows) begin
        rows_beyond = 1'b1;
      end
    end
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) image_q <= 32'd1;
    else if (start_i) image_q <= image_q + 32'd1;
  end
  always_ff @(posedge clk_i) begin
    for (int w = 0; w < Writers; w++) begin
      if (map_write_i[w] && group_mask[map_group_i[w*GroupW +: GroupW]]) begin
        written_q[32'(map_bank_i[w*LaneW +: LaneW]) * Rows + 32'(map_row_i[w*RowW +: RowW])] <=
            image_q;
      end
    end
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (rst_ni) begin
      RowsFit: assert (!rows_beyond)
        else $error("mv_stream.RowsFit: a unit reads a row beyond the activation memory");
      StartsDone: assert (!start_i || (!code_valid && !ask_valid))
        else $error("mv_stream.StartsDone: an image begins before the last one's beats are used");
      InputsStay: assert (!step_valid_o || !step_ready_i || step.open || step.close ||
                          !changed)
        else $error("mv_stream.InputsStay: an input of the image was written after its start");
      CodesHaveRoom: assert (!code_beat_valid_i || code_space)
        else $error("mv_stream.CodesHaveRoom: a beat of codes that was not asked for");
      WeightsHaveRoom: assert (!weight_beat_valid_i || weight_space)
        else $error("mv_stream.WeightsHaveRoom: a beat of weights that was not asked for");
    end
  end
`endif
endmodule
