// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// A lane's n^2 * (variance + epsilon) of LayerNorm: U = n * S2 - S1^2 + epsilon, all integers. Both
// products are made bit by bit, highest first, in one accumulator: 54 steps, and one for epsilon.
// A row takes hundreds of cycles, so small is better than fast.

module mv_vector_variance (
  input  logic        clk_i,
  // begins: takes the magnitude of S1
  input  logic        load_i,
  input  logic [54:0] row_sum_i,
  // steps, in the cycles after it; S2 must stand still meanwhile
  input  logic        step_i,
  input  logic [5:0]  bit_number_i,     // of S1
  input  logic        channels_bit_i,   // the bit of n with the same weight
  input  logic        last_i,           // adds epsilon instead
  input  logic [93:0] row_square_i,
  input  logic [76:0] epsilon_i,
  // U as 55 bits, those from its leading one or the lowest
  output logic [54:0] window_o,
  output logic        sticky_o,   // something is set below them
  output logic [5:0]  shift_o     // weight of the lowest of them
);
  // n is at most 2^14 and |X| below 2^40, so |S1| is below 2^54, S2 below 2^94, n * S2 below 2^108
  // and U, epsilon (below 2^77) included, below 2^109. On the way the accumulator may be negative.
  logic [53:0]  sum_magnitude_q;
  logic [109:0] accumulator_q, accumulator_shifted, addend, subtrahend;
  assign accumulator_shifted = last_i ? accumulator_q : {accumulator_q[108:0], 1'b0};
  assign addend              = last_i ? {33'd0, epsilon_i} :
                               channels_bit_i ? {16'd0, row_square_i} : 110'd0;
  assign subtrahend          = (!last_i && sum_magnitude_q[bit_number_i]) ?
                               {56'd0, sum_magnitude_q} : 110'd0;
  always_ff @(posedge clk_i) begin
    if (load_i) begin
      sum_magnitude_q <= (row_sum_i[53:0] ^ {54{row_sum_i[54]}}) + {53'd0, row_sum_i[54]};
      accumulator_q   <= 110'd0;
    end else if (step_i) begin
      accumulator_q <= accumulator_shifted + addend - subtrahend;
    end
  end

  // Windows 27 bits apart: the leading one is among the upper 27 of the 55, and 28 more follow.
  always_comb begin
    if (|accumulator_q[108:82]) begin
      window_o = accumulator_q[108:54];
      sticky_o = |accumulator_q[53:0];
      shift_o  = 6'd54;
    end else if (|accumulator_q[81:55]) begin
      window_o = accumulator_q[81:27];
      sticky_o = |accumulator_q[26:0];
      shift_o  = 6'd27;
    end else begin
      window_o = accumulator_q[54:0];
      sticky_o = 1'b0;
      shift_o  = 6'd0;
    end
  end

`ifdef VERILATOR
  always_ff @(posedge clk_i) begin
    if (step_i && last_i) begin
      HighWindow: cover (shift_o == 6'd54);
      MiddleWindow: cover (shift_o == 6'd27);
      LowWindow: cover (shift_o == 6'd0);
    end
    NegativeSum: cover (load_i && row_sum_i[54]);
  end
`endif
endmodule
