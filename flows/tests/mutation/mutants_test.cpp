// Tests of what mutants are found in a module, and of the texts that are made of them.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "flows/mutation/mutant_draw.hpp"
#include "flows/mutation/planted_bugs.hpp"
#include "flows/mutation/proof/equivalence.hpp"
#include "flows/mutation/source/mutated_text.hpp"
#include "flows/mutation/source/sv_mutants.hpp"
#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/files/output.hpp"
#include "golden/tests/temporary_folder.hpp"

namespace mixvec::inline flows {
namespace {

/// A module with these items.
std::string module_of(const std::string& items) {
  return "module m #(\n  parameter int Width = 8\n) (\n  input logic clk_i\n);\n" + items + "\nendmodule\n";
}

/// "KIND: before -> after" of each mutant, sorted.
std::vector<std::string> changes(const std::string& items) {
  const std::string text = module_of(items);
  std::vector<std::string> lines;
  for (const Mutant& one : find_mutants("m.sv", text)) {
    const std::string before = text.substr(one.begin, one.end - one.begin);
    lines.push_back(fmt::format("{}: {} -> {}", one.kind, before, one.statement ? "nothing" : one.replacement));
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

using Lines = std::vector<std::string>;

TEST(Mutants, OfOperators) {
  EXPECT_EQ(changes("assign a_o = b < c;"), (Lines{"relation: b < c -> (b) <= (c)"}));
  EXPECT_EQ(changes("assign a_o = !b;"), (Lines{"negation: !b -> !(!(b))"}));
  EXPECT_EQ(changes("assign a_o = b && c;"),
            (Lines{"operand: b && c -> !(!(b))", "operand: b && c -> !(!(c))", "operator: b && c -> (b) || (c)"}));
  EXPECT_EQ(changes("assign a_o = c ? x : y;"), (Lines{"choice: c ? x : y -> (c) ? (y) : (x)"}));
  EXPECT_EQ(changes("assign a_o = &b;"), (Lines{"operator: &b -> |(b)"}));
}

TEST(Mutants, BindAsTheLanguageDoes) {
  // + before <, < before &&; from the left.
  EXPECT_EQ(changes("assign a_o = b + c - d < e;"),
            (Lines{"operator: b + c - d -> (b + c) + (d)", "operator: b + c -> (b) - (c)",
                   "relation: b + c - d < e -> (b + c - d) <= (e)"}));
  const Lines or_and = changes("assign a_o = b || c && d;");
  EXPECT_EQ(std::count(or_and.begin(), or_and.end(), "operator: b || c && d -> (b) && (c && d)"), 1);
}

TEST(Mutants, OfNumbers) {
  const std::vector<std::pair<const char*, const char*>> numbers = {
      {"1'b0", "1'b1"},   {"4'd7", "4'd6"}, {"4'd10", "4'd11"}, {"8'hfe", "8'hff"},
      {"8'hfb", "8'hfa"}, {"'0", "'1"},     {"3", "2"}};
  for (const auto& [before, after] : numbers) {
    EXPECT_EQ(changes(fmt::format("assign a_o = {};", before)),
              (Lines{fmt::format("constant: {} -> {}", before, after)}));
  }
}

TEST(Mutants, LeaveConstantsAlone) {
  // Widths, counts, ranges, parameters, ports, loops, connections and conditions of generate.
  EXPECT_EQ(changes("localparam int L = 3 + 4;"), Lines{});
  EXPECT_EQ(changes("logic [3+4:0] x;"), Lines{});
  EXPECT_EQ(changes("if (Width == 8) begin : g_a\n mv_b #(.W(1 + 2)) u_b (.a(b && c));\nend"), Lines{});
  EXPECT_EQ(changes("for (genvar i = 0; i < 3; i++) begin : g_i\nend"), Lines{});
  EXPECT_EQ(changes("assign a_o = (Width + 1)'(b);"), Lines{});
  EXPECT_EQ(changes("assign a_o = {(Width + 1){b}};"), Lines{});
  EXPECT_EQ(changes("assign a_o = b[Width - 1 : 2];"), Lines{});
  EXPECT_EQ(changes("assign a_o[i + 1] = b;"), Lines{});
  EXPECT_EQ(changes("assign a_o = $clog2(Width + 1);"), Lines{});
  EXPECT_EQ(changes("`ifdef VERILATOR\nassign a_o = b && c;\n`else\nassign a_o = b || c;\n`endif"), Lines{});
  EXPECT_EQ(changes("// assign a_o = b && c;\n/* assign a_o = b || c; */ (* keep = 1 *) logic x;"), Lines{});
}

TEST(Mutants, OfElements) {
  EXPECT_EQ(changes("assign a_o = b[i];"), (Lines{"index: i -> (i) ^ 1"}));
  EXPECT_EQ(changes("assign a_o = b[i +: Width];"), Lines{});
  EXPECT_EQ(changes("assign a_o = b[Width];"), Lines{});
  EXPECT_EQ(changes("assign a_o = b.c[3'd2];"), (Lines{"constant: 3'd2 -> 3'd3"}));
}

TEST(Mutants, OfStatements) {
  EXPECT_EQ(changes("always_ff @(posedge clk_i) a_q <= b;"), (Lines{"assignment: a_q <= b; -> nothing"}));
  EXPECT_EQ(changes("always_ff @(posedge clk_i) begin\n if (b) a_q <= c; else a_q <= d;\nend"),
            (Lines{"assignment: a_q <= c; -> nothing", "assignment: a_q <= d; -> nothing", "negation: b -> !(b)"}));
  // Combinational: what nothing else assigns would be a latch.
  EXPECT_EQ(changes("always_comb begin\n a = b;\n if (c) a = d;\nend"),
            (Lines{"assignment: a = d; -> nothing", "negation: c -> !(c)"}));
  EXPECT_EQ(changes("always_comb begin\n case (s)\n 2'd1: a = b;\n default: a = c;\n endcase\nend"),
            (Lines{"assignment: a = b; -> nothing", "assignment: a = c; -> nothing"}));
  // A reset that never or always holds is no small fault; each register's own is.
  EXPECT_EQ(changes("always_ff @(posedge clk_i or negedge rst_ni) if (!rst_ni) a_q <= '0;"),
            (Lines{"assignment: a_q <= '0; -> nothing", "constant: '0 -> '1"}));
}

TEST(Mutants, OfAPieceWithADirectiveThereAreNone) {
  const Lines found = changes("assign a_o = b &\n`ifdef FOO\n c &\n`endif\n (d < e);");
  EXPECT_EQ(found, (Lines{"relation: d < e -> (d) <= (e)"}));
}

TEST(Mutants, WhatIsNotUnderstoodIsRefused) {
  for (const char* items :
       {"initial a = b;", "always_comb a ~ b;", "assign a_o = ;", "assign a_o = b", "assign a_o = (b;"}) {
    EXPECT_THROW(find_mutants("m.sv", module_of(items)), InputError) << items;
  }
  EXPECT_THROW(find_mutants("m.sv", "module m;\n assign a = b;\n"), InputError);
  EXPECT_THROW(find_mutants("m.sv", "module m;\n typedef enum logic {"), InputError);
  // A proof compares the module of the file's name.
  EXPECT_THROW(find_mutants("other.sv", module_of("assign a_o = b && c;")), InputError);
  EXPECT_THROW(find_mutants("m.sv", module_of("assign a_o = b;") + "module n;\nendmodule\n"), InputError);
  EXPECT_THROW(find_mutants("m.sv", module_of("assign a_o = b + `FOO;")), InputError);
  // As deep as a hostile file may be.
  for (const char* part : {"(", "!", "a ? b : ", "{", "a[", "8'("}) {
    std::string deep = "assign a_o = ";
    for (int i = 0; i < 100000; ++i) deep += part;
    EXPECT_THROW(find_mutants("m.sv", module_of(deep + "b;")), InputError) << part;
  }
  std::string blocks = "always_comb ";
  for (int i = 0; i < 100000; ++i) blocks += "begin ";
  EXPECT_THROW(find_mutants("m.sv", module_of(blocks)), InputError);
}

TEST(MutatedText, HoldsOneFault) {
  const std::string text = module_of("assign a_o = b &&\n  c;\nalways_ff @(posedge clk_i) a_q <= b;");
  const std::vector<Mutant> mutants = find_mutants("m.sv", text);
  ASSERT_EQ(mutants.size(), 4U);
  std::set<std::string> seen = {text};
  for (const Mutant& one : mutants) {
    const std::string mutated = mutate(text, one);
    EXPECT_TRUE(seen.insert(mutated).second) << mutated;
    EXPECT_EQ(std::count(mutated.begin(), mutated.end(), '\n'), std::count(text.begin(), text.end(), '\n'));
  }
}

TEST(MutatedText, ChoosesByNumber) {
  const std::string text = module_of("assign a_o = b && c < d; // e\nalways_ff @(posedge clk_i) if (e) a_q <= 1'b0;");
  std::vector<NumberedMutant> mutants;
  for (Mutant& one : find_mutants("m.sv", text))
    mutants.push_back({static_cast<int>(mutants.size()) + 1, std::move(one)});
  ASSERT_EQ(mutants.size(), 7U);
  const std::string all = mutate_by_number(text, mutants);
  for (const NumberedMutant& one : mutants) {
    const std::string condition =
        fmt::format("mv_mutant_pkg::number {} {}", one.mutant.statement ? "!=" : "==", one.number);
    EXPECT_NE(all.find(condition), std::string::npos) << all;
  }
  EXPECT_EQ(std::count(all.begin(), all.end(), '\n'), std::count(text.begin(), text.end(), '\n'));
  EXPECT_EQ(std::count(all.begin(), all.end(), '('), std::count(all.begin(), all.end(), ')'));
  EXPECT_NE(all.find("; // e\n"), std::string::npos) << "what is around stays as it is";
  EXPECT_EQ(mutate_by_number(text, {}), text);
}

TEST(MutantDraw, IsThatOfItsSeed) {
  const RtlTexts rtl = read_rtl(MIXVEC_SOURCE_DIR "/rtl_templates");
  const auto lines = [&rtl](std::size_t count, std::uint64_t seed) {
    std::vector<std::string> found;
    for (const NumberedMutant& one : draw_mutants(rtl, {count, seed, ""})) {
      found.push_back(fmt::format("{} {} {}", one.mutant.file, one.mutant.begin, one.mutant.replacement));
    }
    return found;
  };
  const std::vector<std::string> drawn = lines(300, 1);
  EXPECT_EQ(drawn.size(), 300U);
  EXPECT_EQ(drawn, lines(300, 1));
  EXPECT_NE(drawn, lines(300, 2));
  std::map<std::string, int> files;
  for (const std::string& one : drawn) ++files[one.substr(0, one.find(' '))];
  for (const auto& [file, count] : files) EXPECT_LE(count, 25) << file;
  EXPECT_THROW(draw_mutants(rtl, {0, 1, "("}), InputError);
  EXPECT_THROW(draw_mutants(rtl, {0, 1, "no_such_file"}), InputError);
  EXPECT_THROW(draw_mutants(rtl, {100000000, 1, ""}), InputError);
}

TEST(MutantDraw, KeepsTheNumbersThatAreAskedFor) {
  const RtlTexts rtl = read_rtl(MIXVEC_SOURCE_DIR "/rtl_templates");
  const std::vector<NumberedMutant> all = draw_mutants(rtl, {100, 1, ""});
  std::vector<NumberedMutant> some = all;
  keep_numbers(some, {7, 93});
  ASSERT_EQ(some.size(), 2U);
  EXPECT_EQ(some[0].number, 7);
  EXPECT_EQ(some[1].number, 93);
  EXPECT_EQ(some[1].mutant.begin, all[92].mutant.begin);
  EXPECT_THROW(keep_numbers(some, {101}), InputError);
  EXPECT_THROW(keep_numbers(some, {0}), InputError);
}

TEST(MutantDraw, IsTheSameWhereOtherLinesChange) {
  RtlTexts rtl = read_rtl(MIXVEC_SOURCE_DIR "/rtl_templates");
  const auto names = [&rtl] {
    std::set<std::string> found;
    for (const NumberedMutant& one : draw_mutants(rtl, {300, 1, ""})) {
      found.insert(fmt::format("{}: {}", one.mutant.file, describe(one.mutant, rtl.at(one.mutant.file), 200)));
    }
    return found;
  };
  const std::set<std::string> before = names();
  std::string& text = rtl.at("mv_fifo.sv");
  text.insert(text.find("  assign push "), "  logic more;\n  assign more = push_valid_i && !pop_ready_i;\n\n");
  const std::set<std::string> after = names();
  std::vector<std::string> gone;
  std::set_difference(before.begin(), before.end(), after.begin(), after.end(), std::back_inserter(gone));
  // A few of the new line may have taken the place of others.
  EXPECT_LE(gone.size(), 5U);
}

TEST(PlantedBugs, AreFoundInTheRtl) {
  const RtlTexts rtl = read_rtl(MIXVEC_SOURCE_DIR "/rtl_templates");
  const std::vector<NumberedMutant> bugs = read_planted_bugs(MIXVEC_SOURCE_DIR "/verif/planted_bugs.txt", rtl);
  EXPECT_GE(bugs.size(), 150U);
  EXPECT_FALSE(read_planted_bugs(MIXVEC_SOURCE_DIR "/verif/unnoticed_bugs.txt", rtl).empty());
  std::set<std::string> texts;
  for (const NumberedMutant& one : bugs) {
    EXPECT_TRUE(texts.insert(mutate(rtl.at(one.mutant.file), one.mutant)).second) << one.mutant.file << one.mutant.line;
  }
}

TEST(PlantedBugs, AreRefusedWithTheirLine) {
  const TemporaryTestFolder folder;
  const RtlTexts rtl = {{"a.sv", "assign x = a && b;\nassign y = a && b;\nassign z = c;\n"}};
  const auto refused = [&](const std::string& text, const std::string& message) {
    write_file(folder.path / "bugs.txt", text);
    try {
      read_planted_bugs(folder.path / "bugs.txt", rtl);
      FAIL() << text;
    } catch (const InputError& error) {
      EXPECT_NE(std::string(error.what()).find(message), std::string::npos) << error.what();
    }
  };
  refused("# none\n\n", "no bug");
  refused("\nkind: a.sv: assign z = c;\n", "bugs.txt:2");
  refused("kind: b.sv: z = <|c => d|>;", "no file");
  refused("kind: a.sv: = <|a && b => a|>;", "more than once");
  refused("kind: a.sv: q = <|a && b => a|>;", "nowhere");
  refused("kind: a.sv: assign x = <|a && b => a|>;\nkind: a.sv: x = a <|&& b; => a|>", "overlap");
  write_file(folder.path / "bugs.txt", "kind: a.sv: z = <|c => !c|>;\nfirst: a.sv: x = a && <|b => 1'b0|>;\n");
  const std::vector<NumberedMutant> bugs = read_planted_bugs(folder.path / "bugs.txt", rtl);
  ASSERT_EQ(bugs.size(), 2U);
  EXPECT_EQ(bugs[0].mutant.kind, "first");
  EXPECT_EQ(bugs[1].mutant.line, 3);
  EXPECT_NE(mutate(rtl.at("a.sv"), bugs[1].mutant).find("assign z = (!c);"), std::string::npos);
}

TEST(MutantDraw, EveryModuleIsUnderstood) {
  const RtlTexts rtl = read_rtl(MIXVEC_SOURCE_DIR "/rtl_templates");
  std::map<std::string, std::size_t> files;
  for (const NumberedMutant& one : draw_mutants(rtl, {})) ++files[one.mutant.file];
  for (const auto& [file, text] : rtl) {
    const bool logic = text.find("  assign ") != std::string::npos || text.find("always_") != std::string::npos;
    // What connects parts or names constants has nothing to mutate.
    if (!logic || file == "mv_fp32_mul.sv") continue;
    EXPECT_GT(files[file], 0U) << file;
  }
}

TEST(Equivalence, FindsAModulesVariants) {
  const std::string rtlil =
      "module $paramod$12ab\\mv_fifo\nend\nmodule \\mv_fifo\nend\nmodule $paramod\\mv_fifo\\Depth=s32'1\n  attribute "
      "\\x 1\n"
      "module $paramod$12ab\\mv_fifo_two\nmodule $paramod\\mv_fifo_two\\A=1\nmodule \\not_mv_fifo\n";
  EXPECT_EQ(variants_of(rtlil, "mv_fifo"),
            (Lines{"$paramod$12ab\\mv_fifo", "\\mv_fifo", "$paramod\\mv_fifo\\Depth=s32'1"}));
  EXPECT_EQ(variants_of(rtlil, "mv_absent"), Lines{});
}

}  // namespace
}  // namespace mixvec::inline flows
