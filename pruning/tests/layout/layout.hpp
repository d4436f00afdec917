// Compares a checkpoint's folder with the list of what Hugging Face's library writes (huggingface.json).
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "golden/files/input_file.hpp"
#include "golden/safetensors/safetensors.hpp"
#include "golden/safetensors/weight_files.hpp"

namespace mixvec::inline pruning {

class Layout {
 public:
  using Json = nlohmann::json;
  using Shape = std::vector<std::size_t>;

  Layout() : list_(read_json(std::filesystem::path(MIXVEC_SOURCE_DIR) / "pruning/tests/layout/huggingface.json")) {}

  /// Every disagreement, each in a line that begins with the file; none: the folder is as the library would write it.
  std::vector<std::string> differences(const std::filesystem::path& folder) {
    differences_.clear();
    folder_ = folder;
    const Json config = read_json(folder / "config.json");
    const std::string name = config.value("architectures", Json::array({"none"})).at(0).get<std::string>();
    if (!list_.at("models").contains(name)) return {fmt::format("config.json: architectures: found {}", name)};
    const Json& model = list_.at("models").at(name);
    compare("config.json", config, list_.at(model.at("config").get<std::string>()));
    const bool understood = differences_.empty();
    if (model.at("generates") != std::filesystem::exists(folder / "generation_config.json")) {
      differ("generation_config.json: it is for models that generate");
    } else if (model.at("generates")) {
      compare_file("generation_config.json");
      same_ids(config);
    }
    if (understood) tensors(config, tensors_of(name, config), model.at("tied"));
    if (understood && std::filesystem::exists(folder / "merges.txt")) byte_pairs(config);
    if (understood && std::filesystem::exists(folder / "vocab.txt")) word_pieces(config);
    return differences_;
  }

  /// Names and shapes of the tensors of a model: the class of the library, and its configuration.
  [[nodiscard]] std::map<std::string, Shape> tensors_of(const std::string& name, const Json& config) const {
    const Json& model = list_.at("models").at(name);
    std::map<std::string, Shape> all;
    for (const Json& part : model.at("tensors")) {
      for (const auto& [pattern, extents] : list_.at(part.get<std::string>()).items()) {
        Shape shape;
        for (const Json& extent : extents) shape.push_back(extent_of(extent.get<std::string>(), config));
        const std::size_t star = pattern.find('*');
        const auto layers = config.at(model.at("layers").get<std::string>()).get<std::size_t>();
        for (std::size_t layer = 0; layer < (star == std::string::npos ? 1 : layers); ++layer) {
          std::string tensor = pattern;
          if (star != std::string::npos) tensor.replace(star, 1, std::to_string(layer));
          all.emplace(tensor, shape);
        }
      }
    }
    return all;
  }

  [[nodiscard]] const Json& list() const { return list_; }

 private:
  void differ(std::string what) { differences_.push_back(std::move(what)); }

  // "3 n_embd": a configuration's number, or so many times it.
  static std::size_t extent_of(const std::string& text, const Json& config) {
    const std::size_t blank = text.find(' ');
    if (blank != std::string::npos) return std::stoul(text) * extent_of(text.substr(blank + 1), config);
    if (text == "labels") return config.contains("id2label") ? config.at("id2label").size() : 2;
    if (text == "n_inner" && config.at(text).is_null()) return 4 * config.at("n_embd").get<std::size_t>();
    return config.at(text).get<std::size_t>();
  }

  static bool is(const Json& value, const std::string& type) {
    if (type.starts_with("=")) return value == Json::parse(type.substr(1));
    std::istringstream words(type);
    for (std::string word; words >> word;) {
      const bool strings = value.is_array() && !value.empty() &&
                           std::all_of(value.begin(), value.end(), [](const Json& v) { return v.is_string(); });
      if ((word == "integer" && value.is_number_integer()) || (word == "number" && value.is_number()) ||
          (word == "string" && value.is_string()) || (word == "boolean" && value.is_boolean()) ||
          (word == "null" && value.is_null()) || (word == "object" && value.is_object()) ||
          (word == "array" && value.is_array()) || (word == "strings" && strings)) {
        return true;
      }
    }
    return false;
  }

  void compare(const std::string& where, const Json& value, const Json& expected) {
    if (expected.is_string()) {
      if (!is(value, expected))
        differ(fmt::format("{}: found {}, expected {}", where, show_json(value), show_json(expected)));
      return;
    }
    if (!value.is_object()) return differ(fmt::format("{}: found {}, expected an object", where, show_json(value)));
    for (const auto& [field, type] : expected.items()) {
      const bool may_miss = field.starts_with("?");
      const std::string name = field.substr(may_miss ? 1 : 0);
      if (value.contains(name)) {
        compare(fmt::format("{}: {}", where, name), value.at(name), type);
      } else if (!may_miss) {
        differ(fmt::format("{}: {}: found nothing", where, name));
      }
    }
    for (const auto& [field, unused] : value.items()) {
      if (!expected.contains(field) && !expected.contains("?" + field)) {
        differ(fmt::format("{}: {}: the library has no such field", where, field));
      }
    }
  }

  Json compare_file(const char* name) { return compare_file(name, list_); }
  Json compare_file(const char* name, const Json& list) {
    if (!std::filesystem::exists(folder_ / name)) {
      differ(fmt::format("{}: it is not there", name));
      return Json::object();
    }
    Json value = read_json(folder_ / name);
    compare(name, value, list.at(name));
    return value;
  }

  // A null of config.json is left out of generation_config.json.
  void same_ids(const Json& config) {
    const Json generation = read_json(folder_ / "generation_config.json");
    for (const char* id : {"bos_token_id", "eos_token_id"}) {
      if (generation.value(id, Json()) != config.value(id, Json())) {
        differ(fmt::format("generation_config.json: {}: not that of config.json", id));
      }
    }
  }

