// Any bytes are the config.json of one of three checkpoints, which can then be loaded, or an InputError.
#include <array>

#include "flows/fuzz/models/model_targets.hpp"
#include "flows/fuzz/models/small_models.hpp"

namespace mixvec::inline flows::fuzz {
namespace {

std::array<SmallCheckpoint, 3> checkpoints() {
  return {one_layer(SmallCheckpoint::gpt2()), one_layer(SmallCheckpoint::bert()),
          one_layer(SmallCheckpoint::distilbert())};
}

/// A folder for the weights of each family.
const std::vector<std::filesystem::path>& folders() {
  static const std::vector<std::filesystem::path> made = [] {
    std::vector<std::filesystem::path> places;
    for (const SmallCheckpoint& checkpoint : checkpoints()) {
      places.push_back(fresh_folder("config_" + checkpoint.config["model_type"].get<std::string>()));
      checkpoint.write(places.back());
    }
    return places;
  }();
  return made;
}

void read_in(const std::filesystem::path& folder, std::string_view bytes) {
  put(folder / "config.json", bytes);
  const Model model = Model::open(folder);
  const ModelConfig& config = model.config();
  require(config.layers == 1 && config.hidden == 8 && config.heads > 0 && config.hidden % config.heads == 0,
          "another network than that of the weights");
  require(config.positions > 0 && config.positions <= config.position_rows, "no positions");
  numbers_of(model);
}

void fuzz_model_config(std::string_view bytes) {
  bool taken = false;
  for (std::size_t i = 0; i < folders().size(); ++i) {
    try {
      read_in(folders()[i], bytes);
      taken = true;
    } catch (const InputError&) {
      if (i + 1 == folders().size() && !taken) throw;
    }
  }
}

std::vector<std::string> model_config_seeds() {
  std::vector<std::string> all;
  for (SmallCheckpoint& checkpoint : checkpoints()) {
    all.push_back(checkpoint.config.dump());
    checkpoint.config.erase("model_type");
    all.push_back(checkpoint.config.dump());
  }
  all.push_back(R"({"architectures":["RobertaModel"],"hidden_size":8,"num_hidden_layers":1,"num_attention_heads":2,)"
                R"("intermediate_size":24,"vocab_size":11,"max_position_embeddings":16,"pad_token_id":1})");
  return all;
}

}  // namespace

Target model_config_target() {
  return {.name = "model_config",
          .read = fuzz_model_config,
          .seeds = model_config_seeds,
          .words = {"model_type",
                    "architectures",
                    "gpt2",
                    "bert",
                    "roberta",
                    "xlm-roberta",
                    "camembert",
                    "distilbert",
                    "GPT2LMHeadModel",
                    "n_embd",
                    "n_layer",
                    "n_head",
                    "n_inner",
                    "n_positions",
                    "vocab_size",
                    "layer_norm_epsilon",
                    "activation_function",
                    "gelu_new",
                    "gelu",
                    "relu",
                    "hidden_act",
                    "hidden_size",
                    "num_hidden_layers",
                    "num_attention_heads",
                    "intermediate_size",
                    "pad_token_id",
                    "max_position_embeddings",
                    "layer_norm_eps",
                    "position_embedding_type",
                    "absolute",
                    "is_decoder",
                    "add_cross_attention",
                    "tie_word_embeddings",
                    "scale_attn_weights",
                    "dim",
                    "hidden_dim",
                    "null",
                    "scale_attn_by_inverse_layer_idx",
                    "16777216"}};
}

}  // namespace mixvec::inline flows::fuzz
