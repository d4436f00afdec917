// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Proof of mv_position and its banks: sets never meet at a bank, and what a PE gets is, of the bank
// that is its set's in the cycle of the read, the row of each segment, as it was written last. The
// PE is a stub: what it gets is all that is looked at.
//
// proof: rtl stubs/mv_pe.sv mv_act_bank.sv mv_position.sv; depth 8; reachability

module prove (input logic clk);
  localparam int Sets  = 2;
  localparam int Lv    = 2;
  localparam int Banks = 4;
  localparam int Rows  = 2;
  logic rst_n = 1'b0;
  always_ff @(posedge clk) rst_n <= 1'b1;
  (* anyseq *) logic [7:0]  write;       // of two writers
  (* anyseq *) logic [1:0]  write_row, write_bank;
  (* anyseq *) logic [31:0] write_data;
  (* anyseq *) logic [1:0]  read, op_valid;
  (* anyseq *) logic [3:0]  read_row;    // a row for each segment of each set
  logic [1:0]   phase_q;
  logic [127:0] got;                     // stub: what the PE gets, in the place of sums
  mv_position #(
    .Sets(Sets), .Lv(Lv), .Lt(1), .FullRate(1), .Banks(Banks), .Rows(Rows), .Slots(2), .Writers(2)
  ) dut (
    .clk_i(clk), .rst_ni(rst_n), .phase_i(phase_q), .write_i(write), .write_row_i(write_row),
    .write_bank_i(write_bank), .write_data_i(write_data), .read_i(read), .read_row_i(read_row),
    .op_valid_i(op_valid), .op_col_i(2'd0), .op_weight_i(64'd0), .op_mask_i(4'd0),
    .op_sel_i(4'd0), .red_i(2'd0), .acc_valid_i(2'd0), .acc_seg_i(4'd0), .acc_first_i(4'd0),
    .acc_slot_i(4'd0), .acc_bias_i(128'd0), .rd_valid_i(2'd0), .rd_slot_i(2'd0), .rd_lane_i(2'd0),
    .res_o(got));

  // One bit of one input, wherever it stands: what was written last.
  (* anyconst *) logic [1:0] bank;
  (* anyconst *) logic       row, lane, set;
  (* anyconst *) logic [3:0] at;
  logic [1:0] writes;
  logic       written_q, value_q, known_q, seen_q, looks, looks_q;
  for (genvar w = 0; w < 2; w++) begin : g_writes
    assign writes[w] = write[w*Banks + 32'(bank)] && write_row[w] == row && write_bank[w] == lane;
  end
  // Set s reads bank (phase + s) mod Banks; sub-bank i has the row of segment i.
  assign looks = read[set] && phase_q + 2'(set) == bank && read_row[2'(set) * 2 + 2'(lane)] == row;
  always_ff @(posedge clk) begin
    if (!rst_n) begin
      phase_q   <= '0;
      written_q <= 1'b0;
      looks_q   <= 1'b0;
      known_q   <= 1'b0;
    end else begin
      phase_q <= phase_q + 2'd1;
      looks_q <= looks;
      known_q <= written_q;
      if (writes != '0) written_q <= 1'b1;
    end
    seen_q <= value_q;
    if (writes[0]) value_q <= write_data[5'(at)];
    else if (writes[1]) value_q <= write_data[5'd16 + 5'(at)];
  end

  always_comb begin
    // mv_engine.WritersApart: of two writers none writes another's sub-bank.
    assume ((write[3:0] & write[7:4]) == '0 || write_bank[0] != write_bank[1]);
  end
  always_ff @(posedge clk) begin
    if (rst_n) begin
      Value:    assert (!(looks_q && known_q) ||
                        got[7'(set) * 64 + 7'(lane) * 32 + 7'(at)] == seen_q);
      Written:  cover (looks_q && known_q && seen_q && set && lane);
      Second:   cover (looks_q && known_q && seen_q && $past(writes[1], 2));
      Both:     cover (looks_q && known_q && $past(read) == 2'b11);
    end
  end
endmodule
