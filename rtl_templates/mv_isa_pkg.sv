// Mixvec
// SPDX-License-Identifier: Apache-2.0
//
// Where the fields of instructions (docs/isa.md) begin, and behind // how many bits they have:
// Array of all instructions of the array program, Attend of SCORES and OUTPUTS, Matrix, Scores
// and Outputs of one kind, Vector of the vector program. Header, Entry, Task, Run: of an image's
// header, its entries, the tasks of its directory and a run's header (docs/packed_format.md). A
// field is read as 16'(matrix_i >> mv_isa_pkg::MatrixKeyWordAt); a test compares the widths. Not
// by functions: Verilator numbers their calls, and no two copies of a module would share code.
// Printed by golden/isa/isa_package.cpp from the tables in golden/isa/layer_isa.cpp and
// golden/format/image_fields.hpp; a test compares.

package mv_isa_pkg;
  // Widths are members of enums, too: of a parameter that a module does not use, Verilator warns.
  typedef enum int {InstructionW = 256} instruction_width_e;

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

  typedef enum int {
    ArrayKindAt = 0,              // 4
    ArrayWaitAt = 16,             // 16
    ArrayRowAt = 64               // 16
  } array_field_e;
  typedef enum int {
    MatrixFirstBeatAt = 32,       // 32
    MatrixKeyWordAt = 96,         // 16
    MatrixValueWordAt = 112,      // 16
    MatrixKvStrideAt = 128,       // 16
    MatrixVectorRowAt = 160,      // 16
    MatrixTableEntryAt = 176,     // 16
    MatrixResultRowAt = 192,      // 16
    MatrixKvFromAt = 208,         // 16
    MatrixOperationAt = 224,      // 4
    MatrixSumsAt = 228,           // 1
    MatrixToVectorAt = 229,       // 1
    MatrixToActivationAt = 230,   // 1
    MatrixKeyChannelsAt = 240     // 16
  } matrix_field_e;
  typedef enum int {
    AttendCausalAt = 4,           // 1
    AttendWordAt = 32,            // 16
    AttendWordStrideAt = 48,      // 16
    AttendRowStrideAt = 80,       // 16
    AttendKeyStripsAt = 96,       // 16
    AttendChannelStripsAt = 112,  // 16
    AttendIndexAt = 128,          // 16
    AttendLastKeysAt = 144,       // 8
    AttendLastChannelsAt = 152,   // 8
    AttendTurnAt = 176            // 16
  } attend_field_e;
  typedef enum int {
    ScoresVectorRowAt = 160,      // 16
    ScoresKeyBitsAt = 192,        // 5
    ScoresValidKeysAt = 224       // 16
  } scores_field_e;
  typedef enum int {
    OutputsTableEntryAt = 160,    // 16
    OutputsResultRowAt = 192      // 16
  } outputs_field_e;
  typedef enum int {
    VectorKindAt = 0,             // 4
    VectorCounterAt = 62,         // 2
    VectorValueAt = 32,           // 30
    VectorBufferAt = 14,          // 1
    VectorOperationAt = 4,        // 4
    VectorSumsAt = 8,             // 1
    VectorToVectorAt = 9,         // 1
    VectorToTableAt = 10,         // 1
    VectorToAttentionAt = 11,     // 1
    VectorKeysAt = 12,            // 1
    VectorCausalAt = 13,          // 1
    VectorZeroAt = 15,            // 1
    VectorRowsAt = 16,            // 16
    VectorReadRowAt = 64,         // 16
    VectorWriteRowAt = 80,        // 16
    VectorTableEntryAt = 96,      // 16
    VectorNormEntryAt = 112,      // 16
    VectorRowAt = 128,            // 16
    VectorRowStrideAt = 144,      // 16
    VectorCountAt = 160,          // 16
    VectorEpsilonHighAt = 179,    // 13
    VectorEpsilonLowAt = 192      // 64
  } vector_field_e;

  // Words of a header before those of its clusters, and their bits.
  typedef enum int {HeaderWords = 20, HeaderW = 640} header_width_e;
  typedef enum logic [31:0] {HeaderMagic = 32'h3258564D} header_magic_e;
  // Bits of an entry, a task and a run's header.
  typedef enum int {EntryW = 64} entry_width_e;
  typedef enum int {TaskW = 64} task_width_e;
  typedef enum int {RunW = 26} run_width_e;
  typedef enum int {
    HeaderMagicAt = 0,            // 32
    HeaderHashAt = 32,            // 64
    HeaderColumnAt = 96,          // 1
    HeaderEntriesAt = 100,        // 4
    HeaderIndexBitsAt = 104,      // 5
    HeaderCodeBitsAt = 112,       // 4
    HeaderRowClassesAt = 116,     // 4
    HeaderEntryAt = 128           // 512
  } header_field_e;
  typedef enum int {
    EntryLengthLog2At = 0,        // 4
    EntryBaseAt = 16,             // 16
    EntrySentinelAt = 32          // 16
  } entry_field_e;
  typedef enum int {
    TaskFirstBeatAt = 0,          // 32
    TaskCodeBeatsAt = 32          // 32
  } task_field_e;
  typedef enum int {
    RunFollowsAt = 0,             // 1
    RunEntryAt = 1,               // 3
    RunLastOutputAt = 4,          // 6
    RunLastChainAt = 10           // 16
  } run_field_e;
endpackage
