// Makes the matrices of a synthetic layer.
#include "golden/layer/synthetic_layer.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

#include "golden/base/error.hpp"
#include "golden/matrix/synthetic.hpp"

namespace mixvec::inline golden {

void check_layer(const LayerSpec& spec, const FormatConfig& format) {
  const std::size_t d = spec.hidden;
  const auto lanes = static_cast<std::size_t>(format.vector_lanes);
  const std::size_t most = 65536 - lanes;  // activation positions have 16 bits
  const std::size_t needed = (4 * d + lanes - 1) / lanes * lanes;
  if (d == 0 || needed > most) {
    fail_input("hidden size {}: W_F2 has {} inputs, expected a hidden size of 1 to {}: an accelerator holds at most {}",
               d, 4 * d, most / 4, most);
  }
  if (4 * d > static_cast<std::size_t>(format.depth)) {
    fail_input(
        "hidden size {}: W_F2 has {} inputs, this accelerator holds {}; expected depth {} (gen_accel --depth {}, "
        "sim_accel --sweep depth={}) or a hidden size of 1 to {}",
        d, 4 * d, format.depth, needed, needed, needed, format.depth / 4);
  }
}

std::vector<int> default_lengths(const FormatConfig& format) {
  std::vector<int> lengths;
  for (const int length : {4, 8, 16}) {
    if (length >= format.min_length && length <= format.max_length) lengths.push_back(length);
  }
  if (lengths.empty()) lengths.push_back(format.max_length);
  return lengths;
}

PrunedMatrix make_synthetic_matrix(const LayerSpec& spec, MatrixKind kind, const FormatConfig& format) {
  check_layer(spec, format);
  const std::size_t d = spec.hidden;
  const std::size_t shapes[4][2] = {{3 * d, d}, {d, d}, {4 * d, d}, {d, 4 * d}};
  const auto i = static_cast<std::size_t>(kind);
  SyntheticSpec matrix;
  matrix.name = matrix_name(0, kind);
  matrix.out = shapes[i][0];
  matrix.in = shapes[i][1];
  // As the study finds them in GPT-2: W_MA horizontal, W_MP and W_F2 vertical, W_F1 (not transposed) vertical.
  matrix.direction = kind == MatrixKind::kMA ? Direction::kRow : Direction::kColumn;
  if (!format.columns_allowed) matrix.direction = Direction::kRow;
  if (!format.rows_allowed) matrix.direction = Direction::kColumn;
  if (spec.direction) matrix.direction = *spec.direction;
  matrix.lengths = spec.lengths.empty() ? default_lengths(format) : spec.lengths;
  matrix.pruned = spec.pruned;
  matrix.seed = spec.seed * 4 + i;
  return make_synthetic(matrix);
}

std::vector<PrunedMatrix> make_synthetic_layer(const LayerSpec& spec, const FormatConfig& format) {
  std::vector<PrunedMatrix> layer;
  layer.reserve(kMatrixKinds.size());
  for (const MatrixKind kind : kMatrixKinds) layer.push_back(make_synthetic_matrix(spec, kind, format));
  return layer;
}

std::string describe_lengths(const Pattern& pattern) {
  std::set<int> lengths;
  for (const Strip& strip : pattern.strips) lengths.insert(strip.length);
  return fmt::format("{}", fmt::join(lengths, ","));
}

}  // namespace mixvec::inline golden
