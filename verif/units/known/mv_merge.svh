  // When each output of mv_merge must be known: where a result is due.
  localparam int Latency = $clog2(H) * AddStages;
  logic [Latency:0] due_q;
  wire  [Latency+1:0] due = {due_q, valid_i};   // bit n: an output was meant n cycles ago
  initial due_q = '0;
  always @(posedge clk_i) due_q <= rst_ni ? due[Latency:0] : 0;
  assign result_o_sure = {Lt * 16{due[Latency]}};
