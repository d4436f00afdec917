// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Stub of mv_decompressor in proofs: takes tasks and beats when it likes, and gives any operations.
// What it gives is proved of the module itself, or not needed.

module mv_decompressor #(
  parameter int PortBits = 512,
  parameter int Lv       = 8,
  parameter int FullRate = 4,
  parameter int SubSteps = 2,
  parameter int RowW     = 16,

  localparam int LvLog2  = $clog2(Lv),
  localparam int LaneW   = (LvLog2 > 0) ? LvLog2 : 1,
  localparam int CountW  = LvLog2 + 1,
  localparam int Threads = SubSteps,
  localparam int ThreadW = (Threads > 1) ? $clog2(Threads) : 1,
  localparam int Ids     = 4 * SubSteps,
  localparam int IdW     = $clog2(Ids),
  localparam int OutputW = (SubSteps * Lv > 1) ? $clog2(SubSteps * Lv) : 1,
  localparam int H       = (FullRate > 0 && FullRate < Lv) ? Lv / FullRate : 1,
  localparam int ClassW  = ($clog2(H) > 0) ? $clog2($clog2(H) + 1) : 1
) (
  input  logic                clk_i,
  input  logic                rst_ni,

  input  logic                column_i,
  input  logic [3:0]          entries_i,
  input  logic [4:0]          index_bits_i,
  input  logic [3:0]          code_bits_i,
  input  logic [ClassW-1:0]   row_classes_i,
  input  logic [8*mv_isa_pkg::EntryW-1:0]     entry_i,

  input  logic                task_valid_i,
  output logic                task_ready_o,

  input  logic                beat_valid_i,
  output logic                beat_ready_o,
  input  logic [PortBits-1:0] beat_data_i,

  input  logic [Ids-1:0]      drained_i,

  output logic                op_valid_o,
  input  logic                op_ready_i,
  output logic                op_begin_o,
  output logic                op_record_o,
  output logic                op_open_o,
  output logic                op_close_o,
  output logic                op_turn_o,
  output logic                op_wide_o,
  output logic [ClassW-1:0]   op_classes_o,
  output logic [OutputW:0]    op_count_o,
  output logic [ThreadW-1:0]  op_thread_o,
  output logic                op_buffer_o,
  output logic [IdW-1:0]      op_id_o,
  output logic [OutputW-1:0]  op_number_o,
  output logic [31:0]         op_data_o,

  output logic [H-1:0]        op_unit_o,
  output logic [H-1:0]        op_unit_buffer_o,
  output logic [ThreadW-1:0]  op_unit_row_o,
  output logic [H*RowW-1:0]   op_row_o,
  output logic [H*LaneW-1:0]  op_offset_o,
  output logic [H*CountW-1:0] op_weights_o,
  output logic                idle_o
);
  (* anyseq *) logic task_ready, beat_ready, op_valid;
  (* anyseq *) logic [7:0]          flags;
  (* anyseq *) logic [ClassW-1:0]   classes;
  (* anyseq *) logic [OutputW:0]    count;
  (* anyseq *) logic [ThreadW-1:0]  thread, unit_row;
  (* anyseq *) logic [IdW-1:0]      id;
  (* anyseq *) logic [OutputW-1:0]  number;
  (* anyseq *) logic [31:0]         data;
  (* anyseq *) logic [H-1:0]        unit, unit_buffer;
  (* anyseq *) logic [H*RowW-1:0]   row;
  (* anyseq *) logic [H*LaneW-1:0]  offset;
  (* anyseq *) logic [H*CountW-1:0] weights;
  assign task_ready_o     = task_ready;
  assign beat_ready_o     = beat_ready;
  assign op_valid_o       = op_valid;
  assign {op_begin_o, op_record_o, op_open_o, op_close_o, op_turn_o, op_wide_o, op_buffer_o,
          idle_o}         = flags;
  assign op_classes_o     = classes;
  assign op_count_o       = count;
  assign op_thread_o      = thread;
  assign op_id_o          = id;
  assign op_number_o      = number;
  assign op_data_o        = data;
  assign op_unit_o        = unit;
  assign op_unit_buffer_o = unit_buffer;
  assign op_unit_row_o    = unit_row;
  assign op_row_o         = row;
  assign op_offset_o      = offset;
  assign op_weights_o     = weights;
endmodule
