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
  localparam int LvL     = $clog2(Lv),
  localparam int LaneW   = (LvL > 0) ? LvL : 1,
  localparam int CntW    = LvL + 1,
  localparam int Threads = SubSteps,
  localparam int ThreadW = (Threads > 1) ? $clog2(Threads) : 1,
  localparam int Ids     = 4 * SubSteps,   // places for output records, of Lv outputs each
  localparam int IdW     = $clog2(Ids),
  localparam int OutW    = (SubSteps * Lv > 1) ? $clog2(SubSteps * Lv) : 1,
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
  input  logic [8*64-1:0]     entry_i,
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
  output logic [OutW:0]       op_count_o,     // outputs of a chain
  output logic [ThreadW-1:0]  op_thread_o,
  output logic                op_buffer_o,   // record, close: which of the thread's chains
  output logic [IdW-1:0]      op_id_o,       // record: the chain's place
  output logic [OutW-1:0]     op_number_o,   // record: its number in the chain
  output logic [31:0]         op_data_o,     // record: bias, output index
  // units of the classes
  output logic [H-1:0]        op_unit_o,
  output logic [H-1:0]        op_unit_buffer_o,
  output logic [ThreadW-1:0]  op_unit_row_o,   // wide chain: which Lv of its outputs
  output logic [H*RowW-1:0]   op_row_o,        // activation row
  output logic [H*LaneW-1:0]  op_offset_o,     // first input in the row, among those of the class
  output logic [H*CntW-1:0]   op_weights_o,    // weights
  output logic                idle_o
);
  localparam int HL    = $clog2(H);
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
  logic [7:0]              bits_n_q;
  logic [WordW-1:0]        word_q;
  // run
  logic [2:0]              entry_q;
  logic [OutW:0]           count_q;
  logic                    wide_q;
  logic [ClassW-1:0]       classes_q;
  logic [16:0]             left_q;   // chains not yet taken
  logic [OutW-1:0]         out_q;
  // threads: chains' buffers, classes
  logic [ThreadW-1:0]      thread_q;
  logic [Threads-1:0]      newest_q;
  logic [Threads*2-1:0]    open_q;
  logic [Threads*2*H-1:0]  done_q;   // classes that have finished the chain
  logic [Threads*H-1:0]    active_q, buffer_q;
  logic [Threads*H*3-1:0]  section_q;
  logic [Threads*H*16-1:0] next_q;    // first class position not yet passed
  logic [Threads*H*8-1:0]  piece_q;   // next piece of the last unit, 0: a code follows
  logic [Ids-1:0]          busy_q;    // places in use
  logic [IdW-1:0]          id_q;      // of the chain whose records are being read
  logic [H-1:0]            have_q;    // classes that have their unit of this turn

  // ---- entries: geometry of the units (log2 where it ends in _l) ----
  function automatic logic [3:0] clog_classes(input logic [3:0] length);
    integer d;
    d = LvL - 32'(length);
    if (d < 0) d = 0;
    if (d > HL) d = HL;
    clog_classes = 4'(d);
  endfunction

  // log2 of a row unit's inputs: a class's lanes, fewer if a vector has fewer, more (and several
  // pieces) if it has more than all lanes.
  function automatic logic [3:0] unit_inputs_l(input logic [3:0] length_l,
                                               input logic [3:0] classes_l,
                                               input logic [3:0] lanes_l);
    if (length_l < lanes_l) unit_inputs_l = length_l;
    else if (length_l > 4'(LvL)) unit_inputs_l = length_l - classes_l;
    else unit_inputs_l = lanes_l;
  endfunction

  // Bits of the codes that the first `number` classes read in this cycle.
  function automatic logic [6:0] code_bits_before(input logic [H-1:0] coded_classes,
                                                  input int number,
                                                  input logic [3:0] code_bits);
    code_bits_before = '0;
    for (int i = 0; i < H; i++) begin
      if (i < number && coded_classes[i]) code_bits_before = code_bits_before + 7'(code_bits);
    end
  endfunction

  logic [3:0] h_l, w_l;
  assign h_l = 4'(classes_q);
  assign w_l = 4'(LvL) - h_l;

  // ---- this thread ----
  logic         newest, open_other, any_take, any_read;
  logic [1:0]   open;
  logic [H-1:0] active, buffer, reads;
  logic [H-1:0] in_use;   // classes of this matrix
  assign newest     = newest_q[thread_q];
  assign open       = open_q[32'(thread_q) * 2 +: 2];
  assign open_other = newest ? open[0] : open[1];
  assign active     = active_q[32'(thread_q) * H +: H];
  assign buffer     = buffer_q[32'(thread_q) * H +: H];
  assign in_use     = H'((32'd1 << (32'd1 << h_l)) - 32'd1);
  // A resting class rests in the newest buffer.
  assign any_take   = ((in_use & ~active & ~have_q) != '0) && !open_other && (left_q != '0);
  assign reads      = in_use & active & ~have_q;
  assign any_read   = reads != '0;

  // ---- codes: one stage per class; no step of a stage reads what a later one gives ----
  logic [63:0]     bits;
  logic [15:0]     code_mask, column_mask;
  logic [7:0]      column_pieces;
  logic [H-1:0]    coded, ones, ends, finish, unit;
  logic [H*16-1:0] next_pos;
  logic [H*8-1:0]  piece, next_piece;
  logic [H*3-1:0]  next_section;
  logic [6:0]      code_n;
  assign bits          = bits_q[63:0];
  assign code_mask     = (16'd1 << code_bits_i) - 16'd1;
  assign column_mask   = (16'd1 << w_l) - 16'd1;
  assign column_pieces = 8'((16'(count_q) + 16'(Lv - 1)) >> LvL);
  assign code_n        = code_bits_before(coded, H, code_bits_i);
  // Wide chains are columns' alone; these have one class.
  assign op_unit_row_o = (column_i && wide_q) ? ThreadW'(piece[7:0]) : '0;

  for (genvar j = 0; j < H; j++) begin : g_class
    // Where the class stands.
    logic [2:0]  section;
    logic [3:0]  length_l;
    logic [15:0] base, sentinel, passed;
    assign section         = column_i ? entry_q : section_q[(32'(thread_q) * H + j) * 3 +: 3];
    assign length_l        = entry_i[32'(section) * 64 +: 4];
    assign base            = entry_i[32'(section) * 64 + 16 +: 16];
    assign sentinel        = entry_i[32'(section) * 64 + 32 +: 16];
    assign passed          = next_q[(32'(thread_q) * H + j) * 16 +: 16];
    assign piece[j*8 +: 8] = piece_q[(32'(thread_q) * H + j) * 8 +: 8];

    // Its code, behind those of the classes before it, and the position that the code means.
    logic [15:0] code, pos;
    assign coded[j]  = reads[j] && (piece[j*8 +: 8] == '0);
    assign code      = 16'(bits >> code_bits_before(coded, j, code_bits_i)) & code_mask;
    assign pos       = coded[j] ? passed + code : passed - 16'd1;
    assign ones[j]   = coded[j] && (code == code_mask);
    assign ends[j]   = coded[j] && !ones[j] && (pos == sentinel);
    assign finish[j] = ends[j] && (column_i || (4'(section) + 4'd1 == entries_i));
    assign unit[j]   = reads[j] && !ones[j] && !ends[j];

    // Inputs of a row unit, units per row, pieces.
    logic [3:0] lambda_l, upr_l, ppu_l;
    logic [7:0] pieces, piece_after;
    assign lambda_l    = unit_inputs_l(length_l, h_l, w_l);
    assign upr_l       = (lambda_l < w_l) ? w_l - lambda_l : 4'd0;
    assign ppu_l       = (lambda_l > w_l) ? lambda_l - w_l : 4'd0;
    assign pieces      = column_i ? column_pieces : 8'd1 << ppu_l;
    assign piece_after = piece[j*8 +: 8] + 8'd1;

    // Where the class goes on.
    assign next_section[j*3 +: 3] = ends[j] ? section + 3'd1 : section;
    assign next_pos[j*16 +: 16]   = ends[j] ? '0 : ones[j] ? pos : pos + 16'd1;
    assign next_piece[j*8 +: 8]   = (unit[j] && piece_after != pieces) ? piece_after : '0;

    // The unit of a column: its input, and what is left of the chain's outputs.
    logic [RowW-1:0]  column_row;
    logic [LaneW-1:0] column_offset;
    logic [15:0]      column_left;
    logic [CntW-1:0]  column_weights;
    assign column_row     = RowW'(pos >> w_l);
    assign column_offset  = LaneW'(pos & column_mask);
    assign column_left    = 16'(count_q) - (16'(piece[j*8 +: 8]) << LvL);
    assign column_weights = (column_left > 16'(Lv)) ? CntW'(Lv) : CntW'(column_left);

    // The unit of a row: several to an activation row, or several rows to a unit.
    logic [RowW-1:0]  row_row;
    logic [LaneW-1:0] row_offset;
    logic [CntW-1:0]  row_weights;
    assign row_row     = RowW'(base + ((pos << ppu_l) >> upr_l) + 16'(piece[j*8 +: 8]));
    assign row_offset  = (ppu_l != '0) ? '0 :
                         LaneW'((pos & ((16'd1 << upr_l) - 16'd1)) << lambda_l);
    assign row_weights = CntW'(1) << ((lambda_l < w_l) ? lambda_l : w_l);

    assign op_row_o[j*RowW +: RowW]      = column_i ? column_row : row_row;
    assign op_offset_o[j*LaneW +: LaneW] = column_i ? column_offset : row_offset;
    assign op_weights_o[j*CntW +: CntW]  = column_i ? column_weights : row_weights;
  end

  // ---- the decode cycle ----
  logic           record, read, turn_end, go, free, task_take, run_go, last_record;
  logic [6:0]     used;
  logic           header_valid, head_wide;
  logic [OutW:0]  head_count;
  logic           done_other, done_newest, close_newest, close_other;
  logic [2*H-1:0] done_before, done_now;   // of both buffers
  logic           all_finished;

  assign header_valid = bits[0];
  assign head_count   = column_i ? (OutW + 1)'(bits[9:4]) + (OutW + 1)'(1) : (OutW + 1)'(1);
  assign head_wide    = 32'(head_count) > Lv;

  // Where the records of the chain that is taken go.
  logic [IdW-1:0] place;
  logic [Ids-1:0] places;
  mv_place #(
    .Places(Ids),
    .Wide  (SubSteps)
  ) u_place (
    .wide_i (wide_q),
    .busy_i (busy_q),
    .found_o(free),
    .place_o(place),
    .taken_o(places)
  );

  assign record      = (state_q == StRecord) || (state_q == StTurn && any_take && free);
  assign read        = (state_q == StTurn) && !any_take && any_read;
  assign turn_end    = (state_q == StTurn) && !any_take &&
                       (!any_read || ((ones | ends) == '0));
  assign last_record = (OutW + 1)'(out_q) + (OutW + 1)'(1) == count_q;
  always_comb begin
    used = '0;
    if (state_q == StRun) used = 7'd26;
    else if (record) used = 7'(index_bits_i) + 7'd16;
    else if (read) used = code_n;
  end
  assign go           = op_ready_i && (state_q == StRun || record || read || turn_end) &&
                        (bits_n_q >= 8'(used));
  assign run_go       = go && (state_q == StRun);
  assign task_take    = (state_q == StIdle) && task_valid_i && op_ready_i;
  assign task_ready_o = (state_q == StIdle) && op_ready_i;
  assign idle_o       = state_q == StIdle;

  // Which chains are complete after this cycle.
  assign done_before = done_q[32'(thread_q) * 2 * H +: 2 * H];
  for (genvar b = 0; b < 2; b++) begin : g_done
    assign done_now[b*H +: H] = done_before[b*H +: H] | (finish & (b != 0 ? buffer : ~buffer));
  end
  assign done_newest  = (newest ? done_now[H +: H] : done_now[0 +: H]) == in_use;
  assign done_other   = (newest ? done_now[0 +: H] : done_now[H +: H]) == in_use;
  assign close_newest = done_newest && (newest ? open[1] : open[0]);
  assign close_other  = done_other && open_other;

  // The next thread with something to do.
  logic [ThreadW-1:0] thread_next;
  logic [Threads-1:0] finished;
  for (genvar m = 0; m < Threads; m++) begin : g_finished
    assign finished[m] = (left_q == '0 && open_q[m*2 +: 2] == '0) || (wide_q && m != 0);
  end
  assign all_finished = &finished;
  always_comb begin
    thread_next = thread_q;
    for (int k = Threads; k >= 1; k--) begin
      if (!finished[(32'(thread_q) + k) % Threads]) begin
        thread_next = ThreadW'((32'(thread_q) + k) % Threads);
      end
    end
  end

  // ---- operation ----
  assign op_valid_o       = task_take || (go && state_q != StRun &&
                            (record || turn_end || unit != '0 || close_newest || close_other));
  assign op_begin_o       = state_q == StIdle;
  assign op_record_o      = record;
  assign op_open_o        = record && state_q == StTurn;
  assign op_id_o          = (state_q == StTurn) ? place : id_q;
  assign op_close_o       = read && (close_newest || close_other);
  assign op_turn_o        = turn_end;
  assign op_wide_o        = wide_q;
  assign op_classes_o     = classes_q;
  assign op_count_o       = count_q;
  assign op_thread_o      = thread_q;
  assign op_buffer_o      = record ? ((state_q == StRecord) ? newest : !newest) :
                            close_newest ? newest : !newest;
  assign op_number_o      = out_q;
  assign op_data_o        = {16'(bits >> index_bits_i),
                             bits[15:0] & 16'((32'd1 << index_bits_i) - 32'd1)};
  assign op_unit_o        = read ? unit : '0;
  assign op_unit_buffer_o = buffer;

  // ---- bit buffer ----
  logic        refill, last_word, flush;
  logic [63:0] word;
  logic [7:0]  bits_n_after;
  logic [6:0]  taken;
  assign taken        = go ? used : '0;
  assign bits_n_after = bits_n_q - 8'(taken);
  // The last beat of a task is read to its end; what is left of it is dropped.
  assign flush        = run_go && !header_valid;
  assign refill       = (bits_n_q <= 8'd64) && beat_valid_i && !flush && (state_q != StIdle);
  assign last_word    = word_q == WordW'(Words - 1);
  assign word         = beat_data_i[32'(word_q) * 64 +: 64];
  assign beat_ready_o = (refill && last_word) || (flush && word_q != '0);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      bits_q   <= '0;
      bits_n_q <= '0;
      word_q   <= '0;
    end else if (flush) begin
      bits_q   <= '0;
      bits_n_q <= '0;
      word_q   <= '0;
    end else begin
      bits_q   <= (bits_q >> taken) | (refill ? 128'(word) << bits_n_after : '0);
      bits_n_q <= bits_n_after + (refill ? 8'd64 : 8'd0);
      if (refill) word_q <= last_word ? '0 : word_q + WordW'(1);
    end
  end

  // ---- state ----
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q <= StIdle;
    end else begin
      unique case (state_q)
        StIdle: if (task_take) state_q <= StRun;
        StRun: if (go) begin
          if (header_valid) state_q <= StTurn;
          else state_q <= StIdle;
        end
        StTurn: if (go) begin
          if (record && count_q != (OutW + 1)'(1)) state_q <= StRecord;
          if (turn_end && all_finished) state_q <= StRun;
        end
        StRecord: if (go && last_record) state_q <= StTurn;
        default: ;
      endcase
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      busy_q <= '0;
    end else begin
      busy_q <= (busy_q & ~drained_i) |
                ((go && record && state_q == StTurn) ? places : '0);
    end
  end

  // What follows a chain's last record: the chain is open, the resting classes begin it.
  logic begin_chain;
  assign begin_chain = go && record && last_record;

  always_ff @(posedge clk_i) begin
    if (run_go) begin
      entry_q   <= column_i ? bits[3:1] : 3'd0;
      count_q   <= head_count;
      wide_q    <= head_wide;
      classes_q <= column_i ? ClassW'(clog_classes(entry_i[32'(bits[3:1]) * 64 +: 4]))
                            : row_classes_i;
      left_q    <= 17'(bits[25:10]) + 17'd1;
      out_q     <= '0;
      thread_q  <= '0;
      newest_q  <= '1;
      open_q    <= '0;
      done_q    <= '0;
      active_q  <= '0;
      buffer_q  <= '1;
      piece_q   <= '0;
      have_q    <= '0;
    end else if (go && record) begin
      out_q <= last_record ? '0 : out_q + OutW'(1);
      if (state_q == StTurn) begin
        newest_q[thread_q] <= !newest;
        open_q[32'(thread_q) * 2 + 32'(!newest)] <= 1'b1;
        done_q[(32'(thread_q) * 2 + 32'(!newest)) * H +: H] <= '0;
        left_q <= left_q - 17'd1;
        id_q   <= place;
      end
    end else if (go && turn_end) begin
      thread_q <= thread_next;
      have_q   <= '0;
    end else if (go && read) begin
      have_q <= have_q | unit;
    end

    if (begin_chain) begin
      for (int j = 0; j < H; j++) begin
        if (!active[j]) begin
          active_q[32'(thread_q) * H + j]             <= 1'b1;
          buffer_q[32'(thread_q) * H + j]             <= (state_q == StRecord) ? newest : !newest;
          section_q[(32'(thread_q) * H + j) * 3 +: 3] <= '0;
          next_q[(32'(thread_q) * H + j) * 16 +: 16]  <= '0;
        end
      end
    end
    if (go && read) begin
      for (int j = 0; j < H; j++) begin
        if (reads[j]) begin
          section_q[(32'(thread_q) * H + j) * 3 +: 3] <= finish[j] ? '0 : next_section[j*3 +: 3];
          next_q[(32'(thread_q) * H + j) * 16 +: 16]  <= next_pos[j*16 +: 16];
          piece_q[(32'(thread_q) * H + j) * 8 +: 8]   <= next_piece[j*8 +: 8];
        end
        if (finish[j]) begin
          if (buffer[j] == newest) active_q[32'(thread_q) * H + j] <= 1'b0;
          buffer_q[32'(thread_q) * H + j] <= newest;
        end
      end
      done_q[32'(thread_q) * 2 * H +: 2 * H] <= done_now;
      if (close_newest) open_q[32'(thread_q) * 2 + 32'(newest)] <= 1'b0;
      if (close_other) open_q[32'(thread_q) * 2 + 32'(!newest)] <= 1'b0;
    end
  end

`ifdef VERILATOR
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (rst_ni) begin
      HeaderLegal: assert (!task_take || (entries_i <= 4'd8 && index_bits_i <= 5'd16))
        else $error("mv_decompressor.HeaderLegal: more than 8 entries or 16 bits of an index");
      CodesFit: assert (!read || $countones(coded) * 32'(code_bits_i) <= 64)
        else $error("mv_decompressor.CodesFit: the codes of a cycle have more than 64 bits");
    end
  end
`endif
endmodule
