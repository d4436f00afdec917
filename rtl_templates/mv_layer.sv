// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// The accelerator's core: engine, slices of vector memory and vector units, and the sequencer that
// runs a layer with them (docs/isa.md). While no run is under way the engine's own ports are open.

module mv_layer #(
  // of the engine: see mv_engine
  parameter int Sets      = 8,
  parameter int Positions = 8,
  parameter int Lv        = 8,
  parameter int Lt        = 8,
  parameter int FullRate  = 4,
  parameter int EnRow     = 1,
  parameter int SubSteps  = 2,
  parameter int Groups    = 4,
  parameter int Banks     = 8,
  parameter int Depth     = 4096,
  parameter int KvDepth   = 3072,
  parameter int Assoc     = 1,
  parameter int Drains    = 4,
  parameter int PortBits  = 512,
  parameter int MulStages = 2,
  parameter int AddStages = 4,
  parameter int FifoBeats = 8,
  // Slices, rows of the vector memory, instructions of a program, entries of the position table.
  parameter int Units        = 4,
  parameter int VectorRows   = 3072,
  parameter int ProgramDepth = 512,
  parameter int TableDepth   = 16384,
  parameter logic [63:0] ConfigHash = 64'h0,
  // derived
  localparam int Tokens = Positions * Lt,
  localparam int GroupW = (Groups > 1) ? $clog2(Groups) : 1,
  localparam int LvL    = $clog2(Lv),
  localparam int LaneW  = (LvL > 0) ? LvL : 1,
  localparam int RowW   = (Depth / Lv > 1) ? $clog2(Depth / Lv) : 1,
  localparam int SetsW  = (Sets > 1) ? $clog2(Sets) : 1,
  localparam int WordW  = (KvDepth > 1) ? $clog2(KvDepth) : 1,
  localparam int JobW  = mv_pkg::job_width(WordW, RowW, LvL + 1, GroupW, SetsW)
) (
  input  logic                        clk_i,
  input  logic                        rst_ni,
  output logic [63:0]                 config_hash_o,
  // engine, while no run is under way: see mv_engine
  input  logic                        start_i,
  input  logic [2:0]                  groups_log2_i,
  output logic                        done_o,
  output logic                        error_o,
  input  logic                        attend_i,
  input  logic                        job_valid_i,
  output logic                        job_ready_o,
  input  logic [JobW-1:0]             job_i,
  input  logic                        kv_valid_i,
  input  logic [WordW-1:0]            kv_word_i,
  input  logic [LaneW-1:0]            kv_row_i,
  input  logic [Tokens-1:0]           kv_mask_i,
  input  logic                        a_valid_i,
  input  logic                        a_all_i,
  output logic                        a_ready_o,
  input  logic [15:0]                 a_pos_i,
  input  logic [GroupW-1:0]           a_group_i,
  input  logic [Tokens*16-1:0]        a_data_i,      // keys and values, too
  output logic                        m_req_valid_o,
  input  logic                        m_req_ready_i,
  output logic [31:0]                 m_req_beat_o,
  input  logic                        m_rsp_valid_i,
  input  logic [PortBits-1:0]         m_rsp_data_i,
  input  logic [Sets-1:0]             hold_i,
  output logic [Drains-1:0]           y_valid_o,
  input  logic [Drains-1:0]           y_ready_i,
  output logic [Drains*16-1:0]        y_index_o,
  output logic [Drains*GroupW-1:0]    y_group_o,
  output logic [Drains*Tokens*16-1:0] y_data_o,
  output logic [Sets-1:0]             issue_o,
  output logic [Sets-1:0]             skip_o,
  // run of a layer: its tile stays until run_done_o
  input  logic                        run_i,
  output logic                        run_done_o,
  input  logic [15:0]                 run_base_i,       // token groups before the tile
  input  logic [15:0]                 run_low_i,        // tokens of the tile: low to high - 1
  input  logic [15:0]                 run_high_i,
  input  logic [GroupW-1:0]           run_last_group_i,
  input  logic [23:0]                 run_k_i,
  // programs and tables
  input  logic                        prog_valid_i,
  input  logic                        prog_vector_i,
  input  logic [15:0]                 prog_address_i,
  input  logic [mv_isa_pkg::InstructionW-1:0] prog_data_i,
  input  logic                        table_valid_i,
  input  logic                        table_norm_i,
  input  logic [15:0]                 table_address_i,
  input  logic [31:0]                 table_data_i,
  // vector memory, while no run is under way: what is read stands there two cycles later
  input  logic                        v_valid_i,
  input  logic                        v_write_i,
  input  logic [15:0]                 v_row_i,
  input  logic [GroupW-1:0]           v_group_i,
  input  logic [Tokens*16-1:0]        v_data_i,
  output logic [Tokens*16-1:0]        v_data_o
);
  localparam int UnitW = (Units > 1) ? $clog2(Units) : 1;
  assign config_hash_o = ConfigHash;

  // ---- sequencer ----
  logic                  running, start, attend, job_valid, job_ready, done;
  logic [31:0]           image, beat;
  logic [RowW-1:0]       row;
  logic [JobW-1:0]       job;
  logic [mv_isa_pkg::InstructionW-1:0] matrix, scores, outputs, pass;
  logic                  fresh_valid, fresh, pass_valid;
  logic [Units-1:0]      results_idle, pass_done, landed;
  logic [Units*2-1:0]    landed_class;
  mv_sequencer #(
    .Depth (ProgramDepth),
    .Units (Units),
    .Lv    (Lv),
    .GroupW(GroupW),
    .RowW  (RowW),
    .WordW (WordW),
    .SetW  (SetsW)
  ) u_sequencer (
    .clk_i         (clk_i),
    .rst_ni        (rst_ni),
    .prog_valid_i  (prog_valid_i),
    .prog_vector_i (prog_vector_i),
    .prog_address_i(prog_address_i),
    .prog_data_i   (prog_data_i),
    .run_i         (run_i),
    .running_o     (running),
    .base_i        (run_base_i),
    .last_group_i  (run_last_group_i),
    .start_o       (start),
    .image_o       (image),
    .row_o         (row),
    .attend_o      (attend),
    .job_valid_o   (job_valid),
    .job_ready_i   (job_ready),
    .job_o         (job),
    .array_done_i  (done),
    .matrix_o      (matrix),
    .scores_o      (scores),
    .outputs_o     (outputs),
    .fresh_valid_o (fresh_valid),
    .fresh_o       (fresh),
    .results_idle_i(results_idle),
    .pass_valid_o  (pass_valid),
    .pass_o        (pass),
    .pass_done_i   (pass_done),
    .landed_i      (landed),
    .landed_class_i(landed_class)
  );
  assign run_done_o = !running;

  // ---- slices ----
  logic [Units*Drains-1:0]    ready;
  logic [Units-1:0]           sends;   // a result of attention to the activation memory
  logic [Units-1:0]           block;   // another one has such a result
  logic [Units-1:0]           slice_valid, slice_all, slice_kv_valid;
  logic [Units*16-1:0]        slice_pos;
  logic [Units*GroupW-1:0]    slice_group;
  logic [Units*WordW-1:0]     slice_kv_word;
  logic [Units*LaneW-1:0]     slice_kv_row;
  logic [Units*Tokens-1:0]    slice_kv_mask;
  logic [Units*Tokens*16-1:0] slice_data, v_data;
  logic [Drains-1:0]          y_valid, y_ready;
  // Word u: sub-banks written by the slices before slice u. Words of an array, as the parts of one
  // vector would be a circle to a simulator.
  logic [Lv-1:0]              taken [Units+1];
  logic                       unused_taken;
  assign taken[0]     = '0;
  assign unused_taken = ^taken[Units];
  for (genvar u = 0; u < Units; u++) begin : g_slice
    always_comb begin
      block[u] = 1'b0;
      for (int n = 0; n < Units; n++) if (n != u && sends[n]) block[u] = 1'b1;
    end
    mv_slice #(
      .Units    (Units),
      .Drains   (Drains),
      .Lv       (Lv),
      .Tokens   (Tokens),
      .Groups   (Groups),
      .Rows     (VectorRows),
      .Tables   (TableDepth),
      .WordW    (WordW),
      .MulStages(MulStages),
      .AddStages(AddStages)
    ) u_slice (
      .clk_i          (clk_i),
      .rst_ni         (rst_ni),
      .slice_i        (UnitW'(u)),
      .start_i        (run_i),
      .block_i        (block[u]),
      .taken_i        (taken[u]),
      .sends_o        (sends[u]),
      .takes_o        (taken[u+1]),
      .base_i         (run_base_i),
      .low_i          (run_low_i),
      .high_i         (run_high_i),
      .last_group_i   (run_last_group_i),
      .k_i            (run_k_i),
      .attend_i       (attend),
      .matrix_i       (matrix),
      .scores_i       (scores),
      .outputs_i      (outputs),
      .fresh_valid_i  (fresh_valid),
      .fresh_i        (fresh),
      .y_valid_i      (running ? y_valid : '0),
      .y_ready_o      (ready[u*Drains +: Drains]),
      .y_index_i      (y_index_o),
      .y_group_i      (y_group_o),
      .y_data_i       (y_data_o),
      .results_idle_o (results_idle[u]),
      .pass_valid_i   (pass_valid),
      .pass_i         (pass),
      .pass_done_o    (pass_done[u]),
      .table_valid_i  (table_valid_i),
      .table_norm_i   (table_norm_i),
      .table_address_i(table_address_i),
      .table_data_i   (table_data_i),
      .v_valid_i      (v_valid_i && !running &&
                       (UnitW'(v_group_i) & UnitW'(Units - 1)) == UnitW'(u)),
      .v_write_i      (v_write_i),
      .v_row_i        (v_row_i),
      .v_group_i      (v_group_i),
      .v_data_i       (v_data_i),
      .v_data_o       (v_data[u*Tokens*16 +: Tokens*16]),
      .a_valid_o      (slice_valid[u]),
      .a_all_o        (slice_all[u]),
      .a_pos_o        (slice_pos[u*16 +: 16]),
      .a_group_o      (slice_group[u*GroupW +: GroupW]),
      .kv_valid_o     (slice_kv_valid[u]),
      .kv_word_o      (slice_kv_word[u*WordW +: WordW]),
      .kv_row_o       (slice_kv_row[u*LaneW +: LaneW]),
      .kv_mask_o      (slice_kv_mask[u*Tokens +: Tokens]),
      .data_o         (slice_data[u*Tokens*16 +: Tokens*16]),
      .landed_o       (landed[u]),
      .landed_class_o (landed_class[u*2 +: 2])
    );
  end
  // Each result belongs to one slice.
  always_comb begin
    y_ready = running ? '0 : y_ready_i;
    for (int n = 0; n < Units; n++) y_ready = y_ready | (running ? ready[n*Drains +: Drains] : '0);
  end
  logic [UnitW-1:0] read_slice_q, data_slice_q;   // read from; of what now stands there
  always_ff @(posedge clk_i) begin
    read_slice_q <= UnitW'(32'(v_group_i) & (Units - 1));
    data_slice_q <= read_slice_q;
  end
  assign v_data_o = v_data[32'(data_slice_q) * Tokens * 16 +: Tokens * 16];

  // ---- engine ----
  localparam int Others = (Units - 1) * Tokens * 16;   // bits of the writers that only slices are
  logic [Units*Tokens*16-1:0] outside;
  if (Units > 1) begin : g_outside
    assign outside = {{Others{1'b0}}, a_data_i};
  end else begin : g_only
    assign outside = a_data_i;
  end
  mv_engine #(
    .Sets      (Sets),
    .Positions (Positions),
    .Lv        (Lv),
    .Lt        (Lt),
    .FullRate  (FullRate),
    .EnRow     (EnRow),
    .SubSteps  (SubSteps),
    .Groups    (Groups),
    .Banks     (Banks),
    .Depth     (Depth),
    .KvDepth   (KvDepth),
    .Assoc     (Assoc),
    .Drains    (Drains),
    .PortBits  (PortBits),
    .MulStages (MulStages),
    .AddStages (AddStages),
    .FifoBeats (FifoBeats),
    .Writers   (Units),
    .ConfigHash(ConfigHash)
  ) u_engine (
    .clk_i        (clk_i),
    .rst_ni       (rst_ni),
    .start_i      (running ? start : start_i),
    .groups_log2_i(groups_log2_i),
    .row_base_i   (running ? row : '0),
    .done_o       (done),
    .error_o      (error_o),
    .attend_i     (running ? attend : attend_i),
    .job_valid_i  (running ? job_valid : job_valid_i),
    .job_ready_o  (job_ready),
    .job_i        (running ? job : job_i),
    .kv_valid_i   (running ? slice_kv_valid : Units'(kv_valid_i)),
    .kv_word_i    (running ? slice_kv_word : (Units * WordW)'(kv_word_i)),
    .kv_row_i     (running ? slice_kv_row : (Units * LaneW)'(kv_row_i)),
    .kv_mask_i    (running ? slice_kv_mask : (Units * Tokens)'(kv_mask_i)),
    .a_valid_i    (running ? slice_valid : Units'(a_valid_i)),
    .a_all_i      (running ? slice_all : Units'(a_all_i)),
    .a_pos_i      (running ? slice_pos : (Units * 16)'(a_pos_i)),
    .a_group_i    (running ? slice_group : (Units * GroupW)'(a_group_i)),
    .data_i       (running ? slice_data : outside),
    .m_req_valid_o(m_req_valid_o),
    .m_req_ready_i(m_req_ready_i),
    .m_req_beat_o (beat),
    .m_rsp_valid_i(m_rsp_valid_i),
    .m_rsp_data_i (m_rsp_data_i),
    .hold_i       (hold_i),
    .y_valid_o    (y_valid),
    .y_ready_i    (y_ready),
    .y_index_o    (y_index_o),
    .y_group_o    (y_group_o),
    .y_data_o     (y_data_o),
    .issue_o      (issue_o),
    .skip_o       (skip_o)
  );
  assign m_req_beat_o = beat + (running ? image : 32'd0);
  assign y_valid_o    = running ? '0 : y_valid;
  assign done_o       = done && !running;
  assign job_ready_o  = job_ready && !running;
  assign a_ready_o    = !running;

`ifdef VERILATOR
  logic [48+GroupW+24+3-1:0] tile, tile_q;
  assign tile = {run_base_i, run_low_i, run_high_i, run_last_group_i, run_k_i, groups_log2_i};
  always_ff @(posedge clk_i) tile_q <= tile;
  logic [31:0] in_use;   // token groups
  assign in_use = 32'(run_last_group_i) + 32'd1;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (rst_ni) begin
      RunsIdle: assert (!run_i || (!running && done))
        else $error("mv_layer.RunsIdle: a run begins while something is under way");
      TileLegal: assert (!run_i || (run_low_i < run_high_i &&
                                    32'(run_high_i) <= in_use * Tokens))
        else $error("mv_layer.TileLegal: a tile of no token or of more than its groups hold");
      GroupsCovered: assert (!run_i || (in_use <= 32'd1 << groups_log2_i &&
                                        32'd1 << groups_log2_i < 2 * in_use))
        else $error("mv_layer.GroupsCovered: groups_log2_i does not go with run_last_group_i");
      // Activations wait for a_ready_o.
      PortsRest: assert (!((running && (start_i || attend_i || job_valid_i || kv_valid_i ||
          v_valid_i)) || (run_i && (start_i || attend_i || job_valid_i))))
        else $error("mv_layer.PortsRest: the engine's ports or the memories are used during a run");
      TileStays: assert (!running || tile == tile_q)
        else $error("mv_layer.TileStays: the tile changes during its run");
    end
  end
`endif
endmodule
