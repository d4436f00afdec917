// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Proof of mv_sequencer: both programs run in their order, each instruction once, none before what
// it waits for has happened, none beyond the program's END; every wait ends, and so does the run.
// The programs are any of four instructions with an END; each instruction holds its number where
// the sequencer only hands it on, so that it says which one it is.
//
// proof: rtl mv_sequencer.sv; depth 18; induction 2

module prove (input logic clk);
  localparam int Depth = 4;
  localparam int Units = 2;
  localparam int TagAt = 253;   // of two bits; MATRIX: channels of K, PASS: epsilon
  logic rst_n = 1'b0;
  always_ff @(posedge clk) rst_n <= 1'b1;
  (* anyconst *) logic [Depth*4-1:0]  a_kinds, v_kinds;
  (* anyconst *) logic [Depth*16-1:0] a_waits, a_indices;
  (* anyconst *) logic [Depth*4-1:0]  a_key_bits;
  (* anyconst *) logic [Depth-1:0]    a_sums;
  (* anyconst *) logic [Depth*2-1:0]  v_counters;
  (* anyconst *) logic [Depth*30-1:0] v_values;
  (* anyconst *) logic [1:0]          a_end, v_end;   // where their END is
  (* anyseq *) logic             prog_valid, prog_vector, run, job_ready, array_done;
  (* anyseq *) logic [1:0]       prog_at;
  (* anyseq *) logic [Units-1:0] results_idle, pass_done, landed;
  (* anyseq *) logic [Units*2-1:0] landed_class;
  logic [Depth*256-1:0] a_program, v_program;
  logic [255:0] prog_data, matrix, scores, outputs, pass;
  logic         running, start, attend, job_valid, fresh_valid, fresh, pass_valid;
  logic [31:0]  image;
  logic         row;
  logic [mv_pkg::job_width(1, 1, 2, 1, 1)-1:0] job;
  always_comb begin
    a_program = '0;
    v_program = '0;
    for (int i = 0; i < Depth; i++) begin
      a_program[i * 256 + mv_isa_pkg::ArrayKindAt +: 4]     = a_kinds[i * 4 +: 4];
      a_program[i * 256 + mv_isa_pkg::ArrayWaitAt +: 16]    = a_waits[i * 16 +: 16];
      a_program[i * 256 + mv_isa_pkg::AttendIndexAt +: 16]  = a_indices[i * 16 +: 16];
      a_program[i * 256 + mv_isa_pkg::ScoresKeyBitsAt +: 4] = a_key_bits[i * 4 +: 4];
      a_program[i * 256 + mv_isa_pkg::MatrixSumsAt]         = a_sums[i];
      a_program[i * 256 + TagAt +: 2]                       = 2'(i);
      v_program[i * 256 + mv_isa_pkg::VectorKindAt +: 4]    = v_kinds[i * 4 +: 4];
      v_program[i * 256 + mv_isa_pkg::VectorCounterAt +: 2] = v_counters[i * 2 +: 2];
      v_program[i * 256 + mv_isa_pkg::VectorValueAt +: 30]  = v_values[i * 30 +: 30];
      v_program[i * 256 + TagAt +: 2]                       = 2'(i);
    end
  end
  assign prog_data = prog_vector ? v_program[prog_at * 256 +: 256] :
                     a_program[prog_at * 256 +: 256];
  mv_sequencer #(
    .Depth(Depth), .Units(Units), .Lv(2), .GroupW(1), .RowW(1), .WordW(1), .SetW(1)
  ) dut (
    .clk_i(clk), .rst_ni(rst_n), .prog_valid_i(prog_valid), .prog_vector_i(prog_vector),
    .prog_address_i({14'd0, prog_at}), .prog_data_i(prog_data), .run_i(run), .running_o(running),
    .base_i(16'd0), .last_group_i(1'b0), .start_o(start), .image_o(image), .row_o(row),
    .attend_o(attend), .job_valid_o(job_valid), .job_ready_i(job_ready), .job_o(job),
    .array_done_i(array_done), .matrix_o(matrix), .scores_o(scores), .outputs_o(outputs),
    .fresh_valid_o(fresh_valid), .fresh_o(fresh), .results_idle_i(results_idle),
    .pass_valid_o(pass_valid), .pass_o(pass), .pass_done_i(pass_done), .landed_i(landed),
    .landed_class_i(landed_class));

  // What has been written of the programs.
  logic [Depth-1:0] a_there_q, v_there_q;
  // The run as it should be: the instruction of each program that is next, or under way.
  logic         a_run_q, v_run_q, image_q, pass_q;
  logic [2:0]   a_at_q, v_at_q;
  logic [15:0]  ended_q;
  logic [127:0] landed_q;   // results that have landed, by class
  logic [2:0]   a_stuck_q, v_stuck_q;
  logic         quiet, a_attends, a_may, v_may, job_go;
  logic [3:0]   a_kind, v_kind;
  logic [15:0]  a_index;
  assign quiet     = array_done && (&results_idle);
  assign a_kind    = a_kinds[a_at_q[1:0] * 4 +: 4];
  assign v_kind    = v_kinds[v_at_q[1:0] * 4 +: 4];
  assign a_index   = a_indices[a_at_q[1:0] * 16 +: 16];
  assign a_attends = a_kind == mv_isa_pkg::ArrayScores || a_kind == mv_isa_pkg::ArrayOutputs;
  assign a_may     = a_kind == mv_isa_pkg::ArrayEnd || ended_q >= a_waits[a_at_q[1:0] * 16 +: 16];
  assign v_may     = v_kind == mv_isa_pkg::VectorEnd ||
                     landed_q[v_counters[v_at_q[1:0] * 2 +: 2] * 32 +: 32] >=
                     32'(v_values[v_at_q[1:0] * 30 +: 30]);
  assign job_go    = job_valid && job_ready;
  (* hierconn *) logic [1:0]   \dut.array_state_q ;
  (* hierconn *) logic [1:0]   \dut.vector_state_q ;
  (* hierconn *) logic [1:0]   \dut.array_at_q ;
  (* hierconn *) logic [1:0]   \dut.vector_at_q ;
  (* hierconn *) logic [255:0] \dut.instruction_q ;
  (* hierconn *) logic [255:0] \dut.array_q[0] ;
  (* hierconn *) logic [255:0] \dut.array_q[1] ;
  (* hierconn *) logic [255:0] \dut.array_q[2] ;
  (* hierconn *) logic [255:0] \dut.array_q[3] ;
  (* hierconn *) logic [255:0] \dut.vector_q[0] ;
  (* hierconn *) logic [255:0] \dut.vector_q[1] ;
  (* hierconn *) logic [255:0] \dut.vector_q[2] ;
  (* hierconn *) logic [255:0] \dut.vector_q[3] ;
  (* hierconn *) logic \dut.array_run_q ;
  (* hierconn *) logic \dut.vector_run_q ;
  (* hierconn *) logic [15:0] \dut.passes_q ;
  (* hierconn *) logic [31:0] \dut.count_q[0] ;
  (* hierconn *) logic [31:0] \dut.count_q[1] ;
  (* hierconn *) logic [31:0] \dut.count_q[2] ;
  (* hierconn *) logic [31:0] \dut.count_q[3] ;
  always_ff @(posedge clk) begin
    if (!rst_n) begin
      a_there_q <= '0;
      v_there_q <= '0;
      a_run_q   <= 1'b0;
      v_run_q   <= 1'b0;
      image_q   <= 1'b0;
      pass_q    <= 1'b0;
      ended_q   <= '0;
      landed_q  <= '0;
      a_at_q    <= '0;
      v_at_q    <= '0;
      a_stuck_q <= '0;
      v_stuck_q <= '0;
    end else if (run) begin
      a_run_q   <= 1'b1;
      v_run_q   <= 1'b1;
      a_at_q    <= '0;
      v_at_q    <= '0;
      ended_q   <= '0;
      landed_q  <= '0;
      a_stuck_q <= '0;
      v_stuck_q <= '0;
    end else begin
      if (prog_valid && !prog_vector) a_there_q[prog_at] <= 1'b1;
      if (prog_valid && prog_vector) v_there_q[prog_at] <= 1'b1;
      if (job_go) a_at_q <= a_at_q + 3'd1;
      if (start) image_q <= 1'b1;
      else if (image_q && quiet) begin
        image_q <= 1'b0;
        a_at_q  <= a_at_q + 3'd1;
      end
      if (a_run_q && !\dut.array_run_q ) a_run_q <= 1'b0;
      if (v_run_q && !\dut.vector_run_q ) v_run_q <= 1'b0;
      if (pass_valid) pass_q <= 1'b1;
      else if (pass_q && (&pass_done)) begin
        pass_q  <= 1'b0;
        v_at_q  <= v_at_q + 3'd1;
        ended_q <= ended_q + 16'd1;
      end
      for (int c = 0; c < 4; c++) begin
        landed_q[c*32 +: 32] <= landed_q[c*32 +: 32] +
            32'(landed[0] && landed_class[1:0] == 2'(c)) +
            32'(landed[1] && landed_class[3:2] == 2'(c));
      end
      // Cycles in which nothing keeps the next instruction from beginning, and it does not.
      if (\dut.array_run_q && !image_q && !start && !job_go && a_may &&
          (a_attends ? job_ready : quiet)) a_stuck_q <= a_stuck_q + 3'd1;
      else a_stuck_q <= '0;
      if (\dut.vector_run_q && !pass_q && !pass_valid && v_may) v_stuck_q <= v_stuck_q + 3'd1;
      else v_stuck_q <= '0;
    end
  end

  // What the memories hold of the programs.
  logic [Depth*256-1:0] a_memory, v_memory;
  logic                 memories_hold, all_there;   // up to END
  assign a_memory = {\dut.array_q[3] , \dut.array_q[2] , \dut.array_q[1] , \dut.array_q[0] };
  assign v_memory = {\dut.vector_q[3] , \dut.vector_q[2] , \dut.vector_q[1] ,
                     \dut.vector_q[0] };
  always_comb begin
    memories_hold = 1'b1;
    all_there     = 1'b1;
    for (int i = 0; i < Depth; i++) begin
      if ((a_there_q[i] && a_memory[i * 256 +: 256] != a_program[i * 256 +: 256]) ||
          (v_there_q[i] && v_memory[i * 256 +: 256] != v_program[i * 256 +: 256])) begin
        memories_hold = 1'b0;
      end
      if ((2'(i) <= a_end && !a_there_q[i]) || (2'(i) <= v_end && !v_there_q[i])) begin
        all_there = 1'b0;
      end
    end
  end

  always_comb begin
    for (int i = 0; i < Depth; i++) begin
      assume (a_kinds[i * 4 +: 4] <= mv_isa_pkg::ArrayOutputs);   // mv_sequencer.ArrayKindKnown
      assume (v_kinds[i * 4 +: 4] <= mv_isa_pkg::VectorRoot);     // mv_sequencer.VectorKindKnown
    end
    assume (a_kinds[a_end * 4 +: 4] == mv_isa_pkg::ArrayEnd);     // mv_sequencer.ProgramsEnd
    assume (v_kinds[v_end * 4 +: 4] == mv_isa_pkg::VectorEnd);
    // mv_sequencer.RunsIdle, mv_layer.RunsIdle: nothing is under way, and the programs are there.
    if (run) assume (!running && quiet && all_there && landed == '0);
    // No run has 2^31 results of a class: as many cycles.
    for (int c = 0; c < 4; c++) assume (!landed_q[c * 32 + 31]);
    if (running) assume (!prog_valid);   // mv_sequencer.ArrayStays, VectorStays
  end
  always_ff @(posedge clk) begin
    if (rst_n) begin
      // Nothing is under way until something begins: done_o of mv_engine, results_idle_o of the
      // slices.
      if ($past(rst_n) && $past(quiet && !start && !job_go)) assume (quiet);
      if (start) begin
        StartKind:  assert (a_kind == mv_isa_pkg::ArrayMatrix && a_run_q && !image_q);
        StartWaits: assert (a_may);
        StartQuiet: assert (quiet && !attend);
        StartIs:    assert (matrix[TagAt +: 2] == a_at_q[1:0] && a_at_q <= 3'(a_end));
        StartSums:  assert (fresh_valid == a_sums[a_at_q[1:0]] && (!fresh_valid || !fresh));
      end
      if (job_valid) begin
        JobKind:    assert (a_attends && a_run_q && !image_q && attend);
        JobWaits:   assert (a_may);
        JobIn:      assert (a_at_q < 3'(a_end));
      end
      if (!start) begin
        JobSums:    assert (fresh_valid == (job_go && a_kind == mv_isa_pkg::ArrayScores));
        JobBuffer:  assert (!fresh_valid || fresh == a_index[a_key_bits[a_at_q[1:0] * 4 +: 4]]);
      end
      if ($past(rst_n) && $past(job_go)) begin
        JobIs:      assert ($past(a_kind) == mv_isa_pkg::ArrayScores ?
                            scores[TagAt +: 2] == $past(a_at_q[1:0]) :
                            outputs[TagAt +: 2] == $past(a_at_q[1:0]));
      end
      if ($past(rst_n) && $past(job_valid && !job_ready)) begin
        JobStays:   assert (job_valid);
      end
      if (image_q) begin
        ImageStays: assert (matrix[TagAt +: 2] == a_at_q[1:0]);
      end
      if ($past(rst_n) && attend != $past(attend)) begin
        AttendQuiet: assert ($past(quiet));
      end
      if (pass_valid) begin
        PassKind:   assert (v_kind != mv_isa_pkg::VectorEnd && v_run_q);
        PassWaits:  assert (v_may);
        PassAlone:  assert (!pass_q);
      end
      if (pass_valid || pass_q) begin
        PassIs:     assert (pass[TagAt +: 2] == v_at_q[1:0] && v_at_q < 3'(v_end));
      end
      Passes:       assert (\dut.passes_q == ended_q);
      Landed:       assert ({\dut.count_q[3] , \dut.count_q[2] , \dut.count_q[1] ,
                             \dut.count_q[0] } == landed_q);
      if (a_run_q && !\dut.array_run_q ) begin
        ArrayEnds:  assert (a_kind == mv_isa_pkg::ArrayEnd && !image_q && $past(quiet));
      end
      if (v_run_q && !\dut.vector_run_q ) begin
        VectorEnds: assert (v_kind == mv_isa_pkg::VectorEnd && !pass_q);
      end
      EndedAt:      assert (ended_q == 16'(v_at_q));
      Memories:     assert (memories_hold);
      AllThere:     assert (!running || all_there);
      ImageRuns:    assert (!image_q || (\dut.array_run_q && \dut.array_state_q == 3));
      PassRuns:     assert (!pass_q || (\dut.vector_run_q && \dut.vector_state_q == 3));
      if (\dut.array_run_q ) begin
        ArrayAt:    assert (a_run_q && a_at_q <= 3'(a_end) &&
                            \dut.array_at_q == 2'(a_at_q + 3'(\dut.array_state_q != 0)) &&
                            image_q == (\dut.array_state_q == 3));
        ArrayIs:    assert (\dut.array_state_q == 0 ||
                            \dut.instruction_q == a_program[a_at_q[1:0] * 256 +: 256]);
        ArrayMay:   assert (\dut.array_state_q != 2 ||
                            (a_kind == mv_isa_pkg::ArrayMatrix && a_may && quiet && !attend));
        ArrayStep:  assert (a_stuck_q <= (\dut.array_state_q == 0 ? 3'd0 :
                            \dut.array_state_q == 1 ? 3'd1 + 3'(a_attends == attend) : 3'd3));
        ArrayRests: assert (\dut.array_state_q >= 2 || attend || quiet);
        ArrayBusy:  assert (\dut.array_state_q != 3 || a_kind == mv_isa_pkg::ArrayMatrix);
      end
      if (\dut.vector_run_q ) begin
        VectorAt:   assert (v_run_q && \dut.vector_at_q ==
                            2'(v_at_q + 3'(\dut.vector_state_q != 0)) &&
                            v_at_q <= 3'(v_end) && pass_q == (\dut.vector_state_q == 3));
        VectorIs:   assert (\dut.vector_state_q == 0 ||
                            pass == v_program[v_at_q[1:0] * 256 +: 256]);
        VectorStep: assert (v_stuck_q <= 3'(\dut.vector_state_q ));
        VectorMay:  assert (\dut.vector_state_q < 2 || (v_may && v_kind != mv_isa_pkg::VectorEnd));
      end
      Running:      assert (running == (\dut.array_run_q || \dut.vector_run_q ));
      ArrayGoes:    assert (a_stuck_q <= 3);
      VectorGoes:   assert (v_stuck_q <= 2);
      Waits:        cover (start && a_at_q == 1 && a_waits[31:16] == 1);
      JobAfter:     cover (job_go && a_at_q == 1 && a_kinds[3:0] == mv_isa_pkg::ArrayMatrix);
      Counts:       cover (pass_valid && v_at_q == 1 && v_values[59:30] == 2);
      Ends:         cover (!running && a_at_q == 1 && v_at_q == 1 && a_kinds[7:4] == 0);
    end
  end
endmodule
