// What pruning comes to: the pruned matrices, what is kept of each, and the figures of all.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "golden/checkpoint/model.hpp"
#include "pruning/choice/budget.hpp"
#include "pruning/choice/cost.hpp"
#include "pruning/choice/strength.hpp"

namespace mixvec::inline pruning {

/// Kept weights and strips of one length.
struct LengthShare {
  int length = 1;
  std::size_t strips = 0;
  std::uint64_t kept = 0;  ///< weights
};

struct MatrixReport {
  std::string name;
  std::size_t out = 0;
  std::size_t in = 0;
  Direction direction = Direction::kColumn;
  DirectionStrength strength;             ///< of the unstructured mask at the same scope
  std::vector<LengthShare> lengths;       ///< ascending
  std::uint64_t kept = 0;                 ///< weights
  double importance = 0;                  ///< kept
  double importance_total = 0;            ///< of all weights
  double importance_unstructured = 0;     ///< of the same number of weights chosen one by one
  std::optional<double> retained_row;     ///< what row (column) vectors would retain of this matrix with as many
  std::optional<double> retained_column;  ///< weights, by the tables; none if that direction was ruled out
  MatrixCost cost;

  [[nodiscard]] double retained() const {
    return importance_unstructured > 0 ? importance / importance_unstructured : 1.0;
  }
  [[nodiscard]] double mean_length() const;  ///< weighted with kept weights
};

struct PruneResult {
  std::vector<PrunedMatrix> matrices;
  std::vector<std::vector<double>> bars;  ///< of every matrix and strip: RankedMatrix::bar; none where masks were made
  std::vector<MatrixReport> reports;
  std::vector<CurvePoint> curve;  ///< mixed only
  double curve_rates_bytes = 0;   ///< the exchange rates at "x1" of the curve
  double curve_rates_cycles = 0;
  double exchange_bytes = 0;  ///< the exchange rates that were used
  double exchange_cycles = 0;
  std::uint64_t weights = 0;
  std::uint64_t kept = 0;
  double importance = 0;
  double importance_total = 0;
  double importance_unstructured = 0;           ///< of unstructured pruning at the same ratio and scope
  std::optional<double> importance_neighbours;  ///< of neighbours in place of groups, vectors of one length only
  MatrixCost cost;                              ///< sums over the matrices
  double cycles = 0;                            ///< sum of the matrices' slowest of array, port and drain
  double ideal_cycles = 0;                      ///< every multiplier busy with kept weights

  [[nodiscard]] double retained() const {
    return importance_unstructured > 0 ? importance / importance_unstructured : 1.0;
  }
  /// Of what neighbours lose against single weights, the share that groups win back.
  [[nodiscard]] std::optional<double> efficacy() const {
    if (!importance_neighbours || importance_unstructured <= *importance_neighbours) return std::nullopt;
    return (importance - *importance_neighbours) / (importance_unstructured - *importance_neighbours);
  }
  [[nodiscard]] double mean_length() const;
  [[nodiscard]] std::vector<LengthShare> lengths() const;
};

/// Measures unstructured pruning by scores (out × in each) that keeps `keep` weights (one entry), or as many of each
/// matrix (one entry a matrix): what it holds and the strengths of its masks, into result.reports and the result.
/// Returns the least score kept, by matrix.
std::vector<float> measure_unstructured(const std::vector<DenseMatrix>& dense,
                                        const std::vector<std::vector<float>>& scores,
                                        const std::vector<std::uint64_t>& keep, int threads, PruneResult& result);

/// Importance of what a mask keeps.
double importance_kept(std::span<const float> scores, std::span<const std::uint8_t> mask);

/// What the reports add up to, into the result.
void add_up(PruneResult& result, const CostModel& model);

/// Rounds weights and bias of a matrix whose mask and pattern are set, and counts its strips. Throws InputError for
/// values that binary16 cannot hold.
void finish_matrix(const DenseMatrix& dense, PrunedMatrix& pruned, MatrixReport& report);

}  // namespace mixvec::inline pruning
