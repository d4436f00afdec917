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
#include "pruning/importance/importance.hpp"
#include "pruning/prune_result.hpp"
#include "pruning/state/run_state.hpp"

namespace mixvec::inline pruning {

enum class PatternKind : std::uint8_t { kUnstructured, kVector, kMixed };
const char* name_of(PatternKind kind);

struct PruneOptions {
  PatternKind pattern = PatternKind::kMixed;
  double ratio = 0.8;                    ///< δ, the share of weights to prune, 0…1
  int length = 16;                       ///< kVector: ℓ; kMixed: the longest ℓ
  std::optional<Direction> direction;    ///< none: chosen for each matrix
  bool per_matrix = false;               ///< every matrix keeps 1 − δ of its own weights
  std::vector<double> layer_ratios;      ///< per_matrix: δ of every layer (four matrices each); empty: ratio
  bool grouping = true;                  ///< strips of similar lines instead of neighbours
  std::optional<double> search_seconds;  ///< for grouping, on two cores; none: the default's amount of work
  /// Prices of bytes and cycles where no budget is given. None: `favour` times the price at which the ratio follows by
  /// itself, the last vector kept being worth just what it costs. See docs/pruning.md for how the default came about.
  std::optional<Rates> exchange;
  Rates favour{1.0 / 3, 2.0 / 3};
  int rounds = 6;  ///< steps in which a gradual importance removes weights
  Budget budget;
  AccelConfig accel;             ///< what cycles and bytes are estimated for
  int tokens = kModelledTokens;  ///< at a time
  std::uint64_t seed = 1;
  int threads = 0;  ///< 0: all of the machine
};

/// Throws InputError for options that make no sense, whatever the matrices.
void check_options(const PruneOptions& options);

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
/// `gradual` (may be nullptr) these are chosen in `options.rounds` steps of equal ratios, each by what it scores then,
/// and `state` (may be nullptr) keeps the last one. Throws InputError for options that make no sense and budgets that
/// cannot be met. The result depends on the matrices, the options and the seed, not on the number of threads.
PruneResult prune(std::vector<ScoredMatrix> matrices, const PruneOptions& options,
                  const ProgressFunction& progress = {}, GradualImportance* gradual = nullptr,
                  RunState* state = nullptr);

}  // namespace mixvec::inline pruning
