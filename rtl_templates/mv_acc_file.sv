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
  input  logic             write_i,
  input  logic [SlotW-1:0] write_slot_i,
  input  logic [31:0]      write_data_i,
  // read port of the loop
  input  logic [SlotW-1:0] read_slot_i,
  output logic [31:0]      read_data_o,
  // read port of the drain; the value stays until the next read
  input  logic             drain_i,
  input  logic [SlotW-1:0] drain_slot_i,
  output logic [31:0]      drain_data_o
);
  logic [31:0] memory_q[Slots];

  logic [31:0] drain_data_q;
  always_ff @(posedge clk_i) begin
    if (write_i) memory_q[write_slot_i] <= write_data_i;
    if (drain_i) drain_data_q <= memory_q[drain_slot_i];
  end

  assign read_data_o  = memory_q[read_slot_i];
  assign drain_data_o = drain_data_q;
endmodule
