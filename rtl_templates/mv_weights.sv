// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Weight window: holds the beat in use and gives the lanes of a step their weights, which may go on
// in the next beat.

module mv_weights #(
  parameter int PortBits = 512,
  parameter int Lv       = 8,
  // derived
  localparam int BeatWeights = PortBits / 16,
  localparam int OffsetW     = (BeatWeights > 1) ? $clog2(BeatWeights) : 1,
  localparam int LaneW       = (Lv > 1) ? $clog2(Lv) : 1
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  input  logic                start_i,   // an image begins: forget what is left
  // beats
  input  logic                beat_valid_i,
  output logic                beat_ready_o,
  input  logic [PortBits-1:0] beat_data_i,
  // the step at the head of the queue
  input  logic                step_valid_i,
  input  logic [OffsetW-1:0]  offset_i,
  input  logic                spans_i,
  input  logic                pops_i,
  input  logic                drops_i,
  input  logic [Lv*LaneW-1:0] source_i,   // which of the step's weights is each lane's
  output logic                ready_o,    // its weights are there
  input  logic                load_i,     // it is taken
  output logic [Lv*16-1:0]    weight_o
);
  logic [PortBits-1:0] beat_q;
  logic                beat_valid_q;
  logic                dropped_q;   // this step's drop has been done
  logic                drop, pop;
  logic [Lv*16-1:0]    window;

  assign drop         = step_valid_i && drops_i && !dropped_q && beat_valid_q;
  assign pop          = drop || (load_i && pops_i);
  assign ready_o      = beat_valid_q && (!drops_i || dropped_q) && (!spans_i || beat_valid_i);
  assign beat_ready_o = !beat_valid_q || pop;

  assign window = (Lv * 16)'({beat_data_i, beat_q} >> {offset_i, 4'b0});
  always_comb begin
    for (int i = 0; i < Lv; i++) begin
      weight_o[i * 16 +: 16] = window[32'(source_i[i * LaneW +: LaneW]) * 16 +: 16];
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      beat_valid_q <= 1'b0;
      dropped_q    <= 1'b0;
    end else if (start_i) begin
      beat_valid_q <= 1'b0;
      dropped_q    <= 1'b0;
    end else begin
      if (beat_ready_o) beat_valid_q <= beat_valid_i;
      if (load_i) dropped_q <= 1'b0;
      else if (drop) dropped_q <= 1'b1;
    end
  end
  always_ff @(posedge clk_i) begin
    if (beat_valid_i && beat_ready_o) beat_q <= beat_data_i;
  end

`ifdef VERILATOR
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (rst_ni) begin
      NextBeatAwaited: cover (step_valid_i && beat_valid_q && spans_i && !beat_valid_i);
      BeatAwaited: cover (step_valid_i && !beat_valid_q);
      BeatDropped: cover (drop);
      LoadedAndRefilled: cover (load_i && pops_i && beat_valid_i);
      LoadedOverTwoBeats: cover (load_i && spans_i);
      LoadsReady: assert (!load_i || (step_valid_i && ready_o))
        else $error("mv_weights.LoadsReady: a step is taken whose weights are not there");
    end
  end
`endif
endmodule
