// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Proof of mv_kv and its banks: a set that asks is granted before any other is granted twice; every
// tile that was granted comes two cycles later to its set alone, and each of its values is the last
// one written to its word, channel and token. Three sets, two writers, groups of three tokens, so
// that the last block has a position less; three words, which are no power of two.
//
// proof: rtl mv_turn.sv mv_kv_bank.sv mv_kv.sv; depth 8; reachability

module prove (input logic clk);
  localparam int Sets   = 3;
  localparam int Lv     = 2;
  localparam int Tokens = 3;
  localparam int Depth  = 3;
  logic rst_n = 1'b0;
  always_ff @(posedge clk) rst_n <= 1'b1;
  (* anyseq *) logic            start;
  (* anyseq *) logic [1:0]      write, write_row;
  (* anyseq *) logic [3:0]      write_word;
  (* anyseq *) logic [5:0]      write_mask;
  (* anyseq *) logic [95:0]     write_data;
  (* anyseq *) logic [Sets-1:0] req_valid, req_block;
  (* anyseq *) logic [2*Sets-1:0] req_word;
  logic [Sets-1:0] req_ready, tile_valid;
  logic [63:0]     tile;
  mv_kv #(
    .Sets(Sets), .Lv(Lv), .Tokens(Tokens), .Depth(Depth), .Writers(2)
  ) dut (
    .clk_i(clk), .rst_ni(rst_n), .start_i(start), .write_i(write), .write_word_i(write_word),
    .write_row_i(write_row), .write_mask_i(write_mask), .write_data_i(write_data),
    .req_valid_i(req_valid), .req_ready_o(req_ready), .req_word_i(req_word),
    .req_block_i(req_block), .tile_valid_o(tile_valid), .tile_o(tile));

  // One bit of one value, wherever it stands: what was written last.
  (* anyconst *) logic [1:0] word, token;
  (* anyconst *) logic       channel;
  (* anyconst *) logic [3:0] at;
  logic       written_q, value_q;
  logic [1:0] writes;   // it, in this cycle
  logic       block, position;
  assign block    = token[1];
  assign position = token[0];
  for (genvar w = 0; w < 2; w++) begin : g_writes
    assign writes[w] = write[w] && write_word[w*2 +: 2] == word && write_row[w] == channel &&
                       write_mask[w*3 +: 3] >> token & 1'b1;
  end

  // What was granted: one cycle ago, two cycles ago.
  logic [Sets-1:0] grant, grant_q, grant_qq;
  logic            looks, looks_q, looks_qq, known_q, seen_q;
  assign grant = req_valid & req_ready;
  always_comb begin
    looks = 1'b0;   // the tile that is granted holds the value
    for (int s = 0; s < Sets; s++) begin
      if (grant[s] && req_word[s*2 +: 2] == word && req_block[s] == block) looks = 1'b1;
    end
  end
  always_ff @(posedge clk) begin
    if (!rst_n) begin
      grant_q   <= '0;
      grant_qq  <= '0;
      looks_q   <= 1'b0;
      looks_qq  <= 1'b0;
      written_q <= 1'b0;
      known_q   <= 1'b0;
    end else begin
      grant_q  <= grant;
      grant_qq <= grant_q;
      looks_q  <= looks;
      looks_qq <= looks_q;
      known_q  <= written_q;
      if (writes != '0) written_q <= 1'b1;
    end
    seen_q <= value_q;   // when the banks are read
    if (writes[0]) value_q <= write_data[6'(token) * 16 + 6'(at)];
    if (writes[1]) value_q <= write_data[7'd48 + 7'(token) * 16 + 7'(at)];
  end

  // One set that asks: how often have others been granted?
  (* anyconst *) logic [1:0] asker;
  logic [1:0] passed_q;
  always_ff @(posedge clk) begin
    if (!rst_n || !req_valid[asker] || req_ready[asker] || start) passed_q <= '0;
    else if (grant != '0) passed_q <= passed_q + 2'd1;
  end

  always_comb begin
    assume (asker < Sets && word < Depth && token < Tokens);
    assume (writes != 2'b11);                          // mv_kv.WritersApart
    for (int w = 0; w < 2; w++) assume (write_word[w*2 +: 2] < Depth);   // mv_kv.WritesInRange
    for (int s = 0; s < Sets; s++) assume (req_word[s*2 +: 2] < Depth);  // mv_kv.ReadsInRange
  end
  always_ff @(posedge clk) begin
    if (rst_n) begin
      // Who asks goes on asking: tile_valid_o of mv_attend falls only by a grant.
      if ($past(rst_n) && $past(req_valid[asker] && !req_ready[asker])) assume (req_valid[asker]);
      OneGrant:  assert ((req_ready & (req_ready - 3'd1)) == '0);
      Asked:     assert (grant != '0 || req_valid == '0);
      Fair:      assert (passed_q < Sets);
      InTwo:     assert (tile_valid == grant_qq);
      OneTile:   assert ((tile_valid & (tile_valid - 3'd1)) == '0);
      Value:     assert (!(looks_qq && known_q) ||
                         tile[6'(channel) * 32 + 6'(position) * 16 + 6'(at)] == seen_q);
      if (block) begin   // it has one position
        NoneThere: assert (!looks_qq || tile[6'(channel) * 32 + 6'd16 + 6'(at)] == 1'b0);
      end
      Passed:    cover (passed_q == Sets - 1);
      ReadsNew:  cover (looks_qq && known_q && seen_q && $past(writes[1], 2));
      Meanwhile: cover (looks_qq && known_q && $past(writes[0]));
      Last:      cover (looks_qq && known_q && block && seen_q);
    end
  end
endmodule
