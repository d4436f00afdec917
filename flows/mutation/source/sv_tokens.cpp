// One pass over the text; directives of the preprocessor are followed by counting.
#include "flows/mutation/source/sv_tokens.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "flows/mutation/source/text_cursor.hpp"

namespace mixvec::inline flows {
namespace {

bool continues_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$'; }

/// Longest first.
constexpr std::array<std::string_view, 36> kSigns = {"<<<=", ">>>=", "<<<", ">>>", "===", "!==", "==?", "!=?", "<<=",
                                                     ">>=",  "<=",   ">=",  "==",  "!=",  "&&",  "||",  "::",  "'(",
                                                     "'{",   "+:",   "-:",  "<<",  ">>",  "**",  "++",  "--",  "->",
                                                     "+=",   "-=",   "*=",  "&=",  "|=",  "^=",  "~&",  "~|",  "~^"};

class Splitter final : private TextCursor {
 public:
  explicit Splitter(std::string_view text) : TextCursor(text) {}

  std::vector<SvToken> run() {
    while (at_ < text_.size()) step();
    tokens_.push_back({SvKind::kEnd, text_.substr(text_.size()), text_.size(), line_});
    return std::move(tokens_);
  }

 private:
  [[nodiscard]] std::size_t name_end(std::size_t from) const {
    while (from < text_.size() && continues_name(text_[from])) ++from;
    return from;
  }
  void add(SvKind kind, std::size_t end) {
    if (hidden_ == 0) tokens_.push_back({kind, text_.substr(at_, end - at_), at_, line_});
    skip_to(end);
  }

  void step() {
    const char c = ahead(0);
    const char next = ahead(1);
    if (skip_blank()) return;
    if (c == '(' && next == '*' && ahead(2) != ')') {
      skip_behind("*)");
    } else if (c == '`') {
      directive();
    } else if (c == '"') {
      add(SvKind::kString, std::min(text_.find('"', at_ + 1), text_.size() - 1) + 1);
    } else if (c == '$') {
      add(SvKind::kSystemName, name_end(at_ + 1));
    } else if (starts_name(c)) {
      add(SvKind::kName, name_end(at_));
    } else if (is_digit(c) || (c == '\'' && (is_digit(next) || starts_name(next)))) {
      number();
    } else {
      sign();
    }
  }

  /// What an `ifdef opens is hidden up to its `endif, the branches of `else too.
  void directive() {
    const std::size_t end = name_end(at_ + 1);
    const std::string_view name = text_.substr(at_ + 1, end - at_ - 1);
    if (name == "ifdef" || name == "ifndef") ++hidden_;
    if (name == "endif" && hidden_ > 0) --hidden_;
    static constexpr std::array<std::string_view, 6> kKnown = {"ifdef", "ifndef", "elsif", "else", "endif", "define"};
    if (std::find(kKnown.begin(), kKnown.end(), name) == kKnown.end()) {
      add(SvKind::kSign, end);  // a macro: no part of the subset
    } else {
      skip_behind("\n");
    }
  }

  void number() {
    std::size_t end = name_end(at_);
    // A base makes one number of 8'hff; a bracket a cast of 8'(x).
    if (end < text_.size() && text_[end] == '\'' && end + 1 < text_.size() && text_[end + 1] != '(' &&
        continues_name(text_[end + 1])) {
      end = name_end(end + 1);
    }
    add(SvKind::kNumber, std::max(end, at_ + 1));
  }

  void sign() {
    for (const std::string_view pair : kSigns) {
      if (text_.substr(at_, pair.size()) == pair) return add(SvKind::kSign, at_ + pair.size());
    }
    add(SvKind::kSign, at_ + 1);
  }

  std::vector<SvToken> tokens_;
  int hidden_ = 0;  ///< depth of `ifdef
};

}  // namespace

std::vector<SvToken> split_sv(std::string_view text) { return Splitter(text).run(); }

}  // namespace mixvec::inline flows
