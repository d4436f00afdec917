// The parts of a layer, and the layer made of them.
#include "golden/network/network_layer.hpp"

#include <cmath>
#include <numbers>

namespace mixvec::inline golden {

namespace {

constexpr float kCubic = 0.044715F;
const float kTanhScale = std::sqrt(2.0F * std::numbers::inv_pi_v<float>);

float activated(Activation activation, float x) {
  switch (activation) {
    case Activation::kRelu:
      return x < 0 ? 0 : x;
    case Activation::kGeluErf:
      return 0.5F * x * std::erfc(-x / std::numbers::sqrt2_v<float>);
    default:
      return 0.5F * x * (1.0F + std::tanh(kTanhScale * (x + kCubic * x * x * x)));
  }
}

float slope(Activation activation, float x) {
  switch (activation) {
    case Activation::kRelu:
      return x < 0 ? 0 : 1;
    case Activation::kGeluErf:
      return 0.5F * std::erfc(-x / std::numbers::sqrt2_v<float>) +
             x * std::exp(-0.5F * x * x) * std::numbers::inv_sqrtpi_v<float> / std::numbers::sqrt2_v<float>;
    default: {
      const float t = std::tanh(kTanhScale * (x + kCubic * x * x * x));
      return 0.5F * (1.0F + t) + 0.5F * x * (1.0F - t * t) * kTanhScale * (1.0F + 3.0F * kCubic * x * x);
    }
  }
}

}  // namespace

DenseRows Linear::operator()(const DenseRows& x) const {
  DenseRows y(x.rows(), weight.rows());
  y.noalias() = x * weight.transpose();
  y.rowwise() += bias;
  return y;
}

DenseRows NetworkNorm::operator()(const DenseRows& x) const {
  DenseRows y = x.colwise() - x.rowwise().mean();
  const Eigen::ArrayXf factor = (y.array().square().rowwise().mean() + epsilon).rsqrt();
  y.array().colwise() *= factor;
  y.array().rowwise() *= gamma.array();
  y.rowwise() += beta;
  return y;
}

DenseRows attention_weights(const Eigen::Ref<const DenseRows, 0, Eigen::OuterStride<>>& q,
                            const Eigen::Ref<const DenseRows, 0, Eigen::OuterStride<>>& k, bool causal) {
  DenseRows s(q.rows(), k.rows());
  s.noalias() = q * k.transpose();
  s *= 1.0F / std::sqrt(static_cast<float>(q.cols()));
  for (Eigen::Index t = 0; t < s.rows(); ++t) {
    const Eigen::Index seen = causal ? t + 1 : s.cols();
    auto row = s.row(t).head(seen).array();
    row = (row - row.maxCoeff()).exp();
    row /= row.sum();
    s.row(t).tail(s.cols() - seen).setZero();
  }
  return s;
}

DenseRows activation_slope(Activation activation, const DenseRows& before) {
  if (activation != Activation::kGeluTanh) {
    return before.unaryExpr([activation](float x) { return slope(activation, x); });
  }
  // As a whole, like the function itself.
  const auto x = before.array();
  const Eigen::Array<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> t =
      (kTanhScale * (x + kCubic * x.cube())).tanh();
  return 0.5F * (1.0F + t) + 0.5F * x * (1.0F - t.square()) * kTanhScale * (1.0F + 3.0F * kCubic * x.square());
}

DenseRows NetworkLayer::attention_input(const DenseRows& x) const {
  return norm == NormPlacement::kPre ? norm_attention(x) : x;
}

DenseRows NetworkLayer::attend(const DenseRows& qkv, const SequenceEnds& ends) const {
  const Eigen::Index d = qkv.cols() / 3;
  const Eigen::Index size = d / index_of(heads);
  DenseRows result(qkv.rows(), d);
  Eigen::Index first = 0;
  for (const std::size_t end : ends) {
    const Eigen::Index tokens = index_of(end) - first;
    for (Eigen::Index c = 0; c < d; c += size) {
      const DenseRows weights =
          attention_weights(qkv.block(first, c, tokens, size), qkv.block(first, d + c, tokens, size), causal);
      result.block(first, c, tokens, size).noalias() = weights * qkv.block(first, 2 * d + c, tokens, size);
    }
    first += tokens;
  }
  return result;
}

DenseRows NetworkLayer::middle(const DenseRows& sum) const {
  return norm == NormPlacement::kPre ? sum : norm_attention(sum);
}

DenseRows NetworkLayer::feed_forward_input(const DenseRows& middle) const {
  return norm == NormPlacement::kPre ? norm_output(middle) : middle;
}

DenseRows NetworkLayer::activate(const DenseRows& before) const {
  if (activation != Activation::kGeluTanh) {
    return before.unaryExpr([this](float x) { return activated(activation, x); });
  }
  // As a whole: Eigen has a tanh for many values at once.
  const auto x = before.array();
  return 0.5F * x * (1.0F + (kTanhScale * (x + kCubic * x.cube())).tanh());
}

DenseRows NetworkLayer::output(const DenseRows& sum) const {
  return norm == NormPlacement::kPre ? sum : norm_output(sum);
}

DenseRows NetworkLayer::run(const DenseRows& x, const SequenceEnds& ends, LayerTrace* trace) const {
  LayerTrace local;
  LayerTrace& t = trace != nullptr ? *trace : local;
  t.x = x;
  t.input[0] = attention_input(x);
  t.qkv = matrix(MatrixKind::kMA)(t.input[0]);
  t.input[1] = attend(t.qkv, ends);
  t.sum_attention = x + matrix(MatrixKind::kMP)(t.input[1]);
  t.middle = middle(t.sum_attention);
  t.input[2] = feed_forward_input(t.middle);
  t.before = matrix(MatrixKind::kF1)(t.input[2]);
  t.input[3] = activate(t.before);
  t.sum_output = t.middle + matrix(MatrixKind::kF2)(t.input[3]);
  return output(t.sum_output);
}

}  // namespace mixvec::inline golden
