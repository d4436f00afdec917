// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Turns the stream of a set (docs/packed_format.md) into operations, one item per cycle: chain
// openings, output records, units of weights with their activation row and lanes, ends of rounds
// and of chains.

module mv_decompressor #(
  parameter int PortBits = 512,
  parameter int Lv       = 8,   // vector lanes
  parameter int FullRate = 4,   // shortest vector that fills a step
  parameter int SubSteps = 2,   // steps that one column index can serve
  parameter int RowW     = 16,  // bits of an activation row
  // derived
  parameter int Beat = PortBits / 16,  // halfwords per beat
  parameter int LvL  = $clog2(Lv),
  parameter int LaneW = (LvL > 0) ? LvL : 1,
  parameter int CntW = LvL + 1,
  parameter int SubW = (SubSteps > 1) ? $clog2(SubSteps) : 1,
  parameter int OutW = (SubSteps * Lv > 1) ? $clog2(SubSteps * Lv) : 1,
  parameter int RedW = (LvL > 0) ? $clog2(LvL + 1) : 1
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  input  logic                start_i,      // the next beat begins a stream
  // header
  input  logic                column_i,
  input  logic [3:0]          entries_i,
  input  logic [4:0]          index_bits_i,
  input  logic [8*64-1:0]     entry_i,
  // beats
  input  logic                beat_valid_i,
  output logic                beat_ready_o,
  input  logic [PortBits-1:0] beat_data_i,
  // operations
  output logic                op_valid_o,
  input  logic                op_ready_i,
  output logic                op_open_o,    // a chain begins: op_red_o and op_count_o describe it
  // output record op_out_index_o of the chain: op_record_o
  output logic                op_out_o,
  output logic                op_unit_o,    // a unit: row, lanes, weights
  output logic                op_round_o,   // this ends a round: the step is complete
  output logic                op_close_o,   // this ends the chain
  output logic [RedW-1:0]     op_red_o,     // reduction levels of the chain
  output logic [OutW:0]       op_count_o,   // outputs of the chain
  output logic [OutW-1:0]     op_out_index_o,
  output logic [31:0]         op_record_o,  // bias, output index
  output logic [RowW-1:0]     op_row_o,     // activation row
  output logic [LaneW-1:0]    op_bank_o,    // column: sub-bank of the input
  output logic [LaneW-1:0]    op_lane_o,    // first lane
  // row addresses (of FullRate lanes each) that are the unit's
  output logic [Lv/FullRate-1:0] op_groups_o,
  output logic [CntW-1:0]     op_lanes_o,   // lanes with work
  // row: lanes from here on lie beyond the section's inputs
  output logic [CntW-1:0]     op_limit_o,
  output logic [SubW-1:0]     op_sub_o,     // sub-step (accumulator row)
  output logic [Lv*16-1:0]    op_weight_o,  // weights, from lane 0
  output logic                idle_o        // the stream has ended
);
  localparam int H    = Lv / FullRate;
  localparam int HL   = $clog2(H);
  localparam int HW   = (HL > 0) ? HL : 1;
  localparam int OffW = $clog2(Beat);
  localparam int NeedW = $clog2(Lv + 3);

  typedef enum logic [2:0] {StIdle, StHeader, StOutputs, StCode, StSub} state_e;

  state_e              state_q;
  // stream window: the current beat, read from halfword off_q, then the next one
  logic [PortBits-1:0] cur_q;
  logic                cur_valid_q;
  logic [OffW-1:0]     off_q;
  logic [47:0]         bits_q;     // bit buffer
  logic [5:0]          bits_n_q;
  // chain
  logic [2:0]          entry_q;
  logic [OutW:0]       count_q;
  logic [OutW-1:0]     out_q;
  logic [15:0]         next_q [H]; // per class: first position not yet passed
  logic [H-1:0]        open_q;     // classes that have not met their sentinel
  logic [HW-1:0]       class_q;
  logic [15:0]         pos_q;      // position of the unit whose sub-steps follow
  logic [7:0]          sub_q;

  // ---- the entry in use ----
  logic [3:0]  len_l, rice_k, h_l, w_l, upc_l, m_l;
  logic [15:0] base, sentinel, valid_inputs;
  assign len_l        = entry_i[32'(entry_q) * 64 +: 4];
  assign rice_k       = entry_i[32'(entry_q) * 64 + 4 +: 4];
  assign base         = entry_i[32'(entry_q) * 64 + 16 +: 16];
  assign sentinel     = entry_i[32'(entry_q) * 64 + 32 +: 16];
  assign valid_inputs = entry_i[32'(entry_q) * 64 + 48 +: 16];
  // log2 of the classes that vectors of length 2^length are read in.
  function automatic logic [3:0] classes_log2(input logic [3:0] length);
    integer d;
    d = LvL - 32'(length);
    if (d < 0) d = 0;
    if (d > HL) d = HL;
    classes_log2 = 4'(d);
  endfunction

  // Classes (h), lanes per class (w), units per class and row, sub-steps of a row vector: all as
  // logarithms.
  always_comb begin
    h_l   = classes_log2(len_l);
    w_l   = 4'(LvL) - h_l;
    upc_l = (len_l <= w_l) ? w_l - len_l : 4'd0;
    m_l   = (len_l > 4'(LvL)) ? len_l - 4'(LvL) : 4'd0;
  end

  // ---- stream window and bit buffer ----
  logic [OffW+1:0]          avail;
  logic [1:0]               pulls;
  logic [NeedW-1:0]         need, weights_n;
  logic [(Lv+2)*16-1:0]     window;
  logic [47:0]              bits;
  logic [5:0]               bits_n, len;
  logic                     item, enough, go;
  logic [OffW+1:0]          off_next;

  assign avail = (cur_valid_q ? ((OffW + 2)'(Beat) - (OffW + 2)'(off_q)) +
                                (beat_valid_i ? (OffW + 2)'(Beat) : '0) : '0);
  assign window = ((Lv + 2) * 16)'({beat_data_i, cur_q} >> {off_q, 4'b0});
  assign item   = (state_q == StHeader) || (state_q == StOutputs) || (state_q == StCode);
  always_comb begin
    pulls = 2'd0;
    if (item && bits_n_q < 6'd16) pulls = 2'd2;
    else if (item && bits_n_q < 6'd32) pulls = 2'd1;
    bits   = bits_q;
    bits_n = bits_n_q;
    if (pulls == 2'd2) bits = bits_q | ({16'd0, window[31:0]} << bits_n_q);
    if (pulls == 2'd1) bits = bits_q | ({32'd0, window[15:0]} << bits_n_q);
    bits_n = bits_n_q + {pulls, 4'd0};
  end

  // ---- code ----
  logic [3:0]  q;
  logic [15:0] gap, pos;
  logic [5:0]  code_len;
  logic        sent, unit;
  always_comb begin
    q = 4'd15;
    for (int i = 14; i >= 0; i--) begin
      if (!bits[i]) q = 4'(i);
    end
    if (q == 4'd15) begin
      gap      = bits[30:15];
      code_len = 6'd31;
    end else begin
      gap      = (16'(q) << rice_k) |
                 (16'(bits >> (6'(q) + 6'd1)) & ((16'd1 << rice_k) - 16'd1));
      code_len = 6'(q) + 6'd1 + 6'(rice_k);
    end
  end
  assign pos  = next_q[class_q] + gap;
  assign sent = pos == sentinel;
  assign unit = (state_q == StCode) && !sent;

  // ---- unit ----
  logic [15:0]     unit_pos;
  logic [7:0]      sub, subs;          // this sub-step, sub-steps of a unit
  logic [OutW+1:0] left;               // column: outputs from this sub-step on
  logic [15:0]     row_rel;
  logic [31:0]     limit;
  assign unit_pos = (state_q == StSub) ? pos_q : pos;
  assign sub      = (state_q == StSub) ? sub_q : 8'd0;
  always_comb begin
    left = (OutW + 2)'(count_q) - (OutW + 2)'(16'(sub) << LvL);
    if (column_i) begin
      row_rel   = unit_pos >> w_l;
      op_bank_o = LaneW'((16'(class_q) << w_l) | (unit_pos & ((16'd1 << w_l) - 16'd1)));
      op_lane_o = LaneW'(16'(class_q) << w_l);
      subs      = 8'((16'(count_q) + 16'(Lv - 1)) >> LvL);
      weights_n = (left > (OutW + 2)'(Lv)) ? NeedW'(Lv) : NeedW'(left);
      limit     = 32'(Lv);
    end else begin
      row_rel   = (len_l > 4'(LvL)) ? (unit_pos << m_l) + 16'(sub) : unit_pos >> upc_l;
      op_bank_o = '0;
      op_lane_o = LaneW'((16'(class_q) << w_l) |
                         ((unit_pos & ((16'd1 << upc_l) - 16'd1)) << len_l));
      subs      = 8'd1 << m_l;
      weights_n = (len_l == 4'(LvL) || m_l != 4'd0) ? NeedW'(Lv) : NeedW'(1) << len_l;
      limit     = 32'(valid_inputs) - (32'(row_rel) << LvL);
    end
    op_row_o = RowW'(base + row_rel);
    for (int g = 0; g < H; g++) begin
      op_groups_o[g] = (16'(g * FullRate) >> w_l) == 16'(class_q);
    end
  end
  assign op_lanes_o  = CntW'(weights_n);
  // Below zero where a sub-step lies wholly beyond the section's inputs.
  assign op_limit_o  = limit[31] ? '0 : (limit > 32'(Lv)) ? CntW'(Lv) : CntW'(limit);
  assign op_sub_o    = column_i ? SubW'(sub) : '0;
  assign op_weight_o = (Lv * 16)'(window >> {pulls, 4'd0});

  // ---- rounds, sections, chains ----
  logic [H-1:0] open_after, above;
  logic         last_sub, round_end, section_end, chain_end;
  logic [HW-1:0] first_open, next_above;
  always_comb begin
    above = '0;
    for (int j = 0; j < H; j++) above[j] = open_q[j] && (j > 32'(class_q));
    open_after = open_q;
    if (state_q == StCode && sent) open_after[class_q] = 1'b0;
    first_open = '0;
    for (int j = H - 1; j >= 0; j--) if (open_after[j]) first_open = HW'(j);
    next_above = '0;
    for (int j = H - 1; j >= 0; j--) if (above[j]) next_above = HW'(j);
  end
  assign last_sub    = (sub + 8'd1) == subs;
  assign round_end   = (above == '0);
  assign section_end = (open_after == '0);
  assign chain_end   = section_end && (column_i || (4'(entry_q) + 4'd1 == entries_i));

  // ---- operation ----
  logic more;
  assign more = bits[0];
  always_comb begin
    len  = 6'd0;
    need = NeedW'(pulls);
    unique case (state_q)
      StHeader:  len = column_i ? 6'd10 : 6'd1;
      StOutputs: len = 6'(index_bits_i) + 6'd16;
      StCode: begin
        len = code_len;
        if (!sent) need = NeedW'(pulls) + weights_n;
      end
      StSub:     need = weights_n;
      default: ;
    endcase
  end
  // A code tells how many weights follow, so its own halfwords must be there first.
  assign enough = (avail >= (OffW + 2)'(pulls)) && (avail >= (OffW + 2)'(need));
  assign go     = (state_q != StIdle) && enough && op_ready_i;

  logic [2:0]    head_entry;
  logic [OutW:0] head_count;
  assign head_entry = column_i ? bits[3:1] : 3'd0;
  assign head_count = column_i ? (OutW + 1)'(bits[9:4]) + (OutW + 1)'(1) : (OutW + 1)'(1);
  assign op_valid_o     = (state_q != StIdle) && enough && !(state_q == StHeader && !more);
  assign op_open_o      = (state_q == StHeader);
  assign op_out_o       = (state_q == StOutputs);
  assign op_unit_o      = unit || (state_q == StSub);
  // Sub-steps are steps of their own (there is one class then).
  assign op_round_o     = ((state_q == StCode) && round_end) || (state_q == StSub);
  assign op_close_o     = (state_q == StCode) && chain_end;
  assign op_red_o       = column_i ? RedW'(classes_log2(entry_i[32'(head_entry) * 64 +: 4]))
                                   : RedW'(LvL);
  assign op_count_o     = head_count;
  assign op_out_index_o = out_q;
  assign op_record_o    = {16'(bits >> index_bits_i),
                           bits[15:0] & 16'((32'd1 << index_bits_i) - 32'd1)};
  assign idle_o         = (state_q == StIdle);

  assign off_next     = (OffW + 2)'(off_q) + (OffW + 2)'(need);
  assign beat_ready_o = !cur_valid_q || (go && (off_next >= (OffW + 2)'(Beat)));

  // Where a section's reading begins: all classes open.
  logic [H-1:0] open_all;
  logic [3:0]   open_h;
  logic [2:0]   entry_next;
  assign entry_next = entry_q + 3'd1;
  always_comb begin
    if (state_q == StOutputs) open_h = h_l;
    else open_h = classes_log2(entry_i[32'(entry_next) * 64 +: 4]);
    open_all = H'((32'd1 << (32'd1 << open_h)) - 32'd1);
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q     <= StIdle;
      cur_valid_q <= 1'b0;
      off_q       <= '0;
      bits_n_q    <= '0;
      bits_q      <= '0;
    end else if (start_i) begin
      state_q     <= StHeader;
      cur_valid_q <= 1'b0;
      off_q       <= '0;
      bits_n_q    <= '0;
      bits_q      <= '0;
    end else begin
      if (beat_valid_i && beat_ready_o) cur_valid_q <= 1'b1;
      else if (beat_ready_o) cur_valid_q <= 1'b0;
      if (go) begin
        off_q    <= OffW'(off_next);
        bits_q   <= bits >> len;
        bits_n_q <= bits_n - len;
        unique case (state_q)
          StHeader:  state_q <= more ? StOutputs : StIdle;
          StOutputs: if ((OutW + 1)'(out_q) + (OutW + 1)'(1) == count_q) state_q <= StCode;
          StCode: begin
            if (chain_end) state_q <= StHeader;
            else if (unit && !last_sub) state_q <= StSub;
          end
          StSub:     if (last_sub) state_q <= StCode;
          default: ;
        endcase
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (beat_valid_i && beat_ready_o) cur_q <= beat_data_i;
    if (go) begin
      unique case (state_q)
        StHeader: begin
          entry_q <= head_entry;
          count_q <= head_count;
          out_q   <= '0;
        end
        StOutputs: begin
          out_q <= out_q + OutW'(1);
          if ((OutW + 1)'(out_q) + (OutW + 1)'(1) == count_q) begin
            open_q  <= open_all;
            class_q <= '0;
            for (int j = 0; j < H; j++) next_q[j] <= '0;
          end
        end
        StCode: begin
          next_q[class_q] <= pos + 16'd1;
          open_q          <= open_after;
          pos_q           <= pos;
          sub_q           <= 8'd1;
          class_q         <= round_end ? first_open : next_above;
          if (section_end && !column_i) begin
            entry_q <= entry_q + 3'd1;
            open_q  <= open_all;
            class_q <= '0;
            for (int j = 0; j < H; j++) next_q[j] <= '0;
          end
        end
        StSub: sub_q <= sub_q + 8'd1;
        default: ;
      endcase
    end
  end
endmodule
