// The places of all fields, once, for encoding, decoding and describing.
#include "golden/isa/layer_isa.hpp"

#include <type_traits>

#include "golden/base/error.hpp"

namespace mixvec::inline golden {
namespace {

constexpr std::array<const char*, 4> kArrayKinds{"END", "MATRIX", "SCORES", "OUTPUTS"};
constexpr std::array<const char*, 5> kResultOperations{"none", "relu", "gelu_erf", "gelu_tanh", "add"};
constexpr std::array<const char*, 4> kVectorKinds{"END", "PASS", "RECIPROCAL", "ROOT"};
constexpr std::array<const char*, 4> kCounters{"matrices", "scores0", "scores1", "outputs"};

/// Calls visit(name, word, lowest bit, width, field) for every field that instructions of this kind have.
template <typename Instruction, typename Visit>
void visit_array(Instruction& i, const Visit& visit) {
  if (i.kind == ArrayKind::kEnd) return;
  visit("wait", 0, 16, 16, i.wait);
  visit("row", 2, 0, 16, i.row);
  if (i.kind == ArrayKind::kMatrix) {
    visit("first_beat", 1, 0, 32, i.first_beat);
    visit("key_word", 3, 0, 16, i.key_word);
    visit("value_word", 3, 16, 16, i.value_word);
    visit("kv_stride", 4, 0, 16, i.kv_stride);
    visit("vector_row", 5, 0, 16, i.vector_row);
    visit("table_entry", 5, 16, 16, i.table_entry);
    visit("result_row", 6, 0, 16, i.result_row);
    visit("kv_from", 6, 16, 16, i.kv_from);
    visit("operation", 7, 0, 4, i.operation);
    visit("sums", 7, 4, 1, i.sums);
    visit("to_vector", 7, 5, 1, i.to_vector);
    visit("to_activation", 7, 6, 1, i.to_activation);
    visit("key_channels", 7, 16, 16, i.key_channels);
    return;
  }
  visit("causal", 0, 4, 1, i.causal);
  visit("word", 1, 0, 16, i.word);
  visit("word_stride", 1, 16, 16, i.word_stride);
  visit("row_stride", 2, 16, 16, i.row_stride);
  visit("key_strips", 3, 0, 16, i.key_strips);
  visit("channel_strips", 3, 16, 16, i.channel_strips);
  visit("index", 4, 0, 16, i.index);
  visit("last_keys", 4, 16, 8, i.last_keys);
  visit("last_channels", 4, 24, 8, i.last_channels);
  visit("turn", 5, 16, 16, i.turn);
  if (i.kind == ArrayKind::kScores) {
    visit("vector_row", 5, 0, 16, i.vector_row);
    visit("key_bits", 6, 0, 5, i.key_bits);
    visit("valid_keys", 7, 0, 16, i.valid_keys);
  } else {
    visit("table_entry", 5, 0, 16, i.table_entry);
    visit("result_row", 6, 0, 16, i.result_row);
  }
}

template <typename Instruction, typename Visit>
void visit_vector(Instruction& i, const Visit& visit) {
  if (i.kind == VectorKind::kEnd) return;
  visit("counter", 1, 30, 2, i.counter);
  visit("value", 1, 0, 30, i.value);
  visit("buffer", 0, 14, 1, i.buffer);
  if (i.kind == VectorKind::kReciprocal) return;
  if (i.kind == VectorKind::kPass) {
    visit("operation", 0, 4, 4, i.operation);
    visit("sums", 0, 8, 1, i.sums);
    visit("to_vector", 0, 9, 1, i.to_vector);
    visit("to_table", 0, 10, 1, i.to_table);
    visit("to_attention", 0, 11, 1, i.to_attention);
    visit("keys", 0, 12, 1, i.keys);
    visit("causal", 0, 13, 1, i.causal);
    visit("zero", 0, 15, 1, i.zero);
    visit("rows", 0, 16, 16, i.rows);
    visit("read_row", 2, 0, 16, i.read_row);
    visit("write_row", 2, 16, 16, i.write_row);
    visit("table_entry", 3, 0, 16, i.table_entry);
    visit("norm_entry", 3, 16, 16, i.norm_entry);
    visit("row", 4, 0, 16, i.row);
    visit("row_stride", 4, 16, 16, i.row_stride);
  }
  visit("count", 5, 0, 16, i.count);
  if (i.keys) return;
  visit("epsilon_high", 5, 19, 13, i.epsilon_high);
  visit("epsilon_low", 6, 0, 64, i.epsilon_low);
}

/// The largest value of `width` bits, 1…64.
std::uint64_t largest(int width) { return ~std::uint64_t{0} >> static_cast<unsigned>(64 - width); }

/// A field as an unsigned number, whatever its type.
template <typename Field>
std::uint64_t number_of(const Field& field) {
  if constexpr (std::is_same_v<Field, bool>) {
    return field ? 1U : 0U;
  } else {
    return static_cast<std::uint64_t>(field);
  }
}

/// Writes fields into words.
class Writer {
 public:
  Writer(const char* kind, std::uint32_t number) : kind_(kind) { words_[0] = number; }

