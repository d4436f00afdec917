// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Bank of the key/value memory: words of some positions of one channel, one read per cycle and one
// write per cycle and writer.

module mv_kv_bank #(
  parameter int Positions = 8,
  parameter int Depth     = 3072,   // words
  parameter int Writers   = 1,      // that write different words or positions in a cycle
  // derived
  localparam int WordW = (Depth > 1) ? $clog2(Depth) : 1
) (
  input  logic                            clk_i,
  // write: the positions whose bit is set
  input  logic [Writers*Positions-1:0]    write_i,
  input  logic [Writers*WordW-1:0]        write_word_i,
  input  logic [Writers*Positions*16-1:0] write_data_i,
  // read: data one cycle later, which stay until the next read
  input  logic                            read_i,
  input  logic [WordW-1:0]                read_word_i,
  output logic [Positions*16-1:0]         data_o
);
  logic [Positions*16-1:0] words_q [Depth];
  logic [Positions*16-1:0] data_q;
  // The most that gen_accel makes are 8 writers of 32 positions, 256 such writes: the limit of
  // what Verilator 5.006 unrolls here.
  always_ff @(posedge clk_i) begin
    for (int w = 0; w < Writers; w++) begin
      for (int p = 0; p < Positions; p++) begin
        if (write_i[w*Positions+p]) begin
          words_q[write_word_i[w*WordW +: WordW]][p*16 +: 16] <=
              write_data_i[(w*Positions+p)*16 +: 16];
        end
      end
    end
    if (read_i) data_q <= words_q[read_word_i];
  end
  assign data_o = data_q;
endmodule
