// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Fields of instructions (docs/isa.md), one function each: array_ of all instructions of the array
// program, attend_ of SCORES and OUTPUTS, matrix_, scores_ and outputs_ of one kind, vector_ of the
// vector program. header_, entry_, task_, run_: of an image's header, its entries, the tasks of its
// directory and a run's header (docs/packed_format.md). Printed by golden/isa/isa_package.cpp from
// the tables in golden/isa/layer_isa.cpp and golden/format/image_fields.hpp; a test compares.

package mv_isa_pkg;
  localparam int InstructionW = 256;

  typedef enum logic [3:0] {
    ArrayEnd = 4'd0,
    ArrayMatrix = 4'd1,
    ArrayScores = 4'd2,
    ArrayOutputs = 4'd3
  } array_kind_e;
  typedef enum logic [3:0] {
    VectorEnd = 4'd0,
    VectorPass = 4'd1,
    VectorReciprocal = 4'd2,
    VectorRoot = 4'd3
  } vector_kind_e;

  function automatic logic [3:0] array_kind(input logic [InstructionW-1:0] instruction);
    array_kind = 4'(instruction >> (0 * 32 + 0));
  endfunction
  function automatic logic [15:0] array_wait(input logic [InstructionW-1:0] instruction);
    array_wait = 16'(instruction >> (0 * 32 + 16));
  endfunction
  function automatic logic [15:0] array_row(input logic [InstructionW-1:0] instruction);
    array_row = 16'(instruction >> (2 * 32 + 0));
  endfunction
  function automatic logic [31:0] matrix_first_beat(input logic [InstructionW-1:0] instruction);
    matrix_first_beat = 32'(instruction >> (1 * 32 + 0));
  endfunction
  function automatic logic [15:0] matrix_key_word(input logic [InstructionW-1:0] instruction);
    matrix_key_word = 16'(instruction >> (3 * 32 + 0));
  endfunction
  function automatic logic [15:0] matrix_value_word(input logic [InstructionW-1:0] instruction);
    matrix_value_word = 16'(instruction >> (3 * 32 + 16));
  endfunction
  function automatic logic [15:0] matrix_kv_stride(input logic [InstructionW-1:0] instruction);
    matrix_kv_stride = 16'(instruction >> (4 * 32 + 0));
  endfunction
  function automatic logic [15:0] matrix_vector_row(input logic [InstructionW-1:0] instruction);
    matrix_vector_row = 16'(instruction >> (5 * 32 + 0));
  endfunction
  function automatic logic [15:0] matrix_table_entry(input logic [InstructionW-1:0] instruction);
    matrix_table_entry = 16'(instruction >> (5 * 32 + 16));
  endfunction
  function automatic logic [15:0] matrix_result_row(input logic [InstructionW-1:0] instruction);
    matrix_result_row = 16'(instruction >> (6 * 32 + 0));
  endfunction
  function automatic logic [15:0] matrix_kv_from(input logic [InstructionW-1:0] instruction);
    matrix_kv_from = 16'(instruction >> (6 * 32 + 16));
  endfunction
  function automatic logic [3:0] matrix_operation(input logic [InstructionW-1:0] instruction);
    matrix_operation = 4'(instruction >> (7 * 32 + 0));
  endfunction
  function automatic logic matrix_sums(input logic [InstructionW-1:0] instruction);
    matrix_sums = 1'(instruction >> (7 * 32 + 4));
  endfunction
  function automatic logic matrix_to_vector(input logic [InstructionW-1:0] instruction);
    matrix_to_vector = 1'(instruction >> (7 * 32 + 5));
  endfunction
  function automatic logic matrix_to_activation(input logic [InstructionW-1:0] instruction);
    matrix_to_activation = 1'(instruction >> (7 * 32 + 6));
  endfunction
  function automatic logic [15:0] matrix_key_channels(input logic [InstructionW-1:0] instruction);
    matrix_key_channels = 16'(instruction >> (7 * 32 + 16));
  endfunction
  function automatic logic attend_causal(input logic [InstructionW-1:0] instruction);
    attend_causal = 1'(instruction >> (0 * 32 + 4));
  endfunction
  function automatic logic [15:0] attend_word(input logic [InstructionW-1:0] instruction);
    attend_word = 16'(instruction >> (1 * 32 + 0));
  endfunction
  function automatic logic [15:0] attend_word_stride(input logic [InstructionW-1:0] instruction);
    attend_word_stride = 16'(instruction >> (1 * 32 + 16));
  endfunction
  function automatic logic [15:0] attend_row_stride(input logic [InstructionW-1:0] instruction);
    attend_row_stride = 16'(instruction >> (2 * 32 + 16));
  endfunction
  function automatic logic [15:0] attend_key_strips(input logic [InstructionW-1:0] instruction);
    attend_key_strips = 16'(instruction >> (3 * 32 + 0));
  endfunction
  function automatic logic [15:0] attend_channel_strips(input logic [InstructionW-1:0] instruction);
    attend_channel_strips = 16'(instruction >> (3 * 32 + 16));
  endfunction
  function automatic logic [15:0] attend_index(input logic [InstructionW-1:0] instruction);
    attend_index = 16'(instruction >> (4 * 32 + 0));
  endfunction
  function automatic logic [7:0] attend_last_keys(input logic [InstructionW-1:0] instruction);
    attend_last_keys = 8'(instruction >> (4 * 32 + 16));
  endfunction
  function automatic logic [7:0] attend_last_channels(input logic [InstructionW-1:0] instruction);
    attend_last_channels = 8'(instruction >> (4 * 32 + 24));
  endfunction
  function automatic logic [15:0] attend_turn(input logic [InstructionW-1:0] instruction);
    attend_turn = 16'(instruction >> (5 * 32 + 16));
  endfunction
  function automatic logic [15:0] scores_vector_row(input logic [InstructionW-1:0] instruction);
    scores_vector_row = 16'(instruction >> (5 * 32 + 0));
  endfunction
  function automatic logic [4:0] scores_key_bits(input logic [InstructionW-1:0] instruction);
    scores_key_bits = 5'(instruction >> (6 * 32 + 0));
  endfunction
  function automatic logic [15:0] scores_valid_keys(input logic [InstructionW-1:0] instruction);
    scores_valid_keys = 16'(instruction >> (7 * 32 + 0));
  endfunction
  function automatic logic [15:0] outputs_table_entry(input logic [InstructionW-1:0] instruction);
    outputs_table_entry = 16'(instruction >> (5 * 32 + 0));
  endfunction
  function automatic logic [15:0] outputs_result_row(input logic [InstructionW-1:0] instruction);
    outputs_result_row = 16'(instruction >> (6 * 32 + 0));
  endfunction

  function automatic logic [3:0] vector_kind(input logic [InstructionW-1:0] instruction);
    vector_kind = 4'(instruction >> (0 * 32 + 0));
  endfunction
  function automatic logic [1:0] vector_counter(input logic [InstructionW-1:0] instruction);
    vector_counter = 2'(instruction >> (1 * 32 + 30));
  endfunction
  function automatic logic [29:0] vector_value(input logic [InstructionW-1:0] instruction);
    vector_value = 30'(instruction >> (1 * 32 + 0));
  endfunction
  function automatic logic vector_buffer(input logic [InstructionW-1:0] instruction);
    vector_buffer = 1'(instruction >> (0 * 32 + 14));
  endfunction
  function automatic logic [3:0] vector_operation(input logic [InstructionW-1:0] instruction);
    vector_operation = 4'(instruction >> (0 * 32 + 4));
  endfunction
  function automatic logic vector_sums(input logic [InstructionW-1:0] instruction);
    vector_sums = 1'(instruction >> (0 * 32 + 8));
  endfunction
  function automatic logic vector_to_vector(input logic [InstructionW-1:0] instruction);
    vector_to_vector = 1'(instruction >> (0 * 32 + 9));
  endfunction
  function automatic logic vector_to_table(input logic [InstructionW-1:0] instruction);
    vector_to_table = 1'(instruction >> (0 * 32 + 10));
  endfunction
  function automatic logic vector_to_attention(input logic [InstructionW-1:0] instruction);
    vector_to_attention = 1'(instruction >> (0 * 32 + 11));
  endfunction
  function automatic logic vector_keys(input logic [InstructionW-1:0] instruction);
    vector_keys = 1'(instruction >> (0 * 32 + 12));
  endfunction
  function automatic logic vector_causal(input logic [InstructionW-1:0] instruction);
    vector_causal = 1'(instruction >> (0 * 32 + 13));
  endfunction
  function automatic logic vector_zero(input logic [InstructionW-1:0] instruction);
    vector_zero = 1'(instruction >> (0 * 32 + 15));
  endfunction
  function automatic logic [15:0] vector_rows(input logic [InstructionW-1:0] instruction);
    vector_rows = 16'(instruction >> (0 * 32 + 16));
  endfunction
  function automatic logic [15:0] vector_read_row(input logic [InstructionW-1:0] instruction);
    vector_read_row = 16'(instruction >> (2 * 32 + 0));
  endfunction
  function automatic logic [15:0] vector_write_row(input logic [InstructionW-1:0] instruction);
    vector_write_row = 16'(instruction >> (2 * 32 + 16));
  endfunction
  function automatic logic [15:0] vector_table_entry(input logic [InstructionW-1:0] instruction);
    vector_table_entry = 16'(instruction >> (3 * 32 + 0));
  endfunction
  function automatic logic [15:0] vector_norm_entry(input logic [InstructionW-1:0] instruction);
    vector_norm_entry = 16'(instruction >> (3 * 32 + 16));
  endfunction
  function automatic logic [15:0] vector_row(input logic [InstructionW-1:0] instruction);
    vector_row = 16'(instruction >> (4 * 32 + 0));
  endfunction
  function automatic logic [15:0] vector_row_stride(input logic [InstructionW-1:0] instruction);
    vector_row_stride = 16'(instruction >> (4 * 32 + 16));
  endfunction
  function automatic logic [15:0] vector_count(input logic [InstructionW-1:0] instruction);
    vector_count = 16'(instruction >> (5 * 32 + 0));
  endfunction
  function automatic logic [12:0] vector_epsilon_high(input logic [InstructionW-1:0] instruction);
    vector_epsilon_high = 13'(instruction >> (5 * 32 + 19));
  endfunction
  function automatic logic [63:0] vector_epsilon_low(input logic [InstructionW-1:0] instruction);
    vector_epsilon_low = 64'(instruction >> (6 * 32 + 0));
  endfunction

  // Words of a header before those of its clusters, and their bits.
  localparam int HeaderWords = 20;
  localparam int HeaderW     = HeaderWords * 32;
  typedef enum logic [31:0] {HeaderMagic = 32'h3258564D} header_magic_e;
  function automatic logic [31:0] header_magic(input logic [HeaderW-1:0] fields);
    header_magic = 32'(fields >> (0 * 32 + 0));
  endfunction
  function automatic logic [63:0] header_hash(input logic [HeaderW-1:0] fields);
    header_hash = 64'(fields >> (1 * 32 + 0));
  endfunction
  function automatic logic header_column(input logic [HeaderW-1:0] fields);
    header_column = 1'(fields >> (3 * 32 + 0));
  endfunction
  function automatic logic [3:0] header_entries(input logic [HeaderW-1:0] fields);
    header_entries = 4'(fields >> (3 * 32 + 4));
  endfunction
  function automatic logic [4:0] header_index_bits(input logic [HeaderW-1:0] fields);
    header_index_bits = 5'(fields >> (3 * 32 + 8));
  endfunction
  function automatic logic [3:0] header_code_bits(input logic [HeaderW-1:0] fields);
    header_code_bits = 4'(fields >> (3 * 32 + 16));
  endfunction
  function automatic logic [3:0] header_row_classes(input logic [HeaderW-1:0] fields);
    header_row_classes = 4'(fields >> (3 * 32 + 20));
  endfunction
  function automatic logic [511:0] header_entry(input logic [HeaderW-1:0] fields);
    header_entry = 512'(fields >> (4 * 32 + 0));
  endfunction

  // Of an entry, a task and a run's header.
  localparam int EntryW = 64;
  localparam int TaskW  = 64;
  localparam int RunW   = 26;
  function automatic logic [3:0] entry_length_log2(input logic [EntryW-1:0] fields);
    entry_length_log2 = 4'(fields >> (0 * 32 + 0));
  endfunction
  function automatic logic [15:0] entry_base(input logic [EntryW-1:0] fields);
    entry_base = 16'(fields >> (0 * 32 + 16));
  endfunction
  function automatic logic [15:0] entry_sentinel(input logic [EntryW-1:0] fields);
    entry_sentinel = 16'(fields >> (1 * 32 + 0));
  endfunction
  function automatic logic [31:0] task_first_beat(input logic [TaskW-1:0] fields);
    task_first_beat = 32'(fields >> (0 * 32 + 0));
  endfunction
  function automatic logic [31:0] task_code_beats(input logic [TaskW-1:0] fields);
    task_code_beats = 32'(fields >> (1 * 32 + 0));
  endfunction
  function automatic logic run_follows(input logic [RunW-1:0] fields);
    run_follows = 1'(fields >> (0 * 32 + 0));
  endfunction
  function automatic logic [2:0] run_entry(input logic [RunW-1:0] fields);
    run_entry = 3'(fields >> (0 * 32 + 1));
  endfunction
  function automatic logic [5:0] run_last_output(input logic [RunW-1:0] fields);
    run_last_output = 6'(fields >> (0 * 32 + 4));
  endfunction
  function automatic logic [15:0] run_last_chain(input logic [RunW-1:0] fields);
    run_last_chain = 16'(fields >> (0 * 32 + 10));
  endfunction
endpackage
