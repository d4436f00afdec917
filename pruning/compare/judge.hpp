// What models are compared by: how well they predict a text, or how far they are from the dense model.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "golden/eval/task_head.hpp"
#include "pruning/pipeline/arguments.hpp"
#include "pruning/pipeline/subject.hpp"

namespace mixvec::inline pruning {

/// How good a model is. What cannot be measured is empty.
struct Quality {
  std::optional<double> perplexity;   ///< GPT-2, of the text's last part
  std::optional<double> logit_error;  ///< BERT: the largest difference of a class's logit from the dense model's
  std::optional<double> state_error;  ///< BERT: root of the mean square of the last hidden states' difference from the
                                      ///< dense model's, over that of the dense model's own
};

/// Judges pruned networks in binary32.
class Judge {
 public:
  /// Reads what --text or else --calibrate names: for GPT-2 a text, of which the last --last percent count, for BERT
  /// stored hidden states. Where neither is given, nothing can be measured. Throws InputError for files that do not
  /// fit.
  Judge(Subject& subject, const Arguments& arguments);

  /// Of the network with these matrices in place of its own.
  [[nodiscard]] Quality of(const std::vector<PrunedMatrix>& matrices) const;
  [[nodiscard]] const Quality& dense() const { return dense_; }
  /// How far the network with these matrices is from what it was calibrated on, the less the better: nats a token of
  /// the windows; for BERT the error of a logit, or of the states where there are no classes. Needs a calibrated
  /// subject.
  [[nodiscard]] double tried(const std::vector<PrunedMatrix>& matrices);
  [[nodiscard]] const std::string& source() const { return source_; }  ///< file; empty: there is none

 private:
  [[nodiscard]] Quality of(const Network& network) const;
  /// BERT: by the dense model's last states on the same data.
  [[nodiscard]] Quality error(const Network& network, const CalibrationData& data, const DenseRows& expected) const;

  Subject& subject_;
  int threads_;
  std::string source_;
  TokenIds ids_;          ///< GPT-2
  CalibrationData data_;  ///< BERT
  DenseRows states_;      ///< the dense model's last ones
  DenseRows calibrated_;  ///< BERT: the same on what it was calibrated on
  std::optional<ClassificationHead> head_;
  Quality dense_;
};

}  // namespace mixvec::inline pruning
