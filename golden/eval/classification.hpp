// Classes of sequences: examples as texts or as stored inputs of the first layer, and how many a model gets right.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "golden/eval/encoder_model.hpp"
#include "golden/eval/task_head.hpp"

namespace mixvec::inline golden {

/// A sequence and what is known about it.
struct ClassificationExample {
  std::string name;           ///< "line 3", the prefix of its tensors
  Sequence sequence;          ///< of a text
  std::vector<double> input;  ///< stored: of the first layer, d × tokens
  std::size_t tokens = 0;
  std::optional<std::size_t> label;
  std::vector<double> logits;  ///< stored; or empty
};

/// Whether the file holds stored inputs: by its name, .safetensors.
bool holds_stored_inputs(const std::filesystem::path& path);

/// Examples of a safetensors file: each tensor hidden_states.0 [tokens, d], behind any prefix, and behind the same one
/// `logits` [classes] and `label` (an integer) where they are. Throws InputError naming the tensor.
std::vector<ClassificationExample> read_stored_examples(const std::filesystem::path& path, const ModelConfig& config,
                                                        const ClassificationHead& head, std::size_t limit);

/// Examples of a text: a line each, label TAB text or label TAB text TAB second text. What is longer than the model's
/// positions is cut off, of the longer text first. Throws InputError naming the line.
std::vector<ClassificationExample> read_labelled_texts(const std::filesystem::path& path, const ModelConfig& config,
                                                       const ClassificationHead& head, const Tokenizer& tokenizer,
                                                       std::size_t limit);

/// How a model did.
struct Classification {
  std::vector<std::vector<double>> logits;  ///< of each example
  std::size_t labelled = 0;
  std::size_t correct = 0;
  std::size_t with_logits = 0;
  double logit_error = 0;  ///< the largest difference from stored logits

  [[nodiscard]] double accuracy() const { return static_cast<double>(correct) / static_cast<double>(labelled); }
};

Classification classify(const EncoderModel& model, const ClassificationHead& head, Arithmetic arithmetic,
                        const std::vector<ClassificationExample>& examples, int threads,
                        const std::function<void(double)>& progress = {});

}  // namespace mixvec::inline golden
