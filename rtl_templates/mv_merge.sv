// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Adds the classes of an output, for the tokens of one position, and rounds the sum to binary16.
// A class without a sum counts as its start value: the bias for class 0, else +0.

module mv_merge #(
  parameter int Sets      = 8,
  parameter int Lt        = 8,
  parameter int H         = 2,   // classes (a power of two)
  parameter int AddStages = 4,
  // derived
  localparam int SetW = (Sets > 1) ? $clog2(Sets) : 1
) (
  input  logic                    clk_i,
  input  logic                    rst_ni,
  // sums of all sets, and what is meant: the result follows log2(H) * AddStages cycles later
  input  logic [Sets*H*Lt*32-1:0] sum_i,
  input  logic                    valid_i,
  input  logic [SetW-1:0]         set_i,
  input  logic [H-1:0]            part_i,
  input  logic [15:0]             bias_i,
  output logic [Lt*16-1:0]        result_o
);
  if (H < 1 || (H & (H - 1)) != 0) begin : g_bad_classes
`ifdef VERILATOR
    $fatal(0, "mv_merge: H must be a power of two");
`else
    mv_merge__h_must_be_a_power_of_two u_illegal ();
`endif
  end

  localparam int HLog2   = $clog2(H);
  localparam int Latency = HLog2 * AddStages;
  localparam int Cuts    = AddStages - 2;
  localparam int EnW     = (Cuts > 0) ? Cuts : 1;

  logic [31:0]        bias;
  logic [H*Lt*32-1:0] set_sums;
  logic [Latency:0]   valid;
  mv_fp16_to_fp32 u_widen (
    .half_i (bias_i),
    .float_o(bias)
  );
  assign set_sums = sum_i[32'(set_i) * H * Lt * 32 +: H * Lt * 32];
  if (Latency > 0) begin : g_valid
    logic [Latency:1] valid_q;
    assign valid = {valid_q, valid_i};
    always_ff @(posedge clk_i or negedge rst_ni) begin
      if (!rst_ni) valid_q <= '0;
      else valid_q <= valid[Latency-1:0];
    end
  end else begin : g_no_valid
    assign valid = valid_i;
    logic unused;
    assign unused = ^{clk_i, rst_ni, valid};
  end

  for (genvar t = 0; t < Lt; t++) begin : g_token
    // Node n of the tree in heap order: leaves H … 2H-1, inner nodes 1 … H-1 add n + their number
    // and that of the other half.
    logic [31:0] node [2*H];
    for (genvar j = 0; j < H; j++) begin : g_leaf
      assign node[H+j] = part_i[j] ? set_sums[(j*Lt+t)*32 +: 32] : (j == 0) ? bias : 32'd0;
    end
    for (genvar n = 1; n < H; n++) begin : g_node
      // With w = LevelNodes: nodes w … 2w-1 form a level; node w+i adds nodes 2w+i and 3w+i.
      localparam int LevelNodes = 1 << ($clog2(n + 1) - 1);
      localparam int Level      = HLog2 - $clog2(LevelNodes) - 1;   // additions before this one
      logic [31:0] left_q, right_q, sum, sum_q;
      always_ff @(posedge clk_i) begin
        if (valid[Level*AddStages]) begin
          left_q  <= node[n + LevelNodes];
          right_q <= node[n + 2*LevelNodes];
        end
        if (valid[Level*AddStages + AddStages - 1]) sum_q <= sum;
      end
      logic [EnW-1:0] cut_en;
      if (Cuts > 0) begin : g_cuts
        assign cut_en = valid[Level*AddStages + 1 +: EnW];
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
      assign node[n] = sum_q;
    end
    mv_fp32_to_fp16 u_round (
      .float_i(node[1]),
      .half_o (result_o[t*16 +: 16])
    );
    assign node[0] = '0;
  end
endmodule
