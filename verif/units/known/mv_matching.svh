  // When each output of mv_matching must be known.
  // Always, from the end of the reset on:
  assign op_ready_o_sure     = '1;
  assign map_read_o_sure     = '1;
  assign record_valid_o_sure = '1;
  assign out_valid_o_sure    = '1;
  assign idle_o_sure         = '1;
  localparam int LaneW   = (Lv > 1) ? $clog2(Lv) : 1;
  localparam int H       = Lv / FullRate;
  localparam int IdW     = $clog2(4 * SubSteps);
  localparam int OutW    = (SubSteps * Lv > 1) ? $clog2(SubSteps * Lv) : 1;
  localparam int ThreadW = (SubSteps > 1) ? $clog2(SubSteps) : 1;
  localparam int ClassW  = ($clog2(H) > 0) ? $clog2($clog2(H) + 1) : 1;
  // Under record_valid_o:
  assign record_id_o_sure     = {IdW{record_valid_o}};
  assign record_number_o_sure = {OutW{record_valid_o}};
  assign record_o_sure        = {32{record_valid_o}};
  // Under out_valid_o, by what it is:
  assign out_begin_o_sure = out_valid_o;
  assign out_open_o_sure  = out_valid_o;
  assign out_close_o_sure = out_valid_o;
  wire step = out_valid_o && !out_begin_o && !out_open_o && !out_close_o;
  wire ends = out_valid_o && out_close_o;
  wire chain = out_valid_o && (out_open_o || out_close_o);
  assign out_wide_o_sure    = step || chain;
  assign out_classes_o_sure = {ClassW{step || ends}};
  assign out_count_o_sure   = {OutW + 1{ends}};
  assign out_thread_o_sure  = {ThreadW{step || chain}};
  assign out_buffer_o_sure  = chain;
  assign out_id_o_sure      = {IdW{out_valid_o && out_open_o}};
  assign out_weights_o_sure = {$clog2(Lv) + 1{step}};
  assign out_segment_o_sure = {H{step}};
  assign out_buffers_o_sure = {H{step}} & out_segment_o;
  assign out_mask_o_sure    = {Lv{step}};
  for (genvar g = 0; g < H; g++) begin : g_segment
    // A class's unit is read by all segments of the class.
    wire read = map_read_o && op_unit_i[g % (1 << op_classes_i)];
    assign map_row_o_sure[g*16 +: 16]     = {16{read}};
    assign out_address_o_sure[g*16 +: 16] = {16{step && out_segment_o[g]}};
  end
  for (genvar i = 0; i < Lv; i++) begin : g_lane
    assign out_source_o_sure[i*LaneW +: LaneW] = {LaneW{step && out_mask_o[i]}};
    assign out_sel_o_sure[i*LaneW +: LaneW]    = {LaneW{step && out_mask_o[i] && column_i}};
  end
