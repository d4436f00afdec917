// Importance by what the loss grows by if a weight goes and all others make up for it.
#include "pruning/importance/damping.hpp"
#include "pruning/importance/methods.hpp"
#include "pruning/solver/part_inverse.hpp"

namespace mixvec::inline pruning {

namespace {

// ½ w² ÷ (H⁻¹)_ii (Hassibi 1993). A group's is the sum of its weights': what removing them together costs,
// ½ wᵀ [(H⁻¹)_GG]⁻¹ w, is exact while nothing else is gone, but misleads the choice of lengths and directions, as most
// of what makes up for a group goes as well (measured: docs/pruning.md). GradualObs has it, as weights go.
std::vector<float> score_obs(const ScoreInput& input) {
  const DenseMatrix& dense = input.dense;
  Eigen::MatrixXd gram = input.moments->inputs;
  gram.diagonal().array() += damping_of(input.moments->inputs);
  // Of H = L Lᵀ: the sums of squares of the columns of L⁻¹.
  const Eigen::VectorXd inverse =
      lower_inverse(factorise(std::move(gram)).matrixLLT()).colwise().squaredNorm().transpose();
  std::vector<float> result;
  result.reserve(dense.weight.size());
  for (std::size_t o = 0; o < dense.out; ++o) {
    const double factor = 0.5 * input.output_factor(o);
    for (std::size_t i = 0; i < dense.in; ++i) {
      const double w = static_cast<double>(dense.weight[o * dense.in + i]);
      result.push_back(static_cast<float>(factor * w * w / inverse[index_of(i)]));
    }
  }
  return result;
}

}  // namespace

const ImportanceMethod kObs{"obs",
                            "Hassibi 1993, Frantar 2022",
                            "what no other weight of the output can make up for, again as weights go",
                            {.inputs = true},
                            true,
                            true,
                            score_obs};

}  // namespace mixvec::inline pruning
