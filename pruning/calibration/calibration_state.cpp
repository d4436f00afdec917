// One list of pieces, written and read.
#include "pruning/calibration/calibration_state.hpp"

namespace mixvec::inline pruning {

namespace {

constexpr const char* kName = "calibration";

template <typename Matrix>
auto values_of(Matrix& matrix) {
  return std::span(matrix.data(), static_cast<std::size_t>(matrix.size()));
}

// From the diagonal down.
template <typename Matrix>
auto half_column(Matrix& matrix, Eigen::Index j) {
  return std::span(matrix.col(j).data() + j, static_cast<std::size_t>(matrix.rows() - j));
}

bool read_sums(PartReader& part, Calibration& sums, std::size_t& batches) {
  std::uint64_t tokens = 0;
  std::uint64_t count = 0;
  if (!part.get(count) || !part.get(tokens) || !part.get(sums.nats) || !part.get_all(sums.heads)) return false;
  for (MatrixMoments& m : sums.matrices) {
    for (Eigen::Index j = 0; j < m.inputs.cols(); ++j) {
      if (!part.get_all(half_column(m.inputs, j))) return false;
      m.inputs.row(j).tail(m.inputs.cols() - j) = m.inputs.col(j).tail(m.inputs.rows() - j).transpose();
    }
    if (!part.get_all(values_of(m.outputs)) || !part.get_all(values_of(m.gradient)) ||
        !part.get_all(values_of(m.fisher))) {
      return false;
    }
  }
  sums.tokens = tokens;
  batches = count;
  return part.at_end();
}

}  // namespace

void save_sums(RunState& state, const Calibration& sums, std::size_t batches) {
  state.save(kName, [&](PartWriter& part) {
    part.put<std::uint64_t>(batches);
    part.put<std::uint64_t>(sums.tokens);
    part.put(sums.nats);
    part.put_all(sums.heads);
    for (const MatrixMoments& m : sums.matrices) {
      for (Eigen::Index j = 0; j < m.inputs.cols(); ++j) part.put_all(half_column(m.inputs, j));
      part.put_all(values_of(m.outputs));
      part.put_all(values_of(m.gradient));
      part.put_all(values_of(m.fisher));
    }
  });
}

std::size_t load_sums(RunState& state, Calibration& sums) {
  std::optional<PartReader> part = state.load(kName);
  if (!part) return 0;
  Calibration loaded = sums;
  std::size_t batches = 0;
  if (!read_sums(*part, loaded, batches)) {
    state.tell_damaged(kName);
    return 0;
  }
  sums = std::move(loaded);
  return batches;
}

}  // namespace mixvec::inline pruning
