// Precedence climbing; each operator adds its mutants when both operands are known.
#include "flows/mutation/cpp/cpp_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <utility>

namespace mixvec::inline flows {
namespace {

int precedence(std::string_view sign) {
  static constexpr std::array<std::pair<std::string_view, int>, 20> kLevels = {{
      {"||", 1}, {"&&", 2},  {"|", 3},  {"^", 4},  {"&", 5},  {"==", 6}, {"!=", 6}, {"<", 7},  {">", 7},  {"<=", 7},
      {">=", 7}, {"<=>", 8}, {"<<", 9}, {">>", 9}, {"+", 10}, {"-", 10}, {"*", 11}, {"/", 11}, {"%", 11}, {"->*", 12},
  }};
  for (const auto& [one, level] : kLevels) {
    if (one == sign) return level;
  }
  return 0;
}

/// What stands instead of an operator, in the class of faults that a slip of the pen makes.
std::string_view other_operator(std::string_view sign) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 26> kOthers = {{
      {"<", "<="},  {"<=", "<"},  {">", ">="},  {">=", ">"},  {"==", "!="},   {"!=", "=="}, {"&&", "||"},
      {"||", "&&"}, {"&", "|"},   {"|", "&"},   {"^", "|"},   {"+", "-"},     {"-", "+"},   {"*", "+"},
      {"/", "*"},   {"%", "*"},   {"<<", ">>"}, {">>", "<<"}, {"+=", "-="},   {"-=", "+="}, {"*=", "+="},
      {"/=", "*="}, {"%=", "*="}, {"|=", "&="}, {"&=", "|="}, {"<<=", ">>="},
  }};
  for (const auto& [one, other] : kOthers) {
    if (one == sign) return other;
  }
  return {};
}

bool is_relation(std::string_view sign) {
  const int level = precedence(sign);
  return level == 6 || level == 7;
}

bool assigns(std::string_view sign) {
  static const std::set<std::string_view> kAll = {"=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "<<=", ">>=", "^="};
  return kAll.count(sign) != 0;
}

/// A whole number with its last bit inverted, another value of a fraction; empty for what is not understood.
std::string other_number(std::string_view text) {
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || c == '\''; };
  const bool hexadecimal = text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
  if (!hexadecimal && text.find_first_of(".eE") != std::string_view::npos) {
    const bool narrow = text.back() == 'F' || text.back() == 'f';
    return fmt::format("({} + {})", text, narrow ? "1.0F" : "1.0");
  }
  if (hexadecimal && text.find_first_of(".pP") != std::string_view::npos) return fmt::format("({} * 2)", text);
  if (text.size() > 1 && text[0] == '0' && !hexadecimal) return {};  // binary, octal
  std::size_t end = hexadecimal ? 2 : 0;
  while (end < text.size() &&
         (is_digit(text[end]) || (hexadecimal && std::isxdigit(static_cast<unsigned char>(text[end])) != 0))) {
    ++end;
  }
  if (end == 0 || (hexadecimal && end == 2)) return {};
  static constexpr std::string_view kDigits = "0123456789abcdef";
  const std::size_t last = kDigits.find(static_cast<char>(std::tolower(static_cast<unsigned char>(text[end - 1]))));
  if (last == std::string_view::npos) return {};
  std::string other(text);
  other[end - 1] = kDigits[last ^ 1U];
  return other;
}

}  // namespace

bool CppReader::take(std::string_view text) {
  if (!is(text)) return false;
  ++at_;
  return true;
}

void CppReader::expect(std::string_view text) {
  if (!take(text)) throw NotUnderstood{};
}

void CppReader::skip_brackets() {
  int depth = 0;
  do {
    if (at_end()) throw NotUnderstood{};
    if (is("(") || is("[") || is("{")) ++depth;
    if (is(")") || is("]") || is("}")) --depth;
    ++at_;
  } while (depth > 0);
}

void CppReader::skip_angles() {
  int depth = 0;
  do {
    if (at_end() || is(";")) throw NotUnderstood{};
    if (is("(") || is("[") || is("{")) {
      skip_brackets();
      continue;
    }
    if (is("<")) ++depth;
    if (is(">")) --depth;
    ++at_;
  } while (depth > 0);
}

