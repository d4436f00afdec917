  // When each output of mv_scheduler must be known.
  // Always, from the end of the reset on:
  assign dir_valid_o_sure  = '1;
  assign task_valid_o_sure = '1;
  assign done_o_sure       = '1;
  // Of each cluster, under its dir_valid_o, and under task_valid_o of one of its sets:
  for (genvar k = 0; k < Sets / Assoc; k++) begin : g_cluster
    assign dir_beat_o_sure[k*32 +: 32] = {32{dir_valid_o[k]}};
    assign task_o_sure[k*64 +: 64]     = {64{|task_valid_o[k*Assoc +: Assoc]}};
  end
