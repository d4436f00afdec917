  // When each output of mv_fp32_mul must be known: where a product is due that was let in.
  logic [Stages-1:0] due_q;
  wire  [Stages:0] due = {due_q, en_i[0]};   // bit n: operands were taken n cycles ago
  initial due_q = '0;
  always @(posedge clk_i) due_q <= due[Stages-1:0];
  assign product_o_sure = {32{due[Stages]}};
