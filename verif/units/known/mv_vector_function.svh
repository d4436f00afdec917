  // When each output of mv_vector_function must be known: arguments come in each cycle, so as soon as
  // the first have passed all five registers.
  int age_q;
  initial age_q = 0;
  always @(posedge clk_i) age_q <= age_q + 1;
  assign sign_o_sure        = age_q >= 5;
  assign exponent_o_sure    = {8{age_q >= 5}};
  assign significand_o_sure = {33{age_q >= 5}};
  // In front of the last register, of what it is meant for:
  assign root_o_sure = {31{age_q >= 4 && (op_s4_i == 4'd8 || op_s4_i == 4'd10)}};
