// Counts outliers and spreads the ratio.
#include "pruning/importance/outliers.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "golden/base/error.hpp"
#include "golden/base/parallel.hpp"

namespace mixvec::inline pruning {

namespace {

// Calls visit(|w|·‖x‖) for all weights of a matrix; ‖x‖ up to a factor that all matrices share, √tokens.
template <typename Visit>
void for_each_strength(const DenseMatrix& dense, const MatrixMoments& moments, const Visit& visit) {
  const Eigen::VectorXd norm = moments.inputs.diagonal().cwiseMax(0).cwiseSqrt();
  for (std::size_t o = 0; o < dense.out; ++o) {
    for (std::size_t i = 0; i < dense.in; ++i) {
      visit(std::abs(static_cast<double>(dense.weight[o * dense.in + i])) * norm[index_of(i)]);
    }
  }
}

}  // namespace

std::vector<double> outlier_shares(std::span<const DenseMatrix> matrices, const Calibration& calibration, double m,
                                   int threads) {
  constexpr std::size_t kKinds = kMatrixKinds.size();
  std::vector<double> shares(matrices.size() / kKinds);
  parallel_for(shares.size(), threads, [&](std::size_t l) {
    double sum = 0;
    double weights = 0;
    for (std::size_t k = l * kKinds; k < (l + 1) * kKinds; ++k) {
      for_each_strength(matrices[k], calibration.matrices[k], [&](double strength) { sum += strength; });
      weights += static_cast<double>(matrices[k].weight.size());
    }
    const double least = m * sum / weights;
    double outliers = 0;
    for (std::size_t k = l * kKinds; k < (l + 1) * kKinds; ++k) {
      for_each_strength(matrices[k], calibration.matrices[k],
                        [&](double strength) { outliers += strength > least ? 1 : 0; });
    }
    shares[l] = outliers / weights;
  });
  return shares;
}

void check_lambda(double lambda, double ratio) {
  const double most = std::min(ratio, 1 - ratio);
  // What a decimal ratio becomes in binary is no reason to refuse 0.2 of 0.8.
  constexpr double kSlack = 1e-9;
  if (!(lambda >= 0 && lambda <= most + kSlack)) {
    fail_input(
        "--scope: lambda: found {} at a ratio of {}, expected 0 to {:.4g}: ratios of layers go from ratio - lambda to "
        "ratio + lambda",
        lambda, ratio, most);
  }
}

std::vector<double> ratios_by_outliers(std::span<const double> shares, double ratio, double lambda) {
  check_lambda(lambda, ratio);
  std::vector<double> ratios(shares.size(), ratio);
  if (shares.empty()) return ratios;
  const double mean = std::accumulate(shares.begin(), shares.end(), 0.0) / static_cast<double>(shares.size());
  double farthest = 0;
  for (const double share : shares) farthest = std::max(farthest, std::abs(share - mean));
  if (farthest <= 0) return ratios;
  for (std::size_t l = 0; l < shares.size(); ++l) {
    ratios[l] = std::clamp(ratio - lambda * (shares[l] - mean) / farthest, 0.0, 1.0);
  }
  return ratios;
}

}  // namespace mixvec::inline pruning
