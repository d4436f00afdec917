// Reads and writes pruning.safetensors.
#include "golden/checkpoint/pruning_file.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <sstream>

#include "golden/base/error.hpp"
#include "golden/base/text.hpp"
#include "golden/safetensors/safetensors_writer.hpp"
#include "golden/safetensors/tensor_view.hpp"

namespace mixvec::inline golden {

namespace fs = std::filesystem;

namespace {

constexpr const char* kName = "pruning.safetensors";
constexpr const char* kFormat = "mixvec-pruning-1";
constexpr std::array<std::string_view, 4> kNeeded{"mask", "direction", "lengths", "index"};

std::vector<std::string> matrix_names(const ModelConfig& config) {
  std::vector<std::string> names;
  for (std::size_t layer = 0; layer < config.layers; ++layer) {
    for (const MatrixKind kind : kMatrixKinds) names.push_back(matrix_name(layer, kind));
  }
  return names;
}

void check_format(const SafetensorsFile& file) {
  const auto format = file.metadata().find("format");
  if (format != file.metadata().end() && format->second == kFormat) return;
  fail_input(
      "{}: __metadata__: format: found {}, expected \"{}\"; prune the model anew with this version's prune_model",
      file.label(), format == file.metadata().end() ? "nothing" : quote(format->second), kFormat);
}

// Names in the metadata `dense`.
std::set<std::string> dense_names(const SafetensorsFile& file) {
  std::set<std::string> names;
  const auto dense = file.metadata().find("dense");
  if (dense == file.metadata().end()) return names;
  std::istringstream words(dense->second);
  for (std::string word; words >> word;) names.insert(word);
  return names;
}

// Every tensor belongs to a matrix of the model, and every matrix is either described in full or named as dense.
void check_matrices(const SafetensorsFile& file, const std::vector<std::string>& matrices) {
  const std::set<std::string> dense = dense_names(file);
  const std::set<std::string> known(matrices.begin(), matrices.end());
  const auto refuse_stranger = [&](const std::string& name) {
    fail_input(
        "{}: found {}, which fits no matrix of the model, expected {} to {}; does the file belong to this model?",
        file.label(), quote(name), matrices.front(), matrices.back());
  };
  for (const TensorView& tensor : file.tensors()) {
    const std::size_t dot = tensor.name.rfind('.');
    const std::string matrix = tensor.name.substr(0, dot);
    const std::string field = dot == std::string::npos ? "" : tensor.name.substr(dot + 1);
    const bool good_field = field == "counts" || std::find(kNeeded.begin(), kNeeded.end(), field) != kNeeded.end();
    if (!known.contains(matrix) || !good_field) refuse_stranger(tensor.name);
    if (dense.contains(matrix)) {
      fail_input("{}: found {} and, in __metadata__, {} among the dense matrices, expected one or the other",
                 file.label(), quote(tensor.name), matrix);
    }
  }
  for (const std::string& matrix : dense) {
    if (!known.contains(matrix)) refuse_stranger(matrix);
  }
  for (const std::string& matrix : matrices) {
    if (dense.contains(matrix)) continue;
    for (const std::string_view field : kNeeded) {
      const std::string name = fmt::format("{}.{}", matrix, field);
      if (file.find(name) != nullptr) continue;
      fail_input("{}: found no tensor {}, expected one for every pruned matrix of the model; prune it anew",
                 file.label(), name);
    }
  }
}

void check_tensor(const TensorView& view, Dtype dtype, const std::vector<std::size_t>& shape) {
  if (view.dtype != dtype || view.shape != shape) {
    fail_input("{}: tensor {}: found {} {}, expected {} {}", view.file, quote(view.name), name_of(view.dtype),
               shape_text(view.shape), name_of(dtype), shape_text(shape));
  }
}

std::vector<std::int64_t> int_list(const SafetensorsFile& file, const std::string& name, std::size_t size) {
  const TensorView& view = file.at(name);
  check_tensor(view, Dtype::kI32, {size});
  return view.as_int();
}

Pattern read_pattern(const SafetensorsFile& file, const std::string& name, std::size_t out, std::size_t in) {
  Pattern pattern;
  const std::int64_t direction = int_list(file, name + ".direction", 1)[0];
  if (direction != 0 && direction != 1) {
    fail_input("{}: tensor {}.direction: found {}, expected 0 (row) or 1 (column)", file.label(), name, direction);
  }
  pattern.direction = direction == 0 ? Direction::kRow : Direction::kColumn;
  const std::size_t dimension = pattern.direction == Direction::kRow ? in : out;

  const std::size_t strips = file.at(name + ".lengths").elements();
  const std::vector<std::int64_t> lengths = int_list(file, name + ".lengths", strips);
  const std::vector<std::int64_t> index = int_list(file, name + ".index", dimension);
  std::vector<std::int64_t> counts = lengths;
  if (file.find(name + ".counts") != nullptr) counts = int_list(file, name + ".counts", strips);

  std::size_t next = 0;
  for (std::size_t s = 0; s < strips; ++s) {
    Strip& strip = pattern.strips.emplace_back();
    strip.length = static_cast<int>(lengths[s]);
    const std::size_t left = dimension - next;
    const bool may_be_short = s + 1 == strips && file.find(name + ".counts") == nullptr;
    if (counts[s] < 1 || (static_cast<std::uint64_t>(counts[s]) > left && !may_be_short)) {
      fail_input("{}: tensor {}: strip {}: found {} indices, expected 1 to the {} that are left of {}", file.label(),
                 name, s, counts[s], left, dimension);
    }
    for (std::size_t k = 0; k < std::min(left, static_cast<std::size_t>(counts[s])); ++k, ++next) {
      if (index[next] < 0) {
        fail_input("{}: tensor {}.index: element [{}]: found {}, expected 0 to {}", file.label(), name, next,
                   index[next], dimension - 1);
      }
      strip.index.push_back(static_cast<std::uint32_t>(index[next]));
    }
  }
  return pattern;
}

void add_matrix(SafetensorsWriter& writer, const PrunedMatrix& matrix) {
  writer.add_view(matrix.name + ".mask", Dtype::kU8, {matrix.out, matrix.in}, std::as_bytes(std::span(matrix.mask)));
  const std::vector<std::int32_t> direction{matrix.pattern.direction == Direction::kColumn ? 1 : 0};
  std::vector<std::int32_t> lengths;
  std::vector<std::int32_t> counts;
  std::vector<std::int32_t> index;
  bool inner_short = false;
  for (const Strip& strip : matrix.pattern.strips) {
    inner_short |= !lengths.empty() && counts.back() != lengths.back();
    lengths.push_back(strip.length);
    counts.push_back(static_cast<std::int32_t>(strip.index.size()));
    for (const std::uint32_t i : strip.index) index.push_back(static_cast<std::int32_t>(i));
  }
  writer.add(matrix.name + ".direction", {1}, direction);
  writer.add(matrix.name + ".lengths", {lengths.size()}, lengths);
  writer.add(matrix.name + ".index", {index.size()}, index);
  if (inner_short) writer.add(matrix.name + ".counts", {counts.size()}, counts);
}

}  // namespace

std::shared_ptr<const PruningFile> PruningFile::open(const fs::path& model_dir, const ModelConfig& config) {
  const fs::path path = model_dir / kName;
  std::error_code error;
  // A link to nothing counts as there: its target was lost.
  if (!fs::exists(fs::symlink_status(path, error))) return nullptr;
  SafetensorsFile file = SafetensorsFile::open(path);
  check_format(file);
  check_matrices(file, matrix_names(config));
  return std::shared_ptr<const PruningFile>(new PruningFile(std::move(file)));
}

bool PruningFile::fill(PrunedMatrix& matrix) const {
  const TensorView* const mask = file_.find(matrix.name + ".mask");
  if (mask == nullptr) return false;
  check_tensor(*mask, Dtype::kU8, {matrix.out, matrix.in});
  const std::vector<std::byte> bytes = mask->bytes();
  matrix.mask.resize(bytes.size());
  std::memcpy(matrix.mask.data(), bytes.data(), bytes.size());
  matrix.pattern = read_pattern(file_, matrix.name, matrix.out, matrix.in);
  return true;
}

void write_pruning_file(const fs::path& model_dir, const ModelConfig& config, const std::vector<PrunedMatrix>& matrices,
                        const PruningFile* earlier) {
  SafetensorsWriter writer;
  writer.set_metadata("format", kFormat);
  std::set<std::string> pruned;
  for (const PrunedMatrix& matrix : matrices) {
    add_matrix(writer, matrix);
    pruned.insert(matrix.name);
  }
  if (earlier != nullptr) {
    const std::set<std::string> given = pruned;
    for (const TensorView& tensor : earlier->file().tensors()) {
      const std::string matrix = tensor.name.substr(0, tensor.name.rfind('.'));
      if (given.contains(matrix)) continue;
      pruned.insert(matrix);
      writer.add_lazy(tensor.name, tensor.dtype, tensor.shape, [&tensor] { return tensor.bytes(); });
    }
  }
  std::vector<std::string> dense;
  for (const std::string& name : matrix_names(config)) {
    if (!pruned.contains(name)) dense.push_back(name);
  }
  if (!dense.empty()) writer.set_metadata("dense", fmt::format("{}", fmt::join(dense, " ")));
  writer.write(model_dir / kName);
}

}  // namespace mixvec::inline golden
