// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Proof of mv_fifo: it is a queue: what comes out is what went in, in order, none lost, none
// doubled; a head that waits stays. Three places, so that addresses wrap at no power of two.
//
// proof: rtl mv_fifo.sv; depth 10; induction 2

module prove (input logic clk);
  localparam int Depth = 3;
  logic rst_n = 1'b0;
  always_ff @(posedge clk) rst_n <= 1'b1;
  (* anyseq *) logic       push_valid, pop_ready;
  (* anyseq *) logic [1:0] push_data;
  logic       push_ready, pop_valid;
  logic [1:0] pop_data;
  mv_fifo #(.Width(2), .Depth(Depth)) dut (
    .clk_i(clk), .rst_ni(rst_n), .push_valid_i(push_valid), .push_ready_o(push_ready),
    .push_data_i(push_data), .pop_valid_o(pop_valid), .pop_ready_i(pop_ready),
    .pop_data_o(pop_data));

  // The queue as it should be: the head in front.
  logic [2*Depth-1:0] queue;
  logic [1:0]         held;
  always_ff @(posedge clk) begin
    if (!rst_n) begin
      held <= '0;
    end else begin
      held <= held + 2'(push_valid && push_ready) - 2'(pop_valid && pop_ready);
    end
    if (pop_valid && pop_ready) queue <= queue >> 2;
    if (push_valid && push_ready) begin
      queue[(held - 2'(pop_valid && pop_ready)) * 2 +: 2] <= push_data;
    end
  end

  (* hierconn *) logic [1:0] \dut.count_q ;
  (* hierconn *) logic [1:0] \dut.read_at_q ;
  (* hierconn *) logic [1:0] \dut.write_at_q ;
  (* hierconn *) logic [1:0] \dut.entries_q[0] ;
  (* hierconn *) logic [1:0] \dut.entries_q[1] ;
  (* hierconn *) logic [1:0] \dut.entries_q[2] ;
  logic [5:0] entries;
  assign entries = {\dut.entries_q[2] , \dut.entries_q[1] , \dut.entries_q[0] };
  logic [2:0] end_at;
  assign end_at = 3'(\dut.read_at_q ) + 3'(\dut.count_q );
  logic entries_hold;   // each entry is the one of the queue
  always_comb begin
    entries_hold = 1'b1;
    for (int i = 0; i < Depth; i++) begin
      if (i < held && queue[i * 2 +: 2] !=
          entries[((\dut.read_at_q + i >= Depth) ? \dut.read_at_q + i - Depth :
                   \dut.read_at_q + i) * 2 +: 2]) begin
        entries_hold = 1'b0;
      end
    end
  end

  always_ff @(posedge clk) begin
    if (rst_n) begin
      Held:       assert (\dut.count_q == held && held <= Depth);
      ReadIn:     assert (\dut.read_at_q < Depth);
      WriteIn:    assert (3'(\dut.write_at_q ) ==
                          ((end_at >= Depth) ? end_at - 3'(Depth) : end_at));
      Entries:    assert (entries_hold);
      ReadyIfRoom: assert (push_ready == (held != Depth));
      ValidIfAny:  assert (pop_valid == (held != 0));
      Head:        assert (!pop_valid || pop_data == queue[1:0]);
      if ($past(rst_n) && $past(pop_valid && !pop_ready)) begin
        HeadStays: assert (pop_valid && pop_data == $past(pop_data));
      end
      Full:        cover (held == Depth && \dut.read_at_q == 2);
      Through:     cover (held == 1 && push_valid && push_ready && pop_valid && pop_ready);
    end
  end
endmodule
