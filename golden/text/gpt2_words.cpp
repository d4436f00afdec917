// Matches the pattern in one pass: as alternatives of an expression, runs of white space would be tried again and
// again.
#include "golden/text/gpt2_words.hpp"

#include <cstdint>

#include "golden/text/unicode.hpp"

namespace mixvec::inline golden {

namespace {

enum class Class : std::uint8_t { kLetter, kNumber, kSpace, kMark };

Class class_of(char32_t character) {
  if (is_letter(character)) return Class::kLetter;
  if (is_number(character)) return Class::kNumber;
  return is_white_space(character) ? Class::kSpace : Class::kMark;
}

class Words {
 public:
  Words(std::string_view text, std::string_view label) : text_(text), label_(label) {}

  /// Where the word that begins at `at` ends.
  [[nodiscard]] std::size_t end_of(std::size_t at) const {
    for (const std::string_view ending : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"}) {
      if (text_.substr(at).starts_with(ending)) return at + ending.size();
    }
    std::size_t next = at;
    Class first = class_of(next_character(text_, next, label_));
    if (first != Class::kSpace) return end_of_run(next, first);
    if (text_[at] == ' ' && next < text_.size()) {
      std::size_t behind = next;
      first = class_of(next_character(text_, behind, label_));
      if (first != Class::kSpace) return end_of_run(behind, first);
    }
    // White space leaves its last character to the word behind it, unless it is the only one.
    std::size_t last = at;
    while (next < text_.size()) {
      std::size_t behind = next;
      if (class_of(next_character(text_, behind, label_)) != Class::kSpace) return last == at ? next : last;
      last = next;
      next = behind;
    }
    return next;
  }

 private:
  [[nodiscard]] std::size_t end_of_run(std::size_t at, Class of) const {
    while (at < text_.size()) {
      std::size_t next = at;
      if (class_of(next_character(text_, next, label_)) != of) break;
      at = next;
    }
    return at;
  }

  std::string_view text_;
  std::string_view label_;
};

}  // namespace

void for_each_gpt2_word(std::string_view text, std::string_view label,
                        const std::function<void(std::string_view word)>& see) {
  const Words words(text, label);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = words.end_of(at);
    see(text.substr(at, end - at));
    at = end;
  }
}

}  // namespace mixvec::inline golden
