// One function for each kind of statement.
#include "flows/mutation/cpp/cpp_statements.hpp"

#include <algorithm>
#include <cctype>
#include <set>
#include <string>

namespace mixvec::inline flows {
namespace {

using Words = std::set<std::string_view>;

const Words kTypeWords = {"const",  "auto",  "unsigned", "signed", "int",    "bool",      "double",
                          "float",  "char",  "long",     "short",  "void",   "volatile",  "typename",
                          "struct", "class", "enum",     "union",  "static", "constexpr", "thread_local"};
const Words kLeftAlone = {"using",  "typedef", "static_assert", "template", "struct", "class",     "enum",     "union",
                          "friend", "extern",  "asm",           "goto",     "static", "constexpr", "namespace"};

}  // namespace

void CppStatements::skip_statement() {
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

void CppStatements::body(Result result) {
  const Result outer_result = std::exchange(result_, result);
  const int outer_loops = std::exchange(loops_, 0);
  block();
  result_ = outer_result;
  loops_ = outer_loops;
}

void CppStatements::lambda_body() { body(Result::kOther); }

void CppStatements::block() {
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

void CppStatements::statement() {
  const Depth depth(*this);
  const bool is_block = is("{");
  const std::size_t begin = token().begin;
  read_statement();
  if (!is_block) statements_.push_back({begin, last_end()});
}

void CppStatements::read_statement() {
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

void CppStatements::nested() {
  try_to([&] { statement(); });
}

void CppStatements::expression_statement() {
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

void CppStatements::if_statement() {
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

void CppStatements::head_declaration() {
  if (!declares()) return;
  declaration();
  take(";");
}

void CppStatements::condition(bool both) {
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

void CppStatements::while_statement() {
  expect("while");
  expect("(");
  head_declaration();
  if (!is(")")) condition(false);
  expect(")");
  ++loops_;
  nested();
  --loops_;
}

void CppStatements::do_statement() {
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

void CppStatements::for_statement() {
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

void CppStatements::switch_statement() {
  expect("switch");
  expect("(");
  head_declaration();
  if (!is(")")) expression();
  expect(")");
  statement();
}

void CppStatements::try_statement() {
  expect("try");
  block();
  while (take("catch")) {
    skip_brackets();
    block();
  }
}

void CppStatements::label() {
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

void CppStatements::return_statement() {
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

void CppStatements::jump() {
  const std::size_t begin = token().begin;
  const int line = token().line;
  const bool ends = is("break");
  ++at_;
  expect(";");
  if (loops_ > 0) add({begin, last_end(), false, false}, line, "jump", ends ? "continue;" : "break;", true);
}

std::size_t CppStatements::behind_name(std::size_t at) {
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

bool CppStatements::declares() {
  if (token().kind != CppKind::kName && !is("::")) return false;
  // bool(x) converts.
  if (kTypeWords.count(token().text) != 0) return !is("(", 1) && !is("{", 1);
  std::size_t at = behind_name(at_);
  if (at == 0 || at >= tokens_.size()) return false;
  while ((tokens_[at].text == "*" || tokens_[at].text == "&" || tokens_[at].text == "&&") && !tokens_[at].blank) ++at;
  if (tokens_[at].text == "const" && at + 1 < tokens_.size()) ++at;
  return tokens_[at].kind == CppKind::kName;
}

void CppStatements::declaration() {
  bool constant = false;
  bool fixed = false;
  while (kTypeWords.count(token().text) != 0) {
    constant = constant || is("const");
    fixed = fixed || is("static") || is("constexpr");
    ++at_;
  }
  const bool last_is_type = at_ > 0 && kTypeWords.count(tokens_[at_ - 1].text) != 0 && tokens_[at_ - 1].text != "const";
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

void CppStatements::declarator(bool constant) {
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

bool CppStatements::of_running_values(std::size_t begin) const {
  for (std::size_t i = begin; i < at_; ++i) {
    const CppToken& one = tokens_[i];
    if (one.kind != CppKind::kName) continue;
    const bool k = one.text.size() > 1 && one.text[0] == 'k' && std::isupper(static_cast<unsigned char>(one.text[1]));
    const bool type = one.text == "std" || one.text == "static_cast" || one.text == "true" || one.text == "false" ||
                      kCppWholeTypes.count(one.text) != 0 || kTypeWords.count(one.text) != 0;
    if (!k && !type) return true;
  }
  return false;
}

}  // namespace mixvec::inline flows
