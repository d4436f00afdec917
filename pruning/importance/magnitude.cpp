// Importance by magnitude.
#include "pruning/importance/methods.hpp"

namespace mixvec::inline pruning {

namespace {

MatrixScore score_magnitude(const ScoreInput& input) {
  MatrixScore result;
  result.weight.reserve(input.dense.weight.size());
  for (const float w : input.dense.weight) result.weight.push_back(w * w);
  return result;
}

}  // namespace

const ImportanceMethod kMagnitude{"magnitude", "Han 2015", "w\u00b2; needs no text", {}, false, false, score_magnitude};

}  // namespace mixvec::inline pruning
