// Walks over declarations to the bodies of functions.
#include "flows/mutation/cpp/cpp_mutants.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "flows/mutation/cpp/cpp_statements.hpp"

namespace mixvec::inline flows {
namespace {

class Walker final : public CppStatements {
 public:
  using CppStatements::CppStatements;

  std::vector<Mutant> run() {
    scope();
    return std::move(mutants_);
  }

 private:
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
        return kCppWholeTypes.count(type) != 0 ? Result::kWhole : Result::kOther;
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
