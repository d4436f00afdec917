// Reads examples and classifies them.
#include "golden/eval/classification.hpp"

#include <algorithm>
#include <cmath>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/eval/labelled_texts.hpp"
#include "golden/eval/language_model.hpp"
#include "golden/safetensors/safetensors.hpp"
#include "golden/safetensors/tensor_view.hpp"

namespace mixvec::inline golden {

namespace {

constexpr std::string_view kInput = "hidden_states.0";

std::vector<double> finite_values(const TensorView& view) {
  std::vector<double> values = view.as_double();
  if (!std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); })) {
    fail_input("{}: tensor {}: found NaN or infinity, expected finite numbers", view.file, quote(view.name));
  }
  return values;
}

ClassificationExample stored_example(const SafetensorsFile& file, const TensorView& input, const ModelConfig& config,
                                     const ClassificationHead& head) {
  const std::string prefix = input.name.substr(0, input.name.size() - kInput.size());
  ClassificationExample example;
  example.name = prefix;
  const std::size_t d = config.hidden;
  if (input.shape.size() != 2 || input.shape[1] != d || input.shape[0] == 0 || input.shape[0] > config.positions) {
    fail_input("{}: tensor {}: found shape {}, expected [tokens, {}] of 1 to {} tokens", input.file, quote(input.name),
               shape_text(input.shape), d, config.positions);
  }
  example.tokens = input.shape[0];
  const std::vector<double> rows = finite_values(input);
  example.input.resize(rows.size());
  for (std::size_t t = 0; t < example.tokens; ++t) {
    for (std::size_t c = 0; c < d; ++c) example.input[c * example.tokens + t] = rows[t * d + c];
  }
  if (const TensorView* const logits = file.find(prefix + "logits")) {
    if (logits->elements() != head.classes()) {
      fail_input("{}: tensor {}: found shape {}, expected [{}], the model's classes", logits->file, quote(logits->name),
                 shape_text(logits->shape), head.classes());
    }
    example.logits = finite_values(*logits);
  }
  if (const TensorView* const label = file.find(prefix + "label")) {
    const std::vector<std::int64_t> values = label->as_int();
    if (values.size() != 1 || values[0] < 0 || static_cast<std::size_t>(values[0]) >= head.classes()) {
      fail_input("{}: tensor {}: found shape {} and {}, expected one label from 0 to {}", label->file,
                 quote(label->name), shape_text(label->shape), values.empty() ? "nothing" : std::to_string(values[0]),
                 head.classes() - 1);
    }
    example.label = static_cast<std::size_t>(values[0]);
  }
  return example;
}

}  // namespace

bool holds_stored_inputs(const std::filesystem::path& path) { return path.extension() == ".safetensors"; }

std::vector<ClassificationExample> read_stored_examples(const std::filesystem::path& path, const ModelConfig& config,
                                                        const ClassificationHead& head, std::size_t limit) {
  const SafetensorsFile file = SafetensorsFile::open(path);
  std::vector<ClassificationExample> examples;
  for (const TensorView& view : file.tensors()) {
    const bool input = view.name == kInput || view.name.ends_with("." + std::string(kInput));
    if (input && examples.size() < limit) examples.push_back(stored_example(file, view, config, head));
  }
  if (examples.empty()) {
    fail_input("{}: found {} tensors, expected hidden_states.0 or PREFIX.hidden_states.0 among them", path.string(),
               file.tensors().size());
  }
  return examples;
}

std::vector<ClassificationExample> read_labelled_texts(const std::filesystem::path& path, const ModelConfig& config,
                                                       const ClassificationHead& head, const Tokenizer& tokenizer,
                                                       std::size_t limit) {
  std::vector<ClassificationExample> examples;
  for (LabelledText& line : read_labelled_lines(path, config, tokenizer, limit)) {
    ClassificationExample& example = examples.emplace_back();
    example.label = head.find_class(line.label, line.where);
    example.name = std::move(line.name);
    example.sequence = std::move(line.sequence);
    example.tokens = example.sequence.ids.size();
  }
  return examples;
}

Classification classify(const EncoderModel& model, const ClassificationHead& head, Arithmetic arithmetic,
                        const std::vector<ClassificationExample>& examples, int threads,
                        const std::function<void(double)>& progress) {
  Classification result;
  result.logits.resize(examples.size());
  for_each_sequence(
      arithmetic, examples.size(), threads,
      [&](std::size_t i, int own_threads) {
        const ClassificationExample& example = examples[i];
        const std::vector<double> y = model.run(example.input.empty() ? model.embed(example.sequence) : example.input,
                                                example.tokens, own_threads);
        std::vector<double> first;
        for (std::size_t c = 0; c < y.size(); c += example.tokens) first.push_back(y[c]);
        result.logits[i] = head.logits(first);
      },
      progress);
  for (std::size_t i = 0; i < examples.size(); ++i) {
    const std::vector<double>& logits = result.logits[i];
    const ClassificationExample& example = examples[i];
    if (example.label) {
      ++result.labelled;
      const auto likeliest = std::max_element(logits.begin(), logits.end()) - logits.begin();
      result.correct += static_cast<std::size_t>(likeliest) == *example.label ? 1 : 0;
    }
    if (example.logits.empty()) continue;
    ++result.with_logits;
    for (std::size_t k = 0; k < logits.size(); ++k) {
      result.logit_error = std::max(result.logit_error, std::abs(logits[k] - example.logits[k]));
    }
  }
  return result;
}

}  // namespace mixvec::inline golden
