// Chooses the direction of every matrix and the length of every strip: most importance for what bits and cycles cost.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "pruning/choice/cost.hpp"
#include "pruning/choice/node_table.hpp"

namespace mixvec::inline pruning {

/// Prices in importance: the objective is importance kept − per_bit · bits − per_cycle · cycles.
struct Prices {
  double per_bit = 0;
  double per_cycle = 0;
};

/// A matrix seen from one direction.
struct MatrixSide {
  Direction direction = Direction::kColumn;
  LineTree tree;
  NodeTable table;
};

/// What the chooser knows of a matrix.
struct MatrixCandidates {
  std::string name;
  std::size_t out = 0;
  std::size_t in = 0;
  std::vector<MatrixSide> sides;  ///< one or two; of equal sides the first is taken
};

/// The strips of a matrix: nodes of its side's tree.
struct ChosenNode {
  int level = 0;
  std::size_t node = 0;
  bool rest = false;  ///< the short strip
};

/// What a choice amounts to, by the tables (interpolated thresholds, expected densities in the costs).
struct Totals {
  double value = 0;     ///< Σ max over strips of (importance − threshold · weights − prices · cost)
  double kept = 0;      ///< weights
  double retained = 0;  ///< importance
  double bits = 0;
  double cycles = 0;
  double kept_lengths = 0;  ///< Σ weights · ℓ of their strip

  [[nodiscard]] double mean_length() const { return kept > 0 ? kept_lengths / kept : 0; }
  Totals& operator+=(const Totals& other);
};

struct MatrixChoice {
  std::size_t side = 0;
  std::vector<ChosenNode> nodes;  ///< longest first
  Totals totals;
};

/// A choice for all matrices under one threshold each.
struct Choice {
  Prices prices;
  std::vector<MatrixChoice> matrices;
  std::vector<double>
      threshold;  ///< least importance per weight net of prices, per matrix (all equal under model scope)
  Totals totals;
};

/// Chooses strips and directions. For given prices and threshold the choice is the exact optimum over the trees; the
/// threshold is searched so that the wanted number of weights is kept.
class Chooser {
 public:
  /// `lengths`: bit l allows strips of 2^l. `density` is the expected share of kept vectors in the cost model.
  Chooser(std::vector<MatrixCandidates> matrices, ThresholdScale scale, CostModel model, double density,
          unsigned lengths, int threads);

  /// Keeps `keep[m]` weights of each matrix, or, if keep has a single entry, that many of all together.
  [[nodiscard]] Choice choose(const Prices& prices, const std::vector<std::uint64_t>& keep, unsigned lengths) const;
  [[nodiscard]] Choice choose(const Prices& prices, const std::vector<std::uint64_t>& keep) const {
    return choose(prices, keep, lengths_);
  }

  /// Weights that the best choice at a fixed threshold keeps of all matrices.
  [[nodiscard]] double kept_above(const Prices& prices, double threshold, unsigned lengths) const;
  [[nodiscard]] double kept_above(const Prices& prices, double threshold) const {
    return kept_above(prices, threshold, lengths_);
  }

  /// The best choice for one matrix at a fixed threshold.
  [[nodiscard]] MatrixChoice choose_matrix(std::size_t m, const Prices& prices, double threshold,
                                           unsigned lengths) const;

  /// The same for one of its sides.
  [[nodiscard]] MatrixChoice choose_side(std::size_t m, std::size_t side, const Prices& prices, double threshold,
                                         unsigned lengths) const;

  /// What one side of a matrix would come to if exactly `keep` of its weights were kept.
  [[nodiscard]] Totals totals_of_side(std::size_t m, std::size_t side, const Prices& prices, std::uint64_t keep) const;

  /// Price of one kept vector, in importance.
  [[nodiscard]] double vector_price(const Prices& prices, int length, int width, Direction direction) const;
  /// What a vector of a strip of matrix m must bring, in importance, to be kept by a choice; above 0.
  [[nodiscard]] double vector_bar(const Choice& choice, std::size_t m, const Strip& strip, Direction direction) const;

  /// Takes other strips for one side.
  void replace_side(std::size_t m, std::size_t side, MatrixSide other) { matrices_[m].sides[side] = std::move(other); }

  [[nodiscard]] const std::vector<MatrixCandidates>& matrices() const { return matrices_; }
  [[nodiscard]] const CostModel& model() const { return model_; }
  [[nodiscard]] unsigned lengths() const { return lengths_; }

  /// The pattern that a choice stands for: strips longest first, a short one behind its equals.
  [[nodiscard]] Pattern pattern(std::size_t m, const MatrixChoice& choice) const;

 private:
  /// The largest threshold at which kept_at(threshold), which falls with it, is at least `wanted`, or the lowest there
  /// is. Thresholds are net of prices, so they may be negative: down to where the cheapest vectors are all kept.
  [[nodiscard]] double find_threshold(double wanted, const Prices& prices, unsigned lengths,
                                      const std::function<double(double)>& kept_at) const;
  std::vector<MatrixCandidates> matrices_;
  ThresholdScale scale_;
  CostModel model_;
  double density_;
  unsigned lengths_;
  int threads_;
};

}  // namespace mixvec::inline pruning
