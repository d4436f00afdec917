// Runs pruned networks on a text or on stored states.
#include "pruning/compare/judge.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "golden/base/error.hpp"
#include "golden/base/parallel.hpp"
#include "golden/eval/language_model.hpp"
#include "pruning/pipeline/quality.hpp"

namespace mixvec::inline pruning {

namespace {

// What the last layer gives, sequence by sequence.
DenseRows last_states(const Network& network, const CalibrationData& data, int threads) {
  DenseRows states(data.x.rows(), data.x.cols());
  parallel_for(data.ends.size(), threads, [&](std::size_t s) {
    const std::size_t first = s == 0 ? 0 : data.ends[s - 1];
    const std::size_t tokens = data.ends[s] - first;
    DenseRows x = data.x.middleRows(index_of(first), index_of(tokens));
    for (const NetworkLayer& layer : network.layers) x = layer.run(x, {tokens});
    states.middleRows(index_of(first), index_of(tokens)) = x;
  });
  return states;
}

// The logits of a sequence whose first token is that row.
std::vector<double> logits_of(const ClassificationHead& head, const DenseRows& states, std::size_t row) {
  std::vector<double> first(static_cast<std::size_t>(states.cols()));
  for (std::size_t c = 0; c < first.size(); ++c) first[c] = states(index_of(row), index_of(c));
  return head.logits(first);
}

}  // namespace

Judge::Judge(Subject& subject, const Arguments& arguments)
    : subject_(subject),
      threads_(arguments.prune.threads),
      source_(arguments.text.empty() ? arguments.calibrate : arguments.text) {
  if (source_.empty()) return;
  const Model& model = subject.model();
  if (model.config().architecture == Architecture::kGpt2) {
    ids_ = read_last_tokens(model, source_, arguments.last);
    dense_ = of(subject.network());
    return;
  }
  data_ = read_calibration_data(model, subject.network(), source_, arguments.windows);
  states_ = last_states(subject.network(), data_, threads_);
  try {
    head_.emplace(model);
  } catch (const InputError&) {
    // A checkpoint without classes: the states alone are compared.
  }
  dense_ = of(subject.network());
}

Quality Judge::of(const std::vector<PrunedMatrix>& matrices) const {
  if (source_.empty()) return {};
  return of(subject_.pruned_network(matrices));
}

Quality Judge::of(const Network& network) const {
  if (!ids_.empty()) return {perplexity(network, ids_, threads_), {}, {}};
  return error(network, data_, states_);
}

Quality Judge::error(const Network& network, const CalibrationData& data, const DenseRows& expected) const {
  Quality quality;
  const DenseRows states = last_states(network, data, threads_);
  quality.state_error = std::sqrt((states - expected).cast<double>().squaredNorm() /
                                  std::max(expected.cast<double>().squaredNorm(), 1e-300));
  if (!head_) return quality;
  double largest = 0;
  for (std::size_t s = 0; s < data.ends.size(); ++s) {
    const std::size_t row = s == 0 ? 0 : data.ends[s - 1];
    const std::vector<double> found = logits_of(*head_, states, row);
    const std::vector<double> wanted = logits_of(*head_, expected, row);
    for (std::size_t c = 0; c < found.size(); ++c) largest = std::max(largest, std::abs(found[c] - wanted[c]));
  }
  quality.logit_error = largest;
  return quality;
}

double Judge::tried(const std::vector<PrunedMatrix>& matrices) {
  const CalibrationData& data = subject_.data();
  const Network network = subject_.pruned_network(matrices);
  if (subject_.model().config().architecture == Architecture::kGpt2) {
    const DenseRows states = last_states(network, data, threads_);
    std::vector<double> nats(data.ends.size());
    parallel_for(nats.size(), threads_, [&](std::size_t s) {
      const std::size_t first = s == 0 ? 0 : data.ends[s - 1];
      const std::size_t tokens = data.ends[s] - first;
      const std::span<const std::size_t> targets(&data.targets[first], tokens);
      for (const Prediction& p : predict_rows(network, states.middleRows(index_of(first), index_of(tokens)), targets)) {
        nats[s] += p.nats;
      }
    });
    return std::accumulate(nats.begin(), nats.end(), 0.0) / static_cast<double>(data.targets.size());
  }
  if (calibrated_.size() == 0) calibrated_ = last_states(subject_.network(), data, threads_);
  const Quality quality = error(network, data, calibrated_);
  return quality.logit_error ? *quality.logit_error : *quality.state_error;
}

}  // namespace mixvec::inline pruning
