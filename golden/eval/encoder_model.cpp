// Frames texts and embeds them.
#include "golden/eval/encoder_model.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/checkpoint/naming.hpp"
#include "golden/eval/layer_stack.hpp"
#include "golden/layer/layer_reference.hpp"
#include "golden/math/layer_norm.hpp"
#include "golden/safetensors/tensor_view.hpp"

namespace mixvec::inline golden {

Frame::Frame(const Vocabulary& vocabulary) {
  const bool bert = vocabulary.find("[CLS]") && vocabulary.find("[SEP]");
  roberta_ = !bert;
  if (!bert && !(vocabulary.find("<s>") && vocabulary.find("</s>"))) {
    fail_input("{}: found neither the tokens [CLS] and [SEP] nor <s> and </s>, expected two of them to frame texts",
               vocabulary.label());
  }
  begin_ = vocabulary.at(bert ? "[CLS]" : "<s>");
  end_ = vocabulary.at(bert ? "[SEP]" : "</s>");
}

std::size_t Frame::size(bool pair) const { return !pair ? 2 : roberta_ ? 4 : 3; }

Sequence Frame::around(std::span<const std::size_t> a, std::optional<std::span<const std::size_t>> b) const {
  Sequence sequence;
  TokenIds& ids = sequence.ids;
  ids.push_back(begin_);
  ids.insert(ids.end(), a.begin(), a.end());
  ids.push_back(end_);
  if (b && roberta_) ids.push_back(end_);
  sequence.types.assign(ids.size(), 0);
  sequence.second = ids.size();
  if (!b) return sequence;
  ids.insert(ids.end(), b->begin(), b->end());
  ids.push_back(end_);
  sequence.types.resize(ids.size(), roberta_ ? 0 : 1);
  return sequence;
}

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

struct EncoderModel::Parts {
  ModelConfig config;
  LayerStack stack;
  std::vector<Half> words;      ///< vocabulary × d
  std::vector<Half> positions;  ///< position rows × d
  std::vector<Half> types;      ///< token types × d; empty: the model has none
  LayerNorm norm;

  Parts(const Model& model, Arithmetic arithmetic, const FormatConfig& format)
      : config(model.config()), stack(model, arithmetic, format) {}

  void load_embeddings(const Model& model) {
    const std::size_t d = config.hidden;
    if (find_tensor(model, naming_table(config.naming).words, std::vector{config.vocabulary, d}) == nullptr) {
      fail_input(
          "{}: found no tensor {}, expected one to embed texts (classify also takes a .safetensors file of stored "
          "hidden_states.0)",
          model.file().label(), naming_table(config.naming).words);
    }
    words = model.tensors().words().as_half();
    positions = model.tensors().positions().as_half();
    const std::string type_rows = "embeddings.token_type_embeddings.weight";
    for (const TensorView& view : model.file().tensors()) {
      if (!view.name.ends_with(type_rows) || view.shape.size() != 2 || view.shape[0] == 0) continue;
      types = find_tensor(model, type_rows, std::vector{view.shape[0], d})->as_half();
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
    norm = {vector_of("weight", "gamma"), vector_of("bias", "beta"), config.layer_norm_epsilon};
  }
};

EncoderModel::EncoderModel(const Model& model, Arithmetic arithmetic, bool embeddings, const FormatConfig& format) {
  if (model.config().architecture != Architecture::kBert) {
    fail_input("{}: found a GPT-2 checkpoint, expected BERT, RoBERTa or DistilBERT", model.directory().string());
  }
  auto parts = std::make_unique<Parts>(model, arithmetic, format);
  if (embeddings) parts->load_embeddings(model);
  parts_ = std::move(parts);
}

EncoderModel::~EncoderModel() = default;

std::vector<double> EncoderModel::embed(const Sequence& sequence) const {
  const Parts& parts = *parts_;
  const std::size_t d = parts.config.hidden;
  const std::size_t tokens = sequence.ids.size();
  if (tokens == 0 || tokens > parts.config.positions) {
    fail_input("found {} tokens, expected 1 to {}, the model's positions", tokens, parts.config.positions);
  }
  const std::size_t first_row = parts.config.position_rows - parts.config.positions;
  const std::size_t type_count = parts.types.size() / std::max<std::size_t>(d, 1);
  std::vector<double> x(d * tokens);
  for (std::size_t t = 0; t < tokens; ++t) {
    const std::size_t id = sequence.ids[t];
    if (id >= parts.config.vocabulary) {
      fail_input("found token id {}, expected 0 to {}", id, parts.config.vocabulary - 1);
    }
    const std::size_t type = sequence.types[t];
    if (!parts.types.empty() && type >= type_count) {
      fail_input("found token type {}, expected less than {}", type, type_count);
    }
    for (std::size_t c = 0; c < d; ++c) {
      x[c * tokens + t] = double{to_float(parts.words[id * d + c])} +
                          double{to_float(parts.positions[(first_row + t) * d + c])} +
                          (parts.types.empty() ? 0.0 : double{to_float(parts.types[type * d + c])});
    }
  }
  return reference_layer_norm<double>(x, tokens, parts.norm);
}

std::vector<double> EncoderModel::run(const std::vector<double>& x, std::size_t tokens, int threads) const {
  return parts_->stack.run(x, tokens, threads);
}

}  // namespace mixvec::inline golden
