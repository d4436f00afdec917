// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Proof of mv_zero_skip: the beats that it asks for are those, in order, that mv_weights takes for
// the steps it lets through: none lost, none doubled, none for a dropped step. A sum begins at the
// bias exactly in the first step that reaches it.
//
// proof: rtl mv_zero_skip.sv; depth 9; induction 3

module prove (input logic clk);
  localparam int BeatWeights = 2;
  localparam int H = 2;
  logic rst_n = 1'b0;
  always_ff @(posedge clk) rst_n <= 1'b1;
  (* anyseq *) logic         in_valid, in_begin, in_open, in_close, in_wide, in_thread, in_buffer;
  (* anyseq *) logic [1:0]   in_weights;
  (* anyseq *) logic [H-1:0] in_segment, in_buffers;
  (* anyseq *) logic         beat_ready, step_ready;
  (* anyseq *) logic [31:0]  task_weights;
  logic         in_ready, beat_valid, step_valid, offset, spans, pops, drops, skip;
  logic [31:0]  beat;
  logic [H-1:0] step_first;
  logic [2*H-1:0] step_started;
  mv_zero_skip #(.PortBits(BeatWeights * 16), .Lv(2), .FullRate(1), .SubSteps(2)) dut (
    .clk_i(clk), .rst_ni(rst_n), .start_i(1'b0), .task_weights_i(task_weights),
    .in_valid_i(in_valid),
    .in_ready_o(in_ready), .in_begin_i(in_begin), .in_open_i(in_open), .in_close_i(in_close),
    .in_wide_i(in_wide), .in_thread_i(in_thread), .in_buffer_i(in_buffer),
    .in_weights_i(in_weights),
    .in_segment_i(in_segment), .in_buffers_i(in_buffers), .beat_valid_o(beat_valid),
    .beat_ready_i(beat_ready), .beat_o(beat), .step_valid_o(step_valid), .step_ready_i(step_ready),
    .step_first_o(step_first), .step_offset_o(offset), .step_spans_o(spans), .step_pops_o(pops),
    .step_drops_o(drops), .step_started_o(step_started), .skip_o(skip));

  (* hierconn *) logic        \dut.asked_q ;
  (* hierconn *) logic        \dut.stale_q ;
  (* hierconn *) logic        \dut.first_done_q ;
  (* hierconn *) logic        \dut.offset_q ;
  (* hierconn *) logic [31:0] \dut.beat_q ;
  (* hierconn *) logic [7:0]  \dut.started_q ;

  logic is_step, taken, matches, begun_q;
  assign is_step = in_valid && !in_begin && !in_open && !in_close;
  assign taken   = in_valid && in_ready;
  assign matches = in_segment != '0;

  // Where the next weight is, by counting weights.
  logic [31:0] at_beat_q;
  logic        at_offset_q;
  logic [2:0]  end_at;
  assign end_at = 3'(at_offset_q) + 3'(in_weights);
  // Beats asked for that no step has used up, the oldest first.
  logic [2:0]  out_q, out_with;
  logic [31:0] first_q, second_q, first, second, head, after_head;
  assign out_with   = out_q + 3'(beat_valid && beat_ready);
  assign first      = (out_q == 0) ? beat : first_q;
  assign second     = (out_q == 1) ? beat : second_q;
  assign head       = drops ? second : first;
  assign after_head = (out_q == 3'(drops) + 3'd1) ? beat : second_q;
  logic [2:0] used;
  assign used = (step_valid && is_step) ? 3'(pops) + 3'(drops) : '0;
  always_ff @(posedge clk) begin
    if (!rst_n) begin
      out_q   <= '0;
      begun_q <= 1'b0;
    end else begin
      out_q <= out_with - used;
      if (used == 0) begin
        first_q  <= first;
        second_q <= second;
      end else begin
        first_q <= (used == 1) ? second : beat;
      end
      if (taken && in_begin) begun_q <= 1'b1;
    end
    if (taken && in_begin) begin
      at_beat_q   <= task_weights;
      at_offset_q <= 1'b0;
    end else if (taken && is_step) begin
      at_beat_q   <= at_beat_q + 32'(end_at >= BeatWeights);
      at_offset_q <= end_at[0];
    end
  end

  // One sum: since it was opened, has a step reached it?
  (* anyconst *) logic of_thread, of_buffer, of_segment;
  logic opened_q, fresh_q, opens, reaches;
  assign opens   = taken && in_open && in_buffer == of_buffer &&
                   (in_wide || in_thread == of_thread);
  assign reaches = taken && is_step && in_segment[of_segment] &&
                   in_buffers[of_segment] == of_buffer && in_thread == of_thread;
  always_ff @(posedge clk) begin
    if (!rst_n) opened_q <= 1'b0;
    else if (opens) opened_q <= 1'b1;
    if (opens) fresh_q <= 1'b1;
    else if (reaches) fresh_q <= 1'b0;
  end

  always_comb begin
    assume (!in_valid ||
            ({in_begin, in_open, in_close} & ({in_begin, in_open, in_close} - 3'd1)) == '0);
    assume (in_weights == 1 || in_weights == 2);
    assume (!in_valid || in_begin || begun_q);
  end
  always_ff @(posedge clk) begin
    if (rst_n && $past(rst_n)) begin
      if ($past(in_valid && !in_ready)) begin
        assume (in_valid && {in_begin, in_open, in_close, in_wide, in_thread, in_buffer, in_weights,
                             in_segment, in_buffers, task_weights} ==
                $past({in_begin, in_open, in_close, in_wide, in_thread, in_buffer, in_weights,
                       in_segment, in_buffers, task_weights}));
      end
      if ($past(step_ready && !step_valid)) assume (step_ready);   // a queue's room
      if ($past(beat_valid && !beat_ready)) begin
        AskingStays: assert (beat_valid && beat == $past(beat));
      end
    end
    if (rst_n) begin
      Place:      assert (!begun_q || (\dut.beat_q == at_beat_q && \dut.offset_q == at_offset_q));
      Counted:    assert (out_q == 3'(\dut.asked_q ) + 3'(\dut.stale_q ) + 3'(\dut.first_done_q ));
      OneLeft:    assert (!(\dut.asked_q && (\dut.stale_q || \dut.first_done_q )));
      BegunFirst: assert (begun_q || out_q == 0);
      FirstDone:  assert (!\dut.first_done_q || (is_step && matches && spans));
      Asked:      assert (!\dut.asked_q || first_q == at_beat_q);
      AskedFirst: assert (!\dut.first_done_q || (\dut.stale_q ? second_q : first_q) == at_beat_q);
      NoneAsked:  assert (!beat_valid || in_begin || (is_step && matches));
      FirstAsked: assert (!beat_valid || !in_begin || beat == task_weights);
      if (step_valid && is_step) begin
        Offset:   assert (offset == at_offset_q);
        Drops:    assert (out_with >= 3'(drops) + 3'd1 && head == at_beat_q);
        Spans:    assert (spans == (end_at > BeatWeights) && pops == (end_at >= BeatWeights));
        GoesOn:   assert (!spans || (out_with == 3'(drops) + 3'd2 && after_head == at_beat_q + 1));
      end
      Skips:      assert (skip == (is_step && !matches));
      Dropped:    assert (!skip || (!step_valid && in_ready));
      Let:        assert (!taken || !is_step || step_valid == matches);
      if (opened_q) begin
        Started:  assert (\dut.started_q [{of_buffer, of_thread, of_segment}] == !fresh_q);
        FirstSum: assert (!reaches || step_first[of_segment] == fresh_q);
        CloseSum: assert (!(in_valid && in_close && in_buffer == of_buffer) ||
                          (in_wide ? step_started[{of_thread, of_segment}] == !fresh_q :
                           in_thread != of_thread || step_started[{1'b0, of_segment}] == !fresh_q));
      end
      Stale:      cover (step_valid && is_step && drops && spans);
      SkipsMany:  cover (skip && $past(skip) && \dut.stale_q );
      Closes:     cover (step_valid && in_close && in_wide && opened_q && !fresh_q);
    end
  end
endmodule
