// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Takes an image from the weight port: checks and keeps its header, then deals its beats out to the
// sets.

module mv_stream_in #(
  parameter int          Sets       = 8,
  parameter int          PortBits   = 512,
  parameter logic [63:0] ConfigHash = 64'h0
) (
  input  logic                clk_i,
  input  logic                rst_ni,
  input  logic                start_i,       // forget the last image, expect a header
  // weight port
  input  logic                w_valid_i,
  output logic                w_ready_o,
  input  logic [PortBits-1:0] w_data_i,
  // header, stable once header_valid_o
  output logic                header_valid_o,
  output logic                error_o,       // magic or hash mismatch: nothing is dealt out
  output logic                column_o,
  output logic [3:0]          entries_o,
  output logic [4:0]          index_bits_o,  // bits of an output index
  output logic [8*64-1:0]     entry_o,       // entry e at 64e: word A, then word B
  // beats, at most one set at a time
  output logic [Sets-1:0]     beat_valid_o,
  input  logic [Sets-1:0]     beat_ready_i,
  output logic [PortBits-1:0] beat_data_o
);
  localparam int          HeaderWords = 20 + Sets;
  localparam int          HeaderBeats = (HeaderWords * 32 + PortBits - 1) / PortBits;
  localparam int          HeaderBits  = HeaderBeats * PortBits;
  localparam int          BeatW       = $clog2(HeaderBeats + 1);
  localparam int          SetW        = (Sets > 1) ? $clog2(Sets) : 1;
  localparam logic [31:0] Magic       = 32'h3158_564D;

  typedef enum logic [2:0] {
    StIdle, StHeader, StCheck, StMax, StInit, StDeal, StDone, StError
  } state_e;

  state_e                state_q;
  logic [HeaderBits-1:0] header_q;
  logic [BeatW-1:0]      beat_q;
  logic [SetW-1:0]       scan_q;
  logic [31:0]           max_q;
  logic [31:0]           rounds_q;              // rounds begun
  logic [31:0]           acc_q [Sets];          // (r * n_s) mod n
  logic [Sets-1:0]       pending_q;             // sets still to get a beat in this round
  logic [Sets-1:0]       emit, lowest, rest;
  logic                  take, round_over;

  assign column_o       = header_q[96];
  assign entries_o      = header_q[103:100];
  assign index_bits_o   = header_q[108:104];
  assign entry_o        = header_q[128 +: 512];
  assign header_valid_o = (state_q == StDeal) || (state_q == StDone);
  assign error_o        = state_q == StError;

  // A round is a set of beats, lowest set first; the next round is ready when its last beat goes.
  always_comb begin
    for (int s = 0; s < Sets; s++) begin
      emit[s] = acc_q[s] < header_q[(20 + s) * 32 +: 32];
    end
  end
  assign lowest     = pending_q & (~pending_q + Sets'(1));
  assign rest       = pending_q & ~lowest;
  assign round_over = rest == '0;

  assign beat_data_o  = w_data_i;
  assign beat_valid_o = (state_q == StDeal && w_valid_i) ? lowest : '0;
  assign take         = (state_q == StDeal) && w_valid_i && ((lowest & beat_ready_i) != '0);
  assign w_ready_o    = (state_q == StHeader) ||
                        ((state_q == StDeal) && ((lowest & beat_ready_i) != '0));

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      state_q <= StIdle;
      beat_q  <= '0;
      scan_q  <= '0;
    end else if (start_i) begin
      state_q <= StHeader;
      beat_q  <= '0;
      scan_q  <= '0;
    end else begin
      unique case (state_q)
        StHeader: if (w_valid_i) begin
          beat_q <= beat_q + BeatW'(1);
          if (beat_q == BeatW'(HeaderBeats - 1)) state_q <= StCheck;
        end
        StCheck: begin
          if (header_q[31:0] == Magic && header_q[95:32] == ConfigHash) state_q <= StMax;
          else state_q <= StError;
        end
        StMax: begin
          scan_q <= scan_q + SetW'(1);
          if (scan_q == SetW'(Sets - 1)) state_q <= StInit;
        end
        StInit: state_q <= StDeal;
        StDeal: if (take && round_over && rounds_q == max_q) state_q <= StDone;
        default: ;
      endcase
    end
  end

  always_ff @(posedge clk_i) begin
    if (state_q == StHeader && w_valid_i) begin
      header_q <= HeaderBits'({w_data_i, header_q} >> PortBits);
    end
    if (state_q == StCheck) max_q <= '0;
    if (state_q == StMax && header_q[(20 + 32'(scan_q)) * 32 +: 32] > max_q) begin
      max_q <= header_q[(20 + 32'(scan_q)) * 32 +: 32];
    end
    if (state_q == StInit) begin
      // Round 0 gives every set a beat; acc_q is already that of round 1.
      rounds_q  <= 32'd1;
      pending_q <= {Sets{1'b1}};
      for (int s = 0; s < Sets; s++) begin
        acc_q[s] <= (header_q[(20 + s) * 32 +: 32] == max_q) ? '0 : header_q[(20 + s) * 32 +: 32];
      end
    end
    if (take) begin
      pending_q <= rest;
      if (round_over) begin
        pending_q <= emit;
        rounds_q  <= rounds_q + 32'd1;
        for (int s = 0; s < Sets; s++) begin
          if (acc_q[s] >= max_q - header_q[(20 + s) * 32 +: 32]) begin
            acc_q[s] <= acc_q[s] + header_q[(20 + s) * 32 +: 32] - max_q;
          end else begin
            acc_q[s] <= acc_q[s] + header_q[(20 + s) * 32 +: 32];
          end
        end
      end
    end
  end
endmodule
