// Loads GPT-2 models and adds up their loss.
#include "golden/eval/language_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <mutex>

#include "golden/base/error.hpp"
#include "golden/base/parallel.hpp"
#include "golden/base/text.hpp"
#include "golden/eval/layer_stack.hpp"
#include "golden/layer/layer_loading.hpp"
#include "golden/layer/layer_reference.hpp"
#include "golden/math/layer_norm.hpp"
#include "golden/safetensors/tensor_view.hpp"

namespace mixvec::inline golden {
namespace {

// Logits that are held at once, in rows of a vocabulary: those of a whole window would be 200 MB for GPT-2.
constexpr Eigen::Index kMostRows = 64;

/// The matrix that makes logits, vocabulary × d, if it is not the word embedding; else nothing.
std::vector<double> load_output(const Model& model) {
  if (model.config().tied_embeddings) return {};
  return widen<double>(output_matrix(model).as_half());
}

/// Logits, vocabulary × tokens, from the output matrix (vocabulary × d) and y (d × tokens).
std::vector<double> logits_of(const std::vector<double>& output, const std::vector<double>& y,
                              const ModelConfig& config, std::size_t tokens) {
  const std::size_t d = config.hidden;
  std::vector<double> logits(config.vocabulary * tokens);
  for (std::size_t v = 0; v < config.vocabulary; ++v) {
    double* const sum = &logits[v * tokens];
    for (std::size_t c = 0; c < d; ++c) {
      const double w = output[v * d + c];
      for (std::size_t t = 0; t < tokens; ++t) sum[t] += w * y[c * tokens + t];
    }
  }
  return logits;
}

/// What column t of the logits says of `id`.
Prediction prediction_of(std::span<const double> logits, std::size_t tokens, std::size_t t, std::size_t id) {
  const std::size_t vocabulary = logits.size() / tokens;
  Prediction result;
  for (std::size_t v = 1; v < vocabulary; ++v) {
    if (logits[v * tokens + t] > logits[result.likeliest * tokens + t]) result.likeliest = v;
  }
  const double largest = logits[result.likeliest * tokens + t];
  double sum = 0;
  for (std::size_t v = 0; v < vocabulary; ++v) sum += std::exp(logits[v * tokens + t] - largest);
  result.nats = std::log(sum) + largest - logits[id * tokens + t];
  return result;
}

Prediction prediction_of(const DenseRows& logits, Eigen::Index row, std::size_t id) {
  Prediction result;
  Eigen::Index likeliest = 0;
  const float largest = logits.row(row).maxCoeff(&likeliest);
  result.likeliest = static_cast<std::size_t>(likeliest);
  const double sum = (logits.row(row).array() - largest).exp().cast<double>().sum();
  result.nats = std::log(sum) + double{largest} - double{logits(row, index_of(id))};
  return result;
}

}  // namespace

double Loss::perplexity() const { return std::exp(mean()); }

std::vector<Prediction> predict_rows(const Network& network, const DenseRows& y, std::span<const std::size_t> came) {
  std::vector<Prediction> predictions;
  for (Eigen::Index row = 0; row < y.rows(); row += kMostRows) {
    const DenseRows scores = network.logits(y.middleRows(row, std::min(kMostRows, y.rows() - row)));
    for (Eigen::Index t = 0; t < scores.rows(); ++t) {
      predictions.push_back(prediction_of(scores, t, came[static_cast<std::size_t>(row + t)]));
    }
  }
  return predictions;
}

struct LanguageModel::Parts {
  ModelConfig config;
  LayerStack stack;
  Network ends;                   ///< binary32: embeddings and output, without layers
  std::vector<double> words;      ///< wte, vocabulary × d
  std::vector<double> positions;  ///< wpe, positions × d
  std::vector<double> head;       ///< lm_head, vocabulary × d; empty: wte
  LayerNorm final_norm;

  Parts(const Model& model, Arithmetic arithmetic, const FormatConfig& format)
      : config(model.config()), stack(model, arithmetic, format) {}

  [[nodiscard]] bool in_rows() const { return stack.arithmetic() == Arithmetic::kBinary32; }

  [[nodiscard]] DenseRows run_rows(std::span<const std::size_t> ids) const {
    return stack.run_rows(ends.embed(std::span(&ids, 1)), {ids.size()});
  }

  [[nodiscard]] std::vector<double> logits(std::span<const std::size_t> ids, int threads) const {
    std::vector<double> x(config.hidden * ids.size());
    for (std::size_t c = 0; c < config.hidden; ++c) {
      for (std::size_t t = 0; t < ids.size(); ++t) {
        x[c * ids.size() + t] = words[ids[t] * config.hidden + c] + positions[t * config.hidden + c];
      }
    }
    const std::vector<double> y = stack.run(x, ids.size(), threads);
    const std::vector<double> normed = stack.arithmetic() == Arithmetic::kDouble
                                           ? reference_layer_norm<double>(y, ids.size(), final_norm)
                                           : widen<double>(layer_norm(halves_of(y), ids.size(), final_norm));
    return logits_of(head.empty() ? words : head, normed, config, ids.size());
  }

