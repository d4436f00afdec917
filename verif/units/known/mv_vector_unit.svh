  // When each output of mv_vector_unit must be known.
  // Always, from the end of the reset on:
  assign valid_o_sure = '1;
  // Under valid_o:
  assign tag_o_sure    = {16{valid_o}};
  assign result_o_sure = {Lanes * 16{valid_o}};
