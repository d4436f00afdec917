// Small text helpers: numbers and lists as users type them, and what error messages show of a text.
#pragma once

#include <charconv>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mixvec::inline golden {

/// Insertions, deletions and substitutions that turn one string into the other.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// At most `limit` of `names` that resemble `name`, most similar first; none if nothing is close.
std::vector<std::string> nearest_names(std::string_view name, std::span<const std::string> names, std::size_t limit);

/// "[768, 2304]"
std::string shape_text(std::span<const std::size_t> shape);

/// The text as visible UTF-8: other bytes and control characters as \xNN, those that hide or reorder as \u{feff}.
std::string escape_controls(std::string_view text);

/// The beginning of the text: at most `most` bytes, cut between characters of UTF-8.
std::string_view clip(std::string_view text, std::size_t most);

/// The words with blanks between them; those at the end that do not fit into `width` columns become "+N". Tables hold
/// 100 columns, and some lists have no bound.
std::string join_fitting(std::span<const std::string> words, std::size_t width);

/// The parts of a list as options have it, "a,b,c": one more than there are commas, empty ones too.
std::vector<std::string> split_list(std::string_view text);

/// The number that the text is, in decimal and all of it; nothing if it is none, or none that `Number` holds. Without
/// blanks, a plus sign, or, for an unsigned number, a minus sign.
template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// White space in the sense of ASCII.
inline bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// A word as a POSIX shell takes it: in single quotes unless it is plain. For lines that a user will copy.
std::string shell_quote(std::string_view word);

/// A string from a hostile file made fit for a message: quoted, control characters escaped, at most 80 bytes of it.
std::string quote(std::string_view text);

}  // namespace mixvec::inline golden
