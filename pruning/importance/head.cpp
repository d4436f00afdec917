// Importance by attention head.
#include "pruning/importance/methods.hpp"

namespace mixvec::inline pruning {

namespace {

// Mean of |Σ a · ∂loss/∂a| over a head's outputs a (Michel 2019), shared evenly by its weights: three blocks of rows of
// W_MA and one of columns of W_MP. Weights of the feed-forward part belong to no head.
std::vector<float> score_head(const ScoreInput& input) {
  const DenseMatrix& dense = input.dense;
  std::vector<float> result;
  result.assign(dense.weight.size(), 0.0F);
  const bool projection = input.kind == MatrixKind::kMP;
  if (!projection && input.kind != MatrixKind::kMA) return result;
  const std::size_t d = projection ? dense.in : dense.out / 3;
  const std::size_t size = d / input.heads.size();
  const double weights = 4 * static_cast<double>(size) * static_cast<double>(d);
  for (std::size_t o = 0; o < dense.out; ++o) {
    for (std::size_t i = 0; i < dense.in; ++i) {
      const std::size_t head = (projection ? i : o % d) / size;
      result[o * dense.in + i] = static_cast<float>(input.heads[head] / weights);
    }
  }
  return result;
}

}  // namespace

const ImportanceMethod kHead{
    "head", "Michel 2019", "the loss's derivative by what each head gives (for pattern head)", {.heads = true}, false,
    false,  score_head};

}  // namespace mixvec::inline pruning
