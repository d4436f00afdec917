// By Cholesky's factorisation of what is kept, or by the Schur complement of what is left out.
#include "pruning/solver/part_inverse.hpp"

#include <algorithm>
#include <stdexcept>
#include <vector>

namespace mixvec::inline pruning {

namespace {

// Rows and columns of a symmetric matrix.
Eigen::MatrixXd gather(const Eigen::MatrixXd& from, std::span<const Eigen::Index> rows,
                       std::span<const Eigen::Index> columns) {
  Eigen::MatrixXd part(static_cast<Eigen::Index>(rows.size()), static_cast<Eigen::Index>(columns.size()));
  for (Eigen::Index j = 0; j < part.cols(); ++j) {
    const double* const column = from.col(columns[static_cast<std::size_t>(j)]).data();
    for (Eigen::Index i = 0; i < part.rows(); ++i) part(i, j) = column[rows[static_cast<std::size_t>(i)]];
  }
  return part;
}

}  // namespace

Eigen::LLT<Eigen::MatrixXd> factorise(Eigen::MatrixXd matrix) {
  Eigen::LLT<Eigen::MatrixXd> factor(std::move(matrix));
  if (factor.info() != Eigen::Success) throw std::runtime_error("second moments: found a matrix that is not positive");
  return factor;
}

Eigen::MatrixXd lower_inverse(const Eigen::MatrixXd& lower) {
  // Column by column block: above the diagonal nothing is there to be computed.
  constexpr Eigen::Index kBlock = 64;
  const Eigen::Index n = lower.rows();
  Eigen::MatrixXd inverse = Eigen::MatrixXd::Identity(n, n);
  for (Eigen::Index first = 0; first < n; first += kBlock) {
    const Eigen::Index left = n - first;
    auto block = inverse.block(first, first, left, std::min(kBlock, left));
    lower.bottomRightCorner(left, left).triangularView<Eigen::Lower>().solveInPlace(block);
  }
  return inverse;
}

InvertedMatrix invert(Eigen::MatrixXd matrix) {
  const Eigen::LLT<Eigen::MatrixXd> factor = factorise(matrix);
  Eigen::MatrixXd inverse = factor.solve(Eigen::MatrixXd::Identity(matrix.rows(), matrix.cols()));
  return {std::move(matrix), std::move(inverse)};
}

PartInverse::PartInverse(const InvertedMatrix& whole, std::span<const Eigen::Index> kept) : whole_(whole), kept_(kept) {
  std::vector<Eigen::Index> gone;
  auto next = kept.begin();
  for (Eigen::Index i = 0; i < whole.matrix.rows(); ++i) {
    if (next != kept.end() && *next == i) {
      ++next;
    } else {
      gone.push_back(i);
    }
  }
  const auto s = static_cast<double>(kept.size());
  const auto r = static_cast<double>(gone.size());
  subtracted_ = r * r * (r / 3 + s) < s * s * s * 2 / 3;
  if (subtracted_) {
    // [H_SS]⁻¹ = I_SS − I_SR [I_RR]⁻¹ I_RS, I = H⁻¹.
    const Eigen::LLT<Eigen::MatrixXd> factor = factorise(gather(whole.inverse, gone, gone));
    factor_ = gather(whole.inverse, gone, kept);
    factor.matrixL().solveInPlace(factor_);
    return;
  }
  const Eigen::LLT<Eigen::MatrixXd> factor = factorise(gather(whole.matrix, kept, kept));
  factor_ = lower_inverse(factor.matrixLLT());
}

Eigen::VectorXd PartInverse::diagonal() const {
  Eigen::VectorXd result = factor_.colwise().squaredNorm().transpose();
  if (!subtracted_) return result;
  for (Eigen::Index i = 0; i < result.size(); ++i) {
    const Eigen::Index at = kept_[static_cast<std::size_t>(i)];
    result[i] = whole_.inverse(at, at) - result[i];
  }
  return result;
}

Eigen::MatrixXd PartInverse::block(std::span<const Eigen::Index> places) const {
  const auto n = static_cast<Eigen::Index>(places.size());
  Eigen::MatrixXd thin(factor_.rows(), n);
  for (Eigen::Index i = 0; i < n; ++i) thin.col(i) = factor_.col(places[static_cast<std::size_t>(i)]);
  Eigen::MatrixXd result = thin.transpose() * thin;
  if (!subtracted_) return result;
  for (Eigen::Index j = 0; j < n; ++j) {
    const Eigen::Index column = kept_[static_cast<std::size_t>(places[static_cast<std::size_t>(j)])];
    for (Eigen::Index i = 0; i < n; ++i) {
      const Eigen::Index row = kept_[static_cast<std::size_t>(places[static_cast<std::size_t>(i)])];
      result(i, j) = whole_.inverse(row, column) - result(i, j);
    }
  }
  return result;
}

Eigen::MatrixXd PartInverse::times(const Eigen::MatrixXd& right, const Eigen::MatrixXd& by_whole) const {
  const Eigen::MatrixXd inner = factor_ * right;
  Eigen::MatrixXd result = factor_.transpose() * inner;
  if (subtracted_) result = by_whole - result;
  return result;
}

}  // namespace mixvec::inline pruning
