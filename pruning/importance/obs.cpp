// Importance by what the loss grows by if a weight goes and all others make up for it.
#include <Eigen/Cholesky>
#include <memory>

#include "pruning/importance/damping.hpp"
#include "pruning/importance/methods.hpp"
#include "pruning/solver/row_systems.hpp"

namespace mixvec::inline pruning {

namespace {

// Half of wᵀ [(H⁻¹)_GG]⁻¹ w of a group G, times E[g²] (Hassibi 1993, Frantar 2022). H is the same for all outputs, so
// the cost of a column vector is the sum over its weights.
struct Obs {
  Eigen::MatrixXd inverse;
  DoubleRows weight;
  Eigen::VectorXd outputs;

  void row_strip(std::span<const std::uint32_t> lines, float* score) const {
    const auto n = static_cast<Eigen::Index>(lines.size());
    Eigen::MatrixXd block(n, n);
    Eigen::MatrixXd w(n, weight.rows());
    for (Eigen::Index j = 0; j < n; ++j) {
      const auto line = static_cast<Eigen::Index>(lines[static_cast<std::size_t>(j)]);
      for (Eigen::Index i = 0; i < n; ++i) {
        block(i, j) = inverse(static_cast<Eigen::Index>(lines[static_cast<std::size_t>(i)]), line);
      }
      w.row(j) = weight.col(line).transpose();
    }
    // Of B = L Lᵀ, wᵀ B⁻¹ w = |L⁻¹ w|².
    block.llt().matrixL().solveInPlace(w);
    for (Eigen::Index o = 0; o < weight.rows(); ++o) {
      score[o] = static_cast<float>(0.5 * outputs[o] * w.col(o).squaredNorm());
    }
  }
};

MatrixScore score_obs(const ScoreInput& input) {
  const DenseMatrix& dense = input.dense;
  const auto model = std::make_shared<Obs>();
  const Eigen::MatrixXd& gram = input.moments->inputs;
  std::vector<Eigen::Index> all(dense.in);
  for (std::size_t i = 0; i < dense.in; ++i) all[i] = index_of(i);
  model->inverse = restricted_inverse(gram, all, damping_of(gram));
  model->weight = weights_of(dense);
  model->outputs.resize(index_of(dense.out));
  for (std::size_t o = 0; o < dense.out; ++o) model->outputs[index_of(o)] = input.output_factor(o);
  MatrixScore result;
  result.weight.resize(dense.weight.size());
  for (std::size_t o = 0; o < dense.out; ++o) {
    for (std::size_t i = 0; i < dense.in; ++i) {
      const double w = model->weight(index_of(o), index_of(i));
      result.weight[o * dense.in + i] =
          static_cast<float>(0.5 * model->outputs[index_of(o)] * w * w / model->inverse(index_of(i), index_of(i)));
    }
  }
  result.row_strip = [model](std::span<const std::uint32_t> lines, float* out) { model->row_strip(lines, out); };
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
