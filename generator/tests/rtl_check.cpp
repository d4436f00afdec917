// Splits a file into words and walks over them with a stack of scopes.
#include "generator/tests/rtl_check.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

namespace mixvec::inline generator {
namespace {

struct Word {
  std::string text;
  int line = 0;
};

bool starts_name(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool continues_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$'; }

/// Stands for a connection by its name alone.
constexpr std::string_view kShortConnection = ".name";

/// Names, numbers and signs; no comments, strings, attributes, directives, or members after a dot.
std::vector<Word> words_of(std::string_view text) {
  std::vector<Word> words;
  int line = 1;
  std::size_t at = 0;
  const auto skip_until = [&](std::string_view end) {
    const std::size_t stop = std::min(text.find(end, at), text.size());
    line += static_cast<int>(std::count(text.begin() + static_cast<std::ptrdiff_t>(at),
                                        text.begin() + static_cast<std::ptrdiff_t>(stop), '\n'));
    at = stop;
  };
  const auto name_at = [&](std::size_t from) {
    std::size_t end = from;
    while (end < text.size() && continues_name(text[end])) ++end;
    return text.substr(from, end - from);
  };
  while (at < text.size()) {
    const char c = text[at];
    const char next = at + 1 < text.size() ? text[at + 1] : '\0';
    if (c == '\n') {
      ++line;
      ++at;
    } else if (std::isspace(static_cast<unsigned char>(c)) != 0) {
      ++at;
    } else if ((c == '/' && next == '/') || c == '`') {
      skip_until("\n");
    } else if (c == '/' && next == '*') {
      skip_until("*/");
      at += 2;
    } else if (c == '(' && next == '*' && text.substr(at, 3) != "(*)") {
      skip_until("*)");
      at += 2;
    } else if (c == '"') {
      ++at;
      skip_until("\"");
      ++at;
    } else if (c == '$' || (c == '.' && starts_name(next))) {  // a system function, a port or a member
      at += 1 + name_at(at + 1).size();
      const bool is_port = c == '.' && !words.empty() && (words.back().text == "(" || words.back().text == ",");
      const std::size_t behind = std::min(text.find_first_not_of(" \n", at), text.size());
      if (c == '$') words.push_back({"$", line});
      if (is_port && text.substr(behind, 1) != "(") words.push_back({std::string(kShortConnection), line});
    } else if (starts_name(c)) {
      words.push_back({std::string(name_at(at)), line});
      at += words.back().text.size();
    } else if (std::isdigit(static_cast<unsigned char>(c)) != 0 ||
               (c == '\'' && (std::isalnum(static_cast<unsigned char>(next)) != 0))) {
      const std::size_t first = at;
      while (at < text.size() && continues_name(text[at])) ++at;
      // A base makes one number of 8'hff, a bracket a cast of 8'(x).
      if (at + 1 < text.size() && text[at] == '\'' && text[at + 1] != '(') at += 1 + name_at(at + 1).size();
      if (at == first) at += 1 + name_at(at + 1).size();
      words.push_back({"0", line});
    } else {
      const std::string_view two = text.substr(at, 2);
      static const std::set<std::string_view> kPairs = {"<=", ">=", "==", "!=", "&&", "||", "::", "'(",
                                                        "'{", "+:", "-:", "<<", ">>", "++", "--", "->",
                                                        "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^="};
      const std::size_t size = kPairs.count(two) != 0 ? 2 : 1;
      words.push_back({std::string(text.substr(at, size)), line});
      at += size;
    }
  }
  words.push_back({"", line});
  return words;
}

const std::set<std::string_view> kTypes = {"logic",      "int",       "integer", "genvar",  "bit",      "reg",
                                           "wire",       "byte",      "real",    "longint", "shortint", "time",
                                           "localparam", "parameter", "input",   "output",  "inout"};
const std::set<std::string_view> kKeywords = {
    "module",      "endmodule",   "package",     "endpackage", "begin",   "end",     "if",       "else",
    "for",         "case",        "casez",       "endcase",    "default", "unique",  "priority", "assign",
    "always_ff",   "always_comb", "always",      "initial",    "posedge", "negedge", "or",       "function",
    "endfunction", "automatic",   "signed",      "unsigned",   "typedef", "enum",    "struct",   "packed",
    "return",      "generate",    "endgenerate", "assert",     "assume",  "cover",   "property", "disable",
    "iff",         "while",       "repeat",      "string",     "void",    "inside"};

class Checker {
 public:
  Checker(std::string_view file, std::string_view text) : file_(file), text_(text), words_(words_of(text)) {}

  std::vector<std::string> run() {
    check_comments();
    while (!word().empty()) step();
    return std::move(found_);
  }

 private:
  struct Name {
    std::string type;  ///< of a variable of a named type
    bool function = false;
    bool scope = false;  ///< an instance or a block
  };

  [[nodiscard]] const std::string& word(std::size_t ahead = 0) const {
    return words_[std::min(at_ + ahead, words_.size() - 1)].text;
  }
  [[nodiscard]] static bool is_name(const std::string& text) {
    return !text.empty() && starts_name(text[0]) && kTypes.count(text) == 0 && kKeywords.count(text) == 0;
  }
  [[nodiscard]] const Name* find(const std::string& name) const {
    for (auto scope = scopes_.rbegin(); scope != scopes_.rend(); ++scope) {
      if (const auto it = scope->find(name); it != scope->end()) return &it->second;
    }
    return nullptr;
  }
  [[nodiscard]] bool is_type(const std::string& name) const { return find(name) != nullptr && types_.count(name) != 0; }

  void report(std::string what) { found_.push_back(fmt::format("{}:{}: {}", file_, words_[at_].line, what)); }

  void declare(const std::string& name, const std::string& type = "", bool function = false) {
    std::string lower = name;
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
    const auto [spelled, fresh] = spellings_.try_emplace(lower, name);
    if (!fresh && spelled->second != name) report(fmt::format("{} and {} differ in case alone", spelled->second, name));
    scopes_.back()[name] = {type, function};
  }

  void use() {
    if (word(1) == "::") {  // a package's: Verilator and Yosys know whether it is there
      at_ += 3;
      return;
    }
    const std::string& name = word();
    const Name* found = find(name);
    if (found == nullptr) report(fmt::format("{} is used before its declaration", name));
    if (found != nullptr && found->scope)
      report(fmt::format("{} is no signal: what is in it needs a port or a net", name));
    ++at_;
  }

  /// The word behind the bracket that closes the one at `from`.
  [[nodiscard]] std::size_t behind_bracket(std::size_t from) const {
    int depth = 0;
    for (; from < words_.size(); ++from) {
      const std::string& text = words_[from].text;
      if (text == "(" || text == "'(" || text == "[" || text == "{" || text == "'{") ++depth;
      if ((text == ")" || text == "]" || text == "}") && --depth == 0) return from + 1;
    }
    return words_.size() - 1;
  }

  /// Uses of names up to, not including, a sign at this depth of brackets.
  void expression(const std::set<std::string_view>& ends) {
    int depth = 0;
    while (!word().empty()) {
      const std::string& text = word();
      if (depth == 0 && ends.count(text) != 0) return;
      check_connection();
      if (text == "(" || text == "'(" || text == "[" || text == "{" || text == "'{") ++depth;
      if (text == ")" || text == "]" || text == "}") --depth;
      if (is_name(text)) {
        use();
      } else {
        ++at_;
      }
    }
  }

  void step() {
    const std::string& text = word();
    check_connection();
    if (text == "always_ff" || text == "always_comb" || text == "assign" || text == "function" || text == "endmodule")
      in_register_block_ = text == "always_ff";
    if (text == "for") behind_loop_head_ = behind_bracket(at_ + 1);
    if (text == "module" || text == "package") {
      scopes_ = {{}, {}};
      spellings_.clear();
      types_.clear();
      at_ += 2;
    } else if (text == "begin") {
      ++at_;
      if (word() == ":") {
        ++at_;
        declare(word());
        scopes_.back()[word()].scope = true;
        ++at_;
      }
      scopes_.emplace_back();
    } else if (text == "end" || text == "endfunction") {
      ++at_;
      if (scopes_.size() > 1) scopes_.pop_back();
    } else if (text == "function") {
      function();
    } else if (text == "typedef") {
      type_definition();
    } else if (kTypes.count(text) != 0 || (is_type(text) && is_name(word(1)))) {
      declaration();
    } else if (is_name(text) && word(1) == ":" && (word(2) == "assert" || word(2) == "cover")) {
      declare(text);
      at_ += 2;
    } else if (is_name(text) && (word(1) == "#" || (is_name(word(1)) && word(2) == "("))) {
      instance();
    } else if (is_name(text) && text != "endmodule" && text != "endpackage") {
      if (begins_statement()) check_assignment();
      use();
    } else {
      if (text == "{" && begins_statement()) check_assignment();
      if ((text == "++" || text == "--") && in_register_block_ && begins_statement()) report_blocking(word(1));
      ++at_;
    }
  }

  [[nodiscard]] bool begins_statement() const {
    static const std::set<std::string_view> kBefore = {";", "begin", "end", "else", ")", ":", "assign", "endcase"};
    return at_ >= behind_loop_head_ && at_ > 0 && kBefore.count(words_[at_ - 1].text) != 0;
  }

  void function() {
    ++at_;
    while (word(1) != "(" && word(1) != ";") {  // up to the name
      if (is_name(word()) && !is_type(word())) {
        use();
      } else {
        ++at_;
      }
    }
    declare(word(), "", true);
    ++at_;
    scopes_.emplace_back();
  }

  void type_definition() {
    ++at_;
    const bool is_enum = word() == "enum";
    while (word() != "{" && word() != ";") {
      if (is_name(word())) {
        use();
      } else {
        ++at_;
      }
    }
    if (word() == "{") {
      const std::size_t behind = behind_bracket(at_);
      if (is_enum) {
        for (++at_; at_ < behind; ++at_) {
          if (is_name(word()) && (words_[at_ - 1].text == "{" || words_[at_ - 1].text == ",")) declare(word());
        }
      }
      at_ = behind;
    }
    declare(word());
    types_[word()] = is_enum;
    ++at_;
  }

  /// type [range] name [range] [= value], name ...: up to the semicolon, or the bracket that closes a list of ports.
  void declaration() {
    std::string type;
    bool is_parameter = false;
    while (kTypes.count(word()) != 0 || word() == "signed" || word() == "unsigned" || is_type(word())) {
      if (is_type(word())) type = word();
      if (word() == "parameter") is_parameter = true;
      ++at_;
    }
    while (!word().empty()) {
      while (word() == "[") {
        ++at_;
        expression({"]"});
        ++at_;
      }
      if (!is_name(word())) return;
      const std::string name = word();
      ++at_;
      while (word() == "[") {
        ++at_;
        expression({"]"});
        ++at_;
      }
      --at_;
      declare(name, type);
      ++at_;
      if (word() == "=") {
        check_value(at_ + 1, type);
        if (is_parameter) check_parameter(name, at_ + 1);
        expression({",", ";", ")"});
      }
      if (word() != ",") return;
      ++at_;
      if (kTypes.count(word()) != 0 || is_type(word())) return;
    }
  }

  void instance() {
    ++at_;
    if (word() == "#") {
      ++at_;
      ++at_;
      expression({")"});
      ++at_;
    }
    declare(word());
    scopes_.back()[word()].scope = true;
    ++at_;
  }

  [[nodiscard]] bool calls_function(std::size_t from, std::size_t to) const {
    for (; from < to; ++from) {
      const Name* name = find(words_[from].text);
      if (name != nullptr && name->function && words_[from + 1].text == "(") return true;
    }
    return false;
  }

  /// At the first word of a statement: an assignment's targets and value, if it is one.
  void check_assignment() {
    const std::size_t behind = word() == "{" ? behind_bracket(at_) : at_ + 1;
    std::vector<std::string> targets;  // of {a, b[i]} <= …: a and b
    bool calls = false;
    std::size_t from = at_;
    while (from < behind || words_[from].text == "[") {
      if (words_[from].text == "[") {
        const std::size_t end = behind_bracket(from);
        calls = calls || calls_function(from, end);
        from = end;
        continue;
      }
      if (is_name(words_[from].text)) targets.push_back(words_[from].text);
      ++from;
    }
    const std::string& sign = words_[from].text;
    static const std::set<std::string_view> kBlocking = {
        "=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "++", "--"};
    const bool shifts = (sign == "<<" || sign == ">>") && words_[from + 1].text == "=";
    const std::string all = fmt::format("{}", fmt::join(targets, ", "));
    if (in_register_block_ && (shifts || kBlocking.count(sign) != 0)) report_blocking(all);
    if (sign == "<=") {
      for (const std::string& target : targets) {
        if (!target.ends_with("_q")) report(fmt::format("{} is a register, so its name ends in _q", target));
      }
      if (calls) report(fmt::format("{}: a function call as the index of a nonblocking assignment", all));
    }
    if ((sign == "<=" || sign == "=") && word() != "{") {
      if (const Name* target = find(word())) check_value(from + 1, target->type);
    }
  }

  void report_blocking(const std::string& targets) {
    report(fmt::format("{}: a blocking assignment in always_ff", targets));
  }

  /// `type` is the target's: an enum takes no ?: as its value.
  void check_value(std::size_t from, const std::string& type) {
    const auto it = types_.find(type);
    if (it == types_.end() || !it->second) return;
    for (std::size_t i = from; i < words_.size(); ++i) {
      const std::string& text = words_[i].text;
      if (text == ";" || text == "," || text.empty()) return;
      if (text == "[") i = behind_bracket(i) - 1;
      if (text == "?") {
        report(fmt::format("{} of {} is assigned from ?:, use if", words_[at_].text, type));
        return;
      }
    }
  }

  /// What follows from others is no parameter: an instance could give it another value.
  void check_parameter(const std::string& name, std::size_t from) {
    for (int depth = 0; from < words_.size(); ++from) {
      const std::string& text = words_[from].text;
      if (text == "(" || text == "'(") ++depth;
      if (depth == 0 && (text == "," || text == ")" || text == ";")) return;
      if (text == ")") --depth;
      if (find(text) != nullptr) {
        report(fmt::format("{} follows from {}, so it is a localparam", name, text));
        return;
      }
    }
  }

  /// A module's comments: what heads a section, and what is no comment but meant for Verilator.
  void check_comments() {
    static constexpr std::string_view kRule = "a heading is \"// ---- text ----\" above what it heads";
    bool in_module = false;
    int number = 0;
    for (std::size_t from = 0; from < text_.size();) {
      const std::string_view line = line_at(from);
      from += line.size() + 1;
      ++number;
      if (line.starts_with("module ") || line.starts_with("package ")) in_module = true;
      // Verilator takes a comment that begins with its name, in either spelling, as meant for itself.
      for (const char* pragma : {"/*verilator", "/* verilator", "//verilator", "// verilator", "/*Verilator",
                                 "/* Verilator", "//Verilator", "// Verilator"}) {
        if (line.find(pragma) == std::string_view::npos) continue;
        found_.push_back(fmt::format("{}:{}: a pragma of Verilator's, for which there is mixvec.vlt", file_, number));
      }
      const std::size_t first = std::min(line.find_first_not_of(' '), line.size());
      const std::string_view comment = line.substr(first);
      if (!in_module || !comment.starts_with("//")) continue;
      const bool heads = comment.find("---") != std::string_view::npos;
      const bool well_made = comment.starts_with("// ---- ") && comment.ends_with(" ----") && comment.size() > 13;
      if ((heads && !well_made) || line_at(from).empty())
        found_.push_back(fmt::format("{}:{}: {}", file_, number, kRule));
    }
  }

  [[nodiscard]] std::string_view line_at(std::size_t from) const {
    return text_.substr(std::min(from, text_.size()), std::min(text_.find('\n', from), text_.size()) - from);
  }

  void check_connection() {
    if (word() == kShortConnection) report("a connection by its name alone: .name(name)");
  }

  std::string_view file_;
  std::string_view text_;
  std::vector<Word> words_;
  std::size_t at_ = 0;
  std::vector<std::map<std::string, Name>> scopes_ = {{}};
  std::map<std::string, std::string> spellings_;  ///< of the module, by the name in small letters
  std::map<std::string, bool> types_;             ///< of the module: whether it is an enum
  std::size_t behind_loop_head_ = 0;              ///< of the last for: what is in it is no statement
  bool in_register_block_ = false;                ///< of an always_ff, up to the next block
  std::vector<std::string> found_;
};

}  // namespace

std::vector<std::string> check_rtl(std::string_view file, std::string_view text) { return Checker(file, text).run(); }

std::vector<std::string> check_rtl_head(std::string_view file, std::string_view text) {
  static constexpr std::string_view kHead = "// Mixvec\n// SPDX-License-Identifier: Apache-2.0\n//\n// ";
  if (text.starts_with(kHead)) return {};
  return {fmt::format("{}:1: expected the project's name, the licence (SPDX) and what the file is", file)};
}

std::vector<std::string> check_rtl_columns(std::string_view file, std::string_view text) {
  static constexpr int kColumns = 100;
  std::vector<std::string> found;
  int line = 1;
  int columns = 0;
  for (const char c : text) {
    if (c == '\n') {
      if (columns > kColumns) found.push_back(fmt::format("{}:{}: {} columns", file, line, columns));
      ++line;
      columns = 0;
    } else if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) {  // bytes that go on with a character do not count
      ++columns;
    }
  }
  return found;
}

}  // namespace mixvec::inline generator
