// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// One small instance of each module whose contract is an assertion, all inputs but clock and reset
// left to tb_contracts.cpp, which sets them by name.

module tb_contracts_top (
  input logic clk_i,
  input logic rst_ni
);
  mv_stream #(.PortBits(64), .Lv(2), .FullRate(1), .Groups(2), .FifoBeats(2), .Rows(4)) u_stream (
    .clk_i, .rst_ni);
  mv_attend #(.Sets(3), .Lv(2), .FullRate(1), .Tokens(2), .Groups(2), .RowW(2),
              .WordW(2)) u_attend (.clk_i, .rst_ni);
  mv_drain #(.Sets(2), .Tokens(1), .Merge(0)) u_drain (.clk_i, .rst_ni);
  mv_kv #(.Sets(2), .Lv(2), .Tokens(2), .Depth(3), .Writers(2)) u_kv (.clk_i, .rst_ni);
  mv_fetch #(.Sets(2), .Clusters(2), .PortBits(64)) u_fetch (.clk_i, .rst_ni);
  mv_scheduler #(.Sets(2), .Assoc(1), .PortBits(64)) u_scheduler (.clk_i, .rst_ni);
  mv_weights #(.PortBits(64), .Lv(2)) u_weights (.clk_i, .rst_ni);
  mv_decompressor #(.PortBits(64), .Lv(8), .FullRate(1), .RowW(2)) u_decompressor (
    .clk_i, .rst_ni);
  mv_matching #(.Lv(2), .FullRate(1), .Groups(2), .RowW(2)) u_matching (.clk_i, .rst_ni);
  mv_zero_skip #(.PortBits(64), .Lv(2), .FullRate(1)) u_zero_skip (.clk_i, .rst_ni);
  mv_pe #(.Lv(4), .Lt(1), .FullRate(4), .Slots(2)) u_pe (.clk_i, .rst_ni);
  mv_pe #(.Lv(4), .Lt(1), .FullRate(4), .Slots(2), .EnCol(0)) u_pe_row (.clk_i, .rst_ni);
  mv_pe #(.Lv(4), .Lt(1), .FullRate(4), .Slots(2), .EnRow(0)) u_pe_column (.clk_i, .rst_ni);
  mv_set_ctrl #(.Lv(2), .FullRate(1), .Groups(2), .RowW(2)) u_set_ctrl (.clk_i, .rst_ni);
  mv_sequencer #(.Depth(2), .Units(1), .Lv(2), .GroupW(1), .RowW(2), .WordW(2), .SetW(1))
      u_sequencer (.clk_i, .rst_ni);
  mv_slice #(.Units(1), .Drains(1), .Lv(2), .Tokens(2), .Groups(2), .Rows(4), .Tables(4),
             .WordW(2)) u_slice (.clk_i, .rst_ni);
  mv_slice #(.Units(1), .Drains(1), .Lv(2), .Tokens(3), .Groups(2), .Rows(4), .Tables(4),
             .WordW(2)) u_slice_odd (.clk_i, .rst_ni);
  mv_set #(.Sets(2), .Tokens(2), .KvDepth(4), .PortBits(64), .Lv(2), .FullRate(1), .Groups(2),
           .Rows(4), .FifoBeats(2)) u_set (.clk_i, .rst_ni);
  mv_vector_unit #(.Lanes(1), .Groups(2)) u_vector_unit (.clk_i, .rst_ni);
  mv_engine #(.Sets(1), .Positions(1), .Lv(2), .Lt(1), .FullRate(1), .Groups(2), .Banks(2),
              .Depth(6), .KvDepth(4), .Drains(1), .PortBits(64), .Writers(2)) u_engine (
    .clk_i, .rst_ni);
  mv_layer #(.Sets(1), .Positions(1), .Lv(2), .Lt(1), .FullRate(1), .Groups(2), .Banks(2),
             .Depth(8), .KvDepth(4), .Drains(1), .PortBits(64), .Units(1), .VectorRows(4),
             .ProgramDepth(2), .TableDepth(4)) u_layer (.clk_i, .rst_ni);
endmodule
