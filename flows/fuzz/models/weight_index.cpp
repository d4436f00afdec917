// Any bytes beside two shards are their index, or an InputError.
#include "flows/fuzz/models/model_targets.hpp"
#include "golden/safetensors/safetensors_writer.hpp"
#include "golden/safetensors/tensor_view.hpp"
#include "golden/safetensors/weight_files.hpp"

namespace mixvec::inline flows::fuzz {
namespace {

/// The folder of a checkpoint with "a" and "b" in its first shard and "c" in its second.
const std::filesystem::path& weight_index_folder() {
  static const std::filesystem::path made = [] {
    std::filesystem::path place = fresh_folder("shards");
    const std::vector<float> values(2);
    SafetensorsWriter first;
    first.add("a", {2}, values);
    first.add("b", {1, 2}, values);
    first.write(place / "model-00001-of-00002.safetensors");
    SafetensorsWriter second;
    second.add("c", {2, 1}, values);
    second.write(place / "model-00002-of-00002.safetensors");
    return place;
  }();
  return made;
}

void fuzz_weight_index(std::string_view bytes) {
  put(weight_index_folder() / "model.safetensors.index.json", bytes);
  const SafetensorsFile file = open_weights(weight_index_folder());
  for (const TensorView& view : file.tensors()) {
    require(must("bytes", [&] { return view.bytes().size(); }) == view.size, "bytes are missing");
  }
  require(file.tensors().size() <= 3, "more tensors than there are");
}

std::vector<std::string> weight_index_seeds() {
  return {R"({"metadata":{"total_size":24},"weight_map":{"a":"model-00001-of-00002.safetensors",)"
          R"("b":"model-00001-of-00002.safetensors","c":"model-00002-of-00002.safetensors"}})",
          R"({"weight_map":{"c":"model-00002-of-00002.safetensors"}})"};
}

}  // namespace

Target weight_index_target() {
  return {.name = "weight_index",
          .read = fuzz_weight_index,
          .seeds = weight_index_seeds,
          .words = {"weight_map", "metadata", "total_size", "\"model-00001-of-00002.safetensors\"",
                    "\"model-00002-of-00002.safetensors\"", ".safetensors", "../", "\\u0000"}};
}

}  // namespace mixvec::inline flows::fuzz
