// GPT-2 models as predictors of tokens, in binary32, binary64 or the accelerator's arithmetic.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "golden/checkpoint/model.hpp"
#include "golden/config/format_config.hpp"
#include "golden/eval/arithmetic.hpp"
#include "golden/network/network.hpp"
#include "golden/text/token_ids.hpp"

namespace mixvec::inline golden {

/// Sum of -ln p over the predicted tokens.
struct Loss {
  double nats = 0;
  std::size_t tokens = 0;

  [[nodiscard]] double mean() const { return nats / static_cast<double>(tokens); }
  [[nodiscard]] double perplexity() const;  ///< e^mean
};

/// What a model says about a token that it was to predict.
struct Prediction {
  double nats = 0;            ///< -ln of the probability of the token that came
  std::size_t likeliest = 0;  ///< the token of the largest logit, the first of several
};

/// In binary32: for each row of y, what the last layer gives at a position, what `network` says about the token that
/// came next.
std::vector<Prediction> predict_rows(const Network& network, const DenseRows& y, std::span<const std::size_t> came);

/// A GPT-2 checkpoint, ready to compute. Its output matrix is the word embedding, or lm_head.weight if config.json says
/// that they are not tied.
class LanguageModel {
 public:
  /// Throws InputError: no GPT-2, tensors missing or not finite in binary16.
  LanguageModel(const Model& model, Arithmetic arithmetic, const FormatConfig& format = {});
  ~LanguageModel();
  LanguageModel(const LanguageModel&) = delete;
  LanguageModel& operator=(const LanguageModel&) = delete;

  [[nodiscard]] const ModelConfig& config() const;

  /// Logits, vocabulary × tokens, of ids at positions 0, 1, …; at most config().positions of them. Throws InputError.
  [[nodiscard]] std::vector<double> logits(std::span<const std::size_t> ids, int threads) const;

  /// For each of the tokens 1, 2, … what the model says from those before it; `first` leaves out those before it.
  /// Throws InputError like logits(), of all ids but the last.
  [[nodiscard]] std::vector<Prediction> predict(std::span<const std::size_t> ids, std::size_t first, int threads) const;

  /// Cuts ids into windows that predict `context` tokens each and share none (the last one may be shorter), and adds up
  /// the loss of at most `limit` windows; `progress` is told the fraction done. Throws InputError unless there are two
  /// ids and 1 ≤ context ≤ config().positions.
  [[nodiscard]] Loss evaluate(std::span<const std::size_t> ids, std::size_t context, std::size_t limit, int threads,
                              const std::function<void(double)>& progress = {}) const;

 private:
  struct Parts;
  std::unique_ptr<const Parts> parts_;
};

/// Calls job(i) for i below `count` as parallel_for does: for binary32 and binary64 on up to `threads` threads, each
/// job told to use one; for golden one after the other, each told to use them all. `progress` is told the fraction
/// done, by one thread at a time.
void for_each_sequence(Arithmetic arithmetic, std::size_t count, int threads,
                       const std::function<void(std::size_t i, int threads)>& job,
                       const std::function<void(double)>& progress);

}  // namespace mixvec::inline golden
