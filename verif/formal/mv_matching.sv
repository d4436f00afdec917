// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Proof of mv_matching: every operation goes on once, in order, one at a time; a turn's step holds
// exactly the units that came since the turn before; a lane is in it if its class has a unit whose
// inputs reach it and its input is not zero, and has its own weight of the step. One lane is looked
// at, and one class.
//
// proof: rtl mv_matching.sv; depth 8; reachability

module prove (input logic clk);
  localparam int Lv = 2;
  localparam int H  = 2;
  logic rst_n = 1'b0;
  always_ff @(posedge clk) rst_n <= 1'b1;
  (* anyseq *) logic        op_valid, op_begin, op_record, op_open, op_close, op_turn, op_wide;
  (* anyseq *) logic        op_classes, op_thread, op_buffer, op_unit_row, out_ready;
  (* anyseq *) logic [2:0]  op_count, op_id;
  (* anyseq *) logic [1:0]  op_number, op_unit, op_unit_buffer, op_row, op_offset;
  (* anyseq *) logic [3:0]  op_weights;
  (* anyseq *) logic [31:0] op_data;
  (* anyseq *) logic [1:0]  map_data;
  (* anyconst *) logic      column;
  logic        op_ready, map_read, record_valid, out_valid, out_begin, out_open, out_close;
  logic        out_wide, out_classes, out_thread, out_buffer, idle;
  logic [1:0]  map_row, record_number, out_weights, out_segment, out_buffers, out_mask, out_source;
  logic [1:0]  out_sel, out_address;
  logic [2:0]  record_id, out_count, out_id;
  logic [31:0] record;
  mv_matching #(.Lv(Lv), .FullRate(1), .SubSteps(2), .Groups(1), .RowW(1)) dut (
    .clk_i(clk), .rst_ni(rst_n), .column_i(column), .group_mask_i(1'b1), .op_valid_i(op_valid),
    .op_ready_o(op_ready), .op_begin_i(op_begin), .op_record_i(op_record), .op_open_i(op_open),
    .op_close_i(op_close), .op_turn_i(op_turn), .op_wide_i(op_wide), .op_classes_i(op_classes),
    .op_count_i(op_count), .op_thread_i(op_thread), .op_buffer_i(op_buffer), .op_id_i(op_id),
    .op_number_i(op_number), .op_data_i(op_data), .op_unit_i(op_unit),
    .op_unit_buffer_i(op_unit_buffer), .op_unit_row_i(op_unit_row), .op_row_i(op_row),
    .op_offset_i(op_offset), .op_weights_i(op_weights), .map_read_o(map_read),
    .map_row_o(map_row), .map_data_i(map_data), .record_valid_o(record_valid),
    .record_id_o(record_id), .record_number_o(record_number), .record_o(record),
    .out_valid_o(out_valid), .out_ready_i(out_ready), .out_begin_o(out_begin),
    .out_open_o(out_open), .out_close_o(out_close), .out_wide_o(out_wide),
    .out_classes_o(out_classes), .out_count_o(out_count), .out_thread_o(out_thread),
    .out_buffer_o(out_buffer), .out_id_o(out_id), .out_weights_o(out_weights),
    .out_segment_o(out_segment), .out_buffers_o(out_buffers), .out_mask_o(out_mask),
    .out_source_o(out_source), .out_sel_o(out_sel), .out_address_o(out_address), .idle_o(idle));

  // ---- the operation that is there ----
  logic        taken, gone, there_q, begin_q, record_q, open_q, close_q, turn_q, wide_q, classes_q;
  logic        thread_q, buffer_q, unit_row_q, first_seen_q;
  logic [2:0]  count_q, id_q;
  logic [1:0]  number_q, unit_q, unit_buffer_q, row_q, offset_q;
  logic [3:0]  weights_q;
  logic [31:0] data_q;
  assign taken = op_valid && op_ready;
  always_ff @(posedge clk) begin
    if (!rst_n) there_q <= 1'b0;
    else if (taken) there_q <= 1'b1;
    else if (gone) there_q <= 1'b0;
    if (taken) begin
      {begin_q, record_q, open_q, close_q, turn_q, wide_q} <=
          {op_begin, op_record, op_open, op_close, op_turn, op_wide};
      {classes_q, thread_q, buffer_q, unit_row_q} <=
          {op_classes, op_thread, op_buffer, op_unit_row};
      {count_q, id_q, number_q, unit_q} <= {op_count, op_id, op_number, op_unit};
      {unit_buffer_q, row_q, offset_q, weights_q, data_q} <=
          {op_unit_buffer, op_row, op_offset, op_weights, op_data};
    end
  end

  // ---- the units of the turn so far, of class 0 and class 1; this operation's among them ----
  logic [1:0] seen_q, seen, seen_buffer_q, seen_buffer, seen_offset_q, seen_offset;
  logic [3:0] seen_weights_q, seen_weights;
  logic       step;
  assign seen         = seen_q | unit_q;
  assign seen_buffer  = (unit_q & unit_buffer_q) | (~unit_q & seen_buffer_q);
  assign seen_offset  = (unit_q & offset_q) | (~unit_q & seen_offset_q);
  assign seen_weights = {unit_q[1] ? weights_q[3:2] : seen_weights_q[3:2],
                         unit_q[0] ? weights_q[1:0] : seen_weights_q[1:0]};
  assign step = turn_q && seen != '0;
  assign gone = there_q && (!(begin_q || (record_q && open_q) || close_q || step) || out_ready);
  // ---- one lane: its class, its place in the class ----
  (* anyconst *) logic lane;
  logic [1:0] of_class, before, first, count;
  logic       class_at, place, matches, matched_q, reaches;
  assign class_at = classes_q && lane;                 // its class
  assign place    = classes_q ? 1'b0 : lane;           // its number in the class
  assign first    = 2'(offset_q[class_at]);
  assign count    = weights_q[2'(class_at) * 2 +: 2];
  assign reaches  = unit_q[class_at] &&
                    (column ? 2'(place) < count : 2'(place) >= first && 2'(place) < first + count);
  // A column's input is the class's, a row's the lane's own.
  assign matches  = reaches && map_data[column ? (classes_q ? class_at : first[0]) : lane];
  assign before   = class_at && seen[0] ? seen_weights[1:0] : 2'd0;
  always_ff @(posedge clk) begin
    if (!rst_n) begin
      seen_q    <= '0;
      matched_q <= 1'b0;
    end else if (gone) begin
      seen_q    <= turn_q ? '0 : seen;
      matched_q <= !turn_q && (matched_q || matches);
    end
    if (gone) {seen_buffer_q, seen_offset_q, seen_weights_q} <=
                  {seen_buffer, seen_offset, seen_weights};
  end

  // What mv_decompressor gives: one kind at a time (mv_matching.OneOperation); units of classes
  // that are in use and have none in this turn yet; all of a turn with the same classes; no more
  // inputs than a class has lanes.
  logic [1:0] begun_q;   // units of this turn that have been taken
  logic       turn_classes_q;
  always_ff @(posedge clk) begin
    if (!rst_n) begun_q <= '0;
    else if (taken) begun_q <= op_turn ? '0 : begun_q | op_unit;
    if (taken) turn_classes_q <= op_classes;
  end
  always_comb begin
    if (op_valid) begin
      assume (({op_begin, op_record, op_close, op_turn} &
               ({op_begin, op_record, op_close, op_turn} - 4'd1)) == '0);
      assume (!op_open || op_record);
      assume ((op_begin || op_record) ? op_unit == '0 : 1'b1);
      assume ((op_unit & begun_q) == '0);
      assume (op_classes || !op_unit[1]);
      assume (begun_q == '0 || op_classes == turn_classes_q);
      for (int j = 0; j < H; j++) begin
        assume (!op_unit[j] || (op_weights[j*2 +: 2] != '0 &&
                (column ? op_weights[j*2 +: 2] <= (op_classes ? 2'd1 : 2'd2) :
                 3'(op_offset[j]) + 3'(op_weights[j*2 +: 2]) <= (op_classes ? 3'd1 : 3'd2))));
        assume (!op_classes || !op_offset[j]);
      end
    end
  end
  always_ff @(posedge clk) begin
    if (rst_n) begin
      // The map's data stay until the next read: a register of mv_stream.
      if ($past(rst_n) && !$past(map_read)) assume (map_data == $past(map_data));
      Takes:      assert (op_ready == (!there_q || gone));
      Given:      assert (out_valid ==
                          (there_q && (begin_q || (record_q && open_q) || close_q || step)));
      Idle:       assert (idle == !there_q);
      Records:    assert (record_valid == (there_q && record_q));
      Record:     assert (!record_valid ||
                          {record_id, record_number, record} == {id_q, number_q, data_q});
      OneKind:    assert (!out_valid || ({out_begin, out_open, out_close} &
                          ({out_begin, out_open, out_close} - 3'd1)) == '0);
      if (out_valid) begin
        Kind:     assert ({out_begin, out_open, out_close} ==
                          {begin_q, record_q && open_q, close_q});
        Fields:   assert ({out_wide, out_classes, out_count, out_id, out_buffer} ==
                          {wide_q, classes_q, count_q, id_q, buffer_q});
        Thread:   assert ((wide_q && step) || out_thread == thread_q);
      end
      if (out_valid && step) begin
        Lane:     assert (out_mask[lane] == (matched_q || matches));
        Weights:  assert (out_weights == (seen[0] ? seen_weights[1:0] : 2'd0) +
                                         (seen[1] ? seen_weights[3:2] : 2'd0));
        Source:   assert (!out_mask[lane] || 2'(out_source[lane]) ==
                          before + 2'(place) - (column ? 2'd0 : 2'(seen_offset[class_at])));
        Input:    assert (!out_mask[lane] || !column || out_sel[lane] ==
                          (classes_q ? class_at : seen_offset[0]));
        Buffer:   assert (!out_mask[lane] || out_buffers[lane] == seen_buffer[class_at]);
        Segment:  assert (!out_mask[lane] || out_segment[lane]);
        NoneMore: assert (out_segment == '0 || out_mask != '0);
      end
      if ($past(rst_n) && $past(out_valid && !out_ready)) begin
        Stays:    assert (out_valid && {out_mask, out_weights, out_source, out_address} ==
                          $past({out_mask, out_weights, out_source, out_address}));
      end
      Twice:      cover (out_valid && step && seen == 2'b11 && seen_q == 2'b01 && !out_mask[0]);
      Second:     cover (out_valid && step && lane && out_mask[1] && out_source[1] && classes_q);
      Stalls:     cover (out_valid && step && out_ready && $past(!out_ready) && op_valid);
      Empty:      cover (there_q && turn_q && !out_valid);
    end
  end
endmodule
