// What the inverses of second moments have in common.
#pragma once

#include "golden/checkpoint/model.hpp"
#include "pruning/solver/row_systems.hpp"

namespace mixvec::inline pruning {

/// Added to the diagonal of E[x xᵀ] before it is inverted: 1 % of its mean, as SparseGPT does (Frantar 2023), and above
/// zero for inputs that never are anything else.
inline double damping_of(const Eigen::MatrixXd& moments) {
  constexpr double kShare = 0.01;
  constexpr double kLeast = 1e-12;
  return kShare * moments.diagonal().mean() + kLeast;
}

/// Weights in binary64, out × in.
inline DoubleRows weights_of(const DenseMatrix& dense) {
  using FloatRows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  return Eigen::Map<const FloatRows>(dense.weight.data(), static_cast<Eigen::Index>(dense.out),
                                     static_cast<Eigen::Index>(dense.in))
      .cast<double>();
}

}  // namespace mixvec::inline pruning
