// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// A vector unit with its part of the vector memory: takes results of the array and the beats of a
// pass, one per cycle, results first, and writes what comes of them to the vector memory, the
// activation memory or the key/value memory (docs/isa.md). Slice s of N has the token groups
// g = s (mod N).

module mv_slice #(
  parameter int Units     = 4,     // N
  parameter int Drains    = 4,
  parameter int Lv        = 8,
  parameter int Tokens    = 64,    // of a group
  parameter int Groups    = 4,     // of a tile
  parameter int Rows      = 3072,  // of the vector memory
  parameter int Tables    = 16384, // entries of the position table
  parameter int WordW     = 12,    // word of the key/value memory
  parameter int MulStages = 2,
  parameter int AddStages = 4,
  // derived
  localparam int LvL    = $clog2(Lv),
  localparam int LaneW  = (LvL > 0) ? LvL : 1,
  localparam int GroupW = (Groups > 1) ? $clog2(Groups) : 1,
  localparam int UnitW  = (Units > 1) ? $clog2(Units) : 1
) (
  input  logic                        clk_i,
  input  logic                        rst_ni,
  input  logic [UnitW-1:0]            slice_i,        // which one this is
  input  logic                        start_i,        // a run begins
  // Activations for attention go to all banks. A beat of them is put off while another slice sends
  // on a result that goes to the activation memory, or one before it writes the same sub-bank.
  input  logic                        block_i,
  input  logic [Lv-1:0]               taken_i,        // sub-banks
  output logic                        sends_o,
  output logic [Lv-1:0]               takes_o,
  // tile: token groups before it, tokens from low_i to high_i - 1, last token group
  input  logic [15:0]                 base_i,
  input  logic [15:0]                 low_i,
  input  logic [15:0]                 high_i,
  input  logic [GroupW-1:0]           last_group_i,
  input  logic [23:0]                 k_i,
  // what happens to results: the array instructions under way
  input  logic                        attend_i,
  input  logic [mv_isa_pkg::InstructionW-1:0] matrix_i,
  input  logic [mv_isa_pkg::InstructionW-1:0] scores_i,
  input  logic [mv_isa_pkg::InstructionW-1:0] outputs_i,
  input  logic                        fresh_valid_i,  // rows of these statistics begin anew
  input  logic                        fresh_i,        // which: buffer
  // results of the array
  input  logic [Drains-1:0]           y_valid_i,
  output logic [Drains-1:0]           y_ready_o,
  input  logic [Drains*16-1:0]        y_index_i,
  input  logic [Drains*GroupW-1:0]    y_group_i,
  input  logic [Drains*Tokens*16-1:0] y_data_i,
  output logic                        results_idle_o, // none is under way
  // pass: the vector instruction, held until done
  input  logic                        pass_valid_i,   // begins
  input  logic [mv_isa_pkg::InstructionW-1:0] pass_i,
  output logic                        pass_done_o,    // nothing of it is under way
  // tables
  input  logic                        table_valid_i,
  input  logic                        table_norm_i,
  input  logic [15:0]                 table_address_i,
  input  logic [31:0]                 table_data_i,
  // access from outside, while nothing runs
  input  logic                        v_valid_i,
  input  logic                        v_write_i,
  input  logic [15:0]                 v_row_i,
  input  logic [GroupW-1:0]           v_group_i,
  input  logic [Tokens*16-1:0]        v_data_i,
  output logic [Tokens*16-1:0]        v_data_o,       // two cycles later
  // what is written: activations
  output logic                        a_valid_o,
  output logic                        a_all_o,
  output logic [15:0]                 a_pos_o,
  output logic [GroupW-1:0]           a_group_o,
  output logic                        kv_valid_o,
  output logic [WordW-1:0]            kv_word_o,
  output logic [LaneW-1:0]            kv_row_o,
  output logic [Tokens-1:0]           kv_mask_o,
  output logic [Tokens*16-1:0]        data_o,         // of both
  // a result has landed: of a matrix, scores of buffer 0 or 1, outputs
  output logic                        landed_o,
  output logic [1:0]                  landed_class_o
);
  localparam int Local  = (Units > 0 && Units < Groups) ? Groups / Units : 1;   // its groups
  localparam int LocalW = (Local > 1) ? $clog2(Local) : 1;
  localparam int UnitsL = $clog2(Units);
  localparam int Stats  = 2 * Local;              // statistics: buffer, local group
  localparam int StatW  = $clog2(Stats);
  localparam int Words  = Rows * Local;
  localparam int AddrW  = (Words > 1) ? $clog2(Words) : 1;
  localparam int TableW = (Tables > 1) ? $clog2(Tables) : 1;
  localparam int Norms  = (Tables > 1) ? Tables / 2 : 1;
  localparam int NormW  = (Norms > 1) ? $clog2(Norms) : 1;
  localparam int DrainW = (Drains > 1) ? $clog2(Drains) : 1;
  localparam int PosW   = 17;
  localparam int TokenW = $clog2(Stats * Tokens + 1);

  if (Units < 1 || (Units & (Units - 1)) != 0 || Local * Units != Groups) begin : g_bad_units
