// Prunes a list of dense matrices into vectors: the whole method as one function, and what it reports.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "golden/checkpoint/model.hpp"
#include "pruning/choice/budget.hpp"
#include "pruning/choice/cost.hpp"
#include "pruning/choice/strength.hpp"
#include "pruning/importance/importance.hpp"

namespace mixvec::inline pruning {

enum class PatternKind : std::uint8_t { kUnstructured, kVector, kMixed };
const char* name_of(PatternKind kind);

struct PruneOptions {
  PatternKind pattern = PatternKind::kMixed;
  double ratio = 0.8;                    ///< δ, the share of weights to prune, 0…1
  int length = 16;                       ///< kVector: ℓ; kMixed: the longest ℓ
  std::optional<Direction> direction;    ///< none: chosen for each matrix
  bool per_matrix = false;               ///< every matrix keeps 1 − δ of its own weights
  bool grouping = true;                  ///< strips of similar lines instead of neighbours
  std::optional<double> search_seconds;  ///< for grouping, on two cores; none: the default's amount of work
  /// Prices of costs where no budget is given: the share of the retained importance that is worth the least possible
  /// bytes (cycles) once more. See docs/pruning.md for how the defaults came about.
  double exchange_bytes = 1.2;
  double exchange_cycles = 0.06;
  int rounds = 6;  ///< steps in which a gradual importance removes weights
  Budget budget;
  AccelConfig accel;             ///< what cycles and bytes are estimated for
  int tokens = kModelledTokens;  ///< at a time
  std::uint64_t seed = 1;
  int threads = 0;  ///< 0: all of the machine
};

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

/// Called with the share of the work that is done, 0…1, and what is being done.
using ProgressFunction = std::function<void(double, std::string_view)>;

/// A dense matrix and the importance of its weights; a vector's is the sum of its weights'.
struct ScoredMatrix {
  DenseMatrix dense;
  std::vector<float> score;  ///< out × in, at least 0
};

/// Matrices with the squared magnitude as their importance.
std::vector<ScoredMatrix> score_by_magnitude(std::vector<DenseMatrix> matrices);

/// Prunes all matrices together: lengths and directions are chosen by the scores, and so are the vectors to keep. With
/// `gradual` (may be nullptr) these are chosen in `options.rounds` steps of equal ratios, each by what it scores then.
/// Throws InputError for options that make no sense and budgets that cannot be met. The result depends on the matrices,
/// the options and the seed, not on the number of threads.
PruneResult prune(std::vector<ScoredMatrix> matrices, const PruneOptions& options,
                  const ProgressFunction& progress = {}, GradualImportance* gradual = nullptr);

}  // namespace mixvec::inline pruning
