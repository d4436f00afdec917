// Tests that prune_model keeps the layout that Hugging Face's library has, and that a fault in it is noticed.
#include "pruning/tests/layout/layout.hpp"

#include <gtest/gtest.h>

#include "golden/base/random.hpp"
#include "golden/files/output.hpp"
#include "golden/safetensors/safetensors_writer.hpp"
#include "pruning/tests/program_fixture.hpp"
#include "pruning/train/vocabulary/vocabulary_files.hpp"
#include "pruning/train/vocabulary/word_piece_trainer.hpp"

namespace mixvec::inline pruning {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using Lines = std::vector<std::string>;

class LibraryLayout : public ProgramTest {
 protected:
  // A value of a field for each of the list's types; sizes are small.
  Json config_of(const std::string& model) const {
    const Json& fields = layout_.list().at(layout_.list().at("models").at(model).at("config").get<std::string>());
    Json config = Json::object();
    for (const auto& [field, given] : fields.items()) {
      const auto type = given.get<std::string>();
      if (field.starts_with("?")) continue;
      config[field] = type.starts_with("=") ? Json::parse(type.substr(1))
                      : type == "boolean"   ? Json(false)
                      : type == "integer"   ? Json(8)
                      : type == "number"    ? Json(0.001)
                      : type == "string"    ? Json("gelu")
                                            : Json();
    }
    config["architectures"] = {model};
    config["torch_dtype"] = "float32";
    for (const char* field : {"n_layer", "num_hidden_layers", "n_head", "num_attention_heads"}) {
      if (config.contains(field)) config[field] = 2;
    }
    if (config.contains("position_embedding_type")) config["position_embedding_type"] = "absolute";
    if (config.contains("scale_attn_weights")) config["scale_attn_weights"] = true;
    return config;
  }

  // What the library would write of such a model, in `shards` files.
  void write(const std::string& model, Json config, std::size_t shards = 1) const {
    const fs::path folder = folder_.path / "source";
    fs::create_directories(folder);
    if (config.contains("bos_token_id")) {
      const BytePairVocabulary vocabulary = learn_byte_pairs("the cat and the dog and the cow", "text", 260);
      write_byte_pairs(folder, vocabulary, 8);
      config["vocab_size"] = 260;
      config["bos_token_id"] = config["eos_token_id"] = 259;
      write_json(folder / "generation_config.json",
                 {{"_from_model_config", true}, {"bos_token_id", 259}, {"eos_token_id", 259}});
    }
    if (config.contains("pad_token_id")) {
      const std::vector<std::string> tokens = train_word_pieces("the cat and the dog", 24, "text");
      write_word_pieces(folder, tokens, 8);
      config["vocab_size"] = tokens.size();
      config["pad_token_id"] = 0;
    }
    write_json(folder / "config.json", Json(config));
    std::vector<SafetensorsWriter> files(shards);
    Json index = {{"metadata", {{"total_size", 0}}}, {"weight_map", Json::object()}};
    Random random(1);
    std::size_t number = 0;
    std::size_t bytes = 0;
    const auto name_of_shard = [&](std::size_t shard) {
      return shards == 1 ? kOneFile : fmt::format("model-{:05}-of-{:05}.safetensors", shard + 1, shards);
    };
    for (const auto& [name, shape] : layout_.tensors_of(model, config)) {
      std::size_t size = 1;
      for (const std::size_t extent : shape) size *= extent;
      std::vector<float> values(size);
      for (float& value : values) value = static_cast<float>(random.below(256)) / 256.0F - 0.5F;
      const std::size_t shard = number++ % shards;
      files[shard].add(name, shape, std::span<const float>(values));
      index["weight_map"][name] = name_of_shard(shard);
      bytes += 4 * size;
    }
    index["metadata"]["total_size"] = bytes;
    for (std::size_t shard = 0; shard < shards; ++shard) {
      files[shard].set_metadata("format", "pt");
      files[shard].write(folder / name_of_shard(shard));
    }
    if (shards > 1) write_json(folder / kIndexFile, Json(index));
  }

