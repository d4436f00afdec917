// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Proof of mv_merge: log2(H) * AddStages cycles after valid_i there is the sum of the classes of
// that set, in the order of the tree, with the start value for a class without a sum, also when
// one comes in every cycle. The arithmetic is a stub that tells orders and operands apart.
//
// proof: rtl stubs/arithmetic.sv mv_merge.sv; depth 15; induction 8

module prove (input logic clk);
  localparam int H         = 4;
  localparam int AddStages = 3;
  localparam int Latency   = 2 * AddStages;
  logic rst_n = 1'b0;
  always_ff @(posedge clk) rst_n <= 1'b1;
  (* anyseq *) logic [2*H*32-1:0] sums;
  (* anyseq *) logic              valid, set;
  (* anyseq *) logic [H-1:0]      part;
  (* anyseq *) logic [15:0]       bias;
  logic [15:0] result;
  mv_merge #(.Sets(2), .Lt(1), .H(H), .AddStages(AddStages)) dut (
    .clk_i(clk), .rst_ni(rst_n), .sum_i(sums), .valid_i(valid), .set_i(set), .part_i(part),
    .bias_i(bias), .result_o(result));

  // What the stub makes of two operands.
  function automatic [3:0] add(input logic [3:0] left, input logic [3:0] right);
    add = {left[2:0], left[3]} + (right << 2) + right + 4'd1;
  endfunction
  logic [15:0] leaves;   // four bits each
  always_comb begin
    for (int j = 0; j < H; j++) begin
      leaves[j*4 +: 4] = part[j] ? sums[8'(set) * 128 + 8'(j) * 32 +: 4] :
                         (j == 0) ? bias[3:0] : 4'd0;
    end
  end
  logic [3:0] total;
  assign total = add(add(leaves[3:0], leaves[11:8]), add(leaves[7:4], leaves[15:12]));
  logic [Latency-1:0]   due_q;
  logic [Latency*4-1:0] total_q;   // the youngest in front
  always_ff @(posedge clk) begin
    if (!rst_n) due_q <= '0;
    else due_q <= {due_q[Latency-2:0], valid};
    total_q <= {total_q[Latency*4-5:0], total};
  end
  always_ff @(posedge clk) begin
    if (rst_n) begin
      Sum:     assert (!due_q[Latency-1] || result == {12'd0, total_q[Latency*4-1 -: 4]});
      Follow:  cover (due_q == '1);
      Gap:     cover (due_q[Latency-1] && !due_q[Latency-2] && due_q[Latency-3]);
      NoSum:   cover (due_q[Latency-1] && $past(part == '0 && bias != '0, Latency));
    end
  end
endmodule
