// A function's name says which instructions have its field: array_ all of the array program, attend_ SCORES and
// OUTPUTS, matrix_, scores_ and outputs_ one kind, vector_ those of the vector program.
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

/// By a shift, as Verilator warns of an argument whose other bits a function does not read.
std::string function_of(const std::string& prefix, const InstructionField& field,
                        const std::string& argument = "instruction", const std::string& width = "InstructionW") {
  const std::string name = fmt::format("{}_{}", prefix, field.name);
  const std::string range = field.width == 1 ? "" : fmt::format(" [{}:0]", field.width - 1);
  return fmt::format(
      "  function automatic logic{} {}(input logic [{}-1:0] {});\n"
      "    {} = {}'({} >> ({} * 32 + {}));\n"
      "  endfunction\n",
      range, name, width, argument, name, field.width, argument, field.word, field.low);
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

std::string isa_package_source() {
  std::string text =
      "// Mixvec\n"
      "// SPDX-License-Identifier: Apache-2.0\n"
      "//\n"
      "// Fields of instructions (docs/isa.md), one function each: array_ of all instructions of the array\n"
      "// program, attend_ of SCORES and OUTPUTS, matrix_, scores_ and outputs_ of one kind, vector_ of the\n"
      "// vector program. header_, entry_, task_, run_: of an image's header, its entries, the tasks of its\n"
      "// directory and a run's header (docs/packed_format.md). Printed by golden/isa/isa_package.cpp from\n"
      "// the tables in golden/isa/layer_isa.cpp and golden/format/image_fields.hpp; a test compares.\n"
      "\n"
      "package mv_isa_pkg;\n"
      "  localparam int InstructionW = 256;\n"
      "\n";
  text += kinds_of<ArrayKind>("Array") + kinds_of<VectorKind>("Vector") + "\n";
  text += function_of("array", kKindField);

  const std::vector<InstructionField> matrix = fields_of(ArrayKind::kMatrix);
  const std::vector<InstructionField> scores = fields_of(ArrayKind::kScores);
  const std::vector<InstructionField> outputs = fields_of(ArrayKind::kOutputs);
  for (const InstructionField& field : matrix) {
    text += function_of(holds(scores, field) && holds(outputs, field) ? "array" : "matrix", field);
  }
  for (const InstructionField& field : scores) {
    if (holds(matrix, field) && holds(outputs, field)) continue;
    text += function_of(holds(outputs, field) ? "attend" : "scores", field);
  }
  for (const InstructionField& field : outputs) {
    if (!holds(scores, field)) text += function_of("outputs", field);
  }

  text += "\n" + function_of("vector", kKindField);
  std::vector<InstructionField> vector;
  for (const VectorKind kind : {VectorKind::kPass, VectorKind::kReciprocal, VectorKind::kRoot}) {
    for (const InstructionField& field : fields_of(kind)) {
      if (holds(vector, field)) continue;
      vector.push_back(field);
      text += function_of("vector", field);
    }
  }

  text += fmt::format(
      "\n"
      "  // Words of a header before those of its clusters, and their bits.\n"
      "  localparam int HeaderWords = {};\n"
      "  localparam int HeaderW     = HeaderWords * 32;\n"
      "  typedef enum logic [31:0] {{HeaderMagic = 32'h{:08X}}} header_magic_e;\n",
      kFixedHeaderWords, kImageMagic);
  const auto print = [&](const auto& fields, const std::string& of, const std::string& width) {
    for (const ImageField& f : fields) text += function_of(of, {f.name, f.word, f.low, f.width}, "fields", width);
  };
  print(kHeaderFields, "header", "HeaderW");
  text += fmt::format(
      "\n"
      "  // Of an entry, a task and a run's header.\n"
      "  localparam int EntryW = {};\n"
      "  localparam int TaskW  = {};\n"
      "  localparam int RunW   = {};\n",
      kEntryWords * 32, kTaskWords * 32, kRunHeaderBits);
  print(kEntryFields, "entry", "EntryW");
  print(kTaskFields, "task", "TaskW");
  print(kRunFields, "run", "RunW");
  return text + "endpackage\n";
}

}  // namespace mixvec::inline golden
