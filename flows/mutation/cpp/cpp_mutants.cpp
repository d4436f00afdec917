// Walks over declarations to the bodies of functions, and over their statements.
#include "flows/mutation/cpp/cpp_mutants.hpp"

#include <algorithm>
#include <cctype>
#include <set>
#include <utility>

#include "flows/mutation/cpp/cpp_reader.hpp"

namespace mixvec::inline flows {
namespace {

using Words = std::set<std::string_view>;

const Words kWholeTypes = {"int",      "size_t",   "int8_t",   "int16_t",  "int32_t", "int64_t", "uint8_t",
                           "uint16_t", "uint32_t", "uint64_t", "unsigned", "long",    "short",   "ptrdiff_t"};
const Words kTypeWords = {"const",  "auto",  "unsigned", "signed", "int",    "bool",      "double",
                          "float",  "char",  "long",     "short",  "void",   "volatile",  "typename",
                          "struct", "class", "enum",     "union",  "static", "constexpr", "thread_local"};
const Words kLeftAlone = {"using",  "typedef", "static_assert", "template", "struct", "class",     "enum",     "union",
                          "friend", "extern",  "asm",           "goto",     "static", "constexpr", "namespace"};

class Walker final : private CppReader {
 public:
  using CppReader::CppReader;

  std::vector<Mutant> run() {
    scope();
    return std::move(mutants_);
  }
  [[nodiscard]] std::size_t not_understood() const { return not_understood_; }
  /// The smallest statement, and no block, that holds a mutant; empty if there is none.
  [[nodiscard]] std::string_view statement_around(const Mutant& mutant) const {
    std::string_view smallest;
    for (const auto& [begin, end] : statements_) {
      if (begin > mutant.begin || end < mutant.end) continue;
      if (smallest.empty() || end - begin < smallest.size()) smallest = text_.substr(begin, end - begin);
    }
    return smallest;
  }

 private:
  enum class Result : std::uint8_t { kOther, kBool, kWhole };

  /// Reads by `read`; what it does not understand is skipped up to the end of its statement.
  template <typename Read>
  void try_to(Read&& read) {
    const std::size_t begin = at_;
    const std::size_t before = mutants_.size();
    try {
      read();
    } catch (const NotUnderstood&) {
      ++not_understood_;
      mutants_.resize(before);
      at_ = begin;
      skip_statement();
    }
  }

  /// To behind a `;` or a block, at most to the `}` around.
  void skip_statement() {
    while (!at_end() && !is("}")) {
      if (take(";")) return;
      const bool block = is("{");
      if (is("(") || is("[") || block) {
        try {
          skip_brackets();
        } catch (const NotUnderstood&) {
          at_ = tokens_.size() - 1;
        }
        if (block && !is(";") && !is(")") && !is(",") && !is("else")) return;
      } else {
        ++at_;
      }
    }
  }

  // ---- declarations ----
  /// Of a namespace or a class, up to its closing bracket.
  void scope() {
    while (!at_end() && !is("}")) try_to([&] { declaration_of_scope(); });
  }

  void scope_in_braces() {
    const Depth depth(*this);
    expect("{");
    scope();
    expect("}");
  }

  void declaration_of_scope() {
    const Depth depth(*this);
    if (take(";")) return;
    if ((is("public") || is("private") || is("protected")) && is(":", 1)) {
      at_ += 2;
    } else if (is("namespace") || (is("inline") && is("namespace", 1)) || (is("extern") && is("{", 2))) {
      while (!is("{") && !is(";") && !at_end()) ++at_;
      if (!take(";")) scope_in_braces();
    } else if (is("template")) {
      ++at_;
      if (is("<")) skip_angles();
      declaration_of_scope();
    } else if (is("struct") || is("class") || is("union")) {
      class_declaration();
    } else if (is("using") || is("typedef") || is("static_assert") || is("enum") || is("friend")) {
      skip_statement();
      take(";");
    } else {
      function_or_variable();
    }
  }

  void class_declaration() {
    const std::size_t begin = at_;
    while (!is("{") && !is(";")) {
      if (at_end()) throw NotUnderstood{};
      if (is("(") || is("=")) {  // of a function that returns it
        at_ = begin;
        function_or_variable();
        return;
      }
      if (is("<")) {
        skip_angles();
      } else if (is("[")) {
        skip_brackets();
      } else {
        ++at_;
      }
    }
    if (take(";")) return;
    scope_in_braces();
    skip_statement();
  }

