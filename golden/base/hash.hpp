// The one hash of the project: 64-bit FNV-1a. It tells texts apart; it is no defence against forgery.
#pragma once

#include <cstdint>
#include <string_view>

namespace mixvec::inline golden {

/// 64-bit FNV-1a of the bytes of `text`; `value` continues an earlier one. Each step can be undone: two texts of one
/// length that differ in one byte alone never have the same hash.
constexpr std::uint64_t fnv1a(std::string_view text, std::uint64_t value = 0xcbf29ce484222325U) {
  for (const char c : text) value = (value ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return value;
}

}  // namespace mixvec::inline golden
