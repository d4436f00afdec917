// Maps the tensor names of checkpoint files to matrices, norms and embeddings, and checks their shapes.
#include "golden/checkpoint/model_tensors.hpp"

#include <fmt/ranges.h>

#include <algorithm>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/safetensors/tensor_view.hpp"

namespace mixvec::inline golden {

namespace {

std::vector<std::string> names_of(const SafetensorsFile& file) {
  std::vector<std::string> names;
  for (const TensorView& view : file.tensors()) names.push_back(view.name);
  return names;
}

std::string quoted(const std::vector<std::string>& names) {
  std::vector<std::string> result;
  for (const std::string& name : names) result.push_back(quote(name));
  return fmt::format("{}", fmt::join(result, ", "));
}

const char* family_of(Naming naming) {
  return naming == Naming::kGpt2 ? "GPT-2" : naming == Naming::kBert ? "BERT" : "DistilBERT";
}

void check_shape(const TensorView& view, const std::vector<std::size_t>& shape) {
  if (view.shape == shape) return;
  fail_input("{}: tensor {}: found shape {}, expected {}", view.file, quote(view.name), shape_text(view.shape),
             shape_text(shape));
}

void check_matrix(const TensorView& view, const std::vector<std::size_t>& shape) {
  check_shape(view, shape);
  switch (view.dtype) {
    case Dtype::kF64:
    case Dtype::kF32:
    case Dtype::kF16:
    case Dtype::kBF16:
      return;
    default:
      fail_input("{}: tensor {}: found dtype {}, expected F64, F32, F16 or BF16", view.file, quote(view.name),
                 name_of(view.dtype));
  }
}

}  // namespace

ModelTensors::ModelTensors(const ModelConfig& config, SafetensorsFile file) : config_(config), file_(std::move(file)) {
  find_prefix();
  find_layout();
  check_matrices();
  check_biases();
  check_others();
}

void ModelTensors::find_prefix() {
  const NamingTable& table = naming_table(config_.naming);
  const std::vector<std::string> names = names_of(*file_);
  const std::string anchor = table.anchor();
  const std::vector<std::string> prefixes = prefixes_of(anchor, names);
  if (prefixes.size() == 1) {
    prefix_ = prefixes[0];
    return;
  }
  if (!prefixes.empty()) {
    std::vector<std::string> found;
    for (const std::string& prefix : prefixes) found.push_back(prefix + anchor);
    fail_input("{}: found more than one model, {}, expected one of them", file_->label(), quoted(found));
  }
  const std::string expected = fmt::format("{} or {}{} among them", anchor, table.usual_prefix, anchor);
  const std::vector<Naming> others = namings_of(names);
  if (!others.empty()) {
    fail_input("{}: found the tensors of {}, expected {} (config.json says {})", file_->label(), family_of(others[0]),
               expected, family_of(config_.naming));
  }
  std::vector<std::string> near = nearest_names(anchor, names, 3);
  for (std::string& name : nearest_names(std::string(table.usual_prefix) + anchor, names, 3)) {
    if (std::find(near.begin(), near.end(), name) == near.end()) near.push_back(std::move(name));
  }
  if (near.size() > 3) near.resize(3);
  fail_input("{}: found {} tensors, expected {} (config.json says {}){}", file_->label(), names.size(), expected,
             family_of(config_.naming), near.empty() ? "" : "; similar: " + quoted(near));
}

// nn.Linear stores [out][in], Conv1D, which Hugging Face's GPT-2 is made of, [in][out]. The square matrix does not
// tell; it is stored as the others are, since one program wrote them all.
void ModelTensors::find_layout() {
  if (config_.naming != Naming::kGpt2) return;
  conv1d_ = true;
  const TensorView* conv = nullptr;
  const TensorView* linear = nullptr;
  for (std::size_t layer = 0; layer < config_.layers; ++layer) {
    for (const MatrixKind kind : kMatrixKinds) {
      const StoredMatrix stored = matrix(layer, kind);
      const TensorView& view = file_->at(stored.parts[0].weight);
      if (stored.in == stored.out) continue;
      if (view.shape == std::vector{stored.in, stored.out}) conv = &view;
      if (view.shape == std::vector{stored.out, stored.in}) linear = &view;
    }
  }
  if (linear == nullptr) return;
  if (conv != nullptr) {
    fail_input(
        "{}: tensor {}: found shape {}, [out][in] as nn.Linear stores it, but {} is {}, [in][out] as Conv1D stores it, "
        "expected [in][out] for all of GPT-2's matrices (or [out][in] for all)",
        linear->file, quote(linear->name), shape_text(linear->shape), quote(conv->name), shape_text(conv->shape));
  }
  conv1d_ = false;
  notes_.push_back(fmt::format(
      "{}: the matrices are stored [out][in] as nn.Linear stores them, not [in][out] as GPT-2's Conv1D does "
      "({}: {}); they are read so, the square {} with them",
      file_->label(), quote(linear->name), shape_text(linear->shape),
      quote(layer_name(0, naming_table(config_.naming).projection) + ".weight")));
}

std::string ModelTensors::layer_name(std::size_t layer, std::string_view name) const {
  return fmt::format("{}{}{}", prefix_, naming_table(config_.naming).layer(layer), name);
}

StoredMatrix ModelTensors::matrix(std::size_t layer, MatrixKind kind) const {
  const NamingTable& table = naming_table(config_.naming);
  const std::size_t d = config_.hidden;
  StoredMatrix stored;
  stored.in = kind == MatrixKind::kF2 ? config_.intermediate : d;
  const auto part = [&](std::string_view name, std::size_t out) {
    const std::string at = layer_name(layer, name);
    stored.parts.push_back({at + ".weight", at + ".bias", stored.out, out, conv1d_});
    stored.out += out;
  };
  switch (kind) {
    case MatrixKind::kMA:
      for (const std::string_view name : table.attention) part(name, 3 * d / table.attention.size());
      break;
    case MatrixKind::kMP:
      part(table.projection, d);
      break;
    case MatrixKind::kF1:
      part(table.first, config_.intermediate);
      break;
    case MatrixKind::kF2:
      part(table.second, d);
      break;
  }
  return stored;
}

void ModelTensors::check_matrices() const {
  for (std::size_t layer = 0; layer < config_.layers; ++layer) {
    for (const MatrixKind kind : kMatrixKinds) {
      const StoredMatrix stored = matrix(layer, kind);
      for (const StoredPart& part : stored.parts) {
        check_matrix(file_->at(part.weight),
                     part.transposed ? std::vector{stored.in, part.out} : std::vector{part.out, stored.in});
        if (const TensorView* bias = file_->find(part.bias)) check_matrix(*bias, {part.out});
      }
    }
  }
  const std::string beyond = matrix(config_.layers, MatrixKind::kMA).parts[0].weight;
  if (file_->find(beyond) != nullptr) {
    fail_input("{}: found tensor {}, expected {} layers as config.json says", file_->label(), beyond, config_.layers);
  }
}

// A matrix without a bias is one of a network without it. If another part or another layer has one, it was lost.
void ModelTensors::check_biases() const {
  for (const MatrixKind kind : kMatrixKinds) {
    const std::string first = matrix(0, kind).parts[0].bias;
    for (std::size_t layer = 0; layer < config_.layers; ++layer) {
      for (const StoredPart& part : matrix(layer, kind).parts) {
        if ((file_->find(part.bias) == nullptr) == (file_->find(first) == nullptr)) continue;
        fail_input("{}: found only one of the tensors {} and {}, expected both or none", file_->label(), first,
                   part.bias);
      }
    }
  }
}

void ModelTensors::check_others() const {
  for (const std::string& name : norm_names()) {
    for (const bool bias : {false, true}) {
      if (const TensorView* view = find_norm(name, bias)) check_shape(*view, {config_.hidden});
    }
  }
  if (const TensorView* view = find_words()) check_shape(*view, {config_.vocabulary, config_.hidden});
  const std::string rows(naming_table(config_.naming).positions);
  if (const TensorView* view = find(prefix_ + rows)) check_shape(*view, {config_.position_rows, config_.hidden});
}

// A tensor under its name, or under the one that the metadata name in its place: of tensors that share their values
// safetensors' save_model() stores one.
const TensorView* ModelTensors::find(const std::string& name) const {
  if (const TensorView* view = file_->find(name)) return view;
  const auto other = file_->metadata().find(name);
  return other == file_->metadata().end() ? nullptr : file_->find(other->second);
}

std::vector<std::string> ModelTensors::norm_names() const {
  const NamingTable& table = naming_table(config_.naming);
  std::vector<std::string> names;
  for (std::size_t layer = 0; layer < config_.layers; ++layer) {
    names.push_back(layer_name(layer, table.norm_attention));
    names.push_back(layer_name(layer, table.norm_output));
  }
  if (!table.final_norm.empty()) names.push_back(prefix_ + std::string(table.final_norm));
  return names;
}

const TensorView* ModelTensors::find_norm(const std::string& name, bool bias) const {
  const TensorView* const view = find(name + (bias ? ".bias" : ".weight"));
  const TensorView* const old = find(name + (bias ? ".beta" : ".gamma"));
  if (view != nullptr && old != nullptr) {
    fail_input("{}: found both {} and {}, expected one of them", file_->label(), quote(view->name), quote(old->name));
  }
  return view != nullptr ? view : old;
}

StoredNorm ModelTensors::norm(const std::string& name) const {
  StoredNorm result{find_norm(name, false), find_norm(name, true)};
  if (result.gamma == nullptr) result.gamma = &file_->at(name + ".weight");  // says what is missing
  if (result.beta == nullptr) {
    for (const std::string& other : norm_names()) {
      const TensorView* const beta = find_norm(other, true);
      if (beta == nullptr) continue;
      fail_input("{}: found no tensor {} while there is {}, expected a bias for all LayerNorms or for none",
                 file_->label(), quote(name + ".bias"), quote(beta->name));
    }
  }
  return result;
}

StoredNorm ModelTensors::attention_norm(std::size_t layer) const {
  return norm(layer_name(layer, naming_table(config_.naming).norm_attention));
}

StoredNorm ModelTensors::output_norm(std::size_t layer) const {
  return norm(layer_name(layer, naming_table(config_.naming).norm_output));
}

StoredNorm ModelTensors::final_norm() const {
  return norm(prefix_ + std::string(naming_table(config_.naming).final_norm));
}

const TensorView* ModelTensors::find_words() const {
  const TensorView* const view = find(prefix_ + std::string(naming_table(config_.naming).words));
  return view == nullptr && config_.tied_embeddings ? head() : view;
}

const TensorView& ModelTensors::words() const {
  const TensorView* const view = find_words();
  return view != nullptr ? *view : file_->at(prefix_ + std::string(naming_table(config_.naming).words));
}

const TensorView& ModelTensors::positions() const {
  const std::string name = prefix_ + std::string(naming_table(config_.naming).positions);
  const TensorView* const view = find(name);
  return view != nullptr ? *view : file_->at(name);
}

const TensorView* ModelTensors::head() const {
  // The head stands beside the body ("lm_head." beside "transformer."), inside of what wraps both ("_orig_mod.").
  for (std::string around = prefix_;;) {
    for (const std::string_view name : naming_table(config_.naming).heads) {
      if (const TensorView* view = find(around + std::string(name))) return view;
    }
    if (around.empty()) return nullptr;
    around.pop_back();
    around.resize(around.rfind('.') == std::string::npos ? 0 : around.rfind('.') + 1);
  }
}

}  // namespace mixvec::inline golden
