// Splits C++ into tokens that know where they stand, and whether a blank is in front of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace mixvec::inline flows {

enum class CppKind : std::uint8_t { kName, kNumber, kCharacter, kString, kSign, kEnd };

/// A token is a piece of the text that was split, which must live as long.
struct CppToken {
  CppKind kind = CppKind::kEnd;
  std::string_view text;
  std::size_t begin = 0;  ///< its first byte
  int line = 1;
  bool blank = false;  ///< in front of it

  [[nodiscard]] std::size_t end() const { return begin + text.size(); }
};

/// All tokens, and one of kind kEnd. Left out are comments, directives of the preprocessor, and what stands between an
/// `#if` and its `#endif`. A `>` is always a token of its own, unless it is part of `>=`, `->` or `>>` between blanks.
std::vector<CppToken> split_cpp(std::string_view text);

}  // namespace mixvec::inline flows
