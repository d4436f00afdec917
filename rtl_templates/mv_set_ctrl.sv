// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Controller of a set: issues steps to its PEs, one token group per cycle, keeps additions to one
// accumulator apart, times the accumulation, and hands finished chains to the drain. Nothing behind
// it ever stalls.

module mv_set_ctrl #(
  parameter int Lv        = 8,
  parameter int FullRate  = 4,
  parameter int SubSteps  = 2,
  parameter int Groups    = 4,
  parameter int MulStages = 2,
  parameter int AddStages = 4,
  parameter int RowW      = 16,
  // derived
  parameter int LvL    = $clog2(Lv),
  parameter int LaneW  = (LvL > 0) ? LvL : 1,
  parameter int SubW   = (SubSteps > 1) ? $clog2(SubSteps) : 1,
  parameter int OutW   = (SubSteps * Lv > 1) ? $clog2(SubSteps * Lv) : 1,
  parameter int RedW   = (LvL > 0) ? $clog2(LvL + 1) : 1,
  parameter int GroupL = $clog2(Groups),
  parameter int GroupW = (GroupL > 0) ? GroupL : 1,
  parameter int Slots  = 2 * SubSteps * Groups,
  parameter int SlotW  = $clog2(Slots),
  parameter int H      = Lv / FullRate,
  parameter int ClassW = ($clog2(H) > 0) ? $clog2($clog2(H) + 1) : 1
) (
  input  logic                 clk_i,
  input  logic                 rst_ni,
  input  logic                 column_i,
  input  logic [ClassW-1:0]    row_classes_i,   // log2 of a row matrix's classes
  input  logic [2:0]           groups_log2_i,   // token groups in use
  // token group that the set's bank holds in this cycle
  input  logic [GroupW-1:0]    group_i,
  // head of the step queue: a step, or the end of a chain
  input  logic                 step_valid_i,
  output logic                 step_ready_o,
  input  logic                 step_close_i,
  input  logic                 step_wide_i,
  input  logic [ClassW-1:0]    step_classes_i,
  input  logic [OutW:0]        step_count_i,    // close: outputs of the chain
  input  logic [SubW-1:0]      step_row_i,      // accumulator row, thread
  input  logic                 step_buffer_i,   // close
  input  logic [SubSteps*H-1:0] step_started_i, // close
  input  logic [H-1:0]         step_segment_i,
  input  logic [H-1:0]         step_first_i,
  input  logic [H-1:0]         step_buffers_i,
  input  logic [Lv-1:0]        step_mask_i,
  input  logic [Lv*LaneW-1:0]  step_sel_i,
  input  logic [H*RowW-1:0]    step_address_i,
  // weights of that step
  input  logic                 weight_ready_i,
  output logic                 weight_load_o,
  input  logic [Lv*16-1:0]     weight_i,
  // output records
  input  logic                 record_valid_i,
  input  logic                 record_wide_i,
  input  logic [SubW-1:0]      record_thread_i,
  input  logic                 record_buffer_i,
  input  logic [OutW-1:0]      record_number_i,
  input  logic [31:0]          record_i,
  output logic [SubSteps*2-1:0] drained_o,      // buffers whose chain has left
  // activation read: data one cycle later
  output logic                 read_o,
  output logic [H*RowW-1:0]    read_row_o,
  // PE operands, with the activations
  output logic                 op_valid_o,
  output logic                 op_col_o,
  output logic [Lv*16-1:0]     op_weight_o,
  output logic [Lv-1:0]        op_mask_o,
  output logic [Lv*LaneW-1:0]  op_sel_o,
  output logic [RedW-1:0]      red_o,
  // PE accumulation
  output logic                 acc_valid_o,
  output logic [H-1:0]         acc_seg_o,
  output logic [H-1:0]         acc_first_o,
  output logic [H*SlotW-1:0]   acc_slot_o,
  output logic [Lv*32-1:0]     acc_bias_o,
  // drain: one output of one token group per grant
  output logic                 drain_valid_o,
  input  logic                 drain_ready_i,
  output logic [SlotW-1:0]     drain_slot_o,
  output logic [LaneW-1:0]     drain_lane_o,    // of its first class
  output logic [H-1:0]         drain_part_o,    // classes that have a sum
  output logic [15:0]          drain_bias_o,
  output logic [GroupW-1:0]    drain_group_o,
  output logic [15:0]          drain_index_o,
  output logic                 idle_o,
  output logic                 issue_o          // a step is being issued (a group of it)
);
  // Cycles from an issue until its sum may be read: operand fetch, select, multiply, tree,
  // accumulate.
  localparam int TapMax  = MulStages + LvL * AddStages;
  localparam int TapW    = $clog2(TapMax + 1);
  localparam int WaitMax = 3 + TapMax + AddStages + Groups;
  localparam int WaitW   = $clog2(WaitMax + 1);
  localparam int HazardW = $clog2(Groups * ((AddStages + Groups - 1) / Groups) + AddStages + 2);
  localparam int Chains  = 2 * SubSteps;
  localparam int PtrW    = (Chains > 1) ? $clog2(Chains) : 1;

  function automatic logic [SlotW-1:0] slot_of(input logic buffer, input logic [SubW-1:0] row,
                                               input logic [GroupW-1:0] group);
    slot_of = SlotW'((32'(buffer) * SubSteps + 32'(row)) * Groups + 32'(group));
  endfunction

  // ---- issue ----
  logic                busy_q;
  logic [3:0]          left_q;            // groups still to issue after this cycle
  logic [ClassW-1:0]   classes_q;
  logic [SubW-1:0]     row_q;
  logic [H-1:0]        segment_q, first_q, buffers_q;
  logic [Lv-1:0]       mask_q;
  logic [Lv*16-1:0]    weight_q;
  logic [Lv*LaneW-1:0] sel_q;
  logic [H*RowW-1:0]   address_q;
  logic [HazardW-1:0]  hazard_q [SubSteps];
  logic                load, close, last_cycle, first, hazard_ok;
  logic [HazardW-1:0]  distance;

  // The smallest multiple of the groups in use that is no shorter than an addition.
  always_comb begin
    distance = HazardW'(AddStages);
    for (int g = 0; g <= GroupL; g++) begin
      if (groups_log2_i == 3'(g)) begin
        distance = HazardW'((AddStages + (1 << g) - 1) / (1 << g) * (1 << g));
      end
    end
  end

  assign first      = (step_segment_i & ~step_first_i) == '0;
  assign hazard_ok  = first || (hazard_q[step_row_i] == '0);
  assign last_cycle = left_q == '0;
  assign load       = step_valid_i && !step_close_i && (!busy_q || last_cycle) && hazard_ok &&
                      weight_ready_i;
  assign close      = step_valid_i && step_close_i;
  assign step_ready_o  = load || close;
  assign weight_load_o = load;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      busy_q <= 1'b0;
      left_q <= '0;
      for (int m = 0; m < SubSteps; m++) hazard_q[m] <= '0;
    end else begin
      busy_q <= load || (busy_q && !last_cycle);
      if (busy_q && !last_cycle) left_q <= left_q - 4'd1;
      for (int m = 0; m < SubSteps; m++) begin
        if (hazard_q[m] != '0) hazard_q[m] <= hazard_q[m] - HazardW'(1);
      end
      if (load) begin
        left_q <= 4'((8'd1 << groups_log2_i) - 8'd1);
        hazard_q[step_row_i] <= distance - HazardW'(1);
      end
    end
  end
  always_ff @(posedge clk_i) begin
    if (load) begin
      classes_q <= step_classes_i;
      row_q     <= step_row_i;
      segment_q <= step_segment_i;
      first_q   <= step_first_i;
      buffers_q <= step_buffers_i;
      mask_q    <= step_mask_i;
      weight_q  <= weight_i;
      sel_q     <= step_sel_i;
      address_q <= step_address_i;
    end
  end

  // Rows are reduced to one sum per class; columns not at all.
  logic [RedW-1:0] red_q;
  always_ff @(posedge clk_i) red_q <= column_i ? '0 : RedW'(LvL) - RedW'(row_classes_i);

  assign read_o     = busy_q;
  assign read_row_o = address_q;
  assign red_o      = red_q;
  assign issue_o    = busy_q;

  // Operands leave with the activations, one cycle after the read.
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) op_valid_o <= 1'b0;
    else op_valid_o <= busy_q;
  end
  always_ff @(posedge clk_i) begin
    if (busy_q) begin
      op_weight_o <= weight_q;
      op_mask_o   <= mask_q;
      op_sel_o    <= sel_q;
    end
  end
  assign op_col_o = column_i;

  // ---- accumulation control, delayed by the way through multiplier and tree ----
  localparam int CtlW = ClassW + SubW + 3 * H + GroupW;
  logic [TapMax:0]   acc_v_q;
  logic [CtlW-1:0]   acc_d [TapMax+1];
  logic [TapW-1:0]   tap;
  logic [ClassW-1:0] tap_classes;
  logic [SubW-1:0]   tap_row;
  logic [H-1:0]      tap_segment, tap_first, tap_buffers;
  logic [GroupW-1:0] tap_group;

  assign tap = TapW'(MulStages + 32'(red_q) * AddStages);
  assign {tap_classes, tap_row, tap_segment, tap_first, tap_buffers, tap_group} = acc_d[tap];
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      acc_v_q     <= '0;
      acc_valid_o <= 1'b0;
    end else begin
      acc_v_q     <= (TapMax + 1)'({acc_v_q, busy_q});
      acc_valid_o <= acc_v_q[tap];
    end
  end
  always_ff @(posedge clk_i) begin
    acc_d[0] <= {classes_q, row_q, segment_q, first_q, buffers_q, group_i};
    for (int d = 1; d <= TapMax; d++) acc_d[d] <= acc_d[d-1];
    acc_seg_o   <= tap_segment;
    acc_first_o <= tap_first;
    for (int g = 0; g < H; g++) begin
      acc_slot_o[g*SlotW +: SlotW] <= slot_of(tap_buffers[g], tap_row, tap_group);
    end
  end

  // ---- output records: index for the drain, bias for the first addition ----
  logic [31:0]      record_q [Chains*Lv];
  logic [Lv*32-1:0] bias;
  always_ff @(posedge clk_i) begin
    if (record_valid_i) begin
      record_q[(32'(record_buffer_i) * SubSteps +
                (record_wide_i ? 32'(record_number_i) / Lv : 32'(record_thread_i))) * Lv +
               32'(record_number_i) % Lv] <= record_i;
    end
  end
  // Class 0 starts at the bias, the others at +0.
  for (genvar i = 0; i < Lv; i++) begin : g_bias
    logic [31:0] number;
    logic [15:0] half;
    assign number = column_i ? i >> tap_classes : 32'd0;
    assign half   = ((i & ((32'd1 << tap_classes) - 32'd1)) != 0) ? 16'd0 :
        record_q[(32'(tap_buffers[0]) * SubSteps + 32'(tap_row)) * Lv + number][31:16];
    mv_fp16_to_fp32 u_widen (
      .half_i (half),
      .float_o(bias[i*32 +: 32])
    );
  end
  always_ff @(posedge clk_i) begin
    if (acc_v_q[tap] && tap_first != '0) acc_bias_o <= bias;
  end

  // ---- drain: chains in the order of their ends ----
  localparam int EndW = 1 + SubW + ClassW + (OutW + 1) + 1 + SubSteps * H;
  logic [EndW-1:0]       end_q [Chains];
  logic [WaitW-1:0]      wait_q [Chains];   // cycles until the sums are there
  logic [PtrW-1:0]       head_q, tail_q;
  logic [PtrW:0]         ends_q;            // chains waiting
  logic [OutW-1:0]       dout_q;
  logic [GroupW-1:0]     dgroup_q;
  logic                  d_wide, d_buffer, group_last, out_last, drained;
  logic [SubW-1:0]       d_thread, d_row;
  logic [ClassW-1:0]     d_classes;
  logic [OutW:0]         d_count;
  logic [SubSteps*H-1:0] d_started;
  logic [31:0]           d_record;

  assign {d_wide, d_thread, d_classes, d_count, d_buffer, d_started} = end_q[head_q];
  assign d_row    = d_wide ? SubW'(dout_q >> LvL) : d_thread;
  assign d_record = record_q[(32'(d_buffer) * SubSteps + 32'(d_row)) * Lv + 32'(dout_q) % Lv];

  assign drain_valid_o = (ends_q != '0) && (wait_q[head_q] == '0);
  assign drain_slot_o  = slot_of(d_buffer, d_row, dgroup_q);
  assign drain_lane_o  = LaneW'((32'(dout_q) % Lv) << d_classes);
  assign drain_part_o  = d_started[32'(d_row) * H +: H] &
                         H'((32'd1 << (32'd1 << d_classes)) - 32'd1);
  assign drain_bias_o  = d_record[31:16];
  assign drain_group_o = dgroup_q;
  assign drain_index_o = d_record[15:0];
  assign group_last = 8'(dgroup_q) + 8'd1 == (8'd1 << groups_log2_i);
  assign out_last   = (OutW + 1)'(dout_q) + (OutW + 1)'(1) == d_count;
  assign drained    = drain_valid_o && drain_ready_i && group_last && out_last;
  always_comb begin
    for (int m = 0; m < SubSteps; m++) begin
      for (int b = 0; b < 2; b++) begin
        drained_o[m * 2 + b] = drained && (d_wide || m == 32'(d_thread)) && d_buffer == 1'(b);
      end
    end
  end
  assign idle_o = !busy_q && (ends_q == '0);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      head_q   <= '0;
      tail_q   <= '0;
      ends_q   <= '0;
      dout_q   <= '0;
      dgroup_q <= '0;
    end else begin
      if (close) tail_q <= (tail_q == PtrW'(Chains - 1)) ? '0 : tail_q + PtrW'(1);
      if (drain_valid_o && drain_ready_i) begin
        dgroup_q <= group_last ? '0 : dgroup_q + GroupW'(1);
        if (group_last) dout_q <= out_last ? '0 : dout_q + OutW'(1);
      end
      if (drained) head_q <= (head_q == PtrW'(Chains - 1)) ? '0 : head_q + PtrW'(1);
      if (close && !drained) ends_q <= ends_q + (PtrW + 1)'(1);
      if (drained && !close) ends_q <= ends_q - (PtrW + 1)'(1);
    end
  end
  always_ff @(posedge clk_i) begin
    for (int c = 0; c < Chains; c++) begin
      if (wait_q[c] != '0) wait_q[c] <= wait_q[c] - WaitW'(1);
    end
    if (close) begin
      end_q[tail_q]  <= {step_wide_i, step_row_i, step_classes_i, step_count_i, step_buffer_i,
                         step_started_i};
      // The step before may still have groups to issue.
      wait_q[tail_q] <= WaitW'(2 + MulStages + 32'(red_q) * AddStages + AddStages) +
                        (busy_q ? WaitW'(left_q) : '0);
    end
  end
endmodule
