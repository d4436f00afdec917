// Checkpoints of two small layers whose tensors tests rename, transpose and take away.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "golden/checkpoint/model.hpp"
#include "golden/cli/cli.hpp"
#include "golden/layer/layer_loading.hpp"
#include "golden/math/layer_norm.hpp"
#include "golden/safetensors/safetensors.hpp"
#include "golden/safetensors/safetensors_writer.hpp"

namespace mixvec::inline golden {

/// d = 8, two heads, 2 layers, 24 inner channels, 16 positions, 11 words. A value depends on its tensor and place.
class SmallCheckpoint {
 public:
  struct Tensor {
    std::vector<std::size_t> shape;
    std::vector<float> values;
  };

  nlohmann::json config;
  std::map<std::string, Tensor> tensors;
  std::map<std::string, std::string> metadata;

  // As a JSON value may throw, so may this; and it is copied where it could be moved, as a move may not.
  SmallCheckpoint() noexcept(false) = default;
  SmallCheckpoint(const SmallCheckpoint&) = default;
  SmallCheckpoint& operator=(const SmallCheckpoint&) = default;
  ~SmallCheckpoint() = default;

  static SmallCheckpoint gpt2() {
    SmallCheckpoint result;
    result.config = {{"model_type", "gpt2"}, {"n_embd", 8},       {"n_layer", 2},    {"n_head", 2},
                     {"n_inner", 24},        {"n_positions", 16}, {"vocab_size", 11}};
    result.add("wte.weight", {11, 8});
    result.add("wpe.weight", {16, 8});
    for (const std::string at : {"h.0.", "h.1."}) {
      result.add_linear(at + "attn.c_attn", 8, 24);
      result.add_linear(at + "attn.c_proj", 8, 8);
      result.add_linear(at + "mlp.c_fc", 8, 24);
      result.add_linear(at + "mlp.c_proj", 24, 8);
      result.add_norm(at + "ln_1");
      result.add_norm(at + "ln_2");
    }
    result.add_norm("ln_f");
    return result;
  }

  static SmallCheckpoint bert() {
    SmallCheckpoint result;
    result.config = {{"model_type", "bert"},          {"hidden_size", 8},        {"num_hidden_layers", 2},
                     {"num_attention_heads", 2},      {"intermediate_size", 24}, {"vocab_size", 11},
                     {"max_position_embeddings", 16}, {"hidden_act", "gelu"}};
    result.add("embeddings.word_embeddings.weight", {11, 8});
    result.add("embeddings.position_embeddings.weight", {16, 8});
    for (const std::string at : {"encoder.layer.0.", "encoder.layer.1."}) {
      for (const char* name : {"query", "key", "value"}) result.add_linear(at + "attention.self." + name, 8, 8);
      result.add_linear(at + "attention.output.dense", 8, 8);
      result.add_linear(at + "intermediate.dense", 24, 8);
      result.add_linear(at + "output.dense", 8, 24);
      result.add_norm(at + "attention.output.LayerNorm");
      result.add_norm(at + "output.LayerNorm");
    }
    return result;
  }

  /// The network of bert() under DistilBERT's names.
  static SmallCheckpoint distilbert() {
    SmallCheckpoint result = bert();
    result.config = {{"model_type", "distilbert"},
                     {"dim", 8},
                     {"n_layers", 2},
                     {"n_heads", 2},
                     {"hidden_dim", 24},
                     {"vocab_size", 11},
                     {"max_position_embeddings", 16}};
    for (const auto& [from, to] : {std::pair{"encoder.layer.", "transformer.layer."},
                                   {"attention.self.query", "attention.q_lin"},
                                   {"attention.self.key", "attention.k_lin"},
                                   {"attention.self.value", "attention.v_lin"},
                                   {"attention.output.dense", "attention.out_lin"},
                                   {"intermediate.dense", "ffn.lin1"},
                                   {"attention.output.LayerNorm", "sa_layer_norm"},
                                   {"output.LayerNorm", "output_layer_norm"},
                                   {"output.dense", "ffn.lin2"}}) {
      result.replace(from, to);
    }
    return result;
  }

  void add(const std::string& name, std::vector<std::size_t> shape) {
    std::size_t size = 1;
    for (const std::size_t extent : shape) size *= extent;
    std::uint32_t state = 1;
    for (const char c : name) state = state * 31 + static_cast<unsigned char>(c);
    std::vector<float> values(size);
    // Multiples of 2^-8 below 8: exact in binary16.
    for (float& value : values)
      value = static_cast<float>((state = state * 1664525 + 1013904223) >> 21U) / 256.0F - 4.0F;
    tensors[name] = {std::move(shape), std::move(values)};
  }

  /// Renames all tensors whose names hold `from`.
  void replace(const std::string& from, const std::string& to) {
    std::map<std::string, Tensor> renamed;
    for (auto& [name, tensor] : tensors) {
      const std::size_t at = name.find(from);
      renamed[at == std::string::npos ? name : name.substr(0, at) + to + name.substr(at + from.size())] =
          std::move(tensor);
    }
    tensors = std::move(renamed);
  }

  void add_prefix(const std::string& prefix) {
    std::map<std::string, Tensor> renamed;
    for (auto& [name, tensor] : tensors) renamed[prefix + name] = std::move(tensor);
    tensors = std::move(renamed);
  }

  void transpose(const std::string& name) {
    Tensor& tensor = tensors.at(name);
    const std::size_t rows = tensor.shape.at(0);
    const std::size_t columns = tensor.shape.at(1);
    Tensor turned{{columns, rows}, std::vector<float>(rows * columns)};
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < columns; ++c) turned.values[c * rows + r] = tensor.values[r * columns + c];
    }
    tensor = std::move(turned);
  }

  /// Takes away all tensors whose names end so.
  void remove(const std::string& ending) {
    std::erase_if(tensors, [&](const auto& entry) { return entry.first.ends_with(ending); });
  }

  void write_weights(const std::filesystem::path& file) const {
    SafetensorsWriter writer;
    for (const auto& [key, value] : metadata) writer.set_metadata(key, value);
    for (const auto& [name, tensor] : tensors) writer.add(name, tensor.shape, std::span<const float>(tensor.values));
    writer.write(file);
  }

  void write(const std::filesystem::path& folder) const {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    write_file(folder / "config.json", config.dump(2));
    write_weights(folder / "model.safetensors");
  }

 private:
  void add_linear(const std::string& name, std::size_t rows, std::size_t columns) {
    add(name + ".weight", {rows, columns});
    add(name + ".bias", {name.ends_with("c_attn") || name.ends_with("c_fc") ? columns
                         : name.find("c_proj") != std::string::npos         ? std::size_t{8}
                                                                            : rows});
  }

  void add_norm(const std::string& name) {
    add(name + ".weight", {8});
    add(name + ".bias", {8});
  }
};

/// All numbers that the layers of a checkpoint compute with.
inline std::vector<Half> numbers_of(const Model& model) {
  std::vector<Half> numbers;
  const auto append = [&](const std::vector<Half>& values) {
    numbers.insert(numbers.end(), values.begin(), values.end());
  };
  for (const PrunedLayer& layer : load_layers(model, 0, model.config().layers, 1)) {
    for (const LayerNorm* norm : {&layer.layer.norm_attention, &layer.layer.norm_output}) {
      append(norm->gamma);
      append(norm->beta);
    }
    for (const auto& [which, matrix] : layer.matrices) {
      append(matrix.weight);
      append(matrix.bias);
    }
  }
  append(model.tensors().words().as_half());
  append(model.tensors().positions().as_half());
  return numbers;
}

}  // namespace mixvec::inline golden
