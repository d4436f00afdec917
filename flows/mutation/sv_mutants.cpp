// Walks over a module's statements and reads their expressions by precedence (IEEE 1800-2017, table 11-2).
#include "flows/mutation/sv_mutants.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

#include "flows/mutation/sv_tokens.hpp"
#include "golden/base/error.hpp"
#include "golden/base/text.hpp"

namespace mixvec::inline flows {
namespace {

/// A piece of the source: bytes from begin to end.
struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool plain = false;  ///< a name with what is selected of it, or a call
};

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

const std::set<std::string_view> kDeclarations = {"logic",  "int",   "integer", "genvar",     "bit",       "reg",
                                                  "wire",   "byte",  "longint", "localparam", "parameter", "typedef",
                                                  "import", "input", "output",  "shortint",   "string"};

class Walker {
 public:
  Walker(const std::string& file, std::string_view text) : file_(file), text_(text), tokens_(split_sv(text)) {}

  std::vector<Mutant> run() {
    while (token().kind != SvKind::kEnd) {
      if (is("module")) {
        module();
      } else if (is("package")) {
        while (token().kind != SvKind::kEnd && !take("endpackage")) ++at_;
      } else {
        ++at_;
      }
    }
    return std::move(mutants_);
  }

 private:
  // ---- tokens ----
  [[nodiscard]] const SvToken& token(std::size_t ahead = 0) const {
    return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
  }
  [[nodiscard]] bool is(std::string_view text, std::size_t ahead = 0) const { return token(ahead).text == text; }
  bool take(std::string_view text) {
    if (!is(text)) return false;
    ++at_;
    return true;
  }
  void expect(std::string_view text) {
    if (!take(text)) fail(fmt::format("expected \"{}\"", text));
  }
  [[noreturn]] void fail(const std::string& expected) const {
    fail_input("{}:{}: found {}, {}: it leaves the SystemVerilog that mutants are made of", file_, token().line,
               quote(token().text), expected);
  }
  /// Over everything up to the bracket that closes the one here.
  void skip_brackets() {
    int depth = 0;
    do {
      if (token().kind == SvKind::kEnd) fail("expected a closing bracket");
      if (is("(") || is("[") || is("{") || is("'(") || is("'{")) ++depth;
      if (is(")") || is("]") || is("}")) --depth;
      ++at_;
    } while (depth > 0);
  }
  void skip_to_semicolon() {
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

  // ---- a module's items ----
  void module() {
    expect("module");
    skip_to_semicolon();
    while (!take("endmodule")) item();
  }

  void item() {
    if (take("assign")) {
      const std::size_t before = mutants_.size();
      target();
      mutants_.resize(before);  // a place is driven, not chosen
      expect("=");
      expression();
      expect(";");
    } else if (take("always_comb")) {
      clocked_ = false;
      nested_ = 0;
      statement();
    } else if (take("always_ff")) {
      expect("@");
      skip_brackets();
      clocked_ = true;
      nested_ = 0;
      statement();
    } else if (take("if") || take("for")) {  // of generate: constant
      skip_brackets();
    } else if (take("begin") || take("end")) {
      if (take(":")) ++at_;
    } else if (take("else") || take("generate") || take("endgenerate")) {
    } else if (is("function") || is("initial")) {
      fail("expected neither functions nor initial blocks outside packages");
    } else if (is("typedef")) {
      while (!is("}") && !is(";")) ++at_;
      skip_to_semicolon();
    } else if (token().kind == SvKind::kEnd) {
      fail("expected \"endmodule\"");
    } else {  // a declaration, an instance
      skip_to_semicolon();
    }
  }

  /// Brackets, blocks and conditions in one another: each takes a part of the stack.
  class Depth {
   public:
    explicit Depth(Walker& walker) : walker_(walker) {
      constexpr int kMost = 500;
      if (++walker_.depth_ > kMost) walker_.fail(fmt::format("expected at most {} levels in one another", kMost));
    }
    ~Depth() { --walker_.depth_; }
    Depth(const Depth&) = delete;
    Depth& operator=(const Depth&) = delete;

   private:
    Walker& walker_;
  };

  // ---- statements ----
  void statement() {
    const Depth depth(*this);
    if (take("begin")) {
      if (take(":")) ++at_;
      while (!take("end")) statement();
      if (take(":")) ++at_;
    } else if (take("unique") || take("priority")) {
      statement();
    } else if (take("if")) {
      expect("(");
      condition();
      expect(")");
      ++nested_;
      statement();
      if (take("else")) statement();
      --nested_;
    } else if (take("for")) {
      skip_brackets();
      statement();
    } else if (take("case") || take("casez")) {
      cases();
    } else if (take(";")) {
    } else if (kDeclarations.count(token().text) != 0 ||
               (token(0).kind == SvKind::kName && token(1).kind == SvKind::kName)) {
      skip_to_semicolon();
    } else if (token().kind == SvKind::kName || is("{")) {
      assignment();
    } else {
      fail("expected a statement");
    }
  }

  void cases() {
    expect("(");
    expression();
    expect(")");
    ++nested_;
    while (!take("endcase")) {
      if (take("default")) {
        take(":");
      } else {
        while (!take(":")) {
          if (token().kind == SvKind::kEnd) fail("expected \"endcase\"");
          if (is("(") || is("[") || is("{")) {
            skip_brackets();
          } else {
            ++at_;
          }
        }
      }
      statement();
    }
    --nested_;
  }

  void assignment() {
    const std::size_t begin = token().begin;
    const int line = token().line;
    target();
    if (is("<=") || is("=") || is("+=") || is("-=") || is("|=") || is("&=") || is("^=")) {
      ++at_;
    } else {
      fail("expected an assignment");
    }
    const std::size_t first = mutants_.size();
    expression();
    expect(";");
    // A signal that nothing else assigns would be a latch: of combinational logic only what overrides an earlier value.
    if (!clocked_ && nested_ == 0) return;
    Mutant mutant{file_, line, "assignment", begin, tokens_[at_ - 1].end(), true, ""};
    mutants_.insert(mutants_.begin() + static_cast<std::ptrdiff_t>(first), std::move(mutant));
  }

  /// The left side of an assignment.
  void target() {
    if (is("{")) {
      skip_brackets();
      return;
    }
    if (token().kind != SvKind::kName) fail("expected a signal");
    ++at_;
    selections();
  }

  // ---- expressions ----
  [[nodiscard]] std::string_view piece(const Span& span) const {
    return text_.substr(span.begin, span.end - span.begin);
  }
  void add(const Span& span, int line, const char* kind, std::string replacement) {
    mutants_.push_back({file_, line, kind, span.begin, span.end, false, std::move(replacement)});
  }
  /// An expression whose mutants do not count, as it must stay constant.
  Span constant_expression() {
    const std::size_t before = mutants_.size();
    const Span span = expression();
    mutants_.resize(before);
    return span;
  }

  void condition() {
    const int line = token().line;
    const Span span = expression();
    if (span.plain) add(span, line, "negation", fmt::format("!({})", piece(span)));
  }

  Span expression() {
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

  Span binary(int least) {
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
        add(all, line, relation ? "relation" : "operator",
            fmt::format("({}) {} ({})", piece(left), other, piece(right)));
      }
      if (sign == "&&" || sign == "||" || sign == "&" || sign == "|") {
        add(all, line, "operand", std::string(piece(left)));
        add(all, line, "operand", std::string(piece(right)));
      }
      left = all;
    }
  }

