// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Reads the code stream of a task (docs/packed_format.md), one decode cycle per clock cycle: run
// headers, output records, and codes, of which every class may read one. Gives the classes' units
// with their activation rows, and tells where turns and chains end.

module mv_decompressor #(
  parameter int PortBits = 512,
  parameter int Lv       = 8,    // vector lanes
  parameter int FullRate = 4,    // shortest vector that fills a step
  parameter int SubSteps = 2,    // pieces of a long column vector; as many threads
  parameter int RowW     = 16,   // bits of an activation row
  // derived
  localparam int LvLog2  = $clog2(Lv),
  localparam int LaneW   = (LvLog2 > 0) ? LvLog2 : 1,
  localparam int CountW  = LvLog2 + 1,
  localparam int Threads = SubSteps,
  localparam int ThreadW = (Threads > 1) ? $clog2(Threads) : 1,
  localparam int Ids     = 4 * SubSteps,   // places for output records, of Lv outputs each
  localparam int IdW     = $clog2(Ids),
  localparam int OutputW = (SubSteps * Lv > 1) ? $clog2(SubSteps * Lv) : 1,
  localparam int H       = (FullRate > 0 && FullRate < Lv) ? Lv / FullRate : 1,  // classes, at most
  localparam int ClassW  = ($clog2(H) > 0) ? $clog2($clog2(H) + 1) : 1   // of a log2 of classes
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  // header
  input  logic                column_i,
  input  logic [3:0]          entries_i,
  input  logic [4:0]          index_bits_i,
  input  logic [3:0]          code_bits_i,
  input  logic [ClassW-1:0]   row_classes_i,   // log2 of a row matrix's classes
  input  logic [8*mv_isa_pkg::EntryW-1:0]     entry_i,
  // tasks, taken while idle
  input  logic                task_valid_i,
  output logic                task_ready_o,
  // code beats
  input  logic                beat_valid_i,
  output logic                beat_ready_o,
  input  logic [PortBits-1:0] beat_data_i,
  // places that are free again
  input  logic [Ids-1:0]      drained_i,
  // operations; at most one of begin, record, close and turn
  output logic                op_valid_o,
  input  logic                op_ready_i,
  output logic                op_begin_o,     // a task begins
  output logic                op_record_o,    // output record
  output logic                op_open_o,      // record: the first one, it opens the chain
  output logic                op_close_o,     // a chain is complete
  output logic                op_turn_o,      // the turn ends: its units form a step
  output logic                op_wide_o,      // chains of more than Lv outputs, on all rows
  output logic [ClassW-1:0]   op_classes_o,   // log2 of the classes
  output logic [OutputW:0]    op_count_o,     // outputs of a chain
  output logic [ThreadW-1:0]  op_thread_o,
  output logic                op_buffer_o,   // record, close: which of the thread's chains
  output logic [IdW-1:0]      op_id_o,       // record: the chain's place
  output logic [OutputW-1:0]  op_number_o,   // record: its number in the chain
  output logic [31:0]         op_data_o,     // record: bias, output index
  // units of the classes
  output logic [H-1:0]        op_unit_o,
  output logic [H-1:0]        op_unit_buffer_o,
  output logic [ThreadW-1:0]  op_unit_row_o,   // wide chain: which Lv of its outputs
  output logic [H*RowW-1:0]   op_row_o,        // activation row
  output logic [H*LaneW-1:0]  op_offset_o,     // first input in the row, among those of the class
  output logic [H*CountW-1:0] op_weights_o,    // weights
  output logic                idle_o
);
  localparam int HLog2 = $clog2(H);
  localparam int Words = PortBits / 64;
  localparam int WordW = (Words > 1) ? $clog2(Words) : 1;

  if (Lv < 1 || (Lv & (Lv - 1)) != 0 || FullRate < 1 || (FullRate & (FullRate - 1)) != 0 ||
      FullRate > Lv) begin : g_bad_lanes
