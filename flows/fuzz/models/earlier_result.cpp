// Any bytes are the report of an earlier result, whose folder may then be replaced, or an InputError.
#include "flows/fuzz/models/model_targets.hpp"
#include "golden/files/atomic_folder.hpp"

namespace mixvec::inline flows::fuzz {
namespace {

const std::filesystem::path& earlier_result_folder() {
  static const std::filesystem::path made = [] {
    std::filesystem::path place = fresh_folder("earlier");
    put(place / "a.txt", "a");
    return place;
  }();
  return made;
}

void fuzz_earlier_result(std::string_view bytes) {
  put(earlier_result_folder() / "report.json", bytes);
  require_own(earlier_result_folder(), "report.json", "prune_model");
}

std::vector<std::string> earlier_result_seeds() {
  return {R"({"program":"prune_model"})", R"({"program":"prune_model","files":["a.txt","report.json"]})"};
}

}  // namespace

Target earlier_result_target() {
  return {.name = "earlier_result",
          .read = fuzz_earlier_result,
          .seeds = earlier_result_seeds,
          .words = {"program", "prune_model", "files", "a.txt", "report.json"},
          .most_bytes = 512};
}

}  // namespace mixvec::inline flows::fuzz
