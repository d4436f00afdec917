// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Collects finished sums: grants one set a read per cycle, round robin, has the classes added, and
// queues the rounded results for the output.

module mv_drain #(
  parameter int Sets    = 8,
  parameter int Tokens  = 64,  // tokens of a result
  parameter int LaneW   = 3,
  parameter int SlotW   = 4,
  parameter int GroupW  = 2,
  parameter int Classes = 2,
  parameter int Merge   = 4,   // cycles of the addition of the classes
  // derived
  localparam int Latency = 2 + Merge,    // from the read of a PE to the result
  localparam int Depth   = 6 + Latency,  // results that may wait; covers the latency
  localparam int SetW    = (Sets > 1) ? $clog2(Sets) : 1
) (
  input  logic                    clk_i,
  input  logic                    rst_ni,
  // a matrix begins: turns are taken from the first set on
  input  logic                    start_i,
  // requests
  input  logic [Sets-1:0]         req_valid_i,
  output logic [Sets-1:0]         req_ready_o,
  input  logic [Sets*SlotW-1:0]   req_slot_i,
  input  logic [Sets*LaneW-1:0]   req_lane_i,
  input  logic [Sets*GroupW-1:0]  req_group_i,
  input  logic [Sets*16-1:0]      req_index_i,
  input  logic [Sets*Classes-1:0] req_part_i,
  input  logic [Sets*16-1:0]      req_bias_i,
  // read of the PEs of one set
  output logic [Sets-1:0]         rd_valid_o,
  output logic [SlotW-1:0]        rd_slot_o,
  output logic [LaneW-1:0]        rd_lane_o,
  // what is to be added and rounded: the set's sums stand at the PEs in this cycle
  output logic                    sum_valid_o,
  output logic [SetW-1:0]         sum_set_o,
  output logic [Classes-1:0]      sum_part_o,
  output logic [15:0]             sum_bias_o,
  input  logic [Tokens*16-1:0]    res_i,
  // results
  output logic                    y_valid_o,
  input  logic                    y_ready_i,
  output logic [15:0]             y_index_o,
  output logic [GroupW-1:0]       y_group_o,
  output logic [Tokens*16-1:0]    y_data_o,
  output logic                    idle_o
);
  logic [Sets-1:0]  rd_valid_q;
  logic [SlotW-1:0] rd_slot_q;
  logic [LaneW-1:0] rd_lane_q;
  assign rd_valid_o = rd_valid_q;
  assign rd_slot_o  = rd_slot_q;
  assign rd_lane_o  = rd_lane_q;

  localparam int CreditW = $clog2(Depth + 1);

  logic [SetW-1:0]    last_q, pick;
  logic               any, grant;
  logic [CreditW-1:0] used_q;      // results granted and not yet taken

  mv_turn #(
    .Places(Sets)
  ) u_turn (
    .asks_i(req_valid_i),
    .last_i(last_q),
    .pick_o(pick)
  );
  assign any   = req_valid_i != '0;
  assign grant = any && (used_q != CreditW'(Depth));
  always_comb begin
    req_ready_o       = '0;
    req_ready_o[pick] = grant;
  end

  // The read, and what belongs to its result.
  localparam int Read = 2;   // of a PE
  logic [Latency:0]            valid_q;
  // Vectors, not arrays: Icarus 11 loses a word of an array that goes to a part of the parent's
  // net.
  logic [(Read+1)*SetW-1:0]    set_q;
  logic [(Read+1)*Classes-1:0] part_q;
  logic [(Read+1)*16-1:0]      bias_q;
  logic [15:0]                 index_q [Latency+1];
  logic [GroupW-1:0]           group_q [Latency+1];
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q    <= '0;
      last_q     <= '0;
      used_q     <= '0;
      rd_valid_q <= '0;
    end else begin
      valid_q    <= (Latency + 1)'({valid_q, grant});
      rd_valid_q <= req_ready_o & req_valid_i;
      // So that a matrix takes as many cycles whatever ran before it.
      if (start_i) last_q <= '0;
      else if (grant) last_q <= pick;
      if (grant && !(y_valid_o && y_ready_i)) used_q <= used_q + CreditW'(1);
      if (!grant && (y_valid_o && y_ready_i)) used_q <= used_q - CreditW'(1);
    end
  end
  always_ff @(posedge clk_i) begin
    if (grant) begin
      rd_slot_q            <= req_slot_i[32'(pick) * SlotW +: SlotW];
      rd_lane_q            <= req_lane_i[32'(pick) * LaneW +: LaneW];
      set_q[0 +: SetW]     <= pick;
      index_q[0]           <= req_index_i[32'(pick) * 16 +: 16];
      group_q[0]           <= req_group_i[32'(pick) * GroupW +: GroupW];
      part_q[0 +: Classes] <= req_part_i[32'(pick) * Classes +: Classes];
      bias_q[0 +: 16]      <= req_bias_i[32'(pick) * 16 +: 16];
    end
    set_q[SetW +: Read*SetW]        <= set_q[0 +: Read*SetW];
    part_q[Classes +: Read*Classes] <= part_q[0 +: Read*Classes];
    bias_q[16 +: Read*16]           <= bias_q[0 +: Read*16];
    for (int d = 1; d <= Latency; d++) begin
      index_q[d] <= index_q[d-1];
      group_q[d] <= group_q[d-1];
    end
  end

  assign sum_valid_o = valid_q[Read];
  assign sum_set_o   = set_q[Read*SetW +: SetW];
  assign sum_part_o  = part_q[Read*Classes +: Classes];
  assign sum_bias_o  = bias_q[Read*16 +: 16];
  logic space;  // the credits keep the queue from ever being full
  mv_fifo #(
    .Width(16 + GroupW + Tokens * 16),
    .Depth(Depth)
  ) u_results (
    .clk_i       (clk_i),
    .rst_ni      (rst_ni),
    .push_valid_i(valid_q[Latency]),
    .push_ready_o(space),
    .push_data_i ({index_q[Latency], group_q[Latency], res_i}),
    .pop_valid_o (y_valid_o),
    .pop_ready_i (y_ready_i),
    .pop_data_o  ({y_index_o, y_group_o, y_data_o})
  );
  assign idle_o = used_q == '0;

`ifdef VERILATOR
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (rst_ni) begin
      CreditsExhausted: cover (any && used_q == CreditW'(Depth));
      GrantedWhileTaken: cover (grant && y_valid_o && y_ready_i);
      SetsContend: cover ($countones(req_valid_i) > 1);
      TurnWraps: cover (grant && pick < last_q);
      ResultStalls: cover (y_valid_o && !y_ready_i);
      LastIsTaken: cover (!grant && y_valid_o && y_ready_i && used_q == CreditW'(1));
      CreditsSuffice: assert (!valid_q[Latency] || space)
        else $error("mv_drain.CreditsSuffice: a result without a place in the queue");
    end
  end
`endif
endmodule
