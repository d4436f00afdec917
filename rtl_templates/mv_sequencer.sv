// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Runs a layer (docs/isa.md): the array program starts images and attention jobs, the vector
// program the passes of all slices; each waits for what the other has done.

module mv_sequencer #(
  parameter int Depth  = 512,   // instructions of a program
  parameter int Units  = 4,     // slices
  parameter int Lv     = 8,
  parameter int GroupW = 2,
  parameter int RowW   = 9,     // activation row
  parameter int WordW  = 12,    // word of the key/value memory
  parameter int SetW   = 3,
  // derived
  localparam int AddrW  = (Depth > 1) ? $clog2(Depth) : 1,
  localparam int CountW = $clog2(Lv) + 1,
  localparam int JobW   = mv_pkg::job_width(WordW, RowW, CountW, GroupW, SetW)
) (
  input  logic              clk_i,
  input  logic              rst_ni,
  // programs
  input  logic              prog_valid_i,
  input  logic              prog_vector_i,
  input  logic [15:0]       prog_address_i,
  input  logic [mv_isa_pkg::InstructionW-1:0] prog_data_i,
  // run
  input  logic              run_i,
  output logic              running_o,
  input  logic [15:0]       base_i,
  input  logic [GroupW-1:0] last_group_i,
  // array
  output logic              start_o,        // an image
  output logic [31:0]       image_o,        // its first beat
  output logic [RowW-1:0]   row_o,          // activation row of its position 0
  output logic              attend_o,
  output logic              job_valid_o,
  input  logic              job_ready_i,
  output logic [JobW-1:0]   job_o,
  input  logic              array_done_i,   // nothing is under way in the array
  // slices
  output logic [mv_isa_pkg::InstructionW-1:0] matrix_o,
  output logic [mv_isa_pkg::InstructionW-1:0] scores_o,
  output logic [mv_isa_pkg::InstructionW-1:0] outputs_o,
  output logic              fresh_valid_o,
  output logic              fresh_o,
  input  logic [Units-1:0]  results_idle_i,
  output logic              pass_valid_o,
  output logic [mv_isa_pkg::InstructionW-1:0] pass_o,
  input  logic [Units-1:0]  pass_done_i,
  input  logic [Units-1:0]  landed_i,
  input  logic [Units*2-1:0] landed_class_i
);
  if (Depth < 1 || Depth > 65536) begin : g_bad_depth
`ifdef VERILATOR
    $fatal(0, "mv_sequencer: Depth must lie in 1..65536");
`else
    mv_sequencer__depth_must_lie_in_1_to_65536 u_illegal ();
