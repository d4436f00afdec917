// What a program may say on standard error.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mixvec::inline flows::hostile {

/// Appends what is wrong with the text that `program` wrote while it ended with `code`: nothing said on a refusal,
/// bytes that are no UTF-8, control characters, libraries' and the standard's own wordings, or more than anybody reads.
void check_message(std::string_view program, int code, std::string_view text, std::vector<std::string>& wrong);

}  // namespace mixvec::inline flows::hostile
