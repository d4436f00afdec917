// Weights, configuration and vocabulary.
#include "pruning/train/model_files.hpp"

#include <nlohmann/json.hpp>

#include "golden/base/error.hpp"
#include "golden/checkpoint/carried_files.hpp"
#include "golden/files/input_file.hpp"
#include "golden/files/output.hpp"
#include "golden/safetensors/safetensors_writer.hpp"

namespace mixvec::inline pruning {

namespace fs = std::filesystem;

namespace {

const char* torch_name(Dtype dtype) { return dtype == Dtype::kF16 ? "float16" : "float32"; }

}  // namespace

void write_weights(const fs::path& folder, const TorchParameters& parameters, Dtype dtype) {
  SafetensorsWriter writer;
  writer.set_metadata("format", "pt");
  for (const auto& [name, tensor] : parameters) {
    const std::span<const float> values = values_of(tensor);
    if (dtype == Dtype::kF32) {
      writer.add(name, shape_of(tensor), values);
      continue;
    }
    std::vector<Half> halves;
    halves.reserve(values.size());
    for (const float value : values) halves.push_back(to_half(value));
    writer.add(name, shape_of(tensor), halves);
  }
  writer.write(folder / "model.safetensors");
}

void write_config(const fs::path& folder, const ModelConfig& config, Dtype dtype, double dropout,
                  std::optional<std::size_t> end_of_text) {
  const nlohmann::ordered_json end = end_of_text ? nlohmann::ordered_json(*end_of_text) : nullptr;
  const nlohmann::ordered_json json = {{"activation_function", config.activation},
                                       {"architectures", {"GPT2LMHeadModel"}},
                                       {"attn_pdrop", dropout},
                                       {"bos_token_id", end},
                                       {"embd_pdrop", dropout},
                                       {"eos_token_id", end},
                                       {"initializer_range", 0.02},
                                       {"layer_norm_epsilon", config.layer_norm_epsilon},
                                       {"model_type", "gpt2"},
                                       {"n_embd", config.hidden},
                                       {"n_head", config.heads},
                                       {"n_inner", nullptr},
                                       {"n_layer", config.layers},
                                       {"n_positions", config.positions},
                                       {"reorder_and_upcast_attn", false},
                                       {"resid_pdrop", dropout},
                                       {"scale_attn_by_inverse_layer_idx", false},
                                       {"scale_attn_weights", true},
                                       {"summary_activation", nullptr},
                                       {"summary_first_dropout", 0.1},
                                       {"summary_proj_to_labels", true},
                                       {"summary_type", "cls_index"},
                                       {"summary_use_proj", true},
                                       {"torch_dtype", torch_name(dtype)},
                                       {"use_cache", true},
                                       {"vocab_size", config.vocabulary}};
  write_file(folder / "config.json", json.dump(2) + "\n");
  // What the library makes of such a configuration.
  nlohmann::ordered_json generation = {{"_from_model_config", true}};
  if (end_of_text) {
    generation["bos_token_id"] = end;
    generation["eos_token_id"] = end;
  }
  write_file(folder / "generation_config.json", generation.dump(2) + "\n");
}

void write_trained(const fs::path& folder, const Model& source, const char* model_class,
                   const TorchParameters& parameters, Dtype dtype) {
  carry(find_carried_files(source.directory(), source.is_pruned(), folder), source.directory(), folder);
  nlohmann::ordered_json config = nlohmann::ordered_json::parse(read_file(source.directory() / "config.json"));
  config["architectures"] = {model_class};
  config["torch_dtype"] = torch_name(dtype);
  write_file(folder / "config.json", config.dump(2) + "\n");
  write_weights(folder, parameters, dtype);
}

void write_bert_config(const fs::path& folder, const ModelConfig& config, const char* model_class, Dtype dtype,
                       double dropout) {
  const nlohmann::ordered_json json = {{"architectures", {model_class}},
                                       {"attention_probs_dropout_prob", dropout},
                                       {"classifier_dropout", nullptr},
                                       {"hidden_act", config.activation},
                                       {"hidden_dropout_prob", dropout},
                                       {"hidden_size", config.hidden},
                                       {"initializer_range", 0.02},
                                       {"intermediate_size", config.intermediate},
                                       {"layer_norm_eps", config.layer_norm_epsilon},
                                       {"max_position_embeddings", config.position_rows},
                                       {"model_type", "bert"},
                                       {"num_attention_heads", config.heads},
                                       {"num_hidden_layers", config.layers},
                                       {"pad_token_id", 0},
                                       {"position_embedding_type", "absolute"},
                                       {"torch_dtype", torch_name(dtype)},
                                       {"type_vocab_size", 2},
                                       {"use_cache", true},
                                       {"vocab_size", config.vocabulary}};
  write_file(folder / "config.json", json.dump(2) + "\n");
}

}  // namespace mixvec::inline pruning
