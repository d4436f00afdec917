// Implements BERT's parameters and forward pass.
#include "pruning/train/nets/bert_torch.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "golden/base/error.hpp"
#include "golden/network/encoder_embeddings.hpp"
#include "golden/network/network.hpp"
#include "golden/safetensors/tensor_view.hpp"
#include "pruning/train/nets/layer_parts.hpp"

namespace mixvec::inline pruning {

namespace {

constexpr std::string_view kFused = "attention.self.qkv.";
constexpr const char* kApart[] = {"attention.self.query.", "attention.self.key.", "attention.self.value."};
constexpr const char* kWords = "bert.embeddings.word_embeddings.weight";
constexpr double kBaseWidth = 768;  // of BERT-base, for which its deviation of 0.02 is made
constexpr const char* kTransform = "cls.predictions.transform.";

std::int64_t count(std::size_t value) { return static_cast<std::int64_t>(value); }

torch::Tensor values_in(const TensorView& view) {
  const std::vector<Half> halves = view.as_half();
  std::vector<std::int64_t> shape(view.shape.begin(), view.shape.end());
  torch::Tensor tensor = torch::empty(shape);
  auto* const values = tensor.data_ptr<float>();
  for (std::size_t i = 0; i < halves.size(); ++i) values[i] = to_float(halves[i]);
  return tensor;
}

/// A LayerNorm's tensor is called gamma or beta in old checkpoints.
std::string old_name(const std::string& name) {
  if (name.ends_with("LayerNorm.weight")) return name.substr(0, name.size() - 6) + "gamma";
  if (name.ends_with("LayerNorm.bias")) return name.substr(0, name.size() - 4) + "beta";
  return name;
}

const TensorView* find_any(const Model& model, const std::string& name, const std::vector<std::size_t>& shape) {
  const TensorView* const view = find_tensor(model, name, shape);
  return view != nullptr ? view : find_tensor(model, old_name(name), shape);
}

/// Sines and cosines of the position (Vaswani 2017), as large as the other embeddings: neighbours are alike.
torch::Tensor sinusoids(std::int64_t positions, std::int64_t d) {
  const double amplitude = InitialParameters::kDeviation * std::numbers::sqrt2;
  torch::Tensor rows = torch::empty({positions, d});
  auto* const values = rows.data_ptr<float>();
  for (std::int64_t t = 0; t < positions; ++t) {
    for (std::int64_t c = 0; c < d; ++c) {
      const double angle =
          static_cast<double>(t) / std::pow(1e4, static_cast<double>(c / 2 * 2) / static_cast<double>(d));
      values[t * d + c] = static_cast<float>(amplitude * (c % 2 == 0 ? std::sin(angle) : std::cos(angle)));
    }
  }
  return rows;
}

class BertNet final : public Net {
 public:
  explicit BertNet(BertHead head) : head_(head) {}

  [[nodiscard]] const char* model_class() const override {
    return head_ == BertHead::kSpan ? "BertForQuestionAnswering" : "BertForMaskedLM";
  }
  [[nodiscard]] TorchParameters initialise(const ModelConfig& config, std::uint64_t seed) const override;
  [[nodiscard]] TorchParameters read(const Model& model) const override;
  [[nodiscard]] TorchOutput forward(const ModelConfig& config, const TorchParameters& parameters,
                                    const TorchInput& input, const TorchArithmetic& arithmetic) const override;
  [[nodiscard]] TorchParameters stored(const TorchParameters& parameters) const override;

