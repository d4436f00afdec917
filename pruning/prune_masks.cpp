// Scores to the pattern, its masks to the reports.
#include "pruning/prune_masks.hpp"

#include "golden/base/parallel.hpp"
#include "pruning/importance/top_importance.hpp"
#include "pruning/patterns/apply.hpp"

namespace mixvec::inline pruning {

PruneResult prune_masks(std::vector<ScoredMatrix> matrices, const MaskPattern& pattern, std::size_t heads,
                        std::optional<double> ratio, const PruneOptions& options, const ProgressFunction& progress) {
  const auto tell = [&](double share, std::string_view what) {
    if (progress) progress(share, what);
  };
  std::vector<DenseMatrix> dense;
  std::vector<std::vector<float>> scores;
  for (ScoredMatrix& matrix : matrices) {
    dense.push_back(std::move(matrix.dense));
    scores.push_back(std::move(matrix.score));
  }
  MaskRequest request;
  request.heads = heads;
  request.ratio = ratio;
  request.per_matrix = options.per_matrix;
  request.layer_ratios = options.layer_ratios;
  request.threads = options.threads;
  for (std::size_t m = 0; m < dense.size(); ++m) {
    request.matrices.push_back({dense[m].name, m / kMatrixKinds.size(), kMatrixKinds[m % kMatrixKinds.size()],
                                dense[m].out, dense[m].in, scores[m]});
  }
  tell(0.1, "choosing masks and strips");
  const CostModel model(options.accel, options.tokens);
  std::vector<PatternedMatrix> patterned = apply_pattern(pattern, request, model);

  tell(0.8, "writing masks");
  PruneResult result;
  result.matrices.resize(dense.size());
  std::uint64_t kept = 0;
  for (std::size_t m = 0; m < dense.size(); ++m) {
    result.weights += scores[m].size();
    kept += patterned[m].kept;
  }
  measure_unstructured(dense, scores, {kept}, options.threads, result);
  parallel_for(dense.size(), options.threads, [&](std::size_t m) {
    PrunedMatrix& pruned = result.matrices[m];
    pruned.name = dense[m].name;
    pruned.out = dense[m].out;
    pruned.in = dense[m].in;
    pruned.mask = std::move(patterned[m].mask);
    pruned.pattern = std::move(patterned[m].pattern);
    MatrixReport& report = result.reports[m];
    report.kept = patterned[m].kept;
    report.importance = importance_kept(scores[m], pruned.mask);
    report.cost = patterned[m].cost;
    const std::span<const float> part(scores[m]);
    report.importance_unstructured = top_importance({&part, 1}, report.kept, 1).kept;
    finish_matrix(dense[m], pruned, report);
    dense[m].weight = {};
  });
  add_up(result, model);
  return result;
}

}  // namespace mixvec::inline pruning