`endif
  end

  logic                                attend_q;
  logic [mv_isa_pkg::InstructionW-1:0] matrix_q, scores_q, outputs_q, pass_q;
  assign attend_o  = attend_q;
  assign matrix_o  = matrix_q;
  assign scores_o  = scores_q;
  assign outputs_o = outputs_q;
  assign pass_o    = pass_q;

  logic [mv_isa_pkg::InstructionW-1:0] array_q [Depth];
  logic [mv_isa_pkg::InstructionW-1:0] vector_q [Depth];
  always_ff @(posedge clk_i) begin
    if (prog_valid_i && !prog_vector_i) array_q[AddrW'(prog_address_i)] <= prog_data_i;
    if (prog_valid_i && prog_vector_i) vector_q[AddrW'(prog_address_i)] <= prog_data_i;
  end

  // ---- run; results landed, by class; passes ended ----
  logic        array_run_q, vector_run_q;
  logic [31:0] count_q [4];
  logic [4*32-1:0] count_d;   // count_q's next value, but for the beginning of a run
  logic [15:0] passes_q;
  logic        pass_end;
  assign running_o = array_run_q || vector_run_q;
  localparam int MoreW = $clog2(Units + 1);
  for (genvar c = 0; c < 4; c++) begin : g_class
    logic [MoreW-1:0] more;   // results of the class that land in this cycle
    always_comb begin
      more = '0;
      for (int u = 0; u < Units; u++) begin
        if (landed_i[u] && landed_class_i[u*2 +: 2] == 2'(c)) more = more + MoreW'(1);
      end
    end
    assign count_d[c*32 +: 32] = count_q[c] + 32'(more);
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      passes_q <= '0;
      for (int c = 0; c < 4; c++) count_q[c] <= '0;
    end else if (run_i) begin
      passes_q <= '0;
      for (int c = 0; c < 4; c++) count_q[c] <= '0;
    end else begin
      if (pass_end) passes_q <= passes_q + 16'd1;
      for (int c = 0; c < 4; c++) count_q[c] <= count_d[c*32 +: 32];
    end
  end

  // ---- array program ----
  typedef enum logic [1:0] {StFetch, StWait, StBegin, StBusy} state_e;
  state_e           array_state_q;
  logic [AddrW-1:0] array_at_q;
  logic [mv_isa_pkg::InstructionW-1:0] instruction_q;
  logic [3:0]       kind;
  logic             is_matrix, is_scores, is_outputs, attention, quiet, may, job_go;
  assign kind       = 4'(instruction_q >> mv_isa_pkg::ArrayKindAt);
  assign is_matrix  = kind == mv_isa_pkg::ArrayMatrix;
  assign is_scores  = kind == mv_isa_pkg::ArrayScores;
  assign is_outputs = kind == mv_isa_pkg::ArrayOutputs;
  assign attention  = is_scores || is_outputs;
  assign quiet      = array_done_i && (&results_idle_i);
  assign may        = passes_q >= 16'(instruction_q >> mv_isa_pkg::ArrayWaitAt);
  // Jobs follow one another; anything else begins when all before it has ended.
  assign job_valid_o = array_state_q == StWait && array_run_q && attention && attend_q && may;
  assign job_go      = job_valid_o && job_ready_i;
  assign start_o     = array_state_q == StBegin && array_run_q && is_matrix;
  assign image_o     = 32'(matrix_q >> mv_isa_pkg::MatrixFirstBeatAt);
  logic [15:0] matrix_row;
  assign matrix_row  = 16'(matrix_q >> mv_isa_pkg::ArrayRowAt);
  assign row_o       = RowW'(matrix_row);

  // The job of SCORES or OUTPUTS.
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
  job_t        job;
  logic [15:0] word, word_stride, row, row_stride, turn, index;
  logic [7:0]  last_keys, last_channels;
  assign word               = 16'(instruction_q >> mv_isa_pkg::AttendWordAt);
  assign word_stride        = 16'(instruction_q >> mv_isa_pkg::AttendWordStrideAt);
  assign row                = 16'(instruction_q >> mv_isa_pkg::ArrayRowAt);
  assign row_stride         = 16'(instruction_q >> mv_isa_pkg::AttendRowStrideAt);
  assign last_keys          = 8'(instruction_q >> mv_isa_pkg::AttendLastKeysAt);
  assign last_channels      = 8'(instruction_q >> mv_isa_pkg::AttendLastChannelsAt);
  assign turn               = 16'(instruction_q >> mv_isa_pkg::AttendTurnAt);
  assign index              = 16'(instruction_q >> mv_isa_pkg::AttendIndexAt);
  assign job.outputs        = is_outputs;
  assign job.causal         = 1'(instruction_q >> mv_isa_pkg::AttendCausalAt);
  assign job.word           = WordW'(word);
  assign job.word_stride    = WordW'(word_stride);
  assign job.row            = RowW'(row);
  assign job.row_stride     = RowW'(row_stride);
  assign job.key_strips     = 16'(instruction_q >> mv_isa_pkg::AttendKeyStripsAt);
  assign job.channel_strips = 16'(instruction_q >> mv_isa_pkg::AttendChannelStripsAt);
  assign job.index          = index;
  assign job.last_keys      = CountW'(last_keys);
  assign job.last_channels  = CountW'(last_channels);
  assign job.last_group     = last_group_i;
  assign job.base           = base_i;
  assign job.turn           = SetW'(turn);
  assign job_o              = job;

  // Statistics that the results of what begins are added to.
  logic [4:0] key_bits;
  // Addresses have the bits of larger memories.
  logic unused;
  assign unused = ^{prog_address_i, matrix_row, word, word_stride, row, row_stride, last_keys,
                    last_channels, turn, key_bits};
  assign key_bits      = 5'(instruction_q >> mv_isa_pkg::ScoresKeyBitsAt);
  assign fresh_valid_o = start_o ? 1'(instruction_q >> mv_isa_pkg::MatrixSumsAt) :
                         job_go && is_scores;
  assign fresh_o       = !start_o && index[key_bits[3:0]];
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      array_run_q   <= 1'b0;
      array_state_q <= StFetch;
      array_at_q    <= '0;
      attend_q      <= 1'b0;
    end else if (run_i) begin
      array_run_q   <= 1'b1;
      array_state_q <= StFetch;
      array_at_q    <= '0;
    end else if (array_run_q) begin
      unique case (array_state_q)
        StFetch: begin
          array_state_q <= StWait;
          array_at_q    <= array_at_q + AddrW'(1);
        end
        StWait: begin
          if (attention) begin
            if (!attend_q) attend_q <= 1'b1;
            if (job_go) array_state_q <= StFetch;
          end else if (quiet) begin
            attend_q <= 1'b0;
            if (kind == mv_isa_pkg::ArrayEnd) array_run_q <= 1'b0;
            else if (may && !attend_q) array_state_q <= StBegin;
          end
        end
        StBegin: array_state_q <= StBusy;
        default: if (quiet) array_state_q <= StFetch;
      endcase
    end
  end
  always_ff @(posedge clk_i) begin
    if (array_state_q == StFetch) instruction_q <= array_q[array_at_q];
    if (array_state_q == StWait && is_matrix) matrix_q <= instruction_q;
    if (job_go && is_scores) scores_q <= instruction_q;
    if (job_go && is_outputs) outputs_q <= instruction_q;
  end

  // ---- vector program ----
  state_e           vector_state_q;
  logic [AddrW-1:0] vector_at_q;
  logic             reached;
  logic [1:0]       counter;
  assign counter      = 2'(pass_q >> mv_isa_pkg::VectorCounterAt);
  assign reached      = count_q[counter] >= {2'd0, 30'(pass_q >> mv_isa_pkg::VectorValueAt)};
  assign pass_valid_o = vector_state_q == StBegin && vector_run_q;
  assign pass_end     = vector_state_q == StBusy && vector_run_q && (&pass_done_i);
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      vector_run_q   <= 1'b0;
      vector_state_q <= StFetch;
      vector_at_q    <= '0;
    end else if (run_i) begin
      vector_run_q   <= 1'b1;
      vector_state_q <= StFetch;
      vector_at_q    <= '0;
    end else if (vector_run_q) begin
      unique case (vector_state_q)
        StFetch: begin
          vector_state_q <= StWait;
          vector_at_q    <= vector_at_q + AddrW'(1);
        end
        StWait: begin
          if (4'(pass_q >> mv_isa_pkg::VectorKindAt) == mv_isa_pkg::VectorEnd) vector_run_q <= 1'b0;
          else if (reached) vector_state_q <= StBegin;
        end
        StBegin: vector_state_q <= StBusy;
        default: if (&pass_done_i) vector_state_q <= StFetch;
      endcase
    end
  end
  always_ff @(posedge clk_i) begin
    if (vector_state_q == StFetch) pass_q <= vector_q[vector_at_q];
  end

`ifdef VERILATOR
  // The slices read the fields of the last SCORES and OUTPUTS while results of the ones before may
  // still come.
  logic        scores_seen_q, outputs_seen_q;   // since the last MATRIX
  logic        scores_alike, outputs_alike;
  logic [15:0] strips;
  logic [7:0]  last_strip;                      // results of the last strip
  logic [31:0] end_index;                       // behind the last result of a job
  logic [3:0]  pass_operation;
  assign scores_alike =
      1'(instruction_q >> mv_isa_pkg::AttendCausalAt) ==
      1'(scores_q >> mv_isa_pkg::AttendCausalAt) &&
      16'(instruction_q >> mv_isa_pkg::ScoresVectorRowAt) ==
      16'(scores_q >> mv_isa_pkg::ScoresVectorRowAt) &&
      5'(instruction_q >> mv_isa_pkg::ScoresKeyBitsAt) ==
      5'(scores_q >> mv_isa_pkg::ScoresKeyBitsAt) &&
      16'(instruction_q >> mv_isa_pkg::ScoresValidKeysAt) ==
      16'(scores_q >> mv_isa_pkg::ScoresValidKeysAt);
  assign outputs_alike =
      16'(instruction_q >> mv_isa_pkg::OutputsTableEntryAt) ==
      16'(outputs_q >> mv_isa_pkg::OutputsTableEntryAt) &&
      16'(instruction_q >> mv_isa_pkg::OutputsResultRowAt) ==
      16'(outputs_q >> mv_isa_pkg::OutputsResultRowAt);
  assign strips         = is_outputs ? job.channel_strips : job.key_strips;
  assign last_strip     = is_outputs ? last_channels : last_keys;
  assign end_index      = 32'(index[14:0]) + (32'(strips) - 32'd1) * Lv + 32'(last_strip);
  assign pass_operation = 4'(pass_q >> mv_isa_pkg::VectorOperationAt);
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      scores_seen_q  <= 1'b0;
      outputs_seen_q <= 1'b0;
    end else if (start_o || run_i) begin
      scores_seen_q  <= 1'b0;
      outputs_seen_q <= 1'b0;
    end else if (job_go) begin
      if (is_scores) scores_seen_q <= 1'b1;
      if (is_outputs) outputs_seen_q <= 1'b1;
    end
  end

  logic array_past_q, vector_past_q;   // the last instruction of the memory has been fetched
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      array_past_q  <= 1'b0;
      vector_past_q <= 1'b0;
    end else if (run_i) begin
      array_past_q  <= 1'b0;
      vector_past_q <= 1'b0;
    end else begin
      if (array_state_q == StFetch && 32'(array_at_q) == Depth - 1) array_past_q <= array_run_q;
      if (vector_state_q == StFetch && 32'(vector_at_q) == Depth - 1) vector_past_q <= vector_run_q;
    end
  end

  // Instructions by the run in which they were written last.
  logic [31:0]      run_q;
  logic [31:0]      array_run_of_q [Depth];
  logic [31:0]      vector_run_of_q [Depth];
  logic [AddrW-1:0] prog_at;
  assign prog_at = AddrW'(prog_address_i);
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) run_q <= 32'd1;
    else if (run_i) run_q <= run_q + 32'd1;
  end
  always_ff @(posedge clk_i) begin
    if (prog_valid_i && !prog_vector_i) array_run_of_q[prog_at] <= run_q;
    if (prog_valid_i && prog_vector_i) vector_run_of_q[prog_at] <= run_q;
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (rst_ni) begin
      ArrayWaitsForPass: cover (array_run_q && array_state_q == StWait && !may);
      JobStalls: cover (job_valid_o && !job_ready_i);
      ImageWaitsForJobs: cover (array_run_q && array_state_q == StWait && is_matrix && !quiet);
      PassWaitsForResults: cover (vector_run_q && vector_state_q == StWait && !reached);
      PassDuringArray: cover (pass_valid_o && array_run_q && !quiet);
      ResultsLandTogether: cover ($countones(landed_i) > 1);
      ScoresAfterScores: cover (job_go && is_scores && scores_seen_q);
      ArrayEndsFirst: cover (vector_run_q && !array_run_q);
      ProgramsFit: assert (!prog_valid_i || 32'(prog_address_i) < Depth)
        else $error("mv_sequencer.ProgramsFit: an instruction is written beyond its program");
      ArrayStays: assert (!array_run_q || array_state_q != StFetch ||
          (array_run_of_q[array_at_q] != run_q &&
           !(prog_valid_i && !prog_vector_i && prog_at == array_at_q)))
        else $error("mv_sequencer.ArrayStays: an instruction was written during the run");
      VectorStays: assert (!vector_run_q || vector_state_q != StFetch ||
          (vector_run_of_q[vector_at_q] != run_q &&
           !(prog_valid_i && prog_vector_i && prog_at == vector_at_q)))
        else $error("mv_sequencer.VectorStays: an instruction was written during the run");
      RunsIdle: assert (!run_i || !running_o)
        else $error("mv_sequencer.RunsIdle: a run begins while one is under way");
      ArrayKindKnown: assert (!(array_run_q && array_state_q == StWait) ||
          kind <= mv_isa_pkg::ArrayOutputs)
        else $error("mv_sequencer.ArrayKindKnown: an array instruction of no known kind");
      VectorKindKnown: assert (!(vector_run_q && vector_state_q == StWait) ||
          4'(pass_q >> mv_isa_pkg::VectorKindAt) <= mv_isa_pkg::VectorRoot)
        else $error("mv_sequencer.VectorKindKnown: a vector instruction of no known kind");
      MatrixOperationKnown: assert (!start_o ||
          4'(matrix_q >> mv_isa_pkg::MatrixOperationAt) <= mv_pkg::OpResidual)
        else $error("mv_sequencer.MatrixOperationKnown: a MATRIX with no operation on results");
      PassOperationKnown: assert (!pass_valid_o ||
          4'(pass_q >> mv_isa_pkg::VectorKindAt) != mv_isa_pkg::VectorPass ||
          pass_operation == mv_pkg::OpCopy || pass_operation == mv_pkg::OpExp ||
          pass_operation == mv_pkg::OpScale || pass_operation == mv_pkg::OpNorm)
        else $error("mv_sequencer.PassOperationKnown: a PASS with no operation of a pass");
      ScoresAlike: assert (!job_go || !is_scores || !scores_seen_q || scores_alike)
        else $error("mv_sequencer.ScoresAlike: SCORES between two MATRIX differ");
      OutputsAlike: assert (!job_go || !is_outputs || !outputs_seen_q || outputs_alike)
        else $error("mv_sequencer.OutputsAlike: OUTPUTS between two MATRIX differ");
      FieldsFit: assert ((!start_o || 16'(row_o) == matrix_row) && (!job_go || (
          16'(job.word) == word && 16'(job.word_stride) == word_stride &&
          16'(job.row) == row && 16'(job.row_stride) == row_stride && 16'(job.turn) == turn &&
          8'(job.last_keys) == last_keys && 8'(job.last_channels) == last_channels)))
        else $error("mv_sequencer.FieldsFit: a row, word, turn or count exceeds the machine");
      KeyBitsLegal: assert (!job_go || !is_scores || key_bits < 5'd16)
        else $error("mv_sequencer.KeyBitsLegal: keys have more than 15 bits");
      ProgramsEnd: assert (!(array_run_q && array_state_q == StFetch && array_past_q) &&
                           !(vector_run_q && vector_state_q == StFetch && vector_past_q))
        else $error("mv_sequencer.ProgramsEnd: a program has no END within its depth");
      IndicesApart: assert (!job_go || (index[15] == is_outputs && end_index <= 32'd32768))
        else $error("mv_sequencer.IndicesApart: indices of SCORES from 2^15 on or OUTPUTS below");
      IndicesHold: assert (!job_go || !is_scores ||
          (index >> key_bits) == 16'((end_index - 32'd1) >> key_bits))
        else $error("mv_sequencer.IndicesHold: results of SCORES beyond 2^b of their buffer");
    end
  end
`endif
endmodule
