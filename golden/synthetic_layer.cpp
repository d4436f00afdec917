// Makes the matrices of a synthetic layer.
#include "golden/synthetic_layer.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

#include "golden/error.hpp"
#include "golden/model.hpp"
#include "golden/synthetic.hpp"

namespace mixvec {

std::vector<PrunedMatrix> make_synthetic_layer(const LayerSpec& spec, const FormatConfig& format) {
  const std::size_t d = spec.hidden;
  if (d == 0 || d * 4 > static_cast<std::size_t>(format.depth)) {
    fail_input("hidden size {}: W_F2 has {} inputs, this accelerator holds {}; expected 1 to {}", d, 4 * d,
               format.depth, format.depth / 4);
  }
  std::vector<int> lengths = spec.lengths;
  if (lengths.empty()) {
    for (const int length : {4, 8, 16}) {
      if (length >= format.min_length && length <= format.max_length) lengths.push_back(length);
    }
    if (lengths.empty()) lengths.push_back(format.max_length);
  }
  const std::size_t shapes[4][2] = {{3 * d, d}, {d, d}, {4 * d, d}, {d, 4 * d}};
  std::vector<PrunedMatrix> layer;
  for (std::size_t i = 0; i < kMatrixKinds.size(); ++i) {
    SyntheticSpec matrix;
    matrix.name = matrix_name(0, kMatrixKinds[i]);
    matrix.out = shapes[i][0];
    matrix.in = shapes[i][1];
    // As the study finds them in GPT-2: W_MA horizontal, W_MP and W_F2 vertical, W_F1 (not transposed) vertical.
    matrix.direction = i == 0 ? Direction::kRow : Direction::kColumn;
    if (!format.columns_allowed) matrix.direction = Direction::kRow;
    if (!format.rows_allowed) matrix.direction = Direction::kColumn;
    if (spec.direction) matrix.direction = *spec.direction;
    matrix.lengths = lengths;
    matrix.pruned = spec.pruned;
    matrix.seed = spec.seed * 4 + i;
    layer.push_back(make_synthetic(matrix));
  }
  return layer;
}

std::string describe_lengths(const Pattern& pattern) {
  std::set<int> lengths;
  for (const Strip& strip : pattern.strips) lengths.insert(strip.length);
  return fmt::format("{}", fmt::join(lengths, ","));
}

}  // namespace mixvec
