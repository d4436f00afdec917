// Measures a dense model on data: second moments of every matrix's inputs, and how the loss depends on its outputs and
// weights.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "golden/network/network.hpp"
#include "pruning/state/run_state.hpp"

namespace mixvec::inline pruning {

/// Sequences that a model is measured on.
struct CalibrationData {
  DenseRows x;                       ///< what the first layer reads, Σ tokens × d
  SequenceEnds ends;                 ///< of the sequences, in rows of x
  std::vector<std::size_t> targets;  ///< GPT-2: the id that follows each token; empty: none, see calibrate()
  std::string source;                ///< file, for the report
};

/// Some sequences of the data, in order.
struct CalibrationBatch {
  DenseRows x;
  SequenceEnds ends;
  std::vector<std::size_t> targets;
};

/// Cuts the data into batches of whole sequences, each of one sequence or at most `tokens` tokens.
std::vector<CalibrationBatch> batches_of(const CalibrationData& data, std::size_t tokens = 1024);

/// What an importance or a recovery asks to be measured.
struct CalibrationNeeds {
  bool inputs = false;   ///< MatrixMoments::inputs
  bool outputs = false;  ///< MatrixMoments::outputs
  bool weights = false;  ///< MatrixMoments::gradient and fisher
  bool heads = false;    ///< Calibration::heads

  [[nodiscard]] bool gradients() const { return outputs || weights || heads; }
  [[nodiscard]] bool any() const { return inputs || gradients(); }
};

/// Means over the tokens of one matrix W[out][in] with inputs x, and derivatives g of the loss by its outputs.
struct MatrixMoments {
  Eigen::MatrixXd inputs;   ///< E[x xᵀ], in × in
  Eigen::VectorXd outputs;  ///< E[g²], out
  DenseRows gradient;       ///< E[g xᵀ], out × in
  DenseRows fisher;         ///< E[(g xᵀ)²] by element, out × in
};

/// What was measured.
struct Calibration {
  std::vector<MatrixMoments> matrices;  ///< four a layer, by MatrixKind
  std::vector<double> heads;  ///< layers × heads: mean of |Σ a · ∂loss/∂a| over a head's outputs a (Michel 2019)
  std::size_t tokens = 0;
  double nats = 0;  ///< mean −ln p of the targets; 0 without targets, or where no gradients are needed
};

/// Runs the data through the model and, where gradients are needed, back. The loss is Σ −ln p(target); its squares
/// (outputs, fisher) are taken with targets drawn from the model's own prediction, which makes them the Fisher
/// information (Martens 2014), its means (gradient, heads) with the targets given. Without targets the loss is a random
/// projection of the last layer's output: squares then measure how much that output moves. Deterministic for a seed,
/// whatever the number of threads. Memory: in² doubles for every matrix, and one batch's activations for every thread.
/// `state` (may be nullptr) keeps the sums over the first batches.
Calibration calibrate(const Network& network, const CalibrationData& data, const CalibrationNeeds& needs,
                      std::uint64_t seed, int threads, const std::function<void(double)>& progress = {},
                      RunState* state = nullptr);

/// sum += xᵀ x (tokens in rows): products in binary32, their sum over calls in binary64. Deterministic whatever the
/// number of threads.
void add_gram(Eigen::MatrixXd& sum, const DenseRows& x, int threads);

}  // namespace mixvec::inline pruning
