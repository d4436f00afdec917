// A regular expression of a user or a plan.
#pragma once

#include <fmt/format.h>
#include <regex.h>

#include <array>
#include <string>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"

namespace mixvec::inline flows {

/// A POSIX extended expression, whose time is bounded by its length and the text's.
class Expression {
 public:
  /// Throws InputError, which begins with `label`, if it is none.
  Expression(const std::string& label, const std::string& text) {
    constexpr std::size_t kLongest = 200;
    if (text.size() > kLongest)
      fail_input("{}: found {} characters, expected at most {}", label, text.size(), kLongest);
    const int error = ::regcomp(&compiled_, text.c_str(), REG_EXTENDED | REG_NOSUB);
    if (error == 0) return;
    std::array<char, 100> reason{};
    ::regerror(error, &compiled_, reason.data(), reason.size());
    fail_input("{}: found {}, expected a regular expression: {}", label, quote(text), reason.data());
  }
  ~Expression() { ::regfree(&compiled_); }
  Expression(const Expression&) = delete;
  Expression& operator=(const Expression&) = delete;

  [[nodiscard]] bool found_in(const std::string& text) const {
    return ::regexec(&compiled_, text.c_str(), 0, nullptr, 0) == 0;
  }

 private:
  regex_t compiled_{};
};

}  // namespace mixvec::inline flows
