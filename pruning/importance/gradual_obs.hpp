// OBS importance of what is still kept: the weights that remain make up for those that went, and are scored anew.
#pragma once

#include "pruning/importance/importance.hpp"
#include "pruning/solver/row_systems.hpp"

namespace mixvec::inline pruning {

/// Costs of removal as OBC has them (Frantar 2022), some vectors at a time instead of one: for the columns S that a row
/// keeps, ½ wᵀ [([H_SS]⁻¹)_GG]⁻¹ w of a group G, w the least-squares weights on S. A row of more than kBlock inputs is
/// cut into blocks of at most kBlock: weights make up for those of their own block alone, so that time grows no longer
/// with the cube of the inputs. Fits and scores share one factorisation. 5 bytes a weight.
class GradualObs final : public GradualImportance {
 public:
  static constexpr Eigen::Index kBlock = 512;

  /// `matrices` and `calibration` (with inputs and, if outputs are weighed, outputs) must outlive it.
  GradualObs(std::span<const DenseMatrix> matrices, const Calibration& calibration, bool weigh_outputs, double unit,
             int threads);

  Scores restart(std::span<const Pattern> patterns) override;
  Scores keep(std::span<const std::vector<std::uint8_t>> masks, std::span<const Pattern> patterns) override;
  [[nodiscard]] const std::vector<std::vector<float>>& weights() const override { return weights_; }
  void resume(std::vector<std::vector<std::uint8_t>> masks, std::vector<std::vector<float>> weights) override;

 private:
  [[nodiscard]] double output_factor(std::size_t m, Eigen::Index o) const;
  Scores update(std::span<const Pattern> patterns, bool fit);

  std::span<const DenseMatrix> dense_;
  const Calibration& calibration_;
  bool weigh_outputs_;
  double unit_;
  int threads_;
  std::vector<std::vector<float>> weights_;       ///< at present
  std::vector<std::vector<std::uint8_t>> masks_;  ///< at present
};

}  // namespace mixvec::inline pruning
