// Matrices of binary32 for whole models on BLAS: one token (output, row) a row.
#pragma once

#include <Eigen/Core>

namespace mixvec::inline golden {

/// Row-major: a row is contiguous.
using DenseRows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using DenseRow = Eigen::RowVectorXf;

/// An index of Eigen's, which counts with a sign.
inline Eigen::Index index_of(std::size_t i) { return static_cast<Eigen::Index>(i); }

}  // namespace mixvec::inline golden
