// Random matrices with planted structure for the pruning tests.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "golden/checkpoint/model.hpp"
#include "pruning/importance/methods.hpp"
#include "pruning/prune.hpp"

namespace mixvec::inline pruning::cases {

/// Independent normal weights.
inline DenseMatrix random_matrix(std::size_t out, std::size_t in, unsigned seed, const std::string& name = "matrix") {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0.0F, 1.0F);
  DenseMatrix m;
  m.name = name;
  m.out = out;
  m.in = in;
  m.weight.resize(out * in);
  for (float& w : m.weight) w = normal(random);
  return m;
}

/// Families of `family` outputs, scattered over the matrix, that share which inputs are strong.
inline DenseMatrix family_matrix(std::size_t out, std::size_t in, std::size_t family, unsigned seed,
                                 const std::string& name = "matrix") {
  DenseMatrix m = random_matrix(out, in, seed, name);
  std::mt19937 random(seed + 1000);
  std::normal_distribution<float> normal(0.0F, 1.0F);
  std::vector<std::size_t> order(out);
  std::iota(order.begin(), order.end(), 0U);
  std::shuffle(order.begin(), order.end(), random);
  std::vector<float> profile(in);
  for (std::size_t k = 0; k < out; ++k) {
    if (k % family == 0) {
      for (float& p : profile) p = std::exp(1.0F * normal(random));
    }
    for (std::size_t i = 0; i < in; ++i) m.weight[order[k] * in + i] *= profile[i];
  }
  return m;
}

inline DenseMatrix transposed(const DenseMatrix& m) {
  DenseMatrix t;
  t.name = m.name;
  t.out = m.in;
  t.in = m.out;
  t.weight.resize(m.weight.size());
  for (std::size_t o = 0; o < m.out; ++o) {
    for (std::size_t i = 0; i < m.in; ++i) t.weight[i * m.out + o] = m.weight[o * m.in + i];
  }
  return t;
}

inline PruneOptions options_for(PatternKind pattern, int length = 16) {
  PruneOptions options;
  options.pattern = pattern;
  options.length = length;
  options.threads = 2;
  return options;
}

/// Squared magnitudes.
inline std::vector<float> magnitudes(const DenseMatrix& m) { return kMagnitude.score({.dense = m}); }

/// Importance of what the mask keeps, computed from scratch.
inline double importance_kept(const DenseMatrix& dense, const PrunedMatrix& pruned) {
  double sum = 0;
  for (std::size_t i = 0; i < dense.weight.size(); ++i) {
    if (pruned.mask[i] != 0) sum += static_cast<double>(dense.weight[i]) * dense.weight[i];
  }
  return sum;
}

}  // namespace mixvec::inline pruning::cases
