  // When each output of mv_decompressor must be known.
  // Always, from the end of the reset on:
  assign task_ready_o_sure = '1;
  assign beat_ready_o_sure = '1;
  assign op_valid_o_sure   = '1;
  assign idle_o_sure       = '1;
  localparam int LaneW   = (Lv > 1) ? $clog2(Lv) : 1;
  localparam int CountW  = $clog2(Lv) + 1;
  localparam int H       = (FullRate > 0 && FullRate < Lv) ? Lv / FullRate : 1;
  localparam int ThreadW = (SubSteps > 1) ? $clog2(SubSteps) : 1;
  localparam int OutputW = (SubSteps * Lv > 1) ? $clog2(SubSteps * Lv) : 1;
  localparam int ClassW  = ($clog2(H) > 0) ? $clog2($clog2(H) + 1) : 1;
  // Under op_valid_o, by what it is:
  wire in_task = op_valid_o && !op_begin_o;   // a task
  wire record = op_valid_o && op_record_o;
  wire opens  = record && op_open_o;
  wire closes = op_valid_o && op_close_o;
  wire turns  = op_valid_o && op_turn_o;
  assign op_begin_o_sure   = op_valid_o;
  assign op_record_o_sure  = op_valid_o;
  assign op_close_o_sure   = op_valid_o;
  assign op_turn_o_sure    = op_valid_o;
  assign op_unit_o_sure    = {H{op_valid_o}};
  assign op_open_o_sure    = record;
  assign op_id_o_sure      = {$clog2(4 * SubSteps){record}};
  assign op_number_o_sure  = {OutputW{record}};
  assign op_data_o_sure    = {32{record}};
  assign op_count_o_sure   = {OutputW + 1{closes}};
  assign op_buffer_o_sure  = opens || closes;
  assign op_wide_o_sure    = opens || closes || turns;
  assign op_thread_o_sure  = {ThreadW{opens || closes || turns}};
  assign op_classes_o_sure = {ClassW{in_task && !op_record_o}};
  // Of each class, with its unit:
  assign op_unit_row_o_sure = {ThreadW{in_task && op_unit_o[0]}};
  for (genvar j = 0; j < H; j++) begin : g_class
    wire unit = in_task && op_unit_o[j];
    assign op_unit_buffer_o_sure[j]                = unit;
    assign op_row_o_sure[j*16 +: 16]               = {16{unit}};
    assign op_offset_o_sure[j*LaneW +: LaneW]      = {LaneW{unit}};
    assign op_weights_o_sure[j*CountW +: CountW]   = {CountW{unit}};
  end
