// Small text helpers for error messages: names that resemble a misspelt one, shapes in brackets.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mixvec {

/// Insertions, deletions and substitutions that turn one string into the other.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// At most `limit` of `names` that resemble `name`, most similar first; none if nothing is close.
std::vector<std::string> nearest_names(std::string_view name, std::span<const std::string> names, std::size_t limit);

/// "[768, 2304]"
std::string shape_text(std::span<const std::size_t> shape);

/// A string from a hostile file made fit for a message: quoted, control characters escaped, at most 80 bytes of it.
std::string quote(std::string_view text);

}  // namespace mixvec
