  // When each output of mv_weights must be known.
  // Always, from the end of the reset on:
  assign beat_ready_o_sure = '1;
  assign ready_o_sure      = '1;
  // With a step whose weights are there, lanes whose weight stands in a beat that the step uses. (Which
  // lanes count is not said at the ports: those that do not may point behind the step's weights.)
  localparam int BeatWeights = PortBits / 16;
  localparam int LaneW       = (Lv > 1) ? $clog2(Lv) : 1;
  for (genvar i = 0; i < Lv; i++) begin : g_lane
    wire [31:0] source = 32'(source_i[i*LaneW +: LaneW]);
    wire there = source < Lv && (spans_i || 32'(offset_i) + source < BeatWeights);
    assign weight_o_sure[i*16 +: 16] = {16{step_valid_i && ready_o && there}};
  end
