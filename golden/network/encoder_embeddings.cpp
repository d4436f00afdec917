// Loads and adds embeddings.
#include "golden/network/encoder_embeddings.hpp"

#include <algorithm>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/checkpoint/naming.hpp"
#include "golden/layer/layer_reference.hpp"
#include "golden/math/layer_norm.hpp"
#include "golden/safetensors/tensor_view.hpp"

namespace mixvec::inline golden {

const TensorView* find_tensor(const Model& model, std::string_view name, std::span<const std::size_t> shape) {
  std::vector<std::string> names;
  for (const TensorView& view : model.file().tensors()) names.push_back(view.name);
  const std::vector<std::string> prefixes = prefixes_of(name, names);
  if (prefixes.empty()) return nullptr;
  if (prefixes.size() > 1) {
    fail_input("{}: found {} and {}, expected one of them", model.file().label(),
               quote(prefixes[0] + std::string(name)), quote(prefixes[1] + std::string(name)));
  }
  const TensorView& view = model.file().at(prefixes[0] + std::string(name));
  if (!std::equal(view.shape.begin(), view.shape.end(), shape.begin(), shape.end())) {
    fail_input("{}: tensor {}: found shape {}, expected {}", view.file, quote(view.name), shape_text(view.shape),
               shape_text(shape));
  }
  return &view;
}

EncoderEmbeddings::EncoderEmbeddings(const Model& model) : config_(model.config()) {
  const std::size_t d = config_.hidden;
  if (find_tensor(model, naming_table(config_.naming).words, std::vector{config_.vocabulary, d}) == nullptr) {
    fail_input(
        "{}: found no tensor {}, expected one to embed texts (classify and calibration also take a .safetensors "
        "file of stored hidden_states.0)",
        model.file().label(), naming_table(config_.naming).words);
  }
  words_ = model.tensors().words().as_half();
  positions_ = model.tensors().positions().as_half();
  const std::string type_rows = "embeddings.token_type_embeddings.weight";
  for (const TensorView& view : model.file().tensors()) {
    if (!view.name.ends_with(type_rows) || view.shape.size() != 2 || view.shape[0] == 0) continue;
    types_ = find_tensor(model, type_rows, std::vector{view.shape[0], d})->as_half();
    break;
  }
  const auto vector_of = [&](const char* now, const char* before) {
    const std::string place = "embeddings.LayerNorm.";
    const TensorView* view = find_tensor(model, place + now, std::vector{d});
    if (view == nullptr) view = find_tensor(model, place + before, std::vector{d});
    if (view == nullptr) {
      fail_input("{}: found no tensor {}{} (or {}), expected the LayerNorm of the embeddings", model.file().label(),
                 place, now, before);
    }
    return view->as_half();
  };
  norm_ = {vector_of("weight", "gamma"), vector_of("bias", "beta"), config_.layer_norm_epsilon};
}

std::vector<double> EncoderEmbeddings::embed(const Sequence& sequence) const {
  const std::size_t d = config_.hidden;
  const std::size_t tokens = sequence.ids.size();
  if (tokens == 0 || tokens > config_.positions) {
    fail_input("found {} tokens, expected 1 to {}, the model's positions", tokens, config_.positions);
  }
  const std::size_t first_row = config_.position_rows - config_.positions;
  const std::size_t type_count = types_.size() / std::max<std::size_t>(d, 1);
  std::vector<double> x(d * tokens);
  for (std::size_t t = 0; t < tokens; ++t) {
    const std::size_t id = sequence.ids[t];
    if (id >= config_.vocabulary) {
      fail_input("found token id {}, expected 0 to {}", id, config_.vocabulary - 1);
    }
    const std::size_t type = sequence.types[t];
    if (!types_.empty() && type >= type_count) {
      fail_input("found token type {}, expected less than {}", type, type_count);
    }
    for (std::size_t c = 0; c < d; ++c) {
      x[c * tokens + t] = double{to_float(words_[id * d + c])} + double{to_float(positions_[(first_row + t) * d + c])} +
                          (types_.empty() ? 0.0 : double{to_float(types_[type * d + c])});
    }
  }
  return reference_layer_norm<double>(x, tokens, norm_);
}

}  // namespace mixvec::inline golden
