// Importance by magnitude and activation.
#include "pruning/importance/methods.hpp"

namespace mixvec::inline pruning {

namespace {

// The square of |w|·‖x‖, so that a group's is the sum: what the output changes by, if inputs do not correlate.
std::vector<float> score_wanda(const ScoreInput& input) {
  const DenseMatrix& dense = input.dense;
  std::vector<float> result;
  result.reserve(dense.weight.size());
  for (std::size_t o = 0; o < dense.out; ++o) {
    const double factor = input.output_factor(o);
    for (std::size_t i = 0; i < dense.in; ++i) {
      const double w = static_cast<double>(dense.weight[o * dense.in + i]);
      result.push_back(static_cast<float>(factor * w * w * input.moments->inputs(index_of(i), index_of(i))));
    }
  }
  return result;
}

}  // namespace

const ImportanceMethod kWanda{"wanda", "Sun 2023", "w\u00b2 E[x\u00b2]", {.inputs = true}, true, false, score_wanda};

}  // namespace mixvec::inline pruning
