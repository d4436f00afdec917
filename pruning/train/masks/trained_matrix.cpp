// Lists the matrices of a network, and averages over their vectors.
#include "pruning/train/masks/trained_matrix.hpp"

#include <span>

namespace mixvec::inline pruning {

std::vector<TrainedMatrix> trained_matrices(const ModelConfig& config) {
  std::vector<TrainedMatrix> matrices;
  for (std::size_t layer = 0; layer < config.layers; ++layer) {
    for (const MatrixKind kind : kMatrixKinds) {
      TrainedMatrix& m = matrices.emplace_back();
      m.name = matrix_name(layer, kind);
      m.weight = weight_name(config.architecture, layer, kind);
      m.layer = layer;
      m.kind = kind;
      m.out = kind == MatrixKind::kMA   ? 3 * config.hidden
              : kind == MatrixKind::kF1 ? config.intermediate
                                        : config.hidden;
      m.in = kind == MatrixKind::kF2 ? config.intermediate : config.hidden;
    }
  }
  return matrices;
}

std::vector<float> turned(const torch::Tensor& tensor) {
  const torch::Tensor other = tensor.detach().t().contiguous();
  const std::span<const float> values = values_of(other);
  return {values.begin(), values.end()};
}

torch::Tensor vector_means(const torch::Tensor& values, const Pattern& pattern) {
  if (pattern.strips.empty()) return values;
  // Vectors of columns join outputs, those of rows inputs.
  const std::int64_t side = pattern.direction == Direction::kColumn ? 1 : 0;
  const std::int64_t lines = values.size(side);
  std::vector<std::int64_t> strip(static_cast<std::size_t>(lines));
  std::vector<float> share(pattern.strips.size());
  for (std::size_t s = 0; s < pattern.strips.size(); ++s) {
    for (const std::uint32_t line : pattern.strips[s].index) strip[line] = static_cast<std::int64_t>(s);
    share[s] = 1.0F / static_cast<float>(pattern.strips[s].index.size());
  }
  const torch::Tensor of_line = torch::tensor(strip);
  std::vector<std::int64_t> shape{values.size(0), values.size(1)};
  shape[static_cast<std::size_t>(side)] = static_cast<std::int64_t>(share.size());
  const torch::Tensor means = torch::tensor(share).unsqueeze(1 - side);
  return (torch::zeros(shape).index_add_(side, of_line, values) * means).index_select(side, of_line);
}

}  // namespace mixvec::inline pruning
