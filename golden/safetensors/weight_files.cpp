// Opens model.safetensors or its shards.
#include "golden/safetensors/weight_files.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/files/input_file.hpp"
#include "golden/safetensors/tensor_view.hpp"

namespace mixvec::inline golden {

namespace fs = std::filesystem;

namespace {

// Also true for a link to nothing: whoever set it meant a file to be there.
bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::exists(fs::symlink_status(path, error));
}

// Which shard holds which tensor, as the index says.
std::map<std::string, std::string> read_index(const fs::path& path) {
  const nlohmann::json index = read_json(path);
  const auto map = index.is_object() ? index.find("weight_map") : index.end();
  if (!index.is_object() || map == index.end() || !map->is_object()) {
    fail_input("{}: weight_map: found {}, expected an object of tensor names and the files that hold them",
               path.string(), index.is_object() && map != index.end() ? show_json(*map) : "nothing");
  }
  if (map->empty()) {
    fail_input(
        "{}: weight_map: found no tensor in it, expected all and the files that hold them; get the checkpoint whole",
        path.string());
  }
  std::map<std::string, std::string> shard_of;
  for (const auto& [tensor, shard] : map->items()) {
    const std::string name = shard.is_string() ? shard.get<std::string>() : "";
    // A name of another folder would read what the checkpoint does not hold; behind a zero no system looks.
    if (name.empty() || name.find_first_of(std::string_view("/\0", 2)) != std::string::npos ||
        !name.ends_with(".safetensors")) {
      fail_input("{}: weight_map: {}: found {}, expected the name of a .safetensors file in the same folder",
                 path.string(), quote(tensor), show_json(shard));
    }
    shard_of.emplace(tensor, name);
  }
  return shard_of;
}

SafetensorsFile open_shards(const fs::path& model_dir) {
  const fs::path index = model_dir / kIndexFile;
  const std::map<std::string, std::string> shard_of = read_index(index);
  std::set<std::string> names;
  for (const auto& [tensor, shard] : shard_of) names.insert(shard);
  std::vector<std::string> missing;
  for (const std::string& name : names) {
    if (!is_there(model_dir / name)) missing.push_back(name);
  }
  if (!missing.empty()) {
    fail_input("{}: found {} of {} shards, expected all: {} {} missing; get the checkpoint whole", index.string(),
               names.size() - missing.size(), names.size(), fmt::join(missing, ", "),
               missing.size() == 1 ? "is" : "are");
  }
  std::vector<SafetensorsFile> shards;
  shards.reserve(names.size());
  for (const std::string& name : names) shards.push_back(SafetensorsFile::open(model_dir / name));
  SafetensorsFile all = SafetensorsFile::join(index.string(), shards);
  for (const auto& [tensor, shard] : shard_of) {
    const TensorView* const view = all.find(tensor);
    if (view == nullptr) {
      fail_input("{}: weight_map: {}: found no such tensor in {}, expected it there", index.string(), quote(tensor),
                 shard);
    }
    if (view->file != (model_dir / shard).string()) {
      fail_input("{}: weight_map: {}: found it in {}, expected it in {}", index.string(), quote(tensor), view->file,
                 shard);
    }
  }
  for (const TensorView& view : all.tensors()) {
    if (shard_of.contains(view.name)) continue;
    fail_input("{}: weight_map: found nothing for the tensor {} of {}, expected every tensor of its shards",
               index.string(), quote(view.name), fs::path(view.file).filename().string());
  }
  return all;
}

/// Takes `end` off the text, if it ends so.
bool take_off(std::string_view& text, std::string_view end) {
  if (!text.ends_with(end)) return false;
  text.remove_suffix(end.size());
  return true;
}

/// Takes the digits at the end off the text; false if there are none.
bool take_number_off(std::string_view& text) {
  const std::size_t before = text.size();
  while (!text.empty() && text.back() >= '0' && text.back() <= '9') text.remove_suffix(1);
  return text.size() < before;
}

/// Is it the name of one of several files, as "model-00001-of-00002.safetensors"? By hand, as a regular expression
/// costs seconds to compile.
bool is_shard(std::string_view name) {
  return take_off(name, ".safetensors") && take_number_off(name) && take_off(name, "-of-") && take_number_off(name) &&
         take_off(name, "-") && name.find_first_of("\r\n") == name.npos;
}

std::vector<std::string> file_names(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

[[noreturn]] void refuse_other_weights(const fs::path& model_dir) {
  const std::string where = model_dir.string();
  for (const std::string& name : file_names(model_dir)) {
    if (is_shard(name)) {
      fail_input(
          "{}: found {}, a part of a model, and no {}, expected the index and all parts; get the checkpoint whole",
          where, quote(name), kIndexFile);
    }
    if (name.ends_with(".safetensors") && name != "pruning.safetensors") {
      fail_input("{}: found {}, expected {}; if it holds the model, rename it", where, quote(name), kOneFile);
    }
  }
  for (const std::string& name : file_names(model_dir)) {
    const bool torch = name.ends_with(".bin") || name.ends_with(".pt") || name.ends_with(".pth") ||
                       name.ends_with(".ckpt") || name.ends_with(".bin.index.json");
    if (torch || name.ends_with(".h5") || name.ends_with(".msgpack") || name.ends_with(".onnx")) {
      fail_input(
          "{}: found {}, expected {}; convert it with Hugging Face's transformers: python3 -c \"from transformers "
          "import AutoModel; AutoModel.from_pretrained('IN'{}).save_pretrained('OUT', safe_serialization=True)\"",
          where, quote(name), kOneFile,
          name.ends_with(".h5")        ? ", from_tf=True"
          : name.ends_with(".msgpack") ? ", from_flax=True"
                                       : "");
    }
  }
  fail_input("{}: found no weights, expected {} or {} with its shards", where, kOneFile, kIndexFile);
}

}  // namespace

SafetensorsFile open_weights(const fs::path& model_dir) {
  if (is_there(model_dir / kOneFile)) return SafetensorsFile::open(model_dir / kOneFile);
  if (is_there(model_dir / kIndexFile)) return open_shards(model_dir);
  refuse_other_weights(model_dir);
}

}  // namespace mixvec::inline golden
