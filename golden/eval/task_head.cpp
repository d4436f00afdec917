// Loads heads by Hugging Face's names.
#include "golden/eval/task_head.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/eval/encoder_model.hpp"
#include "golden/files/input_file.hpp"
#include "golden/layer/layer_reference.hpp"
#include "golden/safetensors/tensor_view.hpp"

namespace mixvec::inline golden {

namespace {

constexpr std::size_t kMostClasses = 1U << 16U;

bool has_tensor(const Model& model, std::string_view name) {
  const auto& tensors = model.file().tensors();
  return std::any_of(tensors.begin(), tensors.end(), [&](const TensorView& view) {
    return view.name == name || view.name.ends_with("." + std::string(name));
  });
}

HeadMatrix load_head(const Model& model, const std::string& name, std::size_t out) {
  const std::size_t d = model.config().hidden;
  const TensorView* const weight = find_tensor(model, name + ".weight", std::vector{out, d});
  const TensorView* const bias = find_tensor(model, name + ".bias", std::vector{out});
  if (weight == nullptr || bias == nullptr) {
    fail_input("{}: found no tensor {}.{}, expected one: the head of a fine-tuned model", model.file().label(), name,
               weight == nullptr ? "weight" : "bias");
  }
  return {d, widen<double>(weight->as_half()), widen<double>(bias->as_half())};
}

/// The outputs of a matrix, which its file knows.
std::size_t outputs_of(const Model& model, const std::string& name) {
  for (const TensorView& view : model.file().tensors()) {
    if (view.name != name + ".bias" && !view.name.ends_with("." + name + ".bias")) continue;
    if (view.shape.size() == 1 && view.shape[0] > 0 && view.shape[0] <= kMostClasses) return view.shape[0];
    fail_input("{}: tensor {}: found shape {}, expected [classes]", view.file, quote(view.name),
               shape_text(view.shape));
  }
  fail_input("{}: found no tensor {}.bias, expected one: the head of a fine-tuned model", model.file().label(), name);
}

/// Names of classes by id2label; "" where it has none.
std::vector<std::string> class_names(const Model& model, std::size_t classes) {
  std::vector<std::string> names(classes);
  const std::string file = (model.directory() / "config.json").string();
  const nlohmann::json config = read_json(file);
  const auto found = config.find("id2label");
  if (found == config.end() || found->is_null()) return names;
  if (!found->is_object()) fail_input("{}: id2label: found {}, expected an object", file, show_json(*found));
  for (const auto& [number, name] : found->items()) {
    const std::optional<std::size_t> id = parse_number<std::size_t>(number);
    if (!id || *id >= classes || !name.is_string()) {
      fail_input("{}: id2label: {}: found {}, expected names of 0 to {}", file, quote(number), show_json(name),
                 classes - 1);
    }
    names[*id] = name.get<std::string>();
  }
  return names;
}

}  // namespace

std::vector<double> HeadMatrix::operator()(std::span<const double> x) const {
  std::vector<double> y = bias;
  for (std::size_t o = 0; o < y.size(); ++o) {
    for (std::size_t i = 0; i < in; ++i) y[o] += weight[o * in + i] * x[i];
  }
  return y;
}

ClassificationHead::ClassificationHead(const Model& model) {
  const std::size_t d = model.config().hidden;
  if (has_tensor(model, "classifier.out_proj.weight")) {
    first_ = load_head(model, "classifier.dense", d);
    last_ = load_head(model, "classifier.out_proj", outputs_of(model, "classifier.out_proj"));
  } else {
    relu_ = model.config().naming == Naming::kDistilBert;
    first_ = load_head(model, relu_ ? "pre_classifier" : "pooler.dense", d);
    last_ = load_head(model, "classifier", outputs_of(model, "classifier"));
  }
  names_ = class_names(model, classes());
}

std::vector<double> ClassificationHead::logits(std::span<const double> first_token) const {
  std::vector<double> inner = first_(first_token);
  for (double& value : inner) value = relu_ ? std::max(value, 0.0) : std::tanh(value);
  return last_(inner);
}

std::size_t ClassificationHead::find_class(std::string_view name, const std::string& label) const {
  const auto found = std::find(names_.begin(), names_.end(), name);
  if (!name.empty() && found != names_.end()) return static_cast<std::size_t>(found - names_.begin());
  const std::optional<std::size_t> number = parse_number<std::size_t>(name);
  if (number && *number < classes()) return *number;
  std::vector<std::string> known;
  for (const std::string& one : names_) {
    if (!one.empty() && known.size() < 10) known.push_back(quote(one));
  }
  fail_input("{}: found label {}, expected 0 to {}{}", label, quote(name), classes() - 1,
             known.empty() ? "" : fmt::format(" or one of {}", fmt::join(known, ", ")));
}

HeadMatrix load_span_head(const Model& model) { return load_head(model, "qa_outputs", 2); }

}  // namespace mixvec::inline golden
