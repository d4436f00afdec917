// Reads config.json of GPT-2, BERT, RoBERTa and DistilBERT checkpoints into one set of names.
#include "golden/checkpoint/model_config.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/files/input_file.hpp"
#include "golden/math/layer_norm.hpp"
#include "golden/safetensors/tensor_view.hpp"

namespace mixvec::inline golden {

namespace {

// Far above any Transformer, and low enough that products of two of them fit 64 bits.
constexpr std::uint64_t kMaxExtent = 1U << 24U;

class ConfigReader {
 public:
  explicit ConfigReader(const std::filesystem::path& path) : file_(path.string()), values_(read_json(path)) {
    if (!values_.is_object()) fail_input("{}: found {}, expected a JSON object", file_, show_json(values_));
    // Both kinds of folders are described by a config.json.
    if (values_.contains("pe") && values_.contains("lanes") && values_.contains("vec")) {
      fail_input(
          "{}: found the description of an accelerator (gen_accel's config.json), expected a checkpoint's; were "
          "the folders swapped?",
          file_);
    }
  }

  [[nodiscard]] std::size_t count(const char* field) const {
    const nlohmann::json* const value = get(field);
    if (value == nullptr) fail_input("{}: {}: found nothing, expected an integer", file_, field);
    if (!value->is_number_unsigned() || value->get<std::uint64_t>() == 0 || value->get<std::uint64_t>() > kMaxExtent) {
      fail_input("{}: {}: found {}, expected an integer from 1 to {}", file_, field, show_json(*value), kMaxExtent);
    }
    return value->get<std::size_t>();
  }

  [[nodiscard]] std::size_t count_or(const char* field, std::size_t fallback) const {
    return get(field) == nullptr ? fallback : count(field);
  }

  /// An integer that may be 0.
  [[nodiscard]] std::size_t number_or(const char* field, std::size_t fallback) const {
    const nlohmann::json* const value = get(field);
    if (value == nullptr) return fallback;
    if (!value->is_number_unsigned() || value->get<std::uint64_t>() > kMaxExtent) {
      fail_input("{}: {}: found {}, expected an integer from 0 to {}", file_, field, show_json(*value), kMaxExtent);
    }
    return value->get<std::size_t>();
  }

  /// The ε of LayerNorms over `channels` channels: what layer_norm() takes.
  [[nodiscard]] double epsilon_or(const char* field, double fallback, std::size_t channels) const {
    const nlohmann::json* const value = get(field);
    if (value == nullptr) return fallback;
    const double least = 0x1p-49 / (static_cast<double>(channels) * static_cast<double>(channels));
    if (!value->is_number() || !(value->get<double>() >= least) || value->get<double>() > 1) {
      fail_input("{}: {}: found {}, expected a number from {:.3g} (for {} channels) to 1", file_, field,
                 show_json(*value), least, channels);
    }
    return value->get<double>();
  }

  [[nodiscard]] std::string text_or(const char* field, const char* fallback) const {
    const nlohmann::json* const value = get(field);
    if (value == nullptr) return fallback;
    if (!value->is_string()) fail_input("{}: {}: found {}, expected a string", file_, field, show_json(*value));
    return value->get<std::string>();
  }

  [[nodiscard]] bool flag_or(const char* field, bool fallback) const {
    const nlohmann::json* const value = get(field);
    if (value == nullptr) return fallback;
    if (!value->is_boolean()) fail_input("{}: {}: found {}, expected true or false", file_, field, show_json(*value));
    return value->get<bool>();
  }

  /// The strings of a list; none if it is missing.
  [[nodiscard]] std::vector<std::string> texts(const char* field) const {
    const nlohmann::json* const value = get(field);
    if (value == nullptr) return {};
    std::vector<std::string> result;
    const bool list = value->is_array();
    if (list) {
      for (const nlohmann::json& text : *value) {
        if (text.is_string()) result.push_back(text.get<std::string>());
      }
    }
    if (!list || result.size() != value->size()) {
      fail_input("{}: {}: found {}, expected a list of strings", file_, field, show_json(*value));
    }
    return result;
  }

  // Options that change what the network computes and that Mixvec does not have.
  void require(const char* field, const nlohmann::json& expected) const {
    const nlohmann::json* const value = get(field);
    if (value != nullptr && *value != expected) {
      fail_input("{}: {}: found {}, expected {} (other values are not supported)", file_, field, show_json(*value),
                 show_json(expected));
    }
  }

  [[nodiscard]] const std::string& file() const { return file_; }

 private:
  [[nodiscard]] const nlohmann::json* get(const char* field) const {
    const auto found = values_.find(field);
    return found == values_.end() || found->is_null() ? nullptr : &*found;
  }