  Layout layout_;
};

TEST_F(LibraryLayout, APrunedModelHasThatOfItsSource) {
  std::size_t models = 0;
  for (const auto& [model, unused] : layout_.list().at("models").items()) {
    for (const std::size_t shards : {1U, 3U}) {
      if (shards > 1 && model != "BertForMaskedLM" && model != "GPT2LMHeadModel") continue;
      fs::remove_all(folder_.path / "source");
      write(model, config_of(model), shards);
      ASSERT_EQ(layout_.differences(folder_.path / "source"), Lines{}) << model;
      ASSERT_EQ(run(MIXVEC_PRUNE_MODEL " --pattern mixed --ratio 0.5 --no-grouping --no-pictures --threads 1 --model " +
                    path("source") + " --out " + path("pruned")),
                0)
          << output();
      EXPECT_EQ(layout_.differences(folder_.path / "pruned"), Lines{}) << model;
      EXPECT_EQ(fs::exists(folder_.path / "pruned" / kIndexFile), shards > 1);
      for (const char* file : {"config.json", "generation_config.json", "tokenizer.json", "vocab.json", "merges.txt",
                               "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"}) {
        if (!fs::exists(folder_.path / "source" / file)) continue;
        EXPECT_EQ(read_file(folder_.path / "source" / file), read_file(folder_.path / "pruned" / file)) << file;
      }
      fs::remove_all(folder_.path / "pruned");
      ++models;
    }
  }
  EXPECT_EQ(models, 6U);
}

TEST_F(LibraryLayout, FaultsAreNoticed) {
  const std::string model = "GPT2LMHeadModel";
  const fs::path folder = folder_.path / "source";
  write(model, config_of(model));
  const auto with = [&](const char* file, auto change) {
    const Json good = read_json(folder / file);
    Json json = good;
    change(json);
    write_json(folder / file, json);
    Lines found = layout_.differences(folder);
    write_json(folder / file, good);
    return found;
  };
  EXPECT_EQ(with("config.json", [](Json& c) { c.erase("use_cache"); }),
            (Lines{"config.json: use_cache: found nothing"}));
  EXPECT_EQ(with("config.json", [](Json& c) { c["mine"] = 1; }),
            (Lines{"config.json: mine: the library has no such field"}));
  EXPECT_EQ(with("config.json", [](Json& c) { c["n_head"] = "2"; }),
            (Lines{"config.json: n_head: found \"2\", expected \"integer\""}));
  EXPECT_EQ(with("config.json", [](Json& c) { c["model_type"] = "gpt"; }).size(), 1U);
  EXPECT_EQ(with("config.json", [](Json& c) { c["architectures"] = {"GPT"}; }),
            (Lines{"config.json: architectures: found GPT"}));
  EXPECT_EQ(with("config.json", [](Json& c) { c["torch_dtype"] = "float16"; }).size(), 28U);
  EXPECT_EQ(with("config.json", [](Json& c) { c["n_layer"] = 1; }).size(), 12U);
  EXPECT_EQ(with("config.json", [](Json& c) { c["n_positions"] = 9; }),
            (Lines{"transformer.wpe.weight: its shape is another",
                   "tokenizer_config.json: model_max_length: not n_positions"}));
  EXPECT_EQ(with("config.json", [](Json& c) { c["eos_token_id"] = 1; }).size(), 2U);
  EXPECT_EQ(with("generation_config.json", [](Json& c) { c.erase("eos_token_id"); }).size(), 1U);
  EXPECT_EQ(with("tokenizer.json", [](Json& c) { c["decoder"].erase("type"); }),
            (Lines{"tokenizer.json: decoder: type: found nothing"}));
  EXPECT_EQ(with("tokenizer.json", [](Json& c) { c["added_tokens"] = Json::array(); }).size(), 2U);
  EXPECT_EQ(with("tokenizer.json", [](Json& c) { c["model"]["merges"][0] = "a b"; }),
            (Lines{"merges.txt: not that of tokenizer.json"}));
  EXPECT_EQ(with("vocab.json", [](Json& c) { c["a"] = 0; }), (Lines{"vocab.json: not that of tokenizer.json"}));
  EXPECT_EQ(with("special_tokens_map.json", [](Json& c) { c["pad_token"] = "x"; }).size(), 1U);
  EXPECT_EQ(layout_.differences(folder), Lines{});
  // A tied weight that is stored, and metadata that say nothing.
  SafetensorsWriter writer;
  const SafetensorsFile file = SafetensorsFile::open(folder / kOneFile);
  for (const TensorView& tensor : file.tensors()) writer.add(tensor.name, tensor.dtype, tensor.shape, tensor.bytes());
  const TensorView& words = file.at("transformer.wte.weight");
  writer.add("lm_head.weight", words.dtype, words.shape, words.bytes());
  writer.write(folder / "other.safetensors");
  fs::rename(folder / "other.safetensors", folder / kOneFile);
  EXPECT_EQ(layout_.differences(folder),
            (Lines{"metadata: format: found nothing",
                   "lm_head.weight: stored beside \"transformer.wte.weight\", to which it is tied"}));
  // An index that counts other bytes.
  write(model, config_of(model), 2);
  fs::remove(folder / kOneFile);
  Json index = read_json(folder / kIndexFile);
  index["metadata"]["total_size"] = 1;
  write_json(folder / kIndexFile, index);
  EXPECT_EQ(layout_.differences(folder), (Lines{"model.safetensors.index.json: metadata: another size"}));
}

}  // namespace
}  // namespace mixvec::inline pruning
