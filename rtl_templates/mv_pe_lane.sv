// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// One MAC lane of the processing element.
//
// A multiplier, an adder and its accumulator file. The adder either adds two neighbours of the
// reduction tree or accumulates into a slot; the caller says which and times everything.

module mv_pe_lane #(
  parameter int MulStages = 2,
  parameter int AddStages = 4,
  parameter int Slots     = 32,
  // derived
  localparam int SlotW = (Slots > 1) ? $clog2(Slots) : 1   // of a slot number
) (
  input  logic                 clk_i,
  // multiplier: registered activation and widened weight, one enable per register that follows
  input  logic [MulStages-1:0] mul_en_i,
  input  logic [15:0]          activation_i,
  input  logic [16:0]          weight_i,
  input  logic                 mask_i,
  output logic [31:0]          product_o,
  // adder: one enable per register; operands of the reduction tree, and the value to accumulate
  input  logic [AddStages-1:0] add_en_i,
  input  logic                 accumulate_i,
  input  logic [31:0]          left_i,
  input  logic [31:0]          right_i,
  input  logic [31:0]          bias_i,
  input  logic                 first_i,
  input  logic [SlotW-1:0]     slot_i,
  // slot_i, and whether the slot takes the sum, as they were when the sum that now leaves the adder
  // entered it
  input  logic                 write_i,
  input  logic [SlotW-1:0]     write_slot_i,
  output logic [31:0]          sum_o,
  // drain
  input  logic                 drain_i,
  input  logic [SlotW-1:0]     drain_slot_i,
  output logic [31:0]          drain_data_o
);
  // The first register of the adder holds its operands, the last one the sum.
  localparam int Cuts = AddStages - 2;
  localparam int EnW  = (Cuts > 0) ? Cuts : 1;

  // ---- multiplier ----
  logic [16:0] activation_wide;
  mv_fp16_widen u_widen (
    .half_i(activation_i),
    .wide_o(activation_wide)
  );

  mv_fp16_mul #(
    .Stages(MulStages)
  ) u_mul (
    .clk_i    (clk_i),
    .en_i     (mul_en_i),
    .left_i   (activation_wide),
    .right_i  (weight_i),
    .mask_i   (mask_i),
    .product_o(product_o)
  );

  // ---- adder ----
  logic [31:0] left_q, right_q, slot_value, sum, sum_q;
  always_ff @(posedge clk_i) begin
    if (add_en_i[0]) begin
      left_q  <= left_i;
      right_q <= !accumulate_i ? right_i : first_i ? bias_i : slot_value;
    end
  end

  logic [EnW-1:0] cut_en;
  if (Cuts > 0) begin : g_cuts
    assign cut_en = add_en_i[AddStages-2:1];
  end else begin : g_no_cuts
    assign cut_en = 1'b0;
  end

  mv_fp32_add #(
    .Cuts(Cuts)
  ) u_add (
    .clk_i  (clk_i),
    .en_i   (cut_en),
    .left_i (left_q),
    .right_i(right_q),
    .sum_o  (sum)
  );

  always_ff @(posedge clk_i) begin
    if (add_en_i[AddStages-1]) sum_q <= sum;
  end
  assign sum_o = sum_q;

  // The file takes the sum at the edge at which sum_q does, so that the slot can be read AddStages
  // cycles after its last read.
  mv_acc_file #(
    .Slots(Slots)
  ) u_file (
    .clk_i       (clk_i),
    .write_i     (accumulate_i && add_en_i[AddStages-1] && write_i),
    .write_slot_i(write_slot_i),
    .write_data_i(sum),
    .read_slot_i (slot_i),
    .read_data_o (slot_value),
    .drain_i     (drain_i),
    .drain_slot_i(drain_slot_i),
    .drain_data_o(drain_data_o)
  );
endmodule
