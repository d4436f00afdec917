// Derivatives of the parts of a layer, in the reverse order of the layer.
#include "pruning/calibration/backward.hpp"

#include <cmath>

#include "golden/base/random.hpp"

namespace mixvec::inline pruning {

namespace {

// By the input x of a LayerNorm whose output has the derivative g.
DenseRows norm_backward(const NetworkNorm& norm, const DenseRows& x, const DenseRows& g) {
  DenseRows centred = x.colwise() - x.rowwise().mean();
  const Eigen::ArrayXf factor = (centred.array().square().rowwise().mean() + norm.epsilon).rsqrt();
  centred.array().colwise() *= factor;
  DenseRows by_normed = g;
  by_normed.array().rowwise() *= norm.gamma.array();
  const Eigen::ArrayXf mean = by_normed.rowwise().mean();
  const Eigen::ArrayXf along = (by_normed.array() * centred.array()).rowwise().mean();
  DenseRows result = by_normed;
  result.array().colwise() -= mean;
  result.array() -= centred.array().colwise() * along;
  result.array().colwise() *= factor;
  return result;
}

// By q, k and v, side by side, of what attend() made of them.
DenseRows attention_backward(const NetworkLayer& layer, const DenseRows& qkv, const SequenceEnds& ends,
                             const DenseRows& g) {
  const Eigen::Index d = g.cols();
  const Eigen::Index size = d / index_of(layer.heads);
  const float scale = 1.0F / std::sqrt(static_cast<float>(size));
  DenseRows result(qkv.rows(), qkv.cols());
  Eigen::Index first = 0;
  for (const std::size_t end : ends) {
    const Eigen::Index tokens = index_of(end) - first;
    for (Eigen::Index c = 0; c < d; c += size) {
      const auto q = qkv.block(first, c, tokens, size);
      const auto k = qkv.block(first, d + c, tokens, size);
      const auto v = qkv.block(first, 2 * d + c, tokens, size);
      const auto by_result = g.block(first, c, tokens, size);
      const DenseRows weights = attention_weights(q, k, layer.causal);
      result.block(first, 2 * d + c, tokens, size).noalias() = weights.transpose() * by_result;
      DenseRows by_score(tokens, tokens);
      by_score.noalias() = by_result * v.transpose();
      const Eigen::ArrayXf along = (by_score.array() * weights.array()).rowwise().sum();
      by_score.array().colwise() -= along;
      by_score.array() *= weights.array() * scale;
      result.block(first, c, tokens, size).noalias() = by_score * k;
      result.block(first, d + c, tokens, size).noalias() = by_score.transpose() * q;
    }
    first += tokens;
  }
  return result;
}

// By the input of a matrix whose output has the derivative g.
DenseRows linear_backward(const Linear& linear, const DenseRows& g) {
  DenseRows result(g.rows(), linear.weight.cols());
  result.noalias() = g * linear.weight;
  return result;
}

}  // namespace

LayerGradient backward(const NetworkLayer& layer, const LayerTrace& trace, const SequenceEnds& ends,
                       const DenseRows& by_output) {
  const bool pre = layer.norm == NormPlacement::kPre;
  LayerGradient result;
  auto& output = result.output;
  output[3] = pre ? by_output : norm_backward(layer.norm_output, trace.sum_output, by_output);
  output[2] = linear_backward(layer.matrix(MatrixKind::kF2), output[3]);
  output[2].array() *= activation_slope(layer.activation, trace.before).array();
  DenseRows by_middle = linear_backward(layer.matrix(MatrixKind::kF1), output[2]);
  if (pre) by_middle = norm_backward(layer.norm_output, trace.middle, by_middle);
  by_middle += output[3];
  output[1] = pre ? by_middle : norm_backward(layer.norm_attention, trace.sum_attention, by_middle);
  output[0] = attention_backward(layer, trace.qkv, ends, linear_backward(layer.matrix(MatrixKind::kMP), output[1]));
  result.x = linear_backward(layer.matrix(MatrixKind::kMA), output[0]);
  if (pre) result.x = norm_backward(layer.norm_attention, trace.x, result.x);
  result.x += output[1];
  return result;
}

TokenLoss::TokenLoss(const Network& network, const DenseRows& y, std::span<const std::size_t> targets, bool gradients)
    : network_(network), y_(y), p_(network.logits(y)) {
  for (Eigen::Index t = 0; t < p_.rows(); ++t) {
    auto row = p_.row(t).array();
    row -= row.maxCoeff();
    const float logit = row[index_of(targets[static_cast<std::size_t>(t)])];
    row = row.exp();
    const float total = row.sum();
    nats_ += std::log(static_cast<double>(total)) - static_cast<double>(logit);
    row /= total;
  }
  if (!gradients) return;
  expected_.resize(y.rows(), y.cols());
  expected_.noalias() = p_ * head();
}

std::vector<std::size_t> TokenLoss::draw_targets(std::uint64_t seed) const {
  Random random(seed);
  std::vector<std::size_t> targets(static_cast<std::size_t>(p_.rows()));
  for (Eigen::Index t = 0; t < p_.rows(); ++t) {
    double left = random.uniform() * static_cast<double>(p_.row(t).sum());
    Eigen::Index id = 0;
    while (id + 1 < p_.cols() && (left -= static_cast<double>(p_(t, id))) > 0) ++id;
    targets[static_cast<std::size_t>(t)] = static_cast<std::size_t>(id);
  }
  return targets;
}

DenseRows TokenLoss::gradient(std::span<const std::size_t> targets) const {
  DenseRows by_normed = expected_;
  for (Eigen::Index t = 0; t < by_normed.rows(); ++t) {
    by_normed.row(t) -= head().row(index_of(targets[static_cast<std::size_t>(t)]));
  }
  return norm_backward(network_.final_norm, y_, by_normed);
}

}  // namespace mixvec::inline pruning
