// The candidate strips of all matrices: lines are grouped from either direction, then again where a first choice fell.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "golden/checkpoint/model.hpp"
#include "pruning/choice/choose.hpp"

namespace mixvec::inline pruning {

/// What candidates are made from; all of it must outlive the maker.
struct CandidateSource {
  std::span<const DenseMatrix> dense;
  std::span<const std::vector<float>> scores;  ///< of every matrix, out × in
  std::vector<double> density;                 ///< share of every matrix's weights that is kept unstructured
};

struct CandidateOptions {
  int levels = 4;  ///< the longest strip is 2^levels
  bool mixed = true;
  bool grouping = true;                ///< strips of similar lines instead of neighbours
  std::optional<Direction> direction;  ///< none: both
  std::optional<double> search_seconds;
  std::uint64_t seed = 1;
  int threads = 0;

  /// Bit l: strips of 2^l are candidates.
  [[nodiscard]] unsigned lengths() const { return mixed ? (2U << levels) - 1 : 1U << levels; }
};

class CandidateMaker {
 public:
  /// Told the share that is done, 0 to 1, and the matrix.
  using Progress = std::function<void(double, const std::string&)>;

  CandidateMaker(CandidateSource source, const CandidateOptions& options, ThresholdScale scale, Progress progress);

  /// All sides of all matrices, grouped by a short search: each as if it were to keep the density of its unstructured
  /// mask.
  [[nodiscard]] std::vector<MatrixCandidates> draft() const;

  /// Groups the sides that `choice` took, and those that came near, again by a long search: for the thresholds of the
  /// choice, at which groups are worth what they will be in the ranking. Leaves the others as they are.
  void refine(Chooser& chooser, const Choice& choice) const;

  /// Whether there is anything to refine.
  [[nodiscard]] bool searches() const { return options_.grouping && options_.levels > 0; }

 private:
  struct Job {
    std::size_t matrix = 0;
    std::size_t side = 0;
    Direction direction = Direction::kColumn;
    std::vector<float> bars;           ///< of every level, per weight; empty: from the density
    std::vector<std::uint32_t> start;  ///< an order of the lines to begin with
  };
  [[nodiscard]] MatrixSide make_side(const Job& job, double moves_per_line) const;
  void run(std::vector<Job> jobs, bool refining, const std::function<void(const Job&, MatrixSide)>& store) const;

  CandidateSource source_;
  CandidateOptions options_;
  ThresholdScale scale_;
  Progress progress_;
};

}  // namespace mixvec::inline pruning
