// Any bytes are the weights of a checkpoint, from which all layers can be loaded, or an InputError.
#include "flows/fuzz/models/model_targets.hpp"
#include "flows/fuzz/models/small_models.hpp"
#include "golden/files/input_file.hpp"

namespace mixvec::inline flows::fuzz {
namespace {

/// Its config.json has the fields of all families and names none: the weights decide.
const std::filesystem::path& checkpoint_folder() {
  static const std::filesystem::path made = [] {
    std::filesystem::path place = fresh_folder("checkpoint");
    nlohmann::json config;
    for (const SmallCheckpoint& checkpoint : {one_layer(SmallCheckpoint::gpt2()), one_layer(SmallCheckpoint::bert()),
                                              one_layer(SmallCheckpoint::distilbert())}) {
      config.update(checkpoint.config);
    }
    config.erase("model_type");
    put(place / "config.json", config.dump());
    return place;
  }();
  return made;
}

void fuzz_checkpoint(std::string_view bytes) {
  put(checkpoint_folder() / "model.safetensors", bytes);
  const Model model = Model::open(checkpoint_folder());
  const std::vector<Half> numbers = numbers_of(model);
  require(!numbers.empty(), "no numbers in the layers");
  for (const Half number : numbers) require(is_finite(number), "a number that is not finite");
}

std::vector<std::string> checkpoint_seeds() {
  std::vector<std::string> all;
  const std::filesystem::path place = scratch() / "weights.safetensors";
  for (const auto make : {SmallCheckpoint::gpt2, SmallCheckpoint::bert, SmallCheckpoint::distilbert}) {
    SmallCheckpoint checkpoint = one_layer(make());
    checkpoint.write_weights(place);
    all.push_back(read_file(place));
  }
  SmallCheckpoint prefixed = one_layer(SmallCheckpoint::gpt2());
  prefixed.add_prefix("transformer.");
  prefixed.write_weights(place);
  all.push_back(read_file(place));
  return all;
}

}  // namespace

Target checkpoint_target() {
  return {.name = "checkpoint",
          .read = fuzz_checkpoint,
          .seeds = checkpoint_seeds,
          .words = {"h.0.",
                    "attn.c_attn",
                    "c_proj",
                    "mlp.c_fc",
                    "ln_1",
                    "ln_f",
                    "wte.weight",
                    "lm_head.weight",
                    "transformer.",
                    "encoder.layer.0.",
                    "attention.self.query",
                    "LayerNorm",
                    "gamma",
                    "beta",
                    ".weight",
                    ".bias",
                    "F16",
                    "BF16",
                    "F64",
                    "F32",
                    "I64",
                    "q_lin",
                    "\"shape\":[8,24]",
                    "\"shape\":[24,8]"},
          .most_bytes = 12288};
}

}  // namespace mixvec::inline flows::fuzz
