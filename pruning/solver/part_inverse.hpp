// Inverses of many parts of one positive matrix, each from whatever is less: what the part keeps, or what it leaves
// out.
#pragma once

#include <Eigen/Cholesky>
#include <span>

namespace mixvec::inline pruning {

/// Of a symmetric matrix. Throws std::runtime_error where it is not positive.
Eigen::LLT<Eigen::MatrixXd> factorise(Eigen::MatrixXd matrix);

/// The inverse of a lower triangular matrix; what stands above its diagonal is not read.
Eigen::MatrixXd lower_inverse(const Eigen::MatrixXd& lower);

/// A positive matrix and its inverse.
struct InvertedMatrix {
  Eigen::MatrixXd matrix;
  Eigen::MatrixXd inverse;
};

/// Throws like factorise().
InvertedMatrix invert(Eigen::MatrixXd matrix);

/// [H_SS]⁻¹ of some columns S of H, held as one thin factor: Zᵀ Z, or (H⁻¹)_SS − Zᵀ Z where fewer are left out than
/// kept.
class PartInverse {
 public:
  /// `kept`: S, ascending. `whole` must outlive it. Throws like factorise().
  PartInverse(const InvertedMatrix& whole, std::span<const Eigen::Index> kept);

  /// Its diagonal.
  [[nodiscard]] Eigen::VectorXd diagonal() const;
  /// Its rows and columns at `places`, counted in S.
  [[nodiscard]] Eigen::MatrixXd block(std::span<const Eigen::Index> places) const;
  /// It times `right` (|S| rows). `by_whole` is H⁻¹ times `right` filled up with zeros, its rows S.
  [[nodiscard]] Eigen::MatrixXd times(const Eigen::MatrixXd& right, const Eigen::MatrixXd& by_whole) const;

 private:
  const InvertedMatrix& whole_;
  std::span<const Eigen::Index> kept_;
  bool subtracted_ = false;  ///< from (H⁻¹)_SS
  Eigen::MatrixXd factor_;   ///< Z, one column for each of S
};

}  // namespace mixvec::inline pruning
