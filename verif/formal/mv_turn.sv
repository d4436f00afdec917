// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Proof of mv_turn: who is picked asks, and nobody who asks stands between the last one served and
// him. Five places, so that numbers exist that are no place.
//
// proof: rtl mv_turn.sv; depth 1; induction 1

module prove (input logic clk);
  localparam int Places = 5;
  (* anyseq *) logic [Places-1:0] asks;
  (* anyseq *) logic [2:0]        last;
  (* anyseq *) logic [2:0]        other;
  logic [2:0] pick;
  mv_turn #(.Places(Places)) dut (.asks_i(asks), .last_i(last), .pick_o(pick));

  // Places from the one after the last, in the order of turns.
  logic [3:0] turn_of_pick, turn_of_other;
  assign turn_of_pick  = (pick > last) ? pick - last : pick + Places - last;
  assign turn_of_other = (other > last) ? other - last : other + Places - last;

  always_comb begin
    assume (last < Places && other < Places);
    PickIsPlace: assert (pick < Places);
    PickAsks:    assert (asks == '0 || asks[pick]);
    NoneBetween: assert (!asks[other] || turn_of_pick <= turn_of_other);
    ZeroIfNone:  assert (asks != '0 || pick == '0);
    Wraps:       cover (asks[pick] && pick < last);
    Again:       cover (asks[pick] && pick == last);
  end
endmodule
