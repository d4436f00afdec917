// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Fetches the image: first its header, which it checks and keeps, and the first beat of the task
// directory, which every cluster gets; then what clusters and sets ask for. Requests go out in
// turn, directory before codes before weights; beats come back in order.

module mv_fetch #(
  parameter int          Sets        = 8,
  parameter int          Clusters    = 8,
  parameter int          PortBits    = 512,
  parameter int          Outstanding = 64,   // requests whose beats have not come yet, at most
  parameter logic [63:0] ConfigHash  = 64'h0,
  // derived
  localparam int HeaderWords = mv_isa_pkg::HeaderWords + Clusters + 1,
  localparam int HeaderBeats = (HeaderWords * 32 + PortBits - 1) / PortBits
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  input  logic                start_i,        // forget the last image, fetch a header
  // memory: the beat of the image asked for; beats come in the order of the requests
  output logic                m_req_valid_o,
  input  logic                m_req_ready_i,
  output logic [31:0]         m_req_beat_o,
  input  logic                m_rsp_valid_i,
  input  logic [PortBits-1:0] m_rsp_data_i,
  // header, stable once header_valid_o
  output logic                header_valid_o,
  output logic                error_o,        // magic or hash mismatch: nothing else is fetched
  output logic [HeaderBeats*PortBits-1:0] header_o,
  // requests
  input  logic [Clusters-1:0]    dir_valid_i,
  output logic [Clusters-1:0]    dir_ready_o,
  input  logic [Clusters*32-1:0] dir_beat_i,
  input  logic [Sets-1:0]        code_valid_i,
  output logic [Sets-1:0]        code_ready_o,
  input  logic [Sets*32-1:0]     code_beat_i,
  input  logic [Sets-1:0]        weight_valid_i,
  output logic [Sets-1:0]        weight_ready_o,
  input  logic [Sets*32-1:0]     weight_beat_i,
  // beats
  output logic [Clusters-1:0]    dir_beat_valid_o,
  output logic [Sets-1:0]        code_beat_valid_o,
  output logic [Sets-1:0]        weight_beat_valid_o,
  output logic [PortBits-1:0]    beat_data_o,
  output logic                   idle_o         // no beat is on its way
);
  localparam int          HeaderBits = HeaderBeats * PortBits;
  localparam int          BeatW      = $clog2(HeaderBeats + 2);
  localparam int          SetW       = (Sets > 1) ? $clog2(Sets) : 1;
  localparam int          ClusterW   = (Clusters > 1) ? $clog2(Clusters) : 1;

  localparam logic [1:0] KindHeader    = 2'd0;
  localparam logic [1:0] KindDirectory = 2'd1;
  localparam logic [1:0] KindCode      = 2'd2;
  localparam logic [1:0] KindWeight    = 2'd3;

  typedef enum logic [2:0] {StIdle, StHeader, StCheck, StRun, StError} state_e;

  state_e                state_q;
  logic [HeaderBits-1:0] header_q;
  logic [BeatW-1:0]      asked_q, got_q;       // header beats
  logic [SetW-1:0]       code_last_q, weight_last_q;

  logic [31:0] magic;
  logic [63:0] hash;
  assign magic = 32'(header_q[mv_isa_pkg::HeaderW-1:0] >> mv_isa_pkg::HeaderMagicAt);
  assign hash  = 64'(header_q[mv_isa_pkg::HeaderW-1:0] >> mv_isa_pkg::HeaderHashAt);

  assign header_o       = header_q;
  assign header_valid_o = state_q == StRun;
  assign error_o        = state_q == StError;

  // ---- request ----
  logic [1:0]          kind;
  logic [ClusterW-1:0] dir_pick;
  logic [SetW-1:0]     code_pick, weight_pick, pick;
  logic                any, go, tag_ready;
  always_comb begin
    dir_pick = '0;
    for (int k = Clusters - 1; k >= 0; k--) if (dir_valid_i[k]) dir_pick = ClusterW'(k);
  end
  mv_turn #(
    .Places(Sets)
  ) u_code_turn (
    .asks_i(code_valid_i),
    .last_i(code_last_q),
    .pick_o(code_pick)
  );
  mv_turn #(
    .Places(Sets)
  ) u_weight_turn (
    .asks_i(weight_valid_i),
    .last_i(weight_last_q),
    .pick_o(weight_pick)
  );
  always_comb begin
    any          = 1'b0;
    kind         = KindHeader;
    pick         = '0;
    m_req_beat_o = 32'(asked_q);
    if (state_q == StHeader) begin
      any = asked_q != BeatW'(HeaderBeats + 1);
    end else if (state_q == StRun) begin
      any = 1'b1;
      if (dir_valid_i != '0) begin
        kind         = KindDirectory;
        pick         = SetW'(dir_pick);
        m_req_beat_o = dir_beat_i[32'(dir_pick) * 32 +: 32];
      end else if (code_valid_i != '0) begin
        kind         = KindCode;
        pick         = code_pick;
        m_req_beat_o = code_beat_i[32'(code_pick) * 32 +: 32];
      end else begin
        any          = weight_valid_i != '0;
        kind         = KindWeight;
        pick         = weight_pick;
        m_req_beat_o = weight_beat_i[32'(weight_pick) * 32 +: 32];
      end
    end
  end
  assign m_req_valid_o = any && tag_ready;
  assign go            = m_req_valid_o && m_req_ready_i;
  always_comb begin
    dir_ready_o    = '0;
    code_ready_o   = '0;
    weight_ready_o = '0;
    for (int k = 0; k < Clusters; k++) begin
      dir_ready_o[k] = go && kind == KindDirectory && 32'(pick) == k;
    end
    for (int s = 0; s < Sets; s++) begin
      code_ready_o[s]   = go && kind == KindCode && 32'(pick) == s;
      weight_ready_o[s] = go && kind == KindWeight && 32'(pick) == s;
    end
  end

  // ---- beats: who has asked ----
  logic [1:0]      tag_kind;
  logic [SetW-1:0] tag_pick;
  logic            tag_valid;
  mv_fifo #(
    .Width(2 + SetW),
    .Depth(Outstanding)
  ) u_tags (
    .clk_i       (clk_i),
    .rst_ni      (rst_ni),
    .push_valid_i(go),
    .push_ready_o(tag_ready),
    .push_data_i ({kind, pick}),
    .pop_valid_o (tag_valid),
    .pop_ready_i (m_rsp_valid_i),
    .pop_data_o  ({tag_kind, tag_pick})
  );
  assign beat_data_o = m_rsp_data_i;
  assign idle_o      = !tag_valid;
  always_comb begin
    for (int k = 0; k < Clusters; k++) begin
      dir_beat_valid_o[k] = m_rsp_valid_i && tag_valid &&
                            ((tag_kind == KindDirectory && 32'(tag_pick) == k) ||
                             (tag_kind == KindHeader && got_q == BeatW'(HeaderBeats)));
    end
    for (int s = 0; s < Sets; s++) begin
      code_beat_valid_o[s]   = m_rsp_valid_i && tag_valid && tag_kind == KindCode &&
                               32'(tag_pick) == s;
      weight_beat_valid_o[s] = m_rsp_valid_i && tag_valid && tag_kind == KindWeight &&
                               32'(tag_pick) == s;
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q       <= StIdle;
      asked_q       <= '0;
      got_q         <= '0;
      code_last_q   <= '0;
      weight_last_q <= '0;
    end else if (start_i) begin
      state_q       <= StHeader;
      asked_q       <= '0;
      got_q         <= '0;
      // So that a matrix takes as many cycles whatever ran before it.
      code_last_q   <= '0;
      weight_last_q <= '0;
    end else begin
      if (state_q == StHeader && go) asked_q <= asked_q + BeatW'(1);
      if (state_q == StHeader && m_rsp_valid_i) begin
        got_q <= got_q + BeatW'(1);
        if (got_q == BeatW'(HeaderBeats)) state_q <= StCheck;
      end
      if (state_q == StCheck) begin
        if (magic == mv_isa_pkg::HeaderMagic && hash == ConfigHash) state_q <= StRun;
        else state_q <= StError;
      end
      if (go && kind == KindCode) code_last_q <= pick;
      if (go && kind == KindWeight) weight_last_q <= pick;
    end
  end
  always_ff @(posedge clk_i) begin
    if (state_q == StHeader && m_rsp_valid_i && got_q != BeatW'(HeaderBeats)) begin
      header_q <= HeaderBits'({m_rsp_data_i, header_q} >> PortBits);
    end
  end

`ifdef VERILATOR
  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (rst_ni) begin
      CodesWait: cover (go && kind == KindDirectory && code_valid_i != '0);
      WeightsWait: cover (go && kind == KindCode && weight_valid_i != '0);
      MemoryStalls: cover (m_req_valid_o && !m_req_ready_i);
      AsksWhileBeatComes: cover (go && m_rsp_valid_i);
      NobodyAsks: cover (state_q == StRun && !any);
      HeaderRefused: cover (state_q == StCheck &&
                            (magic != mv_isa_pkg::HeaderMagic || hash != ConfigHash));
      TurnWraps: cover (go && kind == KindWeight && pick < weight_last_q);
      BeatsAwaited: assert (!m_rsp_valid_i || tag_valid)
        else $error("mv_fetch.BeatsAwaited: a beat that was not asked for");
      StartsIdle: assert (!start_i || idle_o)
        else $error("mv_fetch.StartsIdle: beats of the last image are on their way");
    end
  end
`endif
endmodule
