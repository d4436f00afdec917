// Checks the names of the RTL, and that the check itself finds what it should.
#include "generator/tests/rtl_check.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <regex>

#include "generator/emit.hpp"
#include "generator/legality.hpp"
#include "generator/resources.hpp"
#include "golden/files/input_file.hpp"
#include "golden/isa/isa_package.hpp"

namespace mixvec::inline generator {
namespace {

/// What is found in a module of these lines, the first of which is line 2.
std::vector<std::string> found(const std::string& lines) {
  return check_rtl("m.sv", "module m #(parameter int Width = 4) (input logic clk_i, input logic [Width-1:0] a_i);\n" +
                               lines + "\nendmodule\n");
}

using Lines = std::vector<std::string>;

TEST(RtlCheck, FindsUseBeforeDeclaration) {
  EXPECT_EQ(found("logic a;\nassign a = b;\nlogic b;"), Lines{"m.sv:3: b is used before its declaration"});
  EXPECT_EQ(found("logic unused;\nassign unused = ^{a_i,\n  b};\nlogic [3:0] a, b;"),
            Lines{"m.sv:4: b is used before its declaration"});
  // An instance's connection and a name that exists in another block alone would become nets of one bit.
  EXPECT_EQ(found("n u_n (.x_i(a_i), .y_o(y));\nlogic y;"), Lines{"m.sv:2: y is used before its declaration"});
  EXPECT_EQ(found("n #(.Depth(Width)) u_n [1:0] (.y_o(a_i));"), Lines{});
  EXPECT_EQ(found("if (Width > 1) begin : g_a\n  logic y;\nend\nassign y = 1'b1;"),
            Lines{"m.sv:5: y is used before its declaration"});
  EXPECT_EQ(found("for (genvar i = 0; i < Width; i++) begin : g_i\n  logic c;\n  assign c = a_i[k];\nend"),
            Lines{"m.sv:4: k is used before its declaration"});
  EXPECT_EQ(found("logic [N-1:0] a;\nlocalparam int N = 2;"), Lines{"m.sv:2: N is used before its declaration"});
  EXPECT_EQ(found("function automatic logic f(input logic x);\n  f = x ^ z;\nendfunction\nlogic z;"),
            Lines{"m.sv:3: z is used before its declaration"});
}

TEST(RtlCheck, KnowsPackagesAndLabelsOfAssertions) {
  EXPECT_EQ(found("logic [mv_pkg::width_of(Width)-1:0] a;\nassign a = mv_pkg::One;"), Lines{});
  EXPECT_EQ(found("assign a_i = mv_pkg::f(b);"), Lines{"m.sv:2: b is used before its declaration"});
  EXPECT_EQ(found("always_ff @(posedge clk_i) begin\n  Right: assert (a_i != '0) else $error(\"b\");\nend"), Lines{});
  EXPECT_EQ(found("always_ff @(posedge clk_i) begin\n  Met: cover (a_i != '0);\nend"), Lines{});
  EXPECT_EQ(found("always_ff @(posedge clk_i) begin\n  Right: assert (b);\nend"),
            Lines{"m.sv:3: b is used before its declaration"});
}

TEST(RtlCheck, FindsNamesThatDifferInCaseAlone) {
  EXPECT_EQ(found("localparam int Sum = 1;\nlogic sum;"), Lines{"m.sv:3: Sum and sum differ in case alone"});
  EXPECT_EQ(found("logic width;"), Lines{"m.sv:2: Width and width differ in case alone"});
  EXPECT_EQ(found("logic a;\nalways_comb begin\n  logic [1:0] A;\n  A = 2'd0;\n  a = A[0];\nend"),
            Lines{"m.sv:4: a and A differ in case alone"});
  EXPECT_EQ(check_rtl("two.sv", "module a;\nlogic x;\nendmodule\nmodule b;\nlogic X;\nendmodule\n"), Lines{});
}

TEST(RtlCheck, FindsEnumsFromConditions) {
  const std::string type = "typedef enum logic [1:0] {StA, StB} state_e;\nstate_e state_q, state_d;\nlogic b;\n";
  EXPECT_EQ(found(type + "always_ff @(posedge clk_i) state_q <= b ? StA : StB;"),
            Lines{"m.sv:5: state_q of state_e is assigned from ?:, use if"});
  EXPECT_EQ(found(type + "assign state_d = (b ? StA : StB);"),
            Lines{"m.sv:5: state_d of state_e is assigned from ?:, use if"});
  EXPECT_EQ(found(type + "always_comb begin\n  case (state_q)\n    StA: state_d = b ? StB : StA;\n  endcase\nend"),
            Lines{"m.sv:7: state_d of state_e is assigned from ?:, use if"});
  EXPECT_EQ(found(type + "assign state_d = state_e'(b ? StA : StB);"),
            Lines{"m.sv:5: state_d of state_e is assigned from ?:, use if"});
  EXPECT_EQ(found(type + "always_ff @(posedge clk_i) if (b) state_q <= StB;\n"
                         "assign state_d = StA;\nlogic c;\nassign c = b ? a_i[0] : a_i[1];"),
            Lines{});
}

TEST(RtlCheck, FindsFunctionCallsAsIndexOfNonblockingAssignments) {
  const std::string function =
      "function automatic logic [1:0] f(input logic x);\n  f = {x, x};\nendfunction\nlogic [3:0] m_q;\n";
  EXPECT_EQ(found(function + "always_ff @(posedge clk_i) begin\n  if (a_i[0]) m_q[f(a_i[0])] <= 1'b1;\nend"),
            Lines{"m.sv:7: m_q: a function call as the index of a nonblocking assignment"});
  EXPECT_EQ(found(function + "logic c;\nassign c = m_q[f(a_i[0])] <= a_i[1];\n"
                             "always_ff @(posedge clk_i) m_q[1:0] <= f(a_i[0]);"),
            Lines{});
}

TEST(RtlCheck, FindsParametersThatFollowFromOthers) {
  EXPECT_EQ(
      check_rtl("m.sv", "module m #(\n  parameter int N = 4,\n  parameter int W = (N > 1) ? $clog2(N) : 1\n) ();"),
      Lines{"m.sv:3: W follows from N, so it is a localparam"});
  EXPECT_EQ(check_rtl("m.sv",
                      "module m #(\n  parameter int N = 2 * (4 + 1),\n  parameter logic [63:0] Hash = 64'h0,\n"
                      "  localparam int W = $clog2(N)\n) (input logic [W-1:0] a_i);"),
            Lines{});
}

TEST(RtlCheck, FindsReferencesIntoInstancesAndBlocks) {
  EXPECT_EQ(found("n u_n ();\nlogic a;\nassign a = u_n.x;"),
            Lines{"m.sv:4: u_n is no signal: what is in it needs a port or a net"});
  EXPECT_EQ(found("if (Width > 1) begin : g_a\n  logic x;\nend\nlogic a;\nassign a = g_a.x;"),
            Lines{"m.sv:6: g_a is no signal: what is in it needs a port or a net"});
  EXPECT_EQ(found("typedef struct packed {logic x;} s_t;\ns_t s;\nlogic a;\nassign a = s.x;"), Lines{});
}

TEST(RtlCheck, FindsRegistersByOtherNames) {
  EXPECT_EQ(found("logic a_d;\nalways_ff @(posedge clk_i) a_d <= a_i[0];"),
            Lines{"m.sv:3: a_d is a register, so its name ends in _q"});
  EXPECT_EQ(found("logic [3:0] a;\nalways_ff @(posedge clk_i) begin\n  if (a_i[0]) a[0] <= a_i[0];\nend"),
            Lines{"m.sv:4: a is a register, so its name ends in _q"});
  EXPECT_EQ(
      found("logic [3:0] a;\nlogic b, c_q;\nalways_ff @(posedge clk_i) {a[c_q], c_q, b} <= a_i[2:0];"),
      (Lines{"m.sv:4: a is a register, so its name ends in _q", "m.sv:4: b is a register, so its name ends in _q"}));
  EXPECT_EQ(found("logic a_q, b;\nalways_ff @(posedge clk_i) a_q <= a_i[0];\nassign b = a_i <= 4'd3;"), Lines{});
  EXPECT_EQ(found("logic a_q, b_q, c;\nalways_ff @(posedge clk_i) {a_q, b_q} <= {a_i[0], c};\n"
                  "assign c = {a_q, b_q} <= a_i[1:0];"),
            Lines{});
}

TEST(RtlCheck, FindsBlockingAssignmentsOfRegisterBlocks) {
  EXPECT_EQ(found("logic a, a_q;\nalways_ff @(posedge clk_i) begin\n  a = a_i[0];\n  a_q <= a;\nend"),
            Lines{"m.sv:4: a: a blocking assignment in always_ff"});
  int forms = 0;
  for (const char* sign : {"=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>="}) {
    EXPECT_EQ(found(fmt::format("logic [3:0] a_q;\nalways_ff @(posedge clk_i) a_q {} a_i;", sign)),
              Lines{"m.sv:3: a_q: a blocking assignment in always_ff"})
        << sign;
    ++forms;
  }
  for (const char* statement : {"a_q++", "a_q--", "++a_q", "--a_q", "a_q[1]++"}) {
    EXPECT_EQ(found(fmt::format("logic [3:0] a_q;\nalways_ff @(posedge clk_i) begin\n  {};\nend", statement)),
              Lines{"m.sv:4: a_q: a blocking assignment in always_ff"})
        << statement;
    ++forms;
  }
  EXPECT_EQ(forms, 16);
  EXPECT_EQ(found("logic a_q, b_q;\nalways_ff @(posedge clk_i) if (a_i[0]) {a_q, b_q} = a_i[1:0];"),
            Lines{"m.sv:3: a_q, b_q: a blocking assignment in always_ff"});
  EXPECT_EQ(found("logic [3:0] a_q;\nlogic b, c;\nalways_ff @(posedge clk_i) begin\n"
                  "  for (int i = 0; i < 4; ++i) a_q[i] <= b ? a_q[0] : a_i[i] >> 1;\nend\n"
                  "always_comb begin\n  {b, c} = a_i[1:0];\n  b ^= c;\nend"),
            Lines{});
  EXPECT_EQ(found("logic a_q, b;\nalways_ff @(posedge clk_i) a_q <= b;\nalways_comb b = a_i[0];\nassign b = a_q;"),
            Lines{});
}

TEST(RtlCheck, FindsConnectionsByNameAlone) {
  EXPECT_EQ(found("n u_n (\n  .clk_i,\n  .a_i(a_i)\n);"), Lines{"m.sv:3: a connection by its name alone: .name(name)"});
  EXPECT_EQ(found("n u_n (.clk_i(clk_i), .a_i\n);"), Lines{"m.sv:2: a connection by its name alone: .name(name)"});
  EXPECT_EQ(found("n #(.Width) u_n (.a_i(a_i));"), Lines{"m.sv:2: a connection by its name alone: .name(name)"});
  EXPECT_EQ(found("typedef struct packed {logic x, y;} s_t;\ns_t s, t;\nlogic [1:0] a;\nassign a = {s.x, t.y};\n"
                  "n #(.Width(Width)) u_n (.clk_i (clk_i), .a_i\n  (s.x));"),
            Lines{});
}

TEST(RtlCheck, FindsHeadingsOfAnotherForm) {
  const std::string rule = ": a heading is \"// ---- text ----\" above what it heads";
  EXPECT_EQ(found("  // Operands\n\nlogic a;"), Lines{"m.sv:2" + rule});
  EXPECT_EQ(found("// Two\n// lines.\n\nlogic a;"), Lines{"m.sv:3" + rule});
  EXPECT_EQ(found("// ---- operands ----\n\nlogic a;"), Lines{"m.sv:2" + rule});
  EXPECT_EQ(found("// ---- operands\nlogic a;\n// --- operands ---\nlogic b;\n// ----  ----\nlogic c;"),
            (Lines{"m.sv:2" + rule, "m.sv:4" + rule, "m.sv:6" + rule}));
  EXPECT_EQ(found("  // ---- operands ----\n  // A comment.\n  logic a;   // another\n\n  // A third.\n  logic b;"),
            Lines{});
  EXPECT_EQ(check_rtl("m.sv", "// What the file is.\n\nmodule m ();\nendmodule\n"), Lines{});
}

TEST(RtlCheck, FindsPragmas) {
  const std::string rule = ": a pragma of Verilator's, for which there is mixvec.vlt";
  EXPECT_EQ(found("logic a  /*verilator public_flat_rd*/;\n/* verilator no_inline_module */\nlogic b;\n"
                  "// verilator lint_off UNUSED\nlogic c;"),
            (Lines{"m.sv:2" + rule, "m.sv:3" + rule, "m.sv:5" + rule}));
  EXPECT_EQ(found("// Verilator warns of it.\nlogic a;"), Lines{"m.sv:2" + rule});
  EXPECT_EQ(found("// Of it Verilator warns.\nlogic a;"), Lines{});
}

TEST(RtlCheck, FindsLongLines) {
  EXPECT_EQ(check_rtl_columns("m.sv", "// " + std::string(97, 'x') + "\n// " + std::string(98, 'x') + "\n"),
            Lines{"m.sv:2: 101 columns"});
  EXPECT_EQ(check_rtl_columns("m.sv", "// …" + std::string(96, 'x') + "\n"), Lines{});
}

TEST(RtlCheck, FindsFilesWithoutALicence) {
  const std::string head = "// Mixvec\n// SPDX-License-Identifier: Apache-2.0\n//\n// A file.\n\n";
  const Lines missing = {"m.sv:1: expected the project's name, the licence (SPDX) and what the file is"};
  EXPECT_EQ(check_rtl_head("m.sv", head + "module m;\nendmodule\n"), Lines{});
  EXPECT_EQ(check_rtl_head("m.sv", "// Mixvec\n// A file.\n\nmodule m;\nendmodule\n"), missing);
  EXPECT_EQ(check_rtl_head("m.sv", "module m;\nendmodule\n" + head), missing);
  EXPECT_EQ(check_rtl_head("m.sv", ""), missing);
}

TEST(RtlCheck, ReadsTheLanguageOfTheTemplates) {
  EXPECT_EQ(found("// a comment names nothing\n/* nor this */ (* keep *) logic [Width-1:0] a_q [2];\n"
                  "typedef struct packed {logic valid; logic [3:0] value;} pair_t;\npair_t pair;\n"
                  "assign pair = '{default: '0};\n"
                  "always_ff @(posedge clk_i) begin : p_write\n"
                  "  for (int i = 0; i < 2; i++) a_q[i] <= pair.value ^ Width'(a_i + 4'hf) ^ {4{pair.valid}};\nend\n"
                  "if (Width % 2 != 0) begin : g_odd\n  initial $error(\"Width is odd: never\");\nend\n"),
            Lines{});
}

TEST(RtlCheck, FindsNothingInTheRtl) {
  ConfigRequest request;
  request[&AccelConfig::pe] = 4;
  request[&AccelConfig::lanes] = 16;
  int modules = 0;
  Lines all;
  for (const EmittedFile& file : emit_accel(make_config(request))) {
    if (!file.path.ends_with(".sv") && !file.path.ends_with(".vlt")) continue;
    for (const std::string& line : check_rtl_head(file.path, file.text)) all.push_back(line);
    for (const std::string& line : check_rtl_columns(file.path, file.text)) all.push_back(line);
    if (!file.path.starts_with("rtl/") || file.path.ends_with(".vlt")) continue;
    ++modules;
    for (const std::string& line : check_rtl(file.path, file.text)) all.push_back(line);
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(MIXVEC_SOURCE_DIR "/verif")) {
    if (entry.path().extension() != ".sv") continue;
    const std::string path = entry.path().string();
    const std::string text = read_file(path);
    for (const std::string& line : check_rtl_head(path, text)) all.push_back(line);
    for (const std::string& line : check_rtl_columns(path, text)) all.push_back(line);
  }
  EXPECT_TRUE(all.empty()) << fmt::format("{}", fmt::join(all, "\n"));
  EXPECT_GT(modules, 30);
}

std::string rtl_text(const std::string& module) { return std::string(resource("rtl_templates/" + module + ".sv")); }

TEST(Instructions, AreReadByTheirFields) {
  // No bit of an instruction is selected by number: mv_isa_pkg says where its fields stand.
  const std::regex select(R"(\b(matrix|scores|outputs|pass|instruction|prog_data)_[ioq]\[)");
  int read = 0;
  for (const char* module : {"mv_layer", "mv_sequencer", "mv_slice"}) {
    const std::string text = rtl_text(module);
    EXPECT_FALSE(std::regex_search(text, select)) << module;
    for (std::size_t at = text.find("mv_isa_pkg::"); at != std::string::npos; at = text.find("mv_isa_pkg::", at + 1))
      ++read;
  }
  EXPECT_GT(read, 50);
  EXPECT_TRUE(std::regex_search(std::string("matrix_i[6*32 +: 16]"), select));
}

/// What is wrong with the reads of fields in a text: each is WIDTH'(BITS >> mv_isa_pkg::FIELD), of the table's width.
std::vector<std::string> wrong_reads(const std::string& text) {
  std::vector<std::string> wrong;
  const std::regex field(R"(mv_isa_pkg::(\w+At)\b)"), read(R"((\d+)'\([\w\[\]:+\-* ]+ >>\s+mv_isa_pkg::(\w+At)\))");
  std::map<std::string, int> widths;
  for (const PackageField& f : isa_package_fields()) widths[f.name] = f.width;
  const std::sregex_iterator end;
  for (std::sregex_iterator at(text.begin(), text.end(), read); at != end; ++at) {
    const auto expected = widths.find((*at)[2]);
    if (expected == widths.end() || std::to_string(expected->second) != (*at)[1]) wrong.push_back(at->str());
  }
  const auto count = [&](const std::regex& what) {
    return std::distance(std::sregex_iterator(text.begin(), text.end(), what), end);
  };
  if (count(field) != count(read)) wrong.push_back("a field that is not read as WIDTH'(BITS >> FIELD)");
  return wrong;
}

TEST(Instructions, FieldsAreReadInTheirWidth) {
  EXPECT_EQ(wrong_reads("16'(matrix_i >> mv_isa_pkg::MatrixKeyWordAt)"), Lines{});
  EXPECT_EQ(wrong_reads("15'(matrix_i >> mv_isa_pkg::MatrixKeyWordAt)").size(), 1U);
  EXPECT_EQ(wrong_reads("matrix_i[mv_isa_pkg::MatrixKeyWordAt +: 16]").size(), 1U);
  for (const Resource& file : resources()) {
    if (!file.path.ends_with(".sv")) continue;
    EXPECT_EQ(wrong_reads(std::string(file.text)), Lines{}) << file.path;
  }
}

/// The members of a module's struct.
std::string layout(const std::string& module, const std::string& type) {
  const std::string text = rtl_text(module);
  const std::size_t end = text.find("} " + type + ";");
  const std::size_t begin = text.rfind("typedef struct packed", end);
  return end == std::string::npos ? text : text.substr(begin, end - begin);
}

TEST(Layouts, JobsHaveOne) {
  const std::string written = layout("mv_sequencer", "job_t");
  EXPECT_NE(written.find("key_strips"), std::string::npos);
  EXPECT_EQ(written, layout("mv_attend", "job_t"));
}

TEST(Layouts, StepsHaveOne) {
  const std::string read = layout("mv_set_ctrl", "step_t");
  EXPECT_NE(read.find("shrinks"), std::string::npos);
  EXPECT_EQ(read, layout("mv_stream", "step_t"));
  EXPECT_EQ(read, layout("mv_attend", "step_t"));
}

}  // namespace
}  // namespace mixvec::inline generator
