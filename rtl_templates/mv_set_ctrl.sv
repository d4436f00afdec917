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
  localparam int LvL      = $clog2(Lv),
  localparam int LaneW    = (LvL > 0) ? LvL : 1,
  localparam int Threads  = SubSteps,
  localparam int ThreadW  = (Threads > 1) ? $clog2(Threads) : 1,
  localparam int Places   = 4 * SubSteps,
  localparam int PlaceW   = $clog2(Places),
  localparam int OutW     = (SubSteps * Lv > 1) ? $clog2(SubSteps * Lv) : 1,
  localparam int RedW     = (LvL > 0) ? $clog2(LvL + 1) : 1,
  localparam int GroupL   = $clog2(Groups),
  localparam int GroupW   = (GroupL > 0) ? GroupL : 1,
  localparam int Slots    = 3 * SubSteps * Groups,
  localparam int SlotW    = $clog2(Slots),
  localparam int Segments = Lv / FullRate,
  localparam int ClassW   = ($clog2(Segments) > 0) ? $clog2($clog2(Segments) + 1) : 1,
  localparam int StepW    = mv_pkg::step_width(Lv, FullRate, SubSteps, RowW, GroupW)
) (
  input  logic                      clk_i,
  input  logic                      rst_ni,
  input  logic                      column_i,
  input  logic [ClassW-1:0]         row_classes_i,   // log2 of a row matrix's classes
  input  logic [2:0]                groups_log2_i,   // token groups in use
  // token group that the set's bank holds in this cycle
  input  logic [GroupW-1:0]         group_i,
  // head of the step queue: step_t
  input  logic                      step_valid_i,
  output logic                      step_ready_o,
  input  logic [StepW-1:0]          step_i,
  // weights of that step
  input  logic                      weight_ready_i,
  output logic                      weight_load_o,
  input  logic [Lv*16-1:0]          weight_i,
  // attention: outputs have no bias, and indices from that of record 0 on
  input  logic                      attend_i,
  // output records
  input  logic                      record_valid_i,
  input  logic [PlaceW-1:0]         record_id_i,
  input  logic [OutW-1:0]           record_number_i,
  input  logic [31:0]               record_i,
  output logic [Places-1:0]         drained_o,   // places whose chain has left
  // activation read: data one cycle later
  output logic                      read_o,
  output logic [Segments*RowW-1:0]  read_row_o,
  // PE operands, with the activations
  output logic                      op_valid_o,
  output logic                      op_col_o,
  output logic [Lv*16-1:0]          op_weight_o,
  output logic [Lv-1:0]             op_mask_o,
  output logic [Lv*LaneW-1:0]       op_sel_o,
  output logic [RedW-1:0]           red_o,
  // PE accumulation
  output logic                      acc_valid_o,
  output logic [Segments-1:0]       acc_seg_o,
  output logic [Segments-1:0]       acc_first_o,
  output logic [Segments*SlotW-1:0] acc_slot_o,
  output logic [Lv*32-1:0]          acc_bias_o,
  // drain: one output of one token group per grant
  output logic                      drain_valid_o,
  input  logic                      drain_ready_i,
  output logic [SlotW-1:0]          drain_slot_o,
  output logic [LaneW-1:0]          drain_lane_o,   // of its first class
  output logic [Segments-1:0]       drain_part_o,   // classes that have a sum
  output logic [15:0]               drain_bias_o,
  output logic [GroupW-1:0]         drain_group_o,
  output logic [15:0]               drain_index_o,
  output logic                      idle_o,
  output logic                      issue_o         // a step is being issued (a group of it)
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
  step_t step;
  assign step = step_i;
  // Icarus selects no bit of a member by a variable.
  logic [Segments-1:0] step_segments, step_buffers;
  assign step_segments = step.segment;
  assign step_buffers  = step.buffers;
  // Icarus knows no variable's bits here, and Yosys no type's.
`ifdef YOSYS
  localparam int StepBits = $bits(step);
`else
  localparam int StepBits = $bits(step_t);
`endif
  if (StepBits != StepW) begin : g_bad_step
`ifdef VERILATOR
    $fatal(0, "mv_set_ctrl: step_width of mv_pkg must be the width of step_t");
`else
    mv_set_ctrl__step_width_of_mv_pkg_must_be_the_width_of_step_t u_illegal ();
`endif
  end

  logic                      op_valid_q, acc_valid_q;
  logic [Lv*16-1:0]          op_weight_q;
  logic [Lv-1:0]             op_mask_q;
  logic [Lv*LaneW-1:0]       op_sel_q;
  logic [Segments-1:0]       acc_seg_q, acc_first_q;
  logic [Segments*SlotW-1:0] acc_slot_q;
  logic [Lv*32-1:0]          acc_bias_q;
  assign op_valid_o  = op_valid_q;
  assign op_weight_o = op_weight_q;
  assign op_mask_o   = op_mask_q;
  assign op_sel_o    = op_sel_q;
  assign acc_valid_o = acc_valid_q;
  assign acc_seg_o   = acc_seg_q;
  assign acc_first_o = acc_first_q;
  assign acc_slot_o  = acc_slot_q;
  assign acc_bias_o  = acc_bias_q;

  // Cycles from an issue until its sum may be read: operand fetch, select, multiply, tree,
  // accumulate.
  localparam int TapMax  = MulStages + LvL * AddStages;
  localparam int TapW    = $clog2(TapMax + 1);
  localparam int WaitMax = 3 + TapMax + AddStages + Groups;
  localparam int WaitW   = $clog2(WaitMax + 1);
  localparam int HazardW = $clog2(Groups * ((AddStages + Groups - 1) / Groups) + AddStages + 2);
  localparam int Rows    = 3 * SubSteps;   // accumulator rows
  localparam int PtrW    = $clog2(Rows);
  localparam int ChainW  = PtrW + PlaceW;

  // ---- chains: the accumulator row and the records' place of each thread's buffers ----
  // Those of a wide chain are the first of SubSteps each.
  logic [ChainW-1:0] chain_q [2*Threads];
  logic [GroupW-1:0] chain_group_q [2*Threads];   // first token group
  logic [Rows-1:0]   row_busy_q, rows_taken, rows_freed;
  logic [PtrW-1:0]   row_free;
  logic              any_free, open;
  mv_place #(
    .Places(Rows),
    .Wide  (SubSteps)
  ) u_row (
    .wide_i (step.wide),
    .busy_i (row_busy_q),
    .found_o(any_free),
    .place_o(row_free),
    .taken_o(rows_taken)
  );
  assign open = step_valid_i && step.open && any_free;
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) row_busy_q <= '0;
    else row_busy_q <= (row_busy_q & ~rows_freed) | (open ? rows_taken : '0);
  end
  always_ff @(posedge clk_i) begin
    if (open) begin
      chain_q[32'(step.thread) * 2 + 32'(step.buffer)]       <= {row_free, step.place};
      chain_group_q[32'(step.thread) * 2 + 32'(step.buffer)] <= step.group;
    end
  end

  // Rows of the step's segments, and the records of class 0.
  logic [Segments*PtrW-1:0] step_rows;
  logic [PlaceW-1:0]        step_place;
  logic [ChainW-1:0]        close_chain;
  always_comb begin
    step_rows  = '0;
    step_place = '0;
    for (int g = 0; g < Segments; g++) begin
      logic [ChainW-1:0] chain;
      chain = chain_q[(step.wide ? 32'd0 : 32'(step.thread) * 2) + 32'(step_buffers[g])];
      step_rows[g*PtrW +: PtrW] = chain[PlaceW +: PtrW] + (step.wide ? PtrW'(step.thread) : '0);
      if (g == 0) step_place = chain[PlaceW-1:0] + (step.wide ? PlaceW'(step.thread) : '0);
    end
  end
  assign close_chain = chain_q[32'(step.thread) * 2 + 32'(step.buffer)];

  // ---- issue ----
  logic                     busy_q;
  logic [3:0]               left_q;            // groups still to issue after this cycle
  logic [ClassW-1:0]        classes_q;
  logic [Segments*PtrW-1:0] rows_q;
  logic [PlaceW-1:0]        place_q;
  logic [Segments-1:0]      segment_q, first_q;
  logic [Lv-1:0]            mask_q;
  logic [Lv*16-1:0]         weight_q;
  logic [Lv*LaneW-1:0]      sel_q;
  logic [Segments*RowW-1:0] address_q;
  logic [HazardW-1:0]       hazard_q [Rows];
  logic                     load, close, last_cycle, hazard_ok;
  logic [HazardW-1:0]       distance;
  logic [RowW-1:0]          stride_q;
  logic [GroupW-1:0]        number_q, group;   // attention: group of this cycle

  // The smallest multiple of the groups in use that is no shorter than an addition. Groups of
  // attention come in their order and end with the same one: a group's next addition is a cycle
  // earlier in a step that has a group less.
  always_comb begin
    distance = HazardW'(AddStages);
    for (int g = 0; g <= GroupL; g++) begin
      if (groups_log2_i == 3'(g)) begin
        distance = HazardW'((AddStages + (1 << g) - 1) / (1 << g) * (1 << g));
      end
    end
    if (attend_i) distance = HazardW'(AddStages) + HazardW'(step.shrinks);
  end

  always_comb begin
    hazard_ok = 1'b1;
    for (int g = 0; g < Segments; g++) begin
      if (step_segments[g] && hazard_q[step_rows[g*PtrW +: PtrW]] != '0) hazard_ok = 1'b0;
    end
  end
  assign last_cycle    = left_q == '0;
  assign load          = step_valid_i && !step.open && !step.close && (!busy_q || last_cycle) &&
                         hazard_ok && weight_ready_i;
  assign close         = step_valid_i && step.close;
  assign step_ready_o  = load || open || close;
  assign weight_load_o = load;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      busy_q <= 1'b0;
      left_q <= '0;
      for (int r = 0; r < Rows; r++) hazard_q[r] <= '0;
    end else begin
      busy_q <= load || (busy_q && !last_cycle);
      if (busy_q && !last_cycle) left_q <= left_q - 4'd1;
      for (int r = 0; r < Rows; r++) begin
        if (hazard_q[r] != '0) hazard_q[r] <= hazard_q[r] - HazardW'(1);
      end
      if (load) begin
        left_q <= attend_i ? 4'(step.last) - 4'(step.group) :
                             4'((8'd1 << groups_log2_i) - 8'd1);
        for (int g = 0; g < Segments; g++) begin
          if (step_segments[g]) begin
            hazard_q[step_rows[g*PtrW +: PtrW]] <= distance - HazardW'(1);
          end
        end
      end
    end
  end
  always_ff @(posedge clk_i) begin
    if (load) begin
      classes_q <= step.classes;
      rows_q    <= step_rows;
      place_q   <= step_place;
      segment_q <= step.segment;
      first_q   <= step.first;
      mask_q    <= step.mask;
      weight_q  <= weight_i;
      sel_q     <= step.sel;
      address_q <= step.address;
      stride_q  <= step.stride;
      number_q  <= step.group;
    end else if (attend_i) begin
      number_q <= number_q + GroupW'(1);
      for (int g = 0; g < Segments; g++) begin
        address_q[g*RowW +: RowW] <= address_q[g*RowW +: RowW] + stride_q;
      end
    end
  end
  assign group = attend_i ? number_q : group_i;

  // Rows are reduced to one sum per class; columns not at all.
  logic [RedW-1:0] red_q;
  always_ff @(posedge clk_i) red_q <= column_i ? '0 : RedW'(LvL) - RedW'(row_classes_i);

  assign read_o     = busy_q;
  assign read_row_o = address_q;
  assign red_o      = red_q;
  assign issue_o    = busy_q;

  // Operands leave with the activations, one cycle after the read.
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) op_valid_q <= 1'b0;
    else op_valid_q <= busy_q;
  end
  always_ff @(posedge clk_i) begin
    if (busy_q) begin
      op_weight_q <= weight_q;
      op_mask_q   <= mask_q;
      op_sel_q    <= sel_q;
    end
  end
  assign op_col_o = column_i;

  // ---- accumulation control, delayed by the way through multiplier and tree ----
  localparam int ControlW = ClassW + PlaceW + Segments * PtrW + 2 * Segments + GroupW;
  logic [TapMax:0]          acc_way_q;
  logic [ControlW-1:0]      acc_control_q [TapMax+1];
  logic [TapW-1:0]          tap;
  logic [ClassW-1:0]        tap_classes;
  logic [PlaceW-1:0]        tap_place;
  logic [Segments*PtrW-1:0] tap_rows;
  logic [Segments-1:0]      tap_segment, tap_first;
  logic [GroupW-1:0]        tap_group;

  assign tap = TapW'(MulStages + 32'(red_q) * AddStages);
  assign {tap_classes, tap_place, tap_rows, tap_segment, tap_first, tap_group} = acc_control_q[tap];
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      acc_way_q     <= '0;
      acc_valid_q <= 1'b0;
    end else begin
      acc_way_q     <= (TapMax + 1)'({acc_way_q, busy_q});
      acc_valid_q <= acc_way_q[tap];
    end
  end
  always_ff @(posedge clk_i) begin
    acc_control_q[0] <= {classes_q, place_q, rows_q, segment_q, first_q, group};
    for (int d = 1; d <= TapMax; d++) acc_control_q[d] <= acc_control_q[d-1];
    acc_seg_q   <= tap_segment;
    acc_first_q <= tap_first;
    for (int g = 0; g < Segments; g++) begin
      acc_slot_q[g*SlotW +: SlotW] <=
          SlotW'(32'(tap_rows[g*PtrW +: PtrW]) * Groups + 32'(tap_group));
    end
  end

  // ---- output records: index for the drain, bias for the first addition ----
  logic [31:0]      record_q [Places*Lv];
  logic [Lv*32-1:0] bias;
  always_ff @(posedge clk_i) begin
    if (record_valid_i) begin
      record_q[(32'(record_id_i) * Lv + 32'(record_number_i)) % (Places * Lv)] <= record_i;
    end
  end
  // Class 0 starts at the bias, the others at +0.
  for (genvar i = 0; i < Lv; i++) begin : g_bias
    logic [31:0] number;
    logic [15:0] half;
    assign number = column_i ? i >> tap_classes : 32'd0;
    assign half   = (attend_i || (i & ((32'd1 << tap_classes) - 32'd1)) != 0) ? 16'd0 :
        16'(record_q[32'(tap_place) * Lv + number] >> mv_pkg::RecordBiasAt);
    mv_fp16_to_fp32 u_widen (
      .half_i (half),
      .float_o(bias[i*32 +: 32])
    );
  end
  always_ff @(posedge clk_i) begin
    if (acc_way_q[tap] && tap_first != '0) acc_bias_q <= bias;
  end

  // ---- drain: chains in the order of their ends ----
  typedef struct packed {
    logic                         wide;
    logic [PtrW-1:0]              row;           // of the accumulators
    logic [PlaceW-1:0]            place;         // of the records
    logic [GroupW-1:0]            first, last;   // token groups
    logic [ClassW-1:0]            classes;       // log2
    logic [OutW:0]                count;         // outputs
    logic [SubSteps*Segments-1:0] started;       // parts that have a sum
  } end_t;
  localparam int EndW = 1 + ChainW + 2 * GroupW + ClassW + (OutW + 1) + SubSteps * Segments;
  logic [EndW-1:0]              end_q [Rows];              // of end_t
  end_t                         ending, ended;             // that joins, that drains
  logic [WaitW-1:0]             wait_q [Rows];             // cycles until the sums are there
  logic [PtrW-1:0]              head_q, tail_q;
  logic [PtrW:0]                ends_q;                    // chains waiting
  logic [OutW-1:0]              output_q;
  logic [GroupW-1:0]            group_offset_q;            // from the chain's first token group on
  logic [GroupW-1:0]            drain_group;
  logic                         group_last, out_last, drained;
  logic [PtrW-1:0]              ended_part;                // which Lv of a wide chain's outputs
  logic [PtrW-1:0]              drain_row;                 // of the accumulators
  logic [SubSteps*Segments-1:0] ended_started;
  logic [31:0]                  ended_record;

  assign ended          = end_q[head_q];
  assign ended_started  = ended.started;
  assign ending.wide    = step.wide;
  assign ending.row     = close_chain[PlaceW +: PtrW];
  assign ending.place   = close_chain[PlaceW-1:0];
  assign ending.first   = chain_group_q[32'(step.thread) * 2 + 32'(step.buffer)];
  assign ending.last    = attend_i ? step.last : GroupW'((8'd1 << groups_log2_i) - 8'd1);
  assign ending.classes = step.classes;
  assign ending.count   = step.count;
  assign ending.started = step.started;
  assign ended_part     = PtrW'(32'(output_q) >> LvL);
  assign ended_record   = record_q[(32'(ended.place) * Lv + (attend_i ? 32'd0 : 32'(output_q))) %
                                   (Places * Lv)];
  assign drain_group    = ended.first + group_offset_q;

  assign drain_valid_o = (ends_q != '0) && (wait_q[head_q] == '0);
  assign drain_row     = ended.row + ended_part;
  assign drain_slot_o  = SlotW'(32'(drain_row) * Groups + 32'(drain_group));
  assign drain_lane_o  = LaneW'((32'(output_q) % Lv) << ended.classes);
  assign drain_part_o  = ended_started[(32'(ended_part) % SubSteps) * Segments +: Segments] &
                         Segments'((32'd1 << (32'd1 << ended.classes)) - 32'd1);
  assign drain_bias_o  = 16'(ended_record >> mv_pkg::RecordBiasAt);
  assign drain_group_o = drain_group;
  assign drain_index_o = 16'(ended_record >> mv_pkg::RecordIndexAt) +
                         (attend_i ? 16'(output_q) : 16'd0);
  assign group_last    = drain_group == ended.last;
  assign out_last      = (OutW + 1)'(output_q) + (OutW + 1)'(1) == ended.count;
  assign drained       = drain_valid_o && drain_ready_i && group_last && out_last;
  always_comb begin
    for (int p = 0; p < Places; p++) begin
      drained_o[p] = drained && p >= 32'(ended.place) &&
                     p < 32'(ended.place) + (ended.wide ? SubSteps : 1);
    end
    for (int r = 0; r < Rows; r++) begin
      rows_freed[r] = drained && r >= 32'(ended.row) &&
                      r < 32'(ended.row) + (ended.wide ? SubSteps : 1);
    end
  end
  assign idle_o = !busy_q && (ends_q == '0);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      head_q         <= '0;
      tail_q         <= '0;
      ends_q         <= '0;
      output_q       <= '0;
      group_offset_q <= '0;
    end else begin
      if (close) tail_q <= (tail_q == PtrW'(Rows - 1)) ? '0 : tail_q + PtrW'(1);
      if (drain_valid_o && drain_ready_i) begin
        group_offset_q <= group_last ? '0 : group_offset_q + GroupW'(1);
        if (group_last) output_q <= out_last ? '0 : output_q + OutW'(1);
      end
      if (drained) head_q <= (head_q == PtrW'(Rows - 1)) ? '0 : head_q + PtrW'(1);
      if (close && !drained) ends_q <= ends_q + (PtrW + 1)'(1);
      if (drained && !close) ends_q <= ends_q - (PtrW + 1)'(1);
    end
  end
  always_ff @(posedge clk_i) begin
    for (int c = 0; c < Rows; c++) begin
      if (wait_q[c] != '0) wait_q[c] <= wait_q[c] - WaitW'(1);
    end
    if (close) begin
      end_q[tail_q] <= ending;
      // The step before may still have groups to issue.
      wait_q[tail_q] <= WaitW'(2 + MulStages + 32'(red_q) * AddStages + AddStages) +
                        (busy_q ? WaitW'(left_q) : '0);
    end
  end

`ifdef VERILATOR
  // Accumulators that the last AddStages - 1 cycles added to: none may be added to again,
  // nor be drained.
  logic [(AddStages-1)*Segments*(1+SlotW)-1:0] added_q;
  logic                                        again, drains_early;
  always_comb begin
    again        = 1'b0;
    drains_early = 1'b0;
    for (int d = 0; d < AddStages - 1; d++) begin
      for (int g = 0; g < Segments; g++) begin
        if (acc_valid_q && acc_seg_q[g] && added_q[(d*Segments+g)*(1+SlotW)] &&
            added_q[(d*Segments+g)*(1+SlotW)+1 +: SlotW] == acc_slot_q[g*SlotW +: SlotW]) begin
          again = 1'b1;
        end
        if (drain_valid_o && drain_ready_i && added_q[(d*Segments+g)*(1+SlotW)] &&
            added_q[(d*Segments+g)*(1+SlotW)+1 +: SlotW] == drain_slot_o) begin
          drains_early = 1'b1;
        end
      end
    end
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      added_q <= '0;
    end else begin
      for (int d = 1; d < AddStages - 1; d++) begin
        added_q[d*Segments*(1+SlotW) +: Segments*(1+SlotW)] <=
            added_q[(d-1)*Segments*(1+SlotW) +: Segments*(1+SlotW)];
      end
      for (int g = 0; g < Segments; g++) begin
        added_q[g*(1+SlotW) +: 1+SlotW] <= {acc_slot_q[g*SlotW +: SlotW],
                                            acc_valid_q && acc_seg_q[g]};
      end
    end
  end
  logic [2*Threads-1:0]         chain_open_q;
  logic [$clog2(2*Threads)-1:0] chain_at;
  assign chain_at = ($clog2(2*Threads))'(32'(step.thread) * 2 + 32'(step.buffer));
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      chain_open_q <= '0;
    end else begin
      if (open) chain_open_q[chain_at] <= 1'b1;
      if (close) chain_open_q[chain_at] <= 1'b0;
    end
  end
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (rst_ni) begin
      HazardWaits: cover (step_valid_i && !step.open && !step.close && !hazard_ok);
      WeightsAwaited: cover (step_valid_i && !step.open && !step.close && !weight_ready_i);
      GroupsAwaited: cover (step_valid_i && !step.open && !step.close && busy_q && !last_cycle);
      RowsExhausted: cover (step_valid_i && step.open && !any_free);
      StepAfterStep: cover (load && busy_q);
      DrainStalls: cover (drain_valid_o && !drain_ready_i);
      SumsAwaited: cover (ends_q != '0 && wait_q[head_q] != '0);
      EndsFull: cover (32'(ends_q) == Rows);
      HeadWraps: cover (drained && head_q == PtrW'(Rows - 1));
      TailWraps: cover (close && tail_q == PtrW'(Rows - 1));
      EndsWhileOneLeaves: cover (close && drained);
      WideLeaves: cover (drained && ended.wide);
      GroupsShrink: cover (load && attend_i && step.shrinks);
      GroupsFromLater: cover (load && attend_i && step.group != '0);
      AdditionsApart: assert (!again)
        else $error("mv_set_ctrl.AdditionsApart: an accumulator whose last addition is under way");
      DrainsSettled: assert (!drains_early)
        else $error("mv_set_ctrl.DrainsSettled: an accumulator is drained while it is added to");
      OpensAreFree: assert (!open || !chain_open_q[chain_at])
        else $error("mv_set_ctrl.OpensAreFree: a chain opens in a buffer that has one");
      EndsAreOpen: assert (!close || chain_open_q[chain_at])
        else $error("mv_set_ctrl.EndsAreOpen: a chain ends that has not begun");
      EndsHaveRoom: assert (!close || drained || 32'(ends_q) != Rows)
        else $error("mv_set_ctrl.EndsHaveRoom: more chains have ended than there are rows");
    end
  end
`endif
endmodule
