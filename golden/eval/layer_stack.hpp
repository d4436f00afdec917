// All layers of a checkpoint in one of the arithmetics.
#pragma once

#include <cstddef>
#include <vector>

#include "golden/checkpoint/model.hpp"
#include "golden/config/format_config.hpp"
#include "golden/eval/arithmetic.hpp"
#include "golden/format/program_file.hpp"
#include "golden/layer/layer.hpp"
#include "golden/layer/layer_reference.hpp"
#include "golden/network/network_layer.hpp"

namespace mixvec::inline golden {

/// Layers ready to compute on one sequence at a time.
class LayerStack {
 public:
  /// Loads and, for golden arithmetic, packs all layers for `format`. Throws InputError: tensors missing or not finite
  /// in binary16.
  LayerStack(const Model& model, Arithmetic arithmetic, const FormatConfig& format);

  /// x and the result are d × tokens; x is rounded to the arithmetic's format. Every thread gives the same bits.
  [[nodiscard]] std::vector<double> run(const std::vector<double>& x, std::size_t tokens, int threads) const;
  /// The same for binary32, with tokens in rows and several sequences below one another.
  [[nodiscard]] DenseRows run_rows(DenseRows x, const SequenceEnds& ends) const;
  [[nodiscard]] Arithmetic arithmetic() const { return arithmetic_; }

 private:
  Arithmetic arithmetic_;
  std::vector<NetworkLayer> narrow_;
  std::vector<ReferenceLayer<double>> wide_;
  std::vector<Layer> layers_;  ///< golden
  Program program_;            ///< golden
};

}  // namespace mixvec::inline golden
