// The instructions of a layer's two programs (docs/isa.md): what they mean, their 32-bit words, and a readable form.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace mixvec::inline golden {

/// An instruction as the accelerator holds it, word 0 first.
using InstructionWords = std::array<std::uint32_t, 8>;

/// Bit 15 of a result's index tells outputs of attention from scores.
inline constexpr std::uint32_t kOutputIndex = 1U << 15U;
/// kv_from of a matrix that gives neither keys nor values.
inline constexpr std::uint32_t kNoKeys = 65535;

enum class ArrayKind : std::uint8_t { kEnd, kMatrix, kScores, kOutputs };
const char* name_of(ArrayKind kind);  ///< "END", "MATRIX", "SCORES", "OUTPUTS"

/// What happens to a result of a matrix on its way to memory.
enum class ResultOperation : std::uint8_t { kNone, kRelu, kGeluErf, kGeluTanh, kAdd };
const char* name_of(ResultOperation operation);  ///< "none", "relu", "gelu_erf", "gelu_tanh", "add"

/// One instruction of the array program. A kind has the fields whose description names it, or names none; the others
/// keep their defaults.
struct ArrayInstruction {
  ArrayKind kind = ArrayKind::kEnd;
  std::uint32_t wait = 0;  ///< starts when so many instructions of the vector program have ended in this run
  /// Activation row of: MATRIX the image's position 0 · SCORES the head's first channel, OUTPUTS key slot 0, both of
  /// token group 0.
  std::uint32_t row = 0;
  std::uint32_t vector_row = 0;   ///< MATRIX, SCORES: vector row of the result with index 0
  std::uint32_t table_entry = 0;  ///< MATRIX: position table entry of result 0 · OUTPUTS: of index kOutputIndex
  std::uint32_t result_row = 0;   ///< MATRIX, OUTPUTS: activation row of position 0, for results that go there

  std::uint32_t first_beat = 0;                        ///< MATRIX: where its image begins
  std::uint32_t key_word = 0;                          ///< MATRIX: key/value word of result kv_from
  std::uint32_t value_word = 0;                        ///< MATRIX: the same of the first result of V
  std::uint32_t kv_stride = 0;                         ///< MATRIX: words from Lv channels to the next
  std::uint32_t kv_from = kNoKeys;                     ///< MATRIX: K are results from this index on
  std::uint32_t key_channels = 0;                      ///< MATRIX: results from kv_from + this on are V
  ResultOperation operation = ResultOperation::kNone;  ///< MATRIX: on results below kv_from
  bool sums = false;                                   ///< MATRIX: add up S₁ and S₂ of the results
  bool to_vector = false;                              ///< MATRIX: results go to the vector memory
  bool to_activation = false;                          ///< MATRIX: results go to the activation memory

  bool causal = false;               ///< SCORES, OUTPUTS: groups of keys meet no earlier group of tokens
  std::uint32_t word = 0;            ///< SCORES, OUTPUTS: key/value word of the head's first Lv channels, group 0
  std::uint32_t word_stride = 0;     ///< SCORES, OUTPUTS: words from Lv channels to the next
  std::uint32_t row_stride = 0;      ///< SCORES, OUTPUTS: activation rows from one token group to the next
  std::uint32_t key_strips = 0;      ///< SCORES, OUTPUTS: strips of Lv keys
  std::uint32_t channel_strips = 0;  ///< SCORES, OUTPUTS: strips of Lv channels
  std::uint32_t index = 0;           ///< SCORES, OUTPUTS: of the first result; outputs have bit 15 set
  std::uint32_t last_keys = 0;       ///< SCORES, OUTPUTS: keys of the last strip, 1…Lv
  std::uint32_t last_channels = 0;   ///< SCORES, OUTPUTS: channels of the last strip, 1…Lv
  std::uint32_t turn = 0;            ///< SCORES, OUTPUTS: set that takes the first strip
  std::uint32_t key_bits = 0;        ///< SCORES: b; the key of a result is its index mod 2^b, its buffer is bit b
  std::uint32_t valid_keys = 0;      ///< SCORES: keys from this one on are masked

