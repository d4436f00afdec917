// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Proof of mv_weights: each lane of a step gets its weight of the beat that is the step's, beats
// are used in order, none twice, none lost, and a step whose beats are there waits two cycles at
// most. Beats are numbered, and their weights too, so that a weight says where it comes from.
//
// proof: rtl mv_weights.sv; depth 10; induction 3

module prove (input logic clk);
  localparam int Lv = 2;
  localparam int BeatWeights = 2;
  logic rst_n = 1'b0;
  always_ff @(posedge clk) rst_n <= 1'b1;
  (* anyseq *) logic        start, beat_valid, step_valid, load, spans, pops, drops;
  (* anyseq *) logic        offset;
  (* anyseq *) logic [1:0]  source;
  (* anyseq *) logic [31:0] noise;
  logic        beat_ready, ready;
  logic [31:0] beat_data, weight;
  logic [14:0] next_q;   // number of the next beat
  assign beat_data = beat_valid ? {next_q, 1'b1, next_q, 1'b0} : noise;
  mv_weights #(.PortBits(BeatWeights * 16), .Lv(Lv)) dut (
    .clk_i(clk), .rst_ni(rst_n), .start_i(start), .beat_valid_i(beat_valid),
    .beat_ready_o(beat_ready),
    .beat_data_i(beat_data), .step_valid_i(step_valid), .offset_i(offset), .spans_i(spans),
    .pops_i(pops),
    .drops_i(drops), .source_i(source), .ready_o(ready), .load_i(load), .weight_o(weight));

  (* hierconn *) logic        \dut.beat_valid_q ;
  (* hierconn *) logic        \dut.dropped_q ;
  (* hierconn *) logic [31:0] \dut.beat_q ;

  logic [14:0] at_q;      // number of the beat that the next step begins in, but for its drop
  logic [14:0] of_step;   // of the beat that this step begins in
  logic [1:0]  waits_q;   // cycles that a step has waited whose beats are there
  logic        weights_hold;
  assign of_step = at_q + 15'(drops);
  always_comb begin
    weights_hold = 1'b1;
    for (int i = 0; i < Lv; i++) begin
      // What lies behind the beat belongs to the step only if it goes on there.
      if ((!offset || !source[i] || spans) &&
          weight[i * 16 +: 16] != {of_step, 1'b0} + 16'(offset) + 16'(source[i])) begin
        weights_hold = 1'b0;
      end
    end
  end
  always_ff @(posedge clk) begin
    if (!rst_n) begin
      next_q  <= '0;
      at_q    <= '0;
      waits_q <= '0;
    end else begin
      next_q <= next_q + 15'(beat_valid && beat_ready);
      if (start) at_q <= next_q + 15'(beat_valid && beat_ready);
      else if (load) at_q <= at_q + 15'(drops) + 15'(pops);
      waits_q <= (step_valid && beat_valid && !ready && !start) ? waits_q + 2'd1 : '0;
    end
  end

  always_comb begin
    assume (!load || (step_valid && ready));
    assume (!spans || pops);
    assume (!start || !step_valid);
  end
  always_ff @(posedge clk) begin
    if (rst_n) begin
      if ($past(rst_n)) begin
        // A queue of beats and one of steps: what waits stays.
        if ($past(beat_valid && !beat_ready)) assume (beat_valid);
        if ($past(step_valid && !load && !start)) begin
          assume (step_valid && {offset, spans, pops, drops, source} ==
                  $past({offset, spans, pops, drops, source}));
        end
      end
      Weights:    assert (!load || weights_hold);
      Used:       assert (next_q == at_q + 15'(\dut.dropped_q ) + 15'(\dut.beat_valid_q ));
      Kept:       assert (!\dut.beat_valid_q || \dut.beat_q ==
                          {15'(next_q - 15'd1), 1'b1, 15'(next_q - 15'd1), 1'b0});
      DropsOnce:  assert (!\dut.dropped_q || (step_valid && drops));
      Progress:   assert (waits_q <= 2'(\dut.beat_valid_q ) + 2'(\dut.dropped_q ));
      if ($past(rst_n) && $past(ready && step_valid && !load && !start && beat_valid)) begin
        ReadyStays: assert (ready);
      end
      Spans:      cover (load && spans && drops && next_q == 3);
      Back:       cover (load && $past(load) && $past(pops));
    end
  end
endmodule
