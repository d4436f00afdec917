// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// A lane's statistics, of one row in each group: the largest result, the sums of X(y) and X(y)^2
// over results y (X(y) is the integer y * 2^24), whether one was not finite, and the factor r made
// of them. Softmax and LayerNorm share the sums.

module mv_vector_statistics #(
  parameter int Groups = 4,
  // derived
  localparam int GroupW = (Groups > 1) ? $clog2(Groups) : 1
) (
  input  logic              clk_i,
  // a result, which counts two cycles later
  input  logic [2:0]        en_i,   // its beat is in this cycle, one before, two before
  input  logic [15:0]       result_i,
  // with the last of them
  input  logic [GroupW-1:0] group_i,
  input  logic              start_i,   // forget the row before
  input  logic              skip_i,    // masked: leave the row as it is
  input  logic              max_i,     // what to update
  input  logic              sum_i,
  // factor r: binary32 without its sign, as it is never negative
  input  logic              write_i,
  input  logic [GroupW-1:0] write_group_i,
  input  logic [30:0]       write_factor_i,
  // readers
  input  logic [GroupW-1:0] row_group_i,
  output logic [15:0]       row_max_o,
  output logic [54:0]       row_sum_o,
  output logic              row_nonfinite_o,
  input  logic [GroupW-1:0] square_group_i,
  output logic [93:0]       square_o,
  input  logic [GroupW-1:0] factor_group_i,
  output logic [30:0]       factor_o
);
  // A row has up to 2^14 values of magnitude below 2^40.
  localparam int          SumW      = 55;
  localparam int          SquareW   = 94;
  // Order of keys is that of numbers: the bits of negative values inverted, the others behind them.
  // NaN is positive and so the largest.
  localparam logic [15:0] LowestKey = 16'h03FF;   // of -infinity

  // ---- significand and its square; then both shifted ----
  logic [10:0] significand;
  logic [4:0]  shift_s1_q;
  logic [10:0] significand_s1_q;
  logic [21:0] square_s1_q;
  logic        sign_s1_q, special_s1_q, special_s2_q;
  logic [15:0] key_s1_q, key_s2_q;
  logic [79:0] square_s2_q;
  logic [40:0] shifted, value_s2_q;
  assign significand = {|result_i[14:10], result_i[9:0]};
  assign shifted     = {30'd0, significand_s1_q} << shift_s1_q;
  always_ff @(posedge clk_i) begin
    if (en_i[0]) begin
      significand_s1_q <= significand;
      square_s1_q      <= {11'd0, significand} * {11'd0, significand};
      // Subnormal numbers and those of exponent 1 have the same unit; up to 29 for finite ones.
      shift_s1_q       <= result_i[14:10] - {4'd0, |result_i[14:10]};
      sign_s1_q        <= result_i[15];
      special_s1_q     <= &result_i[14:10];
      key_s1_q         <= result_i[15] ? ~result_i : {1'b1, result_i[14:0]};
    end
    if (en_i[1]) begin
      value_s2_q   <= (shifted ^ {41{sign_s1_q}}) + {40'd0, sign_s1_q};
      square_s2_q  <= {58'd0, square_s1_q} << {shift_s1_q, 1'b0};
      special_s2_q <= special_s1_q;
      key_s2_q     <= key_s1_q;
    end
  end

  // ---- rows ----
  logic [Groups*16-1:0]      max_q;
  logic [Groups*SumW-1:0]    sum_q;
  logic [Groups*SquareW-1:0] square_q;
  logic [Groups-1:0]         nonfinite_q;
  logic [Groups*31-1:0]      factor_q;
  logic [15:0]               max_before, max_after;
  logic [SumW-1:0]           sum_after;
  logic [SquareW-1:0]        square_after;
  logic                      nonfinite_after;
  assign max_before      = start_i ? LowestKey : max_q[32'(group_i)*16 +: 16];
  assign max_after       = (skip_i || key_s2_q < max_before) ? max_before : key_s2_q;
  assign sum_after       = (start_i ? {SumW{1'b0}} : sum_q[32'(group_i)*SumW +: SumW]) +
                           (skip_i ? {SumW{1'b0}} : {{(SumW-41){value_s2_q[40]}}, value_s2_q});
  assign square_after    = (start_i ? {SquareW{1'b0}} : square_q[32'(group_i)*SquareW +: SquareW]) +
                           (skip_i ? {SquareW{1'b0}} : {{(SquareW-80){1'b0}}, square_s2_q});
  assign nonfinite_after = (!start_i && nonfinite_q[group_i]) || (!skip_i && special_s2_q);

  for (genvar g = 0; g < Groups; g++) begin : g_group
    logic chosen;
    assign chosen = en_i[2] && group_i == GroupW'(g);
    always_ff @(posedge clk_i) begin
      if (chosen && max_i) max_q[g*16 +: 16] <= max_after;
      if (chosen && sum_i) begin
        sum_q[g*SumW +: SumW]          <= sum_after;
        square_q[g*SquareW +: SquareW] <= square_after;
        nonfinite_q[g]                 <= nonfinite_after;
      end
      if (write_i && write_group_i == GroupW'(g)) factor_q[g*31 +: 31] <= write_factor_i;
    end
  end

  logic [15:0] row_key;
  assign row_key         = max_q[32'(row_group_i)*16 +: 16];
  assign row_max_o       = row_key[15] ? {1'b0, row_key[14:0]} : ~row_key;
  assign row_sum_o       = sum_q[32'(row_group_i)*SumW +: SumW];
  assign row_nonfinite_o = nonfinite_q[row_group_i];
  assign square_o        = square_q[32'(square_group_i)*SquareW +: SquareW];
  assign factor_o        = factor_q[32'(factor_group_i)*31 +: 31];

`ifdef VERILATOR
  always_ff @(posedge clk_i) begin
    if (en_i[2]) begin
      MaximumStays: cover (max_i && !start_i && !skip_i && key_s2_q < max_before);
      MaximumGrows: cover (max_i && !start_i && !skip_i && key_s2_q > max_before);
      RowBeginsMasked: cover (max_i && start_i && skip_i);
      SumIsNegative: cover (sum_i && sum_after[SumW-1]);
      NotFinite: cover (sum_i && !start_i && special_s2_q);
      NotFiniteBefore: cover (sum_i && !start_i && nonfinite_q[group_i] && !special_s2_q);
    end
  end
`endif
endmodule