  void function_or_variable() {
    bool parameters = false;
    bool value = false;
    bool immediate = false;
    Result result = Result::kOther;
    while (!is(";")) {
      if (at_end() || is("}")) throw NotUnderstood{};
      if (is("consteval")) immediate = true;
      if (is("operator")) {
        ++at_;
        while (!is("(")) {
          if (at_end()) throw NotUnderstood{};
          ++at_;
        }
        if (is(")", 1)) at_ += 2;
      } else if (is("{")) {
        if (!parameters || value || immediate) {
          skip_brackets();
        } else {
          body(result);
          return;
        }
      } else if (is("(")) {
        if (!parameters) result = result_in_front();
        parameters = true;
        skip_brackets();
      } else if (is("[")) {
        skip_brackets();
      } else if (is(":") && parameters && !value) {
        ++at_;
        member_initializers();
        body(result);
        return;
      } else if (opens_angles() && at_ > 0 && tokens_[at_ - 1].kind == CppKind::kName) {
        skip_angles();
      } else {
        if (is("=")) value = true;
        ++at_;
      }
    }
    ++at_;
  }

  /// What the function returns whose parameters begin here.
  [[nodiscard]] Result result_in_front() const {
    std::size_t at = at_;
    while (at > 0 && (tokens_[at - 1].kind == CppKind::kName || tokens_[at - 1].text == "::")) {
      --at;
      // Two names next to each other: the type ends with the first.
      if (at > 0 && tokens_[at].kind == CppKind::kName && tokens_[at - 1].kind == CppKind::kName) {
        const std::string_view type = tokens_[at - 1].text;
        if (type == "bool") return Result::kBool;
        return kWholeTypes.count(type) != 0 ? Result::kWhole : Result::kOther;
      }
    }
    return Result::kOther;
  }

  void member_initializers() {
    while (!is("{")) {
      while (!is("(") && !is("{")) {
        if (at_end() || is(";")) throw NotUnderstood{};
        if (opens_angles()) {
          skip_angles();
        } else {
          ++at_;
        }
      }
      if (is("(")) {
        arguments();
      } else {
        braces();
      }
      take("...");
      if (!take(",")) break;
    }
  }

  void body(Result result) {
    const Result outer_result = std::exchange(result_, result);
    const int outer_loops = std::exchange(loops_, 0);
    block();
    result_ = outer_result;
    loops_ = outer_loops;
  }

  void lambda_body() override { body(Result::kOther); }

  // ---- statements ----
  void block() {
    const Depth depth(*this);
    expect("{");
    while (!is("}")) {
      if (at_end()) throw NotUnderstood{};
      const std::size_t before = at_;
      try_to([&] { statement(); });
      if (at_ == before) throw NotUnderstood{};
    }
    ++at_;
  }

  void statement() {
    const Depth depth(*this);
    const bool is_block = is("{");
    const std::size_t begin = token().begin;
    read_statement();
    if (!is_block) statements_.push_back({begin, last_end()});
  }

  void read_statement() {
    while (is("[") && is("[", 1)) skip_brackets();
    if (take(";")) return;
    if (is("{")) return block();
    if (is("if")) return if_statement();
    if (is("for")) return for_statement();
    if (is("while")) return while_statement();
    if (is("do")) return do_statement();
    if (is("switch")) return switch_statement();
    if (is("try")) return try_statement();
    if (is("case") || is("default")) return label();
    if (is("return")) return return_statement();
    if (is("break") || is("continue")) return jump();
    if (kLeftAlone.count(token().text) != 0 && token().kind == CppKind::kName) {
      skip_statement();
      take(";");
      return;
    }
    if (!is("throw") && !is("delete") && declares()) {
      declaration();
      expect(";");
      return;
    }
    expression_statement();
  }

  /// A statement of another; what is not understood in it leaves the other whole.
  void nested() {
    try_to([&] { statement(); });
  }

