// Walks over the items and statements of a module.
#include "flows/mutation/source/sv_mutants.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "flows/mutation/source/sv_reader.hpp"
#include "golden/base/error.hpp"

namespace mixvec::inline flows {
namespace {

const std::set<std::string_view> kDeclarations = {"logic",  "int",   "integer", "genvar",     "bit",       "reg",
                                                  "wire",   "byte",  "longint", "localparam", "parameter", "typedef",
                                                  "import", "input", "output",  "shortint",   "string"};

class Walker : private SvReader {
 public:
  using SvReader::SvReader;

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
  // ---- a module's items ----
  void module() {
    expect("module");
    // What is proved of a file is proved of the module of its name.
    if (token().text != file_.substr(0, file_.rfind('.')))
      fail("expected a module with the name of its file, alone in it");
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
      while (!is("}") && !is(";")) {
        if (token().kind == SvKind::kEnd) fail("expected the end of the type");
        ++at_;
      }
      skip_to_semicolon();
    } else if (token().kind == SvKind::kEnd) {
      fail("expected \"endmodule\"");
    } else {  // a declaration, an instance
      skip_to_semicolon();
    }
  }

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

  bool clocked_ = false;  ///< in an always_ff
  int nested_ = 0;        ///< depth of conditions in an always block
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
  if (mutant.statement && mutant.replacement.empty()) return fmt::format("{} left out", before);
  return fmt::format("{} as {}", before, one_line(mutant.replacement, width));
}

}  // namespace mixvec::inline flows
