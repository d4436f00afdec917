// Gathers the systems of equal masks and solves them by Cholesky's factorisation.
#include "pruning/solver/row_systems.hpp"

#include <map>

#include "golden/base/parallel.hpp"
#include "pruning/solver/part_inverse.hpp"

namespace mixvec::inline pruning {

namespace {

Eigen::MatrixXd gather(const Eigen::MatrixXd& gram, std::span<const Eigen::Index> columns, double ridge) {
  const auto n = static_cast<Eigen::Index>(columns.size());
  Eigen::MatrixXd part(n, n);
  for (Eigen::Index j = 0; j < n; ++j) {
    const double* const column = gram.col(columns[static_cast<std::size_t>(j)]).data();
    for (Eigen::Index i = 0; i < n; ++i) part(i, j) = column[columns[static_cast<std::size_t>(i)]];
    part(j, j) += ridge;
  }
  return part;
}

}  // namespace

std::vector<ColumnRange> split_columns(Eigen::Index columns, Eigen::Index block) {
  const Eigen::Index blocks = (columns + block - 1) / block;
  std::vector<ColumnRange> ranges;
  for (Eigen::Index b = 0; b < blocks; ++b) {
    const Eigen::Index first = b * columns / blocks;
    ranges.push_back({first, (b + 1) * columns / blocks - first});
  }
  return ranges;
}

std::vector<RowGroup> group_rows(std::span<const std::uint8_t> mask, Eigen::Index rows, Eigen::Index columns,
                                 ColumnRange range) {
  std::vector<RowGroup> groups;
  std::map<std::string_view, std::size_t> group_of;
  for (Eigen::Index r = 0; r < rows; ++r) {
    const std::uint8_t* const bits = mask.data() + r * columns + range.first;
    const auto [at, fresh] = group_of.emplace(
        std::string_view(reinterpret_cast<const char*>(bits), static_cast<std::size_t>(range.count)), groups.size());
    if (fresh) {
      RowGroup& group = groups.emplace_back();
      for (Eigen::Index i = 0; i < range.count; ++i) {
        if (bits[i] != 0) group.kept.push_back(range.first + i);
      }
    }
    groups[at->second].rows.push_back(r);
  }
  return groups;
}

void solve_rows(const RowProblem& problem, std::span<const RowGroup> groups, DoubleRows& w, int threads) {
  parallel_for(groups.size(), threads, [&](std::size_t g) {
    const RowGroup& group = groups[g];
    if (group.kept.empty()) return;
    const auto kept = static_cast<Eigen::Index>(group.kept.size());
    const auto rows = static_cast<Eigen::Index>(group.rows.size());
    Eigen::MatrixXd right(kept, rows);
    for (Eigen::Index r = 0; r < rows; ++r) {
      const Eigen::Index row = group.rows[static_cast<std::size_t>(r)];
      for (Eigen::Index i = 0; i < kept; ++i) {
        const Eigen::Index column = group.kept[static_cast<std::size_t>(i)];
        right(i, r) = problem.cross(row, column) + problem.ridge * problem.start(row, column);
      }
    }
    factorise(gather(problem.gram, group.kept, problem.ridge)).solveInPlace(right);
    for (Eigen::Index r = 0; r < rows; ++r) {
      const Eigen::Index row = group.rows[static_cast<std::size_t>(r)];
      for (Eigen::Index i = 0; i < kept; ++i) w(row, group.kept[static_cast<std::size_t>(i)]) = right(i, r);
    }
  });
}

}  // namespace mixvec::inline pruning
