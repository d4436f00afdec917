// Block by block: fits and scores of the rows, rows of equal masks together.
#include "pruning/importance/gradual_obs.hpp"

#include <Eigen/Cholesky>
#include <algorithm>

#include "golden/base/parallel.hpp"
#include "pruning/importance/damping.hpp"
#include "pruning/solver/part_inverse.hpp"

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
Eigen::VectorXd joint_costs(const PartInverse& inverse, const Eigen::MatrixXd& w,
                            std::span<const Eigen::Index> places) {
  Eigen::MatrixXd part(static_cast<Eigen::Index>(places.size()), w.cols());
  for (Eigen::Index j = 0; j < part.rows(); ++j) part.row(j) = w.row(places[static_cast<std::size_t>(j)]);
  inverse.block(places).llt().matrixL().solveInPlace(part);
  return 0.5 * part.colwise().squaredNorm().transpose();
}

// One matrix on its way through a round.
class MatrixRound {
 public:
  MatrixRound(const DenseMatrix& dense, const Eigen::MatrixXd& gram, std::span<const std::uint8_t> mask,
              std::vector<float>& weight, int threads)
      : gram_(gram),
        ridge_(damping_of(gram)),
        mask_(mask),
        threads_(threads),
        start_(dense.weight.data(), index_of(dense.out), index_of(dense.in)),
        weight_(weight.data(), index_of(dense.out), index_of(dense.in)),
        ranges_(split_columns(index_of(dense.in), GradualObs::kBlock)),
        blocks_(ranges_.size()) {
    parallel_for(ranges_.size(), threads, [&](std::size_t b) {
      const ColumnRange& range = ranges_[b];
      Eigen::MatrixXd part = gram.block(range.first, range.first, range.count, range.count);
      part.diagonal().array() += ridge_;
      blocks_[b] = invert(std::move(part));
    });
  }

  // Calls cost(row, column, cost) for every kept weight, after its block is fitted if `fit`; with `jointly` by strips.
  template <typename Cost>
  void run(const Pattern* jointly, bool fit, const Cost& cost) {
    for (std::size_t b = 0; b < ranges_.size(); ++b) {
      const ColumnRange& range = ranges_[b];
      if (fit) aim(b);
      const std::vector<RowGroup> groups = group_rows(mask_, weight_.rows(), weight_.cols(), range);
      parallel_for(groups.size(), threads_, [&](std::size_t g) {
        const RowGroup& group = groups[g];
        if (group.kept.empty()) return;
        std::vector<Eigen::Index> local(group.kept);
        for (Eigen::Index& i : local) i -= range.first;
        const PartInverse inverse(blocks_[b], local);
        const Eigen::MatrixXd w = fit ? fitted(inverse, group, local) : gathered(weight_, group.rows, group.kept);
        for (Eigen::Index r = 0; fit && r < w.cols(); ++r) {
          const Eigen::Index row = group.rows[static_cast<std::size_t>(r)];
          for (Eigen::Index k = 0; k < w.rows(); ++k) {
            weight_(row, group.kept[static_cast<std::size_t>(k)]) = static_cast<float>(w(k, r));
          }
        }
        const auto tell = [&](Eigen::Index place, Eigen::Index r, double value) {
          cost(group.rows[static_cast<std::size_t>(r)], group.kept[static_cast<std::size_t>(place)], value);
        };
        if (jointly == nullptr) {
          const Eigen::VectorXd diagonal = inverse.diagonal();
          for (Eigen::Index r = 0; r < w.cols(); ++r) {
            for (Eigen::Index k = 0; k < w.rows(); ++k) tell(k, r, 0.5 * w(k, r) * w(k, r) / diagonal[k]);
          }
          return;
        }
        for (const auto& places : places_of(*jointly, group.kept, static_cast<std::size_t>(weight_.cols()))) {
          const Eigen::VectorXd costs = joint_costs(inverse, w, places);
          for (Eigen::Index r = 0; r < w.cols(); ++r) {
            for (const Eigen::Index place : places) tell(place, r, costs[r] / static_cast<double>(places.size()));
          }
        }
      });
    }
  }

 private:
  using FloatRows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

  template <typename Rows>
  static Eigen::MatrixXd gathered(const Rows& from, std::span<const Eigen::Index> rows,
                                  std::span<const Eigen::Index> columns) {
    Eigen::MatrixXd part(index_of(columns.size()), index_of(rows.size()));
    for (Eigen::Index r = 0; r < part.cols(); ++r) {
      const Eigen::Index row = rows[static_cast<std::size_t>(r)];
      for (Eigen::Index k = 0; k < part.rows(); ++k) {
        part(k, r) = static_cast<double>(from(row, columns[static_cast<std::size_t>(k)]));
      }
    }
    return part;
  }

