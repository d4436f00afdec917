// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Attention front end of a set: makes the steps of Q.K^T and P.V, with weights from the key/value
// memory instead of an image. A job is one head's product; the set computes every Sets-th strip of
// Lv outputs. A step multiplies the Lv weights of one input with the tokens of several groups, one
// group per cycle; groups before the keys of a causal step are left out.

module mv_attend #(
  parameter int Sets     = 8,
  parameter int Lv       = 8,
  parameter int FullRate = 4,
  parameter int Tokens   = 64,   // tokens of a group
  parameter int SubSteps = 2,
  parameter int Groups   = 4,
  parameter int RowW     = 9,    // activation row
  parameter int WordW    = 12,   // word of the key/value memory
  // derived
  localparam int Blocks   = (Tokens + Lv - 1) / Lv,   // strips of keys in a group
  localparam int BlockW   = (Blocks > 1) ? $clog2(Blocks) : 1,
  localparam int SetW     = (Sets > 1) ? $clog2(Sets) : 1,
  localparam int LvL      = $clog2(Lv),
  localparam int LaneW    = (LvL > 0) ? LvL : 1,
  localparam int CountW   = LvL + 1,
  localparam int GroupW   = (Groups > 1) ? $clog2(Groups) : 1,
  localparam int Threads  = SubSteps,
  localparam int ThreadW  = (Threads > 1) ? $clog2(Threads) : 1,
  localparam int Places   = 4 * SubSteps,
  localparam int PlaceW   = $clog2(Places),
  localparam int Segments = Lv / FullRate,
  localparam int OutW     = (SubSteps * Lv > 1) ? $clog2(SubSteps * Lv) : 1,
  localparam int ClassW   = ($clog2(Segments) > 0) ? $clog2($clog2(Segments) + 1) : 1,
  localparam int StepW    = mv_pkg::step_width(Lv, FullRate, SubSteps, RowW, GroupW),
  localparam int TileW    = Lv * Lv * 16,
  localparam int JobW     = mv_pkg::job_width(WordW, RowW, CountW, GroupW, SetW)
) (
  input  logic              clk_i,
  input  logic              rst_ni,
  input  logic              start_i,        // a sequence of jobs begins: thread 0 is first
  input  logic [SetW-1:0]   set_i,          // which set this is
  // jobs, the same for all sets: job_t
  input  logic              job_valid_i,
  output logic              job_ready_o,
  input  logic [JobW-1:0]   job_i,
  // key/value memory: tiles of Lv channels x Lv positions come in the order of the requests;
  // channel r, position m at (r * Lv + m) * 16
  output logic              tile_valid_o,
  input  logic              tile_ready_i,
  output logic [WordW-1:0]  tile_word_o,
  output logic [BlockW-1:0] tile_block_o,
  input  logic              tile_valid_i,
  input  logic [TileW-1:0]  tile_i,
  // to the controller: step_t
  output logic              step_valid_o,
  input  logic              step_ready_i,
  output logic [StepW-1:0]  step_o,
  output logic [Lv*16-1:0]  weight_o,
  // the chain that begins: index of its first output
  output logic              record_valid_o,
  output logic [PlaceW-1:0] record_id_o,
  output logic [15:0]       record_index_o,
  input  logic [Places-1:0] drained_i,   // places whose chain has left
  output logic              idle_o
);
  // A step, or the beginning or the end of a chain, as the controller takes it: the same in
  // mv_stream, mv_attend and mv_set_ctrl; a test compares.
  typedef struct packed {
    logic                         open;      // begins a chain
    logic                         close;     // ends it
    logic                         wide;      // of a wide chain; thread: which Lv of its outputs
    logic [ClassW-1:0]            classes;   // log2
    logic [OutW:0]                count;     // close: outputs of the chain
    logic [ThreadW-1:0]           thread;
    logic                         buffer;    // open, close
    logic [PlaceW-1:0]            place;     // open: of the chain's records
    logic [SubSteps*Segments-1:0] started;   // close
    logic [Segments-1:0]          segment;
    logic [Segments-1:0]          first;
    logic [Segments-1:0]          buffers;
    logic [Lv-1:0]                mask;
    logic [Lv*LaneW-1:0]          sel;
    logic [Segments*RowW-1:0]     address;
    // Attention: token groups by number instead of rotation.
    logic [GroupW-1:0]            group;     // the first one; open: of the chain
    logic [GroupW-1:0]            last;      // the last one
    logic [RowW-1:0]              stride;    // rows from one to the next
    logic                         shrinks;   // the chain's next step has a group less
  } step_t;

  // ---- jobs: one in work, two waiting ----
  typedef struct packed {
    logic              outputs;         // P.V instead of Q.K^T
    logic              causal;
    logic [WordW-1:0]  word;            // key/value word of the first channels and keys …
    logic [WordW-1:0]  word_stride;     // … from there to the next Lv channels
    logic [RowW-1:0]   row;             // activation row of token group 0 …
    logic [RowW-1:0]   row_stride;      // … from there to the next group
    logic [15:0]       key_strips;
    logic [15:0]       channel_strips;
    logic [15:0]       index;           // of the first result
    logic [CountW-1:0] last_keys;       // of the last strip
    logic [CountW-1:0] last_channels;   // of the last strip
    logic [GroupW-1:0] last_group;      // of the tile's tokens
    logic [15:0]       base;            // token groups before the tile
    logic [SetW-1:0]   turn;            // set that takes the first strip
  } job_t;
  logic              next_valid, next_ready;
  job_t              next, job_q;
  // Icarus knows no variable's bits here, and Yosys no type's.
