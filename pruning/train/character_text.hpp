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

/// Reads a UTF-8 text. Throws InputError naming the byte that is not UTF-8, or if the text is empty.
CharacterText read_character_text(const std::filesystem::path& path);

}  // namespace mixvec
