// A matrix that is pruned while it learns: its place in the network, and the vectors that it is cut into at present.
#pragma once

#include <string>
#include <vector>

#include "golden/matrix/pruned_matrix.hpp"
#include "pruning/train/nets/parameters.hpp"

namespace mixvec::inline pruning {

/// Scores and masks lie as a parameter does, [in][out].
struct TrainedMatrix {
  std::string name;    ///< "layer.0.W_MA"
  std::string weight;  ///< name of its parameter
  std::size_t layer = 0;
  MatrixKind kind = MatrixKind::kMA;
  std::size_t out = 0;
  std::size_t in = 0;
  Pattern pattern;           ///< no strips before the first choice
  std::vector<double> bars;  ///< RankedMatrix::bar
};

/// The four matrices of every layer of a network.
std::vector<TrainedMatrix> trained_matrices(const ModelConfig& config);

/// A tensor [in][out] as rows of outputs, out × in.
std::vector<float> turned(const torch::Tensor& tensor);

/// Every value replaced by the mean over its vector; without strips the values themselves.
torch::Tensor vector_means(const torch::Tensor& values, const Pattern& pattern);

}  // namespace mixvec::inline pruning
