// Where the fields of an image's header stand (docs/packed_format.md): for the packer, the reader and, printed into
// mv_isa_pkg, the RTL.
#pragma once

#include <array>
#include <cstdint>

namespace mixvec::inline golden {

struct HeaderField {
  const char* name;
  int word;
  int low;
  int width;

  /// A value of a field within word 3, in its place.
  [[nodiscard]] constexpr std::uint32_t place(std::uint32_t value) const { return (value & mask()) << low; }
  /// That value, from word 3.
  [[nodiscard]] constexpr std::uint32_t of(std::uint32_t bits) const { return bits >> low & mask(); }
  [[nodiscard]] constexpr std::uint32_t mask() const { return (1U << width) - 1U; }
};

inline constexpr HeaderField kColumnField{"column", 3, 0, 1};
inline constexpr HeaderField kEntriesField{"entries", 3, 4, 4};
inline constexpr HeaderField kIndexBitsField{"index_bits", 3, 8, 5};
inline constexpr HeaderField kCodeBitsField{"code_bits", 3, 16, 4};
inline constexpr HeaderField kRowClassesField{"row_classes", 3, 20, 4};  ///< log2
/// All fields of the words that every header has, before those of its clusters.
inline constexpr std::array<HeaderField, 8> kHeaderFields{{{"magic", 0, 0, 32},
                                                           {"hash", 1, 0, 64},
                                                           kColumnField,
                                                           kEntriesField,
                                                           kIndexBitsField,
                                                           kCodeBitsField,
                                                           kRowClassesField,
                                                           {"entry", 4, 0, 512}}};
inline constexpr int kFixedHeaderWords = 20;

/// Bits of word 3 that belong to a field.
constexpr std::uint32_t kind_word_bits() {
  std::uint32_t bits = 0;
  for (const HeaderField& field : kHeaderFields) {
    if (field.word == 3) bits |= field.mask() << field.low;
  }
  return bits;
}

}  // namespace mixvec::inline golden
