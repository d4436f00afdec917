// Importance by magnitude.
#include "pruning/importance/methods.hpp"

namespace mixvec::inline pruning {

namespace {

std::vector<float> score_magnitude(const ScoreInput& input) {
  std::vector<float> result;
  result.reserve(input.dense.weight.size());
  for (const float w : input.dense.weight) result.push_back(w * w);
  return result;
}

}  // namespace

const ImportanceMethod kMagnitude{"magnitude", "Han 2015", "w\u00b2; needs no text", {}, false, false, score_magnitude};

}  // namespace mixvec::inline pruning
