// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// First-in first-out queue of registers whose head is visible without a read cycle.

module mv_fifo #(
  parameter int Width = 8,
  parameter int Depth = 4   // at least 1
) (
  input  logic             clk_i,
  input  logic             rst_ni,
  // write port
  input  logic             push_valid_i,
  output logic             push_ready_o,
  input  logic [Width-1:0] push_data_i,
  // read port
  output logic             pop_valid_o,
  input  logic             pop_ready_i,
  output logic [Width-1:0] pop_data_o
);
  if (Depth < 1) begin : g_bad_depth
`ifdef VERILATOR
    $fatal(0, "mv_fifo: Depth must be at least 1");
`else
    mv_fifo__depth_must_be_at_least_1 u_illegal ();
`endif
  end

  localparam int PlaceW = (Depth > 1) ? $clog2(Depth) : 1;
  localparam int CountW = $clog2(Depth + 1);

  logic [Width-1:0]  entries_q [Depth];
  logic [PlaceW-1:0] read_at_q, write_at_q;
  logic [CountW-1:0] count_q;
  logic              push, pop;

  assign push_ready_o = count_q != CountW'(Depth);
  assign pop_valid_o  = count_q != '0;
  assign pop_data_o   = entries_q[read_at_q];
  assign push         = push_valid_i & push_ready_o;
  assign pop          = pop_valid_o & pop_ready_i;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      read_at_q  <= '0;
      write_at_q <= '0;
      count_q    <= '0;
    end else begin
      if (push) write_at_q <= (write_at_q == PlaceW'(Depth - 1)) ? '0 : write_at_q + PlaceW'(1);
      if (pop)  read_at_q <= (read_at_q == PlaceW'(Depth - 1)) ? '0 : read_at_q + PlaceW'(1);
      if (push && !pop) count_q <= count_q + CountW'(1);
      if (pop && !push) count_q <= count_q - CountW'(1);
    end
  end

  always_ff @(posedge clk_i) begin
    if (push) entries_q[write_at_q] <= push_data_i;
  end

`ifdef VERILATOR
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (rst_ni) begin
      FullAndPushed: cover (push_valid_i && !push_ready_o);
      EmptyAndAsked: cover (pop_ready_i && !pop_valid_o);
      PushedAndPopped: cover (push && pop);
      FirstComes: cover (push && !pop && count_q == '0);
      LastLeaves: cover (pop && !push && count_q == CountW'(1));
      Fills: cover (push && !pop && count_q == CountW'(Depth - 1));
      WriteWraps: cover (push && write_at_q == PlaceW'(Depth - 1));
      ReadWraps: cover (pop && read_at_q == PlaceW'(Depth - 1));
    end
  end
`endif
endmodule
