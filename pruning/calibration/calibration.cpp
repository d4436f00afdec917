// Forward and backward passes of some batches at once; their sums are added in the order of the batches.
#include "pruning/calibration/calibration.hpp"

#include <algorithm>
#include <cmath>
#include <thread>

#include "golden/base/parallel.hpp"
#include "golden/base/random.hpp"
#include "pruning/calibration/backward.hpp"
#include "pruning/calibration/calibration_state.hpp"

namespace mixvec::inline pruning {

namespace {

DenseRows random_signs(Eigen::Index rows, Eigen::Index columns, std::uint64_t seed) {
  Random random(seed);
  DenseRows signs(rows, columns);
  for (Eigen::Index i = 0; i < signs.size(); ++i) signs.data()[i] = (random.next() >> 63U) != 0 ? 1.0F : -1.0F;
  return signs;
}

// One batch on its way through the model.
struct Pass {
  std::vector<LayerTrace> traces;
  std::vector<LayerGradient> drawn;  // by the loss of drawn targets
  std::vector<LayerGradient> given;  // by the loss of the targets given
  double nats = 0;
};

std::vector<LayerGradient> all_backward(const Network& network, const Pass& pass, const SequenceEnds& ends,
                                        DenseRows by_output) {
  std::vector<LayerGradient> result(network.layers.size());
  for (std::size_t l = network.layers.size(); l-- > 0;) {
    result[l] = backward(network.layers[l], pass.traces[l], ends, by_output);
    by_output = result[l].x;
  }
  return result;
}

Pass run_batch(const Network& network, const CalibrationBatch& batch, const CalibrationNeeds& needs,
               std::uint64_t seed) {
  Pass pass;
  pass.traces.resize(network.layers.size());
  DenseRows x = batch.x;
  for (std::size_t l = 0; l < network.layers.size(); ++l) x = network.layers[l].run(x, batch.ends, &pass.traces[l]);
  const bool squares = needs.outputs || needs.weights;
  const bool means = needs.weights || needs.heads;
  DenseRows by_drawn;
  DenseRows by_given;
  if (batch.targets.empty()) {
    if (squares) by_drawn = random_signs(x.rows(), x.cols(), seed);
    if (means) by_given = random_signs(x.rows(), x.cols(), seed + 1);
  } else if (needs.gradients()) {
    const TokenLoss loss(network, x, batch.targets, squares || means);
    pass.nats = loss.nats();
    if (squares) by_drawn = loss.gradient(loss.draw_targets(seed));
    if (means) by_given = loss.gradient(batch.targets);
  }
  if (squares) pass.drawn = all_backward(network, pass, batch.ends, std::move(by_drawn));
  if (means) pass.given = all_backward(network, pass, batch.ends, std::move(by_given));
  return pass;
}

// |Σ a · ∂loss/∂a| of every head and sequence, a what the head gives to W_MP.
void add_heads(double* heads, const NetworkLayer& layer, const LayerTrace& trace, const LayerGradient& gradient,
               const SequenceEnds& ends) {
  const DenseRows& a = trace.input[1];
  DenseRows by_a(a.rows(), a.cols());
  by_a.noalias() = gradient.output[1] * layer.matrix(MatrixKind::kMP).weight;
  by_a.array() *= a.array();
  const Eigen::Index size = a.cols() / index_of(layer.heads);
  Eigen::Index first = 0;
  for (const std::size_t end : ends) {
    const Eigen::Index tokens = index_of(end) - first;
    for (std::size_t h = 0; h < layer.heads; ++h) {
      heads[h] += std::abs(static_cast<double>(by_a.block(first, index_of(h) * size, tokens, size).sum()));
    }
    first += tokens;
  }
}

void add_weights(MatrixMoments& moments, const DenseRows& x, const DenseRows& drawn, const DenseRows& given) {
  moments.gradient.noalias() += given.transpose() * x;
  const DenseRows x2 = x.array().square();
  const DenseRows g2 = drawn.array().square();
  moments.fisher.noalias() += g2.transpose() * x2;
}

}  // namespace

void add_gram(Eigen::MatrixXd& sum, const DenseRows& x, int threads) {
  constexpr Eigen::Index kTile = 384;
  const Eigen::Index n = x.cols();
  std::vector<std::pair<Eigen::Index, Eigen::Index>> tiles;
  for (Eigen::Index i = 0; i < n; i += kTile) {
    for (Eigen::Index j = 0; j <= i; j += kTile) tiles.emplace_back(i, j);
  }
  parallel_for(tiles.size(), threads, [&](std::size_t t) {
    const auto [i, j] = tiles[t];
    const Eigen::Index rows = std::min(kTile, n - i);
    const Eigen::Index columns = std::min(kTile, n - j);
    DenseRows product(rows, columns);
    product.noalias() = x.middleCols(i, rows).transpose() * x.middleCols(j, columns);
    Eigen::MatrixXd wide = product.cast<double>();
    // A kernel may round the two halves in different ways.
    if (i == j) wide.triangularView<Eigen::StrictlyUpper>() = wide.transpose();
    sum.block(i, j, rows, columns) += wide;
    if (i != j) sum.block(j, i, columns, rows) += wide.transpose();
  });
}

std::vector<CalibrationBatch> batches_of(const CalibrationData& data, std::size_t tokens) {
  std::vector<CalibrationBatch> batches;
  std::size_t first = 0;
  for (std::size_t s = 0; s < data.ends.size();) {
    CalibrationBatch& batch = batches.emplace_back();
    do {
      batch.ends.push_back(data.ends[s++] - first);
    } while (s < data.ends.size() && data.ends[s] - first <= tokens);
    const std::size_t count = batch.ends.back();
    batch.x = data.x.middleRows(index_of(first), index_of(count));
    if (!data.targets.empty()) {
      const auto begin = data.targets.begin() + static_cast<std::ptrdiff_t>(first);
      batch.targets.assign(begin, begin + static_cast<std::ptrdiff_t>(count));
    }
    first += count;
  }
  return batches;
}

Calibration calibrate(const Network& network, const CalibrationData& data, const CalibrationNeeds& needs,
                      std::uint64_t seed, int threads, const std::function<void(double)>& progress, RunState* state) {
  Calibration result;
  const std::size_t layers = network.layers.size();
  const std::size_t heads = network.layers.empty() ? 0 : network.layers[0].heads;
  result.matrices.resize(layers * kMatrixKinds.size());
  result.heads.assign(needs.heads ? layers * heads : 0, 0.0);
  for (std::size_t m = 0; m < result.matrices.size(); ++m) {
    const DenseRows& w = network.layers[m / kMatrixKinds.size()].matrices[m % kMatrixKinds.size()].weight;
    MatrixMoments& moments = result.matrices[m];
    if (needs.inputs) moments.inputs = Eigen::MatrixXd::Zero(w.cols(), w.cols());
    if (needs.outputs) moments.outputs = Eigen::VectorXd::Zero(w.rows());
    if (needs.weights) moments.gradient = moments.fisher = DenseRows::Zero(w.rows(), w.cols());
  }
  const std::vector<CalibrationBatch> batches = batches_of(data);
  const std::size_t at_once =
      threads > 0 ? static_cast<std::size_t>(threads) : std::max(1U, std::thread::hardware_concurrency());
  std::size_t first = state != nullptr ? load_sums(*state, result) : 0;
  while (first < batches.size()) {
    const std::size_t count = std::min(at_once, batches.size() - first);
    std::vector<Pass> passes(count);
    parallel_for(count, threads, [&](std::size_t b) {
      passes[b] = run_batch(network, batches[first + b], needs, seed + 2 * (first + b));
    });
    for (std::size_t b = 0; b < count; ++b) {
      const Pass& pass = passes[b];
      result.tokens += static_cast<std::size_t>(batches[first + b].x.rows());
      result.nats += pass.nats;
      for (std::size_t m = 0; m < result.matrices.size(); ++m) {
        const std::size_t l = m / kMatrixKinds.size();
        const std::size_t k = m % kMatrixKinds.size();
        const DenseRows& x = pass.traces[l].input[k];
        MatrixMoments& moments = result.matrices[m];
        if (needs.inputs) add_gram(moments.inputs, x, threads);
        if (needs.outputs) {
          moments.outputs +=
              pass.drawn[l].output[k].array().square().colwise().sum().matrix().transpose().cast<double>();
        }
        if (needs.weights) add_weights(moments, x, pass.drawn[l].output[k], pass.given[l].output[k]);
        if (needs.heads && k == 1) {
          add_heads(&result.heads[l * heads], network.layers[l], pass.traces[l], pass.given[l],
                    batches[first + b].ends);
        }
      }
    }
    first += count;
    if (state != nullptr && (state->due() || first == batches.size())) save_sums(*state, result, first);
    if (progress) progress(static_cast<double>(first) / static_cast<double>(batches.size()));
  }
  const double tokens = static_cast<double>(std::max<std::size_t>(1, result.tokens));
  for (MatrixMoments& moments : result.matrices) {
    moments.inputs /= tokens;
    moments.outputs /= tokens;
    moments.gradient /= static_cast<float>(tokens);
    moments.fisher /= static_cast<float>(tokens);
  }
  for (double& head : result.heads) head /= static_cast<double>(data.ends.size());
  result.nats /= tokens;
  return result;
}

}  // namespace mixvec::inline pruning
