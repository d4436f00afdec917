// One function for each level of an expression.
#include "flows/mutation/source/sv_reader.hpp"

#include <array>
#include <cctype>
#include <set>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"

namespace mixvec::inline flows {
namespace {

/// How tightly a binary operator binds; 0: it is none.
int precedence(std::string_view sign) {
  static constexpr std::array<std::pair<std::string_view, int>, 26> kTable = {{
      {"**", 12}, {"*", 11},  {"/", 11}, {"%", 11}, {"+", 10}, {"-", 10}, {"<<", 9}, {">>", 9},  {"<<<", 9},
      {">>>", 9}, {"<", 8},   {"<=", 8}, {">", 8},  {">=", 8}, {"==", 7}, {"!=", 7}, {"===", 7}, {"!==", 7},
      {"==?", 7}, {"!=?", 7}, {"&", 6},  {"^", 5},  {"~^", 5}, {"|", 4},  {"&&", 3}, {"||", 2},
  }};
  for (const auto& [text, level] : kTable) {
    if (text == sign) return level;
  }
  return 0;
}

/// The operator that a fault puts in place of this one; empty: none.
std::string_view other_operator(std::string_view sign) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 15> kTable = {{
      {"<", "<="},
      {"<=", "<"},
      {">", ">="},
      {">=", ">"},
      {"==", "!="},
      {"!=", "=="},
      {"+", "-"},
      {"-", "+"},
      {"&&", "||"},
      {"||", "&&"},
      {"&", "|"},
      {"|", "&"},
      {"^", "|"},
      {"<<", ">>"},
      {">>", "<<"},
  }};
  for (const auto& [text, other] : kTable) {
    if (text == sign) return other;
  }
  return {};
}

/// A number with its last bit inverted; empty: no other one of the same width can be told.
std::string other_number(std::string_view number) {
  if (number == "'0") return "'1";
  if (number == "'1") return "'0";
  std::string text(number);
  const std::size_t quote = text.find('\'');
  char& last = text.back();
  const bool hexadecimal = quote != std::string::npos && std::tolower(text[quote + 1]) == 'h';
  const bool binary = quote != std::string::npos && std::tolower(text[quote + 1]) == 'b';
  if (quote != std::string::npos && quote + 2 >= text.size()) return {};
  if (std::isdigit(static_cast<unsigned char>(last)) == 0) {
    if (!hexadecimal || std::isxdigit(static_cast<unsigned char>(last)) == 0) return {};
    // Of a…f, each even digit's last letter has an odd code.
    last = static_cast<char>(std::tolower(last));
    last = static_cast<char>(last % 2 == 1 ? last + 1 : last - 1);
    return text;
  }
  last = static_cast<char>(last ^ 1);  // of '0'…'9' the last bit is the digit's
  if (binary && last > '1') return {};
  return text;
}

/// An operand of a logical operator in its place: as wide as what it stands for.
std::string one_bit(std::string_view sign, std::string_view operand) {
  const bool logical = sign == "&&" || sign == "||" || sign == "!";
  return logical ? fmt::format("!(!({}))", operand) : std::string(operand);
}

}  // namespace

void SvReader::fail(const std::string& expected) const {
  fail_input("{}:{}: found {}, {}: it leaves the SystemVerilog that mutants are made of", file_, token().line,
             quote(token().text), expected);
}

bool SvReader::take(std::string_view text) {
  if (!is(text)) return false;
  ++at_;
  return true;
}

void SvReader::skip_brackets() {
  int depth = 0;
  do {
    if (token().kind == SvKind::kEnd) fail("expected a closing bracket");
    if (is("(") || is("[") || is("{") || is("'(") || is("'{")) ++depth;
    if (is(")") || is("]") || is("}")) --depth;
    ++at_;
  } while (depth > 0);
}

void SvReader::skip_to_semicolon() {
  while (!is(";")) {
    if (token().kind == SvKind::kEnd) fail("expected \";\"");
    if (is("(") || is("[") || is("{") || is("'(") || is("'{")) {
      skip_brackets();
    } else {
      ++at_;
    }
  }
  ++at_;
}

void SvReader::target() {
  if (is("{")) {
    skip_brackets();
    return;
  }
  if (token().kind != SvKind::kName) fail("expected a signal");
  ++at_;
  selections();
}

Span SvReader::constant_expression() {
  const std::size_t before = mutants_.size();
  const Span span = expression();
  mutants_.resize(before);
  return span;
}

void SvReader::condition() {
  const int line = token().line;
  const Span span = expression();
  if (span.plain) add(span, line, "negation", fmt::format("!({})", piece(span)));
}

Span SvReader::expression() {
  const Depth depth(*this);
  const int line = token().line;
  Span span = binary(1);
  if (!take("?")) return span;
  const Span chosen = expression();
  expect(":");
  const Span other = expression();
  const Span all{span.begin, other.end, false};
  // A compared condition has mutants of its own that do the same.
  if (span.plain && piece(chosen) != piece(other)) {
    add(all, line, "choice", fmt::format("({}) ? ({}) : ({})", piece(span), piece(other), piece(chosen)));
  }
  return all;
}