`ifdef VERILATOR
    $fatal(0, "mv_slice: Units must be a power of two that divides Groups");
`else
    mv_slice__units_must_be_a_power_of_two_that_divides_groups u_illegal ();
`endif
  end

  if (Rows < 1 || Rows > 65536 || Tables < 2 || Tables > 65536) begin : g_bad_memories
`ifdef VERILATOR
    $fatal(0, "mv_slice: Rows must lie in 1..65536 and Tables in 2..65536");
`else
    mv_slice__rows_must_lie_in_1_to_65536_and_tables_in_2_to_65536 u_illegal ();
`endif
  end

  // ---- results: the next port after the last one served whose result is of this slice ----
  logic [DrainW-1:0] last_q, pick;
  logic [Drains-1:0] mine;
  logic              take;
  // Each a statement of its own: what pulses within a block would wake in Icarus the blocks around,
  // and they this one, for ever.
  for (genvar d = 0; d < Drains; d++) begin : g_mine
    assign mine[d] = y_valid_i[d] &&
                     (32'(y_group_i[d*GroupW +: GroupW]) & (Units - 1)) == 32'(slice_i);
    assign y_ready_o[d] = mine[d] && 32'(pick) == d;
  end
  mv_turn #(
    .Places(Drains)
  ) u_turn (
    .asks_i(mine),
    .last_i(last_q),
    .pick_o(pick)
  );
  assign take = mine != '0;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) last_q <= '0;
    else if (start_i) last_q <= '0;
    else if (take) last_q <= pick;
  end

  logic [15:0]       y_index;
  logic [GroupW-1:0] y_group;
  assign y_index = y_index_i[32'(pick) * 16 +: 16];
  assign y_group = y_group_i[32'(pick) * GroupW +: GroupW];

  assign sends_o = take && attend_i && y_index[15];

  // ---- pass: row by row, of each row the slice's groups ----
  // For attention each slice begins elsewhere in a block of Lv rows, so that they write different
  // sub-banks.
  logic [3:0]        pass_kind;
  logic [15:0]       pass_rows;
  logic              pass_keys, pass_causal, pass_attention, pass_buffer;
  logic              pass_q;                       // beats are left
  logic [15:0]       block_q;                      // first row of the block
  logic [LaneW-1:0]  step_q, lane;                 // rows of the block before this one; its row
  logic [15:0]       row;
  logic [15:0]       key_group_q, blocks_left_q;   // group of the keys; blocks of it that follow
  logic [LocalW-1:0] local_q;
  logic [5:0]        hold_q;                       // cycles until the next beat may be issued
  logic              second_q;                     // of a root: its end is due
  logic [15:0]       first_group;
  logic [15:0]       pass_group;
  logic              skip, pass_ready, go, block_last, row_last, local_last;
  logic              pass_reciprocal, pass_root;
  assign pass_kind       = 4'(pass_i >> mv_isa_pkg::VectorKindAt);
  assign pass_reciprocal = pass_kind == mv_isa_pkg::VectorReciprocal;
  assign pass_root       = pass_kind == mv_isa_pkg::VectorRoot;
  assign pass_attention  = 1'(pass_i >> mv_isa_pkg::VectorToAttentionAt);
  assign pass_keys       = 1'(pass_i >> mv_isa_pkg::VectorKeysAt);
  assign pass_causal     = 1'(pass_i >> mv_isa_pkg::VectorCausalAt);
  assign pass_buffer     = 1'(pass_i >> mv_isa_pkg::VectorBufferAt);
  assign pass_rows       = (pass_reciprocal || pass_root) ? 16'd1 :
                           16'(pass_i >> mv_isa_pkg::VectorRowsAt);
  assign first_group     = (pass_keys && pass_causal && key_group_q > base_i) ?
                           key_group_q - base_i : '0;
  assign pass_group      = (16'(local_q) << UnitsL) | 16'(slice_i);
  assign lane            = step_q + (pass_attention ? LaneW'(32'(slice_i) * Lv / Units) : '0);
  assign row             = block_q + 16'(32'(lane) % Lv);
  assign skip            = pass_group < first_group || pass_group > 16'(last_group_i) ||
                           row >= pass_rows;
  assign pass_ready      = pass_q && hold_q == '0 && !skip &&
                           (!pass_attention || (!block_i && !taken_i[32'(lane) % Lv]));
  assign go              = pass_ready && !take;
  always_comb begin
    takes_o = taken_i;
    if (go && pass_attention) takes_o[32'(lane) % Lv] = 1'b1;
  end
  assign local_last = 32'(local_q) == Local - 1 || pass_group + 16'(Units) > 16'(last_group_i);
  assign row_last   = 32'(step_q) == Lv - 1 || (!pass_attention && row + 16'd1 == pass_rows);
  assign block_last = 32'(block_q) + Lv >= 32'(pass_rows);

  localparam logic [5:0] RootWait = 6'(mv_pkg::VarianceToRoot);
  localparam logic [5:0] NextWait = 6'(mv_pkg::RootToVariance);
  logic moves;   // to the next group or row
  assign moves = pass_q && ((go && !(pass_root && !second_q)) || (hold_q == '0 && skip));
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      pass_q <= 1'b0;
      hold_q <= '0;
    end else begin
      if (pass_valid_i) pass_q <= 1'b1;
      else if (moves && local_last && row_last && block_last) pass_q <= 1'b0;
      // From the variance to its end, from there to the next group's.
      if (go && pass_root) hold_q <= second_q ? NextWait - 6'd1 : RootWait - 6'd1;
      else if (hold_q != '0) hold_q <= hold_q - 6'd1;
    end
  end
  always_ff @(posedge clk_i) begin
    if (pass_valid_i) begin
      block_q       <= '0;
      step_q        <= '0;
      local_q       <= '0;
      key_group_q   <= '0;
      blocks_left_q <= 16'(Tokens / Lv - 1);
      second_q    <= 1'b0;
    end else begin
      if (go && pass_root) second_q <= !second_q;
      if (moves) begin
        local_q <= local_last ? '0 : local_q + LocalW'(1);
        if (local_last) step_q <= row_last ? '0 : step_q + LaneW'(1);
        if (local_last && row_last) begin
          block_q       <= block_q + 16'(Lv);
          blocks_left_q <= (blocks_left_q == '0) ? 16'(Tokens / Lv - 1) : blocks_left_q - 16'd1;
          key_group_q   <= key_group_q + 16'(blocks_left_q == '0);
        end
      end
    end
  end

  // ---- what a beat is ----
  logic              scores, outputs, kv, kv_value, buffer, is_max, is_sum, mask, causal;
  logic [3:0]        op;
  logic [GroupW-1:0] group;
  logic [15:0]       key, keys, channel, position;
  logic [16:0]       source, target, table_entry, norm_entry;   // a bit more: sums do not wrap
  logic              to_vector, to_activation, all, zero;
  logic [4:0]        key_bits;
  logic [1:0]        class_of;
  logic [15:0]       count;          // of a pass: channels of its norm, or keys
  assign count    = 16'(pass_i >> mv_isa_pkg::VectorCountAt);
  assign scores   = attend_i && !y_index[15];
  assign outputs  = attend_i && y_index[15];
  assign key_bits = 5'(scores_i >> mv_isa_pkg::ScoresKeyBitsAt);
  // Keys and values: results of a matrix from kv_from on, first those of all channels of K.
  logic [15:0]       from_keys;
  assign kv        = !attend_i && y_index >= 16'(matrix_i >> mv_isa_pkg::MatrixKvFromAt);
  assign from_keys = y_index - 16'(matrix_i >> mv_isa_pkg::MatrixKvFromAt);
  assign kv_value  = from_keys >= 16'(matrix_i >> mv_isa_pkg::MatrixKeyChannelsAt);
  assign channel   = from_keys -
                     (kv_value ? 16'(matrix_i >> mv_isa_pkg::MatrixKeyChannelsAt) : 16'd0);
  logic [15:0]       kv_word, kv_stride;
  assign kv_word   = kv_value ? 16'(matrix_i >> mv_isa_pkg::MatrixValueWordAt) :
                     16'(matrix_i >> mv_isa_pkg::MatrixKeyWordAt);
  assign kv_stride = 16'(matrix_i >> mv_isa_pkg::MatrixKvStrideAt);
  logic [15:0]       first_row;      // vector row of result 0
  assign first_row = scores ? 16'(scores_i >> mv_isa_pkg::ScoresVectorRowAt) :
                     16'(matrix_i >> mv_isa_pkg::MatrixVectorRowAt);
  always_comb begin
    if (take) begin
      group       = y_group;
      op          = (attend_i || kv) ? mv_pkg::OpCopy :
                    4'(matrix_i >> mv_isa_pkg::MatrixOperationAt);
      buffer      = scores && y_index[key_bits[3:0]];
      is_max      = scores;
      is_sum      = !attend_i && !kv && 1'(matrix_i >> mv_isa_pkg::MatrixSumsAt);
      mask        = scores;
      causal      = 1'(scores_i >> mv_isa_pkg::AttendCausalAt);
      key         = y_index & ~(16'hffff << key_bits);
      keys        = 16'(scores_i >> mv_isa_pkg::ScoresValidKeysAt);
      source      = 16'(matrix_i >> mv_isa_pkg::MatrixVectorRowAt) + y_index;
      target      = first_row + y_index;
      table_entry = outputs ?
                    16'(outputs_i >> mv_isa_pkg::OutputsTableEntryAt) + {1'b0, y_index[14:0]} :
                    16'(matrix_i >> mv_isa_pkg::MatrixTableEntryAt) + y_index;
      position    = outputs ? 16'(outputs_i >> mv_isa_pkg::OutputsResultRowAt) :
                    16'(matrix_i >> mv_isa_pkg::MatrixResultRowAt);
      to_vector   = scores || (!attend_i && !kv && 1'(matrix_i >> mv_isa_pkg::MatrixToVectorAt));
      to_activation = outputs ||
                      (!attend_i && !kv && 1'(matrix_i >> mv_isa_pkg::MatrixToActivationAt));
      all         = 1'b0;
      zero        = 1'b0;
      class_of    = outputs ? 2'd3 : scores ? (buffer ? 2'd2 : 2'd1) : 2'd0;
    end else begin
      group       = GroupW'(pass_group);
      op          = pass_reciprocal ? mv_pkg::OpReciprocal :
                    !pass_root ? 4'(pass_i >> mv_isa_pkg::VectorOperationAt) :
                    second_q ? mv_pkg::OpRoot : mv_pkg::OpVariance;
      buffer      = pass_buffer;
      is_max      = 1'b0;
      is_sum      = 1'(pass_i >> mv_isa_pkg::VectorSumsAt);
      mask        = pass_keys;
      causal      = pass_causal;
      key         = row;
      keys        = count;
      source      = 16'(pass_i >> mv_isa_pkg::VectorReadRowAt) + row;
      target      = 16'(pass_i >> mv_isa_pkg::VectorWriteRowAt) + row;
      table_entry = 16'(pass_i >> mv_isa_pkg::VectorTableEntryAt) + row;
      position    = 16'(pass_i >> mv_isa_pkg::VectorRowAt);
      to_vector   = 1'(pass_i >> mv_isa_pkg::VectorToVectorAt);
      to_activation = 1'(pass_i >> mv_isa_pkg::VectorToTableAt) || pass_attention;
      all         = pass_attention;
      zero        = 1'(pass_i >> mv_isa_pkg::VectorZeroAt);
      class_of    = 2'd0;
    end
  end
  assign norm_entry = 16'(pass_i >> mv_isa_pkg::VectorNormEntryAt) + row;

  // ---- rows of statistics that begin ----
  logic [LocalW-1:0] in_slice;       // token group, within the slice
  logic [StatW-1:0]  stat;
  logic [Stats-1:0]  fresh_q;
  logic              fresh, beat;
  assign beat     = take || go;
  assign in_slice = LocalW'(group >> UnitsL);
  assign stat     = StatW'((buffer ? Local : 0) + ((Local > 1) ? 32'(in_slice) : 0));
  assign fresh    = fresh_q[stat] && (is_max || is_sum);
  // Instructions have fields for others, too; addresses are in range.
  logic unused;
  assign unused = ^{matrix_i, scores_i, outputs_i, pass_i, table_address_i, table_entry, norm_entry,
                    in_slice, count};
  always_ff @(posedge clk_i) begin
    if (beat && fresh) fresh_q[stat] <= 1'b0;
    for (int g = 0; g < Local; g++) begin
      if (fresh_valid_i) fresh_q[(fresh_i ? Local : 0) + g] <= 1'b1;
      if (pass_valid_i && 1'(pass_i >> mv_isa_pkg::VectorSumsAt)) begin
        fresh_q[(pass_buffer ? Local : 0) + g] <= 1'b1;
      end
    end
  end

  // ---- memories: read with the beat ----
  logic [Tokens*16-1:0] memory_q [Words];
  logic [Tokens*16-1:0] read_q;
  logic [15:0]          position_q [Tables];
  logic [31:0]          norm_q [Norms];
  // Of a row and a token group: of the beat, and from outside.
  logic [AddrW-1:0]     source_at, target_at, access_at, read_at;
  assign access_at = AddrW'(32'(v_row_i) * Local + (32'(v_group_i) >> UnitsL));
  assign source_at = AddrW'(32'(source) * Local + (32'(group) >> UnitsL));
  assign target_at = AddrW'(32'(target) * Local + (32'(group) >> UnitsL));
  assign read_at   = beat ? source_at : access_at;

  // What accompanies the beat through the vector unit: where its result goes.
  typedef struct packed {
    logic              take;         // a result of the array
    logic [1:0]        counter;      // that counts it
    logic              activation;   // to the activation memory …
    logic              all;          // … in all banks
    logic              kv;           // to the key/value memory
    logic              memory;       // to the vector memory
    logic [AddrW-1:0]  target;       // there
    logic [15:0]       position;     // in the activation memory
    logic [GroupW-1:0] group;
    logic [WordW-1:0]  word;         // in the key/value memory
    logic [LaneW-1:0]  channel;      // of the word
  } way_t;
  localparam int TagW = 1 + 2 + 3 + 1 + AddrW + 16 + GroupW + WordW + LaneW;   // of way_t
  way_t                 way, result_way;
  logic                 beat_valid_q, beat_take_q, beat_mask_q, beat_causal_q, beat_max_q;
  logic                 beat_sum_q, beat_fresh_q;
  logic                 beat_vector_q, beat_activation_q, beat_all_q, beat_kv_q, beat_zero_q;
  logic [1:0]           beat_class_q;
  logic [3:0]           beat_op_q;
  logic [GroupW-1:0]    beat_group_q;
  logic [StatW-1:0]     beat_stat_q;
  logic [15:0]          beat_key_q, beat_keys_q, beat_entry_q, beat_row_q, beat_offset_q;
  logic [AddrW-1:0]     beat_target_q;
  logic [WordW-1:0]     beat_word_q;
  logic [LaneW-1:0]     beat_channel_q;
  logic [31:0]          beat_norm_q;
  logic [Tokens*16-1:0] beat_data_q;
  logic [15:0]          row_stride;
  assign row_stride = 16'(pass_i >> mv_isa_pkg::VectorRowStrideAt);
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) beat_valid_q <= 1'b0;
    else beat_valid_q <= beat;
  end
  always_ff @(posedge clk_i) begin
    if (beat || v_valid_i) read_q <= memory_q[read_at];
    if (beat) begin
      beat_take_q       <= take;
      beat_mask_q       <= mask;
      beat_causal_q     <= causal;
      beat_max_q        <= is_max;
      beat_sum_q        <= is_sum;
      beat_fresh_q      <= fresh;
      beat_vector_q     <= to_vector;
      beat_activation_q <= to_activation;
      beat_all_q        <= all;
      beat_kv_q         <= take && kv;
      beat_zero_q       <= zero;
      beat_class_q      <= class_of;
      beat_op_q         <= op;
      beat_group_q      <= group;
      beat_stat_q       <= stat;
      beat_key_q        <= key;
      beat_keys_q       <= keys;
      beat_entry_q      <= position_q[TableW'(table_entry)];
      beat_norm_q       <= norm_q[NormW'(norm_entry)];
      beat_row_q        <= position;
      // Attention layout: the row of the pass, in the group's rows.
      beat_offset_q  <= 16'(32'(row) + ((32'(group) * 32'(row_stride)) << LvL));
      beat_target_q  <= target_at;
      beat_word_q    <= WordW'(32'(kv_word) + (32'(channel) >> LvL) * 32'(kv_stride) + 32'(base_i) +
                            32'(group));
      beat_channel_q <= LaneW'(32'(channel) % Lv);
      beat_data_q    <= y_data_i[32'(pick) * Tokens * 16 +: Tokens * 16];
    end
    if (table_valid_i && !table_norm_i) position_q[TableW'(table_address_i)] <= table_data_i[15:0];
    if (table_valid_i && table_norm_i) norm_q[NormW'(table_address_i)] <= table_data_i;
  end
  logic [Tokens*16-1:0] access_data_q;
  always_ff @(posedge clk_i) access_data_q <= read_q;
  assign v_data_o = access_data_q;

  // ---- vector unit ----
  // A statistic stands for a group, so tokens and positions move by whole groups.
  logic [31:0]          earlier, left, valid_tokens;
  logic [15:0]          beat_position;
  logic                 result_valid;
  logic [Tokens*16-1:0] first, result;
  assign beat_position  = 16'(32'(beat_row_q) << LvL) +
                          (beat_all_q ? beat_offset_q : beat_entry_q);
  assign earlier        = 32'(beat_stat_q) * Tokens;
  assign left           = 32'(high_i) - 32'(beat_group_q) * Tokens;
  assign valid_tokens   = left[31] ? 32'd0 : (left > Tokens) ? Tokens : left;
  assign first          = beat_take_q ? beat_data_q : beat_zero_q ? '0 : read_q;
  assign way.take       = beat_take_q;
  assign way.counter    = beat_class_q;
  assign way.activation = beat_activation_q;
  assign way.all        = beat_all_q;
  assign way.kv         = beat_kv_q;
  assign way.memory     = beat_vector_q;
  assign way.target     = beat_target_q;
  assign way.position   = beat_position;
  assign way.group      = beat_group_q;
  assign way.word       = beat_word_q;
  assign way.channel    = beat_channel_q;
  logic [76:0] epsilon;
  assign epsilon = {13'(pass_i >> mv_isa_pkg::VectorEpsilonHighAt),
                    64'(pass_i >> mv_isa_pkg::VectorEpsilonLowAt)};
  mv_vector_unit #(
    .Lanes    (Tokens),
    .Groups   (Stats),
    .TagW     (TagW),
    .PosW     (PosW),
    .MulStages(MulStages),
    .AddStages(AddStages)
  ) u_vector (
    .clk_i    (clk_i),
    .rst_ni   (rst_ni),
    .valid_i  (beat_valid_q),
    .op_i     (beat_op_q),
    .group_i  (beat_stat_q),
    .tag_i    (way),
    .a_i      (first),
    .b_i      (read_q),
    .start_i  (beat_fresh_q),
    .max_i    (beat_max_q),
    .sum_i    (beat_sum_q),
    .tokens_i (TokenW'(earlier + valid_tokens)),
    .mask_i   (beat_mask_q),
    .causal_i (beat_causal_q),
    .key_i    (PosW'(32'(beat_key_q) + earlier)),
    .keys_i   (PosW'(32'(beat_keys_q) + earlier)),
    .first_i  (PosW'((32'(base_i) + 32'(beat_group_q)) * Tokens)),
    .k_i      (k_i),
    .n_i      (count[14:0]),
    .epsilon_i(epsilon),
    .gamma_i  (beat_norm_q[15:0]),
    .beta_i   (beat_norm_q[31:16]),
    .valid_o  (result_valid),
    .tag_o    (result_way),
    .result_o (result)
  );
  assign a_valid_o      = result_valid && result_way.activation;
  assign a_all_o        = result_way.all;
  assign a_pos_o        = result_way.position;
  assign a_group_o      = result_way.group;
  assign kv_valid_o     = result_valid && result_way.kv;
  assign kv_word_o      = result_way.word;
  assign kv_row_o       = result_way.channel;
  assign data_o         = result;
  assign landed_o       = result_valid && result_way.take;
  assign landed_class_o = result_way.counter;
  always_comb begin
    for (int t = 0; t < Tokens; t++) begin
      kv_mask_o[t] = 32'(a_group_o) * Tokens + t >= 32'(low_i) &&
                     32'(a_group_o) * Tokens + t < 32'(high_i);
    end
  end
  always_ff @(posedge clk_i) begin
    if (result_valid && result_way.memory) memory_q[result_way.target] <= result;
    else if (v_valid_i && v_write_i) memory_q[access_at] <= v_data_i;
  end

  // ---- beats under way ----
  localparam int WayW = 6;
  logic [WayW-1:0] results_q, passes_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      results_q <= '0;
      passes_q  <= '0;
    end else begin
      results_q <= results_q + WayW'(take) - WayW'(result_valid && result_way.take);
      passes_q  <= passes_q + WayW'(go) - WayW'(result_valid && !result_way.take);
    end
  end
  assign results_idle_o = results_q == '0;
  assign pass_done_o    = !pass_q && passes_q == '0;

`ifdef VERILATOR
  // Entries of the tables by the run in which they were written last.
  logic [31:0] run_q;
  logic [31:0] entry_run_q [Tables];
  logic [31:0] norm_run_q [Norms];
  logic        entry_writes, norm_writes;   // what the beat reads
  assign entry_writes = table_valid_i && !table_norm_i &&
                        TableW'(table_address_i) == TableW'(table_entry);
  assign norm_writes  = table_valid_i && table_norm_i &&
                        NormW'(table_address_i) == NormW'(norm_entry);
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) run_q <= 32'd1;
    else if (start_i) run_q <= run_q + 32'd1;
  end
  logic [mv_isa_pkg::InstructionW-1:0] pass_before_q;
  // Addresses that do not wrap.
  logic [31:0] kv_at, position_at, offset_at_q;
  assign kv_at       = 32'(kv_word) + (32'(channel) >> LvL) * 32'(kv_stride) + 32'(base_i) +
                       32'(group);
  assign position_at = (32'(beat_row_q) << LvL) + (beat_all_q ? offset_at_q : 32'(beat_entry_q));
  always_ff @(posedge clk_i) begin
    if (beat) offset_at_q <= 32'(row) + ((32'(group) * 32'(row_stride)) << LvL);
  end
  // What the statistics hold: how many values are in the sums, whether all are of exponentials,
  // the n of the variance, and whether r was made of these sums.
  logic [15:0]      summed_q [Stats];
  logic [15:0]      channels_q [Stats];
  logic [Stats-1:0] exponentials_q, factor_there_q;
  always_ff @(posedge clk_i) begin
    if (beat && is_sum) begin
      summed_q[stat]       <= (fresh ? 16'd0 : summed_q[stat]) + 16'd1;
    end
    if (go && op == mv_pkg::OpVariance) channels_q[stat] <= count;
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      exponentials_q <= '0;
      factor_there_q <= '0;
    end else begin
      if (beat && is_sum) begin
        exponentials_q[stat] <= (fresh || exponentials_q[stat]) && op == mv_pkg::OpExp;
        factor_there_q[stat] <= 1'b0;
      end
      if (go && (op == mv_pkg::OpReciprocal || op == mv_pkg::OpRoot)) factor_there_q[stat] <= 1'b1;
    end
  end
  // When a beat last set out whose result is for a row: 64 bits, as nothing else clears so large a
  // memory, and what it holds at first lies far away.
  localparam int RowWay = 14 + 2 * MulStages + AddStages;   // until the row can be read
  logic [63:0]      cycle_q;
  logic [63:0]      row_at_q [Words];
  logic             reads_row;   // of the vector memory, and what it reads counts
  assign reads_row = take ? op == mv_pkg::OpResidual : !zero && !pass_reciprocal && !pass_root;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) cycle_q <= 64'd1000;
    else cycle_q <= cycle_q + 64'd1;
  end
  always_ff @(posedge clk_i) begin
    if (beat && to_vector) row_at_q[target_at] <= cycle_q;
  end
  always_ff @(posedge clk_i) begin
    pass_before_q <= pass_i;
    if (table_valid_i && !table_norm_i) entry_run_q[TableW'(table_address_i)] <= run_q;
    if (table_valid_i && table_norm_i) norm_run_q[NormW'(table_address_i)] <= run_q;
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (rst_ni) begin
      ResultBeforePass: cover (pass_ready && take);
      PortsContend: cover ($countones(mine) > 1);
      SliceBlocks: cover (pass_q && pass_attention && block_i);
      SubBankTaken: cover (pass_q && pass_attention && !block_i && taken_i[32'(lane) % Lv]);
      RootAwaited: cover (pass_q && hold_q != '0);
      GroupLeftOut: cover (pass_q && hold_q == '0 && skip && row < pass_rows);
      KeyLands: cover (take && kv && !kv_value);
      ValueLands: cover (take && kv && kv_value);
      ScoreLands: cover (take && scores);
      OutputLands: cover (take && outputs);
      NoTokenIsValid: cover (beat_valid_q && left[31]);
      TablesFit: assert (!table_valid_i || 32'(table_address_i) < (table_norm_i ? Norms : Tables))
        else $error("mv_slice.TablesFit: an entry is written beyond its table");
      PassesFollow: assert (!pass_valid_i || pass_done_o)
        else $error("mv_slice.PassesFollow: a pass begins while one is under way");
      PositionsFit: assert (!beat_valid_q || !beat_activation_q || position_at < 32'd65536)
        else $error("mv_slice.PositionsFit: a position beyond 16 bits");
      PassStays: assert (pass_done_o || pass_i == pass_before_q)
        else $error("mv_slice.PassStays: the instruction of a pass changes before its end");
      AccessIdle: assert (!v_valid_i || (!beat && results_idle_o && pass_done_o))
        else $error("mv_slice.AccessIdle: access from outside while something is under way");
      AccessInRange: assert (!v_valid_i || 32'(v_row_i) < Rows)
        else $error("mv_slice.AccessInRange: access to a row beyond the vector memory");
      WaysCount: assert (!beat || (take ? results_q : passes_q) != '1)
        else $error("mv_slice.WaysCount: more beats under way than are counted");
      BlocksWhole: assert (!pass_valid_i || !pass_keys || !pass_causal || Tokens % Lv == 0)
        else $error("mv_slice.BlocksWhole: causal keys, but a group is no whole strips of keys");
      if (beat) begin
        WordsFit: assert (!take || !kv || kv_at < 32'd1 << WordW)
          else $error("mv_slice.WordsFit: a word beyond the key/value memory");
        ChannelsFit: assert (take || (op != mv_pkg::OpNorm && op != mv_pkg::OpVariance) ||
                             !count[15])
          else $error("mv_slice.ChannelsFit: n of a norm is not below 2^15");
        TargetInRange: assert (!to_vector || 32'(target) < Rows)
          else $error("mv_slice.TargetInRange: a result for a row beyond the vector memory");
        RowSettled: assert (!reads_row || cycle_q - row_at_q[read_at] >= 64'(RowWay))
          else $error("mv_slice.RowSettled: a row is read while a result for it is under way");
        SourceInRange: assert (!reads_row || 32'(source) < Rows)
          else $error("mv_slice.SourceInRange: a row beyond the vector memory is read");
        NormInRange: assert (take || op != mv_pkg::OpNorm || 32'(norm_entry) < Norms)
          else $error("mv_slice.NormInRange: a pass reads an entry beyond the norm table");
        EntryInRange: assert (!to_activation || all || 32'(table_entry) < Tables)
          else $error("mv_slice.EntryInRange: an entry beyond the position table");
        EntriesStay: assert (!to_activation || all ||
            (!entry_writes && entry_run_q[TableW'(table_entry)] != run_q))
          else $error("mv_slice.EntriesStay: a run reads a position that was written during it");
        NormsStay: assert (take || op != mv_pkg::OpNorm ||
            (!norm_writes && norm_run_q[NormW'(norm_entry)] != run_q))
          else $error("mv_slice.NormsStay: a run reads a norm entry that was written during it");
      end
      RowsApart: assert (!pass_valid_i || !pass_attention || last_group_i == '0 ||
                         32'(pass_rows) <= 32'(row_stride) * Lv)
        else $error("mv_slice.RowsApart: a pass's rows of a group reach into those of the next");
      KeysThere: assert (!pass_valid_i || pass_reciprocal || pass_root ||
          4'(pass_i >> mv_isa_pkg::VectorOperationAt) != mv_pkg::OpExp || count != '0)
        else $error("mv_slice.KeysThere: exponentials of no key");
      if (go) begin
        NormsCounted: assert ((op != mv_pkg::OpVariance || count == summed_q[stat]) &&
                              (op != mv_pkg::OpNorm || count == channels_q[stat]))
          else $error("mv_slice.NormsCounted: n of a norm is not the number of values summed");
        ExponentialsSummed: assert (op != mv_pkg::OpReciprocal || exponentials_q[stat])
          else $error("mv_slice.ExponentialsSummed: a reciprocal of sums of something else");
        FactorThere: assert (!(op == mv_pkg::OpScale || op == mv_pkg::OpNorm) ||
                             factor_there_q[stat])
          else $error("mv_slice.FactorThere: r is not of this row");
      end
    end
  end
`endif
endmodule
