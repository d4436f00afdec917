// Any bytes are a text whose characters put together are those bytes again, or an InputError.
#include "flows/fuzz/models/model_targets.hpp"
#include "golden/text/character_text.hpp"

namespace mixvec::inline flows::fuzz {
namespace {

void fuzz_text(std::string_view bytes) {
  const CharacterText text = read_character_text(put("text.txt", bytes));
  std::string again;
  for (const std::int64_t id : text.ids) {
    require(id >= 0 && static_cast<std::size_t>(id) < text.vocabulary.size(), "an id beyond the vocabulary");
    again += text.vocabulary[static_cast<std::size_t>(id)];
  }
  require(again == bytes, "the characters are not those of the text");
  for (std::size_t i = 1; i < text.vocabulary.size(); ++i) {
    require(text.vocabulary[i - 1] < text.vocabulary[i], "the vocabulary is not in order");
  }
}

std::vector<std::string> text_seeds() { return {"abc cab\nabba\n", "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80 a\xCC\x81"}; }

}  // namespace

Target text_target() {
  return {.name = "text",
          .read = fuzz_text,
          .seeds = text_seeds,
          .words = {"\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "\xED\xA0\x80", "\xC0\x80", "\xF4\x90\x80\x80"},
          .most_bytes = 512};
}

}  // namespace mixvec::inline flows::fuzz
