// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Proof of mv_fetch: one request is granted at a time and only to who asks, directory before codes
// before weights; each beat goes to who asked for it, in order, none to two; the header is asked
// for once, beat after beat; after a wrong magic or hash nothing is asked for.
//
// proof: rtl mv_turn.sv mv_fifo.sv mv_fetch.sv; depth 14; induction 2

module prove (input logic clk);
  localparam int Sets        = 2;
  localparam int PortBits    = 512;
  localparam int Outstanding = 3;
  localparam int HeaderBeats = ((mv_isa_pkg::HeaderWords + 2) * 32 + PortBits - 1) / PortBits;
  localparam logic [63:0] ConfigHash = 64'h0123456789abcdef;
  logic rst_n = 1'b0;
  always_ff @(posedge clk) rst_n <= 1'b1;
  (* anyseq *) logic                start, req_ready, rsp_valid, dir_valid;
  (* anyseq *) logic [PortBits-1:0] rsp_data;
  (* anyseq *) logic [Sets-1:0]     code_valid, weight_valid;
  (* anyseq *) logic [31:0]         dir_beat;
  (* anyseq *) logic [Sets*32-1:0]  code_beat, weight_beat;
  logic req_valid, header_valid, error, dir_ready, dir_comes, idle;
  logic [31:0]         req_beat;
  logic [Sets-1:0]     code_ready, weight_ready, code_comes, weight_comes;
  logic [PortBits-1:0] beat_data;
  logic [HeaderBeats*PortBits-1:0] header;
  mv_fetch #(
    .Sets(Sets), .Clusters(1), .PortBits(PortBits), .Outstanding(Outstanding),
    .ConfigHash(ConfigHash)
  ) dut (
    .clk_i(clk), .rst_ni(rst_n), .start_i(start), .m_req_valid_o(req_valid),
    .m_req_ready_i(req_ready),
    .m_req_beat_o(req_beat), .m_rsp_valid_i(rsp_valid), .m_rsp_data_i(rsp_data),
    .header_valid_o(header_valid),
    .error_o(error), .header_o(header), .dir_valid_i(dir_valid), .dir_ready_o(dir_ready),
    .dir_beat_i(dir_beat),
    .code_valid_i(code_valid), .code_ready_o(code_ready), .code_beat_i(code_beat),
    .weight_valid_i(weight_valid),
    .weight_ready_o(weight_ready), .weight_beat_i(weight_beat), .dir_beat_valid_o(dir_comes),
    .code_beat_valid_o(code_comes), .weight_beat_valid_o(weight_comes), .beat_data_o(beat_data),
    .idle_o(idle));

  (* hierconn *) logic [2:0] \dut.state_q ;
  (* hierconn *) logic [1:0] \dut.asked_q ;
  (* hierconn *) logic [1:0] \dut.got_q ;
  (* hierconn *) logic [1:0] \dut.u_tags.count_q ;
  (* hierconn *) logic [1:0] \dut.u_tags.read_at_q ;
  (* hierconn *) logic [1:0] \dut.u_tags.write_at_q ;
  (* hierconn *) logic [2:0] \dut.u_tags.entries_q[0] ;
  (* hierconn *) logic [2:0] \dut.u_tags.entries_q[1] ;
  (* hierconn *) logic [2:0] \dut.u_tags.entries_q[2] ;

  // Who has asked, the oldest first: bit 0 the header, 1 the directory, 2 and 3 codes, 4 and 5
  // weights.
  logic [5:0]  asks, comes, head;
  logic [17:0] askers_q;
  logic [1:0]  due_q, asked_q;   // beats due; how many the header has asked for
  logic        go;
  assign go    = req_valid && req_ready;
  assign asks  = {weight_ready, code_ready, dir_ready,
                  go && {weight_ready, code_ready, dir_ready} == '0};
  assign head  = askers_q[5:0];
  assign comes = {weight_comes, code_comes, dir_comes};   // without the header's
  always_ff @(posedge clk) begin
    if (!rst_n) begin
      due_q     <= '0;
      asked_q   <= '0;
    end else begin
      due_q <= due_q + 2'(go) - 2'(rsp_valid);
      if (start) asked_q <= '0;
      else asked_q <= asked_q + 2'(go && asks[0]);
    end
    if (rsp_valid) askers_q <= askers_q >> 6;
    if (go) askers_q[(due_q - 2'(rsp_valid)) * 6 +: 6] <= asks;
  end

  logic        entries_hold;
  logic [1:0]  at, headers_due;
  logic [8:0]  entries;
  logic [2:0]  entry;
  logic [2:0]  end_at;
  assign entries = {\dut.u_tags.entries_q[2] , \dut.u_tags.entries_q[1] ,
                    \dut.u_tags.entries_q[0] };
  assign end_at  = 3'(\dut.u_tags.read_at_q ) + 3'(\dut.u_tags.count_q );
  always_comb begin
    entries_hold = 1'b1;
    headers_due  = '0;
    for (int i = 0; i < Outstanding; i++) begin
      at    = 2'((3'(\dut.u_tags.read_at_q ) + 3'(i)) % 3);
      entry = entries[at * 3 +: 3];
      if (i < due_q) begin
        if (askers_q[i * 6 +: 6] == '0 || askers_q[i * 6 +: 6] !=
            ((entry == 3'd0) ? 6'd1 : (entry == 3'd2) ? 6'd2 :
             (entry[2:1] == 2) ? 6'd4 << entry[0] :
             (entry[2:1] == 3) ? 6'd16 << entry[0] : 6'd0)) begin
          entries_hold = 1'b0;
        end
        headers_due = headers_due + 2'(askers_q[i * 6]);
      end
    end
  end

  always_comb begin
    assume (!rsp_valid || due_q != 0);
    assume (!start || (due_q == 0 && \dut.state_q != 3'd1 && \dut.state_q != 3'd2));
    assume (!start || (!dir_valid && code_valid == '0 && weight_valid == '0));
  end
  always_ff @(posedge clk) begin
    if (rst_n) begin
      Tags:      assert (\dut.u_tags.count_q == due_q && due_q <= Outstanding &&
                         \dut.u_tags.read_at_q < 3 && 3'(\dut.u_tags.write_at_q ) == end_at % 3);
      Entries:   assert (entries_hold);
      States:    assert (\dut.state_q <= 3'd4);
      Headers:   assert (asked_q == \dut.asked_q && (\dut.state_q != 3'd1 ||
                         (asked_q <= HeaderBeats + 1 && headers_due == due_q &&
                          3'(asked_q) == 3'(\dut.got_q ) + 3'(due_q))));
      AfterHead: assert (\dut.state_q == 3'd1 || headers_due == 0);
      NoHead:    assert (\dut.state_q == 3'd1 || \dut.state_q == 3'd3 || due_q == 0);
      Got:       assert (\dut.state_q != 3'd1 || \dut.got_q <= HeaderBeats);
      AsksHead:  assert (!(\dut.state_q == 3'd1 && asked_q != HeaderBeats + 1 &&
                           due_q != Outstanding) || req_valid);
      OneGrant:  assert ((asks & (asks - 6'd1)) == '0);
      Granted:   assert ((asks != '0) == go);
      ToAsker:   assert ((asks[5:1] & ~{weight_valid, code_valid, dir_valid}) == '0);
      FirstDir:  assert (!dir_valid || asks[5:2] == '0);
      ThenCode:  assert (code_valid == '0 || asks[5:4] == '0);
      Beat:      assert (!go || req_beat ==
                         (asks[0] ? 32'(asked_q) : asks[1] ? dir_beat :
                          asks[2] ? code_beat[31:0] : asks[3] ? code_beat[63:32] :
                          asks[4] ? weight_beat[31:0] : weight_beat[63:32]));
      Comes:     assert (comes == ((rsp_valid && !head[0]) ? head[5:1] :
                         {4'd0, rsp_valid && \dut.got_q == HeaderBeats && \dut.state_q == 3'd1}));
      Data:      assert (beat_data == rsp_data);
      Refused:   assert (!error || (!req_valid && !header_valid));
      if ($past(rst_n) && header_valid && !$past(header_valid)) begin
        Checked: assert (header[mv_isa_pkg::HeaderMagicAt +: 32] == mv_isa_pkg::HeaderMagic &&
                         header[mv_isa_pkg::HeaderHashAt +: 64] == ConfigHash);
      end
      if ($past(rst_n) && $past(req_valid && !req_ready && !start)) begin
        Asks:    assert (req_valid || \dut.state_q == 3'd3);
      end
      Full:      cover (due_q == Outstanding && header_valid);
      Weight:    cover (weight_comes[1] && go && asks[3]);
      Error:     cover (error);
    end
  end
endmodule
