// Random networks and data small enough to compute by hand.
#pragma once

#include <random>
#include <vector>

#include "golden/network/network.hpp"
#include "pruning/calibration/calibration.hpp"

namespace mixvec::inline pruning::cases {

inline DenseRows random_rows(std::size_t rows, std::size_t columns, float deviation, std::mt19937& random) {
  std::normal_distribution<float> normal(0.0F, deviation);
  DenseRows result(index_of(rows), index_of(columns));
  for (Eigen::Index i = 0; i < result.size(); ++i) result.data()[i] = normal(random);
  return result;
}

/// d = 8, two heads, feed-forward 12, vocabulary 11, positions 7.
inline Network small_network(NormPlacement norm, Activation activation, unsigned seed) {
  std::mt19937 random(seed);
  constexpr std::size_t kD = 8;
  Network network;
  network.config.architecture = norm == NormPlacement::kPre ? Architecture::kGpt2 : Architecture::kBert;
  network.config.hidden = kD;
  network.config.layers = 2;
  network.config.heads = 2;
  network.config.positions = 7;
  network.config.vocabulary = 11;
  const auto random_norm = [&] {
    NetworkNorm n{random_rows(1, kD, 0.2F, random), random_rows(1, kD, 0.2F, random), 1e-5F};
    n.gamma.array() += 1.0F;
    return n;
  };
  for (int l = 0; l < 2; ++l) {
    NetworkLayer& layer = network.layers.emplace_back();
    layer.heads = 2;
    layer.norm = norm;
    layer.causal = norm == NormPlacement::kPre;
    layer.activation = activation;
    layer.norm_attention = random_norm();
    layer.norm_output = random_norm();
    constexpr std::size_t kShapes[4][2] = {{3 * kD, kD}, {kD, kD}, {12, kD}, {kD, 12}};
    for (std::size_t k = 0; k < 4; ++k) {
      layer.matrices[k] = {random_rows(kShapes[k][0], kShapes[k][1], 0.5F, random),
                           random_rows(1, kShapes[k][0], 0.1F, random)};
    }
  }
  network.words = random_rows(11, kD, 0.7F, random);
  network.positions = random_rows(7, kD, 0.3F, random);
  network.final_norm = random_norm();
  return network;
}

/// `sequences` of the network's longest, with targets if it has embeddings to predict them with.
inline CalibrationData small_data(const Network& network, std::size_t sequences, unsigned seed) {
  std::mt19937 random(seed);
  CalibrationData data;
  const std::size_t tokens = network.config.positions;
  data.x = random_rows(sequences * tokens, network.config.hidden, 1.0F, random);
  for (std::size_t s = 0; s < sequences; ++s) data.ends.push_back((s + 1) * tokens);
  if (network.config.architecture == Architecture::kGpt2) {
    for (std::size_t t = 0; t < sequences * tokens; ++t) {
      data.targets.push_back(random() % network.config.vocabulary);
    }
  }
  return data;
}

/// A matrix of the network as the pruner sees it.
inline DenseMatrix dense_matrix(const Network& network, std::size_t m) {
  const Linear& linear = network.layers[m / 4].matrices[m % 4];
  DenseMatrix dense;
  dense.name = matrix_name(m / 4, kMatrixKinds[m % 4]);
  dense.out = static_cast<std::size_t>(linear.weight.rows());
  dense.in = static_cast<std::size_t>(linear.weight.cols());
  dense.weight.assign(linear.weight.data(), linear.weight.data() + linear.weight.size());
  dense.bias.assign(linear.bias.data(), linear.bias.data() + linear.bias.size());
  return dense;
}

inline std::vector<DenseMatrix> dense_matrices(const Network& network) {
  std::vector<DenseMatrix> matrices;
  for (std::size_t m = 0; m < 4 * network.layers.size(); ++m) matrices.push_back(dense_matrix(network, m));
  return matrices;
}

/// The matrices cut at random: `tenths` of ten weights go.
inline std::vector<PrunedMatrix> cut_at_random(const std::vector<DenseMatrix>& dense, unsigned tenths, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<PrunedMatrix> matrices;
  for (const DenseMatrix& d : dense) {
    PrunedMatrix& p = matrices.emplace_back();
    p.name = d.name;
    p.out = d.out;
    p.in = d.in;
    for (const float w : d.weight) {
      p.mask.push_back(random() % 10 >= tenths ? 1 : 0);
      p.weight.push_back(p.mask.back() != 0 ? to_half(w) : Half{});
    }
    for (const float b : d.bias) p.bias.push_back(to_half(b));
  }
  return matrices;
}

}  // namespace mixvec::inline pruning::cases
