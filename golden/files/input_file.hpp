// Reads files that others wrote: regular files of a bounded size, and JSON of a bounded depth.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace mixvec::inline golden {

/// More than any file that is read whole: a packed model of billions of weights.
inline constexpr std::uintmax_t kMostFileBytes = std::uintmax_t{1} << 33U;

/// More than any JSON document that is read. As a document object a text takes some 20 times its size in memory.
inline constexpr std::uintmax_t kMostJsonBytes = std::uintmax_t{1} << 26U;

/// Brackets that may be open at once in a JSON document: code that walks through one recurses as deep.
inline constexpr int kMostJsonDepth = 100;

/// Reads a whole regular file of at most `most_bytes`. Throws InputError that names the file and what was found:
/// nothing, a link to nothing, a folder, a pipe, a device or a socket (they may never end), more bytes, or the system's
/// reason.
std::string read_file(const std::filesystem::path& path, std::uintmax_t most_bytes = kMostFileBytes);

/// A JSON document (a UTF-8 byte order mark before it is passed over). Throws InputError that begins with `label` and
/// names line, column, what was found and what was expected: text that is no JSON, more than kMostJsonDepth open
/// brackets, a key that an object holds twice (readers keep one of them, nobody knows which), a number beyond binary64.
nlohmann::json parse_json(std::string_view text, std::string_view label);

/// Reads and parses a file. Throws InputError as read_file() and parse_json() do.
nlohmann::json read_json(const std::filesystem::path& path);

/// A JSON value for a message: plain ASCII, at most some 80 characters; "an array", "an object".
std::string show_json(const nlohmann::json& value);

}  // namespace mixvec::inline golden
