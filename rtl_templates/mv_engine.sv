// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// The engine: multiplies one packed matrix with a tile of tokens. Activations are loaded first,
// then the image streams in and results leave in the order in which they are finished.

module mv_engine #(
  // PEs: Sets share a weight stream each, Positions hold different tokens.
  parameter int Sets      = 8,
  parameter int Positions = 8,
  // Lanes of a PE: vector lanes (a power of two) and token lanes.
  parameter int Lv        = 8,
  parameter int Lt        = 8,
  // Shortest vector that fills a step; Lv / FullRate row addresses per PE.
  parameter int FullRate  = 4,
  // Directions of vectors that are supported.
  parameter int EnRow     = 1,
  // Steps that one index of a long column vector serves.
  parameter int SubSteps  = 2,
  // Token groups of a tile, at most, and activation banks (a power of two, at least Sets and
  // Groups).
  parameter int Groups    = 4,
  parameter int Banks     = 8,
  // Inputs that the activation memory holds (a multiple of Lv).
  parameter int Depth     = 4096,
  // Words of the key/value memory: Lv channels of a group of tokens each.
  parameter int KvDepth   = 3072,
  // Sets of a cluster: any of them may take the cluster's next task.
  parameter int Assoc     = 1,
  // Results that leave per cycle, each from Sets / Drains sets.
  parameter int Drains    = 4,
  // Memory port.
  parameter int PortBits  = 512,
  // Pipeline registers of a multiplication and of an addition.
  parameter int MulStages = 2,
  parameter int AddStages = 4,
  // Weight beats that may wait in front of a set or be on their way to it.
  parameter int FifoBeats = 8,
  // Writers of activations, keys and values. Those that write in the same cycle have different
  // token groups, or different sub-banks.
  parameter int Writers   = 1,
  parameter logic [63:0] ConfigHash = 64'h0,
  // derived
  localparam int Tokens = Positions * Lt,
  localparam int GroupW = (Groups > 1) ? $clog2(Groups) : 1,
  localparam int LvL    = $clog2(Lv),
  localparam int LaneW  = (LvL > 0) ? LvL : 1,
  localparam int Rows   = Depth / ((Lv > 0) ? Lv : 1),   // of the activation memory
  localparam int RowW   = (Rows > 1) ? $clog2(Rows) : 1,
  localparam int SetsW  = (Sets > 1) ? $clog2(Sets) : 1,
  localparam int WordW  = (KvDepth > 1) ? $clog2(KvDepth) : 1,
  localparam int JobW  = mv_pkg::job_width(WordW, RowW, LvL + 1, GroupW, SetsW)
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,
  // control: start_i while idle; the token groups in use stay until done_o
  input  logic                 start_i,
  input  logic [2:0]           groups_log2_i,
  input  logic [RowW-1:0]      row_base_i,    // activation row of the image's position 0
  output logic                 done_o,        // all results of the image have been taken
  // the image is not one, or was made for another configuration
  output logic                 error_o,
  // attention: while attend_i holds, work comes from jobs (mv_attend) instead of an image
  input  logic                 attend_i,
  input  logic                 job_valid_i,
  output logic                 job_ready_o,
  input  logic [JobW-1:0]      job_i,
  // key/value memory: a channel of a group of tokens, those whose bit is set
  input  logic [Writers-1:0]           kv_valid_i,
  input  logic [Writers*WordW-1:0]     kv_word_i,
  input  logic [Writers*LaneW-1:0]     kv_row_i,
  input  logic [Writers*Tokens-1:0]    kv_mask_i,
  // activations: input position and token group of each beat, for all banks or (images) those of
  // the group; not where an image or a job under way reads
  input  logic [Writers-1:0]           a_valid_i,
  input  logic [Writers-1:0]           a_all_i,
  input  logic [Writers*16-1:0]        a_pos_i,
  input  logic [Writers*GroupW-1:0]    a_group_i,
  input  logic [Writers*Tokens*16-1:0] data_i,        // of both
  // image in memory: beats are asked for by number and come in the order of the requests
  output logic                 m_req_valid_o,
  input  logic                 m_req_ready_i,
  output logic [31:0]          m_req_beat_o,
  input  logic                 m_rsp_valid_i,
  input  logic [PortBits-1:0]  m_rsp_data_i,
  // sets that are not to take a task now
  input  logic [Sets-1:0]      hold_i,
  // results: output index and token group of each beat
  output logic [Drains-1:0]           y_valid_o,
  input  logic [Drains-1:0]           y_ready_i,
  output logic [Drains*16-1:0]        y_index_o,
  output logic [Drains*GroupW-1:0]    y_group_o,
  output logic [Drains*Tokens*16-1:0] y_data_o,
  // activity: sets that issue a step in this cycle, sets that drop a step
  output logic [Sets-1:0]      issue_o,
  output logic [Sets-1:0]      skip_o
);
  localparam int RedW     = (LvL > 0) ? $clog2(LvL + 1) : 1;
  localparam int BankW    = (Banks > 1) ? $clog2(Banks) : 1;
  localparam int Slots    = 3 * SubSteps * Groups;
  localparam int SlotW    = $clog2(Slots);
  localparam int Segments = (FullRate > 0 && FullRate < Lv) ? Lv / FullRate : 1;

  localparam int Clusters = Sets / ((Assoc > 0) ? Assoc : 1);
  localparam int Served   = Sets / ((Drains > 0) ? Drains : 1);   // sets of a drain

  if (Lv < 1 || (Lv & (Lv - 1)) != 0 || FullRate < 1 || (FullRate & (FullRate - 1)) != 0 ||
      FullRate > Lv) begin : g_bad_lanes