 private:
  BertHead head_;
};

TorchParameters BertNet::initialise(const ModelConfig& config, std::uint64_t seed) const {
  const std::int64_t d = count(config.hidden);
  const std::int64_t inner = count(config.intermediate);
  InitialParameters begin(seed);
  const double deviation = InitialParameters::kDeviation * std::sqrt(kBaseWidth / static_cast<double>(d));
  begin.normal(kWords, {count(config.vocabulary), d});
  begin.put("bert.embeddings.position_embeddings.weight", sinusoids(count(config.position_rows), d));
  begin.normal("bert.embeddings.token_type_embeddings.weight", {2, d});
  begin.norm("bert.embeddings.LayerNorm", d);
  for (std::size_t layer = 0; layer < config.layers; ++layer) {
    const std::string at = fmt::format("bert.encoder.layer.{}.", layer);
    begin.linear(at + "attention.self.qkv", d, 3 * d, deviation);
    torch::Tensor& qkv = begin.at(at + "attention.self.qkv.weight");
    qkv.slice(1, d, 2 * d).copy_(qkv.slice(1, 0, d));
    begin.linear(at + "attention.output.dense", d, d, deviation);
    begin.norm(at + "attention.output.LayerNorm", d);
    begin.linear(at + "intermediate.dense", d, inner, deviation);
    begin.linear(at + "output.dense", inner, d, deviation);
    begin.norm(at + "output.LayerNorm", d);
  }
  if (head_ == BertHead::kSpan) {
    begin.normal("qa_outputs.weight", {2, d});
    begin.zeros("qa_outputs.bias", 2);
  } else {
    begin.linear(fmt::format("{}dense", kTransform), d, d);
    begin.norm(fmt::format("{}LayerNorm", kTransform), d);
    begin.zeros("cls.predictions.bias", count(config.vocabulary));
  }
  return begin.take();
}

TorchParameters BertNet::read(const Model& model) const {
  const ModelConfig& config = model.config();
  if (config.naming != Naming::kBert || config.position_rows != config.positions) {
    fail_input("{}: found a checkpoint of {}, expected BERT", model.directory().string(),
               config.naming == Naming::kGpt2         ? "GPT-2"
               : config.naming == Naming::kDistilBert ? "DistilBERT"
                                                      : "RoBERTa");
  }
  if (head_ == BertHead::kMaskedLanguage && !config.tied_embeddings) {
    fail_input("{}: tie_word_embeddings: found false, expected true: the word embedding is the output matrix",
               (model.directory() / "config.json").string());
  }
  TorchParameters parameters;
  const Network network = load_network(model);
  for (std::size_t layer = 0; layer < network.layers.size(); ++layer) {
    const NetworkLayer& from = network.layers[layer];
    add_matrices(from, Architecture::kBert, layer, parameters);
    const std::string at = fmt::format("bert.encoder.layer.{}.", layer);
    for (const auto& [name, norm] :
         {std::pair{"attention.output.LayerNorm.", &from.norm_attention}, {"output.LayerNorm.", &from.norm_output}}) {
      parameters[at + name + "weight"] = tensor_of(norm->gamma);
      parameters[at + name + "bias"] = tensor_of(norm->beta);
    }
  }
  // The rest has the file's shapes: those of a network that begins.
  ModelConfig without_layers = config;
  without_layers.layers = 0;
  bool headless = false;
  TorchParameters rest = initialise(without_layers, 0);
  for (auto& [name, tensor] : rest) {
    const bool body = name.starts_with("bert.");
    const TensorView* const view =
        find_any(model, body ? name.substr(std::string_view("bert.").size()) : name, shape_of(tensor));
    if (view != nullptr) {
      tensor = values_in(*view);
    } else if (body) {
      fail_input("{}: found no tensor {}, expected one", model.file().label(), name);
    } else {
      headless = true;
    }
  }
  for (auto& [name, tensor] : rest) {
    if (name.starts_with("bert.") || !headless) parameters[name] = tensor;
  }
  if (!headless && head_ == BertHead::kMaskedLanguage) {
    torch::Tensor& dense = parameters.at(fmt::format("{}dense.weight", kTransform));
    dense = dense.t().contiguous();
  }
  return parameters;
}

TorchOutput BertNet::forward(const ModelConfig& config, const TorchParameters& parameters, const TorchInput& input,
                             const TorchArithmetic& arithmetic) const {
  const std::int64_t sequences = input.ids.size(0);
  const std::int64_t tokens = input.ids.size(1);
  const LayerParts body(config, parameters, "bert.", arithmetic);
  const torch::Tensor types = input.types.defined() ? input.types : torch::zeros_like(input.ids);
  torch::Tensor x = torch::embedding(body.parameter("embeddings.word_embeddings.weight"), input.ids) +
                    body.parameter("embeddings.position_embeddings.weight").slice(0, 0, tokens) +
                    torch::embedding(body.parameter("embeddings.token_type_embeddings.weight"), types);
  x = body.drop(body.norm(x.reshape({sequences * tokens, x.size(-1)}), "embeddings.LayerNorm"));
  torch::Tensor mask;
  if (input.present.defined()) {
    mask = torch::zeros({sequences, 1, 1, tokens})
               .masked_fill(input.present.logical_not().view({sequences, 1, 1, tokens}),
                            -std::numeric_limits<float>::infinity());
  }
  TorchOutput output;
  for (std::size_t layer = 0; layer < config.layers; ++layer) {
    const std::string at = fmt::format("encoder.layer.{}.", layer);
    const torch::Tensor mixed = body.attend(body.linear(x, at + "attention.self.qkv"), sequences, mask);
    x = body.norm(x + body.drop(body.linear(mixed, at + "attention.output.dense")), at + "attention.output.LayerNorm");
    const torch::Tensor inner = body.activate(body.linear(x, at + "intermediate.dense"));
    x = body.norm(x + body.drop(body.linear(inner, at + "output.dense")), at + "output.LayerNorm");
    output.hidden.push_back(x);
  }
  if (input.asked.defined()) x = x.index_select(0, input.asked);
  const LayerParts head(config, parameters, "", arithmetic);
  if (head_ == BertHead::kSpan) {
    output.logits = torch::addmm(head.parameter("qa_outputs.bias"), x, head.parameter("qa_outputs.weight").t());
  } else {
    const std::string at = kTransform;
    x = head.norm(head.activate(head.linear(x, at + "dense")), at + "LayerNorm");
    output.logits = torch::addmm(head.parameter("cls.predictions.bias"), x, head.parameter(kWords).t());
  }
  return output;
}

TorchParameters BertNet::stored(const TorchParameters& parameters) const {
  TorchParameters stored;
  for (const auto& [name, tensor] : parameters) {
    // Matrices of layers and of the transform lie [in][out] here, [out][in] in the file.
    const bool linear = tensor.dim() == 2 && (name.starts_with("bert.encoder.") || name.starts_with(kTransform));
    const torch::Tensor turned = linear ? tensor.t().contiguous() : tensor;
    const std::size_t at = name.find(kFused);
    if (at == std::string::npos) {
      stored[name] = turned;
      continue;
    }
    const std::int64_t d = turned.size(0) / 3;
    for (std::int64_t part = 0; part < 3; ++part) {
      stored[name.substr(0, at) + kApart[part] + name.substr(at + kFused.size())] =
          turned.slice(0, part * d, (part + 1) * d).contiguous();
    }
  }
  return stored;
}

}  // namespace

const Net& bert_net(BertHead head) {
  static const BertNet masked_language(BertHead::kMaskedLanguage);
  static const BertNet span(BertHead::kSpan);
  return head == BertHead::kSpan ? span : masked_language;
}

}  // namespace mixvec::inline pruning