Span SvReader::binary(int least) {
  Span left = unary();
  while (true) {
    const std::string_view sign = token().text;
    const int level = token().kind == SvKind::kSign ? precedence(sign) : 0;
    if (level < least || level == 0) return left;
    const int line = token().line;
    ++at_;
    const Span right = binary(level + 1);
    const Span all{left.begin, right.end, false};
    if (const std::string_view other = other_operator(sign); !other.empty()) {
      const bool relation = level == 7 || level == 8;
      add(all, line, relation ? "relation" : "operator", fmt::format("({}) {} ({})", piece(left), other, piece(right)));
    }
    if (sign == "&&" || sign == "||" || sign == "&" || sign == "|") {
      add(all, line, "operand", one_bit(sign, piece(left)));
      add(all, line, "operand", one_bit(sign, piece(right)));
    }
    left = all;
  }
}

Span SvReader::unary() {
  const Depth depth(*this);
  static const std::set<std::string_view> kUnary = {"!", "~", "&", "|", "^", "~&", "~|", "~^", "+", "-"};
  if (token().kind != SvKind::kSign || kUnary.count(token().text) == 0) return primary();
  const std::string_view sign = token().text;
  const std::size_t begin = token().begin;
  const int line = token().line;
  ++at_;
  const Span operand = unary();
  const Span all{begin, operand.end, false};
  // Without reset, or always in it, nothing works at all.
  if ((sign == "!" || sign == "~") && piece(operand) != "rst_ni")
    add(all, line, "negation", one_bit(sign, piece(operand)));
  if (sign == "&" || sign == "|") {
    add(all, line, "operator", fmt::format("{}({})", sign == "&" ? "|" : "&", piece(operand)));
  }
  return all;
}

Span SvReader::primary() {
  const std::size_t before = mutants_.size();
  Span span{token().begin, token().end(), false};
  if (take("(")) {
    expression();
    span.end = token().end();
    expect(")");
  } else if (is("{")) {
    span.end = concatenation();
  } else if (token().kind == SvKind::kNumber) {
    number();
  } else if (token().kind == SvKind::kSystemName) {
    call_system_function();
    span.end = tokens_[at_ - 1].end();
    span.plain = true;
  } else if (token().kind == SvKind::kName) {
    ++at_;
    while (take("::")) ++at_;
    if (is("(")) arguments();
    selections();
    span.end = tokens_[at_ - 1].end();
    span.plain = true;
  } else {
    fail("expected an operand");
  }
  while (take("'(")) {  // what came is a width or a type
    mutants_.resize(before);
    expression();
    span.end = token().end();
    span.plain = false;
    expect(")");
  }
  return span;
}

void SvReader::number() {
  const SvToken& at = token();
  ++at_;
  const std::string other = other_number(at.text);
  if (!other.empty()) add({at.begin, at.end(), false}, at.line, "constant", other);
}

std::size_t SvReader::concatenation() {
  expect("{");
  const std::size_t before = mutants_.size();
  expression();
  if (is("{")) {
    mutants_.resize(before);
    concatenation();
  }
  while (take(",")) expression();
  const std::size_t end = token().end();
  expect("}");
  return end;
}

void SvReader::arguments() {
  expect("(");
  if (take(")")) return;
  do {
    expression();
  } while (take(","));
  expect(")");
}

void SvReader::call_system_function() {
  static const std::set<std::string_view> kOfValues = {"$signed", "$unsigned", "$countones", "$onehot", "$onehot0"};
  const bool values = kOfValues.count(token().text) != 0;
  const std::size_t before = mutants_.size();
  ++at_;
  if (is("(")) arguments();
  if (!values) mutants_.resize(before);
}

void SvReader::selections() {
  while (true) {
    if (take(".")) {
      ++at_;
    } else if (is("[")) {
      selection();
    } else {
      return;
    }
  }
}

void SvReader::selection() {
  expect("[");
  const std::size_t before = mutants_.size();
  const int line = token().line;
  const Span first = expression();
  if (take(":")) {
    mutants_.resize(before);
    constant_expression();
  } else if (take("+:") || take("-:")) {
    constant_expression();
  } else if (has_signal(first)) {
    add(first, line, "index", fmt::format("({}) ^ 1", piece(first)));
  }
  expect("]");
}

bool SvReader::has_signal(const Span& span) const {
  for (std::size_t i = at_; i-- > 0 && tokens_[i].begin >= span.begin;) {
    const SvToken& one = tokens_[i];
    if (one.begin < span.end && one.kind == SvKind::kName && std::islower(static_cast<unsigned char>(one.text[0])) != 0)
      return true;
  }
  return false;
}

}  // namespace mixvec::inline flows