`ifdef VERILATOR
    $fatal(0, "mv_engine: Lv and FullRate must be powers of two, FullRate at most Lv");
`else
    mv_engine__lv_and_fullrate_must_be_powers_of_two_fullrate_at_most_lv u_illegal ();
`endif
  end
  if (Positions < 1 || Lt < 1) begin : g_bad_tokens
`ifdef VERILATOR
    $fatal(0, "mv_engine: Positions and Lt must be at least 1");
`else
    mv_engine__positions_and_lt_must_be_at_least_1 u_illegal ();
`endif
  end
  if (Groups < 1 || Groups > 16 || (Groups & (Groups - 1)) != 0) begin : g_bad_groups
`ifdef VERILATOR
    $fatal(0, "mv_engine: Groups must be a power of two in 1..16");
`else
    mv_engine__groups_must_be_a_power_of_two_in_1_to_16 u_illegal ();
`endif
  end
  if (SubSteps < 1 || (SubSteps & (SubSteps - 1)) != 0) begin : g_bad_substeps
`ifdef VERILATOR
    $fatal(0, "mv_engine: SubSteps must be a power of two");
`else
    mv_engine__substeps_must_be_a_power_of_two u_illegal ();
`endif
  end
  if (Sets < 1) begin : g_bad_sets
`ifdef VERILATOR
    $fatal(0, "mv_engine: Sets must be at least 1");
`else
    mv_engine__sets_must_be_at_least_1 u_illegal ();
`endif
  end
  if (Sets > Banks || Groups > Banks || (Banks & (Banks - 1)) != 0) begin : g_bad_banks
`ifdef VERILATOR
    $fatal(0, "mv_engine: Banks must be a power of two and at least Sets and Groups");
`else
    mv_engine__banks_must_be_a_power_of_two_and_at_least_sets_and_groups u_illegal ();
`endif
  end
  if (Depth < 1 || Rows * Lv != Depth || Depth > 65536) begin : g_bad_depth
`ifdef VERILATOR
    $fatal(0, "mv_engine: Depth must be a multiple of Lv and lie in 1..65536");
`else
    mv_engine__depth_must_be_a_multiple_of_lv_and_lie_in_1_to_65536 u_illegal ();
`endif
  end
  if (KvDepth < 1 || KvDepth > 65536) begin : g_bad_kv_depth
`ifdef VERILATOR
    $fatal(0, "mv_engine: KvDepth must lie in 1..65536");
`else
    mv_engine__kvdepth_must_lie_in_1_to_65536 u_illegal ();
`endif
  end
  if ((PortBits & (PortBits - 1)) != 0 || PortBits < 16 * Lv || PortBits < 64) begin : g_bad_port