void CppReader::add(const CppSpan& span, int line, const char* kind, std::string replacement, bool statement) {
  // A raw string has lines of its own, and // in a string is no comment.
  const std::string_view text = piece(span);
  if (text.find("\n#") != std::string_view::npos || text.find("R\"") != std::string_view::npos) return;
  if (text.find("//") != std::string_view::npos && text.find('"') != std::string_view::npos) return;
  mutants_.push_back({file_, line, kind, span.begin, span.end, statement, std::move(replacement)});
}

CppSpan CppReader::quiet_expression() {
  const std::size_t before = mutants_.size();
  const CppSpan span = expression();
  mutants_.resize(before);
  return span;
}

CppSpan CppReader::expression() {
  const Depth depth(*this);
  const CppSpan left = conditional();
  const std::string_view sign = token().text;
  if (token().kind != CppKind::kSign || !token().blank || !assigns(sign)) return left;
  const int line = token().line;
  ++at_;
  const std::size_t right_begin = token().begin;
  bool of_text = token().kind == CppKind::kString;
  if (is("{")) {
    braces();
  } else {
    of_text = expression().text;
  }
  const CppSpan all{left.begin, last_end(), false, of_text};
  if (const std::string_view other = other_operator(sign); !other.empty() && !of_text) {
    add(all, line, "operator",
        fmt::format("{} {} {}", piece(left), other, text_.substr(right_begin, all.end - right_begin)));
  }
  return all;
}

CppSpan CppReader::conditional() {
  const int line = token().line;
  const CppSpan span = binary(1);
  if (!take("?")) return span;
  const CppSpan chosen = expression();
  expect(":");
  const CppSpan other = expression();
  const CppSpan all{span.begin, other.end, false, chosen.text};
  if (piece(chosen) != piece(other)) {
    add(all, line, "choice", fmt::format("({}) ? ({}) : ({})", piece(span), piece(other), piece(chosen)));
  }
  return all;
}

CppSpan CppReader::binary(int least) {
  CppSpan left = unary();
  while (true) {
    const std::string_view sign = token().text;
    const int level = token().kind == CppKind::kSign ? precedence(sign) : 0;
    if (level < least || level == 0) return left;
    if (!token().blank || !token(1).blank) throw NotUnderstood{};
    const int line = token().line;
    ++at_;
    const CppSpan right = binary(level + 1);
    const CppSpan all{left.begin, right.end, false, left.text || right.text};
    const bool relation = is_relation(sign);
    if (const std::string_view other = other_operator(sign); !other.empty() && (relation || !all.text)) {
      add(all, line, relation ? "relation" : "operator", fmt::format("({}) {} ({})", piece(left), other, piece(right)));
    }
    if (sign == "&&" || sign == "||") {
      add(all, line, "operand", fmt::format("static_cast<bool>({})", piece(left)));
      add(all, line, "operand", fmt::format("static_cast<bool>({})", piece(right)));
    }
    left = all;
    if (relation) left.text = false;
  }
}

CppSpan CppReader::unary() {
  const Depth depth(*this);
  static const std::set<std::string_view> kUnary = {"!", "~", "-", "+", "*", "&", "++", "--"};
  const std::size_t begin = token().begin;
  const int line = token().line;
  if (is("throw")) {
    ++at_;
    if (!is(";") && !is(")") && !is(":")) expression();
    return {begin, last_end(), false, true};
  }
  if (is("sizeof") || is("alignof") || is("decltype") || is("noexcept")) {
    ++at_;
    if (take("...")) {
    }
    if (!is("(")) throw NotUnderstood{};
    skip_brackets();
    return postfix({begin, last_end(), true, false});
  }
  if (token().kind != CppKind::kSign || kUnary.count(token().text) == 0) return primary();
  const std::string_view sign = token().text;
  ++at_;
  const CppSpan operand = unary();
  const CppSpan all{begin, operand.end, false, false};
  if (sign == "!") add(all, line, "negation", fmt::format("!!({})", piece(operand)));
  if (sign == "-" || sign == "~") add(all, line, "negation", fmt::format("({})", piece(operand)));
  return all;
}

