// Any bytes are a JSON document that can be written and read again, or an InputError.
#include <nlohmann/json.hpp>

#include "flows/fuzz/models/model_targets.hpp"
#include "golden/files/input_file.hpp"
#include "golden/files/output.hpp"

namespace mixvec::inline flows::fuzz {
namespace {

void fuzz_json(std::string_view bytes) {
  const nlohmann::json document = parse_json(bytes, "input");
  const nlohmann::json again =
      must("what was written is refused", [&] { return parse_json(json_text(document), "again"); });
  require(again == document, "written and read again it is another document");
  constexpr std::size_t kMostShown = 100;
  require(show_json(document).size() <= kMostShown, "a value is shown at any length");
}

std::vector<std::string> json_seeds() {
  return {R"({"a": [1, -2.5e3, true, null], "b": {"c": "\u00e9\n"}})", "[]", "\xEF\xBB\xBF{}", "18446744073709551615"};
}

}  // namespace

Target json_target() {
  return {.name = "json",
          .read = fuzz_json,
          .seeds = json_seeds,
          .words = {"true", "false", "null", "\\ud83d\\ude00", "1e308", "-0.0", "\xEF\xBB\xBF", "[[[[", "{\"a\":"}};
}

}  // namespace mixvec::inline flows::fuzz
