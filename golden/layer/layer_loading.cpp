// Reads the layers of a checkpoint.
#include "golden/layer/layer_loading.hpp"

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/math/layer_norm.hpp"

namespace mixvec::inline golden {
namespace {

LayerNorm load_norm(const Model& model, const StoredNorm& stored) {
  std::vector<Half> gamma = stored.gamma->as_half();
  std::vector<Half> beta = stored.beta != nullptr ? stored.beta->as_half() : std::vector<Half>(gamma.size());
  return {std::move(gamma), std::move(beta), model.config().layer_norm_epsilon};
}

}  // namespace

PrunedLayer load_layer(const Model& model, std::size_t layer, int dense_length) {
  const ModelConfig& config = model.config();
  const bool gpt2 = config.architecture == Architecture::kGpt2;
  PrunedLayer result;
  for (const auto& [which, kind] : {std::pair{LayerMatrix::kMA, MatrixKind::kMA},
                                    {LayerMatrix::kMP, MatrixKind::kMP},
                                    {LayerMatrix::kF1, MatrixKind::kF1},
                                    {LayerMatrix::kF2, MatrixKind::kF2}}) {
    result.matrices.emplace(which, model.load_pruned(layer, kind, dense_length));
  }
  Layer& description = result.layer;
  description.name = fmt::format("layer.{}", layer);
  description.hidden = config.hidden;
  description.heads = config.heads;
  description.intermediate = config.intermediate;
  description.norm = gpt2 ? NormPlacement::kPre : NormPlacement::kPost;
  description.causal = gpt2;
  description.activation = find_activation((model.directory() / "config.json").string(), config.activation);
  description.norm_attention = load_norm(model, model.tensors().attention_norm(layer));
  description.norm_output = load_norm(model, model.tensors().output_norm(layer));
  description.emptied = find_emptied_heads(result.matrices.at(LayerMatrix::kMP), config.heads);
  validate(result);
  return result;
}

std::vector<PrunedLayer> load_layers(const Model& model, std::size_t first, std::size_t count, std::size_t tokens,
                                     int dense_length) {
  const ModelConfig& config = model.config();
  if (tokens > config.positions) {
    fail_input("--tokens: found {} (those to decode included), expected at most {} ({} in {})", tokens,
               config.positions, config.architecture == Architecture::kGpt2 ? "n_positions" : "max_position_embeddings",
               (model.directory() / "config.json").string());
  }
  if (first >= config.layers) fail_input("--layer: found {}, expected 0 to {}", first, config.layers - 1);
  if (count > config.layers - first) {
    fail_input("--layers: found {}, expected at most {}: {} has {} layers", count, config.layers - first,
               model.directory().string(), config.layers);
  }
  std::vector<PrunedLayer> layers;
  for (std::size_t l = first; l < first + count; ++l) layers.push_back(load_layer(model, l, dense_length));
  return layers;
}

LayerNorm load_final_norm(const Model& model) {
  if (model.config().architecture != Architecture::kGpt2) {
    fail_input("{}: found a BERT checkpoint, expected GPT-2: BERT ends with its last layer",
               model.directory().string());
  }
  return load_norm(model, model.tensors().final_norm());
}

}  // namespace mixvec::inline golden
