// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Proof of mv_scheduler: tasks are given out in their order, each once, each with its own place of
// the directory, to one free set that does not hold; a beat is asked for once and only if a task
// needs it; done means that all have been given. A task's place in the directory is its number.
//
// proof: rtl mv_scheduler.sv; depth 12; induction 3

module prove (input logic clk);
  localparam int Sets  = 2;
  localparam int TaskW = mv_isa_pkg::TaskW;
  localparam int HeaderBeats = 2;
  logic rst_n = 1'b0;
  always_ff @(posedge clk) rst_n <= 1'b1;
  (* anyseq *) logic               start, dir_ready, beat_comes;
  (* anyseq *) logic [Sets-1:0]    hold, task_ready;
  (* anyseq *) logic [2*TaskW-1:0] noise;
  (* anyconst *) logic [7:0]       first, last;   // tasks of the cluster, and the one behind
  logic               header_q;   // its beats have come
  logic               dir_valid, beat_valid, done;
  logic [31:0]        dir_beat;
  logic [Sets-1:0]    task_valid;
  logic [TaskW-1:0]   task_word;
  logic [2*TaskW-1:0] beat;
  logic               awaited_q;
  logic [31:0]        awaited_beat_q;   // of the directory
  assign beat_valid = beat_comes && awaited_q;
  assign beat = !beat_valid ? noise : {TaskW'({awaited_beat_q[30:0], 1'b1}),
                                       TaskW'({awaited_beat_q[30:0], 1'b0})};
  mv_scheduler #(.Sets(Sets), .Assoc(Sets), .PortBits(2 * TaskW), .HeaderBeats(HeaderBeats)) dut (
    .clk_i(clk), .rst_ni(rst_n), .start_i(start), .header_valid_i(header_q),
    .first_task_i({24'd0, last, 24'd0, first}), .dir_valid_o(dir_valid), .dir_ready_i(dir_ready),
    .dir_beat_o(dir_beat), .dir_beat_valid_i(beat_valid), .dir_data_i(beat), .hold_i(hold),
    .task_valid_o(task_valid), .task_ready_i(task_ready), .task_o(task_word), .done_o(done));

  (* hierconn *) logic [31:0] \dut.g_cluster[0].next_q ;
  (* hierconn *) logic [31:0] \dut.g_cluster[0].held_beat_q ;
  (* hierconn *) logic        \dut.g_cluster[0].begun_q ;
  (* hierconn *) logic        \dut.g_cluster[0].held_q ;
  (* hierconn *) logic        \dut.g_cluster[0].asked_q ;
  (* hierconn *) logic [2*TaskW-1:0] \dut.g_cluster[0].held_data_q ;

  logic [7:0] expected_q;         // the task that is due
  logic       started_q, gone_q;  // the first beat comes unasked, once, before the header
  always_ff @(posedge clk) begin
    if (!rst_n || start) begin
      header_q       <= 1'b0;
      awaited_q      <= rst_n;
      awaited_beat_q <= '0;
      started_q      <= rst_n;
      gone_q         <= 1'b0;
      expected_q     <= first;
    end else begin
      if (beat_valid && !header_q) gone_q <= 1'b1;
      if (gone_q) header_q <= 1'b1;
      if (dir_valid && dir_ready) begin
        awaited_q      <= 1'b1;
        awaited_beat_q <= dir_beat - HeaderBeats;
      end else if (beat_valid) begin
        awaited_q <= 1'b0;
      end
      if (task_valid != '0) expected_q <= expected_q + 8'd1;
    end
  end

  always_comb begin
    assume (first <= last && last < 200);
    // As mv_fetch and mv_slice have it: an image begins when the last one has ended.
    assume (!start || !awaited_q);
  end
  always_ff @(posedge clk) begin
    if (rst_n) begin
      Places:    assert (!\dut.g_cluster[0].held_q || (started_q && \dut.g_cluster[0].held_data_q ==
                         {TaskW'({\dut.g_cluster[0].held_beat_q [30:0], 1'b1}),
                          TaskW'({\dut.g_cluster[0].held_beat_q [30:0], 1'b0})}));
      Awaits:    assert (!awaited_q || awaited_beat_q == \dut.g_cluster[0].held_beat_q );
      AwaitsOne: assert (!awaited_q || (started_q && !\dut.g_cluster[0].held_q ));
      Asked:     assert (!\dut.g_cluster[0].begun_q || \dut.g_cluster[0].asked_q == awaited_q);
      Unasked:   assert (\dut.g_cluster[0].begun_q || !\dut.g_cluster[0].asked_q );
      First:     assert (header_q || !\dut.g_cluster[0].begun_q );
      Gone:      assert (!header_q || (gone_q && started_q));
      Came:      assert (!started_q || \dut.g_cluster[0].begun_q ||
                         (gone_q ? \dut.g_cluster[0].held_q && !awaited_q : awaited_q));
      Next:      assert (!\dut.g_cluster[0].begun_q ? expected_q == first :
                         \dut.g_cluster[0].next_q == 32'(expected_q) && expected_q >= first &&
                         expected_q <= last);
      InOrder:   assert (task_valid == '0 || task_word == TaskW'(expected_q));
      Within:    assert (task_valid == '0 || (header_q && expected_q < last));
      OneSet:    assert ((task_valid & (task_valid - 2'd1)) == '0);
      ToFree:    assert ((task_valid & ~(task_ready & ~hold)) == '0);
      AskNeeded: assert (!dir_valid || (!awaited_q && expected_q < last &&
                         dir_beat == HeaderBeats + 32'(expected_q[7:1])));
      Done:      assert (done == (\dut.g_cluster[0].begun_q && expected_q == last));
      Given:     assert (!(\dut.g_cluster[0].begun_q && \dut.g_cluster[0].held_q &&
                           \dut.g_cluster[0].held_beat_q == 32'(expected_q[7:1]) &&
                           expected_q < last && (task_ready & ~hold) != '0) ||
                         task_valid != '0);
      AllGiven:  cover (done && expected_q == 3 && first == 0);
      Second:    cover (task_valid == 2'b10 && expected_q == 4 && first == 3);
      None:      cover (done && first == last);
    end
  end
endmodule
