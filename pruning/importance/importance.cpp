// The list of methods, and what all of them go through.
#include "pruning/importance/importance.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "golden/base/error.hpp"
#include "golden/base/parallel.hpp"
#include "golden/base/text.hpp"
#include "pruning/importance/methods.hpp"

namespace mixvec::inline pruning {

namespace {

constexpr std::array kImportances{&kMagnitude, &kWanda, &kObs, &kSparseGpt, &kTaylor, &kHead};

void check(const std::vector<float>& score, const DenseMatrix& dense, const ImportanceMethod& method) {
  for (std::size_t i = 0; i < score.size(); ++i) {
    if (std::isfinite(score[i])) continue;
    fail_input("{}: weight[{}][{}]: found an importance ({}) of {}, expected a finite one: {} too large", dense.name,
               i / dense.in, i % dense.in, method.name, score[i],
               method.needs.any() ? "the model's activations on the calibration data are"
                                  : fmt::format("a weight of {} is", dense.weight[i]));
  }
}

}  // namespace

std::span<const ImportanceMethod* const> importance_methods() { return kImportances; }

const ImportanceMethod& find_importance(std::string_view where, std::string_view name) {
  for (const ImportanceMethod* const method : kImportances) {
    if (name == method->name) return *method;
  }
  std::vector<std::string> names;
  for (const ImportanceMethod* const method : kImportances) names.emplace_back(method->name);
  const auto near = nearest_names(std::string(name), names, 1);
  fail_input("{}: found {}, expected one of: {}{}", where, quote(name), fmt::join(names, ", "),
             near.empty() ? "" : fmt::format("; did you mean {}?", near[0]));
}

ModelScores score_matrices(const ImportanceMethod& method, std::span<const DenseMatrix> matrices,
                           const Calibration* calibration, bool weigh_outputs, int threads) {
  ModelScores result;
  std::vector<std::vector<float>>& scores = result.matrices;
  scores.resize(matrices.size());
  const std::size_t layers = matrices.size() / kMatrixKinds.size();
  const std::size_t heads = calibration != nullptr && layers > 0 ? calibration->heads.size() / layers : 0;
  parallel_for(matrices.size(), threads, [&](std::size_t m) {
    ScoreInput input{.dense = matrices[m]};
    input.kind = kMatrixKinds[m % kMatrixKinds.size()];
    input.weigh_outputs = weigh_outputs && method.blind_behind;
    if (calibration != nullptr) {
      input.moments = &calibration->matrices[m];
      input.heads = std::span(calibration->heads).subspan(m / kMatrixKinds.size() * heads, heads);
    }
    scores[m] = method.score(input);
    check(scores[m], matrices[m], method);
  });
  if (!method.needs.any()) return result;
  double sum = 0;
  std::size_t weights = 0;
  for (const std::vector<float>& score : scores) {
    for (const float s : score) sum += static_cast<double>(s);
    weights += score.size();
  }
  if (sum > 0) result.unit = static_cast<double>(weights) / sum;
  for (std::vector<float>& score : scores) {
    for (float& s : score) s *= static_cast<float>(result.unit);
  }
  return result;
}

}  // namespace mixvec::inline pruning
