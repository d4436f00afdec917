// Splits UTF-8 into characters and numbers them.
#include "golden/text/character_text.hpp"

#include <algorithm>
#include <map>

#include "golden/base/error.hpp"
#include "golden/files/input_file.hpp"

namespace mixvec::inline golden {

namespace {

// Bytes of the UTF-8 character that starts with `lead`; 0 if none does.
std::size_t character_size(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  if (lead >= 0xF0 && lead < 0xF5) return 4;
  return 0;
}

}  // namespace

std::vector<std::string> split_characters(std::string_view where, std::string_view text) {
  std::vector<std::string> characters;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = character_size(static_cast<unsigned char>(text[at]));
    const bool whole = size != 0 && at + size <= text.size() &&
                       std::all_of(text.begin() + static_cast<std::ptrdiff_t>(at) + 1,
                                   text.begin() + static_cast<std::ptrdiff_t>(at + size),
                                   [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; });
    if (!whole)
      fail_input("{}: byte {}: found 0x{:02x}, expected UTF-8", where, at, static_cast<unsigned char>(text[at]));
    characters.emplace_back(text.substr(at, size));
    at += size;
  }
  return characters;
}

std::string read_text(const std::filesystem::path& path) {
  std::string text = read_file(path, kMaxTextBytes);
  if (text.empty()) fail_input("{}: found an empty file, expected a text", path.string());
  return text;
}

std::vector<std::string> read_characters(const std::filesystem::path& path) {
  return split_characters(path.string(), read_text(path));
}

CharacterText read_character_text(const std::filesystem::path& path) {
  const std::vector<std::string> characters = read_characters(path);
  // The byte order of UTF-8 is the order of code points, so the map numbers characters by code point.
  std::map<std::string, std::int64_t> id_of;
  for (const std::string& character : characters) id_of.emplace(character, 0);
  CharacterText result;
  for (auto& [character, id] : id_of) {
    id = static_cast<std::int64_t>(result.vocabulary.size());
    result.vocabulary.push_back(character);
  }
  result.ids.reserve(characters.size());
  for (const std::string& character : characters) result.ids.push_back(id_of.at(character));
  return result;
}

}  // namespace mixvec::inline golden
