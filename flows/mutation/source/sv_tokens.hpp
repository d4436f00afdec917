// Splits SystemVerilog of the subset of rtl_templates/ into tokens that know where they stand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace mixvec::inline flows {

enum class SvKind : std::uint8_t { kName, kSystemName, kNumber, kString, kSign, kEnd };

/// A token is a piece of the text that was split, which must live as long.
struct SvToken {
  SvKind kind = SvKind::kEnd;
  std::string_view text;
  std::size_t begin = 0;  ///< its first byte
  int line = 1;

  [[nodiscard]] std::size_t end() const { return begin + text.size(); }
};

/// All tokens, and one of kind kEnd. Left out are comments, attributes, and whatever stands between `ifdef and `endif:
/// in our RTL those are assertions, and what one of the tools must not see. A number is one token with its size and
/// base.
std::vector<SvToken> split_sv(std::string_view text);

}  // namespace mixvec::inline flows
