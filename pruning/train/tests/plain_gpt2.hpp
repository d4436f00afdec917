// GPT-2's loss in plain binary64 loops, straight from a checkpoint file: the second road to the trainer's figures.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>
#include <span>
#include <vector>

#include "golden/checkpoint/model.hpp"
#include "golden/math/layer_norm.hpp"

namespace mixvec::inline pruning {

class PlainGpt2 {
 public:
  explicit PlainGpt2(const Model& model) : model_(model), d_(model.config().hidden) {
    for (std::size_t layer = 0; layer < model.config().layers; ++layer) {
      for (const MatrixKind kind : kMatrixKinds) matrices_.push_back(model.load(layer, kind));
    }
  }

  /// Summed cross-entropy in nats of predicting ids[1…n-1] from ids[0…n-2]; n - 1 at most the model's positions.
  double loss(std::span<const std::int64_t> ids) const {
    const std::size_t tokens = ids.size() - 1;
    const std::vector<double> words = tensor("wte.weight");
    const std::vector<double> positions = tensor("wpe.weight");
    std::vector<std::vector<double>> x(tokens, std::vector<double>(d_));
    for (std::size_t t = 0; t < tokens; ++t) {
      const auto id = static_cast<std::size_t>(ids[t]);
      for (std::size_t i = 0; i < d_; ++i) x[t][i] = words[id * d_ + i] + positions[t * d_ + i];
    }
    for (std::size_t layer = 0; layer < model_.config().layers; ++layer) {
      const std::string at = "h." + std::to_string(layer) + ".";
      std::vector<std::vector<double>> qkv;
      for (const auto& row : x) qkv.push_back(apply(matrices_[4 * layer], norm(row, at + "ln_1")));
      for (std::size_t t = 0; t < tokens; ++t) {
        add(x[t], apply(matrices_[4 * layer + 1], attend(qkv, t)));
        std::vector<double> inner = apply(matrices_[4 * layer + 2], norm(x[t], at + "ln_2"));
        for (double& v : inner) {
          v = 0.5 * v * (1.0 + std::tanh(std::sqrt(2.0 / std::numbers::pi) * (v + 0.044715 * v * v * v)));
        }
        add(x[t], apply(matrices_[4 * layer + 3], inner));
      }
    }
    double sum = 0;
    for (std::size_t t = 0; t < tokens; ++t) {
      const std::vector<double> last = norm(x[t], "ln_f");
      double total = 0;
      double target = 0;
      for (std::size_t word = 0; word < model_.config().vocabulary; ++word) {
        double logit = 0;
        for (std::size_t i = 0; i < d_; ++i) logit += words[word * d_ + i] * last[i];
        total += std::exp(logit);
        if (word == static_cast<std::size_t>(ids[t + 1])) target = logit;
      }
      sum += std::log(total) - target;
    }
    return sum;
  }

 private:
  std::vector<double> tensor(const std::string& name) const {
    return model_.file().at("transformer." + name).as_double();
  }

  static void add(std::vector<double>& x, const std::vector<double>& y) {
    for (std::size_t i = 0; i < x.size(); ++i) x[i] += y[i];
  }

  static std::vector<double> apply(const DenseMatrix& m, const std::vector<double>& x) {
    std::vector<double> y(m.bias.begin(), m.bias.end());
    for (std::size_t o = 0; o < m.out; ++o) {
      for (std::size_t i = 0; i < m.in; ++i) y[o] += static_cast<double>(m.weight[o * m.in + i]) * x[i];
    }
    return y;
  }

  std::vector<double> norm(const std::vector<double>& x, const std::string& name) const {
    const std::vector<double> scale = tensor(name + ".weight");
    const std::vector<double> shift = tensor(name + ".bias");
    double mean = 0;
    double variance = 0;
    for (const double v : x) mean += v / static_cast<double>(d_);
    for (const double v : x) variance += (v - mean) * (v - mean) / static_cast<double>(d_);
    std::vector<double> y(d_);
    for (std::size_t i = 0; i < d_; ++i) {
      y[i] = (x[i] - mean) / std::sqrt(variance + model_.config().layer_norm_epsilon) * scale[i] + shift[i];
    }
    return y;
  }

  // What token t gathers from itself and those before it, heads side by side.
  std::vector<double> attend(const std::vector<std::vector<double>>& qkv, std::size_t t) const {
    const std::size_t width = d_ / model_.config().heads;
    std::vector<double> result(d_);
    for (std::size_t head = 0; head < model_.config().heads; ++head) {
      const std::size_t q = head * width;
      std::vector<double> weight(t + 1);
      double total = 0;
      for (std::size_t s = 0; s <= t; ++s) {
        double score = 0;
        for (std::size_t i = 0; i < width; ++i) score += qkv[t][q + i] * qkv[s][d_ + q + i];
        weight[s] = std::exp(score / std::sqrt(static_cast<double>(width)));
        total += weight[s];
      }
      for (std::size_t s = 0; s <= t; ++s) {
        for (std::size_t i = 0; i < width; ++i) result[q + i] += weight[s] / total * qkv[s][2 * d_ + q + i];
      }
    }
    return result;
  }

  const Model& model_;
  std::size_t d_;
  std::vector<DenseMatrix> matrices_;
};

}  // namespace mixvec::inline pruning
