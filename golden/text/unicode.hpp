// Characters of Unicode and their classes, as tokenizers need them: a thin layer over ICU.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mixvec::inline golden {

/// The character at byte `at` of a UTF-8 text, and `at` moved behind it. Throws InputError naming the byte that is no
/// UTF-8 (surrogates and overlong forms are none); `label` begins the message.
char32_t next_character(std::string_view text, std::size_t& at, std::string_view label);
/// Appends a character as UTF-8.
void append_utf8(std::string& text, char32_t character);

bool is_letter(char32_t character);       ///< \p{L}
bool is_number(char32_t character);       ///< \p{N}
bool is_white_space(char32_t character);  ///< \p{White_Space}
bool is_space_mark(char32_t character);   ///< \p{Zs}
bool is_other(char32_t character);        ///< \p{C}: controls, formats, private and unassigned ones
bool is_punctuation(char32_t character);  ///< \p{P}

/// The character in its canonical decomposition (NFD) without nonspacing marks (\p{Mn}): é becomes e.
std::u32string without_marks(char32_t character);
/// The character in lower case, whatever stands around it.
std::u32string lower_case(char32_t character);

}  // namespace mixvec::inline golden
