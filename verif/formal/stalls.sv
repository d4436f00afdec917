// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// I1 on a tiny machine: two engines get the same image and the same activations, one with a memory
// and a receiver that stall as they like and sets that are held back, the other without any stall.
// Every output must be the same in both. The weights, the biases, which of them are pruned, and the
// activations (so what is skipped) are any; additions are a function that tells their order apart.
//
// proof: rtl stubs/arithmetic.sv mv_turn.sv mv_place.sv mv_fifo.sv mv_fetch.sv mv_scheduler.sv
// proof: mv_kv_bank.sv mv_kv.sv mv_decompressor.sv mv_matching.sv mv_zero_skip.sv mv_weights.sv
// proof: mv_stream.sv mv_attend.sv mv_set_ctrl.sv mv_set.sv mv_act_bank.sv mv_acc_file.sv
// proof: mv_pe_lane.sv mv_pe.sv mv_position.sv mv_merge.sv mv_drain.sv mv_engine.sv; depth 52;
// proof: bounded

// An engine with its memory: beats come in the order of the requests, when go_i lets them.
module tiny (
  input  logic         clk,
  input  logic         rst_n,
  input  logic         start_i,
  input  logic         a_valid_i,
  input  logic [15:0]  a_pos_i,
  input  logic [15:0]  a_data_i,
  input  logic [511:0] tasks_i,        // the beats behind the directory
  input  logic         req_go_i,
  input  logic         rsp_go_i,
  input  logic         y_go_i,
  input  logic [1:0]   hold_i,
  output logic         running_o,      // the header has come
  output logic         done_o,
  output logic         y_valid_o,      // a result is taken
  output logic [15:0]  y_index_o,
  output logic [15:0]  y_data_o
);
  localparam int HeaderBits = 11 * 64;
  logic [HeaderBits-1:0] header;
  always_comb begin
    header = '0;
    header[mv_isa_pkg::HeaderMagicAt +: 32]    = mv_isa_pkg::HeaderMagic;
    header[mv_isa_pkg::HeaderColumnAt]         = 1'b1;
    header[mv_isa_pkg::HeaderEntriesAt +: 4]   = 4'd1;
    header[mv_isa_pkg::HeaderIndexBitsAt +: 5] = 5'd2;
    header[mv_isa_pkg::HeaderCodeBitsAt +: 4]  = 4'd2;
    header[mv_isa_pkg::HeaderEntryAt + mv_isa_pkg::EntrySentinelAt +: 16] = 16'd2;
    header[mv_isa_pkg::HeaderW + 32 +: 32]     = 32'd2;   // tasks
  end
  logic        req_valid, rsp_valid, y_valid, error, job_ready;
  logic [31:0] req_beat;
  logic [63:0] rsp_data;
  logic [1:0]  issue, skip;
  logic [mv_pkg::job_width(1, 1, 2, 1, 1)-1:0] no_job;
  assign no_job = '0;
  // Beats asked for: the memory's queue.
  logic [39:0]     queue_q;
  logic [3:0]      asked_q;
  logic [4:0]      head;
  assign head      = queue_q[4:0];
  assign rsp_valid = rsp_go_i && asked_q != '0;
  always_comb begin
    if (head < 5'd11) rsp_data = header[11'(head) * 64 +: 64];
    else if (head == 5'd11) rsp_data = {32'd2, 32'd13};
    else if (head == 5'd12) rsp_data = {32'd2, 32'd16};
    else rsp_data = tasks_i[9'(3'(head - 5'd13)) * 64 +: 64];
  end
  logic go;
  assign go = req_valid && req_go_i && asked_q != 4'd8;
  always_ff @(posedge clk) begin
    if (!rst_n) asked_q <= '0;
    else asked_q <= asked_q + 4'(go) - 4'(rsp_valid);
    for (int i = 0; i < 8; i++) begin
      if (go && 4'(i) == asked_q - 4'(rsp_valid)) queue_q[i*5 +: 5] <= 5'(req_beat);
      else if (rsp_valid && i < 7) queue_q[i*5 +: 5] <= queue_q[((i + 1) % 8)*5 +: 5];
    end
  end
  mv_engine #(
    .Sets(2), .Positions(1), .Lv(2), .Lt(1), .FullRate(1), .SubSteps(1), .Groups(1), .Banks(2),
    .Depth(4), .KvDepth(1), .Assoc(2), .Drains(1), .PortBits(64), .MulStages(1), .AddStages(2),
    .FifoBeats(2), .Writers(1), .ConfigHash(64'd0)
  ) u_engine (
    .clk_i(clk), .rst_ni(rst_n), .start_i(start_i), .groups_log2_i(3'd0),
    .row_base_i(1'b0), .done_o(done_o), .error_o(error), .attend_i(1'b0), .job_valid_i(1'b0),
    .job_ready_o(job_ready), .job_i(no_job), .kv_valid_i(1'b0), .kv_word_i(1'b0), .kv_row_i(1'b0),
    .kv_mask_i(1'b0), .a_valid_i(a_valid_i), .a_all_i(1'b0), .a_pos_i(a_pos_i), .a_group_i(1'b0),
    .data_i(a_data_i), .m_req_valid_o(req_valid), .m_req_ready_i(req_go_i && asked_q != 4'd8),
    .m_req_beat_o(req_beat), .m_rsp_valid_i(rsp_valid), .m_rsp_data_i(rsp_data), .hold_i(hold_i),
    .y_valid_o(y_valid), .y_ready_i(y_go_i), .y_index_o(y_index_o), .y_group_o(),
    .y_data_o(y_data_o), .issue_o(issue), .skip_o(skip));
  assign y_valid_o = y_valid && y_go_i;
  assign running_o = req_valid && req_beat >= 32'd12;
endmodule

module prove (input logic clk);
  logic rst_n = 1'b0;
  logic [6:0] cycle_q = '0;
  always_ff @(posedge clk) begin
    rst_n <= 1'b1;
    if (cycle_q != '1) cycle_q <= cycle_q + 7'd1;
  end
  (* anyconst *) logic [63:0]  activations;
  (* anyconst *) logic [127:0] weights;
  (* anyconst *) logic [31:0]  biases;
  (* anyconst *) logic [7:0]   kept;         // of each task: positions 0, 1 of class 0, of class 1
  (* anyseq *) logic       req_go, rsp_go, y_go;
  (* anyseq *) logic [1:0] hold;

  // The image's tasks: a chain of one output each, in classes of two inputs.
  logic [511:0] tasks;
  logic [127:0] codes;
  logic [6:0]   at;
  logic [1:0]   mask;
  always_comb begin
    tasks = '0;
    for (int t = 0; t < 2; t++) begin
      codes = '0;
      codes[mv_isa_pkg::RunFollowsAt]       = 1'b1;
      codes[mv_isa_pkg::RunW +: 2]          = 2'(t + 1);   // the output's index
      codes[mv_isa_pkg::RunW + 2 +: 16]     = biases[t * 16 +: 16];
      at = 7'(mv_isa_pkg::RunW + 18);
      // Turn by turn, class by class: how far to go on, up to the sentinel.
      for (int turn = 0; turn < 3; turn++) begin
        for (int j = 0; j < 2; j++) begin
          mask = kept[t * 4 + j * 2 +: 2];
          if (turn == 0) begin
            codes[at +: 2] = mask[0] ? 2'd0 : mask[1] ? 2'd1 : 2'd2;
            at = at + 7'd2;
          end else if (turn == 1 && mask != 2'b00) begin
            codes[at +: 2] = (mask == 2'b01) ? 2'd1 : 2'd0;
            at = at + 7'd2;
          end else if (turn == 2 && mask == 2'b11) begin
            codes[at +: 2] = 2'd0;
            at = at + 7'd2;
          end
        end
      end
      tasks[t * 192 +: 128]      = codes;
      tasks[t * 192 + 128 +: 64] = weights[t * 64 +: 64];
    end
  end

  logic        loads, start;
  logic [1:0]  running, done, y_valid;
  logic [31:0] y_index, y_data;
  assign loads = cycle_q >= 7'd1 && cycle_q < 7'd5;
  assign start = cycle_q == 7'd5;
  logic free;   // the first engine may stall: not while the header comes
  assign free = cycle_q >= 7'd20;
  // Three cycles at most with a stall of some kind, anywhere.
  logic [1:0] stalls_q;
  logic       stalls;
  assign stalls = free && !(req_go && rsp_go && y_go && hold == 2'b00);
  always_ff @(posedge clk) begin
    if (!rst_n) stalls_q <= '0;
    else if (stalls) stalls_q <= stalls_q + 2'd1;
  end
  always_comb assume (!stalls || stalls_q != 2'd3);
  for (genvar e = 0; e < 2; e++) begin : g_engine
    tiny u_tiny (
      .clk(clk), .rst_n(rst_n), .start_i(start), .a_valid_i(loads),
      .a_pos_i(16'(cycle_q - 7'd1)), .a_data_i(activations[6'(cycle_q - 7'd1) * 16 +: 16]),
      .tasks_i(tasks), .req_go_i(e == 1 || !free || req_go), .rsp_go_i(e == 1 || !free || rsp_go),
      .y_go_i(e == 1 || !free || y_go), .hold_i((e == 1 || !free) ? 2'b00 : hold),
      .running_o(running[e]),
      .done_o(done[e]), .y_valid_o(y_valid[e]), .y_index_o(y_index[e*16 +: 16]),
      .y_data_o(y_data[e*16 +: 16]));
  end

  // The results of each engine, by output.
  logic [5:0]  there_q;
  logic [95:0] result_q;
  logic        twice, foreign, differ;
  always_comb begin
    twice   = 1'b0;
    foreign = 1'b0;
    differ  = 1'b0;
    for (int e = 0; e < 2; e++) begin
      if (y_valid[e]) begin
        if (y_index[e*16 +: 16] != 16'd1 && y_index[e*16 +: 16] != 16'd2) foreign = 1'b1;
        if (there_q[e * 3 + 32'(y_index[e*16 +: 2])]) twice = 1'b1;
      end
    end
    for (int i = 0; i < 3; i++) begin
      if (there_q[i] && there_q[3 + i] && result_q[i*16 +: 16] != result_q[(3+i)*16 +: 16]) begin
        differ = 1'b1;
      end
    end
  end
  always_ff @(posedge clk) begin
    if (!rst_n) there_q <= '0;
    for (int e = 0; e < 2; e++) begin
      for (int i = 0; i < 3; i++) begin
        if (rst_n && y_valid[e] && y_index[e*16 +: 16] == 16'(i)) begin
          there_q[e * 3 + i]            <= 1'b1;
          result_q[(e * 3 + i)*16 +: 16] <= y_data[e*16 +: 16];
        end
      end
    end
  end
  logic started_q;
  always_ff @(posedge clk) started_q <= rst_n && (start || started_q);
  always_ff @(posedge clk) begin
    if (rst_n) begin
      Same:     assert (!differ);
      Once:     assert (!twice);
      Ours:     assert (!foreign);
      AllThere: assert (!(started_q && done[0] && $past(started_q)) || there_q[2:1] == 2'b11);
      Ends:     assert (cycle_q < 7'd48 || there_q[5:4] == 2'b11);
      Stalled:  cover (done[0] && started_q && there_q == 6'b110110 && stalls_q == 2'd3);
      Holds:    cover (y_valid[0] && stalls_q == 2'd3 && there_q == 6'b110010);
    end
  end
endmodule
