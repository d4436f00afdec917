// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Proof of mv_set_ctrl: additions to an accumulator stand AddStages cycles apart, none comes to an
// accumulator whose row is not its chain's, none after it has been read; every accumulation comes
// exactly when its operands do, for the token group that was read; a chain that has ended leaves
// with every output and token group once, in order, and frees what it held.
//
// proof: rtl mv_place.sv mv_fp16_widen.sv mv_fp16_to_fp32.sv mv_set_ctrl.sv; depth 13; bounded

module prove (input logic clk);
  localparam int Lv        = 2;
  localparam int SubSteps  = 2;
  localparam int Groups    = 2;
  localparam int MulStages = 1;
  localparam int AddStages = 2;
  localparam int StepW     = mv_pkg::step_width(Lv, 1, SubSteps, 1, 1);
  logic rst_n = 1'b0;
  always_ff @(posedge clk) rst_n <= 1'b1;
  typedef struct packed {
    logic       open, close, wide;
    logic       classes;
    logic [2:0] count;
    logic       thread;
    logic       buffer;
    logic [2:0] place;
    logic [3:0] started;
    logic [1:0] segment, first, buffers;
    logic [1:0] mask;
    logic [1:0] sel;
    logic [1:0] address;
    logic       group, last, stride, shrinks;
  } step_t;
  (* anyseq *) logic [StepW-1:0] step_bits;
  (* anyseq *) logic       step_valid, weight_ready, drain_ready;
  (* anyconst *) logic     column, row_classes, attend;
  (* anyconst *) logic [2:0] groups_log2;
  step_t       step;
  logic        step_ready, weight_load, read, op_valid, op_col, acc_valid, drain_valid, idle, issue;
  logic        drain_group, drain_lane, group_q;
  logic [7:0]  drained;
  logic        red;
  logic [1:0]  read_row, op_mask, op_sel, acc_seg, acc_first, drain_part;
  logic [31:0] op_weight;
  logic [7:0]  acc_slot;
  logic [3:0]  drain_slot;
  logic [63:0] acc_bias;
  logic [15:0] drain_bias, drain_index;
  assign step = step_bits;
  mv_set_ctrl #(
    .Lv(Lv), .FullRate(1), .SubSteps(SubSteps), .Groups(Groups), .MulStages(MulStages),
    .AddStages(AddStages), .RowW(1)
  ) dut (
    .clk_i(clk), .rst_ni(rst_n), .column_i(column), .row_classes_i(row_classes),
    .groups_log2_i(groups_log2), .group_i(group_q), .step_valid_i(step_valid),
    .step_ready_o(step_ready), .step_i(step_bits), .weight_ready_i(weight_ready),
    .weight_load_o(weight_load), .weight_i(32'd0), .attend_i(attend), .record_valid_i(1'b0),
    .record_id_i(3'd0), .record_number_i(2'd0), .record_i(32'd0), .drained_o(drained),
    .read_o(read), .read_row_o(read_row), .op_valid_o(op_valid), .op_col_o(op_col),
    .op_weight_o(op_weight), .op_mask_o(op_mask), .op_sel_o(op_sel), .red_o(red),
    .acc_valid_o(acc_valid), .acc_seg_o(acc_seg), .acc_first_o(acc_first), .acc_slot_o(acc_slot),
    .acc_bias_o(acc_bias), .drain_valid_o(drain_valid), .drain_ready_i(drain_ready),
    .drain_slot_o(drain_slot), .drain_lane_o(drain_lane), .drain_part_o(drain_part),
    .drain_bias_o(drain_bias), .drain_group_o(drain_group), .drain_index_o(drain_index),
    .idle_o(idle), .issue_o(issue));
  (* hierconn *) logic [5:0] \dut.row_busy_q ;
  (* hierconn *) logic [2:0] \dut.row_free ;
  (* hierconn *) logic [3:0] \dut.ends_q ;

  // ---- chains of the threads' buffers ----
  logic [3:0]  open_q;
  logic [11:0] rows_q, places_q;
  logic [3:0]  group_of_q, last_of_q;   // attention: of the chain's next step; its last group
  logic        wide_q;                  // of all that are open
  logic        opens, closes, loads;
  logic [1:0]  chain;                   // of the step, by its thread and buffer
  logic [7:0]  used_q, takes;           // places
  logic [2:0]  row;                     // of the chain that opens, or ends
  assign chain  = {step.thread, step.buffer};
  assign opens  = step_valid && step_ready && step.open;
  assign closes = step_valid && step_ready && step.close;
  assign loads  = step_valid && step_ready && !step.open && !step.close;
  assign row    = step.open ? \dut.row_free : rows_q[chain * 3 +: 3];
  assign takes  = (step.wide ? 8'd3 : 8'd1) << step.place;
  always_ff @(posedge clk) begin
    if (!rst_n) begin
      open_q  <= '0;
      used_q  <= '0;
      group_q <= 1'b0;
    end else begin
      group_q <= groups_log2[0] ? !group_q : 1'b0;
      if (opens) open_q[chain] <= 1'b1;
      if (closes) open_q[chain] <= 1'b0;
      used_q <= (used_q & ~drained) | (opens ? takes : '0);
    end
    if (opens) begin
      rows_q[chain * 3 +: 3] <= row;
      group_of_q[chain]      <= step.group;
      last_of_q[chain]       <= step.last;
      wide_q                 <= step.wide;
    end
    if (loads && step.shrinks) group_of_q[chain] <= 1'b1;
  end
  // What mv_stream and mv_attend give.
  logic step_legal;
  always_comb begin
    step_legal = !(step.open && step.close);
    if (!attend && {step.group, step.last, step.stride, step.shrinks} != 4'd0) step_legal = 1'b0;
    if (attend && (step.wide || step.classes || step.buffer || step.buffers != '0)) begin
      step_legal = 1'b0;
    end
    if (step.open && (open_q[chain] || (open_q != '0 && step.wide != wide_q) ||   // OpensAreFree
                      (used_q & takes) != '0 || (step.wide && (step.place[0] || step.thread)) ||
                      (attend && step.group > step.last))) step_legal = 1'b0;
    if (step.close && (!open_q[chain] || step.wide != wide_q || step.count == '0 ||   // EndsAreOpen
                       (step.wide ? step.count <= Lv || step.count > 2 * Lv :
                        step.count > (step.classes ? 1 : Lv)) || (step.wide && step.classes) ||
                       (!column && step.count != 1) ||
                       (attend && step.last != last_of_q[chain]))) step_legal = 1'b0;
    if (!step.open && !step.close) begin
      if (step.segment == '0 || (step.wide && step.classes)) step_legal = 1'b0;
      if (attend && (step.segment != 2'b11 || step.group != group_of_q[chain] ||
                     step.last != last_of_q[chain] ||
                     (step.shrinks && step.group == step.last))) step_legal = 1'b0;
      for (int g = 0; g < 2; g++) begin
        if (step.segment[g] && (step.wide != wide_q ||
            !open_q[{step.wide ? 1'b0 : step.thread, step.buffers[g]}])) step_legal = 1'b0;
      end
      // Segments of a class act together.
      if (!step.classes && (step.segment != 2'b11 || step.buffers[0] != step.buffers[1])) begin
        step_legal = 1'b0;
      end
    end
  end

  // ---- one accumulator: its slot and segment ----
  (* anyconst *) logic [2:0] at_row;
  (* anyconst *) logic       at_group, at_segment;
  logic [3:0] slot;
  logic       adds, reads;
  logic [1:0] since_q;   // cycles since the last addition, AddStages at most
  logic       left_q;    // an output of it has been read
  assign slot  = {at_row, at_group};
  assign adds  = acc_valid && acc_seg[at_segment] && acc_slot[at_segment * 4 +: 4] == slot;
  assign reads = drain_valid && drain_ready && drain_slot == slot;
  always_ff @(posedge clk) begin
    if (!rst_n) since_q <= AddStages;
    else if (adds) since_q <= 2'd1;
    else if (since_q != AddStages) since_q <= since_q + 2'd1;
    if (!rst_n || !\dut.row_busy_q [at_row]) left_q <= 1'b0;
    else if (reads) left_q <= 1'b1;
  end

  // ---- operands and accumulations: bit d of each, d cycles ago ----
  logic [8:0] issued_q, group_way_q;
  logic [3:0] lag;
  assign lag = 4'(1 + MulStages) + 4'(red) * 4'(AddStages);
  logic       issue_group_q, settled_q;
  always_ff @(posedge clk) begin
    if (!rst_n) issued_q <= '0;
    else issued_q <= {issued_q[7:0], op_valid};
    group_way_q   <= {group_way_q[7:0], issue_group_q};
    issue_group_q <= group_q;
    settled_q     <= rst_n;
  end
  // A step is issued for each of its token groups, one after the other.
  logic [2:0] due_q;
  always_ff @(posedge clk) begin
    if (!rst_n) due_q <= '0;
    else if (loads) due_q <= attend ? 3'(step.last) - 3'(step.group) + 3'd1 : 3'd1 << groups_log2;
    else if (due_q != '0) due_q <= due_q - 3'd1;
  end

  // ---- one row: the chain that begins in it ----
  logic       ended_q, ended_wide_q, ended_classes_q, out_group_q, first_q, last_q;
  logic [2:0] ended_count_q, out_q;
  logic       leaves, last_one;
  assign leaves   = drain_valid && drain_ready && ended_q &&
                    (drain_slot[3:1] == at_row ||
                     (ended_wide_q && drain_slot[3:1] == at_row + 3'd1));
  assign last_one = out_group_q == last_q && out_q + 3'd1 == ended_count_q;
  always_ff @(posedge clk) begin
    if (!rst_n) begin
      ended_q <= 1'b0;
    end else if (closes && row == at_row) begin
      ended_q <= 1'b1;
    end else if (leaves && last_one) begin
      ended_q <= 1'b0;
    end
    if (closes && row == at_row) begin
      ended_wide_q    <= step.wide;
      ended_classes_q <= step.classes;
      ended_count_q   <= step.count;
      out_q           <= '0;
      out_group_q     <= attend ? group_first_q[chain] : 1'b0;
      first_q         <= attend ? group_first_q[chain] : 1'b0;
      last_q          <= attend ? step.last : groups_log2[0];
    end else if (leaves) begin
      out_group_q <= (out_group_q == last_q) ? first_q : 1'b1;
      if (out_group_q == last_q) out_q <= out_q + 3'd1;
    end
  end
  logic [3:0] group_first_q;
  always_ff @(posedge clk) if (opens) group_first_q[chain] <= step.group;

  always_comb begin
    assume (at_row < 6);
    assume (groups_log2 <= 1);                   // mv_engine.GroupsLegal
    assume (!attend || (column && groups_log2 == 1));
    assume (!step_valid || step_legal);
  end
  always_ff @(posedge clk) begin
    if (rst_n) begin
      if ($past(rst_n) && $past(step_valid && !step_ready)) begin   // the head of a queue
        assume (step_valid && step_bits == $past(step_bits));
      end
      if (attend) assume (weight_ready);
      Apart:     assert (!adds || since_q == AddStages);
      Settled:   assert (!reads || !drain_part[at_segment] || since_q == AddStages);
      Owned:     assert (!adds || \dut.row_busy_q [at_row]);
      NoneAfter: assert (!adds || !left_q);
      if (settled_q && $past(settled_q)) begin
        Due:     assert (acc_valid == issued_q[lag - 4'd1]);
        OfGroup: assert (!acc_valid || attend || groups_log2 == 0 ||
                         acc_slot[0] == group_way_q[lag - 4'd1]);
      end
      Issues:    assert (issue == (due_q != '0));
      NotTwice:  assert (!loads || due_q <= 1);
      Leaves:    assert (!leaves || (drain_group == out_group_q && drain_slot ==
                         {at_row + 3'(ended_wide_q && out_q >= Lv), out_group_q} &&
                         drain_lane == 1'(out_q << ended_classes_q)));
      KeepsRow:  assert (!ended_q || \dut.row_busy_q [at_row]);
      InOrder:   assert (!(drain_valid && drain_slot[3:1] == at_row) || \dut.row_busy_q [at_row]);
      Free:      assert (!opens || !\dut.row_busy_q [row]);
      Frees:     assert ((drained != '0) ==
                         (drain_valid && drain_ready && (drained & used_q) != '0));
      OnlyUsed:  assert ((drained & ~used_q) == '0);
      if ($past(rst_n) && $past(leaves && last_one)) begin
        FreesRow: assert (!\dut.row_busy_q [at_row] || $past(opens && row == at_row));
      end
      if ($past(rst_n) && $past(drain_valid && !drain_ready)) begin
        Waits:   assert (drain_valid && {drain_slot, drain_lane, drain_group} ==
                         $past({drain_slot, drain_lane, drain_group}));
      end
      EndsFit:   assert (!closes || \dut.ends_q < 6 || drained != '0);
      Twice:     cover (adds && since_q == AddStages && $past(adds, 2));
      WideEnds:  cover (leaves && last_one && ended_wide_q);
      Attends:   cover (attend && adds && at_group && step_valid && step.shrinks);
      Rows:      cover (leaves && last_one && !column && $past(opens, 8));
    end
  end
endmodule