  void tensors(const Json& config, std::map<std::string, Shape> expected, const Json& tied) {
    const SafetensorsFile file = open_weights(folder_);
    const std::string dtype = config.value("torch_dtype", config.value("dtype", "float32"));
    const std::map<std::string, Dtype> types{
        {"float16", Dtype::kF16}, {"float32", Dtype::kF32}, {"bfloat16", Dtype::kBF16}, {"float64", Dtype::kF64}};
    compare("metadata", Json(file.metadata()), list_.at("metadata"));
    std::size_t bytes = 0;
    for (const TensorView& tensor : file.tensors()) {
      bytes += tensor.size;
      const auto found = expected.find(tensor.name);
      if (tied.contains(tensor.name)) {
        differ(fmt::format("{}: stored beside {}, to which it is tied", tensor.name, tied[tensor.name].dump()));
      } else if (found == expected.end()) {
        differ(fmt::format("{}: the library has no such tensor", tensor.name));
      } else {
        if (found->second != tensor.shape) differ(fmt::format("{}: its shape is another", tensor.name));
        if (!types.contains(dtype) || types.at(dtype) != tensor.dtype) {
          differ(fmt::format("{}: found {}, config.json says {}", tensor.name, mixvec::name_of(tensor.dtype), dtype));
        }
        expected.erase(found);
      }
    }
    for (const auto& [name, shape] : expected) differ(fmt::format("{}: it is not there", name));
    if (std::filesystem::exists(folder_ / kOneFile)) return;
    const Json index = compare_file(kIndexFile);
    if (index["metadata"]["total_size"] != bytes) differ("model.safetensors.index.json: metadata: another size");
  }

  struct Tokenizer {
    Json json;
    Json options;
    bool understood = false;
  };

  // The files of a tokenizer, whose ids are those of the model.
  Tokenizer tokenizer(const char* kind, const Json& config, const char* positions) {
    const std::size_t before = differences_.size();
    const Json& list = list_.at(kind);
    Tokenizer found{compare_file("tokenizer.json", list), compare_file("tokenizer_config.json", list)};
    compare_file("special_tokens_map.json", list);
    if (differences_.size() > before) return found;
    const Json& vocabulary = found.json.at("model").at("vocab");
    std::set<std::size_t> ids;
    for (const auto& [token, id] : vocabulary.items()) ids.insert(id.get<std::size_t>());
    const auto size = config.at("vocab_size").get<std::size_t>();
    if (ids.size() != size || vocabulary.size() != size || *ids.rbegin() != size - 1) {
      differ("tokenizer.json: its ids are not those up to vocab_size");
    }
    if (found.options.at("model_max_length") != config.at(positions)) {
      differ(fmt::format("tokenizer_config.json: model_max_length: not {}", positions));
    }
    // Special tokens, in both files alike, are tokens of the vocabulary.
    Json decoder = Json::object();
    for (Json token : found.json.at("added_tokens")) {
      compare("tokenizer.json: added_tokens", token, list_.at("an added token"));
      const auto id = token.at("id").get<std::size_t>();
      if (vocabulary.value(token.at("content").get<std::string>(), size) != id) {
        differ("tokenizer.json: added_tokens: not of the vocabulary");
      }
      token.erase("id");
      decoder[std::to_string(id)] = token;
    }
    if (found.options.at("added_tokens_decoder") != decoder) {
      differ("tokenizer_config.json: added_tokens_decoder: not those of tokenizer.json");
    }
    found.understood = true;
    return found;
  }

  // All forms of a vocabulary of byte pairs, which must say the same.
  void byte_pairs(const Json& config) {
    const Tokenizer found = tokenizer("byte pairs", config, "n_positions");
    if (!found.understood) return;
    const Json& model = found.json.at("model");
    if (read_json(folder_ / "vocab.json") != model.at("vocab")) differ("vocab.json: not that of tokenizer.json");
    std::string merges = "#version: 0.2\n";
    for (const Json& merge : model.at("merges")) merges += merge.get<std::string>() + "\n";
    if (read_file(folder_ / "merges.txt") != merges) differ("merges.txt: not that of tokenizer.json");
    const auto size = config.at("vocab_size").get<std::size_t>();
    if (model.at("merges").size() != size - 257) differ("merges.txt: not one for each token");
    const Json& added = found.json.at("added_tokens");
    if (config.at("bos_token_id") != size - 1 || config.at("eos_token_id") != size - 1 || added.size() != 1 ||
        added[0].at("id") != size - 1 || added[0].at("content") != "<|endoftext|>") {
      differ("config.json, tokenizer.json: the token that ends a text is not the last");
    }
  }

  void word_pieces(const Json& config) {
    const Tokenizer found = tokenizer("word pieces", config, "max_position_embeddings");
    if (!found.understood) return;
    std::map<std::size_t, std::string> by_id;
    for (const auto& [token, id] : found.json.at("model").at("vocab").items()) by_id[id] = token;
    std::string lines;
    for (const auto& [id, token] : by_id) lines += token + "\n";
    if (read_file(folder_ / "vocab.txt") != lines) differ("vocab.txt: not that of tokenizer.json");
    if (found.json.at("added_tokens").size() != 5) differ("tokenizer.json: added_tokens: not the five of a BERT");
    if (by_id.at(config.at("pad_token_id").get<std::size_t>()) != "[PAD]")
      differ("config.json: pad_token_id: not [PAD]");
  }

  Json list_;
  std::filesystem::path folder_;
  std::vector<std::string> differences_;
};

}  // namespace mixvec::inline pruning
