// Reads config.json of GPT-2 and BERT checkpoints into one set of names.
#include <nlohmann/json.hpp>

#include "golden/base/input_file.hpp"
#include "golden/cli.hpp"
#include "golden/error.hpp"
#include "golden/model.hpp"
#include "golden/text.hpp"

namespace mixvec {

namespace {

using nlohmann::json;

// Far above any Transformer, and low enough that products of two of them fit 64 bits.
constexpr std::uint64_t kMaxExtent = 1U << 24U;

class ConfigReader {
 public:
  explicit ConfigReader(const std::filesystem::path& path) : file_(path.string()), values_(read_json(path)) {
    if (!values_.is_object()) fail_input("{}: found {}, expected a JSON object", file_, show_json(values_));
  }

  [[nodiscard]] std::size_t count(const char* field) const {
    const json* const value = get(field);
    if (value == nullptr) fail_input("{}: {}: found nothing, expected an integer", file_, field);
    if (!value->is_number_unsigned() || value->get<std::uint64_t>() == 0 || value->get<std::uint64_t>() > kMaxExtent) {
      fail_input("{}: {}: found {}, expected an integer from 1 to {}", file_, field, show_json(*value), kMaxExtent);
    }
    return value->get<std::size_t>();
  }

  [[nodiscard]] std::size_t count_or(const char* field, std::size_t fallback) const {
    return get(field) == nullptr ? fallback : count(field);
  }

  [[nodiscard]] double positive_or(const char* field, double fallback) const {
    const json* const value = get(field);
    if (value == nullptr) return fallback;
    if (!value->is_number() || !(value->get<double>() > 0)) {
      fail_input("{}: {}: found {}, expected a positive number", file_, field, show_json(*value));
    }
    return value->get<double>();
  }

  [[nodiscard]] std::string text_or(const char* field, const char* fallback) const {
    const json* const value = get(field);
    if (value == nullptr) return fallback;
    if (!value->is_string()) fail_input("{}: {}: found {}, expected a string", file_, field, show_json(*value));
    return value->get<std::string>();
  }

  [[nodiscard]] bool flag_or(const char* field, bool fallback) const {
    const json* const value = get(field);
    if (value == nullptr) return fallback;
    if (!value->is_boolean()) fail_input("{}: {}: found {}, expected true or false", file_, field, show_json(*value));
    return value->get<bool>();
  }

  // Options that change what the network computes and that Mixvec does not have.
  void require(const char* field, const json& expected) const {
    const json* const value = get(field);
    if (value != nullptr && show_json(*value) != show_json(expected)) {
      fail_input("{}: {}: found {}, expected {} (other values are not supported)", file_, field, show_json(*value),
                 show_json(expected));
    }
  }

  [[nodiscard]] const std::string& file() const { return file_; }

 private:
  [[nodiscard]] const json* get(const char* field) const {
    const auto found = values_.find(field);
    return found == values_.end() || found->is_null() ? nullptr : &*found;
  }

  std::string file_;
  json values_;
};

}  // namespace

ModelConfig read_model_config(const std::filesystem::path& model_dir) {
  const ConfigReader reader(model_dir / "config.json");
  const std::string type = reader.text_or("model_type", "");
  ModelConfig config;
  if (type == "gpt2") {
    config.architecture = Architecture::kGpt2;
    config.hidden = reader.count("n_embd");
    config.layers = reader.count("n_layer");
    config.heads = reader.count("n_head");
    config.intermediate = reader.count_or("n_inner", 4 * config.hidden);
    config.positions = reader.count("n_positions");
    config.vocabulary = reader.count("vocab_size");
    config.layer_norm_epsilon = reader.positive_or("layer_norm_epsilon", 1e-5);
    config.activation = reader.text_or("activation_function", "gelu_new");
    reader.require("scale_attn_weights", true);
    reader.require("scale_attn_by_inverse_layer_idx", false);
    reader.require("add_cross_attention", false);
  } else if (type == "bert") {
    config.architecture = Architecture::kBert;
    config.hidden = reader.count("hidden_size");
    config.layers = reader.count("num_hidden_layers");
    config.heads = reader.count("num_attention_heads");
    config.intermediate = reader.count("intermediate_size");
    config.positions = reader.count("max_position_embeddings");
    config.vocabulary = reader.count("vocab_size");
    config.layer_norm_epsilon = reader.positive_or("layer_norm_eps", 1e-12);
    config.activation = reader.text_or("hidden_act", "gelu");
    reader.require("position_embedding_type", "absolute");
    reader.require("is_decoder", false);
  } else {
    fail_input("{}: model_type: found {}, expected \"gpt2\" or \"bert\"", reader.file(), quote(type));
  }
  config.tied_embeddings = reader.flag_or("tie_word_embeddings", true);
  if (config.hidden % config.heads != 0) {
    fail_input("{}: found {} heads for a hidden size of {}, expected a divisor of it", reader.file(), config.heads,
               config.hidden);
  }
  return config;
}

}  // namespace mixvec
