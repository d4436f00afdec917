// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Matching machine: pairs kept weights with non-zero activations. Looks up the inputs of each unit
// in the non-zero map, gathers the units of a turn into one step, and says which lanes have both a
// weight and an activation, and which weight of the step is theirs.

module mv_matching #(
  parameter int Lv       = 8,
  parameter int FullRate = 4,
  parameter int SubSteps = 2,
  parameter int Groups   = 4,   // token groups that an activation row can hold
  parameter int RowW     = 16,
  // derived
  localparam int LvLog2  = $clog2(Lv),
  localparam int LaneW   = (LvLog2 > 0) ? LvLog2 : 1,
  localparam int CountW  = LvLog2 + 1,
  localparam int Threads = SubSteps,
  localparam int ThreadW = (Threads > 1) ? $clog2(Threads) : 1,
  localparam int IdW     = $clog2(4 * SubSteps),
  localparam int OutW    = (SubSteps * Lv > 1) ? $clog2(SubSteps * Lv) : 1,
  localparam int H       = Lv / FullRate,
  localparam int ClassW  = ($clog2(H) > 0) ? $clog2($clog2(H) + 1) : 1
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,
  input  logic                 column_i,
  input  logic [Groups-1:0]    group_mask_i,   // token groups in use
  // operations from the decompressor
  input  logic                 op_valid_i,
  output logic                 op_ready_o,
  input  logic                 op_begin_i,
  input  logic                 op_record_i,
  input  logic                 op_open_i,
  input  logic                 op_close_i,
  input  logic                 op_turn_i,
  input  logic                 op_wide_i,
  input  logic [ClassW-1:0]    op_classes_i,
  input  logic [OutW:0]        op_count_i,
  input  logic [ThreadW-1:0]   op_thread_i,
  input  logic                 op_buffer_i,
  input  logic [IdW-1:0]       op_id_i,
  input  logic [OutW-1:0]      op_number_i,
  input  logic [31:0]          op_data_i,
  input  logic [H-1:0]         op_unit_i,
  input  logic [H-1:0]         op_unit_buffer_i,
  input  logic [ThreadW-1:0]   op_unit_row_i,
  input  logic [H*RowW-1:0]    op_row_i,
  input  logic [H*LaneW-1:0]   op_offset_i,
  input  logic [H*CountW-1:0]  op_weights_i,
  // non-zero map: a bit per sub-bank and token group, read one cycle after the address; sub-banks
  // i = g (mod H) have row address g
  output logic                 map_read_o,
  output logic [H*RowW-1:0]    map_row_o,
  input  logic [Lv*Groups-1:0] map_data_i,
  // output records
  output logic                 record_valid_o,
  output logic [IdW-1:0]       record_id_o,
  output logic [OutW-1:0]      record_number_o,
  output logic [31:0]          record_o,
  // steps (without a lane: nothing matches), beginnings and ends of chains, beginnings of tasks;
  // one at a time
  output logic                 out_valid_o,
  input  logic                 out_ready_i,
  output logic                 out_begin_o,
  output logic                 out_open_o,
  output logic                 out_close_o,
  output logic                 out_wide_o,
  output logic [ClassW-1:0]    out_classes_o,
  output logic [OutW:0]        out_count_o,
  output logic [ThreadW-1:0]   out_thread_o,    // step of a wide chain: which Lv of its outputs
  output logic                 out_buffer_o,    // open, close: the chain's
  output logic [IdW-1:0]       out_id_o,        // open: the chain's place
  output logic [CountW-1:0]    out_weights_o,   // step: weights in the stream
  output logic [H-1:0]         out_segment_o,   // step: segments with a lane that matches
  output logic [H-1:0]         out_buffers_o,   // step: chains of the segments
  output logic [Lv-1:0]        out_mask_o,      // step: lanes that match
  output logic [Lv*LaneW-1:0]  out_source_o,    // step: each lane's weight
  output logic [Lv*LaneW-1:0]  out_sel_o,       // column: each lane's sub-bank
  output logic [H*RowW-1:0]    out_address_o,   // step: row addresses
  output logic                 idle_o
);
  // ---- stage 1: the operation, while the map is read ----
  logic                valid_q, begin_q, record_q, open_q, close_q, turn_q, wide_q, buffer_q;
  logic [ClassW-1:0]   classes_q;
  logic [OutW:0]       count_q;
  logic [ThreadW-1:0]  thread_q, unit_row_q;
  logic [IdW-1:0]      id_q;
  logic [OutW-1:0]     number_q;
  logic [31:0]         data_q;
  logic [H-1:0]        unit_q, unit_buffer_q;
  logic [H*RowW-1:0]   row_q;
  logic [H*LaneW-1:0]  offset_q;
  logic [H*CountW-1:0] weights_q;
  logic                advance;

  assign op_ready_o = !valid_q || advance;
  assign map_read_o = op_valid_i && op_ready_o && (op_unit_i != '0);
  always_comb begin
    for (int g = 0; g < H; g++) begin
      map_row_o[g*RowW +: RowW] =
          op_row_i[(g & ((32'd1 << op_classes_i) - 32'd1)) * RowW +: RowW];
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) valid_q <= 1'b0;
    else if (op_ready_o) valid_q <= op_valid_i;
  end
  always_ff @(posedge clk_i) begin
    if (op_valid_i && op_ready_o) begin
      begin_q       <= op_begin_i;
      record_q      <= op_record_i;
      open_q        <= op_open_i;
      id_q          <= op_id_i;
      close_q       <= op_close_i;
      turn_q        <= op_turn_i;
      wide_q        <= op_wide_i;
      buffer_q      <= op_buffer_i;
      classes_q     <= op_classes_i;
      count_q       <= op_count_i;
      thread_q      <= op_thread_i;
      unit_row_q    <= op_unit_row_i;
      number_q      <= op_number_i;
      data_q        <= op_data_i;
      unit_q        <= op_unit_i;
      unit_buffer_q <= op_unit_buffer_i;
      row_q         <= map_row_o;
      offset_q      <= op_offset_i;
      weights_q     <= op_weights_i;
    end
  end

  // ---- what matches, lane by lane; lane i works for class i mod h ----
  // Without a unit classes_q says nothing: the class must be one that there is.
  logic [Lv-1:0] nonzero, lane_matches;
  always_comb begin
    for (int i = 0; i < Lv; i++) begin
      nonzero[i] = (map_data_i[i * Groups +: Groups] & group_mask_i) != '0;
    end
  end
  always_comb begin
    for (int i = 0; i < Lv; i++) begin
      logic [31:0] j, lane_of_class, first_input, inputs;
      j             = i & ((32'd1 << classes_q) - 32'd1) & (H - 1);  // class
      lane_of_class = i >> classes_q;                      // lane in the class
      first_input   = 32'(offset_q[j * LaneW +: LaneW]);
      inputs        = 32'(weights_q[j * CountW +: CountW]);
      if (column_i) begin
        lane_matches[i] = unit_q[j] && (lane_of_class < inputs) &&
                          nonzero[LaneW'((first_input << classes_q) | j)];
      end else begin
        lane_matches[i] = unit_q[j] && (lane_of_class >= first_input) &&
                          (lane_of_class < first_input + inputs) && nonzero[i];
      end
    end
  end

  // ---- the turn being gathered ----
  logic [H-1:0]        gathered_unit_q, gathered_buffer_q, gathered_unit, gathered_buffer;
  logic [Lv-1:0]       gathered_mask_q, gathered_mask;
  logic [H*RowW-1:0]   gathered_row_q, gathered_row;
  logic [H*LaneW-1:0]  gathered_offset_q, gathered_offset;
  logic [H*CountW-1:0] gathered_weights_q, gathered_weights;
  logic [H*CountW-1:0] weights_before;   // weights of the classes before
  logic [CountW-1:0]   weights_so_far;
  logic [ThreadW-1:0]  gathered_unit_row_q, gathered_unit_row;
  assign gathered_unit_row = unit_q[0] ? unit_row_q : gathered_unit_row_q;
  always_comb begin
    gathered_unit    = gathered_unit_q | unit_q;
    gathered_buffer  = gathered_buffer_q;
    gathered_mask    = gathered_mask_q | lane_matches;
    gathered_row     = gathered_row_q;
    gathered_offset  = gathered_offset_q;
    gathered_weights = gathered_weights_q;
    for (int j = 0; j < H; j++) begin
      if (unit_q[j]) begin
        gathered_buffer[j]                     = unit_buffer_q[j];
        gathered_offset[j * LaneW +: LaneW]    = offset_q[j * LaneW +: LaneW];
        gathered_weights[j * CountW +: CountW] = weights_q[j * CountW +: CountW];
      end
      if (unit_q[j & ((32'd1 << classes_q) - 32'd1)]) begin
        gathered_row[j * RowW +: RowW] = row_q[j * RowW +: RowW];
      end
    end
    weights_so_far = '0;
    for (int j = 0; j < H; j++) begin
      weights_before[j * CountW +: CountW] = weights_so_far;
      if (gathered_unit[j])
        weights_so_far = weights_so_far + gathered_weights[j * CountW +: CountW];
    end
  end

  always_comb begin
    out_segment_o = '0;
    out_buffers_o = '0;
    out_source_o  = '0;
    out_sel_o     = '0;
    for (int i = 0; i < Lv; i++) begin
      logic [31:0] j, lane_of_class, first_input;
      j             = i & ((32'd1 << classes_q) - 32'd1) & (H - 1);
      lane_of_class = i >> classes_q;
      first_input   = 32'(gathered_offset[j * LaneW +: LaneW]);
      if (gathered_mask[i]) out_segment_o[i % H] = 1'b1;
      out_buffers_o[i % H] = gathered_buffer[j];
      out_source_o[i * LaneW +: LaneW] =
          LaneW'(32'(weights_before[j * CountW +: CountW]) + lane_of_class -
                 (column_i ? 32'd0 : first_input));
      out_sel_o[i * LaneW +: LaneW] = LaneW'((first_input << classes_q) | j);
    end
    // The segments of a class act together.
    for (int g = 0; g < H; g++) begin
      for (int i = 0; i < Lv; i++) begin
        if (gathered_mask[i] && ((i ^ g) & ((1 << classes_q) - 1)) == 0) out_segment_o[g] = 1'b1;
      end
    end
  end

  logic step;
  assign step          = turn_q && (gathered_unit != '0);
  assign out_valid_o   = valid_q && (begin_q || (record_q && open_q) || close_q || step);
  assign out_begin_o   = begin_q;
  assign out_open_o    = record_q && open_q;
  assign out_close_o   = close_q;
  assign out_wide_o    = wide_q;
  assign out_classes_o = classes_q;
  assign out_count_o   = count_q;
  assign out_thread_o  = (wide_q && step) ? gathered_unit_row : thread_q;
  assign out_id_o      = id_q;
  assign out_buffer_o  = buffer_q;
  assign out_weights_o = weights_so_far;
  assign out_mask_o    = gathered_mask;
  assign out_address_o = gathered_row;
  assign advance       = valid_q && (!out_valid_o || out_ready_i);
  assign idle_o        = !valid_q;

  assign record_valid_o  = valid_q && record_q;
  assign record_id_o     = id_q;
  assign record_number_o = number_q;
  assign record_o        = data_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      gathered_unit_q <= '0;
      gathered_mask_q <= '0;
    end else if (advance) begin
      gathered_unit_q <= turn_q ? '0 : gathered_unit;
      gathered_mask_q <= turn_q ? '0 : gathered_mask;
    end
  end
  always_ff @(posedge clk_i) begin
    if (advance) begin
      gathered_buffer_q   <= gathered_buffer;
      gathered_row_q      <= gathered_row;
      gathered_offset_q   <= gathered_offset;
      gathered_weights_q  <= gathered_weights;
      gathered_unit_row_q <= gathered_unit_row;
    end
  end

`ifdef VERILATOR
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (rst_ni) begin
      StepStalls: cover (out_valid_o && !out_ready_i);
      NothingMatches: cover (valid_q && step && gathered_mask == '0);
      AllMatch: cover (valid_q && step && (&gathered_mask));
      TurnGathered: cover (valid_q && unit_q != '0 && gathered_unit_q != '0);
      TurnOfNothing: cover (valid_q && turn_q && gathered_unit == '0);
      OneOperation: assert (!op_valid_i ||
          $onehot0({op_begin_i, op_record_i, op_close_i, op_turn_i}))
        else $error("mv_matching.OneOperation: more than one of begin, record, close and turn");
    end
  end
`endif
endmodule
