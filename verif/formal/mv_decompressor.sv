// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Proof of mv_decompressor's framing: the bits of the beats are used in their order, none twice,
// none before it is there, and a task's last beat is left at its end; a run opens as many chains as
// its header says, in free places, each with its records in order, and closes each once; a class
// has one unit in a turn, of a chain that is open, within its lanes. What the codes mean is cut: a
// class may stand anywhere, and a run's end is the stream's; golden and tb_decompressor compare it.
//
// proof: rtl mv_place.sv mv_decompressor.sv; depth 14; bounded

module prove (input logic clk);
  localparam int Lv = 2;
  localparam int H  = 2;
  logic rst_n = 1'b0;
  always_ff @(posedge clk) rst_n <= 1'b1;
  (* anyconst *) logic         column, row_classes;
  (* anyconst *) logic [3:0]   entries, code_bits;
  (* anyconst *) logic [4:0]   index_bits;
  (* anyconst *) logic [511:0] entry;
  (* anyseq *) logic           task_valid, beat_valid, op_ready, looks;
  (* anyseq *) logic [127:0]   beat_data;
  (* anyseq *) logic [7:0]     freed;
  logic        task_ready, beat_ready, op_valid, op_begin, op_record, op_open, op_close, op_turn;
  logic        op_wide, op_classes, op_thread, op_buffer, op_unit_row, idle;
  logic [2:0]  op_count, op_id;
  logic [1:0]  op_number, op_unit, op_unit_buffer, op_offset;
  logic [3:0]  op_row, op_weights;
  logic [31:0] op_data;
  mv_decompressor #(.PortBits(128), .Lv(Lv), .FullRate(1), .SubSteps(2), .RowW(2)) dut (
    .clk_i(clk), .rst_ni(rst_n), .column_i(column), .entries_i(entries),
    .index_bits_i(index_bits), .code_bits_i(code_bits), .row_classes_i(row_classes),
    .entry_i(entry), .task_valid_i(task_valid), .task_ready_o(task_ready),
    .beat_valid_i(beat_valid), .beat_ready_o(beat_ready), .beat_data_i(beat_data),
    .drained_i(freed), .op_valid_o(op_valid), .op_ready_i(op_ready), .op_begin_o(op_begin),
    .op_record_o(op_record), .op_open_o(op_open), .op_close_o(op_close), .op_turn_o(op_turn),
    .op_wide_o(op_wide), .op_classes_o(op_classes), .op_count_o(op_count),
    .op_thread_o(op_thread), .op_buffer_o(op_buffer), .op_id_o(op_id), .op_number_o(op_number),
    .op_data_o(op_data), .op_unit_o(op_unit), .op_unit_buffer_o(op_unit_buffer),
    .op_unit_row_o(op_unit_row), .op_row_o(op_row), .op_offset_o(op_offset),
    .op_weights_o(op_weights), .idle_o(idle));
  (* hierconn *) logic [1:0]   \dut.state_q ;
  (* hierconn *) logic [127:0] \dut.bits_q ;
  (* hierconn *) logic [7:0]   \dut.bits_held_q ;
  (* hierconn *) logic [7:0]   \dut.bits_held_after ;
  (* hierconn *) logic [6:0]   \dut.bits_taken ;
  (* hierconn *) logic         \dut.refill ;
  (* hierconn *) logic         \dut.header_read ;
  (* hierconn *) logic [25:0]  \dut.head ;
  (* hierconn *) logic [2:0]   \dut.head_count ;
  (* hierconn *) logic         \dut.head_wide ;
  (* hierconn *) logic [3:0]   \dut.head_classes ;

  // ---- bits: one of those that come, from its word to its use ----
  (* anyconst *) logic [5:0] of_word;
  logic       word_q, watch_q, bit_q, ends;
  logic [7:0] at_q;      // its place in the buffer
  assign ends = \dut.header_read && !\dut.head [0];
  always_ff @(posedge clk) begin
    if (!rst_n || ends) begin
      word_q  <= 1'b0;
      watch_q <= 1'b0;
    end else begin
      if (\dut.refill ) word_q <= !word_q;
      if (watch_q) begin
        at_q    <= at_q - 8'(\dut.bits_taken );
        watch_q <= at_q >= 8'(\dut.bits_taken );
      end else if (\dut.refill && looks) begin
        watch_q <= 1'b1;
        at_q    <= \dut.bits_held_after + 8'(of_word);
        bit_q   <= beat_data[{word_q, of_word}];
      end
    end
  end

  // ---- chains ----
  logic [3:0]  open_q;          // by thread and buffer
  logic [16:0] left_q;          // of the run
  logic [7:0]  used_q, takes;
  logic [1:0]  unit_q;          // classes that have had their unit in this turn
  logic        records_q;       // records of a chain are due
  logic [1:0]  number_q;        // the next one
  logic [2:0]  id_q, count_q;
  logic        thread_q, buffer_q, wide_q, classes_q, goes;
  assign goes  = op_valid && op_ready;
  assign takes = (op_wide ? 8'd3 : 8'd1) << op_id;
  always_ff @(posedge clk) begin
    if (!rst_n) begin
      open_q    <= '0;
      left_q    <= '0;
      used_q    <= '0;
      unit_q    <= '0;
      records_q <= 1'b0;
    end else begin
      used_q <= (used_q & ~freed) | ((goes && op_open) ? takes : '0);
      if (\dut.header_read && \dut.head [0]) left_q <= 17'(\dut.head [25:10]) + 17'd1;
      if (goes && op_open) begin
        open_q[{op_thread, op_buffer}] <= 1'b1;
        left_q                         <= left_q - 17'd1;
      end
      if (goes && op_close) open_q[{op_thread, op_buffer}] <= 1'b0;
      if (goes && op_record) records_q <= 3'(op_number) + 3'd1 != op_count;
      if (goes) unit_q <= op_turn ? '0 : unit_q | op_unit;
    end
    if (goes && op_record) {number_q, id_q, thread_q, buffer_q} <=
        {op_number + 2'd1, op_id, op_thread, op_buffer};
    if (\dut.header_read && \dut.head [0]) {count_q, wide_q, classes_q} <=
        {\dut.head_count , \dut.head_wide , column ? \dut.head_classes [0] : row_classes};
  end
  logic units_open, units_fit;
  always_comb begin
    units_open = 1'b1;
    units_fit  = 1'b1;
    for (int j = 0; j < H; j++) begin
      if (op_unit[j]) begin
        if (!open_q[{op_thread, op_unit_buffer[j]}]) units_open = 1'b0;
        if (op_weights[j*2 +: 2] == '0 || (op_classes && op_offset[j]) || (column ?
            op_weights[j*2 +: 2] > (op_classes ? 2'd1 : 2'd2) :
            3'(op_offset[j]) + 3'(op_weights[j*2 +: 2]) > (op_classes ? 3'd1 : 3'd2))) begin
          units_fit = 1'b0;
        end
      end
    end
  end

  always_comb begin
    assume (entries != '0 && entries <= 8 && index_bits != '0 && index_bits <= 16 &&
            code_bits != '0 && code_bits <= 8);                   // mv_decompressor.HeaderLegal
    assume ((freed & ~used_q) == '0);                             // mv_set_ctrl: OnlyUsed is proved
    // mv_decompressor.RunLegal; an output has a lane in each class (unpack checks the strips).
    if (\dut.header_read && \dut.head [0] && column) begin
      assume (\dut.head [9:4] < 4 && 4'(\dut.head [3:1]) < entries &&
              (!\dut.head_wide || \dut.head_classes == '0) &&
              (\dut.head_wide || 3'(\dut.head_count << \dut.head_classes ) <= Lv));
    end
  end
  always_ff @(posedge clk) begin
    if (rst_n) begin
      if ($past(rst_n) && $past(beat_valid && !beat_ready)) begin   // the head of a queue
        assume (beat_valid && beat_data == $past(beat_data));
      end
      Watched:    assert (!watch_q || (at_q < \dut.bits_held_q && \dut.bits_q [7'(at_q)] == bit_q));
      Held:       assert (\dut.bits_held_q <= 128 && 8'(\dut.bits_taken ) <= \dut.bits_held_q );
      Clean:      assert ((\dut.bits_q >> \dut.bits_held_q ) == '0);
      Beats:      assert (beat_ready == ((\dut.refill && word_q) || (ends && word_q)));
      BeatThere:  assert (!beat_ready || beat_valid);
      Left:       assert (!idle || (\dut.bits_held_q == '0 && !word_q));
      OneKind:    assert (!op_valid || ({op_begin, op_record, op_close, op_turn} &
                          ({op_begin, op_record, op_close, op_turn} - 4'd1)) == '0);
      Begins:     assert ((op_valid && op_begin) == (task_valid && task_ready));
      RunsOver:   assert (!(\dut.header_read || idle) || (open_q == '0 && left_q == '0));
      if (goes && op_open) begin
        OpensFree:  assert (!open_q[{op_thread, op_buffer}] && left_q != '0);
        PlaceFree:  assert ((used_q & takes) == '0 && !(op_wide && op_id[0]));
        FromZero:   assert (op_number == '0 && !records_q);
      end
      if (goes && op_record && !op_open) begin
        Records:    assert (records_q && {op_number, op_id, op_thread, op_buffer} ==
                            {number_q, id_q, thread_q, buffer_q});
      end
      if (goes && records_q) begin
        OnlyRecord: assert (op_record);
      end
      if (goes && op_close) begin
        Closes:     assert (open_q[{op_thread, op_buffer}]);
      end
      if (goes && !op_begin) begin
        OfRun:      assert ({op_count, op_wide, op_classes} == {count_q, wide_q, classes_q});
        OneUnit:    assert ((op_unit & unit_q) == '0 && (op_classes || !op_unit[1]));
        UnitsOpen:  assert (units_open);
        UnitsFit:   assert (units_fit);
      end
      Two:        cover (goes && op_close && column && op_classes && $past(goes && op_open, 3));
      Wide:       cover (goes && op_unit[0] && op_wide && op_unit_row);
      Next:       cover (\dut.header_read && !\dut.head [0] && word_q && $past(goes, 3));
    end
  end
endmodule
