  // When each output of tb_fp_top must be known: operands come in each cycle, so as soon as the first
  // have passed all registers.
  int age_q;
  initial age_q = 0;
  always @(posedge clk_i) age_q <= age_q + 1;
  assign product_o_sure = {32{age_q >= MulStages}};
  assign sum_o_sure     = {32{age_q >= Cuts}};
  // No registers:
  assign widened_o_sure = '1;
  assign rounded_o_sure = '1;
