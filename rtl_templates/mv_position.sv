// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// One token position: its activation memory and the PEs, one of each set, that share it. In every
// cycle the sets read different banks, set s bank (phase + s) mod Banks, so they never meet.

module mv_position #(
  parameter int Sets      = 8,
  parameter int Lv        = 8,
  parameter int Lt        = 8,
  parameter int FullRate  = 4,
  parameter int EnRow     = 1,
  parameter int EnCol     = 1,
  parameter int Banks     = 8,
  parameter int Rows      = 384,
  parameter int MulStages = 2,
  parameter int AddStages = 4,
  parameter int Slots     = 16,
  parameter int Writers   = 1,   // of which at most one writes a sub-bank in a cycle
  // derived
  localparam int RowW     = (Rows > 1) ? $clog2(Rows) : 1,
  localparam int LaneW    = (Lv > 1) ? $clog2(Lv) : 1,
  localparam int RedW     = (Lv > 1) ? $clog2($clog2(Lv) + 1) : 1,
  localparam int SlotW    = (Slots > 1) ? $clog2(Slots) : 1,
  localparam int BankW    = (Banks > 1) ? $clog2(Banks) : 1,
  localparam int SetW     = (Sets > 1) ? $clog2(Sets) : 1,
  localparam int Segments = Lv / FullRate
) (
  input  logic                           clk_i,
  input  logic                           rst_ni,
  input  logic [BankW-1:0]               phase_i,
  // activation write
  input  logic [Writers*Banks-1:0]       write_i,
  input  logic [Writers*RowW-1:0]        write_row_i,
  input  logic [Writers*LaneW-1:0]       write_bank_i,
  input  logic [Writers*Lt*16-1:0]       write_data_i,
  // from the sets, set s in the s-th part of each
  input  logic [Sets-1:0]                read_i,
  input  logic [Sets*Segments*RowW-1:0]  read_row_i,
  input  logic [Sets-1:0]                op_valid_i,
  input  logic [Sets-1:0]                op_col_i,
  input  logic [Sets*Lv*16-1:0]          op_weight_i,
  input  logic [Sets*Lv-1:0]             op_mask_i,
  input  logic [Sets*Lv*LaneW-1:0]       op_sel_i,
  input  logic [Sets*RedW-1:0]           red_i,
  input  logic [Sets-1:0]                acc_valid_i,
  input  logic [Sets*Segments-1:0]       acc_seg_i,
  input  logic [Sets*Segments-1:0]       acc_first_i,
  input  logic [Sets*Segments*SlotW-1:0] acc_slot_i,
  input  logic [Sets*Lv*32-1:0]          acc_bias_i,
  // drain
  input  logic [Sets-1:0]                rd_valid_i,
  input  logic [Sets*SlotW-1:0]          rd_slot_i,
  input  logic [Sets*LaneW-1:0]          rd_lane_i,
  output logic [Sets*Segments*Lt*32-1:0] res_o
);
  logic [BankW-1:0]    phase_q;
  logic [Lv*Lt*16-1:0] bank_data [Banks];

  always_ff @(posedge clk_i) phase_q <= phase_i;

  for (genvar b = 0; b < Banks; b++) begin : g_bank
    logic [BankW-1:0]         reader;   // the set whose turn it is at this bank, if there is one
    logic [SetW-1:0]          set;
    logic                     read;
    logic [Segments*RowW-1:0] row;
    assign reader = BankW'(b) - phase_i;
    assign set    = SetW'(reader);
    assign read   = (32'(reader) < Sets) && read_i[set];
    assign row    = read_row_i[32'(set) * Segments * RowW +: Segments * RowW];
    logic [Writers-1:0] write;
    for (genvar w = 0; w < Writers; w++) begin : g_writer
      assign write[w] = write_i[w*Banks+b];
    end
    mv_act_bank #(
      .Lv      (Lv),
      .Lt      (Lt),
      .FullRate(FullRate),
      .Rows    (Rows),
      .Writers (Writers)
    ) u_bank (
      .clk_i       (clk_i),
      .write_i     (write),
      .write_row_i (write_row_i),
      .write_bank_i(write_bank_i),
      .write_data_i(write_data_i),
      .read_i      (read),
      .read_row_i  (row),
      .read_data_o (bank_data[b])
    );
  end

  for (genvar s = 0; s < Sets; s++) begin : g_pe
    logic [BankW-1:0]    bank;
    logic [Lv*Lt*16-1:0] act;
    assign bank = phase_q + BankW'(s);
    assign act  = bank_data[bank];
    mv_pe #(
      .Lv       (Lv),
      .Lt       (Lt),
      .FullRate (FullRate),
      .EnRow    (EnRow),
      .EnCol    (EnCol),
      .MulStages(MulStages),
      .AddStages(AddStages),
      .Slots    (Slots)
    ) u_pe (
      .clk_i      (clk_i),
      .rst_ni     (rst_ni),
      .op_valid_i (op_valid_i[s]),
      .op_col_i   (op_col_i[s]),
      .op_weight_i(op_weight_i[s*Lv*16 +: Lv*16]),
      .op_mask_i  (op_mask_i[s*Lv +: Lv]),
      .op_sel_i   (op_sel_i[s*Lv*LaneW +: Lv*LaneW]),
      .op_act_i   (act),
      .red_i      (red_i[s*RedW +: RedW]),
      .acc_valid_i(acc_valid_i[s]),
      .acc_seg_i  (acc_seg_i[s*Segments +: Segments]),
      .acc_first_i(acc_first_i[s*Segments +: Segments]),
      .acc_slot_i (acc_slot_i[s*Segments*SlotW +: Segments*SlotW]),
      .acc_bias_i (acc_bias_i[s*Lv*32 +: Lv*32]),
      .rd_valid_i (rd_valid_i[s]),
      .rd_slot_i  (rd_slot_i[s*SlotW +: SlotW]),
      .rd_lane_i  (rd_lane_i[s*LaneW +: LaneW]),
      .res_o      (res_o[s*Segments*Lt*32 +: Segments*Lt*32])
    );
  end
endmodule
