// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Proof of mv_attend: a set takes each of its strips of a job once and no other; a chain has as
// many steps as inputs, in order, and ends once; what it multiplies with is the tile that it asked
// for at that place, however late tiles come; no more tiles are asked for than there are buffers.
// Every tile is of ones or of zeros, as it likes.
//
// proof: rtl mv_place.sv mv_fifo.sv mv_attend.sv; depth 14; bounded

module prove (input logic clk);
  localparam int Lv    = 2;
  localparam int StepW = mv_pkg::step_width(Lv, 2, 2, 2, 1);
  localparam int JobW  = mv_pkg::job_width(2, 2, 2, 1, 1);
  logic rst_n = 1'b0;
  always_ff @(posedge clk) rst_n <= 1'b1;
  typedef struct packed {
    logic        outputs, causal;
    logic [1:0]  word, word_stride, row, row_stride;
    logic [15:0] key_strips, channel_strips, index;
    logic [1:0]  last_keys, last_channels;
    logic        last_group;
    logic [15:0] base;
    logic        turn;
  } job_t;
  typedef struct packed {
    logic       open, close, wide, classes;
    logic [2:0] count;
    logic       thread, buffer;
    logic [2:0] place;
    logic [1:0] started;
    logic       segment, first, buffers;
    logic [1:0] mask, sel, address;
    logic       group, last;
    logic [1:0] stride;
    logic       shrinks;
  } step_t;
  (* anyconst *) logic [JobW-1:0] job_bits;   // all jobs are alike
  (* anyconst *) logic            set;
  (* anyseq *) logic       job_valid, tile_ready, tile_comes, step_ready, mark, start;
  (* anyseq *) logic [7:0] freed;
  (* anyseq *) logic [63:0] noise;
  job_t  job;
  step_t step;
  logic             job_ready, tile_asked, tile_block, step_valid, record_valid, idle;
  logic [1:0]       tile_word;
  logic [StepW-1:0] step_bits;
  logic [31:0]      weight;
  logic [2:0]       record_id;
  logic [15:0]      record_index;
  logic [3:0]       way_q;         // marks of the tiles that are on their way
  logic [2:0]       out_q;         // how many
  assign job  = job_bits;
  assign step = step_bits;
  mv_attend #(
    .Sets(2), .Lv(Lv), .FullRate(2), .Tokens(2), .SubSteps(2), .Groups(2), .RowW(2), .WordW(2)
  ) dut (
    .clk_i(clk), .rst_ni(rst_n), .start_i(start), .set_i(set), .job_valid_i(job_valid),
    .job_ready_o(job_ready), .job_i(job_bits), .tile_valid_o(tile_asked),
    .tile_ready_i(tile_ready), .tile_word_o(tile_word), .tile_block_o(tile_block),
    .tile_valid_i(tile_comes), .tile_i(tile_comes ? {64{way_q[0]}} : noise),
    .step_valid_o(step_valid), .step_ready_i(step_ready), .step_o(step_bits), .weight_o(weight),
    .record_valid_o(record_valid), .record_id_o(record_id), .record_index_o(record_index),
    .drained_i(freed), .idle_o(idle));
  (* hierconn *) logic \dut.asker ;
  (* hierconn *) logic \dut.room ;
  (* hierconn *) logic \dut.next_valid ;
  (* hierconn *) logic \dut.next_ready ;

  logic       asks, takes, works, ends, tile_done, job_begins, thread;
  logic [2:0] tiles, total;         // of a chain; its inputs
  logic [2:0] strips;
  assign asks       = tile_asked && tile_ready;
  assign takes      = step_valid && step_ready && step.open;
  assign ends       = step_valid && step_ready && step.close;
  assign works      = step_valid && step_ready && !step.open && !step.close;
  assign thread     = step.thread;
  assign job_begins = \dut.next_valid && \dut.next_ready ;
  assign tiles      = 3'(job.outputs ? job.key_strips : job.channel_strips);
  assign strips     = 3'(job.outputs ? job.channel_strips : job.key_strips);
  assign total      = ((tiles - 3'd1) << 1) + 3'(job.outputs ? job.last_keys : job.last_channels);

  // By thread: is there a chain, how many inputs it has had, the marks of its tiles, how many.
  logic [1:0] active_q;
  logic [5:0] used_q;
  logic [3:0] marks_q, held_q;
  logic [3:0] left_q;               // strips of the job that are this set's, not yet taken
  logic [7:0] places_q;
  logic [2:0] used;
  logic [1:0] marks, held;
  logic [15:0] strip;
  assign used      = used_q[3'(thread) * 3 +: 3];
  assign marks     = marks_q[2'(thread) * 2 +: 2];
  assign held      = held_q[2'(thread) * 2 +: 2];
  assign tile_done = works && (used[0] || used + 3'd1 == total);
  assign strip     = (record_index - job.index) >> 1;
  always_ff @(posedge clk) begin
    if (!rst_n) begin
      active_q <= '0;
      out_q    <= '0;
      held_q   <= '0;
      left_q   <= '0;
      places_q <= '0;
    end else begin
      out_q    <= out_q + 3'(asks) - 3'(tile_comes);
      places_q <= (places_q & ~freed) | (takes ? 8'd1 << record_id : 8'd0);
      if (takes) active_q[thread] <= 1'b1;
      if (ends) active_q[thread] <= 1'b0;
      if (job_begins) begin
        for (int i = 0; i < 4; i++) left_q[i] <= 3'(i) < strips && (1'(i) ^ job.turn) == set;
      end else if (takes) begin
        left_q[2'(strip)] <= 1'b0;
      end
      for (int t = 0; t < 2; t++) begin
        held_q[t*2 +: 2] <= held_q[t*2 +: 2] + 2'(asks && \dut.asker == 1'(t)) -
                            2'(tile_done && thread == 1'(t));
      end
    end
    if (takes) used_q[3'(thread) * 3 +: 3] <= '0;
    else if (works) used_q[3'(thread) * 3 +: 3] <= used + 3'd1;
    way_q <= tile_comes ? way_q >> 1 : way_q;
    if (asks) way_q[2'(out_q - 3'(tile_comes))] <= mark;
    for (int t = 0; t < 2; t++) begin
      if (tile_done && thread == 1'(t)) marks_q[t*2 +: 2] <= marks_q[t*2 +: 2] >> 1;
      if (asks && \dut.asker == 1'(t)) begin
        marks_q[t*2 + 32'(held_q[t*2 +: 2] != 2'(tile_done && thread == 1'(t)))] <= mark;
      end
    end
  end

  always_comb begin
    // mv_attend.StripsHold, CausalFits, TurnIsASet; three strips at most.
    assume (job.key_strips != '0 && job.key_strips <= 3 && job.channel_strips != '0 &&
            job.channel_strips <= 3 && job.last_keys != '0 && job.last_keys <= Lv &&
            job.last_channels != '0 && job.last_channels <= Lv);
    assume (!job.causal || (job.base <= 16'd4 &&
            job.key_strips - 16'd1 <= job.base + 16'(job.last_group)));
    assume (!tile_comes || out_q != '0);               // mv_attend.TilesAwaited
    assume ((freed & ~places_q) == '0);                // OnlyUsed of mv_set_ctrl
    assume (!start || (idle && !job_valid));           // mv_attend.StartsIdle
  end
  always_ff @(posedge clk) begin
    if (rst_n) begin
      Buffers:   assert (!asks || \dut.room );
      Held:      assert (held_q[1:0] <= 2 && held_q[3:2] <= 2 && out_q <= 4);
      if (takes) begin
        Strips:    assert (strip < 4 && left_q[2'(strip)]);
        Free:      assert (!active_q[thread] && !places_q[record_id] && record_valid);
      end
      Records:   assert (record_valid == takes);
      AllTaken:  assert (!job_begins || left_q == '0);
      if (works) begin
        Active:    assert (active_q[thread] && used < total);
        Input:     assert (step.sel == {2{used[0]}});
        Tile:      assert (held != '0 && weight == {32{marks[0]}});
        First:     assert (step.first == (used == '0));
      end
      if (ends) begin
        Ends:      assert (active_q[thread] && used == total);
      end
      Idle:      assert (!idle || (active_q == '0 && left_q == '0));
      if ($past(rst_n) && $past(tile_asked && !tile_ready && !(step_valid && step_ready))) begin
        AskStays:  assert (tile_asked);
      end
      Late:      cover (works && used == 3'd2 && marks[0] && out_q == 1);
      Both:      cover (works && active_q == 2'b11 && thread && held_q == 4'b0101);
      Done:      cover (ends && idle == 1'b0 && left_q == '0 && strips == 1);
    end
  end
endmodule