  [[nodiscard]] static std::vector<Half> halves_of(const std::vector<double>& values) {
    std::vector<Half> result(values.size());
    std::transform(values.begin(), values.end(), result.begin(), [](double value) { return to_half(value); });
    return result;
  }

  void check(std::span<const std::size_t> ids) const {
    if (ids.empty() || ids.size() > config.positions) {
      fail_input("found {} tokens, expected 1 to {}, the model's positions", ids.size(), config.positions);
    }
    for (const std::size_t id : ids) {
      if (id >= config.vocabulary) fail_input("found token id {}, expected 0 to {}", id, config.vocabulary - 1);
    }
  }
};

LanguageModel::LanguageModel(const Model& model, Arithmetic arithmetic, const FormatConfig& format) {
  // First of all: BERT has none, and the message says so.
  LayerNorm final_norm = load_final_norm(model);
  auto parts = std::make_unique<Parts>(model, arithmetic, format);
  parts->final_norm = std::move(final_norm);
  if (arithmetic == Arithmetic::kBinary32) {
    parts->ends = load_network_ends(model);
  } else {
    parts->words = widen<double>(model.tensors().words().as_half());
    parts->positions = widen<double>(model.tensors().positions().as_half());
    parts->head = load_output(model);
  }
  parts_ = std::move(parts);
}

LanguageModel::~LanguageModel() = default;

const ModelConfig& LanguageModel::config() const { return parts_->config; }

std::vector<double> LanguageModel::logits(std::span<const std::size_t> ids, int threads) const {
  parts_->check(ids);
  if (!parts_->in_rows()) return parts_->logits(ids, threads);
  const DenseRows rows = parts_->ends.logits(parts_->run_rows(ids));
  std::vector<double> logits;
  for (Eigen::Index v = 0; v < rows.cols(); ++v) {
    for (Eigen::Index t = 0; t < rows.rows(); ++t) logits.push_back(rows(t, v));
  }
  return logits;
}

std::vector<Prediction> LanguageModel::predict(std::span<const std::size_t> ids, std::size_t first, int threads) const {
  if (ids.size() < 2) fail_input("found {} tokens, expected at least 2 to predict one", ids.size());
  const std::size_t tokens = ids.size() - 1;
  parts_->check(ids.first(tokens));
  if (ids.back() >= config().vocabulary) parts_->check(ids.last(1));
  first = std::max<std::size_t>(first, 1);
  std::vector<Prediction> predictions;
  if (!parts_->in_rows()) {
    const std::vector<double> scores = parts_->logits(ids.first(tokens), threads);
    for (std::size_t t = first - 1; t < tokens; ++t) {
      predictions.push_back(prediction_of(scores, tokens, t, ids[t + 1]));
    }
    return predictions;
  }
  const DenseRows y = parts_->run_rows(ids.first(tokens));
  return predict_rows(parts_->ends, y.bottomRows(y.rows() - index_of(first - 1)), ids.subspan(first));
}

Loss LanguageModel::evaluate(std::span<const std::size_t> ids, std::size_t context, std::size_t limit, int threads,
                             const std::function<void(double)>& progress) const {
  if (ids.size() < 2) fail_input("found {} tokens, expected at least 2 to predict one", ids.size());
  if (context == 0 || context > config().positions) {
    fail_input("found a context of {}, expected 1 to {}, the model's positions", context, config().positions);
  }
  std::vector<Loss> windows(std::min(limit, (ids.size() - 1 + context - 1) / context));
  for_each_sequence(
      parts_->stack.arithmetic(), windows.size(), threads,
      [&](std::size_t w, int own_threads) {
        const std::size_t first = w * context;
        const std::size_t tokens = std::min(context, ids.size() - 1 - first);
        for (const Prediction& p : predict(ids.subspan(first, tokens + 1), 1, own_threads)) windows[w].nats += p.nats;
        windows[w].tokens = tokens;
      },
      progress);
  Loss loss;
  for (const Loss& window : windows) {
    loss.nats += window.nats;
    loss.tokens += window.tokens;
  }
  return loss;
}

void for_each_sequence(Arithmetic arithmetic, std::size_t count, int threads,
                       const std::function<void(std::size_t i, int threads)>& job,
                       const std::function<void(double)>& progress) {
  const bool alone = arithmetic == Arithmetic::kGolden;
  std::mutex lock;
  std::size_t done = 0;
  parallel_for(count, alone ? 1 : threads, [&](std::size_t i) {
    job(i, alone ? threads : 1);
    if (!progress) return;
    const std::lock_guard guard(lock);
    progress(static_cast<double>(++done) / static_cast<double>(count));
  });
}

}  // namespace mixvec::inline golden
