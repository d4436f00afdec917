// Asks ICU.
#include "golden/text/unicode.hpp"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <array>
#include <span>

#include "golden/base/error.hpp"

namespace mixvec::inline golden {

namespace {

// No character decomposes into more, nor has a longer lower case.
constexpr std::int32_t kMostUnits = 64;
using Units = std::array<UChar, kMostUnits>;

bool has_category(char32_t character, std::uint32_t mask) {
  return (U_GET_GC_MASK(static_cast<UChar32>(character)) & mask) != 0;
}

std::u32string characters_of(std::span<const UChar> units) {
  std::u32string result;
  const auto size = static_cast<std::int32_t>(units.size());
  for (std::int32_t i = 0; i < size;) {
    UChar32 character = 0;
    U16_NEXT(units.data(), i, size, character);
    result.push_back(static_cast<char32_t>(character));
  }
  return result;
}

const UNormalizer2* decomposer() {
  static const UNormalizer2* const instance = [] {
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2* const made = unorm2_getNFDInstance(&status);
    if (U_FAILURE(status)) fail_input("ICU: found no data of NFD ({}), expected them", u_errorName(status));
    return made;
  }();
  return instance;
}

}  // namespace

char32_t next_character(std::string_view text, std::size_t& at, std::string_view label) {
  const std::string_view rest = text.substr(at, U8_MAX_LENGTH);
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(rest.data());
  std::int32_t used = 0;
  UChar32 character = 0;
  U8_NEXT(bytes, used, static_cast<std::int32_t>(rest.size()), character);
  if (character < 0) fail_input("{}: byte {}: found 0x{:02x}, expected UTF-8", label, at, bytes[0]);
  at += static_cast<std::size_t>(used);
  return static_cast<char32_t>(character);
}

void append_utf8(std::string& text, char32_t character) {
  std::array<char, U8_MAX_LENGTH> bytes{};
  std::int32_t size = 0;
  U8_APPEND_UNSAFE(bytes.data(), size, static_cast<UChar32>(character));
  text.append(bytes.data(), static_cast<std::size_t>(size));
}

bool is_letter(char32_t character) { return has_category(character, U_GC_L_MASK); }
bool is_number(char32_t character) { return has_category(character, U_GC_N_MASK); }
bool is_white_space(char32_t character) { return u_isUWhiteSpace(static_cast<UChar32>(character)) != 0; }
bool is_space_mark(char32_t character) { return has_category(character, U_GC_ZS_MASK); }
bool is_other(char32_t character) { return has_category(character, U_GC_C_MASK); }
bool is_punctuation(char32_t character) { return has_category(character, U_GC_P_MASK); }

std::u32string without_marks(char32_t character) {
  Units units{};
  UErrorCode status = U_ZERO_ERROR;
  const std::int32_t size =
      unorm2_getDecomposition(decomposer(), static_cast<UChar32>(character), units.data(), kMostUnits, &status);
  std::u32string result = size < 0 || U_FAILURE(status)
                              ? std::u32string(1, character)
                              : characters_of(std::span<const UChar>(units).first(static_cast<std::size_t>(size)));
  std::erase_if(result, [](char32_t c) { return has_category(c, U_GC_MN_MASK); });
  return result;
}

std::u32string lower_case(char32_t character) {
  std::array<UChar, U16_MAX_LENGTH> source{};
  std::int32_t size = 0;
  U16_APPEND_UNSAFE(source.data(), size, static_cast<UChar32>(character));
  Units units{};
  UErrorCode status = U_ZERO_ERROR;
  const std::int32_t lower = u_strToLower(units.data(), kMostUnits, source.data(), size, "", &status);
  if (U_FAILURE(status)) return {character};
  return characters_of(std::span<const UChar>(units).first(static_cast<std::size_t>(lower)));
}

}  // namespace mixvec::inline golden
