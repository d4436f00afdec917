// A field's name says which instructions have it: Array all of the array program, Attend SCORES and OUTPUTS, Matrix,
// Scores and Outputs one kind, Vector those of the vector program.
#include "golden/isa/isa_package.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <vector>

#include "golden/format/image_fields.hpp"
#include "golden/format/packed_image.hpp"
#include "golden/isa/layer_isa.hpp"

namespace mixvec::inline golden {
namespace {

bool holds(const std::vector<InstructionField>& fields, const InstructionField& field) {
  return std::find(fields.begin(), fields.end(), field) != fields.end();
}

/// "key_word" of "Matrix": MatrixKeyWordAt.
std::string name_in_rtl(const std::string& prefix, const std::string& name) {
  std::string text = prefix;
  bool begins = true;
  for (const char c : name) {
    if (c != '_') text += begins ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    begins = c == '_';
  }
  return text + "At";
}

/// Fields that one enum holds, so no two of them begin at the same bit.
struct FieldGroup {
  std::string prefix;
  std::vector<PackageField> fields;

  template <typename Field>
  void add(const Field& field) {
    fields.push_back({name_in_rtl(prefix, field.name), field.word * 32 + field.low, field.width});
  }
};

/// Members of an enum, with the width of each behind it.
std::string enum_of(const FieldGroup& group) {
  std::string text = "  typedef enum int {\n";
  for (const PackageField& f : group.fields) {
    const std::string member = fmt::format("{} = {}{}", f.name, f.low, &f == &group.fields.back() ? "" : ",");
    text += fmt::format("    {:<30}// {}\n", member, f.width);
  }
  std::string type = group.prefix;
  type.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(type.front())));
  return text + fmt::format("  }} {}_field_e;\n", type);
}

std::vector<FieldGroup> array_groups() {
  FieldGroup array{"Array", {}}, of_matrix{"Matrix", {}}, attend{"Attend", {}}, of_scores{"Scores", {}},
      of_outputs{"Outputs", {}};
  const std::vector<InstructionField> matrix = fields_of(ArrayKind::kMatrix);
  const std::vector<InstructionField> scores = fields_of(ArrayKind::kScores);
  const std::vector<InstructionField> outputs = fields_of(ArrayKind::kOutputs);
  array.add(kKindField);
  for (const InstructionField& field : matrix) {
    (holds(scores, field) && holds(outputs, field) ? array : of_matrix).add(field);
  }
  for (const InstructionField& field : scores) {
    if (holds(matrix, field) && holds(outputs, field)) continue;
    (holds(outputs, field) ? attend : of_scores).add(field);
  }
  for (const InstructionField& field : outputs) {
    if (!holds(scores, field)) of_outputs.add(field);
  }
  return {array, of_matrix, attend, of_scores, of_outputs};
}

FieldGroup vector_group() {
  FieldGroup group{"Vector", {}};
  group.add(kKindField);
  std::vector<InstructionField> seen;
  for (const VectorKind kind : {VectorKind::kPass, VectorKind::kReciprocal, VectorKind::kRoot}) {
    for (const InstructionField& field : fields_of(kind)) {
      if (holds(seen, field)) continue;
      seen.push_back(field);
      group.add(field);
    }
  }
  return group;
}

std::vector<FieldGroup> image_groups() {
  std::vector<FieldGroup> groups;
  const auto group = [&](const std::string& prefix, const auto& fields) {
    groups.push_back({prefix, {}});
    for (const ImageField& field : fields) groups.back().add(field);
  };
  group("Header", kHeaderFields);
  group("Entry", kEntryFields);
  group("Task", kTaskFields);
  group("Run", kRunFields);
  return groups;
}

/// An enum of the program's kinds: a module may leave some unused, which Verilator warns of for parameters.
template <typename Kind>
std::string kinds_of(const std::string& program) {
  std::string text = "  typedef enum logic [3:0] {\n";
  for (int k = 0; k <= 3; ++k) {
    std::string name = name_of(static_cast<Kind>(k));
    std::transform(name.begin() + 1, name.end(), name.begin() + 1, [](unsigned char c) { return std::tolower(c); });
    text += fmt::format("    {}{} = 4'd{}{}\n", program, name, k, k < 3 ? "," : "");
  }
  std::string type = program;
  type.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(type.front())));
  return text + fmt::format("  }} {}_kind_e;\n", type);
}

}  // namespace

std::vector<PackageField> isa_package_fields() {
  std::vector<PackageField> fields;
  const auto add = [&](const std::vector<FieldGroup>& groups) {
    for (const FieldGroup& group : groups) fields.insert(fields.end(), group.fields.begin(), group.fields.end());
  };
  add(array_groups());
  add({vector_group()});
  add(image_groups());
  return fields;
}

std::string isa_package_source() {
  std::string text =
      "// Mixvec\n"
      "// SPDX-License-Identifier: Apache-2.0\n"
      "//\n"
      "// Where the fields of instructions (docs/isa.md) begin, and behind // how many bits they have:\n"
      "// Array of all instructions of the array program, Attend of SCORES and OUTPUTS, Matrix, Scores\n"
      "// and Outputs of one kind, Vector of the vector program. Header, Entry, Task, Run: of an image's\n"
      "// header, its entries, the tasks of its directory and a run's header (docs/packed_format.md). A\n"
      "// field is read as 16'(matrix_i >> mv_isa_pkg::MatrixKeyWordAt); a test compares the widths. Not\n"
      "// by functions: Verilator numbers their calls, and no two copies of a module would share code.\n"
      "// Printed by golden/isa/isa_package.cpp from the tables in golden/isa/layer_isa.cpp and\n"
      "// golden/format/image_fields.hpp; a test compares.\n"
      "\n"
      "package mv_isa_pkg;\n"
      "  // Widths are members of enums, too: of a parameter that a module does not use, Verilator warns.\n"
      "  typedef enum int {InstructionW = 256} instruction_width_e;\n"
      "\n";
  text += kinds_of<ArrayKind>("Array") + kinds_of<VectorKind>("Vector") + "\n";
  for (const FieldGroup& group : array_groups()) text += enum_of(group);
  text += enum_of(vector_group());
  text += fmt::format(
      "\n"
      "  // Words of a header before those of its clusters, and their bits.\n"
      "  typedef enum int {{HeaderWords = {}, HeaderW = {}}} header_width_e;\n"
      "  typedef enum logic [31:0] {{HeaderMagic = 32'h{:08X}}} header_magic_e;\n"
      "  // Bits of an entry, a task and a run's header.\n"
      "  typedef enum int {{EntryW = {}}} entry_width_e;\n"
      "  typedef enum int {{TaskW = {}}} task_width_e;\n"
      "  typedef enum int {{RunW = {}}} run_width_e;\n",
      kFixedHeaderWords, kFixedHeaderWords * 32, kImageMagic, kEntryWords * 32, kTaskWords * 32, kRunHeaderBits);
  for (const FieldGroup& group : image_groups()) text += enum_of(group);
  return text + "endpackage\n";
}

}  // namespace mixvec::inline golden