  bool operator==(const ArrayInstruction&) const = default;
};

enum class VectorKind : std::uint8_t { kEnd, kPass, kReciprocal, kRoot };
const char* name_of(VectorKind kind);  ///< "END", "PASS", "RECIPROCAL", "ROOT"

enum class PassOperation : std::uint8_t { kCopy = 0, kExp = 5, kScale = 6, kNorm = 7 };
const char* name_of(PassOperation operation);  ///< "copy", "exp", "scale", "norm"

/// What an instruction of the vector program waits for: beats that have landed since the run began.
enum class BeatCounter : std::uint8_t { kMatrices, kScores0, kScores1, kOutputs };
const char* name_of(BeatCounter counter);  ///< "matrices", "scores0", "scores1", "outputs"

/// One instruction of the vector program; fields as above.
struct VectorInstruction {
  VectorKind kind = VectorKind::kEnd;
  BeatCounter counter = BeatCounter::kMatrices;  ///< waits until this counter …
  std::uint32_t value = 0;                       ///< … has reached this value
  bool buffer = false;                           ///< PASS, RECIPROCAL, ROOT: which of the statistics

  PassOperation operation = PassOperation::kCopy;  ///< PASS
  bool sums = false;                               ///< PASS: add up the sums of the results
  bool to_vector = false;                          ///< PASS: results go to the vector memory
  bool to_table = false;                           ///< PASS: to the activation memory through the position table
  bool to_attention = false;                       ///< PASS: to the activation memory in the layout of attention
  bool keys = false;              ///< PASS: rows are keys: groups before the row's are left out if causal, masks hold
  bool causal = false;            ///< PASS
  bool zero = false;              ///< PASS: the operand is +0 instead of a row
  std::uint32_t rows = 0;         ///< PASS
  std::uint32_t read_row = 0;     ///< PASS: vector row
  std::uint32_t write_row = 0;    ///< PASS: vector row
  std::uint32_t table_entry = 0;  ///< PASS: of the position table, for row 0
  std::uint32_t norm_entry = 0;   ///< PASS: of the norm table, for row 0
  std::uint32_t row = 0;          ///< PASS: activation row of position 0 (attention: of row 0, token group 0)
  std::uint32_t row_stride = 0;   ///< PASS: activation rows from one token group to the next, attention
  /// ROOT, and PASS without `keys`: n, channels of the norm · PASS with `keys`: keys from this one on are masked.
  std::uint32_t count = 0;
  std::uint64_t epsilon_low = 0;   ///< ROOT, PASS without `keys`: bits 63:0 of ε'
  std::uint32_t epsilon_high = 0;  ///< the same: bits 76:64

  bool operator==(const VectorInstruction&) const = default;
};

/// Throws InputError naming the field of a value that its bits do not hold.
InstructionWords encode(const ArrayInstruction& instruction);
InstructionWords encode(const VectorInstruction& instruction);

/// The reverse. Throws InputError for an unknown kind or operation and for bits that the kind does not use.
ArrayInstruction decode_array(const InstructionWords& words);
VectorInstruction decode_vector(const InstructionWords& words);

/// Where a field stands: from bit `low` of a word on, beyond 32 bits into the next word.
struct InstructionField {
  std::string name;
  int word = 0;
  int low = 0;
  int width = 0;

  bool operator==(const InstructionField&) const = default;
};
/// All instructions begin with their kind.
inline const InstructionField kKindField{"kind", 0, 0, 4};

/// The other fields of a kind; of PASS those with and without `keys`.
std::vector<InstructionField> fields_of(ArrayKind kind);
std::vector<InstructionField> fields_of(VectorKind kind);

/// "MATRIX wait=3 row=0 …": the kind and all fields that are not 0.
std::string describe(const ArrayInstruction& instruction);
std::string describe(const VectorInstruction& instruction);

}  // namespace mixvec::inline golden
