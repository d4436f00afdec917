// Judges messages.
#include "flows/hostile/messages.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/text/character_text.hpp"

namespace mixvec::inline flows::hostile {
namespace {

constexpr std::size_t kMostBytes = 4000;
constexpr long kMostLines = 12;  // a legality report names every rule that is broken

constexpr std::string_view kForeign[] = {
    "internal error", "filesystem error", "json.exception", "std::",          "bad_alloc", "terminate called",
    "basic_string",   "vector::",         "boost",          "Boost",          "errno",     "what():",
    "Assertion",      "AddressSanitizer", "runtime error:", "invalid option", "stoi",      "stod"};

/// Characters that hide or reorder others: byte order mark, right-to-left override, isolate, no width, a control.
constexpr std::string_view kInvisible[] = {"\xEF\xBB\xBF", "\xE2\x80\xAE", "\xE2\x81\xA6", "\xE2\x80\x8B", "\xC2\x9B"};

}  // namespace

void check_message(std::string_view program, int code, std::string_view text, std::vector<std::string>& wrong) {
  if (code == 2 && text.empty()) wrong.emplace_back("says nothing about why it refused");
  if (code == 2 && !text.empty() && text.find(fmt::format("{}: ", program)) == std::string_view::npos) {
    wrong.push_back(fmt::format("message does not begin with the program's name: {}", quote(text)));
  }
  for (const std::string_view word : kForeign) {
    if (text.find(word) != std::string_view::npos) {
      const std::size_t at = text.find(word);
      wrong.push_back(fmt::format("says \"{}\": {}", word, quote(text.substr(at < 40 ? 0 : at - 40))));
    }
  }
  if (text.size() > kMostBytes || std::count(text.begin(), text.end(), '\n') > kMostLines) {
    wrong.push_back(fmt::format("says {} bytes in {} lines, expected at most {} in {}", text.size(),
                                std::count(text.begin(), text.end(), '\n'), kMostBytes, kMostLines));
  }
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && byte != '\n') || byte == 0x7F) {
      wrong.push_back(fmt::format("says control character 0x{:02x}", byte));
      break;
    }
  }
  for (const std::string_view character : kInvisible) {
    if (text.find(character) == std::string_view::npos) continue;
    wrong.push_back(fmt::format("says an invisible character: {}", quote(text.substr(text.find(character)))));
  }
  try {
    (void)split_characters("message", text);
  } catch (const InputError& error) {
    wrong.emplace_back(error.what());
  }
}

}  // namespace mixvec::inline flows::hostile
