// Tests of what mutants are found in C++, of the texts that are made of them, and of what a compiler's errors say.
#include "flows/mutation/cpp/cpp_mutants.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "flows/mutation/cpp/cpp_tree.hpp"

namespace mixvec::inline flows {
namespace {

using Lines = std::vector<std::string>;

/// "KIND: before -> after" of each mutant of a text, sorted.
Lines cpp_changes_of_text(const std::string& text) {
  Lines lines;
  for (const Mutant& one : find_cpp_mutants("m.cpp", text)) {
    const std::string before = text.substr(one.begin, one.end - one.begin);
    lines.push_back(
        fmt::format("{}: {} -> {}", one.kind, before, one.replacement.empty() ? "nothing" : one.replacement));
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

/// The same of a function's body.
Lines cpp_changes(const std::string& body, const std::string& result = "void") {
  return cpp_changes_of_text(fmt::format("namespace n {{\n{} f(int a, int b) {{\n  {}\n}}\n}}\n", result, body));
}

TEST(CppMutants, OfOperators) {
  EXPECT_EQ(cpp_changes("return a < b;", "bool"), (Lines{"relation: a < b -> (a) <= (b)"}));
  EXPECT_EQ(cpp_changes("return a == b;", "bool"), (Lines{"relation: a == b -> (a) != (b)"}));
  EXPECT_EQ(cpp_changes("return a << b;", "int"), (Lines{"operator: a << b -> (a) >> (b)"}));
  EXPECT_EQ(cpp_changes("return -a;", "int"), (Lines{"negation: -a -> (a)"}));
  EXPECT_EQ(cpp_changes("return !x && y;", "bool"),
            (Lines{"negation: !x -> !!(x)", "operand: !x && y -> static_cast<bool>(!x)",
                   "operand: !x && y -> static_cast<bool>(y)", "operator: !x && y -> (!x) || (y)"}));
  EXPECT_EQ(cpp_changes("return a ? x : y;", "int"), (Lines{"choice: a ? x : y -> (a) ? (y) : (x)"}));
  EXPECT_EQ(cpp_changes("a += b;"), (Lines{"operator: a += b -> a -= b", "statement: a += b; -> nothing"}));
  // Texts are joined by +, and by nothing else.
  EXPECT_EQ(cpp_changes("return name + \"x\" + other;", "std::string"), Lines{});
}

TEST(CppMutants, BindAsTheLanguageDoes) {
  EXPECT_EQ(cpp_changes("return a + b * c < d;", "bool"),
            (Lines{"operator: a + b * c -> (a) - (b * c)", "operator: b * c -> (b) + (c)",
                   "relation: a + b * c < d -> (a + b * c) <= (d)"}));
  EXPECT_EQ(cpp_changes("return a - b - c;", "int"),
            (Lines{"operator: a - b - c -> (a - b) + (c)", "operator: a - b -> (a) + (b)"}));
  EXPECT_EQ(cpp_changes("return a & b == c;", "int"),
            (Lines{"operator: a & b == c -> (a) | (b == c)", "relation: b == c -> (b) != (c)"}));
}

TEST(CppMutants, OfNumbersAndCalls) {
  const std::vector<std::pair<const char*, const char*>> numbers = {{"0", "1"},
                                                                    {"7", "6"},
                                                                    {"10U", "11U"},
                                                                    {"0xfeU", "0xffU"},
                                                                    {"1'000", "1'001"},
                                                                    {"0.5F", "(0.5F + 1.0F)"},
                                                                    {"1e-3", "(1e-3 + 1.0)"},
                                                                    {"true", "false"}};
  for (const auto& [before, after] : numbers) {
    EXPECT_EQ(cpp_changes(fmt::format("return g({});", before)),
              (Lines{fmt::format("constant: {} -> {}", before, after)}));
  }
  EXPECT_EQ(cpp_changes("return std::min(a, b);", "double"), (Lines{"call: std::min(a, b) -> std::max(a, b)"}));
  EXPECT_EQ(cpp_changes("return std::max<std::size_t>(a, b);", "double"),
            (Lines{"call: std::max<std::size_t>(a, b) -> std::min<std::size_t>(a, b)"}));
  EXPECT_EQ(cpp_changes("return size();", "std::size_t"), (Lines{"result: size() -> (size()) + 1"}));
  EXPECT_EQ(cpp_changes("return good();", "bool"), (Lines{"negation: good() -> !(good())"}));
}

TEST(CppMutants, OfStatements) {
  EXPECT_EQ(cpp_changes("if (good) return; else g(a);"),
            (Lines{"condition: good -> false", "condition: good -> true", "jump: return; -> nothing",
                   "statement: g(a); -> nothing"}));
  EXPECT_EQ(cpp_changes("for (int i = 0; i < a; ++i) { if (b) break; continue; }"),
            (Lines{"condition: b -> false", "condition: b -> true", "constant: 0 -> 1", "jump: break; -> continue;",
                   "jump: continue; -> break;", "relation: i < a -> (i) <= (a)"}));
  // The end of a case is no end of a loop.
  EXPECT_EQ(cpp_changes("switch (a) { case 3: g(); break; default: break; }"), (Lines{"statement: g(); -> nothing"}));
  EXPECT_EQ(cpp_changes("while (a) ++b;"), (Lines{"condition: a -> false", "statement: ++b; -> nothing"}));
  EXPECT_EQ(cpp_changes("fmt::print(\"{}\", a + 1);"), Lines{});
  // A lambda's statements are its own.
  EXPECT_EQ(cpp_changes("const auto h = [&](int c) { a = c; };"), (Lines{"statement: a = c; -> nothing"}));
  EXPECT_EQ(cpp_changes("const std::vector<int> v(g(1), 2);"), (Lines{"constant: 1 -> 0", "constant: 2 -> 3"}));
}

TEST(CppMutants, OfMembers) {
  EXPECT_EQ(cpp_changes_of_text("class C : public B<3> {\n public:\n  explicit C(int a) : B(a + 1), c_{a} {}\n"
                                "  bool is() const { return c_ == 2; }\n\n private:\n  int c_ = 5;\n};\n"),
            (Lines{"constant: 1 -> 0", "constant: 2 -> 3", "operator: a + 1 -> (a) - (1)",
                   "relation: c_ == 2 -> (c_) != (2)"}));
  EXPECT_EQ(cpp_changes_of_text("template <int N>\nint f(int a) {\n  return a + N;\n}\n"),
            (Lines{"operator: a + N -> (a) - (N)"}));
}

TEST(CppMutants, LeaveAloneWhatMustBeConstant) {
  EXPECT_EQ(
      cpp_changes_of_text("constexpr int kA = 3 + 4;\nint b = 3;\nstatic_assert(kA < 9);\nenum E { kOne = 1 + 2 };\n"),
      Lines{});
  EXPECT_EQ(cpp_changes_of_text("consteval int f(int a) { return a + 1; }"), Lines{});
  EXPECT_EQ(cpp_changes("constexpr int c = 3 + 4;"), Lines{});
  EXPECT_EQ(cpp_changes("static const int c = 3 + 4;"), Lines{});
  // What g++ takes for constant whoever asks.
  EXPECT_EQ(cpp_changes("const int c = kOther + 4;"), Lines{});
  EXPECT_EQ(cpp_changes("const int c = other + 4;").size(), 2U);
  EXPECT_EQ(cpp_changes("std::array<int, 3 + 4> c;"), Lines{});
  EXPECT_EQ(cpp_changes("int c[3 + 4];"), Lines{});
  EXPECT_EQ(cpp_changes("switch (a) { case 3 + 4: return; }"), (Lines{"jump: return; -> nothing"}));
  EXPECT_EQ(cpp_changes("return std::get<1>(sizeof(int[2]));", "double"), Lines{});
  EXPECT_EQ(cpp_changes("if constexpr (3 < N) g();"), (Lines{"statement: g(); -> nothing"}));
  EXPECT_EQ(cpp_changes("\n#if A < B\n  a = b;\n#else\n  b = a;\n#endif\n  // a = b;\n  /* b = a; */"), Lines{});
}

TEST(CppMutants, WhatIsNotUnderstoodIsLeftAlone) {
  EXPECT_EQ(cpp_changes("a ~ b < c; g();"), (Lines{"statement: g(); -> nothing"}));
  EXPECT_EQ(cpp_changes("if (a b < c) { d = e; } g();"), (Lines{"statement: g(); -> nothing"}));
  EXPECT_EQ(count_not_understood("m.cpp", "void f() { a ~ b; g(); }"), 1U);
  for (const char* text : {"", "}", "{", "void f(", "void f() {", "void f() { a = ", "\"", "'", "R\"(", "/*", "#if",
                           "struct", "class A", "template <", "void f() { return a <", "void f() : a(", "operator"}) {
    find_cpp_mutants("m.cpp", text);
  }
  // As deep as a hostile file may be.
  for (const char* part :
       {"(", "!", "a ? b : ", "{", "f(", "[] { ", "if (a) ", "a = ", "namespace n { ", "template <int> "}) {
    std::string deep = "void f() { a = ";
    for (int i = 0; i < 20000; ++i) deep += part;
    find_cpp_mutants("m.cpp", deep);
    find_cpp_mutants("m.cpp", deep.substr(15));
  }
}

TEST(CppMutants, OfChecksAlone) {
  const std::string text = "void f() {\n  if (a < b) throw Failure();\n  if (a < c) d();\n  for (;;) e = g;\n}\n";
  const auto found = find_cpp_mutants(
      "m.cpp", text, [](std::string_view around) { return around.find("Failure") != std::string_view::npos; });
  ASSERT_EQ(found.size(), 3U);  // the relation and both conditions
  for (const Mutant& one : found) EXPECT_EQ(one.line, 2);
}

constexpr ChoiceWords kWords = {"on(", "!on(", ")", "{", " }"};

TEST(CppMutatedText, ChoosesByNumber) {
  const std::string text = "void f() {\n  while (g) {\n    a = b + 1;\n    break;\n  }\n}\n";
  std::vector<NumberedMutant> mutants;
  for (Mutant& one : find_cpp_mutants("m.cpp", text)) mutants.push_back({static_cast<int>(mutants.size()) + 1, one});
  ASSERT_EQ(mutants.size(), 5U);
  const MutatedText all = mutate_with_places(text, mutants, kWords);
  EXPECT_EQ(all.text,
            "void f() {\n  while ((on(1) ? (false) : (g))) {\n"
            "    { if (!on(2)) a = (on(3) ? ((b) - (1)) : (b + (on(4) ? (0) : (1)))); }\n"
            "    { if (on(5)) continue; else break; }\n  }\n}\n");
  ASSERT_EQ(all.places.size(), 5U);
  for (const ChoicePlace& one : all.places) {
    EXPECT_NE(all.text.substr(one.begin, one.end - one.begin).find(fmt::format("on({})", one.number)),
              std::string::npos);
  }
  EXPECT_EQ(mutate(text, mutants[4].mutant), "void f() {\n  while (g) {\n    a = b + 1;\n    continue;\n  }\n}\n");
}

TEST(CppMutatedText, ErrorsBlameTheInnermost) {
  const std::string text = "void f() {\n  a = b + 1;\n  c = d;\n}\n";
  std::vector<NumberedMutant> mutants;
  for (Mutant& one : find_cpp_mutants("x/m.cpp", text)) mutants.push_back({static_cast<int>(mutants.size()) + 1, one});
  ASSERT_EQ(mutants.size(), 4U);  // a = left out, +, 1, c = left out
  const std::map<std::string, MutatedText> texts = {{"x/m.cpp", mutate_with_places(text, mutants, kWords)}};
  const std::string& mutated = texts.at("x/m.cpp").text;
  const std::size_t line = mutated.find('\n') + 1;
  const auto blamed = [&](const std::string& what, std::size_t offset) {
    const std::size_t column = mutated.find(what, line) - line + 1 + offset;
    return blamed_mutants(fmt::format("In file x\n/tmp/tree/x/m.cpp:2:{}: error: no match\n", column), texts);
  };
  EXPECT_EQ(blamed("(b) - (1)", 4), (std::vector<int>{2}));
  EXPECT_EQ(blamed("(0) : (1)", 1), (std::vector<int>{3}));
  EXPECT_EQ(blamed("on(2)", 0), (std::vector<int>{2}));
  EXPECT_EQ(blamed("if (!on(1))", 0), (std::vector<int>{1}));
  // Of another file with such a name, of a warning.
  EXPECT_EQ(blamed_mutants("/tmp/tree/yx/m.cpp:2:9: error: no match\n", texts), std::vector<int>{});
  EXPECT_EQ(blamed_mutants("ninja: stopped\n", texts), std::vector<int>{});
  // An error of others, for which a line of ours asks.
  EXPECT_EQ(
      blamed_mutants("/usr/include/map:9:9: error: no match\n/tmp/tree/x/m.cpp:3:12:   required from here\n", texts),
      (std::vector<int>{4}));
}

}  // namespace
}  // namespace mixvec::inline flows
