// Lines of a text, for files of an example a line.
#pragma once

#include <cstddef>
#include <string_view>

namespace mixvec::inline golden {

/// Calls see(number, line) for each line that is not empty, from number 1 on, without its end ("\n" or "\r\n").
template <typename See>
void for_each_line(std::string_view text, const See& see) {
  std::size_t number = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at) == std::string_view::npos ? text.size() : text.find('\n', at);
    std::string_view line = text.substr(at, end - at);
    at = end + 1;
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_not_of(" \t") != std::string_view::npos) see(number, line);
  }
}

}  // namespace mixvec::inline golden
