// Least squares over the kept weights of every row of a matrix; rows with equal masks share one factorisation.
#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mixvec::inline pruning {

/// Row-major: a row is contiguous.
using DoubleRows = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// A range of columns.
struct ColumnRange {
  Eigen::Index first = 0;
  Eigen::Index count = 0;
};

/// Blocks of at most `block` columns that cover `columns`, of nearly equal size.
std::vector<ColumnRange> split_columns(Eigen::Index columns, Eigen::Index block);

/// Rows that keep the same columns.
struct RowGroup {
  std::vector<Eigen::Index> rows;
  std::vector<Eigen::Index> kept;  ///< columns, ascending
};

/// Groups the rows of a mask (rows × columns, 1 = kept) by what they keep inside `range`, in the order of their first
/// rows.
std::vector<RowGroup> group_rows(std::span<const std::uint8_t> mask, Eigen::Index rows, Eigen::Index columns,
                                 ColumnRange range);

/// Where a least-squares problem stands: for every row w of the result, minimise
///     w H wᵀ − 2 c wᵀ + ridge · |w − start|²
/// over the columns that the row keeps, all others being zero.
struct RowProblem {
  const Eigen::MatrixXd& gram;  ///< H, columns × columns, positive semidefinite
  const DoubleRows& cross;      ///< c, rows × columns
  const DoubleRows& start;      ///< rows × columns
  double ridge = 0;             ///< above zero: then every system can be solved
};

/// Writes the kept columns of the groups' rows of `w`; others are left alone. Deterministic whatever the number of
/// threads. Throws std::runtime_error where a value is not finite.
void solve_rows(const RowProblem& problem, std::span<const RowGroup> groups, DoubleRows& w, int threads);

}  // namespace mixvec::inline pruning