  // The right-hand sides of a block: what the outputs ought to be, by the moments, less what the other blocks make of
  // them; zero where nothing is kept. And the same times the inverse of the whole block.
  void aim(std::size_t b) {
    const ColumnRange& range = ranges_[b];
    weight_.middleCols(range.first, range.count).setZero();
    right_.resize(weight_.rows(), range.count);
    by_whole_.resize(weight_.rows(), range.count);
    const std::vector<ColumnRange> chunks = split_columns(weight_.rows(), 128);
    parallel_for(chunks.size(), threads_, [&](std::size_t c) {
      const ColumnRange& rows = chunks[c];
      const DoubleRows missing =
          (start_.middleRows(rows.first, rows.count) - weight_.middleRows(rows.first, rows.count))
              .template cast<double>();
      auto right = right_.middleRows(rows.first, rows.count);
      right.noalias() = missing * gram_.middleCols(range.first, range.count);
      right += ridge_ * start_.block(rows.first, range.first, rows.count, range.count).template cast<double>();
      for (Eigen::Index r = 0; r < rows.count; ++r) {
        const std::uint8_t* const kept = mask_.data() + (rows.first + r) * weight_.cols() + range.first;
        for (Eigen::Index i = 0; i < range.count; ++i) right(r, i) = kept[i] != 0 ? right(r, i) : 0.0;
      }
      by_whole_.middleRows(rows.first, rows.count).noalias() = right * blocks_[b].inverse;
    });
  }

  [[nodiscard]] Eigen::MatrixXd fitted(const PartInverse& inverse, const RowGroup& group,
                                       std::span<const Eigen::Index> local) const {
    return inverse.times(gathered(right_, group.rows, local), gathered(by_whole_, group.rows, local));
  }

  const Eigen::MatrixXd& gram_;
  double ridge_;
  std::span<const std::uint8_t> mask_;
  int threads_;
  Eigen::Map<const FloatRows> start_;
  Eigen::Map<FloatRows> weight_;
  std::vector<ColumnRange> ranges_;
  std::vector<InvertedMatrix> blocks_;
  DoubleRows right_;
  DoubleRows by_whole_;
};

}  // namespace

GradualObs::GradualObs(std::span<const DenseMatrix> matrices, const Calibration& calibration, bool weigh_outputs,
                       double unit, int threads)
    : dense_(matrices), calibration_(calibration), weigh_outputs_(weigh_outputs), unit_(unit), threads_(threads) {}

double GradualObs::output_factor(std::size_t m, Eigen::Index o) const {
  return weigh_outputs_ ? calibration_.matrices[m].outputs[o] : 1.0;
}

GradualImportance::Scores GradualObs::restart(std::span<const Pattern> patterns) {
  weights_.resize(dense_.size());
  masks_.resize(dense_.size());
  for (std::size_t m = 0; m < dense_.size(); ++m) {
    weights_[m] = dense_[m].weight;
    masks_[m].assign(weights_[m].size(), 1);
  }
  return update(patterns, false);
}

GradualImportance::Scores GradualObs::keep(std::span<const std::vector<std::uint8_t>> masks,
                                           std::span<const Pattern> patterns) {
  masks_.assign(masks.begin(), masks.end());
  for (std::size_t m = 0; m < masks_.size(); ++m) {
    for (std::size_t i = 0; i < masks_[m].size(); ++i) {
      if (masks_[m][i] == 0) weights_[m][i] = 0;
    }
  }
  return update(patterns, true);
}

void GradualObs::resume(std::vector<std::vector<std::uint8_t>> masks, std::vector<std::vector<float>> weights) {
  masks_ = std::move(masks);
  weights_ = std::move(weights);
}

GradualImportance::Scores GradualObs::update(std::span<const Pattern> patterns, bool fit) {
  Scores result(dense_.size());
  for (std::size_t m = 0; m < dense_.size(); ++m) {
    std::vector<float>& scores = result[m];
    scores.assign(masks_[m].size(), 0.0F);
    MatrixRound round(dense_[m], calibration_.matrices[m].inputs, masks_[m], weights_[m], threads_);
    // H is the same for all outputs: costs of column vectors are sums over single weights.
    const bool jointly = !patterns.empty() && patterns[m].direction == Direction::kRow;
    round.run(jointly ? &patterns[m] : nullptr, fit, [&](Eigen::Index row, Eigen::Index column, double cost) {
      scores[static_cast<std::size_t>(row) * dense_[m].in + static_cast<std::size_t>(column)] =
          static_cast<float>(unit_ * output_factor(m, row) * cost);
    });
  }
  return result;
}

}  // namespace mixvec::inline pruning