`ifdef VERILATOR
    $fatal(0, "mv_engine: PortBits must be a power of two and at least 64 and 16 * Lv");
`else
    mv_engine__portbits_must_be_a_power_of_two_and_at_least_64_and_16_lv u_illegal ();
`endif
  end
  if (FifoBeats < 2) begin : g_bad_fifo
`ifdef VERILATOR
    $fatal(0, "mv_engine: FifoBeats must be at least 2: weights may reach into a next beat");
`else
    mv_engine__fifobeats_must_be_at_least_2_weights_may_reach_into_a_next_beat u_illegal ();
`endif
  end
  if (Assoc < 1 || Clusters * Assoc != Sets) begin : g_bad_assoc
`ifdef VERILATOR
    $fatal(0, "mv_engine: Assoc must divide Sets");
`else
    mv_engine__assoc_must_divide_sets u_illegal ();
`endif
  end
  if (Drains < 1 || Served * Drains != Sets) begin : g_bad_drains
`ifdef VERILATOR
    $fatal(0, "mv_engine: Drains must divide Sets");
`else
    mv_engine__drains_must_divide_sets u_illegal ();
`endif
  end
  if (Writers < 1) begin : g_bad_writers
`ifdef VERILATOR
    $fatal(0, "mv_engine: Writers must be at least 1");
`else
    mv_engine__writers_must_be_at_least_1 u_illegal ();
