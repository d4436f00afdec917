// Importance by what the loss grows by if a weight goes and those behind it make up for it.
#include <Eigen/Cholesky>

#include "pruning/importance/damping.hpp"
#include "pruning/importance/methods.hpp"

namespace mixvec::inline pruning {

namespace {

// ½ w² ÷ u², u the diagonal of the upper Cholesky factor of H⁻¹: inputs before i are taken as they are (Frantar 2023).
std::vector<float> score_sparsegpt(const ScoreInput& input) {
  const DenseMatrix& dense = input.dense;
  Eigen::MatrixXd gram = input.moments->inputs;
  const double ridge = damping_of(gram);
  gram.diagonal().array() += ridge;
  // u_i² is the inverse of what remains of H_ii when the inputs behind i are taken out: with H = M Mᵀ, M upper, u_i = 1
  // ÷ M_ii.
  const Eigen::MatrixXd reversed = gram.rowwise().reverse().colwise().reverse();
  const Eigen::VectorXd lower = Eigen::MatrixXd(reversed.llt().matrixL()).diagonal().reverse();
  std::vector<float> result;
  result.reserve(dense.weight.size());
  for (std::size_t o = 0; o < dense.out; ++o) {
    const double factor = 0.5 * input.output_factor(o);
    for (std::size_t i = 0; i < dense.in; ++i) {
      const double w = static_cast<double>(dense.weight[o * dense.in + i]) * lower[index_of(i)];
      result.push_back(static_cast<float>(factor * w * w));
    }
  }
  return result;
}

}  // namespace

const ImportanceMethod kSparseGpt{"sparsegpt",      "Frantar 2023", "what no later input of the output can make up for",
                                  {.inputs = true}, true,           false,
                                  score_sparsegpt};

}  // namespace mixvec::inline pruning
