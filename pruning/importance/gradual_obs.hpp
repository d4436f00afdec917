// OBS importance of what is still kept: the weights that remain make up for those that went, and are scored anew.
#pragma once

#include "pruning/importance/importance.hpp"
#include "pruning/solver/row_systems.hpp"

namespace mixvec::inline pruning {

/// Costs of removal as OBC has them (Frantar 2022), some vectors at a time instead of one: for the columns S that a row
/// keeps, ½ wᵀ [([H_SS]⁻¹)_GG]⁻¹ w of a group G, w the least-squares weights on S. A row of more than kBlock inputs is
/// cut into blocks of at most kBlock: weights make up for those of their own block alone, so that time grows no longer
/// with the cube of the inputs. 16 bytes a weight.
class GradualObs final : public GradualImportance {
 public:
  static constexpr Eigen::Index kBlock = 512;

  /// `matrices` and `calibration` (with inputs and, if outputs are weighed, outputs) must outlive it.
  GradualObs(std::span<const DenseMatrix> matrices, const Calibration& calibration, bool weigh_outputs, double unit,
             int threads);

  void restart() override;
  std::vector<std::vector<float>> scores(std::span<const Pattern> patterns) override;
  void keep(std::span<const std::vector<std::uint8_t>> masks) override;

 private:
  struct State {
    DoubleRows start;                ///< dense weights
    DoubleRows weight;               ///< at present
    std::vector<std::uint8_t> mask;  ///< at present
  };

  [[nodiscard]] double output_factor(std::size_t m, Eigen::Index o) const;

  const Calibration& calibration_;
  bool weigh_outputs_;
  double unit_;
  int threads_;
  std::vector<State> states_;
};

}  // namespace mixvec::inline pruning
