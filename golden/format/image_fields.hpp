// Where the fields of an image stand (docs/packed_format.md): for the packer, the reader and, printed into mv_isa_pkg,
// the RTL.
#pragma once

#include <array>
#include <cstdint>

namespace mixvec::inline golden {

/// Bits of a header, an entry, a task of the directory or a run's header. Wide ones reach over several words.
struct ImageField {
  const char* name;
  int word;
  int low;
  int width;

  /// A value of a field within its word, in its place.
  [[nodiscard]] constexpr std::uint32_t place(std::uint32_t value) const { return (value & mask()) << low; }
  /// That value, from its word.
  [[nodiscard]] constexpr std::uint32_t of(std::uint32_t bits) const { return bits >> low & mask(); }
  [[nodiscard]] constexpr std::uint32_t mask() const { return width < 32 ? (1U << width) - 1U : ~0U; }
};

inline constexpr ImageField kColumnField{"column", 3, 0, 1};
inline constexpr ImageField kEntriesField{"entries", 3, 4, 4};
inline constexpr ImageField kIndexBitsField{"index_bits", 3, 8, 5};
inline constexpr ImageField kCodeBitsField{"code_bits", 3, 16, 4};
inline constexpr ImageField kRowClassesField{"row_classes", 3, 20, 4};  ///< log2
/// All fields of the words that every header has, before those of its clusters.
inline constexpr std::array<ImageField, 8> kHeaderFields{{{"magic", 0, 0, 32},
                                                          {"hash", 1, 0, 64},
                                                          kColumnField,
                                                          kEntriesField,
                                                          kIndexBitsField,
                                                          kCodeBitsField,
                                                          kRowClassesField,
                                                          {"entry", 4, 0, 512}}};
inline constexpr int kFixedHeaderWords = 20;

inline constexpr ImageField kLengthField{"length_log2", 0, 0, 4};
inline constexpr ImageField kBaseField{"base", 0, 16, 16};
inline constexpr ImageField kSentinelField{"sentinel", 1, 0, 16};
/// Of an entry.
inline constexpr std::array<ImageField, 3> kEntryFields{{kLengthField, kBaseField, kSentinelField}};
inline constexpr int kEntryWords = 2;

inline constexpr ImageField kFirstBeatField{"first_beat", 0, 0, 32};
inline constexpr ImageField kCodeBeatsField{"code_beats", 1, 0, 32};
/// Of a task in the directory.
inline constexpr std::array<ImageField, 2> kTaskFields{{kFirstBeatField, kCodeBeatsField}};
inline constexpr int kTaskWords = 2;

inline constexpr ImageField kRunFollowsField{"follows", 0, 0, 1};  ///< 0: the task ends
inline constexpr ImageField kRunEntryField{"entry", 0, 1, 3};
inline constexpr ImageField kRunOutputsField{"last_output", 0, 4, 6};  ///< c - 1
inline constexpr ImageField kRunChainsField{"last_chain", 0, 10, 16};  ///< chains - 1
/// Of a run's header.
inline constexpr std::array<ImageField, 4> kRunFields{
    {kRunFollowsField, kRunEntryField, kRunOutputsField, kRunChainsField}};
inline constexpr int kRunHeaderBits = 26;  ///< as many zeros end a task

/// Bits of a word that belong to a field.
template <typename Fields>
constexpr std::uint32_t bits_of_word(const Fields& fields, int word) {
  std::uint32_t bits = 0;
  for (const ImageField& field : fields) {
    if (field.word == word) bits |= field.mask() << field.low;
  }
  return bits;
}

}  // namespace mixvec::inline golden
