// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Zero-skip controller: a step in which nothing matches is dropped, and beats that hold only the
// weights of dropped steps are not fetched. Keeps the place in the weight stream, asks for the
// beats that the other steps need, in order, the first of a task ahead of time, and knows which
// accumulators have been started.

module mv_zero_skip #(
  parameter int PortBits = 512,
  parameter int Lv       = 8,
  parameter int FullRate = 4,
  parameter int SubSteps = 2,
  // derived
  localparam int BeatWeights = PortBits / 16,   // halfwords per beat
  localparam int OffsetW     = (BeatWeights > 1) ? $clog2(BeatWeights) : 1,
  localparam int CountW      = $clog2(Lv) + 1,
  localparam int Threads     = SubSteps,
  localparam int ThreadW     = (Threads > 1) ? $clog2(Threads) : 1,
  localparam int H           = Lv / FullRate
) (
  input  logic                  clk_i,
  input  logic                  rst_ni,
  input  logic                  start_i,   // an image begins
  // where the weights of the next task begin
  input  logic [31:0]           task_weights_i,
  // from the matching machine
  input  logic                  in_valid_i,
  output logic                  in_ready_o,
  input  logic                  in_begin_i,
  input  logic                  in_open_i,
  input  logic                  in_close_i,
  input  logic                  in_wide_i,
  input  logic [ThreadW-1:0]    in_thread_i,   // step of a wide chain: which Lv of its outputs
  input  logic                  in_buffer_i,
  input  logic [CountW-1:0]     in_weights_i,
  input  logic [H-1:0]          in_segment_i,
  input  logic [H-1:0]          in_buffers_i,
  // weight beats to fetch
  output logic                  beat_valid_o,
  input  logic                  beat_ready_i,
  output logic [31:0]           beat_o,
  // to the step queue: steps, beginnings and ends of chains
  output logic                  step_valid_o,
  input  logic                  step_ready_i,
  output logic [H-1:0]          step_first_o,     // segments that begin at the bias
  output logic [OffsetW-1:0]    step_offset_o,    // the weights' place in their beat
  output logic                  step_spans_o,     // they go on in the next beat
  output logic                  step_pops_o,      // they end their (first) beat
  output logic                  step_drops_o,     // what is left of the beat before is not needed
  output logic [SubSteps*H-1:0] step_started_o,   // close: segments (by Lv outputs) that have a sum
  // counters
  output logic                  skip_o   // a step was dropped
);
  logic [31:0]            beat_q;   // of the next weight
  logic [OffsetW-1:0]     offset_q;
  logic                   asked_q;        // beat_q has been asked for
  logic                   stale_q;        // a beat asked for has weights left that nobody needs
  logic                   first_done_q;   // of two beats, the first one has been asked for
  logic [2*Threads*H-1:0] started_q;      // by buffer, thread (or Lv outputs), segment

  logic             step_comes, any_match, ends_beat, spans_beats;
  logic             ask_begin, ask_first, ask_second, ready;
  logic [OffsetW:0] end_offset;
  assign step_comes  = in_valid_i && !in_begin_i && !in_open_i && !in_close_i;
  assign any_match   = in_segment_i != '0;
  assign end_offset  = (OffsetW + 1)'(offset_q) + (OffsetW + 1)'(in_weights_i);
  assign ends_beat   = end_offset >= (OffsetW + 1)'(BeatWeights);
  assign spans_beats = end_offset > (OffsetW + 1)'(BeatWeights);

  // A task's first beat is asked for before it is known what needs it, so that it comes early;
  // but for one whose rest nobody needs at most. The last beat of a step is asked for together with
  // the push.
  assign ask_begin    = in_valid_i && in_begin_i && !asked_q && !stale_q;
  assign ask_first    = step_comes && any_match && !asked_q && !first_done_q;
  assign ask_second   = step_comes && any_match && spans_beats;
  assign beat_valid_o = ask_begin || (step_ready_i && (ask_first || ask_second));
  assign beat_o       = ask_begin ? task_weights_i : ask_first ? beat_q : beat_q + 32'd1;
  assign ready        = step_ready_i && ((!ask_first && !ask_second) ||
                                         (beat_ready_i && !(ask_first && ask_second)));
  assign in_ready_o   = in_begin_i ? (!ask_begin || beat_ready_i) :
                        ((step_comes && !any_match) || ready);
  assign step_valid_o = in_valid_i && !in_begin_i && (in_open_i || in_close_i || any_match) &&
                        ready;
  assign skip_o       = step_comes && !any_match;

  assign step_offset_o = offset_q;
  assign step_spans_o  = spans_beats;
  assign step_pops_o   = ends_beat;
  assign step_drops_o  = stale_q;
  always_comb begin
    for (int g = 0; g < H; g++) begin
      step_first_o[g] =
          !started_q[(32'(in_buffers_i[g]) * Threads + 32'(in_thread_i)) * H + g];
    end
    // A narrow chain has one row, kept under its thread.
    for (int m = 0; m < SubSteps; m++) begin
      step_started_o[m * H +: H] =
          started_q[(32'(in_buffer_i) * Threads + (in_wide_i ? m : 32'(in_thread_i))) * H +: H];
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      asked_q      <= 1'b0;
      stale_q      <= 1'b0;
      first_done_q <= 1'b0;
      started_q    <= '0;
    end else if (start_i) begin
      asked_q <= 1'b0;
      stale_q <= 1'b0;
    end else if (in_valid_i && in_ready_o) begin
      first_done_q <= 1'b0;
      if (in_begin_i) begin
        stale_q <= stale_q || asked_q;
        asked_q <= ask_begin;
      end else if (in_open_i) begin
        for (int m = 0; m < Threads; m++) begin
          if (in_wide_i || m == 32'(in_thread_i)) begin
            started_q[(32'(in_buffer_i) * Threads + m) * H +: H] <= '0;
          end
        end
      end else if (step_comes && any_match) begin
        asked_q <= !ends_beat || spans_beats;
        stale_q <= 1'b0;
        for (int g = 0; g < H; g++) begin
          if (in_segment_i[g]) begin
            started_q[(32'(in_buffers_i[g]) * Threads + 32'(in_thread_i)) * H + g] <= 1'b1;
          end
        end
      end else if (step_comes && ends_beat) begin
        stale_q <= stale_q || asked_q;
        asked_q <= 1'b0;
      end
    end else if (beat_valid_o && beat_ready_i) begin
      first_done_q <= 1'b1;
    end
  end
  always_ff @(posedge clk_i) begin
    if (in_valid_i && in_ready_o) begin
      if (in_begin_i) begin
        beat_q   <= task_weights_i;
        offset_q <= '0;
      end else if (!in_open_i && !in_close_i) begin
        offset_q <= OffsetW'(end_offset);
        if (ends_beat) beat_q <= beat_q + 32'd1;
      end
    end
  end

`ifdef VERILATOR
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (rst_ni) begin
      StepDropped: cover (skip_o && in_ready_o);
      BeatStalls: cover (beat_valid_o && !beat_ready_i);
      StepStalls: cover (step_comes && any_match && !step_ready_i);
      StepSpans: cover (step_valid_o && step_comes && spans_beats);
      StepEndsBeat: cover (step_valid_o && step_comes && ends_beat && !spans_beats);
      BothBeatsAsked: cover (ask_first && ask_second && beat_valid_o);
      RestIsDropped: cover (step_valid_o && step_comes && stale_q);
      BeginKeepsBeat: cover (in_valid_i && in_begin_i && (asked_q || stale_q));
      OneKind: assert (!in_valid_i || $onehot0({in_begin_i, in_open_i, in_close_i}))
        else $error("mv_zero_skip.OneKind: more than one of begin, open and close");
    end
  end
`endif
endmodule
