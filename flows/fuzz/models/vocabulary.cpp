// Any bytes are the vocab.json of a character model, which can then encode, or an InputError.
#include "flows/fuzz/models/model_targets.hpp"
#include "flows/fuzz/models/small_models.hpp"
#include "golden/text/tokenizer.hpp"

namespace mixvec::inline flows::fuzz {
namespace {

const std::filesystem::path& vocabulary_folder() {
  static const std::filesystem::path made = [] {
    std::filesystem::path place = fresh_folder("characters");
    one_layer(SmallCheckpoint::gpt2()).write(place);
    return place;
  }();
  return made;
}

void fuzz_vocabulary(std::string_view bytes) {
  put(vocabulary_folder() / "vocab.json", bytes);
  const Model model = Model::open(vocabulary_folder());
  for (const std::size_t id : open_tokenizer(model)->encode("abc \n")) {
    require(id < model.config().vocabulary, "an id beyond the vocabulary");
  }
}

std::vector<std::string> vocabulary_seeds() {
  return {R"({"a":0,"b":1,"c":2," ":3,"\n":4})", "{\"a\":9,\"b\":10,\"c\":0,\" \":1,\"\\n\":2,\"\xC3\xA9\":3}"};
}

}  // namespace

Target vocabulary_target() {
  return {.name = "vocabulary",
          .read = fuzz_vocabulary,
          .seeds = vocabulary_seeds,
          .words = {"\"a\":0", "\"\\n\":4", "\\u00e9", "\\ud83d\\ude00", "\"\":1", "-1", "10", "11", "1.0"},
          .most_bytes = 1024};
}

}  // namespace mixvec::inline flows::fuzz
