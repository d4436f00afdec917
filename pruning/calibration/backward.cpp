// Derivatives of the parts of a layer, in the reverse order of the layer.
#include "pruning/calibration/backward.hpp"

#include <cmath>

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

DenseRows loss_gradient(const Network& network, const DenseRows& y, std::span<const std::size_t> targets,
                        double* nats) {
  DenseRows p = network.logits(y);
  double sum = 0;
  for (Eigen::Index t = 0; t < p.rows(); ++t) {
    auto row = p.row(t).array();
    row -= row.maxCoeff();
    const auto target = index_of(targets[static_cast<std::size_t>(t)]);
    const float logit = row[target];
    row = row.exp();
    const float total = row.sum();
    sum += std::log(static_cast<double>(total)) - logit;
    row /= total;
    row[target] -= 1;
  }
  if (nats != nullptr) *nats = sum;
  const DenseRows& head = network.head.size() > 0 ? network.head : network.words;
  DenseRows by_normed(y.rows(), y.cols());
  by_normed.noalias() = p * head;
  return norm_backward(network.final_norm, y, by_normed);
}

}  // namespace mixvec::inline pruning
