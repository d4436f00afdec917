// Scores row by row, rows of equal masks together; refits block by block.
#include "pruning/importance/gradual_obs.hpp"

#include <Eigen/Cholesky>

#include "golden/base/parallel.hpp"
#include "pruning/importance/damping.hpp"

namespace mixvec::inline pruning {

namespace {

// Where in a list of kept columns the inputs of a strip stand, if they are kept.
std::vector<std::vector<Eigen::Index>> places_of(const Pattern& pattern, std::span<const Eigen::Index> kept,
                                                 std::size_t inputs) {
  std::vector<Eigen::Index> place(inputs, -1);
  for (std::size_t k = 0; k < kept.size(); ++k) place[static_cast<std::size_t>(kept[k])] = static_cast<Eigen::Index>(k);
  std::vector<std::vector<Eigen::Index>> places;
  for (const Strip& strip : pattern.strips) {
    std::vector<Eigen::Index> of_strip;
    for (const std::uint32_t line : strip.index) {
      if (place[line] >= 0) of_strip.push_back(place[line]);
    }
    if (!of_strip.empty()) places.push_back(std::move(of_strip));
  }
  return places;
}

// ½ wᵀ [inverse_GG]⁻¹ w for the weights G of one strip, for every row of the group.
Eigen::VectorXd joint_costs(const Eigen::MatrixXd& inverse, const Eigen::MatrixXd& w,
                            std::span<const Eigen::Index> places) {
  const auto n = static_cast<Eigen::Index>(places.size());
  Eigen::MatrixXd block(n, n);
  Eigen::MatrixXd part(n, w.cols());
  for (Eigen::Index j = 0; j < n; ++j) {
    const Eigen::Index at = places[static_cast<std::size_t>(j)];
    for (Eigen::Index i = 0; i < n; ++i) block(i, j) = inverse(places[static_cast<std::size_t>(i)], at);
    part.row(j) = w.row(at);
  }
  block.llt().matrixL().solveInPlace(part);
  return 0.5 * part.colwise().squaredNorm().transpose();
}

}  // namespace

GradualObs::GradualObs(std::span<const DenseMatrix> matrices, const Calibration& calibration, bool weigh_outputs,
                       double unit, int threads)
    : calibration_(calibration), weigh_outputs_(weigh_outputs), unit_(unit), threads_(threads) {
  for (const DenseMatrix& dense : matrices) {
    State& state = states_.emplace_back();
    state.start = weights_of(dense);
  }
  restart();
}

void GradualObs::restart() {
  for (State& state : states_) {
    state.weight = state.start;
    state.mask.assign(static_cast<std::size_t>(state.start.size()), 1);
  }
}

double GradualObs::output_factor(std::size_t m, Eigen::Index o) const {
  return weigh_outputs_ ? calibration_.matrices[m].outputs[o] : 1.0;
}

std::vector<std::vector<float>> GradualObs::scores(std::span<const Pattern> patterns) {
  std::vector<std::vector<float>> result(states_.size());
  for (std::size_t m = 0; m < states_.size(); ++m) {
    const State& state = states_[m];
    const Eigen::MatrixXd& gram = calibration_.matrices[m].inputs;
    const Eigen::Index columns = state.weight.cols();
    const double ridge = damping_of(gram);
    result[m].assign(state.mask.size(), 0.0F);
    // H is the same for all outputs: costs of column vectors are sums over single weights.
    const bool jointly = !patterns.empty() && patterns[m].direction == Direction::kRow;
    for (const ColumnRange& range : split_columns(columns, kBlock)) {
      const std::vector<RowGroup> groups = group_rows(state.mask, state.weight.rows(), columns, range);
      parallel_for(groups.size(), threads_, [&](std::size_t g) {
        const RowGroup& group = groups[g];
        if (group.kept.empty()) return;
        Eigen::MatrixXd w(static_cast<Eigen::Index>(group.kept.size()), static_cast<Eigen::Index>(group.rows.size()));
        for (Eigen::Index r = 0; r < w.cols(); ++r) {
          for (Eigen::Index k = 0; k < w.rows(); ++k) {
            w(k, r) = state.weight(group.rows[static_cast<std::size_t>(r)], group.kept[static_cast<std::size_t>(k)]);
          }
        }
        const auto set = [&](Eigen::Index place, Eigen::Index r, double cost) {
          const Eigen::Index row = group.rows[static_cast<std::size_t>(r)];
          result[m][static_cast<std::size_t>(row * columns + group.kept[static_cast<std::size_t>(place)])] =
              static_cast<float>(unit_ * output_factor(m, row) * cost);
        };
        if (!jointly) {
          const Eigen::VectorXd inverse = restricted_inverse_diagonal(gram, group.kept, ridge);
          for (Eigen::Index r = 0; r < w.cols(); ++r) {
            for (Eigen::Index k = 0; k < w.rows(); ++k) set(k, r, 0.5 * w(k, r) * w(k, r) / inverse[k]);
          }
          return;
        }
        const Eigen::MatrixXd inverse = restricted_inverse(gram, group.kept, ridge);
        for (const auto& places : places_of(patterns[m], group.kept, static_cast<std::size_t>(columns))) {
          const Eigen::VectorXd costs = joint_costs(inverse, w, places);
          for (Eigen::Index r = 0; r < w.cols(); ++r) {
            for (const Eigen::Index place : places) set(place, r, costs[r] / static_cast<double>(places.size()));
          }
        }
      });
    }
  }
  return result;
}

void GradualObs::keep(std::span<const std::vector<std::uint8_t>> masks) {
  for (std::size_t m = 0; m < states_.size(); ++m) {
    State& state = states_[m];
    const Eigen::MatrixXd& gram = calibration_.matrices[m].inputs;
    state.mask = masks[m];
    for (Eigen::Index i = 0; i < state.weight.size(); ++i) {
      if (state.mask[static_cast<std::size_t>(i)] == 0) state.weight.data()[i] = 0;
    }
    // What the outputs ought to be, by the moments: the kept weights of a block make up for what the others leave of
    // it.
    const DoubleRows wanted = state.start * gram;
    for (const ColumnRange& range : split_columns(state.weight.cols(), kBlock)) {
      state.weight.middleCols(range.first, range.count).setZero();
      const DoubleRows cross = wanted - state.weight * gram;
      const std::vector<RowGroup> groups = group_rows(state.mask, state.weight.rows(), state.weight.cols(), range);
      solve_rows({gram, cross, state.start, damping_of(gram)}, groups, state.weight, threads_);
    }
  }
}

}  // namespace mixvec::inline pruning
