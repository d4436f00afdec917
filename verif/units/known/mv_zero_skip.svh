  // When each output of mv_zero_skip must be known.
  // Always, from the end of the reset on:
  assign in_ready_o_sure   = '1;
  assign beat_valid_o_sure = '1;
  assign step_valid_o_sure = '1;
  assign skip_o_sure       = '1;
  // Under beat_valid_o:
  assign beat_o_sure = {32{beat_valid_o}};
  // Under step_valid_o, of a step; segments that begin only where one matches:
  localparam int OffsetW = (PortBits > 16) ? $clog2(PortBits / 16) : 1;
  localparam int H       = Lv / FullRate;
  wire step = step_valid_o && !in_begin_i && !in_open_i && !in_close_i;
  assign step_first_o_sure  = {H{step}} & in_segment_i;
  assign step_offset_o_sure = {OffsetW{step}};
  assign step_spans_o_sure  = step;
  assign step_pops_o_sure   = step;
  assign step_drops_o_sure  = step;
  // Under step_valid_o, of a chain's end, for its rows:
  for (genvar m = 0; m < SubSteps; m++) begin : g_row
    assign step_started_o_sure[m*H +: H] = {H{step_valid_o && in_close_i && (m == 0 || in_wide_i)}};
  end
