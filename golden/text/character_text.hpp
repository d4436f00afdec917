// A text as a sequence of character ids, and the vocabulary that maps one to the other.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace mixvec::inline golden {

/// Ids are positions in `vocabulary`, which is sorted by code point.
struct CharacterText {
  std::vector<std::string> vocabulary;  ///< one UTF-8 character each
  std::vector<std::int64_t> ids;
};

/// The longest text that is read, in bytes. As a list of characters a text takes some 40 times its size in memory.
inline constexpr std::uintmax_t kMaxTextBytes = std::uintmax_t{1} << 27U;

/// The UTF-8 characters of `text` in order. Throws InputError naming the byte that is not UTF-8; `where` begins the
/// message.
std::vector<std::string> split_characters(std::string_view where, std::string_view text);

/// The whole file. Throws InputError if it is empty, no regular file (a device may never end) or larger than
/// kMaxTextBytes.
std::string read_text(const std::filesystem::path& path);

/// The characters of a UTF-8 file in order. Throws InputError as the two above do.
std::vector<std::string> read_characters(const std::filesystem::path& path);

/// Reads a text and numbers its characters. Throws InputError as read_characters() does.
CharacterText read_character_text(const std::filesystem::path& path);

}  // namespace mixvec::inline golden
