// A text as a sequence of character ids, and the vocabulary that maps one to the other.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace mixvec {

/// Ids are positions in `vocabulary`, which is sorted by code point.
struct CharacterText {
  std::vector<std::string> vocabulary;  ///< one UTF-8 character each
  std::vector<std::int64_t> ids;
};

/// The characters of a UTF-8 text in order. Throws InputError naming the byte that is not UTF-8, or if the text is
/// empty.
std::vector<std::string> read_characters(const std::filesystem::path& path);

/// Reads a text and numbers its characters. Throws InputError as read_characters() does.
CharacterText read_character_text(const std::filesystem::path& path);

}  // namespace mixvec
