// A place in a source text that knows its line, for what splits texts into tokens.
#pragma once

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <string_view>

namespace mixvec::inline flows {

inline bool is_blank(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }
inline bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }
inline bool starts_name(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }

/// Moves forward only.
class TextCursor {
 protected:
  explicit TextCursor(std::string_view text) : text_(text) {}
  ~TextCursor() = default;

  /// '\0' behind the end.
  [[nodiscard]] char ahead(std::size_t count) const { return at_ + count < text_.size() ? text_[at_ + count] : '\0'; }
  void skip_to(std::size_t end) {
    end = std::min(end, text_.size());
    line_ += static_cast<int>(std::count(text_.begin() + static_cast<std::ptrdiff_t>(at_),
                                         text_.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
    at_ = end;
  }
  void skip_behind(std::string_view end) {
    const std::size_t found = text_.find(end, at_);
    skip_to(found == std::string_view::npos ? text_.size() : found + end.size());
  }
  /// Over blanks, a comment of // or one of /* */; false if none is here.
  bool skip_blank() {
    if (is_blank(ahead(0))) {
      skip_to(at_ + 1);
    } else if (ahead(0) == '/' && ahead(1) == '/') {
      skip_behind("\n");
    } else if (ahead(0) == '/' && ahead(1) == '*') {
      skip_behind("*/");
    } else {
      return false;
    }
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
};

}  // namespace mixvec::inline flows