  void expression_statement() {
    const std::size_t begin = token().begin;
    const int line = token().line;
    const bool throws = is("throw");
    const bool counts = is("++") || is("--");
    const std::size_t first = mutants_.size();
    const CppSpan span = expression();
    expect(";");
    if (piece(span).substr(0, 10) == "fmt::print") {  // for people
      mutants_.resize(first);
      return;
    }
    const bool counted = tokens_[at_ - 2].text == "++" || tokens_[at_ - 2].text == "--";
    const bool call = span.plain && tokens_[at_ - 2].text == ")";
    const bool assignment = !span.plain && !counts && !counted;
    if (throws || !(counts || counted || call || assignment)) return;
    const std::size_t last = mutants_.size();
    add({begin, last_end(), false, false}, line, "statement", "", true);
    std::rotate(mutants_.begin() + static_cast<std::ptrdiff_t>(first),
                mutants_.begin() + static_cast<std::ptrdiff_t>(last), mutants_.end());
  }

  void if_statement() {
    expect("if");
    const bool constant = take("constexpr");
    expect("(");
    const std::size_t before = mutants_.size();
    head_declaration();
    if (!is(")")) condition(true);
    expect(")");
    if (constant) mutants_.resize(before);
    nested();
    if (take("else")) nested();
  }

  /// Of `if (init; condition)` what is in front of the condition, or a declaration that is one.
  void head_declaration() {
    if (!declares()) return;
    declaration();
    take(";");
  }

  void condition(bool both) {
    const std::size_t before = mutants_.size();
    const int line = token().line;
    const CppSpan span = expression();
    // Both values of the whole are more than its negation.
    std::erase_if(mutants_, [&](const Mutant& one) {
      return one.begin == span.begin && one.end == span.end && one.kind == "negation" && &one >= &mutants_[before];
    });
    if (both) add(span, line, "condition", "true");
    add(span, line, "condition", "false");
  }

  void while_statement() {
    expect("while");
    expect("(");
    head_declaration();
    if (!is(")")) condition(false);
    expect(")");
    ++loops_;
    nested();
    --loops_;
  }

  void do_statement() {
    expect("do");
    ++loops_;
    nested();
    --loops_;
    expect("while");
    expect("(");
    condition(false);
    expect(")");
    expect(";");
  }

  void for_statement() {
    expect("for");
    expect("(");
    if (declares()) {
      declaration();
    } else if (!is(";")) {
      expression();
    }
    if (take(":")) {
      initializer();
    } else {
      expect(";");
      if (!is(";")) expression();
      expect(";");
      // A loop that does not go on is noticed in all places alike.
      while (!is(")")) {
        quiet_expression();
        take(",");
      }
    }
    expect(")");
    ++loops_;
    nested();
    --loops_;
  }

  void switch_statement() {
    expect("switch");
    expect("(");
    head_declaration();
    if (!is(")")) expression();
    expect(")");
    statement();
  }

  void try_statement() {
    expect("try");
    block();
    while (take("catch")) {
      skip_brackets();
      block();
    }
  }

  void label() {
    if (!take("default")) {
      while (!is(":")) {
        if (at_end() || is(";") || is("}")) throw NotUnderstood{};
        if (is("(")) {
          skip_brackets();
        } else {
          ++at_;
        }
      }
    }
    expect(":");
    if (!is("}")) nested();
  }

  void return_statement() {
    const std::size_t begin = token().begin;
    const int line = token().line;
    expect("return");
    if (take(";")) {
      add({begin, last_end(), false, false}, line, "jump", "", true);
      return;
    }
    if (is("{")) {
      braces();
    } else {
      const CppSpan span = expression();
      if (span.plain && result_ == Result::kBool) add(span, line, "negation", "!(" + std::string(piece(span)) + ")");
      if (span.plain && result_ == Result::kWhole) add(span, line, "result", "(" + std::string(piece(span)) + ") + 1");
    }
    expect(";");
  }

  void jump() {
    const std::size_t begin = token().begin;
    const int line = token().line;
    const bool ends = is("break");
    ++at_;
    expect(";");
    if (loops_ > 0) add({begin, last_end(), false, false}, line, "jump", ends ? "continue;" : "break;", true);
  }

  /// Over a name with its template arguments; returns the place behind it, or 0.
  [[nodiscard]] std::size_t behind_name(std::size_t at) {
    const std::size_t here = std::exchange(at_, at);
    std::size_t end = 0;
    try {
      take("::");
      while (token().kind == CppKind::kName) {
        ++at_;
        if (opens_angles()) skip_angles();
        end = at_;
        if (!take("::")) break;
      }
    } catch (const NotUnderstood&) {
      end = 0;
    }
    at_ = here;
    return end;
  }

