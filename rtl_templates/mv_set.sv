// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Front end of a set of PEs: steps from an image or, in attention, from the key/value memory, and
// the controller that issues them.

module mv_set #(
  parameter int Sets      = 8,
  parameter int Tokens    = 64,   // of a token group
  parameter int KvDepth   = 3072, // words of the key/value memory
  parameter int PortBits  = 512,
  parameter int Lv        = 8,
  parameter int FullRate  = 4,
  parameter int SubSteps  = 2,
  parameter int Groups    = 4,
  parameter int MulStages = 2,
  parameter int AddStages = 4,
  parameter int FifoBeats = 8,    // weight beats that may wait or be on their way
  parameter int Rows      = 512,  // activation rows
  parameter int Writers   = 1,    // of activations, each of other token groups
  // derived
  localparam int RowW     = (Rows > 1) ? $clog2(Rows) : 1,
  localparam int LvL      = $clog2(Lv),
  localparam int LaneW    = (LvL > 0) ? LvL : 1,
  localparam int RedW     = (LvL > 0) ? $clog2(LvL + 1) : 1,
  localparam int GroupW   = (Groups > 1) ? $clog2(Groups) : 1,
  localparam int SlotW    = $clog2(3 * SubSteps * Groups),
  localparam int Segments = Lv / FullRate,
  localparam int SetW     = (Sets > 1) ? $clog2(Sets) : 1,
  localparam int WordW    = (KvDepth > 1) ? $clog2(KvDepth) : 1,
  localparam int Blocks   = (Tokens + Lv - 1) / Lv,
  localparam int BlockW   = (Blocks > 1) ? $clog2(Blocks) : 1,
  localparam int TileW    = Lv * Lv * 16,
  localparam int JobW     = mv_pkg::job_width(WordW, RowW, LvL + 1, GroupW, SetW)
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  input  logic                start_i,
  input  logic [2:0]          groups_log2_i,
  input  logic [RowW-1:0]     row_base_i,
  input  logic [GroupW-1:0]   group_i,
  // header
  input  logic                column_i,
  input  logic [3:0]          entries_i,
  input  logic [4:0]          index_bits_i,
  input  logic [3:0]          code_bits_i,
  input  logic [3:0]          row_classes_i,
  input  logic [8*mv_isa_pkg::EntryW-1:0]     entry_i,
  // tasks: first beat, number of code beats
  input  logic                task_valid_i,
  output logic                task_ready_o,
  input  logic [mv_isa_pkg::TaskW-1:0] task_i,
  // beats of codes and weights
  output logic                code_valid_o,
  input  logic                code_ready_i,
  output logic [31:0]         code_beat_o,
  output logic                weight_valid_o,
  input  logic                weight_ready_i,
  output logic [31:0]         weight_beat_o,
  input  logic                code_beat_valid_i,
  input  logic                weight_beat_valid_i,
  input  logic [PortBits-1:0] beat_data_i,
  // non-zero map, written while activations are loaded
  input  logic [Writers-1:0] map_write_i,
  input  logic [Writers*RowW-1:0] map_row_i,
  input  logic [Writers*LaneW-1:0] map_bank_i,
  input  logic [Writers*GroupW-1:0] map_group_i,
  input  logic [Writers-1:0] map_nonzero_i,
  // attention: steps are made from jobs instead of an image
  input  logic                attend_i,
  input  logic                attend_start_i,
  input  logic [SetW-1:0]     set_i,
  input  logic                job_valid_i,
  output logic                job_ready_o,
  input  logic [JobW-1:0]     job_i,
  output logic                tile_valid_o,
  input  logic                tile_ready_i,
  output logic [WordW-1:0]    tile_word_o,
  output logic [BlockW-1:0]   tile_block_o,
  input  logic                tile_valid_i,
  input  logic [TileW-1:0]    tile_i,
  // activation read
  output logic                read_o,
  output logic [Segments*RowW-1:0] read_row_o,
  // PEs
  output logic                op_valid_o,
  output logic                op_col_o,
  output logic [Lv*16-1:0]    op_weight_o,
  output logic [Lv-1:0]       op_mask_o,
  output logic [Lv*LaneW-1:0] op_sel_o,
  output logic [RedW-1:0]     red_o,
  output logic                acc_valid_o,
  output logic [Segments-1:0] acc_seg_o,
  output logic [Segments-1:0] acc_first_o,
  output logic [Segments*SlotW-1:0] acc_slot_o,
  output logic [Lv*32-1:0]    acc_bias_o,
  // drain
  output logic                drain_valid_o,
  input  logic                drain_ready_i,
  output logic [SlotW-1:0]    drain_slot_o,
  output logic [LaneW-1:0]    drain_lane_o,
  output logic [Segments-1:0] drain_part_o,
  output logic [15:0]         drain_bias_o,
  output logic [GroupW-1:0]   drain_group_o,
  output logic [15:0]         drain_index_o,
  // status
  output logic                idle_o,
  output logic                issue_o,
  output logic                skip_o
);
  localparam int StepW  = mv_pkg::step_width(Lv, FullRate, SubSteps, RowW, GroupW);
  localparam int Places = 4 * SubSteps;
  localparam int PlaceW = $clog2(Places);
  localparam int OutW   = (SubSteps * Lv > 1) ? $clog2(SubSteps * Lv) : 1;
  localparam int ClassW = ($clog2(Segments) > 0) ? $clog2($clog2(Segments) + 1) : 1;

  // ---- steps of an image, steps of attention ----
  logic              image_valid, attention_valid, weights_ready, image_idle, attention_idle;
  logic [StepW-1:0]  image_step, attention_step;
  logic [Lv*16-1:0]  image_weights, attention_weights;
  logic              image_record_valid, attention_record_valid;
  logic [PlaceW-1:0] image_record_id, attention_record_id;
  logic [OutW-1:0]   image_record_number;
  logic [31:0]       image_record;
  logic [15:0]       attention_index;
  logic [Places-1:0] drained;
  logic              ready, load;
  mv_stream #(
    .PortBits (PortBits),
    .Lv       (Lv),
    .FullRate (FullRate),
    .SubSteps (SubSteps),
    .Groups   (Groups),
    .FifoBeats(FifoBeats),
    .Rows     (Rows),
    .Writers  (Writers)
  ) u_stream (
    .clk_i              (clk_i),
    .rst_ni             (rst_ni),
    .start_i            (start_i),
    .groups_log2_i      (groups_log2_i),
    .row_base_i         (row_base_i),
    .column_i           (column_i),
    .entries_i          (entries_i),
    .index_bits_i       (index_bits_i),
    .code_bits_i        (code_bits_i),
    .row_classes_i      (ClassW'(row_classes_i)),
    .entry_i            (entry_i),
    .task_valid_i       (task_valid_i),
    .task_ready_o       (task_ready_o),
    .task_i             (task_i),
    .code_valid_o       (code_valid_o),
    .code_ready_i       (code_ready_i),
    .code_beat_o        (code_beat_o),
    .weight_valid_o     (weight_valid_o),
    .weight_ready_i     (weight_ready_i),
    .weight_beat_o      (weight_beat_o),
    .code_beat_valid_i  (code_beat_valid_i),
    .weight_beat_valid_i(weight_beat_valid_i),
    .beat_data_i        (beat_data_i),
    .map_write_i        (map_write_i),
    .map_row_i          (map_row_i),
    .map_bank_i         (map_bank_i),
    .map_group_i        (map_group_i),
    .map_nonzero_i      (map_nonzero_i),
    .step_valid_o       (image_valid),
    .step_ready_i       (ready && !attend_i),
    .step_o             (image_step),
    .weight_ready_o     (weights_ready),
    .weight_load_i      (load && !attend_i),
    .weight_o           (image_weights),
    .record_valid_o     (image_record_valid),
    .record_id_o        (image_record_id),
    .record_number_o    (image_record_number),
    .record_o           (image_record),
    .drained_i          (drained),
    .idle_o             (image_idle),
    .skip_o             (skip_o)
  );

  mv_attend #(
    .Sets    (Sets),
    .Lv      (Lv),
    .FullRate(FullRate),
    .Tokens  (Tokens),
    .SubSteps(SubSteps),
    .Groups  (Groups),
    .RowW    (RowW),
    .WordW   (WordW)
  ) u_attend (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .start_i       (attend_start_i),
    .set_i         (set_i),
    .job_valid_i   (job_valid_i),
    .job_ready_o   (job_ready_o),
    .job_i         (job_i),
    .tile_valid_o  (tile_valid_o),
    .tile_ready_i  (tile_ready_i),
    .tile_word_o   (tile_word_o),
    .tile_block_o  (tile_block_o),
    .tile_valid_i  (tile_valid_i),
    .tile_i        (tile_i),
    .step_valid_o  (attention_valid),
    .step_ready_i  (ready && attend_i),
    .step_o        (attention_step),
    .weight_o      (attention_weights),
    .record_valid_o(attention_record_valid),
    .record_id_o   (attention_record_id),
    .record_index_o(attention_index),
    .drained_i     (attend_i ? drained : '0),
    .idle_o        (attention_idle)
  );

  logic ctrl_idle;
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
    .column_i       (column_i || attend_i),
    .row_classes_i  (ClassW'(row_classes_i)),
    .groups_log2_i  (groups_log2_i),
    .group_i        (group_i),
    .step_valid_i   (attend_i ? attention_valid : image_valid),
    .step_ready_o   (ready),
    .step_i         (attend_i ? attention_step : image_step),
    .weight_ready_i (attend_i || weights_ready),
    .weight_load_o  (load),
    .weight_i       (attend_i ? attention_weights : image_weights),
    .attend_i       (attend_i),
    .record_valid_i (attend_i ? attention_record_valid : image_record_valid),
    .record_id_i    (attend_i ? attention_record_id : image_record_id),
    .record_number_i(attend_i ? '0 : image_record_number),
    .record_i       (attend_i ? {16'd0, attention_index} : image_record),
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

  assign idle_o = image_idle && attention_idle && ctrl_idle;

`ifdef VERILATOR
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (rst_ni) begin
      ClassesLegal: assert (!(task_valid_i && task_ready_o) || column_i ||
          32'(row_classes_i) < $clog2(Segments) + 1)
        else $error("mv_set.ClassesLegal: rows with more classes than there are segments");
    end
  end
`endif
endmodule
