// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Proof of mv_drain: credits keep the queue of results from being full when one comes, every read
// that was granted becomes one result with its own index, in order, and who asks is granted before
// any other is granted twice. What it is given says where it is from.
//
// proof: rtl mv_turn.sv mv_fifo.sv mv_drain.sv; depth 14; induction 2

module prove (input logic clk);
  localparam int Sets    = 3;
  localparam int Merge   = 1;
  localparam int Latency = 2 + Merge;
  localparam int Depth   = 6 + Latency;
  logic rst_n = 1'b0;
  always_ff @(posedge clk) rst_n <= 1'b1;
  (* anyseq *) logic            start, y_ready;
  (* anyseq *) logic [Sets-1:0] req_valid;
  (* anyseq *) logic [15:0]     res;
  logic [Sets-1:0] req_ready, rd_valid;
  logic            sum_valid, sum_part, y_valid, y_group, idle, rd_slot, rd_lane;
  logic [1:0]      sum_set;
  logic [15:0]     sum_bias, y_index, y_data;
  logic [7:0]      granted_q, summed_q, taken_q;   // how many of each
  // The index of a set's request: the set, and the number it has if it is granted now; its bias:
  // the set.
  mv_drain #(
    .Sets(Sets), .Tokens(1), .LaneW(1), .SlotW(1), .GroupW(1), .Classes(1), .Merge(Merge)
  ) dut (
    .clk_i(clk), .rst_ni(rst_n), .start_i(start), .req_valid_i(req_valid), .req_ready_o(req_ready),
    .req_slot_i(3'd0), .req_lane_i(3'd0), .req_group_i(3'd0),
    .req_index_i({8'd2, granted_q, 8'd1, granted_q, 8'd0, granted_q}), .req_part_i(3'd0),
    .req_bias_i({16'd2, 16'd1, 16'd0}), .rd_valid_o(rd_valid), .rd_slot_o(rd_slot),
    .rd_lane_o(rd_lane),
    .sum_valid_o(sum_valid), .sum_set_o(sum_set), .sum_part_o(sum_part), .sum_bias_o(sum_bias),
    .res_i(res), .y_valid_o(y_valid), .y_ready_i(y_ready), .y_index_o(y_index), .y_group_o(y_group),
    .y_data_o(y_data), .idle_o(idle));

  (* hierconn *) logic [3:0] \dut.valid_q ;
  (* hierconn *) logic [3:0] \dut.used_q ;
  (* hierconn *) logic [1:0] \dut.last_q ;
  (* hierconn *) logic       \dut.space ;
  (* hierconn *) logic [5:0] \dut.set_q ;
  (* hierconn *) logic [47:0] \dut.bias_q ;
  (* hierconn *) logic [3:0] \dut.u_results.count_q ;
  (* hierconn *) logic [3:0] \dut.u_results.read_at_q ;
  (* hierconn *) logic [3:0] \dut.u_results.write_at_q ;

  (* hierconn *) logic [15:0] \dut.index_q[0] ;
  (* hierconn *) logic [15:0] \dut.index_q[1] ;
  (* hierconn *) logic [15:0] \dut.index_q[2] ;
  (* hierconn *) logic [15:0] \dut.index_q[3] ;
  (* hierconn *) logic [32:0] \dut.u_results.entries_q[0] ;
  (* hierconn *) logic [32:0] \dut.u_results.entries_q[1] ;
  (* hierconn *) logic [32:0] \dut.u_results.entries_q[2] ;
  (* hierconn *) logic [32:0] \dut.u_results.entries_q[3] ;
  (* hierconn *) logic [32:0] \dut.u_results.entries_q[4] ;
  (* hierconn *) logic [32:0] \dut.u_results.entries_q[5] ;
  (* hierconn *) logic [32:0] \dut.u_results.entries_q[6] ;
  (* hierconn *) logic [32:0] \dut.u_results.entries_q[7] ;
  (* hierconn *) logic [32:0] \dut.u_results.entries_q[8] ;
  logic [4*16-1:0]     index;     // on its way
  logic [Depth*16-1:0] waiting;   // in the queue
  assign index   = {\dut.index_q[3] , \dut.index_q[2] , \dut.index_q[1] , \dut.index_q[0] };
  assign waiting = {16'(\dut.u_results.entries_q[8] >> 17),
                    16'(\dut.u_results.entries_q[7] >> 17),
                    16'(\dut.u_results.entries_q[6] >> 17),
                    16'(\dut.u_results.entries_q[5] >> 17),
                    16'(\dut.u_results.entries_q[4] >> 17),
                    16'(\dut.u_results.entries_q[3] >> 17),
                    16'(\dut.u_results.entries_q[2] >> 17),
                    16'(\dut.u_results.entries_q[1] >> 17),
                    16'(\dut.u_results.entries_q[0] >> 17)};

  logic       grant;
  logic [2:0] under_way;
  assign grant     = (req_valid & req_ready) != '0;
  assign under_way = 3'(\dut.valid_q [0]) + 3'(\dut.valid_q [1]) + 3'(\dut.valid_q [2]) +
                     3'(\dut.valid_q [3]);
  // Which set each result that is due is of, the oldest first.
  logic [Depth*2-1:0] order_q;
  logic               way_holds, queue_holds, belong_holds;
  logic [3:0]         age;
  logic [15:0]        entry;
  always_comb begin
    way_holds = 1'b1;
    age       = \dut.used_q ;
    for (int d = 0; d <= Latency; d++) begin
      age = age - 4'(\dut.valid_q [d]);
      if (\dut.valid_q [d] &&
          index[d * 16 +: 16] != {6'd0, order_q[age * 2 +: 2], taken_q + 8'(age)}) begin
        way_holds = 1'b0;
      end
    end
    belong_holds = 1'b1;
    for (int d = 0; d <= 2; d++) begin
      if (\dut.valid_q [d] && 16'(\dut.set_q [d * 2 +: 2]) != \dut.bias_q [d * 16 +: 16]) begin
        belong_holds = 1'b0;
      end
    end
    queue_holds = 1'b1;
    for (int i = 0; i < Depth; i++) begin
      entry = waiting[((\dut.u_results.read_at_q + i >= Depth) ?
                       \dut.u_results.read_at_q + i - Depth :
                       \dut.u_results.read_at_q + i) * 16 +: 16];
      if (i < \dut.u_results.count_q && entry != {6'd0, order_q[i * 2 +: 2], taken_q + 8'(i)}) begin
        queue_holds = 1'b0;
      end
    end
  end

  // One set that asks: how often have others been granted?
  (* anyconst *) logic [1:0] asker;
  logic [1:0] passed_q, turn;
  assign turn = (asker > \dut.last_q ) ? asker - \dut.last_q : asker + 2'(Sets) - \dut.last_q ;
  logic [4:0] end_at;
  assign end_at = 5'(\dut.u_results.read_at_q ) + 5'(\dut.u_results.count_q );
  always_ff @(posedge clk) begin
    if (!rst_n) begin
      granted_q <= '0;
      summed_q  <= '0;
      taken_q   <= '0;
      passed_q  <= '0;
    end else begin
      granted_q <= granted_q + 8'(grant);
      summed_q  <= summed_q + 8'(sum_valid);
      taken_q   <= taken_q + 8'(y_valid && y_ready);
      if (!req_valid[asker] || req_ready[asker] || start) passed_q <= '0;
      else if (grant) passed_q <= passed_q + 2'd1;
    end
    if (y_valid && y_ready) order_q <= order_q >> 2;
    if (grant) begin
      order_q[(\dut.used_q - 4'(y_valid && y_ready)) * 2 +: 2] <=
          req_ready[2] ? 2'd2 : req_ready[1] ? 2'd1 : 2'd0;
    end
  end

  always_comb assume (asker < Sets);
  always_ff @(posedge clk) begin
    if (rst_n) begin
      if ($past(rst_n) && $past(req_valid[asker] && !req_ready[asker])) assume (req_valid[asker]);
      Credits:   assert (5'(\dut.used_q ) == 5'(under_way) + 5'(\dut.u_results.count_q ) &&
                         \dut.used_q <= Depth);
      Space:     assert (!\dut.valid_q [Latency] || \dut.space );
      OneGrant:  assert ((req_ready & (req_ready - 3'd1)) == '0 && (req_ready & ~req_valid) == '0);
      LastIn:    assert (\dut.last_q < Sets);
      PlacesIn:  assert (\dut.u_results.read_at_q < Depth && 5'(\dut.u_results.write_at_q ) ==
                         ((end_at >= Depth) ? end_at - 5'(Depth) : end_at));
      Fair:      assert (3'(passed_q) + 3'(turn) <= Sets);
      Granted:   assert (granted_q == summed_q + 8'(\dut.valid_q [0]) + 8'(\dut.valid_q [1]) +
                         8'(\dut.valid_q [2]));
      OnTheWay:  assert (way_holds);
      Waiting:   assert (queue_holds);
      Belong:    assert (belong_holds);
      Sums:      assert (!sum_valid || sum_bias == 16'(sum_set));
      Taken:     assert (granted_q == taken_q + 8'(\dut.used_q ));
      Grants:    assert (!(req_valid != '0 && \dut.used_q != Depth) || grant);
      Idle:      assert (idle == (\dut.used_q == 0));
      InOrder:   assert (!y_valid || y_index == {6'd0, order_q[1:0], taken_q});
      if ($past(rst_n) && $past(y_valid && !y_ready)) begin
        Stays:   assert (y_valid && {y_index, y_data} == $past({y_index, y_data}));
      end
      Full:      cover (\dut.used_q == Depth && req_valid != '0);
      Passed:    cover (passed_q == 2);
      Both:      cover (y_valid && y_ready && grant && \dut.used_q == Depth - 1);
    end
  end
endmodule
