// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Runs a layer (docs/isa.md): the array program starts images and attention jobs, the vector program
// the passes of all slices; each waits for what the other has done.

module mv_sequencer #(
  parameter int Depth  = 512,   // instructions of a program
  parameter int Units  = 2,     // slices
  parameter int Lv     = 8,
  parameter int GroupW = 2,
  parameter int RowW   = 9,     // activation row
  parameter int WordW  = 10,    // word of the key/value memory
  parameter int SetW   = 3,
  // derived
  parameter int LvL  = $clog2(Lv),
  parameter int AddrW = (Depth > 1) ? $clog2(Depth) : 1,
  parameter int JobW = 2 + WordW * 2 + RowW * 2 + 16 * 3 + (LvL + 1) * 2 + GroupW + 16 + SetW
) (
  input  logic              clk_i,
  input  logic              rst_ni,
  // programs
  input  logic              prog_valid_i,
  input  logic              prog_vector_i,
  input  logic [15:0]       prog_address_i,
  input  logic [255:0]      prog_data_i,
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
  output logic [255:0]      matrix_o,
  output logic [255:0]      scores_o,
  output logic [255:0]      outputs_o,
  output logic              fresh_valid_o,
  output logic              fresh_o,
  input  logic [Units-1:0]  results_idle_i,
  output logic              pass_valid_o,
  output logic [255:0]      pass_o,
  input  logic [Units-1:0]  pass_done_i,
  input  logic [Units-1:0]  landed_i,
  input  logic [Units*2-1:0] landed_class_i
);
  localparam logic [3:0] End = 4'd0, Matrix = 4'd1, Scores = 4'd2, Outputs = 4'd3;

  logic unused;
  assign unused = ^prog_address_i;

  logic [255:0] array_q [Depth];
  logic [255:0] vector_q [Depth];
  always_ff @(posedge clk_i) begin
    if (prog_valid_i && !prog_vector_i) array_q[AddrW'(prog_address_i)] <= prog_data_i;
    if (prog_valid_i && prog_vector_i) vector_q[AddrW'(prog_address_i)] <= prog_data_i;
  end

  // ---- run; results landed, by class; passes ended ----
  logic        array_run_q, vector_run_q;
  logic [31:0] count_q [4];
  logic [15:0] passes_q;
  logic        pass_end;
  assign running_o = array_run_q || vector_run_q;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      passes_q <= '0;
      for (int c = 0; c < 4; c++) count_q[c] <= '0;
    end else if (run_i) begin
      passes_q <= '0;
      for (int c = 0; c < 4; c++) count_q[c] <= '0;
    end else begin
      if (pass_end) passes_q <= passes_q + 16'd1;
      for (int c = 0; c < 4; c++) begin
        logic [31:0] count;
        count = count_q[c];
        for (int u = 0; u < Units; u++) begin
          if (landed_i[u] && landed_class_i[u*2 +: 2] == 2'(c)) count = count + 32'd1;
        end
        count_q[c] <= count;
      end
    end
  end

  // ---- array program ----
  localparam logic [1:0] Fetch = 2'd0, Wait = 2'd1, Begin = 2'd2, Busy = 2'd3;
  logic [1:0]       array_state_q;
  logic [AddrW-1:0] array_at_q;
  logic [255:0]     instruction_q;
  logic [3:0]       kind;
  logic             attention, quiet, may, job_go;
  logic [3:0]       key_bits;
  assign kind      = instruction_q[3:0];
  assign attention = kind == Scores || kind == Outputs;
  assign quiet     = array_done_i && (&results_idle_i);
  assign may       = passes_q >= instruction_q[31:16];
  assign key_bits  = instruction_q[6*32 +: 4];
  // Jobs follow one another; anything else begins when all before it has ended.
  assign job_valid_o = array_state_q == Wait && array_run_q && attention && attend_o && may;
  assign job_go      = job_valid_o && job_ready_i;
  assign start_o     = array_state_q == Begin && array_run_q && kind == Matrix;
  assign image_o     = matrix_o[63:32];
  assign row_o       = RowW'(matrix_o[2*32 +: 16]);
  assign job_o = {kind == Outputs, instruction_q[4], WordW'(instruction_q[32 +: 16]),
                  WordW'(instruction_q[48 +: 16]), RowW'(instruction_q[64 +: 16]),
                  RowW'(instruction_q[80 +: 16]), instruction_q[96 +: 16],
                  instruction_q[112 +: 16], instruction_q[128 +: 16],
                  (LvL + 1)'(instruction_q[144 +: 8]), (LvL + 1)'(instruction_q[152 +: 8]),
                  last_group_i, base_i, SetW'(instruction_q[176 +: 16])};
  // Statistics that the results of what begins are added to.
  assign fresh_valid_o = start_o ? instruction_q[7*32+4] : job_go && kind == Scores;
  assign fresh_o       = !start_o && instruction_q[32'(4*32) + 32'(key_bits)];
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      array_run_q   <= 1'b0;
      array_state_q <= Fetch;
      array_at_q    <= '0;
      attend_o      <= 1'b0;
    end else if (run_i) begin
      array_run_q   <= 1'b1;
      array_state_q <= Fetch;
      array_at_q    <= '0;
    end else if (array_run_q) begin
      unique case (array_state_q)
        Fetch: begin
          array_state_q <= Wait;
          array_at_q    <= array_at_q + AddrW'(1);
        end
        Wait: begin
          if (attention) begin
            if (!attend_o) attend_o <= 1'b1;
            if (job_go) array_state_q <= Fetch;
          end else if (quiet) begin
            attend_o <= 1'b0;
            if (kind == End) array_run_q <= 1'b0;
            else if (may && !attend_o) array_state_q <= Begin;
          end
        end
        Begin: array_state_q <= Busy;
        default: if (quiet) array_state_q <= Fetch;
      endcase
    end
  end
  always_ff @(posedge clk_i) begin
    if (array_state_q == Fetch) instruction_q <= array_q[array_at_q];
    if (array_state_q == Wait && kind == Matrix) matrix_o <= instruction_q;
    if (job_go && kind == Scores) scores_o <= instruction_q;
    if (job_go && kind == Outputs) outputs_o <= instruction_q;
  end

  // ---- vector program ----
  logic [1:0]       vector_state_q;
  logic [AddrW-1:0] vector_at_q;
  logic             reached;
  assign reached      = count_q[pass_o[63:62]] >= {2'd0, pass_o[61:32]};
  assign pass_valid_o = vector_state_q == Begin && vector_run_q;
  assign pass_end     = vector_state_q == Busy && vector_run_q && (&pass_done_i);
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      vector_run_q   <= 1'b0;
      vector_state_q <= Fetch;
      vector_at_q    <= '0;
    end else if (run_i) begin
      vector_run_q   <= 1'b1;
      vector_state_q <= Fetch;
      vector_at_q    <= '0;
    end else if (vector_run_q) begin
      unique case (vector_state_q)
        Fetch: begin
          vector_state_q <= Wait;
          vector_at_q    <= vector_at_q + AddrW'(1);
        end
        Wait: begin
          if (pass_o[3:0] == End) vector_run_q <= 1'b0;
          else if (reached) vector_state_q <= Begin;
        end
        Begin: vector_state_q <= Busy;
        default: if (&pass_done_i) vector_state_q <= Fetch;
      endcase
    end
  end
  always_ff @(posedge clk_i) begin
    if (vector_state_q == Fetch) pass_o <= vector_q[vector_at_q];
  end
endmodule
