// Layer by layer and matrix by matrix: the kept weights are fitted to what the dense model computed, on the inputs that
// the pruned layers before them give.
#include <fmt/format.h>

#include "golden/base/error.hpp"
#include "golden/base/parallel.hpp"
#include "pruning/importance/damping.hpp"
#include "pruning/recovery/methods.hpp"

namespace mixvec::inline pruning {

namespace {

// One batch: the stream of the dense model and that of the pruned one.
struct Stream {
  SequenceEnds ends;
  DenseRows dense;   // input of the layer
  DenseRows pruned;  // the same in the pruned model
  LayerTrace trace;  // of the dense layer
  DenseRows middle;  // of the pruned layer
  DenseRows input;   // of the pruned matrix at hand
  DenseRows target;  // what its output ought to be
};

// Inputs of the matrix in the pruned layer, and the outputs that would lead back to the dense stream: behind a matrix
// that adds to the residual, what the residual has lost so far is to be made up as well.
void prepare(Stream& s, const NetworkLayer& pruned, MatrixKind kind) {
  switch (kind) {
    case MatrixKind::kMA:
      s.input = pruned.attention_input(s.pruned);
      s.target = s.trace.qkv;
      break;
    case MatrixKind::kMP:
      s.input = pruned.attend(pruned.matrix(MatrixKind::kMA)(s.input), s.ends);
      s.target = s.trace.sum_attention - s.pruned;
      break;
    case MatrixKind::kF1:
      s.middle = pruned.middle(s.pruned + pruned.matrix(MatrixKind::kMP)(s.input));
      s.input = pruned.feed_forward_input(s.middle);
      s.target = s.trace.before;
      break;
    default:
      s.input = pruned.activate(pruned.matrix(MatrixKind::kF1)(s.input));
      s.target = s.trace.sum_output - s.middle;
  }
}

// The least-squares weights and biases of one matrix. The bias is one more input, always 1 and always kept.
void fit(std::span<Stream> streams, const DenseMatrix& before, PrunedMatrix& matrix, int threads) {
  const Eigen::Index in = index_of(matrix.in);
  const Eigen::Index out = index_of(matrix.out);
  Eigen::MatrixXd gram = Eigen::MatrixXd::Zero(in + 1, in + 1);
  DoubleRows cross = DoubleRows::Zero(out, in + 1);
  double tokens = 0;
  for (const Stream& s : streams) {
    DenseRows x(s.input.rows(), in + 1);
    x.leftCols(in) = s.input;
    x.col(in).setOnes();
    add_gram(gram, x, threads);
    const std::vector<ColumnRange> ranges = split_columns(in + 1, 384);
    parallel_for(ranges.size(), threads, [&](std::size_t r) {
      DenseRows product(out, ranges[r].count);
      product.noalias() = s.target.transpose() * x.middleCols(ranges[r].first, ranges[r].count);
      cross.middleCols(ranges[r].first, ranges[r].count) += product.cast<double>();
    });
    tokens += static_cast<double>(x.rows());
  }
  gram /= tokens;
  cross /= tokens;
  const bool bias = !matrix.bias.empty();
  DoubleRows start(out, in + 1);
  start.leftCols(in) = weights_of(before);
  start.col(in).setZero();
  std::vector<std::uint8_t> mask(static_cast<std::size_t>(out * (in + 1)), bias ? 1 : 0);
  for (std::size_t o = 0; o < matrix.out; ++o) {
    if (bias) start(index_of(o), in) = static_cast<double>(before.bias[o]);
    std::copy_n(matrix.mask.begin() + static_cast<std::ptrdiff_t>(o * matrix.in), matrix.in,
                mask.begin() + static_cast<std::ptrdiff_t>(o * (matrix.in + 1)));
  }
  DoubleRows w = DoubleRows::Zero(out, in + 1);
  const ColumnRange all{0, in + 1};
  solve_rows({gram, cross, start, damping_of(gram)}, group_rows(mask, out, in + 1, all), w, threads);
  const auto narrow = [&](double value, std::size_t o, const std::string& what) {
    const Half half = to_half(value);
    if (!is_finite(half)) {
      fail_input(
          "{}: {} of output {}: found {} after recovery, expected a value that binary16 can hold (below 65520); "
          "more --samples, or --recover none",
          matrix.name, what, o, value);
    }
    return half;
  };
  for (std::size_t o = 0; o < matrix.out; ++o) {
    for (std::size_t i = 0; i < matrix.in; ++i) {
      if (matrix.mask[o * matrix.in + i] == 0) continue;
      matrix.weight[o * matrix.in + i] = narrow(w(index_of(o), index_of(i)), o, fmt::format("weight {}", i));
    }
    if (bias) matrix.bias[o] = narrow(w(index_of(o), in), o, "bias");
  }
}

// What is behind reads the values as they will be stored.
void take_over(const PrunedMatrix& matrix, Linear& linear) {
  for (std::size_t i = 0; i < matrix.weight.size(); ++i) linear.weight.data()[i] = to_float(matrix.weight[i]);
  for (std::size_t o = 0; o < matrix.bias.size(); ++o) linear.bias[index_of(o)] = to_float(matrix.bias[o]);
}

// A recovered matrix is kept with the hash of its mask, which it was fitted for.
std::string part_name(std::size_t m) { return fmt::format("recovered_{}", m); }

std::uint64_t mask_hash(const PrunedMatrix& matrix) {
  return fnv1a({reinterpret_cast<const char*>(matrix.mask.data()), matrix.mask.size()});
}

bool load_recovered(RunState& state, std::size_t m, PrunedMatrix& matrix) {
  std::optional<PartReader> part = state.load(part_name(m));
  if (!part) return false;
  PrunedMatrix loaded = matrix;
  std::uint64_t hash = 0;
  if (!part->get(hash) || hash != mask_hash(matrix) || !part->get_all(loaded.weight) || !part->get_all(loaded.bias) ||
      !part->at_end()) {
    state.tell_damaged(part_name(m));
    return false;
  }
  matrix = std::move(loaded);
  return true;
}

void save_recovered(RunState& state, std::size_t m, const PrunedMatrix& matrix) {
  state.save(part_name(m), [&](PartWriter& part) {
    part.put(mask_hash(matrix));
    part.put_all(matrix.weight);
    part.put_all(matrix.bias);
  });
}

void recover(const RecoveryInput& input, std::vector<PrunedMatrix>& matrices) {
  std::vector<Stream> streams;
  for (CalibrationBatch& batch : batches_of(input.data)) {
    Stream& s = streams.emplace_back();
    s.ends = std::move(batch.ends);
    s.dense = batch.x;
    s.pruned = std::move(batch.x);
  }
  const std::size_t layers = input.dense.layers.size();
  for (std::size_t l = 0; l < layers; ++l) {
    const NetworkLayer& dense = input.dense.layers[l];
    NetworkLayer pruned = dense;
    parallel_for(streams.size(), input.threads, [&](std::size_t b) {
      Stream& s = streams[b];
      s.dense = dense.run(s.dense, s.ends, &s.trace);
      // Of what the dense layer computed only the outputs of its matrices are wanted.
      s.trace.x.resize(0, 0);
      s.trace.middle.resize(0, 0);
      for (DenseRows& x : s.trace.input) x.resize(0, 0);
    });
    for (std::size_t k = 0; k < kMatrixKinds.size(); ++k) {
      parallel_for(streams.size(), input.threads, [&](std::size_t b) { prepare(streams[b], pruned, kMatrixKinds[k]); });
      const std::size_t m = l * kMatrixKinds.size() + k;
      if (input.state == nullptr || !load_recovered(*input.state, m, matrices[m])) {
        fit(streams, input.before[m], matrices[m], input.threads);
        if (input.state != nullptr && input.state->due()) save_recovered(*input.state, m, matrices[m]);
      }
      take_over(matrices[m], pruned.matrices[k]);
      if (input.progress) {
        input.progress(static_cast<double>(m + 1) / static_cast<double>(layers * kMatrixKinds.size()));
      }
    }
    parallel_for(streams.size(), input.threads, [&](std::size_t b) {
      Stream& s = streams[b];
      s.pruned = pruned.output(s.middle + pruned.matrix(MatrixKind::kF2)(s.input));
      s.trace = {};
    });
  }
}

}  // namespace

const RecoveryMethod kObsRecovery{
    "obs", "Hassibi 1993, Frantar 2022 and 2023",
    "least squares over the kept weights and biases, layer by layer on the pruned layers' outputs", true, recover};

}  // namespace mixvec::inline pruning
