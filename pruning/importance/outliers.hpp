// Ratios of layers by their outliers (OWL, Yin 2023): where few weights carry much, fewer are removed.
#pragma once

#include <span>
#include <vector>

#include "golden/checkpoint/model.hpp"
#include "pruning/calibration/calibration.hpp"

namespace mixvec::inline pruning {

/// The paper's hyperparameters, with its defaults.
struct OutlierRule {
  double m = 5;          ///< an outlier is above m times its layer's mean
  double lambda = 0.08;  ///< how far a layer's ratio may be from that of all
};

/// Of every layer (four matrices each) the share of weights whose |w|·‖x‖ is above m times the layer's mean.
std::vector<double> outlier_shares(std::span<const DenseMatrix> matrices, const Calibration& calibration, double m,
                                   int threads);

/// Throws InputError unless λ is at least 0, and ratio − λ and ratio + λ are 0 to 1.
void check_lambda(double lambda, double ratio);

/// Ratios of the layers, linear in their shares and the less the larger the share: from ratio − λ to ratio + λ, one of
/// these is reached, and `ratio` in the mean. All the same where the shares are. Throws InputError as check_lambda().
std::vector<double> ratios_by_outliers(std::span<const double> shares, double ratio, double lambda);

}  // namespace mixvec::inline pruning
