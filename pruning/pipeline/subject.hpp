// A checkpoint under the knife: its dense weights, what calibration measured, and every way of pruning it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "pruning/calibration/calibration.hpp"
#include "pruning/importance/importance.hpp"
#include "pruning/importance/outliers.hpp"
#include "pruning/patterns/mask_pattern.hpp"
#include "pruning/prune.hpp"
#include "pruning/recovery/recovery.hpp"
#include "pruning/state/run_state.hpp"

namespace mixvec::inline pruning {

/// A way of pruning: one method of every stage.
struct Recipe {
  const ImportanceMethod* importance = nullptr;
  const RecoveryMethod* recovery = nullptr;
  std::string pattern;                              ///< as it was named
  std::shared_ptr<const MaskPattern> mask_pattern;  ///< makes its own masks; nullptr: options.pattern
  std::optional<double> mask_ratio;                 ///< what it is asked for; none: its own
  bool weigh_outputs = true;  ///< by how much the loss depends on them, where the importance is blind for it
  /// Lengths and directions are chosen by scores that foresee this share of the ratio (look_ahead()), where the
  /// importance is gradual; 0: by those of the dense model.
  double lookahead = 0.6;
  std::optional<OutlierRule> outliers;  ///< layers have ratios of their own
  PruneOptions options;

  [[nodiscard]] CalibrationNeeds needs() const;
  /// Weights go in options.rounds steps.
  [[nodiscard]] bool in_rounds() const { return importance->gradual && !mask_pattern; }
  [[nodiscard]] bool needs_data() const { return needs().any() || recovery->needs_data; }
};

/// Something that takes a while tells how far it is, 0 to 1, and what it does.
using StageProgress = std::function<void(double, std::string_view)>;

class Subject {
 public:
  /// Loads the dense matrices. The model must outlive it. Throws InputError like Model::load().
  Subject(const Model& model, int threads);

  /// The whole dense network, loaded when first asked for.
  const Network& network();
  /// Runs the model on the data. Until then only recipes without data can be followed.
  void calibrate(CalibrationData data, const CalibrationNeeds& needs, std::uint64_t seed,
                 const StageProgress& progress);
  /// From now on calibrate() and prune() keep there what they have worked out; for one recipe.
  void keep_state(RunState state) { state_ = std::move(state); }
  /// What was kept is needed no more.
  void drop_state() { state_.remove(); }
  /// Prunes and recovers; can be called again with another recipe. Throws InputError like cut().
  PruneResult prune(const Recipe& recipe, const StageProgress& progress);
  /// Prunes without recovering. Throws InputError like prune(), and for a recipe that needs what was not measured.
  PruneResult cut(const Recipe& recipe, const StageProgress& progress);
  /// Recovers what was cut by the recipe.
  void recover(const Recipe& recipe, std::vector<PrunedMatrix>& matrices, const StageProgress& progress);
  /// The network with pruned matrices in place of its own.
  Network pruned_network(const std::vector<PrunedMatrix>& matrices);

  [[nodiscard]] const Model& model() const { return model_; }
  [[nodiscard]] const std::vector<DenseMatrix>& matrices() const { return dense_; }
  [[nodiscard]] const Calibration* calibration() const { return calibration_ ? &*calibration_ : nullptr; }
  [[nodiscard]] const CalibrationData& data() const { return data_; }

 private:
  RunState* state() { return state_.active() ? &state_ : nullptr; }

  const Model& model_;
  int threads_;
  std::vector<DenseMatrix> dense_;
  std::optional<Network> network_;
  CalibrationData data_;
  std::optional<Calibration> calibration_;
  RunState state_;
};

}  // namespace mixvec::inline pruning