`ifdef YOSYS
  localparam int JobBits = $bits(next);
`else
  localparam int JobBits = $bits(job_t);
`endif
  if (JobBits != JobW) begin : g_bad_job
`ifdef VERILATOR
    $fatal(0, "mv_attend: job_width of mv_pkg must be the width of job_t");
`else
    mv_attend__job_width_of_mv_pkg_must_be_the_width_of_job_t u_illegal ();
`endif
  end
  mv_fifo #(
    .Width(JobW),
    .Depth(2)
  ) u_jobs (
    .clk_i       (clk_i),
    .rst_ni      (rst_ni),
    .push_valid_i(job_valid_i),
    .push_ready_o(job_ready_o),
    .push_data_i (job_i),
    .pop_valid_o (next_valid),
    .pop_ready_i (next_ready),
    .pop_data_o  (next)
  );

  // The set's strips of the next job: first, first + Sets, ..., last; none if first is none.
  logic [15:0]     next_strips, next_last;
  logic [15:0]     last_strip;                      // of all sets
  logic [SetW-1:0] next_first, tail, beyond_last;   // strips behind the set's last one
  // last_strip % Sets, bit by bit: remainders are as narrow as the divisor, where the operators of
  // the language would be dividers of 32 bits.
  logic [SetW:0]   tail_rest;
  always_comb begin
    tail_rest = '0;
    for (int i = 15; i >= 0; i--) begin
      tail_rest = {tail_rest[SetW-1:0], last_strip[i]};
      if (tail_rest >= (SetW + 1)'(Sets)) tail_rest = tail_rest - (SetW + 1)'(Sets);
    end
  end
  assign next_strips = next.outputs ? next.channel_strips : next.key_strips;
  assign next_first  = (set_i >= next.turn) ? set_i - next.turn : set_i - next.turn + SetW'(Sets);
  assign last_strip  = next_strips - 16'd1;
  assign tail        = tail_rest[SetW-1:0];
  assign beyond_last = (tail >= next_first) ? tail - next_first : tail - next_first + SetW'(Sets);
  assign next_last   = last_strip - 16'(beyond_last);

  logic        busy_q;            // there are strips left
  logic        from_end_q;        // the next strip is the last one left, otherwise the first
  logic [15:0] low_q, high_q;     // strips left
  logic              take;        // a thread begins a chain of the job
  logic [15:0]       strip;
  logic        unused_turn;       // it counts when the job is taken
  assign unused_turn = ^job_q.turn;
  assign next_ready = !busy_q;
  assign strip      = from_end_q ? high_q : low_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      busy_q <= 1'b0;
    end else if (next_ready) begin
      busy_q <= next_valid && 16'(next_first) < next_strips;
    end else if (take && low_q == high_q) begin
      busy_q <= 1'b0;
    end
  end
  // Causal strips differ in their groups: those from the end and from the beginning in turn, so
  // that a long one meets a short one.
  always_ff @(posedge clk_i) begin
    if (next_ready) begin
      from_end_q <= 1'b1;
      low_q      <= 16'(next_first);
      high_q     <= next_last;
      job_q      <= next;
    end else if (take) begin
      from_end_q <= !from_end_q;
      if (from_end_q) high_q <= high_q - 16'(Sets);
      else low_q <= low_q + 16'(Sets);
    end
  end

  // The chain that begins: where its keys stand, and the groups that they meet.
  logic [15:0]       strip_group;
  logic [BlockW-1:0] strip_block;
  logic [GroupW-1:0] strip_first;
  logic [CountW-1:0] strip_count;
  // strip / Blocks and strip % Blocks, bit by bit as above.
  logic [15:0]       quotient;
  logic [BlockW:0]   rest;
  always_comb begin
    rest = '0;
    for (int i = 15; i >= 0; i--) begin
      rest        = {rest[BlockW-1:0], strip[i]};
      quotient[i] = rest >= (BlockW + 1)'(Blocks);
      if (quotient[i]) rest = rest - (BlockW + 1)'(Blocks);
    end
  end
  assign strip_group = job_q.outputs ? '0 : quotient;
  assign strip_block = job_q.outputs ? '0 : rest[BlockW-1:0];
  assign strip_first = (job_q.causal && strip_group > job_q.base) ?
      GroupW'(strip_group) - GroupW'(job_q.base) : '0;
  assign strip_count = job_q.outputs ?
      ((strip + 16'd1 == job_q.channel_strips) ? job_q.last_channels : CountW'(Lv)) :
      (strip + 16'd1 == job_q.key_strips) ? job_q.last_keys :
      (32'(strip_block) == Blocks - 1) ? CountW'(Tokens - (Blocks - 1) * Lv) : CountW'(Lv);

  // ---- places for the chains' records, as the decompressor gives them ----
  logic [Places-1:0] places_busy_q, places_taken;
  logic [PlaceW-1:0] place;
  logic              any_place;
  mv_place #(
    .Places(Places),
    .Wide  (SubSteps)
  ) u_id (
    .wide_i (1'b0),
    .busy_i (places_busy_q),
    .found_o(any_place),
    .place_o(place),
    .taken_o(places_taken)
  );
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) places_busy_q <= '0;
    else places_busy_q <= (places_busy_q & ~drained_i) | (take ? places_taken : '0);
  end

  // ---- threads: a chain each, and of its tiles the one in use and the next ----
  logic [Threads-1:0]   active_q, ending_q, started_q;
  logic [Threads-1:0]   thread_outputs_q, thread_causal_q, cur_q, fill_q;
  logic [2*Threads-1:0] held_q, there_q;           // tile buffers given out; filled
  logic [WordW-1:0]     thread_word_q [Threads];   // next tile to be asked for
  logic [WordW-1:0]     thread_stride_q [Threads];
  logic [BlockW-1:0]    thread_block_q [Threads];
  logic [15:0]          ask_q [Threads];           // tiles left to ask for
  logic [15:0]          left_q [Threads];          // tiles left to use
  logic [CountW-1:0]    thread_last_q [Threads];   // inputs of the last tile
  logic [LaneW-1:0]     input_q [Threads];         // input of the tile
  logic [BlockW-1:0]    block_q [Threads];         // of the tile in use, in its group
  logic [15:0]          ahead_q [Threads];         // its group, less that of the tile's first token
  logic [RowW-1:0]      thread_row_q [Threads];
  logic [RowW-1:0]      thread_row_stride_q [Threads];
  logic [GroupW-1:0]    thread_group_q [Threads];
  logic [GroupW-1:0]    thread_last_group_q [Threads];
  logic [CountW-1:0]    count_q [Threads];
  logic [TileW-1:0]     tile_q [2*Threads];

  // ---- the thread whose turn it is, or the next one that has something ----
  logic [ThreadW-1:0] turn_q, thread;
  logic               any;
  logic [Threads-1:0] ready;
  logic               open;
  assign open = busy_q && any_place;
  always_comb begin
    for (int k = 0; k < Threads; k++) begin
      ready[k] = active_q[k] ? (ending_q[k] || there_q[2*k + 32'(cur_q[k])]) : open;
    end
    any = 1'b0;
    thread   = turn_q;
    for (int k = Threads - 1; k >= 0; k--) begin
      if (ready[(32'(turn_q) + k) % Threads]) begin
        any = 1'b1;
        thread   = ThreadW'((32'(turn_q) + k) % Threads);
      end
    end
  end

  logic              opens, closes, works;   // what is offered: a chain's beginning, end, a step
  logic              go;                     // and it is taken
  logic [CountW-1:0] inputs;                 // of the tile in use
  logic              tile_done;              // by this step
  logic              group_done;             // and the group of keys
  logic [TileW-1:0]  tile;
  assign opens      = !active_q[thread];
  assign closes     = active_q[thread] && ending_q[thread];
  assign works      = active_q[thread] && !ending_q[thread];
  assign go         = any && step_ready_i;
  assign take       = go && !active_q[thread];
  assign inputs     = (left_q[thread] == 16'd1) ? thread_last_q[thread] :
      (thread_outputs_q[thread] && 32'(block_q[thread]) == Blocks - 1) ?
      CountW'(Tokens - (Blocks - 1) * Lv) : CountW'(Lv);
  assign tile_done  = CountW'(input_q[thread]) + CountW'(1) == inputs;
  assign group_done = tile_done && thread_outputs_q[thread] && 32'(block_q[thread]) == Blocks - 1;
  assign tile       = tile_q[2 * 32'(thread) + 32'(cur_q[thread])];

  // Columns of one class.
  logic [GroupW-1:0] group;   // first token group of the step, or of the chain that begins
  logic [RowW-1:0]   row;     // of that group
  logic [Lv-1:0]     mask;
  logic              shrinks;
  step_t             step;
  assign group = opens ? strip_first : thread_group_q[thread];
  assign row   = thread_row_q[thread] +
                 RowW'(32'(group) * 32'(thread_row_stride_q[thread]));
  // Keys of a later group meet a group of tokens less, from the tile's own first group on.
  assign shrinks        = group_done && thread_causal_q[thread] && !ahead_q[thread][15];
  assign step.open      = opens;
  assign step.close     = closes;
  assign step.wide      = 1'b0;
  assign step.classes   = '0;
  assign step.count     = (OutW + 1)'(count_q[thread]);
  assign step.thread    = thread;
  assign step.buffer    = 1'b0;
  assign step.place     = place;
  assign step.started   = '1;
  assign step.segment   = '1;
  assign step.first     = {Segments{!started_q[thread]}};
  assign step.buffers   = '0;
  assign step.mask      = mask;
  assign step.sel       = {Lv{input_q[thread]}};
  assign step.address   = {Segments{row}};
  assign step.group     = group;
  assign step.last      = opens ? job_q.last_group : thread_last_group_q[thread];
  assign step.stride    = thread_row_stride_q[thread];
  assign step.shrinks   = shrinks;
  assign step_o         = step;
  assign step_valid_o   = any;
  assign record_valid_o = take;
  assign record_id_o    = place;
  assign record_index_o = job_q.index + 16'(32'(strip) * Lv);
  always_comb begin
    for (int m = 0; m < Lv; m++) begin
      mask[m] = CountW'(m) < count_q[thread];
      // Scores: the positions of a channel; outputs: the channels of a position.
      weight_o[m*16 +: 16] = thread_outputs_q[thread] ?
          tile[(m * Lv + 32'(input_q[thread])) * 16 +: 16] :
          tile[(32'(input_q[thread]) * Lv + m) * 16 +: 16];
    end
  end

  // ---- tiles: asked for by the lowest thread that has room for one ----
  logic [Threads-1:0] wants;
  logic [ThreadW-1:0] asker;
  logic               ask;
  always_comb begin
    asker = '0;
    for (int k = Threads - 1; k >= 0; k--) begin
      wants[k] = active_q[k] && ask_q[k] != '0 && !held_q[2*k + 32'(fill_q[k])];
      if (wants[k]) asker = ThreadW'(k);
    end
  end
  assign tile_valid_o = wants != '0;
  assign tile_word_o  = thread_word_q[asker];
  assign tile_block_o = thread_block_q[asker];
  assign ask          = tile_valid_o && tile_ready_i;

  // Buffers that tiles on their way go to.
  logic              room, awaited;   // no more tiles are asked for than there are buffers
  localparam int BufferW = $clog2(2 * Threads);
  logic [BufferW-1:0] due;
  mv_fifo #(
    .Width(BufferW),
    .Depth(2 * Threads)
  ) u_due (
    .clk_i       (clk_i),
    .rst_ni      (rst_ni),
    .push_valid_i(ask),
    .push_ready_o(room),
    .push_data_i (BufferW'({asker, fill_q[asker]})),
    .pop_valid_o (awaited),
    .pop_ready_i (tile_valid_i),
    .pop_data_o  (due)
  );

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      active_q  <= '0;
      ending_q  <= '0;
      started_q <= '0;
      cur_q     <= '0;
      fill_q    <= '0;
      held_q    <= '0;
      there_q   <= '0;
      turn_q    <= '0;
    end else begin
      if (start_i) turn_q <= '0;
      if (ask) begin
        fill_q[asker] <= !fill_q[asker];
        held_q[2 * 32'(asker) + 32'(fill_q[asker])] <= 1'b1;
      end
      if (tile_valid_i) there_q[due] <= 1'b1;
      if (go) begin
        if (opens) begin
          active_q[thread]  <= 1'b1;
          started_q[thread] <= 1'b0;
        end else if (closes) begin
          active_q[thread] <= 1'b0;
          ending_q[thread] <= 1'b0;
        end else begin
          started_q[thread] <= 1'b1;
          turn_q            <= (32'(thread) == Threads - 1) ? '0 : thread + ThreadW'(1);
          if (tile_done) begin
            ending_q[thread]                              <= left_q[thread] == 16'd1;
            cur_q[thread]                                 <= !cur_q[thread];
            held_q[2 * 32'(thread) + 32'(cur_q[thread])]  <= 1'b0;
            there_q[2 * 32'(thread) + 32'(cur_q[thread])] <= 1'b0;
          end
        end
      end
    end
  end
  always_ff @(posedge clk_i) begin
    if (tile_valid_i) tile_q[due] <= tile_i;
    if (ask) begin
      ask_q[asker] <= ask_q[asker] - 16'd1;
      // Scores walk over the channels, outputs over the positions.
      if (!thread_outputs_q[asker]) begin
        thread_word_q[asker] <= thread_word_q[asker] + thread_stride_q[asker];
      end else if (32'(thread_block_q[asker]) == Blocks - 1) begin
        thread_word_q[asker]  <= thread_word_q[asker] + WordW'(1);
        thread_block_q[asker] <= '0;
      end else begin
        thread_block_q[asker] <= thread_block_q[asker] + BlockW'(1);
      end
    end
    if (take) begin
      thread_outputs_q[thread]    <= job_q.outputs;
      thread_causal_q[thread]     <= job_q.causal;
      thread_word_q[thread]       <= job_q.word + (job_q.outputs ?
                           WordW'(32'(strip) * 32'(job_q.word_stride)) : WordW'(strip_group));
      thread_stride_q[thread]     <= job_q.word_stride;
      thread_block_q[thread]      <= strip_block;
      ask_q[thread]               <= job_q.outputs ? job_q.key_strips : job_q.channel_strips;
      left_q[thread]              <= job_q.outputs ? job_q.key_strips : job_q.channel_strips;
      thread_last_q[thread]       <= job_q.outputs ? job_q.last_keys : job_q.last_channels;
      input_q[thread]             <= '0;
      block_q[thread]             <= '0;
      ahead_q[thread]             <= -job_q.base;
      thread_row_q[thread]        <= job_q.row;
      thread_row_stride_q[thread] <= job_q.row_stride;
      thread_group_q[thread]      <= strip_first;
      thread_last_group_q[thread] <= job_q.last_group;
      count_q[thread]             <= strip_count;
    end else if (go && works) begin
      input_q[thread] <= tile_done ? '0 : input_q[thread] + LaneW'(1);
      if (tile_done) begin
        left_q[thread]       <= left_q[thread] - 16'd1;
        thread_row_q[thread] <= thread_row_q[thread] + RowW'(1);
        block_q[thread]      <= (32'(block_q[thread]) == Blocks - 1) ?
                                '0 : block_q[thread] + BlockW'(1);
      end
      if (group_done) ahead_q[thread] <= ahead_q[thread] + 16'd1;
      if (shrinks) thread_group_q[thread] <= thread_group_q[thread] + GroupW'(1);
    end
  end

  assign idle_o = !busy_q && !next_valid && active_q == '0;

`ifdef VERILATOR
  // Addresses that do not wrap: of the step, of the first tile of a chain, of the next tile.
  logic [31:0] row_at, word_at, next_word_at;
  assign row_at       = 32'(thread_row_q[thread]) + 32'(group) * 32'(thread_row_stride_q[thread]);
  assign word_at      = 32'(job_q.word) + (job_q.outputs ? 32'(strip) * 32'(job_q.word_stride) :
                                           32'(strip_group));
  assign next_word_at = 32'(thread_word_q[asker]) +
                        (!thread_outputs_q[asker] ? 32'(thread_stride_q[asker]) :
                         32'(32'(thread_block_q[asker]) == Blocks - 1));
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (rst_ni) begin
      StepStalls: cover (any && !step_ready_i);
      TileStalls: cover (tile_valid_o && !tile_ready_i);
      TileAwaited: cover (active_q != '0 && !any);
      ThreadsContend: cover ($countones(ready) > 1);
      ScoresBegin: cover (take && !job_q.outputs);
      OutputsBegin: cover (take && job_q.outputs);
      CausalBegins: cover (take && job_q.causal && strip_first != '0);
      StripsForOthers: cover (next_valid && next_ready && 16'(next_first) >= next_strips);
      LastTileIsShorter: cover (go && works && tile_done && inputs != CountW'(Lv));
      TilesHaveBuffers: assert (!ask || room)
        else $error("mv_attend.TilesHaveBuffers: more tiles are asked for than there are buffers");
      RowsFit: assert (!(go && works) || (row_at < 32'd1 << RowW &&
          (!tile_done || left_q[thread] == 16'd1 || thread_row_q[thread] != '1)))
        else $error("mv_attend.RowsFit: a row beyond the activation memory");
      WordsFit: assert ((!take || word_at < 32'd1 << WordW) &&
          (!ask || ask_q[asker] == 16'd1 || next_word_at < 32'd1 << WordW))
        else $error("mv_attend.WordsFit: a word beyond the key/value memory");
      TilesAwaited: assert (!tile_valid_i || awaited)
        else $error("mv_attend.TilesAwaited: a tile that was not asked for");
      StartsIdle: assert (!start_i || idle_o)
        else $error("mv_attend.StartsIdle: jobs begin before the last ones have ended");
      if (next_valid && next_ready) begin
        // 1..Lv each, as a single comparison: a bound that the width already keeps is a warning.
        StripsHold: assert (32'(next.last_keys) - 32'd1 < 32'(Lv) &&
                            32'(next.last_channels) - 32'd1 < 32'(Lv) &&
                            next.key_strips != '0 && next.channel_strips != '0)
          else $error("mv_attend.StripsHold: no strip, or a last one of no lane or more than Lv");
        CausalFits: assert (!next.causal ||
            (32'(next.base) <= 32'd32768 &&
             (32'(next.key_strips) - 32'd1) / Blocks <= 32'(next.base) + 32'(next.last_group)))
          else $error("mv_attend.CausalFits: causal keys behind the tile's last token");
        RowsApart: assert (next.last_group == '0 ||
            (next.outputs ? next.key_strips : next.channel_strips) <= 16'(next.row_stride))
          else $error("mv_attend.RowsApart: a job's rows of a group reach into those of the next");
        TurnIsASet: assert (32'(next.turn) < Sets)
          else $error("mv_attend.TurnIsASet: the first strip is for no set");
      end
    end
  end
`endif
endmodule
