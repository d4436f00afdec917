// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Stub of mv_pe in proofs: gives back the activations that it gets, in the place of its sums, row j
// of token 0 at j * 32. It looks at nothing else.

module mv_pe #(
  parameter int Lv        = 8,
  parameter int Lt        = 8,
  parameter int FullRate  = 4,
  parameter int EnRow     = 1,
  parameter int EnCol     = 1,
  parameter int MulStages = 2,
  parameter int AddStages = 4,
  parameter int Slots     = 24,
  localparam int SelW  = (Lv > 1) ? $clog2(Lv) : 1,
  localparam int SlotW = (Slots > 1) ? $clog2(Slots) : 1,
  localparam int RedW  = (Lv > 1) ? $clog2($clog2(Lv) + 1) : 1,
  localparam int H     = (FullRate > 0 && FullRate < Lv) ? Lv / FullRate : 1
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  input  logic                op_valid_i,
  input  logic                op_col_i,
  input  logic [Lv*16-1:0]    op_weight_i,
  input  logic [Lv-1:0]       op_mask_i,
  input  logic [Lv*SelW-1:0]  op_sel_i,
  input  logic [Lv*Lt*16-1:0] op_act_i,
  input  logic [RedW-1:0]     red_i,
  input  logic                acc_valid_i,
  input  logic [H-1:0]        acc_seg_i,
  input  logic [H-1:0]        acc_first_i,
  input  logic [H*SlotW-1:0]  acc_slot_i,
  input  logic [Lv*32-1:0]    acc_bias_i,
  input  logic                rd_valid_i,
  input  logic [SlotW-1:0]    rd_slot_i,
  input  logic [SelW-1:0]     rd_lane_i,
  output logic [H*Lt*32-1:0]  res_o
);
  for (genvar j = 0; j < H; j++) begin : g_row
    assign res_o[j*Lt*32 +: Lt*32] = (Lt * 32)'(op_act_i[j*Lt*16 +: 16]);
  end
endmodule
