// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Whose turn it is: of those that ask, the next one after the last one served.

module mv_turn #(
  parameter int Places = 8,
  // derived
  localparam int PlaceW = (Places > 1) ? $clog2(Places) : 1
) (
  input  logic [Places-1:0] asks_i,
  input  logic [PlaceW-1:0] last_i,   // the last one served
  output logic [PlaceW-1:0] pick_o    // 0 if none asks
);
  // The lowest one after the last, otherwise the lowest of all: (last_i + k) % Places would be a
  // divider where Places is no power of two.
  always_comb begin
    pick_o = '0;
    for (int p = Places - 1; p >= 0; p--) if (asks_i[p]) pick_o = PlaceW'(p);
    for (int p = Places - 1; p >= 0; p--) begin
      if (asks_i[p] && p > 32'(last_i)) pick_o = PlaceW'(p);
    end
  end
endmodule