CppSpan CppReader::primary() {
  const std::size_t begin = token().begin;
  const int line = token().line;
  CppSpan span{begin, token().end(), false, false};
  switch (token().kind) {
    case CppKind::kNumber:
      number();
      return span;
    case CppKind::kCharacter:
      ++at_;
      return span;
    case CppKind::kString:
      while (token().kind == CppKind::kString) ++at_;
      return postfix({begin, last_end(), false, true});
    case CppKind::kName:
      if (is("true") || is("false")) {
        add(span, line, "constant", is("true") ? "false" : "true");
        ++at_;
        return span;
      }
      qualified_name();
      return postfix({begin, last_end(), true, false});
    default:
      break;
  }
  if (is("::")) {
    qualified_name();
    return postfix({begin, last_end(), true, false});
  }
  if (take("(")) {
    const CppSpan inner = expression();
    expect(")");
    return postfix({begin, last_end(), false, inner.text});
  }
  if (is("[")) {
    lambda();
    return postfix({begin, last_end(), true, false});
  }
  if (is("{")) {
    braces();
    return {begin, last_end(), true, false};
  }
  throw NotUnderstood{};
}

void CppReader::qualified_name() {
  static const std::set<std::string_view> kNoOperand = {"new",    "delete", "operator", "requires", "return",  "case",
                                                        "struct", "class",  "typename", "co_await", "template"};
  take("::");
  while (true) {
    if (token().kind != CppKind::kName || kNoOperand.count(token().text) != 0) throw NotUnderstood{};
    ++at_;
    if (opens_angles()) skip_angles();
    if (!is("::")) return;
    ++at_;
  }
}

CppSpan CppReader::postfix(CppSpan span) {
  const int line = token().line;
  const std::size_t name_begin = span.begin;
  bool named = span.plain;
  while (true) {
    if (is("(")) {
      arguments();
      if (named) other_call(name_begin, last_end(), line);
    } else if (is("[")) {
      ++at_;
      expression();
      expect("]");
    } else if (is("{") && !token().blank && named) {
      braces();
    } else if (is(".") || is("->")) {
      ++at_;
      take("template");
      if (token().kind != CppKind::kName) throw NotUnderstood{};
      ++at_;
      if (opens_angles()) skip_angles();
      span.plain = true;
    } else if ((is("++") || is("--")) && !token().blank) {
      ++at_;
      span.plain = false;
    } else {
      span.end = last_end();
      return span;
    }
    named = false;
  }
}

void CppReader::other_call(std::size_t name_begin, std::size_t end, int line) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kPairs = {
      {{"std::min", "std::max"},
       {"std::any_of", "std::all_of"},
       {"std::lower_bound", "std::upper_bound"},
       {"std::floor", "std::ceil"}}};
  const CppSpan all{name_begin, end, true, false};
  const std::string_view call = piece(all);
  for (const auto& [a, b] : kPairs) {
    for (const auto& [from, to] : {std::pair(a, b), std::pair(b, a)}) {
      if (call.substr(0, from.size()) != from) continue;
      const char next = call.size() > from.size() ? call[from.size()] : '\0';
      if (next == '(' || next == '<') add(all, line, "call", fmt::format("{}{}", to, call.substr(from.size())));
    }
  }
}

void CppReader::arguments() {
  const Depth depth(*this);
  expect("(");
  if (take(")")) return;
  do {
    initializer();
    take("...");
  } while (take(","));
  expect(")");
}

void CppReader::braces() {
  const Depth depth(*this);
  expect("{");
  while (!take("}")) {
    if (take(".")) {  // a member by its name
      if (token().kind != CppKind::kName) throw NotUnderstood{};
      ++at_;
      if (is("{")) {
        braces();
      } else {
        expect("=");
        initializer();
      }
    } else {
      initializer();
      take("...");
    }
    if (!take(",") && !is("}")) throw NotUnderstood{};
  }
}

void CppReader::initializer() {
  if (is("{")) {
    braces();
  } else {
    expression();
  }
}

void CppReader::lambda() {
  const Depth depth(*this);
  skip_brackets();
  if (is("<")) skip_angles();
  if (is("(")) skip_brackets();
  while (!is("{")) {  // mutable, noexcept, what it returns
    if (at_end() || is(";") || is(")") || is("}") || is(",")) throw NotUnderstood{};
    if (opens_angles()) {
      skip_angles();
    } else {
      ++at_;
    }
  }
  lambda_body();
}

void CppReader::number() {
  const CppToken& at = token();
  ++at_;
  const std::string other = other_number(at.text);
  if (!other.empty()) add({at.begin, at.end(), false, false}, at.line, "constant", other);
}

}  // namespace mixvec::inline flows