  std::string file_;
  nlohmann::json values_;
};

/// A kind of checkpoint that config.json may name.
struct Family {
  std::string_view type;   ///< model_type
  std::string_view model;  ///< what the classes in `architectures` start with
  Naming naming;
  bool padded_positions;  ///< RoBERTa's: the rows up to pad_token_id are no positions
};
constexpr Family kFamilies[] = {
    {"gpt2", "GPT2", Naming::kGpt2, false},          {"bert", "Bert", Naming::kBert, false},
    {"roberta", "Roberta", Naming::kBert, true},     {"xlm-roberta", "XLMRoberta", Naming::kBert, true},
    {"camembert", "Camembert", Naming::kBert, true}, {"distilbert", "DistilBert", Naming::kDistilBert, false}};
constexpr const char* kTypes = R"("gpt2", "bert", "roberta", "xlm-roberta", "camembert" or "distilbert")";

const Family& family_of_type(const std::string& file, const std::string& type) {
  const auto* const found = std::find_if(std::begin(kFamilies), std::end(kFamilies),
                                         [&](const Family& family) { return family.type == type; });
  if (found == std::end(kFamilies)) {
    fail_input("{}: model_type: found {}, expected {}", file, quote(type), kTypes);
  }
  return *found;
}

const Family& family_of_classes(const std::string& file, const std::vector<std::string>& classes) {
  for (const std::string& name : classes) {
    for (const Family& family : kFamilies) {
      if (name.starts_with(family.model)) return family;
    }
  }
  fail_input(
      "{}: found architectures {} and no model_type, expected one of GPT-2, BERT, RoBERTa or DistilBERT; if it is, "
      "add \"model_type\": {}",
      file, quote(classes[0]), kTypes);
}

/// By the names of the tensors. Early checkpoints say nothing about their kind.
const Family& family_of_tensors(const ConfigReader& reader, const SafetensorsFile& weights) {
  std::vector<std::string> names;
  for (const TensorView& view : weights.tensors()) names.push_back(view.name);
  const std::vector<Naming> namings = namings_of(names);
  if (namings.size() != 1) {
    fail_input("{}: model_type: found nothing, and the tensors in {} are those of {}, expected {}; add it",
               reader.file(), weights.label(), namings.empty() ? "none that is known" : "several kinds", kTypes);
  }
  if (namings[0] != Naming::kBert)
    return family_of_type(reader.file(), namings[0] == Naming::kGpt2 ? "gpt2" : "distilbert");
  const std::string prefix = prefixes_of(naming_table(Naming::kBert).anchor(), names)[0];
  if (prefix.ends_with("roberta.")) return family_of_type(reader.file(), "roberta");
  // BERT pads with token 0, RoBERTa with 1. Their layers have equal names, their positions are counted differently.
  if (!prefix.ends_with("bert.") && reader.number_or("pad_token_id", 0) == 1) {
    fail_input("{}: model_type: found nothing, and the tensors in {} may be BERT's or RoBERTa's, expected {}; add it",
               reader.file(), weights.label(), kTypes);
  }
  return family_of_type(reader.file(), "bert");
}

void read_gpt2(const ConfigReader& reader, ModelConfig& config) {
  config.hidden = reader.count("n_embd");
  config.layers = reader.count("n_layer");
  config.heads = reader.count("n_head");
  config.intermediate = reader.count_or("n_inner", 4 * config.hidden);
  config.position_rows = reader.count("n_positions");
  config.layer_norm_epsilon = reader.epsilon_or("layer_norm_epsilon", 1e-5, config.hidden);
  config.activation = reader.text_or("activation_function", "gelu_new");
  reader.require("scale_attn_weights", true);
  reader.require("scale_attn_by_inverse_layer_idx", false);
}

void read_bert(const ConfigReader& reader, ModelConfig& config) {
  config.hidden = reader.count("hidden_size");
  config.layers = reader.count("num_hidden_layers");
  config.heads = reader.count("num_attention_heads");
  config.intermediate = reader.count("intermediate_size");
  config.position_rows = reader.count("max_position_embeddings");
  config.layer_norm_epsilon = reader.epsilon_or("layer_norm_eps", 1e-12, config.hidden);
  config.activation = reader.text_or("hidden_act", "gelu");
  reader.require("position_embedding_type", "absolute");
}

void read_distilbert(const ConfigReader& reader, ModelConfig& config) {
  config.hidden = reader.count("dim");
  config.layers = reader.count("n_layers");
  config.heads = reader.count("n_heads");
  config.intermediate = reader.count("hidden_dim");
  config.position_rows = reader.count("max_position_embeddings");
  config.layer_norm_epsilon = 1e-12;  // fixed in the model's code
  config.activation = reader.text_or("activation", "gelu");
}

}  // namespace

ModelConfig read_model_config(const std::filesystem::path& model_dir, const std::function<SafetensorsFile()>& weights) {
  const ConfigReader reader(model_dir / "config.json");
  const std::string type = reader.text_or("model_type", "");
  const std::vector<std::string> classes = reader.texts("architectures");
  // By its address: a reference would be taken for one to what weights() returns, which is gone by then.
  const Family* const found = !type.empty()      ? &family_of_type(reader.file(), type)
                              : !classes.empty() ? &family_of_classes(reader.file(), classes)
                                                 : &family_of_tensors(reader, weights());
  const Family& family = *found;
  ModelConfig config;
  config.naming = family.naming;
  config.architecture = family.naming == Naming::kGpt2 ? Architecture::kGpt2 : Architecture::kBert;
  switch (family.naming) {
    case Naming::kGpt2:
      read_gpt2(reader, config);
      break;
    case Naming::kBert:
      read_bert(reader, config);
      break;
    case Naming::kDistilBert:
      read_distilbert(reader, config);
      break;
  }
  reader.require("add_cross_attention", false);
  if (config.architecture == Architecture::kBert) reader.require("is_decoder", false);  // GPT-2 is one in any case
  config.vocabulary = reader.count("vocab_size");
  config.tied_embeddings = reader.flag_or("tie_word_embeddings", true);
  const std::size_t unused = family.padded_positions ? reader.number_or("pad_token_id", 1) + 1 : 0;
  if (unused >= config.position_rows) {
    fail_input("{}: pad_token_id: found {}, expected less than {}, max_position_embeddings - 1", reader.file(),
               unused - 1, config.position_rows - 1);
  }
  config.positions = config.position_rows - unused;
  if (config.hidden % config.heads != 0) {
    fail_input("{}: found {} heads for a hidden size of {}, expected a divisor of it", reader.file(), config.heads,
               config.hidden);
  }
  return config;
}

}  // namespace mixvec::inline golden