  template <typename Field>
  void operator()(const char* name, int word, int low, int width, const Field& field) const {
    const std::uint64_t value = number_of(field);
    const std::uint64_t most = largest(width);
    if (value > most) fail_input("{}: {}: found {}, expected at most {}", kind_, name, value, most);
    const auto at = static_cast<std::size_t>(word);
    words_[at] |= static_cast<std::uint32_t>(value << static_cast<unsigned>(low));
    if (width > 32) words_[at + 1] |= static_cast<std::uint32_t>(value >> 32U);
  }
  [[nodiscard]] const InstructionWords& words() const { return words_; }

 private:
  const char* kind_;
  mutable InstructionWords words_{};
};

/// Reads fields out of words.
struct Reader {
  const InstructionWords& words;

  template <typename Field>
  void operator()(const char*, int word, int low, int width, Field& field) const {
    const auto at = static_cast<std::size_t>(word);
    std::uint64_t value = words[at];
    if (width > 32) value |= std::uint64_t{words[at + 1]} << 32U;
    value >>= static_cast<unsigned>(low);
    field = static_cast<Field>(value & largest(width));
  }
};

/// Appends the fields that are not 0.
struct Describer {
  std::string& text;

  template <typename Field>
  void operator()(const char* name, int, int, int, const Field& field) const {
    if (number_of(field) == 0) return;
    if constexpr (std::is_enum_v<Field>) {
      text += fmt::format(" {}={}", name, name_of(field));
    } else if constexpr (std::is_same_v<Field, bool>) {
      text += fmt::format(" {}", name);
    } else {
      text += fmt::format(" {}={}", name, field);
    }
  }
};

/// Collects where the fields stand.
struct Places {
  std::vector<InstructionField>& fields;

  template <typename Field>
  void operator()(const char* name, int word, int low, int width, const Field&) const {
    fields.push_back({name, word, low, width});
  }
};

std::uint32_t instruction_kind(const char* program, const InstructionWords& words) {
  const std::uint32_t kind = words[0] & 15U;
  if (kind > 3) fail_input("instruction of the {} program: kind: found {}, expected 0…3", program, kind);
  return kind;
}

template <typename Instruction>
void require_same(const Instruction& instruction, const InstructionWords& words) {
  const InstructionWords expected = encode(instruction);
  for (std::size_t w = 0; w < words.size(); ++w) {
    if (words[w] != expected[w]) {
      fail_input("{}: word {}: found {:#010x}, expected {:#010x}: the other bits belong to no field",
                 name_of(instruction.kind), w, words[w], expected[w]);
    }
  }
}

}  // namespace

const char* name_of(ArrayKind kind) { return kArrayKinds.at(static_cast<std::size_t>(kind)); }
const char* name_of(ResultOperation operation) { return kResultOperations.at(static_cast<std::size_t>(operation)); }
const char* name_of(VectorKind kind) { return kVectorKinds.at(static_cast<std::size_t>(kind)); }
const char* name_of(BeatCounter counter) { return kCounters.at(static_cast<std::size_t>(counter)); }
const char* name_of(PassOperation operation) {
  switch (operation) {
    case PassOperation::kExp:
      return "exp";
    case PassOperation::kScale:
      return "scale";
    case PassOperation::kNorm:
      return "norm";
    default:
      return "copy";
  }
}

InstructionWords encode(const ArrayInstruction& instruction) {
  const Writer writer(name_of(instruction.kind), static_cast<std::uint32_t>(instruction.kind));
  visit_array(instruction, writer);
  return writer.words();
}

InstructionWords encode(const VectorInstruction& instruction) {
  const Writer writer(name_of(instruction.kind), static_cast<std::uint32_t>(instruction.kind));
  visit_vector(instruction, writer);
  return writer.words();
}

ArrayInstruction decode_array(const InstructionWords& words) {
  ArrayInstruction instruction;
  instruction.kind = static_cast<ArrayKind>(instruction_kind("array", words));
  visit_array(instruction, Reader{words});
  if (instruction.operation > ResultOperation::kAdd) {
    fail_input("MATRIX: operation: found {}, expected 0…4", static_cast<int>(instruction.operation));
  }
  require_same(instruction, words);
  return instruction;
}

VectorInstruction decode_vector(const InstructionWords& words) {
  VectorInstruction instruction;
  instruction.kind = static_cast<VectorKind>(instruction_kind("vector", words));
  visit_vector(instruction, Reader{words});
  const auto operation = static_cast<int>(instruction.operation);
  if (operation != 0 && (operation < 5 || operation > 7)) {
    fail_input("PASS: operation: found {}, expected 0 or 5…7", operation);
  }
  require_same(instruction, words);
  return instruction;
}

std::vector<InstructionField> fields_of(ArrayKind kind) {
  std::vector<InstructionField> fields;
  ArrayInstruction instruction;
  instruction.kind = kind;
  visit_array(instruction, Places{fields});
  return fields;
}

std::vector<InstructionField> fields_of(VectorKind kind) {
  std::vector<InstructionField> fields;
  VectorInstruction instruction;
  instruction.kind = kind;
  visit_vector(instruction, Places{fields});
  return fields;
}

std::string describe(const ArrayInstruction& instruction) {
  std::string text = name_of(instruction.kind);
  visit_array(instruction, Describer{text});
  return text;
}

std::string describe(const VectorInstruction& instruction) {
  std::string text = name_of(instruction.kind);
  visit_vector(instruction, Describer{text});
  return text;
}

}  // namespace mixvec::inline golden
