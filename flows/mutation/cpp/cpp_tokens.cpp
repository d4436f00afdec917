// One pass over the text; directives of the preprocessor are followed by counting.
#include "flows/mutation/cpp/cpp_tokens.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include "flows/mutation/source/text_cursor.hpp"

namespace mixvec::inline flows {
namespace {

bool continues_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// Longest first.
constexpr std::array<std::string_view, 25> kSigns = {
    "<=>", "<<=", ">>=", "->*", "...", "<=", ">=", "==", "!=", "&&", "||", "::", "->",
    "++",  "--",  "<<",  ">>",  "+=",  "-=", "*=", "/=", "%=", "&=", "|=", "^="};

class Splitter final : private TextCursor {
 public:
  explicit Splitter(std::string_view text) : TextCursor(text) {}

  std::vector<CppToken> run() {
    while (at_ < text_.size()) step();
    tokens_.push_back({CppKind::kEnd, text_.substr(text_.size()), text_.size(), line_, true});
    return std::move(tokens_);
  }

 private:
  [[nodiscard]] std::size_t name_end(std::size_t from) const {
    while (from < text_.size() && continues_name(text_[from])) ++from;
    return from;
  }
  void add(CppKind kind, std::size_t end) {
    end = std::min(end, text_.size());
    const bool blank = at_ == 0 || is_blank(text_[at_ - 1]);
    if (hidden_ == 0) tokens_.push_back({kind, text_.substr(at_, end - at_), at_, line_, blank});
    skip_to(end);
  }

  void step() {
    const char c = ahead(0);
    const char next = ahead(1);
    if (skip_blank()) return;
    if (c == '#') {
      directive();
    } else if (c == '"' || c == '\'') {
      quoted(at_);
    } else if (starts_name(c)) {
      name();
    } else if (is_digit(c) || (c == '.' && is_digit(next))) {
      number();
    } else {
      sign();
    }
  }

  /// Up to the end of its last line. What an #if opens is hidden up to its #endif, the branches of #else too.
  void directive() {
    std::size_t at = at_ + 1;
    while (at < text_.size() && (text_[at] == ' ' || text_[at] == '\t')) ++at;
    const std::string_view word = text_.substr(at, name_end(at) - at);
    if (word == "if" || word == "ifdef" || word == "ifndef") ++hidden_;
    if (word == "endif" && hidden_ > 0) --hidden_;
    std::size_t end = text_.find('\n', at_);
    while (end != std::string_view::npos && end > 0 && text_[end - 1] == '\\') end = text_.find('\n', end + 1);
    skip_to(end == std::string_view::npos ? text_.size() : end + 1);
  }

  /// A name, or the prefix of a string.
  void name() {
    const std::size_t end = name_end(at_);
    const char next = end < text_.size() ? text_[end] : '\0';
    const std::string_view word = text_.substr(at_, end - at_);
    if (next == '"' && !word.empty() && word.back() == 'R') return raw_string(end);
    if ((next == '"' || next == '\'') && (word == "u8" || word == "u" || word == "U" || word == "L"))
      return quoted(end);
    add(CppKind::kName, end);
  }

  /// From at_, with its quotation mark at `open`; with the suffix behind it.
  void quoted(std::size_t open) {
    const char mark = text_[open];
    std::size_t end = open + 1;
    while (end < text_.size() && text_[end] != mark && text_[end] != '\n') end += text_[end] == '\\' ? 2 : 1;
    add(mark == '"' ? CppKind::kString : CppKind::kCharacter, name_end(end + 1));
  }

  void raw_string(std::size_t open) {
    const std::size_t bracket = text_.find('(', open);
    if (bracket == std::string_view::npos) return add(CppKind::kString, text_.size());
    const std::string close = ")" + std::string(text_.substr(open + 1, bracket - open - 1)) + "\"";
    const std::size_t end = text_.find(close, bracket);
    add(CppKind::kString, end == std::string_view::npos ? text_.size() : end + close.size());
  }

  void number() {
    std::size_t end = at_;
    while (end < text_.size()) {
      const char c = text_[end];
      const char before = end > at_ ? text_[end - 1] : '\0';
      const bool hexadecimal = text_.substr(at_, 2) == "0x" || text_.substr(at_, 2) == "0X";
      const bool of_exponent =
          (c == '+' || c == '-') && (hexadecimal ? before == 'p' || before == 'P' : before == 'e' || before == 'E');
      const bool separator = c == '\'' && end + 1 < text_.size() && continues_name(text_[end + 1]);
      if (!continues_name(c) && c != '.' && !of_exponent && !separator) break;
      ++end;
    }
    add(CppKind::kNumber, end);
  }

  void sign() {
    for (const std::string_view one : kSigns) {
      if (text_.substr(at_, one.size()) != one) continue;
      // Two that close lists of template arguments stand without a blank.
      const bool closes = one[0] == '>' && (at_ == 0 || !is_blank(text_[at_ - 1]));
      if (closes && one != ">=") break;
      return add(CppKind::kSign, at_ + one.size());
    }
    add(CppKind::kSign, at_ + 1);
  }

  std::vector<CppToken> tokens_;
  int hidden_ = 0;  ///< depth of #if
};

}  // namespace

std::vector<CppToken> split_cpp(std::string_view text) { return Splitter(text).run(); }

}  // namespace mixvec::inline flows
