// Writes a pruned model: the checkpoint with some matrices replaced, and their masks and strips beside it.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/checkpoint/model.hpp"
#include "golden/checkpoint/model_card.hpp"
#include "golden/checkpoint/stored_values.hpp"
#include "golden/files/atomic_folder.hpp"
#include "golden/files/input_file.hpp"
#include "golden/files/output.hpp"
#include "golden/files/place.hpp"
#include "golden/safetensors/safetensors_writer.hpp"
#include "golden/safetensors/tensor_view.hpp"
#include "golden/safetensors/weight_files.hpp"

namespace mixvec::inline golden {

namespace fs = std::filesystem;

namespace {

// What takes the place of one tensor of the file.
struct Replacement {
  const PrunedMatrix* matrix;
  StoredPart part;
  bool is_bias;
};

// In the type of the tensor that it replaces: whatever read that reads this.
std::vector<std::byte> bytes_of(const Replacement& replacement, const TensorView& tensor) {
  const PrunedMatrix& matrix = *replacement.matrix;
  const StoredPart& part = replacement.part;
  const auto stored = [&](std::span<const Half> values) {
    return stored_bytes(values, tensor.dtype, fmt::format("{}: tensor {}", matrix.name, quote(tensor.name)));
  };
  if (replacement.is_bias) return stored(std::span(matrix.bias).subspan(part.first, part.out));
  const std::span<const Half> rows = std::span(matrix.weight).subspan(part.first * matrix.in, part.out * matrix.in);
  if (!part.transposed) return stored(rows);
  std::vector<Half> columns(rows.size());
  constexpr std::size_t kBlock = 32;
  for (std::size_t i0 = 0; i0 < matrix.in; i0 += kBlock) {
    const std::size_t i1 = std::min(matrix.in, i0 + kBlock);
    for (std::size_t o0 = 0; o0 < part.out; o0 += kBlock) {
      const std::size_t o1 = std::min(part.out, o0 + kBlock);
      for (std::size_t i = i0; i < i1; ++i) {
        for (std::size_t o = o0; o < o1; ++o) columns[i * part.out + o] = rows[o * matrix.in + i];
      }
    }
  }
  return stored(columns);
}

// Refuses folders whose replacement would delete something other than an earlier result.
void check_earlier(const fs::path& target) {
  if (!fs::exists(target / "config.json")) {
    fail_input("{}: found a folder with other things in it, expected none, an empty one or an earlier model",
               target.string());
  }
}

}  // namespace

std::vector<LeftOut> Model::write_pruned_files(const fs::path& folder, const std::vector<PrunedMatrix>& matrices,
                                               const CardNotes& notes) const {
  std::map<std::string, std::pair<std::size_t, MatrixKind>> places;
  for (std::size_t layer = 0; layer < config_.layers; ++layer) {
    for (const MatrixKind kind : kMatrixKinds) places[matrix_name(layer, kind)] = {layer, kind};
  }
  std::map<std::string, Replacement> replacements;
  std::set<std::string> given;
  for (const PrunedMatrix& matrix : matrices) {
    validate(matrix);
    const auto place = places.find(matrix.name);
    if (place == places.end()) {
      fail_input("{}: found matrix {}, expected layer.N.W_MA, W_MP, W_F1 or W_F2 with N below {}", directory_.string(),
                 quote(matrix.name), config_.layers);
    }
    if (!given.insert(matrix.name).second)
      fail_input("{}: found {} twice, expected it once", folder.string(), matrix.name);
    const StoredMatrix source = tensors_.matrix(place->second.first, place->second.second);
    if (matrix.out != source.out || matrix.in != source.in) {
      fail_input("{}: found shape [{}, {}], expected [{}, {}]", matrix.name, matrix.out, matrix.in, source.out,
                 source.in);
    }
    const bool has_bias = file().find(source.parts[0].bias) != nullptr;
    if (has_bias == matrix.bias.empty()) {
      fail_input("{}: found {} bias values, expected {}", matrix.name, matrix.bias.size(), has_bias ? source.out : 0);
    }
    for (const StoredPart& part : source.parts) {
      replacements.insert_or_assign(part.weight, Replacement{&matrix, part, false});
      if (has_bias) replacements.insert_or_assign(part.bias, Replacement{&matrix, part, true});
    }
  }

  // One file, or shards of the same names.
  std::map<std::string, SafetensorsWriter> files;
  for (const TensorView& tensor : file().tensors()) {
    const auto [place, fresh] = files.try_emplace(fs::path(tensor.file).filename().string());
    SafetensorsWriter& model = place->second;
    if (fresh) {
      for (const auto& [key, value] : file().metadata()) model.set_metadata(key, value);
    }
    const auto found = replacements.find(tensor.name);
    if (found == replacements.end()) {
      model.add_lazy(tensor.name, tensor.dtype, tensor.shape, [&tensor] { return tensor.bytes(); });
    } else {
      model.add_lazy(tensor.name, tensor.dtype, tensor.shape,
                     [&tensor, &replacement = found->second] { return bytes_of(replacement, tensor); });
    }
  }
  CarriedFiles carried = find_carried_files(directory_, is_pruned(), folder);
  for (const auto& [name, model] : files) model.write(folder / name);
  if (!files.contains(kOneFile)) {
    // Names, shapes and types are the same, and so is what the index says of them.
    write_file(folder / kIndexFile, read_file(directory_ / kIndexFile));
    std::erase_if(carried.left_out,
                  [&](const LeftOut& left) { return left.path == kIndexFile || files.contains(left.path); });
  }
  write_pruning_file(folder, config_, matrices, pruning_.get());
  carry(carried, directory_, folder);
  write_file(folder / "README.md", model_card(directory_, matrices, carried, notes));
  return std::move(carried.left_out);
}

std::vector<LeftOut> Model::write_pruned(const fs::path& out_dir, const std::vector<PrunedMatrix>& matrices) const {
  if (is_within(fs::canonical(directory_), folder_place(out_dir))) {
    fail_input("{}: found the model's own folder or one above it, expected another place to write to",
               out_dir.string());
  }
  AtomicFolder folder(out_dir, check_earlier);
  std::vector<LeftOut> left_out = write_pruned_files(folder.path(), matrices);
  folder.commit();
  return left_out;
}

}  // namespace mixvec::inline golden