  /// Does a declaration begin here? A type, and a name behind it.
  [[nodiscard]] bool declares() {
    if (token().kind != CppKind::kName && !is("::")) return false;
    // bool(x) converts.
    if (kTypeWords.count(token().text) != 0) return !is("(", 1) && !is("{", 1);
    std::size_t at = behind_name(at_);
    if (at == 0 || at >= tokens_.size()) return false;
    while ((tokens_[at].text == "*" || tokens_[at].text == "&" || tokens_[at].text == "&&") && !tokens_[at].blank) ++at;
    if (tokens_[at].text == "const" && at + 1 < tokens_.size()) ++at;
    return tokens_[at].kind == CppKind::kName;
  }

  /// Up to its semicolon, or the colon of a loop over a range.
  void declaration() {
    bool constant = false;
    bool fixed = false;
    while (kTypeWords.count(token().text) != 0) {
      constant = constant || is("const");
      fixed = fixed || is("static") || is("constexpr");
      ++at_;
    }
    const bool last_is_type =
        at_ > 0 && kTypeWords.count(tokens_[at_ - 1].text) != 0 && tokens_[at_ - 1].text != "const";
    const bool named_type = !last_is_type || (token(1).kind == CppKind::kName) || is("::", 1);
    if (named_type && !is("[") && !is("*") && !is("&") && !is("&&")) {
      const std::size_t end = behind_name(at_);
      if (end == 0) throw NotUnderstood{};
      at_ = end;
    }
    const std::size_t before = mutants_.size();
    do {
      while (is("*") || is("&") || is("&&") || is("const")) ++at_;
      declarator(constant);
    } while (take(","));
    if (fixed) mutants_.resize(before);
  }

  void declarator(bool constant) {
    if (is("[")) {
      skip_brackets();
    } else if (token().kind == CppKind::kName) {
      ++at_;
      while (is("[")) skip_brackets();
    } else {
      throw NotUnderstood{};
    }
    const std::size_t before = mutants_.size();
    const std::size_t begin = at_;
    if (take("=")) {
      initializer();
    } else if (is("(")) {
      arguments();
    } else if (is("{")) {
      braces();
    }
    if (constant && !of_running_values(begin)) mutants_.resize(before);
  }

  /// Do the tokens from `begin` up to here name anything but constants? Constants begin with a k.
  [[nodiscard]] bool of_running_values(std::size_t begin) const {
    for (std::size_t i = begin; i < at_; ++i) {
      const CppToken& one = tokens_[i];
      if (one.kind != CppKind::kName) continue;
      const bool k = one.text.size() > 1 && one.text[0] == 'k' && std::isupper(static_cast<unsigned char>(one.text[1]));
      const bool type = one.text == "std" || one.text == "static_cast" || one.text == "true" || one.text == "false" ||
                        kWholeTypes.count(one.text) != 0 || kTypeWords.count(one.text) != 0;
      if (!k && !type) return true;
    }
    return false;
  }

  Result result_ = Result::kOther;
  int loops_ = 0;  ///< around this statement in its function
  std::size_t not_understood_ = 0;
  std::vector<std::pair<std::size_t, std::size_t>> statements_;
};

}  // namespace

std::vector<Mutant> find_cpp_mutants(const std::string& file, std::string_view text,
                                     const std::function<bool(std::string_view)>& wanted) {
  Walker walker(file, text);
  std::vector<Mutant> mutants = walker.run();
  if (wanted) std::erase_if(mutants, [&](const Mutant& one) { return !wanted(walker.statement_around(one)); });
  std::set<std::pair<std::pair<std::size_t, std::size_t>, std::string>> seen;
  std::erase_if(mutants, [&](const Mutant& one) {
    return !seen.insert({{one.begin, one.end}, one.replacement}).second;
  });
  std::stable_sort(mutants.begin(), mutants.end(), [](const Mutant& a, const Mutant& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
  });
  return mutants;
}

std::size_t count_not_understood(const std::string& file, std::string_view text) {
  Walker walker(file, text);
  walker.run();
  return walker.not_understood();
}

}  // namespace mixvec::inline flows
