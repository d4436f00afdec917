// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// The lowest free place of several; what is wide takes Wide places, from a multiple of Wide on.

module mv_place #(
  parameter int Places = 8,   // a multiple of Wide
  parameter int Wide   = 2,
  // derived
  localparam int PlaceW = $clog2(Places)
) (
  input  logic              wide_i,
  input  logic [Places-1:0] busy_i,
  output logic              found_o,
  output logic [PlaceW-1:0] place_o,   // the first one
  output logic [Places-1:0] taken_o
);
  if (Places < 1 || Wide < 1 || Places % ((Wide > 0) ? Wide : 1) != 0) begin : g_bad_places
`ifdef VERILATOR
    $fatal(0, "mv_place: Places must be a multiple of Wide, both at least 1");
`else
    mv_place__places_must_be_a_multiple_of_wide_both_at_least_1 u_illegal ();
`endif
  end

  always_comb begin
    found_o = 1'b0;
    place_o = '0;
    taken_o = '0;
    for (int place = Places - 1; place >= 0; place--) begin
      if (!wide_i && !busy_i[place]) begin
        found_o        = 1'b1;
        place_o        = PlaceW'(place);
        taken_o        = '0;
        taken_o[place] = 1'b1;
      end
      if (wide_i && place % Wide == 0 && busy_i[place - place % Wide +: Wide] == '0) begin
        found_o = 1'b1;
        place_o = PlaceW'(place);
        taken_o = '0;
        taken_o[place - place % Wide +: Wide] = '1;
      end
    end
  end

`ifdef VERILATOR
  always_comb begin
    AllBusy: cover (&busy_i);
    WideFindsNone: cover (wide_i && !found_o && !(&busy_i));
    WideFromLater: cover (wide_i && found_o && place_o != '0);
    LowestIsLater: cover (!wide_i && found_o && place_o != '0);
  end
`endif
endmodule
