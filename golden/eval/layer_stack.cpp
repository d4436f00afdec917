// Runs layers.
#include "golden/eval/layer_stack.hpp"

#include <algorithm>

#include "golden/layer/layer_loading.hpp"
#include "golden/layer/layer_run.hpp"
#include "golden/layer/packed_layer.hpp"
#include "golden/network/network.hpp"

namespace mixvec::inline golden {

LayerStack::LayerStack(const Model& model, Arithmetic arithmetic, const FormatConfig& format)
    : arithmetic_(arithmetic) {
  program_.format = format;
  for (std::size_t i = 0; i < model.config().layers; ++i) {
    if (arithmetic == Arithmetic::kBinary32) {
      narrow_.push_back(load_network_layer(model, i));
      continue;
    }
    const PrunedLayer layer = load_layer(model, i, std::min(format.max_length, max_column_strip(format)));
    if (arithmetic == Arithmetic::kDouble) {
      wide_.emplace_back(layer);
    } else {
      layers_.push_back(layer.layer);
      pack_layer(layer, program_);
    }
  }
}

DenseRows LayerStack::run_rows(DenseRows x, const SequenceEnds& ends) const {
  for (const NetworkLayer& layer : narrow_) x = layer.run(x, ends);
  return x;
}

std::vector<double> LayerStack::run(const std::vector<double>& x, std::size_t tokens, int threads) const {
  if (arithmetic_ == Arithmetic::kDouble) {
    ReferenceLayer<double>::Options options;
    options.threads = threads;
    std::vector<double> y = x;
    for (const ReferenceLayer<double>& layer : wide_) y = layer.run(y, tokens, {}, options);
    return y;
  }
  if (arithmetic_ == Arithmetic::kGolden) {
    std::vector<Half> y(x.size());
    std::transform(x.begin(), x.end(), y.begin(), [](double value) { return to_half(value); });
    LayerOptions options;
    options.threads = threads;
    for (const Layer& layer : layers_) {
      LayerState state = make_state(layer, tokens);
      y = run_layer(layer, program_runner(program_, layer.name, threads), y, tokens, state, options);
    }
    return widen<double>(y);
  }
  const Eigen::Index d = index_of(x.size() / tokens);
  const Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>> channels(
      x.data(), d, index_of(tokens));
  const DenseRows y = run_rows(channels.transpose().cast<float>(), {tokens});
  std::vector<double> result(x.size());
  for (Eigen::Index c = 0; c < d; ++c) {
    for (Eigen::Index t = 0; t < y.rows(); ++t) result[static_cast<std::size_t>(c * y.rows() + t)] = y(t, c);
  }
  return result;
}

}  // namespace mixvec::inline golden
