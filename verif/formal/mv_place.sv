// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Proof of mv_place: what it finds is free, aligned and the lowest, and it finds what there is.
//
// proof: rtl mv_place.sv; depth 1; induction 1

module prove (input logic clk);
  localparam int Places = 6;
  localparam int Wide   = 2;
  (* anyseq *) logic              wide;
  (* anyseq *) logic [Places-1:0] busy;
  (* anyseq *) logic [2:0]        other;
  logic              found;
  logic [2:0]        place;
  logic [Places-1:0] taken, wanted, other_wanted;
  mv_place #(.Places(Places), .Wide(Wide)) dut (.wide_i(wide), .busy_i(busy), .found_o(found),
                                                .place_o(place), .taken_o(taken));

  // What would be taken at a place.
  assign wanted       = (wide ? 6'b11 : 6'b1) << place;
  assign other_wanted = (wide ? 6'b11 : 6'b1) << other;
  always_comb begin
    assume (other < Places && (!wide || !other[0]));
    TakenIsFree:  assert ((taken & busy) == '0);
    TakenIsPlace: assert (taken == (found ? wanted : '0));
    Aligned:      assert (!found || !wide || !place[0]);
    Lowest:       assert ((other_wanted & busy) != '0 || (found && place <= other));
    LastNarrow:   cover (found && !wide && place == 5);
    LastWide:     cover (found && wide && place == 4);
    NoneWide:     cover (!found && wide && busy != '1);
  end
endmodule