`ifdef VERILATOR
    $fatal(0, "mv_decompressor: Lv and FullRate must be powers of two, FullRate at most Lv");
`else
    mv_decompressor__lv_and_fullrate_must_be_powers_of_two_fullrate_at_most_lv u_illegal ();
`endif
  end
  // Of each class a code of two bits or more, in the 64 bits that a cycle looks at.
  if (H > 32) begin : g_bad_classes
`ifdef VERILATOR
    $fatal(0, "mv_decompressor: Lv / FullRate must be at most 32: a cycle's codes share 64 bits");
`else
    mv_decompressor__lv_fullrate_must_be_at_most_32_a_cycles_codes_share_64_bits u_illegal ();
`endif
  end
  if (PortBits < 64 || PortBits % 64 != 0) begin : g_bad_port
`ifdef VERILATOR
    $fatal(0, "mv_decompressor: PortBits must be a multiple of 64");
`else
    mv_decompressor__portbits_must_be_a_multiple_of_64 u_illegal ();
`endif
  end
  if (SubSteps < 1 || (SubSteps & (SubSteps - 1)) != 0) begin : g_bad_substeps
`ifdef VERILATOR
    $fatal(0, "mv_decompressor: SubSteps must be a power of two");
`else
    mv_decompressor__substeps_must_be_a_power_of_two u_illegal ();
`endif
  end

  typedef enum logic [1:0] {StIdle, StRun, StTurn, StRecord} state_e;

  state_e                  state_q;
  // bit buffer, refilled by words of 64 bits
  logic [127:0]            bits_q;
  logic [7:0]              bits_held_q;
  logic [WordW-1:0]        word_number_q;
  // run
  logic [2:0]              entry_q;
  logic [OutputW:0]        count_q;
  logic                    wide_q;
  logic [ClassW-1:0]       classes_q;
  logic [16:0]             chains_left_q;   // chains not yet taken
  logic [OutputW-1:0]      output_q;
  // threads: chains' buffers, classes
  logic [ThreadW-1:0]      thread_q;
  logic [Threads-1:0]      newest_q;
  logic [Threads*2-1:0]    chains_open_q;
  logic [Threads*2*H-1:0]  done_q;   // classes that have finished the chain
  logic [Threads*H-1:0]    active_q, buffer_q;
  logic [Threads*H*3-1:0]  section_q;
  logic [Threads*H*16-1:0] next_q;        // first class position not yet passed
  logic [Threads*H*8-1:0]  piece_q;       // next piece of the last unit, 0: a code follows
  logic [Ids-1:0]          busy_q;        // places in use
  logic [IdW-1:0]          id_q;          // of the chain whose records are being read
  logic [H-1:0]            unit_read_q;   // classes that have their unit of this turn

  // ---- entries: geometry of the units ----
  logic [3:0] classes_log2, class_lanes_log2;
  assign classes_log2     = 4'(classes_q);
  assign class_lanes_log2 = 4'(LvLog2) - classes_log2;

  // ---- this thread ----
  logic         newest, other_open, takes_chain, any_code;
  logic [1:0]   chains_open;
  logic [H-1:0] active, buffer, classes_reading;
  logic [H-1:0] classes_in_use;   // classes of this matrix
  assign newest          = newest_q[thread_q];
  assign chains_open     = chains_open_q[32'(thread_q) * 2 +: 2];
  assign other_open      = newest ? chains_open[0] : chains_open[1];
  assign active          = active_q[32'(thread_q) * H +: H];
  assign buffer          = buffer_q[32'(thread_q) * H +: H];
  assign classes_in_use  = H'((32'd1 << (32'd1 << classes_log2)) - 32'd1);
  // A resting class rests in the newest buffer.
  assign takes_chain     = ((classes_in_use & ~active & ~unit_read_q) != '0) && !other_open &&
                           (chains_left_q != '0);
  assign classes_reading = classes_in_use & active & ~unit_read_q;
  assign any_code        = classes_reading != '0;

  // ---- codes: one stage per class; no step of a stage reads what a later one gives ----
  logic [63:0]     bits;
  logic [7:0]      code_mask;
  logic [LaneW-1:0] column_mask;
  logic [7:0]      column_pieces;
  logic [H-1:0]    code_read, code_all_ones, section_ends, class_finishes, unit;
  logic [H*16-1:0] next_position;
  logic [H*8-1:0]  piece, next_piece;
  logic [H*3-1:0]  next_section;
  logic [H*7+6:0]  code_at;   // where each class's code begins, and where the last one ends
  logic [6:0]      code_bits_read;
  assign bits           = bits_q[63:0];
  assign code_mask      = 8'((16'd1 << code_bits_i) - 16'd1);
  assign column_mask    = LaneW'((16'd1 << class_lanes_log2) - 16'd1);
  assign column_pieces  = 8'((16'(count_q) + 16'(Lv - 1)) >> LvLog2);
  always_comb begin
    code_at = '0;
    for (int i = 0; i < H; i++) begin
      code_at[(i+1)*7 +: 7] = code_at[i*7 +: 7] + (code_read[i] ? 7'(code_bits_i) : 7'd0);
    end
  end
  assign code_bits_read = code_at[H*7 +: 7];
  // Wide chains are columns' alone; these have one class.
  assign op_unit_row_o  = (column_i && wide_q) ? ThreadW'(piece[7:0]) : '0;

  for (genvar j = 0; j < H; j++) begin : g_class
    // Where the class stands.
    logic [2:0]  section;
    logic [mv_isa_pkg::EntryW-1:0] entry;
    logic [3:0]  length_log2;
    logic [15:0] base, sentinel, passed;
    assign section         = column_i ? entry_q : section_q[(32'(thread_q) * H + j) * 3 +: 3];
    assign entry           = entry_i[32'(section) * mv_isa_pkg::EntryW +: mv_isa_pkg::EntryW];
    assign length_log2     = 4'(entry >> mv_isa_pkg::EntryLengthLog2At);
    assign base            = 16'(entry >> mv_isa_pkg::EntryBaseAt);
    assign sentinel        = 16'(entry >> mv_isa_pkg::EntrySentinelAt);
    assign passed          = next_q[(32'(thread_q) * H + j) * 16 +: 16];
    assign piece[j*8 +: 8] = piece_q[(32'(thread_q) * H + j) * 8 +: 8];

    // Its code, behind those of the classes before it, and the position that the code means.
    logic [7:0]  code;
    logic [15:0] position;
    assign code_read[j]      = classes_reading[j] && (piece[j*8 +: 8] == '0);
    assign code              = 8'(bits >> code_at[j*7 +: 7]) & code_mask;
    assign position          = code_read[j] ? passed + 16'(code) : passed - 16'd1;
    assign code_all_ones[j]  = code_read[j] && (code == code_mask);
    assign section_ends[j]   = code_read[j] && !code_all_ones[j] && (position == sentinel);
    assign class_finishes[j] = section_ends[j] && (column_i || (4'(section) + 4'd1 == entries_i));
    assign unit[j]           = classes_reading[j] && !code_all_ones[j] && !section_ends[j];

    // Inputs of a row unit: a class's lanes, fewer if a vector has fewer, more (and several pieces)
    // if it has more than all lanes. Units per row, pieces.
    logic [3:0] unit_inputs_log2, units_per_row_log2, pieces_per_unit_log2;
    logic [7:0] pieces, piece_after;
    assign unit_inputs_log2     = (length_log2 < class_lanes_log2) ? length_log2 :
                                  (length_log2 > 4'(LvLog2)) ? length_log2 - classes_log2 :
                                  class_lanes_log2;
    assign units_per_row_log2   = (unit_inputs_log2 < class_lanes_log2) ?
                                  class_lanes_log2 - unit_inputs_log2 : 4'd0;
    assign pieces_per_unit_log2 = (unit_inputs_log2 > class_lanes_log2) ?
                                  unit_inputs_log2 - class_lanes_log2 : 4'd0;
    assign pieces               = column_i ? column_pieces : 8'd1 << pieces_per_unit_log2;
    assign piece_after          = piece[j*8 +: 8] + 8'd1;

    // Where the class goes on.
    assign next_section[j*3 +: 3]    = section_ends[j] ? section + 3'd1 : section;
    assign next_position[j*16 +: 16] = section_ends[j] ? '0 :
                                       code_all_ones[j] ? position : position + 16'd1;
    assign next_piece[j*8 +: 8]      = (unit[j] && piece_after != pieces) ? piece_after : '0;

    // The unit of a column: its input, and what is left of the chain's outputs.
    logic [RowW-1:0]   column_row;
    logic [LaneW-1:0]  column_offset;
    logic [15:0]       column_left;
    logic [CountW-1:0] column_weights;
    assign column_row     = RowW'(position >> class_lanes_log2);
    assign column_offset  = LaneW'(position) & column_mask;
    assign column_left    = 16'(count_q) - (16'(piece[j*8 +: 8]) << LvLog2);
    assign column_weights = (column_left > 16'(Lv)) ? CountW'(Lv) : CountW'(column_left);

    // The unit of a row: several to an activation row, or several rows to a unit.
    logic [RowW-1:0]   row_of_unit;
    logic [LaneW-1:0]  row_offset;
    logic [CountW-1:0] row_weights;
    assign row_of_unit = RowW'(base + ((position << pieces_per_unit_log2) >> units_per_row_log2) +
                         16'(piece[j*8 +: 8]));
    assign row_offset  = (pieces_per_unit_log2 != '0) ? '0 :
                         LaneW'((position & ((16'd1 << units_per_row_log2) - 16'd1)) <<
                                unit_inputs_log2);
    assign row_weights = CountW'(1) << ((unit_inputs_log2 < class_lanes_log2) ?
                                        unit_inputs_log2 : class_lanes_log2);

    assign op_row_o[j*RowW +: RowW]         = column_i ? column_row : row_of_unit;
    assign op_offset_o[j*LaneW +: LaneW]    = column_i ? column_offset : row_offset;
    assign op_weights_o[j*CountW +: CountW] = column_i ? column_weights : row_weights;
  end

  // ---- the decode cycle ----
  logic             reads_record, reads_codes, turn_end, proceeds, place_free;
  logic             task_taken, header_read, last_record;
  logic [6:0]       bits_used;
  logic             header_valid, head_wide;
  logic [OutputW:0] head_count;
  logic             done_other, done_newest, close_newest, close_other;
  logic [2*H-1:0]   done_before, done_now;   // of both buffers
  logic             all_finished;

  logic [mv_isa_pkg::RunW-1:0]   head;         // of a run
  logic [2:0]                    head_entry;
  logic [5:0]                    head_last_output;
  logic [15:0]                   head_last_chain;
  logic [mv_isa_pkg::EntryW-1:0] head_entry_fields;
  logic [3:0]                    head_length_log2, head_classes;   // of a column's vectors
  logic signed [31:0]            head_shorter;                     // than all lanes, log2
  assign head              = bits[mv_isa_pkg::RunW-1:0];
  assign header_valid      = 1'(head >> mv_isa_pkg::RunFollowsAt);
  assign head_entry        = 3'(head >> mv_isa_pkg::RunEntryAt);
  assign head_last_output  = 6'(head >> mv_isa_pkg::RunLastOutputAt);
  assign head_last_chain   = 16'(head >> mv_isa_pkg::RunLastChainAt);
  assign head_entry_fields = entry_i[32'(head_entry) * mv_isa_pkg::EntryW +: mv_isa_pkg::EntryW];
  assign head_count        = column_i ? (OutputW + 1)'(head_last_output) + (OutputW + 1)'(1) :
                             (OutputW + 1)'(1);
  assign head_wide         = 32'(head_count) > Lv;
  assign head_length_log2  = 4'(head_entry_fields >> mv_isa_pkg::EntryLengthLog2At);
  // log2: lanes for several vectors are classes, as many as there may be.
  assign head_shorter      = LvLog2 - 32'(head_length_log2);
  assign head_classes      = (head_shorter < 0) ? 4'd0 :
                             (head_shorter > HLog2) ? 4'(HLog2) : 4'(head_shorter);
  logic unused_head;   // machines with wider chains have more outputs
  assign unused_head = ^head_last_output;

  // Where the records of the chain that is taken go.
  logic [IdW-1:0] place;
  logic [Ids-1:0] places_taken;
  mv_place #(
    .Places(Ids),
    .Wide  (SubSteps)
  ) u_place (
    .wide_i (wide_q),
    .busy_i (busy_q),
    .found_o(place_free),
    .place_o(place),
    .taken_o(places_taken)
  );

  assign reads_record = (state_q == StRecord) || (state_q == StTurn && takes_chain && place_free);
  assign reads_codes  = (state_q == StTurn) && !takes_chain && any_code;
  assign turn_end     = (state_q == StTurn) && !takes_chain &&
                        (!any_code || ((code_all_ones | section_ends) == '0));
  assign last_record  = (OutputW + 1)'(output_q) + (OutputW + 1)'(1) == count_q;
  always_comb begin
    bits_used = '0;
    if (state_q == StRun) bits_used = 7'(mv_isa_pkg::RunW);
    else if (reads_record) bits_used = 7'(index_bits_i) + 7'd16;
    else if (reads_codes) bits_used = code_bits_read;
  end
  assign proceeds     = op_ready_i &&
                        (state_q == StRun || reads_record || reads_codes || turn_end) &&
                        (bits_held_q >= 8'(bits_used));
  assign header_read  = proceeds && (state_q == StRun);
  assign task_taken   = (state_q == StIdle) && task_valid_i && op_ready_i;
  assign task_ready_o = (state_q == StIdle) && op_ready_i;
  assign idle_o       = state_q == StIdle;

  // Which chains are complete after this cycle.
  assign done_before = done_q[32'(thread_q) * 2 * H +: 2 * H];
  for (genvar b = 0; b < 2; b++) begin : g_done
    assign done_now[b*H +: H] = done_before[b*H +: H] |
                                (class_finishes & (b != 0 ? buffer : ~buffer));
  end
  assign done_newest  = (newest ? done_now[H +: H] : done_now[0 +: H]) == classes_in_use;
  assign done_other   = (newest ? done_now[0 +: H] : done_now[H +: H]) == classes_in_use;
  assign close_newest = done_newest && (newest ? chains_open[1] : chains_open[0]);
  assign close_other  = done_other && other_open;

  // The next thread with something to do.
  logic [ThreadW-1:0] thread_next;
  logic [Threads-1:0] finished;
  for (genvar m = 0; m < Threads; m++) begin : g_finished
    assign finished[m] = (chains_left_q == '0 && chains_open_q[m*2 +: 2] == '0) ||
                         (wide_q && m != 0);
  end
  assign all_finished = &finished;
  always_comb begin
    thread_next = thread_q;
    for (int ahead = Threads; ahead >= 1; ahead--) begin
      if (!finished[(32'(thread_q) + ahead) % Threads]) begin
        thread_next = ThreadW'((32'(thread_q) + ahead) % Threads);
      end
    end
  end

  // ---- operation ----
  logic [15:0] record_index, record_bias;
  assign op_valid_o       = task_taken || (proceeds && state_q != StRun &&
                            (reads_record || turn_end || unit != '0 ||
                            close_newest || close_other));
  assign op_begin_o       = state_q == StIdle;
  assign op_record_o      = reads_record;
  assign op_open_o        = reads_record && state_q == StTurn;
  assign op_id_o          = (state_q == StTurn) ? place : id_q;
  assign op_close_o       = reads_codes && (close_newest || close_other);
  assign op_turn_o        = turn_end;
  assign op_wide_o        = wide_q;
  assign op_classes_o     = classes_q;
  assign op_count_o       = count_q;
  assign op_thread_o      = thread_q;
  assign op_buffer_o      = reads_record ? ((state_q == StRecord) ? newest : !newest) :
                            close_newest ? newest : !newest;
  assign op_number_o      = output_q;
  assign record_index     = 16'(bits) & 16'((32'd1 << index_bits_i) - 32'd1);
  assign record_bias      = 16'(bits >> index_bits_i);
  assign op_data_o        = (32'(record_index) << mv_pkg::RecordIndexAt) |
                            (32'(record_bias) << mv_pkg::RecordBiasAt);
  assign op_unit_o        = reads_codes ? unit : '0;
  assign op_unit_buffer_o = buffer;

  // ---- bit buffer ----
  logic        refill, last_word, flush;
  logic [63:0] beat_word;
  logic [7:0]  bits_held_after;
  logic [6:0]  bits_taken;
  assign bits_taken      = proceeds ? bits_used : '0;
  assign bits_held_after = bits_held_q - 8'(bits_taken);
  // The last beat of a task is read to its end; what is left of it is dropped.
  assign flush           = header_read && !header_valid;
  assign refill          = (bits_held_q <= 8'd64) && beat_valid_i && !flush && (state_q != StIdle);
  assign last_word       = word_number_q == WordW'(Words - 1);
  assign beat_word       = beat_data_i[32'(word_number_q) * 64 +: 64];
  assign beat_ready_o    = (refill && last_word) || (flush && word_number_q != '0);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      bits_q        <= '0;
      bits_held_q   <= '0;
      word_number_q <= '0;
    end else if (flush) begin
      bits_q        <= '0;
      bits_held_q   <= '0;
      word_number_q <= '0;
    end else begin
      bits_q      <= (bits_q >> bits_taken) | (refill ? 128'(beat_word) << bits_held_after : '0);
      bits_held_q <= bits_held_after + (refill ? 8'd64 : 8'd0);
      if (refill) word_number_q <= last_word ? '0 : word_number_q + WordW'(1);
    end
  end

  // ---- state ----
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q <= StIdle;
    end else begin
      unique case (state_q)
        StIdle: if (task_taken) state_q <= StRun;
        StRun: if (proceeds) begin
          if (header_valid) state_q <= StTurn;
          else state_q <= StIdle;
        end
        StTurn: if (proceeds) begin
          if (reads_record && count_q != (OutputW + 1)'(1)) state_q <= StRecord;
          if (turn_end && all_finished) state_q <= StRun;
        end
        default: if (proceeds && last_record) state_q <= StTurn;   // StRecord
      endcase
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      busy_q <= '0;
    end else begin
      busy_q <= (busy_q & ~drained_i) |
                ((proceeds && reads_record && state_q == StTurn) ? places_taken : '0);
    end
  end

  // What follows a chain's last record: the chain is open, the resting classes begin it.
  logic chain_begins;
  assign chain_begins = proceeds && reads_record && last_record;

  always_ff @(posedge clk_i) begin
    if (header_read) begin
      entry_q       <= column_i ? head_entry : 3'd0;
      count_q       <= head_count;
      wide_q        <= head_wide;
      classes_q     <= column_i ? ClassW'(head_classes) : row_classes_i;
      chains_left_q <= 17'(head_last_chain) + 17'd1;
      output_q      <= '0;
      thread_q      <= '0;
      newest_q      <= '1;
      chains_open_q <= '0;
      done_q        <= '0;
      active_q      <= '0;
      buffer_q      <= '1;
      piece_q       <= '0;
      unit_read_q   <= '0;
    end else if (proceeds && reads_record) begin
      output_q <= last_record ? '0 : output_q + OutputW'(1);
      if (state_q == StTurn) begin
        newest_q[thread_q] <= !newest;
        chains_open_q[32'(thread_q) * 2 + 32'(!newest)] <= 1'b1;
        done_q[(32'(thread_q) * 2 + 32'(!newest)) * H +: H] <= '0;
        chains_left_q <= chains_left_q - 17'd1;
        id_q   <= place;
      end
    end else if (proceeds && turn_end) begin
      thread_q    <= thread_next;
      unit_read_q <= '0;
    end else if (proceeds && reads_codes) begin
      unit_read_q <= unit_read_q | unit;
    end

    if (chain_begins) begin
      for (int j = 0; j < H; j++) begin
        if (!active[j]) begin
          active_q[32'(thread_q) * H + j]             <= 1'b1;
          buffer_q[32'(thread_q) * H + j]             <= (state_q == StRecord) ? newest : !newest;
          section_q[(32'(thread_q) * H + j) * 3 +: 3] <= '0;
          next_q[(32'(thread_q) * H + j) * 16 +: 16]  <= '0;
        end
      end
    end
    if (proceeds && reads_codes) begin
      for (int j = 0; j < H; j++) begin
        if (classes_reading[j]) begin
          section_q[(32'(thread_q) * H + j) * 3 +: 3] <=
              class_finishes[j] ? '0 : next_section[j*3 +: 3];
          next_q[(32'(thread_q) * H + j) * 16 +: 16] <= next_position[j*16 +: 16];
          piece_q[(32'(thread_q) * H + j) * 8 +: 8]  <= next_piece[j*8 +: 8];
        end
        if (class_finishes[j]) begin
          if (buffer[j] == newest) active_q[32'(thread_q) * H + j] <= 1'b0;
          buffer_q[32'(thread_q) * H + j] <= newest;
        end
      end
      done_q[32'(thread_q) * 2 * H +: 2 * H] <= done_now;
      if (close_newest) chains_open_q[32'(thread_q) * 2 + 32'(newest)] <= 1'b0;
      if (close_other) chains_open_q[32'(thread_q) * 2 + 32'(!newest)] <= 1'b0;
    end
  end

`ifdef VERILATOR
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (rst_ni) begin
      OperationStalls: cover (state_q == StTurn && !op_ready_i);
      BitsAwaited: cover (state_q == StTurn && reads_codes && bits_held_q < 8'(bits_used));
      PlacesExhausted: cover (state_q == StTurn && takes_chain && !place_free);
      GapSkipped: cover (proceeds && reads_codes && code_all_ones != '0);
      SectionEnds: cover (proceeds && reads_codes && section_ends != '0);
      ColumnsWide: cover (header_read && header_valid && column_i && head_wide);
      ColumnsNarrow: cover (header_read && header_valid && column_i && !head_wide);
      Rows: cover (header_read && header_valid && !column_i);
      OtherChainEnds: cover (proceeds && reads_codes && close_other && !close_newest);
      BeatDroppedAtEnd: cover (flush && word_number_q != '0);
      RunFollowsRun: cover (proceeds && turn_end && all_finished);
      HeaderLegal: assert (!task_taken || (entries_i != '0 && entries_i <= 4'd8 &&
          index_bits_i != '0 && index_bits_i <= 5'd16 && code_bits_i != '0 && code_bits_i <= 4'd8))
        else $error("mv_decompressor.HeaderLegal: entries, index bits or code bits out of range");
      CodesFit: assert (!reads_codes || $countones(code_read) * 32'(code_bits_i) <= 64)
        else $error("mv_decompressor.CodesFit: the codes of a cycle have more than 64 bits");
      // A wide chain has one class: op_unit_row_o says only of that which outputs a unit is for.
      RunLegal: assert (!header_read || !header_valid || !column_i ||
          (32'(head_last_output) < SubSteps * Lv && 4'(head_entry) < entries_i &&
           (!head_wide || head_classes == '0)))
        else $error("mv_decompressor.RunLegal: a run of chains that this machine has not");
    end
  end
`endif
endmodule
