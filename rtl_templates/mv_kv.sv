// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Key/value memory: takes a channel of a group of tokens at a time and gives the sets tiles of Lv
// channels x Lv positions, one tile per cycle, the sets in turn. A word holds Lv channels of a
// group.

module mv_kv #(
  parameter int Sets   = 8,
  parameter int Lv     = 8,
  parameter int Tokens = 64,   // tokens of a group
  parameter int Depth  = 3072, // words
  parameter int Writers = 1,   // that write different words in a cycle
  // derived
  localparam int Blocks = (Tokens + Lv - 1) / Lv,
  localparam int BlockW = (Blocks > 1) ? $clog2(Blocks) : 1,
  localparam int WordW  = (Depth > 1) ? $clog2(Depth) : 1,
  localparam int LaneW  = (Lv > 1) ? $clog2(Lv) : 1,
  localparam int SetW   = (Sets > 1) ? $clog2(Sets) : 1,
  localparam int TileW  = Lv * Lv * 16
) (
  input  logic                   clk_i,
  input  logic                   rst_ni,
  input  logic                   start_i,       // turns are taken from the first set on
  // a channel of the tokens whose bit is set
  input  logic [Writers-1:0]           write_i,
  input  logic [Writers*WordW-1:0]     write_word_i,
  input  logic [Writers*LaneW-1:0]     write_row_i,
  input  logic [Writers*Tokens-1:0]    write_mask_i,
  input  logic [Writers*Tokens*16-1:0] write_data_i,
  // tiles; channel r, position m at (r * Lv + m) * 16, two cycles after the request
  input  logic [Sets-1:0]        req_valid_i,
  output logic [Sets-1:0]        req_ready_o,
  input  logic [Sets*WordW-1:0]  req_word_i,
  input  logic [Sets*BlockW-1:0] req_block_i,
  output logic [Sets-1:0]        tile_valid_o,
  output logic [TileW-1:0]       tile_o
);
  logic [Sets-1:0] tile_valid_q;
  assign tile_valid_o = tile_valid_q;

  logic [SetW-1:0] last_q, pick;
  mv_turn #(
    .Places(Sets)
  ) u_turn (
    .asks_i(req_valid_i),
    .last_i(last_q),
    .pick_o(pick)
  );
  always_comb begin
    req_ready_o       = '0;
    req_ready_o[pick] = req_valid_i != '0;
  end

  logic              read_q;
  logic [Sets-1:0]   set_q;
  logic [WordW-1:0]  word_q;
  logic [BlockW-1:0] block_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      last_q       <= SetW'(Sets - 1);
      read_q       <= 1'b0;
      set_q        <= '0;
      tile_valid_q <= '0;
    end else begin
      if (start_i) last_q <= SetW'(Sets - 1);
      else if (req_valid_i != '0) last_q <= pick;
      read_q       <= req_valid_i != '0;
      set_q        <= req_ready_o & req_valid_i;
      tile_valid_q <= set_q;
    end
  end
  logic [BlockW-1:0] read_block_q;   // of the tile that is there
  always_ff @(posedge clk_i) begin
    read_block_q <= block_q;
    word_q  <= req_word_i[32'(pick) * WordW +: WordW];
    block_q <= req_block_i[32'(pick) * BlockW +: BlockW];
  end

  // A bank for each block of positions and channel of a word. The last block may have fewer
  // positions.
  logic [Lv*Blocks*Lv*16-1:0] data;   // block b of channel r at (r * Blocks + b) * Lv * 16
  for (genvar b = 0; b < Blocks; b++) begin : g_block
    localparam int Positions = (Tokens - b * Lv < Lv) ? Tokens - b * Lv : Lv;
    logic [Writers*Positions-1:0]    mask;
    logic [Writers*Positions*16-1:0] write_data;
    always_comb begin
      for (int w = 0; w < Writers; w++) begin
        mask[w*Positions +: Positions] =
            write_mask_i[w*Tokens+b*Lv +: Positions] & {Positions{write_i[w]}};
        write_data[w*Positions*16 +: Positions*16] =
            write_data_i[(w*Tokens+b*Lv)*16 +: Positions*16];
      end
    end
    for (genvar r = 0; r < Lv; r++) begin : g_row
      logic [Writers*Positions-1:0] write;
      logic [Positions*16-1:0]      bank_data;
      always_comb begin
        for (int w = 0; w < Writers; w++) begin
          write[w*Positions +: Positions] = mask[w*Positions +: Positions] &
              {Positions{write_row_i[w*LaneW +: LaneW] == LaneW'(r)}};
        end
      end
      mv_kv_bank #(
        .Positions(Positions),
        .Depth    (Depth),
        .Writers  (Writers)
      ) u_bank (
        .clk_i       (clk_i),
        .write_i     (write),
        .write_word_i(write_word_i),
        .write_data_i(write_data),
        .read_i      (read_q && block_q == BlockW'(b)),
        .read_word_i (word_q),
        .data_o      (bank_data)
      );
      assign data[(r*Blocks+b)*Lv*16 +: Lv*16] = (Lv * 16)'(bank_data);
    end
  end
  for (genvar r = 0; r < Lv; r++) begin : g_tile
    assign tile_o[r*Lv*16 +: Lv*16] = data[(r * Blocks + 32'(read_block_q)) * Lv * 16 +: Lv * 16];
  end

`ifdef VERILATOR
  // Writers write different words, channels or tokens, and nothing that is read in the cycle.
  logic meet, meets_read, beyond;
  logic [Tokens-1:0] reads;   // tokens of the block that is read
  assign reads = Tokens'({Lv{1'b1}}) << (32'(block_q) * Lv);
  always_comb begin
    meets_read = 1'b0;
    beyond     = 1'b0;
    for (int w = 0; w < Writers; w++) begin
      if (write_i[w] && write_mask_i[w*Tokens +: Tokens] != '0 &&
          32'(write_word_i[w*WordW +: WordW]) >= Depth) begin
        beyond = 1'b1;
      end
    end
    for (int w = 0; w < Writers; w++) begin
      if (read_q && write_i[w] && write_word_i[w*WordW +: WordW] == word_q &&
          (write_mask_i[w*Tokens +: Tokens] & reads) != '0) begin
        meets_read = 1'b1;
      end
    end
    meet = 1'b0;
    for (int w = 1; w < Writers; w++) begin
      for (int v = 0; v < w; v++) begin
        if (write_i[w] && write_i[v] &&
            write_word_i[w*WordW +: WordW] == write_word_i[v*WordW +: WordW] &&
            write_row_i[w*LaneW +: LaneW] == write_row_i[v*LaneW +: LaneW] &&
            (write_mask_i[w*Tokens +: Tokens] & write_mask_i[v*Tokens +: Tokens]) != '0) begin
          meet = 1'b1;
        end
      end
    end
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (rst_ni) begin
      SetsContend: cover ($countones(req_valid_i) > 1);
      TurnWraps: cover (req_valid_i != '0 && pick < last_q);
      PartOfTokens: cover (write_i[0] && write_mask_i[Tokens-1:0] != '0 &&
                           !(&write_mask_i[Tokens-1:0]));
      ReadsApart: assert (!meets_read)
        else $error("mv_kv.ReadsApart: a tile is read while a part of it is written");
      WritersApart: assert (!meet)
        else $error("mv_kv.WritersApart: two writers of one channel of a token");
      WritesInRange: assert (!beyond)
        else $error("mv_kv.WritesInRange: a word beyond the memory is written");
      ReadsInRange: assert (!read_q || 32'(word_q) < Depth)
        else $error("mv_kv.ReadsInRange: a word beyond the memory is read");
    end
  end
`endif
endmodule
