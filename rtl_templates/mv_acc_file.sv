// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Accumulator file of one MAC lane.
//
// Holds Slots partial sums in binary32: one write port, one read port of the accumulation loop, one
// of the drain. A slot reads as its new value in the cycle after its write; the loop's port reads
// at once, the drain's into a register.

module mv_acc_file #(
  parameter int Slots = 32,
  // derived
  localparam int SlotW = (Slots > 1) ? $clog2(Slots) : 1   // of a slot number
) (
  input  logic             clk_i,
  // write port
  input  logic             we_i,
  input  logic [SlotW-1:0] wslot_i,
  input  logic [31:0]      wdata_i,
  // read port of the loop
  input  logic [SlotW-1:0] rslot_i,
  output logic [31:0]      rdata_o,
  // read port of the drain; the value stays until the next read
  input  logic             drain_i,
  input  logic [SlotW-1:0] dslot_i,
  output logic [31:0]      ddata_o
);
  logic [31:0] memory_q[Slots];

  logic [31:0] ddata_q;
  always_ff @(posedge clk_i) begin
    if (we_i) memory_q[wslot_i] <= wdata_i;
    if (drain_i) ddata_q <= memory_q[dslot_i];
  end

  assign rdata_o = memory_q[rslot_i];
  assign ddata_o = ddata_q;
endmodule