  Span unary() {
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
      add(all, line, "negation", fmt::format("({})", piece(operand)));
    if (sign == "&" || sign == "|") {
      add(all, line, "operator", fmt::format("{}({})", sign == "&" ? "|" : "&", piece(operand)));
    }
    return all;
  }

  Span primary() {
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

  void number() {
    const SvToken& at = token();
    ++at_;
    const std::string other = other_number(at.text);
    if (!other.empty()) add({at.begin, at.end(), false}, at.line, "constant", other);
  }

  /// Returns where it ends. Of a replication the count is constant.
  std::size_t concatenation() {
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

  void arguments() {
    expect("(");
    if (take(")")) return;
    do {
      expression();
    } while (take(","));
    expect(")");
  }
  void call_system_function() {
    static const std::set<std::string_view> kOfValues = {"$signed", "$unsigned", "$countones", "$onehot", "$onehot0"};
    const bool values = kOfValues.count(token().text) != 0;
    const std::size_t before = mutants_.size();
    ++at_;
    if (is("(")) arguments();
    if (!values) mutants_.resize(before);
  }

  /// Elements, ranges and members behind a name.
  void selections() {
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
  void selection() {
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
  /// Parameters begin with a capital letter.
  [[nodiscard]] bool has_signal(const Span& span) const {
    for (std::size_t i = at_; i-- > 0 && tokens_[i].begin >= span.begin;) {
      const SvToken& one = tokens_[i];
      if (one.begin < span.end && one.kind == SvKind::kName &&
          std::islower(static_cast<unsigned char>(one.text[0])) != 0)
        return true;
    }
    return false;
  }

  const std::string& file_;
  std::string_view text_;
  std::vector<SvToken> tokens_;
  std::vector<Mutant> mutants_;
  std::size_t at_ = 0;
  bool clocked_ = false;  ///< in an always_ff
  int nested_ = 0;        ///< depth of conditions in an always block
  int depth_ = 0;         ///< of brackets, blocks and conditions
};

/// On one line, shortened in the middle.
std::string one_line(std::string_view text, std::size_t width) {
  std::string line;
  for (const char c : text) {
    const bool blank = std::isspace(static_cast<unsigned char>(c)) != 0;
    if (!blank) line += c;
    if (blank && !line.empty() && line.back() != ' ') line += ' ';
  }
  if (line.size() <= width) return line;
  const std::size_t head = (width - 3) / 2;
  return line.substr(0, head) + "..." + line.substr(line.size() - (width - 3 - head));
}

}  // namespace

std::vector<Mutant> find_mutants(const std::string& file, std::string_view text) {
  if (text.find('\0') != std::string_view::npos || text.substr(0, 1) == "\xFE" || text.substr(0, 1) == "\xFF") {
    fail_input("{}: found UTF-16 or bytes that are no text, expected SystemVerilog in ASCII or UTF-8", file);
  }
  std::vector<Mutant> mutants = Walker(file, text).run();
  // `!(a == b)` without its `!` and `a == b` as `a != b` are two pieces, but one text may come twice for one piece.
  std::set<std::pair<std::pair<std::size_t, std::size_t>, std::string>> seen;
  std::vector<Mutant> kept;
  for (Mutant& mutant : mutants) {
    if (seen.insert({{mutant.begin, mutant.end}, mutant.replacement}).second) kept.push_back(std::move(mutant));
  }
  std::stable_sort(kept.begin(), kept.end(), [](const Mutant& a, const Mutant& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end > b.end;
  });
  return kept;
}

std::string describe(const Mutant& mutant, std::string_view text, std::size_t width) {
  const std::string before = one_line(text.substr(mutant.begin, mutant.end - mutant.begin), width);
  if (mutant.statement) return fmt::format("{} left out", before);
  return fmt::format("{} as {}", before, one_line(mutant.replacement, width));
}

}  // namespace mixvec::inline flows