`endif
  end

  // ---- image ----
  localparam int TaskWords   = Clusters + 1;   // first task of each cluster, and of none
  localparam int HeaderWords = mv_isa_pkg::HeaderWords + TaskWords;
  localparam int HeaderBeats = (HeaderWords * 32 + PortBits - 1) / PortBits;
  logic                        header_valid;
  logic [HeaderBeats*PortBits-1:0] header;
  logic [Clusters-1:0]         dir_valid, dir_ready, dir_beat_valid;
  logic [Clusters*32-1:0]      dir_beat;
  logic [Sets-1:0]             code_valid, code_ready, code_beat_valid;
  logic [Sets*32-1:0]          code_beat;
  logic [Sets-1:0]             weight_valid, weight_ready, weight_beat_valid;
  logic [Sets*32-1:0]          weight_beat;
  logic [PortBits-1:0]         beat_data;
  logic                        fetch_idle;
  mv_fetch #(
    .Sets      (Sets),
    .Clusters  (Clusters),
    .PortBits  (PortBits),
    .ConfigHash(ConfigHash)
  ) u_fetch (
    .clk_i              (clk_i),
    .rst_ni             (rst_ni),
    .start_i            (start_i),
    .m_req_valid_o      (m_req_valid_o),
    .m_req_ready_i      (m_req_ready_i),
    .m_req_beat_o       (m_req_beat_o),
    .m_rsp_valid_i      (m_rsp_valid_i),
    .m_rsp_data_i       (m_rsp_data_i),
    .header_valid_o     (header_valid),
    .error_o            (error_o),
    .header_o           (header),
    .dir_valid_i        (dir_valid),
    .dir_ready_o        (dir_ready),
    .dir_beat_i         (dir_beat),
    .code_valid_i       (code_valid),
    .code_ready_o       (code_ready),
    .code_beat_i        (code_beat),
    .weight_valid_i     (weight_valid),
    .weight_ready_o     (weight_ready),
    .weight_beat_i      (weight_beat),
    .dir_beat_valid_o   (dir_beat_valid),
    .code_beat_valid_o  (code_beat_valid),
    .weight_beat_valid_o(weight_beat_valid),
    .beat_data_o        (beat_data),
    .idle_o             (fetch_idle)
  );

  logic            column;
  logic [3:0]      entries, code_bits, row_classes;
  logic [4:0]      index_bits;
  logic [8*mv_isa_pkg::EntryW-1:0] entry;
  logic [mv_isa_pkg::HeaderW-1:0] fixed_words;
  assign fixed_words = header[mv_isa_pkg::HeaderW-1:0];
  assign column      = 1'(fixed_words >> mv_isa_pkg::HeaderColumnAt);
  assign entries     = 4'(fixed_words >> mv_isa_pkg::HeaderEntriesAt);
  assign index_bits  = 5'(fixed_words >> mv_isa_pkg::HeaderIndexBitsAt);
  assign code_bits   = 4'(fixed_words >> mv_isa_pkg::HeaderCodeBitsAt);
  assign row_classes = 4'(fixed_words >> mv_isa_pkg::HeaderRowClassesAt);
  assign entry       = 512'(fixed_words >> mv_isa_pkg::HeaderEntryAt);
  // Magic and hash have been compared where the header is kept.
  logic unused_header;
  assign unused_header = ^header;

  // ---- tasks ----
  logic [Sets-1:0]        task_valid, task_ready;
  logic [Clusters*mv_isa_pkg::TaskW-1:0] task_place;
  logic                   tasks_done;
  mv_scheduler #(
    .Sets       (Sets),
    .Assoc      (Assoc),
    .PortBits   (PortBits),
    .HeaderBeats(HeaderBeats)
  ) u_scheduler (
    .clk_i           (clk_i),
    .rst_ni          (rst_ni),
    .start_i         (start_i),
    .header_valid_i  (header_valid),
    .first_task_i    (header[mv_isa_pkg::HeaderW +: TaskWords * 32]),
    .dir_valid_o     (dir_valid),
    .dir_ready_i     (dir_ready),
    .dir_beat_o      (dir_beat),
    .dir_beat_valid_i(dir_beat_valid),
    .dir_data_i      (beat_data),
    .hold_i          (hold_i),
    .task_valid_o    (task_valid),
    .task_ready_i    (task_ready),
    .task_o          (task_place),
    .done_o          (tasks_done)
  );

  // ---- activation load: all banks that hold the group, and the non-zero maps ----
  logic [Writers*Banks-1:0] a_banks;
  logic [Writers*RowW-1:0]  a_row;
  logic [Writers*LaneW-1:0] a_bank;
  logic [Writers-1:0]       a_nonzero;
  logic [BankW-1:0]         group_low;  // bits of a bank number that name its group
  assign group_low = BankW'((32'd1 << groups_log2_i) - 32'd1);
  for (genvar w = 0; w < Writers; w++) begin : g_writer
    assign a_row[w*RowW +: RowW]    = RowW'(a_pos_i[w*16 +: 16] >> LvL);
    assign a_bank[w*LaneW +: LaneW] = LaneW'(a_pos_i[w*16 +: 16]) & LaneW'(Lv - 1);
    always_comb begin
      for (int b = 0; b < Banks; b++) begin
        a_banks[w*Banks+b] = a_valid_i[w] && (a_all_i[w] ||
            (BankW'(b) & group_low) == BankW'(a_group_i[w*GroupW +: GroupW]));
      end
      // -0 is zero too.
      a_nonzero[w] = 1'b0;
      for (int t = 0; t < Tokens; t++) begin
        if (data_i[(w*Tokens+t)*16 +: 15] != '0) a_nonzero[w] = 1'b1;
      end
    end
  end

  // ---- rotation ----
  logic [BankW-1:0] phase_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) phase_q <= '0;
    else phase_q <= (Banks > 1) ? phase_q + BankW'(1) : '0;
  end

  // ---- attention ----
  localparam int Blocks = (Tokens + Lv - 1) / Lv;
  localparam int BlockW = (Blocks > 1) ? $clog2(Blocks) : 1;
  localparam int TileW  = Lv * Lv * 16;
  logic [Sets-1:0]        job_ready, tile_req_valid, tile_req_ready, tile_valid;
  logic [Sets*WordW-1:0]  tile_word;
  logic [Sets*BlockW-1:0] tile_block;
  logic [TileW-1:0]       tile;
  // A sequence of jobs takes as many cycles whatever ran before it.
  logic attend_q, attend_start, begins;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) attend_q <= 1'b0;
    else attend_q <= attend_i;
  end
  assign attend_start = attend_i && !attend_q;
  assign begins       = start_i || attend_start;
  // A job is taken by all sets in the same cycle.
  assign job_ready_o = &job_ready;
  mv_kv #(
    .Sets  (Sets),
    .Lv    (Lv),
    .Tokens(Tokens),
    .Depth  (KvDepth),
    .Writers(Writers)
  ) u_kv (
    .clk_i       (clk_i),
    .rst_ni      (rst_ni),
    .start_i     (begins),
    .write_i     (kv_valid_i),
    .write_word_i(kv_word_i),
    .write_row_i (kv_row_i),
    .write_mask_i(kv_mask_i),
    .write_data_i(data_i),
    .req_valid_i (tile_req_valid),
    .req_ready_o (tile_req_ready),
    .req_word_i  (tile_word),
    .req_block_i (tile_block),
    .tile_valid_o(tile_valid),
    .tile_o      (tile)
  );

  // ---- sets ----
  logic [Sets-1:0]                read, op_valid, op_col, acc_valid, idle;
  logic [Sets*Segments-1:0]       acc_seg, acc_first;
  logic [Sets*Segments*SlotW-1:0] acc_slot;
  logic [Sets*Segments*RowW-1:0]  read_row;
  logic [Sets*Lv*16-1:0]          op_weight;
  logic [Sets*Lv-1:0]             op_mask;
  logic [Sets*Lv*LaneW-1:0]       op_sel;
  logic [Sets*RedW-1:0]           red;
  logic [Sets*SlotW-1:0]          drain_slot;
  logic [Sets*Lv*32-1:0]          acc_bias;
  logic [Sets-1:0]                drain_valid, drain_ready, rd_valid;
  logic [Sets*LaneW-1:0]          drain_lane;
  logic [Sets*GroupW-1:0]         drain_group;
  logic [Sets*16-1:0]             drain_index, drain_bias;
  logic [Sets*Segments-1:0]       drain_part;
  logic [Sets*SlotW-1:0]          rd_slot;
  logic [Sets*LaneW-1:0]          rd_lane;
  logic [Drains-1:0]              drain_idle;
  for (genvar s = 0; s < Sets; s++) begin : g_set
    logic [GroupW-1:0] group;
    assign group = GroupW'(phase_q + BankW'(s)) & GroupW'(group_low);
    mv_set #(
      .Sets     (Sets),
      .Tokens   (Tokens),
      .KvDepth  (KvDepth),
      .PortBits (PortBits),
      .Lv       (Lv),
      .FullRate (FullRate),
      .SubSteps (SubSteps),
      .Groups   (Groups),
      .Rows     (Rows),
      .MulStages(MulStages),
      .AddStages(AddStages),
      .FifoBeats(FifoBeats),
      .Writers  (Writers)
    ) u_set (
      .clk_i         (clk_i),
      .rst_ni        (rst_ni),
      .start_i       (start_i),
      .groups_log2_i (groups_log2_i),
      .row_base_i    (row_base_i),
      .group_i       (group),
      .column_i      (column),
      .entries_i     (entries),
      .index_bits_i  (index_bits),
      .code_bits_i   (code_bits),
      .row_classes_i (row_classes),
      .entry_i       (entry),
      .task_valid_i  (task_valid[s]),
      .task_ready_o  (task_ready[s]),
      .task_i        (task_place[(s / Assoc) * mv_isa_pkg::TaskW +: mv_isa_pkg::TaskW]),
      .code_valid_o  (code_valid[s]),
      .code_ready_i  (code_ready[s]),
      .code_beat_o   (code_beat[s*32 +: 32]),
      .weight_valid_o(weight_valid[s]),
      .weight_ready_i(weight_ready[s]),
      .weight_beat_o (weight_beat[s*32 +: 32]),
      .code_beat_valid_i  (code_beat_valid[s]),
      .weight_beat_valid_i(weight_beat_valid[s]),
      .beat_data_i   (beat_data),
      .map_write_i   (a_valid_i),
      .map_row_i     (a_row),
      .map_bank_i    (a_bank),
      .map_group_i   (a_group_i),
      .map_nonzero_i (a_nonzero),
      .attend_i      (attend_i),
      .attend_start_i(attend_start),
      .set_i         (SetsW'(s)),
      .job_valid_i   (job_valid_i && job_ready_o),
      .job_ready_o   (job_ready[s]),
      .job_i         (job_i),
      .tile_valid_o  (tile_req_valid[s]),
      .tile_ready_i  (tile_req_ready[s]),
      .tile_word_o   (tile_word[s*WordW +: WordW]),
      .tile_block_o  (tile_block[s*BlockW +: BlockW]),
      .tile_valid_i  (tile_valid[s]),
      .tile_i        (tile),
      .read_o        (read[s]),
      .read_row_o    (read_row[s*Segments*RowW +: Segments*RowW]),
      .op_valid_o    (op_valid[s]),
      .op_col_o      (op_col[s]),
      .op_weight_o   (op_weight[s*Lv*16 +: Lv*16]),
      .op_mask_o     (op_mask[s*Lv +: Lv]),
      .op_sel_o      (op_sel[s*Lv*LaneW +: Lv*LaneW]),
      .red_o         (red[s*RedW +: RedW]),
      .acc_valid_o   (acc_valid[s]),
      .acc_seg_o     (acc_seg[s*Segments +: Segments]),
      .acc_first_o   (acc_first[s*Segments +: Segments]),
      .acc_slot_o    (acc_slot[s*Segments*SlotW +: Segments*SlotW]),
      .acc_bias_o    (acc_bias[s*Lv*32 +: Lv*32]),
      .drain_valid_o (drain_valid[s]),
      .drain_ready_i (drain_ready[s]),
      .drain_slot_o  (drain_slot[s*SlotW +: SlotW]),
      .drain_lane_o  (drain_lane[s*LaneW +: LaneW]),
      .drain_part_o  (drain_part[s*Segments +: Segments]),
      .drain_bias_o  (drain_bias[s*16 +: 16]),
      .drain_group_o (drain_group[s*GroupW +: GroupW]),
      .drain_index_o (drain_index[s*16 +: 16]),
      .idle_o        (idle[s]),
      .issue_o       (issue_o[s]),
      .skip_o        (skip_o[s])
    );
  end

  // ---- PE array, addition of the classes ----
  localparam int Merge   = $clog2(Segments) * AddStages;
  localparam int ServedW = (Served > 1) ? $clog2(Served) : 1;
  logic [Drains-1:0]           sum_valid;
  logic [Drains*ServedW-1:0]   sum_set;
  logic [Drains*Segments-1:0]  sum_part;
  logic [Drains*16-1:0]        sum_bias;
  logic [Drains*Tokens*16-1:0] results;
  for (genvar p = 0; p < Positions; p++) begin : g_position
    logic [Sets*Segments*Lt*32-1:0] sums;
    logic [Writers*Lt*16-1:0]       a_data;
    for (genvar w = 0; w < Writers; w++) begin : g_data
      assign a_data[w*Lt*16 +: Lt*16] = data_i[(w*Tokens+p*Lt)*16 +: Lt*16];
    end
    mv_position #(
      .Sets     (Sets),
      .Lv       (Lv),
      .Lt       (Lt),
      .FullRate (FullRate),
      .EnRow    (EnRow),
      .EnCol    (1),   // attention works on columns
      .Banks    (Banks),
      .Rows     (Rows),
      .MulStages(MulStages),
      .AddStages(AddStages),
      .Slots    (Slots),
      .Writers  (Writers)
    ) u_position (
      .clk_i       (clk_i),
      .rst_ni      (rst_ni),
      .phase_i     (phase_q),
      .write_i     (a_banks),
      .write_row_i (a_row),
      .write_bank_i(a_bank),
      .write_data_i(a_data),
      .read_i      (read),
      .read_row_i  (read_row),
      .op_valid_i  (op_valid),
      .op_col_i    (op_col),
      .op_weight_i (op_weight),
      .op_mask_i   (op_mask),
      .op_sel_i    (op_sel),
      .red_i       (red),
      .acc_valid_i (acc_valid),
      .acc_seg_i   (acc_seg),
      .acc_first_i (acc_first),
      .acc_slot_i  (acc_slot),
      .acc_bias_i  (acc_bias),
      .rd_valid_i  (rd_valid),
      .rd_slot_i   (rd_slot),
      .rd_lane_i   (rd_lane),
      .res_o       (sums)
    );
    for (genvar d = 0; d < Drains; d++) begin : g_merge
      mv_merge #(
        .Sets     (Served),
        .Lt       (Lt),
        .H        (Segments),
        .AddStages(AddStages)
      ) u_merge (
        .clk_i   (clk_i),
        .rst_ni  (rst_ni),
        .sum_i   (sums[d*Served*Segments*Lt*32 +: Served*Segments*Lt*32]),
        .valid_i (sum_valid[d]),
        .set_i   (sum_set[d*ServedW +: ServedW]),
        .part_i  (sum_part[d*Segments +: Segments]),
        .bias_i  (sum_bias[d*16 +: 16]),
        .result_o(results[(d*Tokens+p*Lt)*16 +: Lt*16])
      );
    end
  end

  // ---- results ----
  for (genvar d = 0; d < Drains; d++) begin : g_drain
    logic [SlotW-1:0] slot;
    logic [LaneW-1:0] lane;
    mv_drain #(
      .Sets  (Served),
      .Tokens(Tokens),
      .LaneW (LaneW),
      .SlotW (SlotW),
      .GroupW(GroupW),
      .Classes(Segments),
      .Merge (Merge)
    ) u_drain (
      .clk_i      (clk_i),
      .rst_ni     (rst_ni),
      .start_i    (begins),
      .req_valid_i(drain_valid[d*Served +: Served]),
      .req_ready_o(drain_ready[d*Served +: Served]),
      .req_slot_i (drain_slot[d*Served*SlotW +: Served*SlotW]),
      .req_lane_i (drain_lane[d*Served*LaneW +: Served*LaneW]),
      .req_group_i(drain_group[d*Served*GroupW +: Served*GroupW]),
      .req_index_i(drain_index[d*Served*16 +: Served*16]),
      .req_part_i (drain_part[d*Served*Segments +: Served*Segments]),
      .req_bias_i (drain_bias[d*Served*16 +: Served*16]),
      .rd_valid_o (rd_valid[d*Served +: Served]),
      .rd_slot_o  (slot),
      .rd_lane_o  (lane),
      .sum_valid_o(sum_valid[d]),
      .sum_set_o  (sum_set[d*ServedW +: ServedW]),
      .sum_part_o (sum_part[d*Segments +: Segments]),
      .sum_bias_o (sum_bias[d*16 +: 16]),
      .res_i      (results[d*Tokens*16 +: Tokens*16]),
      .y_valid_o  (y_valid_o[d]),
      .y_ready_i  (y_ready_i[d]),
      .y_index_o  (y_index_o[d*16 +: 16]),
      .y_group_o  (y_group_o[d*GroupW +: GroupW]),
      .y_data_o   (y_data_o[d*Tokens*16 +: Tokens*16]),
      .idle_o     (drain_idle[d])
    );
    assign rd_slot[d*Served*SlotW +: Served*SlotW] = {Served{slot}};
    assign rd_lane[d*Served*LaneW +: Served*LaneW] = {Served{lane}};
  end

  // Before the first image nothing is under way either.
  logic started_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) started_q <= 1'b0;
    else if (start_i) started_q <= 1'b1;
  end
  logic image_done, quiet;
  assign image_done = !started_q || tasks_done;
  assign quiet      = (&idle) && (&drain_idle) && fetch_idle;
  assign done_o     = (attend_i || image_done) && quiet;

`ifdef VERILATOR
  // Writers meet in a sub-bank of a bank. Positions are alike.
  logic       meet;
  logic [2:0] groups_log2_q;
  always_comb begin
    meet = 1'b0;
    for (int w = 1; w < Writers; w++) begin
      for (int v = 0; v < w; v++) begin
        if ((a_banks[w*Banks +: Banks] & a_banks[v*Banks +: Banks]) != '0 &&
            a_bank[w*LaneW +: LaneW] == a_bank[v*LaneW +: LaneW]) begin
          meet = 1'b1;
        end
      end
    end
  end
  // Inputs that are written in the cycle in which a set reads them, and that its step uses. What a
  // masked lane reads may be anything.
  logic               late, beyond, writes_beyond;
  logic [Sets*Lv-1:0] late_inputs, late_inputs_q;       // by set and sub-bank
  logic [Sets*Lv-1:0] beyond_inputs, beyond_inputs_q;   // beyond the activation memory
  always_comb begin
    late          = 1'b0;
    beyond        = 1'b0;
    writes_beyond = 1'b0;
    late_inputs   = '0;
    beyond_inputs = '0;
    for (int w = 0; w < Writers; w++) begin
      if (a_valid_i[w] && (32'(a_pos_i[w*16 +: 16]) >= Depth ||
          32'(a_group_i[w*GroupW +: GroupW]) >= 32'd1 << groups_log2_i)) begin
        writes_beyond = 1'b1;
      end
    end
    for (int s = 0; s < Sets; s++) begin
      for (int i = 0; i < Lv; i++) begin
        logic [LaneW-1:0] source;   // the lane's sub-bank
        source = op_col[s] ? op_sel[(s*Lv+i)*LaneW +: LaneW] : LaneW'(i);
        if (op_valid[s] && op_mask[s*Lv+i] && late_inputs_q[s*Lv+32'(source)]) late = 1'b1;
        if (op_valid[s] && op_mask[s*Lv+i] && beyond_inputs_q[s*Lv+32'(source)]) beyond = 1'b1;
        if (read[s] && 32'(read_row[(s*Segments+i%Segments)*RowW +: RowW]) >= Rows) begin
          beyond_inputs[s*Lv+i] = 1'b1;
        end
        for (int w = 0; w < Writers; w++) begin
          if (read[s] && a_banks[w*Banks+32'(BankW'(phase_q+BankW'(s)))] &&
              a_bank[w*LaneW +: LaneW] == LaneW'(i) &&
              a_row[w*RowW +: RowW] == read_row[(s*Segments+i%Segments)*RowW +: RowW]) begin
            late_inputs[s*Lv+i] = 1'b1;
          end
        end
      end
    end
  end
  logic [RowW-1:0] row_base_q;
  always_ff @(posedge clk_i) begin
    groups_log2_q   <= groups_log2_i;
    row_base_q      <= row_base_i;
    late_inputs_q   <= late_inputs;
    beyond_inputs_q <= beyond_inputs;
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (rst_ni) begin
      JobWaits: cover (job_valid_i && !job_ready_o);
      SetWaitsForJob: cover (job_ready != '0 && !job_ready_o);
      WritersTogether: cover ($countones(a_valid_i) > 1);
      PhaseWraps: cover (phase_q == BankW'(Banks - 1));
      ResultsOutlastTasks: cover (image_done && !quiet && !attend_i);
      ZeroWritten: cover (a_valid_i[0] && !a_nonzero[0]);
      AllBanksWritten: cover (a_valid_i[0] && a_all_i[0]);
      StartsIdle: assert (!start_i || (!attend_i && (done_o || error_o)))
        else $error("mv_engine.StartsIdle: an image begins before the last one has ended");
      JobsAttend: assert (!job_valid_i || attend_i)
        else $error("mv_engine.JobsAttend: a job, but work comes from images");
      GroupsLegal: assert (!start_i || 32'd1 << groups_log2_i <= Groups)
        else $error("mv_engine.GroupsLegal: more token groups than a tile has");
      GroupsStay: assert (done_o || error_o || groups_log2_i == groups_log2_q)
        else $error("mv_engine.GroupsStay: the token groups in use change under way");
      RowStays: assert (done_o || error_o || attend_i || row_base_i == row_base_q)
        else $error("mv_engine.RowStays: the image's first row changes under way");
      AttendStays: assert (attend_i == attend_q || error_o || ((attend_q || image_done) && quiet))
        else $error("mv_engine.AttendStays: images and jobs change places under way");
      ReadsApart: assert (!late)
        else $error("mv_engine.ReadsApart: an input that a step uses is written meanwhile");
      WritersApart: assert (!meet)
        else $error("mv_engine.WritersApart: two writers of a sub-bank");
      ReadsInRange: assert (!beyond)
        else $error("mv_engine.ReadsInRange: a step uses an input beyond the activation memory");
      WritesInRange: assert (!writes_beyond)
        else $error("mv_engine.WritesInRange: an input beyond the memory or the groups is written");
    end
  end
`endif
endmodule
