// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Proof of mv_stream's beats: what is asked for has room when it comes, however late; of a task
// each code beat is asked for once, in order, and none of another; beats of codes and of weights
// are used in the order in which they come, none lost, none doubled; who waits stays. The
// decompressor is a stub that gives any operations.
//
// proof: rtl mv_fifo.sv stubs/mv_decompressor.sv mv_matching.sv mv_zero_skip.sv mv_weights.sv
// proof: mv_stream.sv; depth 12; reachability

module prove (input logic clk);
  localparam int CodeBeats = 2;
  localparam int FifoBeats = 2;
  localparam int StepW     = mv_pkg::step_width(1, 1, 1, 1, 1);
  logic rst_n = 1'b0;
  always_ff @(posedge clk) rst_n <= 1'b1;
  (* anyseq *) logic        task_valid, code_ready, weight_ready, code_comes, weight_comes;
  (* anyseq *) logic        step_ready, load;
  (* anyseq *) logic [1:0]  count;       // code beats of the task
  (* anyseq *) logic [3:0]  first;       // its first one
  logic        task_ready, code_valid, weight_valid, step_valid, weights_there, record_valid, idle;
  logic        skip, record_number;
  logic [1:0]  record_id;
  logic [15:0] weight;
  logic [31:0] code_beat, weight_beat, record;
  logic [StepW-1:0] step;
  logic [3:0]  code_came_q, code_used_q, weight_came_q, weight_used_q;   // beats
  mv_stream #(
    .PortBits(64), .Lv(1), .FullRate(1), .SubSteps(1), .Groups(1), .FifoBeats(FifoBeats),
    .CodeBeats(CodeBeats), .Steps(2), .Rows(2)
  ) dut (
    .clk_i(clk), .rst_ni(rst_n), .start_i(1'b0), .groups_log2_i(3'd0), .row_base_i(1'b0),
    .column_i(1'b1), .entries_i(4'd1), .index_bits_i(5'd1), .code_bits_i(4'd1),
    .row_classes_i(1'b0), .entry_i(512'd0), .task_valid_i(task_valid), .task_ready_o(task_ready),
    .task_i({30'd0, count, 28'd0, first}), .code_valid_o(code_valid), .code_ready_i(code_ready),
    .code_beat_o(code_beat), .weight_valid_o(weight_valid), .weight_ready_i(weight_ready),
    .weight_beat_o(weight_beat), .code_beat_valid_i(code_comes),
    .weight_beat_valid_i(weight_comes),
    .beat_data_i({60'd0, code_comes ? code_came_q : weight_came_q}), .map_write_i(1'b0),
    .map_row_i(1'b0), .map_bank_i(1'b0), .map_group_i(1'b0), .map_nonzero_i(1'b0),
    .step_valid_o(step_valid), .step_ready_i(step_ready), .step_o(step),
    .weight_ready_o(weights_there), .weight_load_i(load), .weight_o(weight),
    .record_valid_o(record_valid), .record_id_o(record_id), .record_number_o(record_number),
    .record_o(record), .drained_i(4'd0), .idle_o(idle), .skip_o(skip));
  (* hierconn *) logic        \dut.code_space ;
  (* hierconn *) logic        \dut.want_valid ;
  (* hierconn *) logic        \dut.want_ready ;
  (* hierconn *) logic        \dut.ask_valid ;
  (* hierconn *) logic        \dut.weight_space ;
  (* hierconn *) logic        \dut.code_valid ;
  (* hierconn *) logic        \dut.code_ready ;
  (* hierconn *) logic [63:0] \dut.code_data ;
  (* hierconn *) logic        \dut.fetched_valid ;
  (* hierconn *) logic        \dut.fetched_ready ;
  (* hierconn *) logic [63:0] \dut.fetched_data ;

  logic       taken, code_asks, weight_asks, code_uses, weight_uses;
  logic [1:0] left_q, codes_out_q, weights_out_q;   // to be asked for; asked for, not come
  logic [1:0] wants_q;                              // weight beats that are to be asked for
  logic [3:0] next_q;                               // the next one
  logic [3:0] code_room, weight_room;               // taken up, or promised
  assign code_room   = 4'(codes_out_q) + code_came_q - code_used_q;
  assign weight_room = 4'(weights_out_q) + weight_came_q - weight_used_q;
  assign taken       = task_valid && task_ready;
  assign code_asks   = code_valid && code_ready;
  assign weight_asks = weight_valid && weight_ready;
  assign code_uses   = \dut.code_valid && \dut.code_ready ;
  assign weight_uses = \dut.fetched_valid && \dut.fetched_ready ;
  always_ff @(posedge clk) begin
    if (!rst_n) begin
      left_q        <= '0;
      codes_out_q   <= '0;
      weights_out_q <= '0;
      wants_q       <= '0;
      code_came_q   <= '0;
      code_used_q   <= '0;
      weight_came_q <= '0;
      weight_used_q <= '0;
    end else begin
      if (taken) left_q <= count;
      else if (code_asks) left_q <= left_q - 2'd1;
      codes_out_q   <= codes_out_q + 2'(code_asks) - 2'(code_comes);
      weights_out_q <= weights_out_q + 2'(weight_asks) - 2'(weight_comes);
      wants_q       <= wants_q + 2'(\dut.want_valid && \dut.want_ready ) - 2'(weight_asks);
      code_came_q   <= code_came_q + 4'(code_comes);
      code_used_q   <= code_used_q + 4'(code_uses);
      weight_came_q <= weight_came_q + 4'(weight_comes);
      weight_used_q <= weight_used_q + 4'(weight_uses);
    end
    if (taken) next_q <= first;
    else if (code_asks) next_q <= next_q + 4'd1;
  end

  always_comb begin
    // mv_fetch gives each beat once to who asked for it: its proof, Beats; one beat in a cycle.
    assume (!code_comes || (codes_out_q != '0 && !weight_comes));
    assume (!weight_comes || weights_out_q != '0);
    // A task is taken when the one before has asked for all: it ends with its last code beat.
    assume (!taken || left_q == '0);
  end
  always_ff @(posedge clk) begin
    if (rst_n) begin
      CodesRoom:   assert (!code_comes || \dut.code_space );
      WeightsRoom: assert (!weight_comes || \dut.weight_space );
      CodeAsked:   assert (code_valid == (left_q != '0 && code_room != 4'(CodeBeats)));
      CodeBeat:    assert (!code_valid || code_beat[3:0] == next_q);
      CodeOrder:   assert (!\dut.code_valid || \dut.code_data [3:0] == code_used_q);
      CodesHeld:   assert (\dut.code_valid == (code_came_q != code_used_q));
      WeightOrder: assert (!\dut.fetched_valid || \dut.fetched_data [3:0] == weight_used_q);
      WeightsHeld: assert (\dut.fetched_valid == (weight_came_q != weight_used_q));
      WeightAsked: assert (\dut.ask_valid == (wants_q != '0));
      Credits:     assert (weight_room <= 4'(FifoBeats));
      if ($past(rst_n)) begin
        if ($past(code_valid && !code_ready && !taken)) begin
          CodeStays:   assert (code_valid && code_beat[3:0] == $past(code_beat[3:0]));
        end
        if ($past(weight_valid && !weight_ready)) begin
          WeightStays: assert (weight_valid && weight_beat == $past(weight_beat));
        end
        if ($past(step_valid && !step_ready)) begin
          StepStays:   assert (step_valid && step == $past(step));
        end
      end
      Full:        cover (weight_comes && weights_out_q == 1 && weight_came_q != weight_used_q);
      Next:        cover (taken && code_used_q != code_came_q);
      Third:       cover (code_uses && code_used_q == 2);
      Waits:       cover (step_valid && !step_ready && $past(step_valid && !step_ready, 2));
    end
  end
endmodule
