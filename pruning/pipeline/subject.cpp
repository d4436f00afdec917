// The stages of the method one after the other: score, choose and cut, recover.
#include "pruning/pipeline/subject.hpp"

#include "golden/base/error.hpp"
#include "golden/base/parallel.hpp"
#include "golden/checkpoint/stored_values.hpp"
#include "pruning/importance/gradual_obs.hpp"
#include "pruning/importance/lookahead.hpp"
#include "pruning/prune_masks.hpp"

namespace mixvec::inline pruning {

CalibrationNeeds Recipe::needs() const {
  CalibrationNeeds needs = importance->needs;
  needs.outputs = needs.outputs || (weigh_outputs && importance->blind_behind);
  needs.inputs = needs.inputs || outliers.has_value();
  return needs;
}

Subject::Subject(const Model& model, int threads) : model_(model), threads_(threads) {
  dense_.resize(model.config().layers * kMatrixKinds.size());
  parallel_for(dense_.size(), threads, [&](std::size_t m) {
    dense_[m] = model.load(m / kMatrixKinds.size(), kMatrixKinds[m % kMatrixKinds.size()]);
  });
}

const Network& Subject::network() {
  if (!network_) network_ = load_network(model_);
  return *network_;
}

void Subject::calibrate(CalibrationData data, const CalibrationNeeds& needs, std::uint64_t seed,
                        const StageProgress& progress) {
  data_ = std::move(data);
  const auto told = [&](double share) {
    if (progress) progress(share, "calibrating");
  };
  calibration_ = pruning::calibrate(network(), data_, needs, seed, threads_, told, state());
}

PruneResult Subject::cut(const Recipe& recipe, const StageProgress& progress) {
  const CalibrationNeeds needs = recipe.needs();
  if (recipe.needs_data() && !calibration_) {
    fail_input("--importance {}, --recover {}: found no calibration, expected --calibrate TEXT",
               recipe.importance->name, recipe.recovery->name);
  }
  PruneOptions options = recipe.options;
  if (recipe.outliers) {
    options.per_matrix = true;
    options.layer_ratios = ratios_by_outliers(outlier_shares(dense_, *calibration_, recipe.outliers->m, threads_),
                                              options.ratio, recipe.outliers->lambda);
  }
  ModelScores scores = score_matrices(*recipe.importance, dense_, calibration(), recipe.weigh_outputs, threads_);
  std::vector<ScoredMatrix> scored(dense_.size());
  for (std::size_t m = 0; m < dense_.size(); ++m) scored[m] = {dense_[m], std::move(scores.matrices[m])};
  std::unique_ptr<GradualImportance> gradual;
  if (recipe.in_rounds() && recipe.options.rounds > 1) {
    gradual = std::make_unique<GradualObs>(dense_, *calibration_, needs.outputs, scores.unit, threads_);
  }
  const bool chooses = recipe.options.pattern != PatternKind::kUnstructured;
  if (gradual && chooses && recipe.lookahead > 0) {
    if (progress) progress(0, "looking ahead");
    std::vector<std::vector<float>> foreseen =
        look_ahead(*gradual, dense_,
                   {recipe.lookahead * recipe.options.ratio, (recipe.options.rounds + 1) / 2, threads_}, state());
    for (std::size_t m = 0; m < scored.size(); ++m) scored[m].score = std::move(foreseen[m]);
  }
  return recipe.mask_pattern ? prune_masks(std::move(scored), *recipe.mask_pattern, model_.config().heads,
                                           recipe.mask_ratio, options, progress)
                             : pruning::prune(std::move(scored), options, progress, gradual.get(), state());
}

void Subject::recover(const Recipe& recipe, std::vector<PrunedMatrix>& matrices, const StageProgress& progress) {
  if (recipe.recovery->needs_data) {
    recipe.recovery->recover({network(), data_, dense_, threads_,
                              [&](double share) {
                                if (progress) progress(share, "recovering");
                              },
                              state()},
                             matrices);
  }
  for (std::size_t m = 0; m < dense_.size(); ++m) {
    fit_to_stored(model_, m / kMatrixKinds.size(), kMatrixKinds[m % kMatrixKinds.size()], matrices[m]);
  }
}

PruneResult Subject::prune(const Recipe& recipe, const StageProgress& progress) {
  const double cutting = recipe.recovery->needs_data ? 0.7 : 1.0;
  PruneResult result = cut(recipe, [&](double share, std::string_view what) {
    if (progress) progress(cutting * share, what);
  });
  recover(recipe, result.matrices, [&](double share, std::string_view what) {
    if (progress) progress(cutting + (1 - cutting) * share, what);
  });
  return result;
}

Network Subject::pruned_network(const std::vector<PrunedMatrix>& matrices) {
  Network pruned = network();
  for (std::size_t m = 0; m < matrices.size(); ++m) {
    Linear& linear = pruned.layers[m / kMatrixKinds.size()].matrices[m % kMatrixKinds.size()];
    const PrunedMatrix& matrix = matrices[m];
    for (std::size_t i = 0; i < matrix.weight.size(); ++i) linear.weight.data()[i] = to_float(matrix.weight[i]);
    for (std::size_t o = 0; o < matrix.bias.size(); ++o) linear.bias[index_of(o)] = to_float(matrix.bias[o]);
  }
  return pruned;
}

}  // namespace mixvec::inline pruning
