// Importance by the loss's Taylor series.
#include <cmath>

#include "pruning/importance/methods.hpp"

namespace mixvec::inline pruning {

namespace {

// |−g w + ½ F w²| of single weights, a group's the sum of them: LLM-Pruner's element-wise importance of both orders
// (Ma 2023), with the diagonal Fisher information F as the second derivative.
std::vector<float> score_taylor(const ScoreInput& input) {
  const DenseMatrix& dense = input.dense;
  std::vector<float> result;
  result.reserve(dense.weight.size());
  const float* const gradient = input.moments->gradient.data();
  const float* const fisher = input.moments->fisher.data();
  for (std::size_t i = 0; i < dense.weight.size(); ++i) {
    const float w = dense.weight[i];
    result.push_back(std::abs(0.5F * fisher[i] * w * w - gradient[i] * w));
  }
  return result;
}

}  // namespace

const ImportanceMethod kTaylor{"taylor",
                               "Ma 2023 (LLM-Pruner)",
                               "|-g w + F w\u00b2 / 2|, g and F the loss's derivatives",
                               {.weights = true},
                               false,
                               false,
                               score_taylor};

}  // namespace mixvec::inline pruning
